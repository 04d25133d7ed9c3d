// AWS SDK for JavaScript v3: every list of IAM that pages, walked one by one by the SDK's own paginators; its waiters; its
// classes of errors.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as sdk from '@aws-sdk/client-iam';
import { accountId, type ConformanceServer, conformanceServer, region, rootKey, trustPolicy } from './server.ts';

const policyOf = (Action: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });
const names = ['one', 'three', 'two'];
const Tags = names.map((Key) => ({ Key, Value: 'v' }));
const arnOf = (kind: string, name: string) => `arn:aws:iam::${accountId}:${kind}/lists/${name}`;
const Path = '/lists/';
const policies = names.map((name) => arnOf('policy', name));

/** What a paginator gives: pages, whose members are lists and the Marker. */
type Pages = AsyncIterable<object>;
type Options = { readonly client: sdk.IAMClient; readonly pageSize: number };

/** Every list that pages, what it is asked, and what it holds: by the list's member, the member of each item that names it. */
const lists: readonly {
  readonly list: string;
  readonly walk: (options: Options) => Pages;
  readonly holds: Readonly<Record<string, readonly [by: string | undefined, wanted: readonly unknown[]]>>;
}[] = [
  {
    list: 'ListUsers',
    walk: (options) => sdk.paginateListUsers(options, { PathPrefix: Path }),
    holds: { Users: ['UserName', names] },
  },
  {
    list: 'ListGroups',
    walk: (options) => sdk.paginateListGroups(options, { PathPrefix: Path }),
    holds: { Groups: ['GroupName', names] },
  },
  {
    list: 'ListRoles',
    walk: (options) => sdk.paginateListRoles(options, { PathPrefix: Path }),
    holds: { Roles: ['RoleName', names] },
  },
  {
    list: 'ListInstanceProfiles',
    walk: (options) => sdk.paginateListInstanceProfiles(options, { PathPrefix: Path }),
    holds: { InstanceProfiles: ['InstanceProfileName', names] },
  },
  {
    list: 'ListPolicies',
    walk: (options) => sdk.paginateListPolicies(options, { Scope: 'Local' }),
    holds: { Policies: ['Arn', policies] },
  },
  {
    list: 'ListPolicies, attached',
    walk: (options) => sdk.paginateListPolicies(options, { OnlyAttached: true, PathPrefix: Path }),
    holds: { Policies: ['Arn', policies] },
  },
  {
    list: 'ListPolicyVersions',
    walk: (options) => sdk.paginateListPolicyVersions(options, { PolicyArn: arnOf('policy', 'one') }),
    holds: { Versions: ['VersionId', ['v1', 'v2', 'v3']] },
  },
  {
    list: 'GetGroup',
    walk: (options) => sdk.paginateGetGroup(options, { GroupName: 'one' }),
    holds: { Users: ['UserName', names] },
  },
  {
    list: 'ListGroupsForUser',
    walk: (options) => sdk.paginateListGroupsForUser(options, { UserName: 'one' }),
    holds: { Groups: ['GroupName', names] },
  },
  {
    list: 'ListInstanceProfilesForRole',
    walk: (options) => sdk.paginateListInstanceProfilesForRole(options, { RoleName: 'one' }),
    holds: { InstanceProfiles: ['InstanceProfileName', names] },
  },
  {
    list: 'ListEntitiesForPolicy',
    walk: (options) => sdk.paginateListEntitiesForPolicy(options, { PolicyArn: arnOf('policy', 'one') }),
    holds: { PolicyUsers: ['UserName', names], PolicyGroups: ['GroupName', names], PolicyRoles: ['RoleName', names] },
  },
  {
    list: 'ListAttachedUserPolicies',
    walk: (options) => sdk.paginateListAttachedUserPolicies(options, { UserName: 'one' }),
    holds: { AttachedPolicies: ['PolicyArn', policies] },
  },
  {
    list: 'ListAttachedGroupPolicies',
    walk: (options) => sdk.paginateListAttachedGroupPolicies(options, { GroupName: 'one' }),
    holds: { AttachedPolicies: ['PolicyArn', policies] },
  },
  {
    list: 'ListAttachedRolePolicies',
    walk: (options) => sdk.paginateListAttachedRolePolicies(options, { RoleName: 'one' }),
    holds: { AttachedPolicies: ['PolicyArn', policies] },
  },
  {
    list: 'ListUserPolicies',
    walk: (options) => sdk.paginateListUserPolicies(options, { UserName: 'one' }),
    holds: { PolicyNames: [undefined, names] },
  },
  {
    list: 'ListGroupPolicies',
    walk: (options) => sdk.paginateListGroupPolicies(options, { GroupName: 'one' }),
    holds: { PolicyNames: [undefined, names] },
  },
  {
    list: 'ListRolePolicies',
    walk: (options) => sdk.paginateListRolePolicies(options, { RoleName: 'one' }),
    holds: { PolicyNames: [undefined, names] },
  },
  {
    list: 'ListUserTags',
    walk: (options) => sdk.paginateListUserTags(options, { UserName: 'one' }),
    holds: { Tags: ['Key', names] },
  },
  {
    list: 'ListRoleTags',
    walk: (options) => sdk.paginateListRoleTags(options, { RoleName: 'one' }),
    holds: { Tags: ['Key', names] },
  },
  {
    list: 'ListPolicyTags',
    walk: (options) => sdk.paginateListPolicyTags(options, { PolicyArn: arnOf('policy', 'one') }),
    holds: { Tags: ['Key', names] },
  },
  {
    list: 'ListInstanceProfileTags',
    walk: (options) => sdk.paginateListInstanceProfileTags(options, { InstanceProfileName: 'one' }),
    holds: { Tags: ['Key', names] },
  },
  {
    list: 'ListOpenIDConnectProviderTags',
    walk: (options) =>
      sdk.paginateListOpenIDConnectProviderTags(options, {
        OpenIDConnectProviderArn: `arn:aws:iam::${accountId}:oidc-provider/lists.example`,
      }),
    holds: { Tags: ['Key', names] },
  },
  {
    list: 'ListAccountAliases',
    walk: (options) => sdk.paginateListAccountAliases(options, {}),
    holds: { AccountAliases: [undefined, ['lists']] },
  },
  {
    list: 'GetAccountAuthorizationDetails',
    walk: (options) =>
      sdk.paginateGetAccountAuthorizationDetails(options, { Filter: ['User', 'Group', 'Role', 'LocalManagedPolicy'] }),
    holds: {
      UserDetailList: ['UserName', names],
      GroupDetailList: ['GroupName', names],
      RoleDetailList: ['RoleName', ['AWSServiceRoleForRolesAnywhere', ...names]],
      Policies: ['Arn', policies],
    },
  },
  {
    list: 'SimulatePrincipalPolicy',
    walk: (options) =>
      sdk.paginateSimulatePrincipalPolicy(options, {
        PolicySourceArn: arnOf('user', 'one'),
        ActionNames: ['iam:GetUser', 's3:GetObject', 'sqs:SendMessage'],
      }),
    holds: { EvaluationResults: ['EvalActionName', ['iam:GetUser', 's3:GetObject', 'sqs:SendMessage']] },
  },
  {
    list: 'SimulateCustomPolicy',
    walk: (options) =>
      sdk.paginateSimulateCustomPolicy(options, {
        PolicyInputList: [policyOf('s3:*')],
        ActionNames: ['iam:GetUser', 's3:GetObject', 'sqs:SendMessage'],
      }),
    holds: { EvaluationResults: ['EvalActionName', ['iam:GetUser', 's3:GetObject', 'sqs:SendMessage']] },
  },
];

