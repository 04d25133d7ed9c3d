// What a denied caller reads, for every kind of policy that can deny: AWS's sentence, with who, what, on which resource, and
// the kind of policy, never its name or its text.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, type Keys, type Road, testRoad } from '../../test/road.ts';
import { ensureAccount } from '../root-account.ts';

type Statement = Readonly<Record<string, unknown>>;
const policy = (...Statement: readonly Statement[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const allow = (Action: string): Statement => ({ Sid: 'Private', Effect: 'Allow', Action, Resource: '*' });
const deny = (Action: string): Statement => ({ ...allow(Action), Sid: 'PrivateToo', Effect: 'Deny' });
const foreign = '999988887777';

async function made(road: Road, action: string, parameters: Readonly<Record<string, string>>, keys?: Keys) {
  const answer = await road.query('iam', action, parameters, keys === undefined ? {} : { keys });
  assert.equal(answer.status, 200, answer.body);
  return answer;
}

type User = {
  readonly own?: readonly Statement[];
  readonly group?: readonly Statement[];
  readonly boundary?: readonly Statement[];
};

/** A user `ann` at `/staff/` with these policies, and an access key. */
async function user(road: Road, { own, group, boundary }: User): Promise<Keys> {
  const UserName = 'ann';
  const PermissionsBoundary = `arn:aws:iam::${account}:policy/Bound`;
  if (boundary) await made(road, 'CreatePolicy', { PolicyName: 'Bound', PolicyDocument: policy(...boundary) });
  await made(road, 'CreateUser', { UserName, Path: '/staff/', ...(boundary && { PermissionsBoundary }) });
  if (own) await made(road, 'PutUserPolicy', { UserName, PolicyName: 'P', PolicyDocument: policy(...own) });
  if (group) {
    await made(road, 'CreateGroup', { GroupName: 'g' });
    await made(road, 'PutGroupPolicy', { GroupName: 'g', PolicyName: 'P', PolicyDocument: policy(...group) });
    await made(road, 'AddUserToGroup', { GroupName: 'g', UserName });
  }
  return keysIn(await made(road, 'CreateAccessKey', { UserName }));
}

const keysIn = (answer: Awaited<ReturnType<Road['query']>>): Keys => ({
  accessKeyId: answer.text('AccessKeyId') ?? '',
  secretAccessKey: answer.text('SecretAccessKey') ?? '',
  ...(answer.text('SessionToken') && { sessionToken: answer.text('SessionToken') ?? '' }),
});

async function stranger({ world, now }: Road): Promise<Keys> {
  const rootKey = { accessKeyId: 'AKIASTRANGERSTRANGER', secretAccessKey: 'stranger'.repeat(5) };
  await ensureAccount({ ...world, now: now() }, { accountId: foreign, rootKey });
  return rootKey;
}

const ann = `arn:aws:iam::${account}:user/staff/ann`;
const roleR = `arn:aws:iam::${account}:role/deep/R`;
const sentence = (who: string, action: string, resource: string, ending: string) =>
  `User: ${who} is not authorized to perform: ${action} on resource: ${resource}${ending}`;
const noPolicy = (kind: string, action: string) => ` because no ${kind} allows the ${action} action`;

const getUser = 'iam:GetUser';
const users: readonly (readonly [string, User, string])[] = [
  ['no policy', {}, noPolicy('identity-based policy', getUser)],
  ['a Deny of the own', { own: [allow('*'), deny(getUser)] }, ' with an explicit deny in an identity-based policy'],
  [
    'a Deny of a group',
    { own: [allow('*')], group: [deny('iam:Get*')] },
    ' with an explicit deny in an identity-based policy',
  ],
  [
    'a boundary that is silent',
    { own: [allow('*')], boundary: [allow('s3:*')] },
    noPolicy('permissions boundary', getUser),
  ],
  [
    'a boundary that denies',
    { own: [allow('*')], boundary: [allow('*'), deny(getUser)] },
    ' with an explicit deny in a permissions boundary',
  ],
  ['neither policy nor boundary', { boundary: [allow('s3:*')] }, noPolicy('identity-based policy', getUser)],
  ['Denies of both', { own: [deny('*')], boundary: [deny('*')] }, ' with an explicit deny in an identity-based policy'],
];

for (const [name, given, ending] of users) {
  test(`a user reads of ${name}`, async () => {
    const road = await testRoad();
    const keys = await user(road, given);
    const { message } = await road.query('iam', 'GetUser', { UserName: 'Ann' }, { keys });
    assert.equal(message, sentence(ann, getUser, ann, ending));
  });
}

const listRoles = `arn:aws:iam::${account}:role/`;
const sessions: readonly (readonly [string, string | undefined, readonly Statement[], string])[] = [
  ['its role, which is silent', undefined, [], noPolicy('identity-based policy', 'iam:ListRoles')],
  ['its role, which denies', undefined, [allow('*'), deny('*')], ' with an explicit deny in an identity-based policy'],
  ['a session policy that is silent', policy(allow('s3:*')), [allow('*')], noPolicy('session policy', 'iam:ListRoles')],
  [
    'a session policy that denies',
    policy(allow('*'), deny('iam:*')),
    [allow('*')],
    ' with an explicit deny in a session policy',
  ],
];

for (const [name, Policy, statements, ending] of sessions) {
  test(`a session of a role reads of ${name}`, async () => {
    const road = await testRoad();
    const keys = await user(road, { own: [allow('sts:AssumeRole')] });
    const trust = policy({ Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' });
    await made(road, 'CreateRole', { RoleName: 'R', Path: '/deep/', AssumeRolePolicyDocument: trust });
    if (statements.length > 0) {
      await made(road, 'PutRolePolicy', { RoleName: 'R', PolicyName: 'P', PolicyDocument: policy(...statements) });
    }
    const asked = { RoleArn: roleR, RoleSessionName: 's.1', ...(Policy && { Policy }) };
    const session = keysIn(await road.query('sts', 'AssumeRole', asked, { keys }));
    const { message } = await road.query('iam', 'ListRoles', {}, { keys: session });
    const who = `arn:aws:sts::${account}:assumed-role/R/s.1`;
    assert.equal(message, sentence(who, 'iam:ListRoles', listRoles, ending));
  });
}

test('a federated user reads of the session policy', async () => {
  const road = await testRoad();
  const keys = await user(road, { own: [allow('*')] });
  const asked = { Name: 'bob', Policy: policy(allow('s3:*')) };
  const session = keysIn(await road.query('sts', 'GetFederationToken', asked, { keys }));
  // AWS doc: no operation of IAM is for federated users; Roles Anywhere asks policies alone.
  const { message = '' } = await road.rest('GET', '/profiles', undefined, { keys: session });
  assert.ok(
    message.startsWith(`User: arn:aws:sts::${account}:federated-user/bob is not authorized to perform: `),
    message,
  );
  assert.ok(message.endsWith(noPolicy('session policy', 'rolesanywhere:ListProfiles')), message);
});

const trusting = (Effect: string, owner: string): Statement => ({
  Effect,
  Principal: { AWS: owner },
  Action: 'sts:AssumeRole',
});
const assume = 'sts:AssumeRole';
const roles: readonly (readonly [string, readonly Statement[], readonly Statement[], string])[] = [
  ['a trust policy that names others', [allow(assume)], [trusting('Allow', foreign)], ''],
  [
    'a trust policy that denies',
    [allow(assume)],
    [trusting('Allow', account), trusting('Deny', account)],
    ' with an explicit deny in the role trust policy',
  ],
  [
    'the own policies, which are silent',
    [allow('s3:*')],
    [trusting('Allow', account)],
    noPolicy('identity-based policy', assume),
  ],
  [
    'the own policies, which deny',
    [allow(assume), deny(assume)],
    [trusting('Allow', account)],
    ' with an explicit deny in an identity-based policy',
  ],
];

for (const [name, own, trust, ending] of roles) {
  for (const owner of [account, foreign]) {
    test(`who assumes a role of ${owner === account ? 'the own' : 'another'} account reads of ${name}`, async () => {
      const road = await testRoad();
      const others = await stranger(road);
      const keys = await user(road, { own });
      const AssumeRolePolicyDocument = policy(...trust);
      await made(
        road,
        'CreateRole',
        { RoleName: 'R', Path: '/deep/', AssumeRolePolicyDocument },
        owner === account ? undefined : others,
      );
      const RoleArn = roleR.replace(account, owner);
      const { message } = await road.query('sts', 'AssumeRole', { RoleArn, RoleSessionName: 's1' }, { keys });
      assert.equal(message, sentence(ann, assume, RoleArn, ending));
    });
  }
}

test('who names a resource of another account reads that no policy of the resource allows, there or not', async () => {
  const road = await testRoad();
  const keys = await stranger(road);
  await user(road, {});
  const action = 'iam:SimulatePrincipalPolicy';
  for (const PolicySourceArn of [ann, `${ann}x`]) {
    const asked = { PolicySourceArn, 'ActionNames.member.1': 's3:GetObject' };
    const { message } = await road.query('iam', 'SimulatePrincipalPolicy', asked, { keys });
    const root = `arn:aws:iam::${foreign}:root`;
    assert.equal(message, sentence(root, action, PolicySourceArn, noPolicy('resource-based policy', action)));
  }
});

test('no sentence tells the name or the text of a policy', async () => {
  const road = await testRoad();
  const keys = await user(road, { own: [allow('*'), deny(getUser)] });
  const answer = await road.query('iam', 'GetUser', { UserName: 'ann' }, { keys });
  for (const secret of ['Private', 'user policy', 'Statement']) assert.ok(!answer.body.includes(secret), answer.body);
});