describe('AWS SDK for JavaScript v3, lists', () => {
  let server: ConformanceServer;
  let iam: sdk.IAMClient;
  const client = () => new sdk.IAMClient({ endpoint: server.url, region, credentials: rootKey, maxAttempts: 1 });

  before(async () => {
    server = await conformanceServer();
    iam = client();
    await makeAll(iam);
  });
  after(async () => {
    iam.destroy();
    await server[Symbol.asyncDispose]();
  });

  for (const { list, walk, holds } of lists) {
    test(`${list} is walked to its end, one at a time, and no item is met twice`, async () => {
      const total = Object.values(holds).reduce((sum, [, wanted]) => sum + wanted.length, 0);
      for (const pageSize of [1, 2, 100]) {
        const pages = await all(walk({ client: iam, pageSize }));
        for (const [member, [by, wanted]] of Object.entries(holds)) {
          const items = pages.flatMap((page): readonly unknown[] => Reflect.get(page, member) ?? []);
          const met = items.map((item) => (by === undefined ? item : Reflect.get(Object(item), by)));
          assert.deepEqual(met.sort(), wanted, `${member}, by ${pageSize}`);
        }
        assert.equal(pages.length, Math.ceil(total / pageSize), `pages of ${pageSize}`);
      }
    });
  }

  test('access keys are walked as well, though a user has two at most', async () => {
    const UserName = 'two';
    const made = [1, 2].map(() => iam.send(new sdk.CreateAccessKeyCommand({ UserName })));
    const wanted = (await Promise.all(made)).map(({ AccessKey }) => AccessKey?.AccessKeyId);
    const pages = await all(sdk.paginateListAccessKeys({ client: iam, pageSize: 1 }, { UserName }));
    const met = pages.flatMap(({ AccessKeyMetadata = [] }) => AccessKeyMetadata.map(({ AccessKeyId }) => AccessKeyId));
    assert.deepEqual([pages.length, met.sort()], [2, wanted.sort()]);
  });

  test('waiters find nothing, then what was made meanwhile', async () => {
    const waits = [
      {
        make: () => iam.send(new sdk.CreateUserCommand({ UserName: 'awaited' })),
        wait: (patience: Patience) => sdk.waitUntilUserExists(patience, { UserName: 'awaited' }),
      },
      {
        make: () => iam.send(new sdk.CreatePolicyCommand({ PolicyName: 'awaited', PolicyDocument: policyOf('s3:*') })),
        wait: (patience: Patience) =>
          sdk.waitUntilPolicyExists(patience, { PolicyArn: `arn:aws:iam::${accountId}:policy/awaited` }),
      },
      {
        make: () => iam.send(new sdk.CreateRoleCommand({ RoleName: 'awaited', AssumeRolePolicyDocument: trustPolicy })),
        wait: (patience: Patience) => sdk.waitUntilRoleExists(patience, { RoleName: 'awaited' }),
      },
      {
        make: () => iam.send(new sdk.CreateInstanceProfileCommand({ InstanceProfileName: 'awaited' })),
        wait: (patience: Patience) => sdk.waitUntilInstanceProfileExists(patience, { InstanceProfileName: 'awaited' }),
      },
    ];
    for (const { make, wait } of waits) {
      const waiting = client();
      const outcomes: string[] = [];
      // The first answer makes what is waited for, so that nothing depends on time.
      waiting.middlewareStack.add(
        (next) => async (args) => {
          try {
            const answer = await next(args);
            outcomes.push('there');
            return answer;
          } catch (cause) {
            outcomes.push(cause instanceof sdk.NoSuchEntityException ? 'not there' : String(cause));
            await make();
            throw cause;
          }
        },
        { step: 'initialize' },
      );
      const { state } = await wait({ client: waiting, maxWaitTime: 30, minDelay: 0.01, maxDelay: 0.01 });
      assert.deepEqual([state, outcomes], ['SUCCESS', ['not there', 'there']]);
      waiting.destroy();
    }
  });

  const refusals = [
    [
      sdk.LimitExceededException,
      () => new sdk.AddRoleToInstanceProfileCommand({ InstanceProfileName: 'one', RoleName: 'two' }),
    ],
    [sdk.EntityAlreadyExistsException, () => new sdk.CreateUserCommand({ UserName: 'ONE' })],
    [sdk.NoSuchEntityException, () => new sdk.GetUserCommand({ UserName: 'nobody' })],
    [sdk.DeleteConflictException, () => new sdk.DeletePolicyCommand({ PolicyArn: arnOf('policy', 'one') })],
    [
      sdk.InvalidInputException,
      () => new sdk.TagUserCommand({ UserName: 'one', Tags: [{ Key: 'aws:reserved', Value: '' }] }),
    ],
    [
      sdk.MalformedPolicyDocumentException,
      () => new sdk.PutUserPolicyCommand({ UserName: 'one', PolicyName: 'p', PolicyDocument: '{"Statement":[]}' }),
    ],
    [sdk.UnmodifiableEntityException, () => new sdk.DeleteRoleCommand({ RoleName: 'AWSServiceRoleForRolesAnywhere' })],
    [
      sdk.PasswordPolicyViolationException,
      () => new sdk.CreateLoginProfileCommand({ UserName: 'one', Password: 'short' }),
    ],
  ] as const;
  for (const [kind, command] of refusals) {
    test(`a refusal is a ${kind.name}, with its sentence and request id`, async () => {
      // Each command is one of the client's own; their types differ only in what they answer.
      await assert.rejects(iam.send(command() as sdk.GetUserCommand), (error) => {
        assert.ok(error instanceof kind, String(error));
        assert.notEqual(error.message, '');
        assert.match(error.$metadata.requestId ?? '', /^[0-9a-f-]{36}$/);
        return true;
      });
    });
  }
});

async function all<T>(pages: AsyncIterable<T>): Promise<readonly T[]> {
  const met: T[] = [];
  for await (const page of pages) met.push(page);
  return met;
}

type Patience = Parameters<typeof sdk.waitUntilUserExists>[0];

/** Three of everything, and each within the first, or the first within each. */
async function makeAll(iam: sdk.IAMClient): Promise<void> {
  const one = { UserName: 'one', GroupName: 'one', RoleName: 'one', PolicyArn: arnOf('policy', 'one') };
  const document = { PolicyDocument: policyOf('s3:*') };
  await iam.send(new sdk.CreateAccountAliasCommand({ AccountAlias: 'lists' }));
  await iam.send(new sdk.CreateServiceLinkedRoleCommand({ AWSServiceName: 'rolesanywhere.amazonaws.com' }));
  await iam.send(new sdk.CreateOpenIDConnectProviderCommand({ Url: 'https://lists.example', Tags }));
  for (const name of names) {
    const PolicyArn = arnOf('policy', name);
    await iam.send(new sdk.CreateUserCommand({ UserName: name, Path, Tags }));
    await iam.send(new sdk.CreateGroupCommand({ GroupName: name, Path }));
    await iam.send(new sdk.CreateRoleCommand({ RoleName: name, Path, AssumeRolePolicyDocument: trustPolicy, Tags }));
    await iam.send(new sdk.CreatePolicyCommand({ PolicyName: name, Path, Tags, ...document }));
    await iam.send(new sdk.CreateInstanceProfileCommand({ InstanceProfileName: name, Path, Tags }));
    await iam.send(new sdk.AddRoleToInstanceProfileCommand({ ...one, InstanceProfileName: name }));
    await iam.send(new sdk.PutUserPolicyCommand({ ...one, ...document, PolicyName: name }));
    await iam.send(new sdk.PutGroupPolicyCommand({ ...one, ...document, PolicyName: name }));
    await iam.send(new sdk.PutRolePolicyCommand({ ...one, ...document, PolicyName: name }));
    await iam.send(new sdk.AddUserToGroupCommand({ ...one, UserName: name }));
    if (name !== 'one') await iam.send(new sdk.AddUserToGroupCommand({ ...one, GroupName: name }));
    if (name !== 'one') await iam.send(new sdk.CreatePolicyVersionCommand({ ...one, ...document }));
    await iam.send(new sdk.AttachUserPolicyCommand({ ...one, PolicyArn }));
    await iam.send(new sdk.AttachGroupPolicyCommand({ ...one, PolicyArn }));
    await iam.send(new sdk.AttachRolePolicyCommand({ ...one, PolicyArn }));
    if (name === 'one') continue;
    await iam.send(new sdk.AttachUserPolicyCommand({ ...one, UserName: name }));
    await iam.send(new sdk.AttachGroupPolicyCommand({ ...one, GroupName: name }));
    await iam.send(new sdk.AttachRolePolicyCommand({ ...one, RoleName: name }));
  }
}
