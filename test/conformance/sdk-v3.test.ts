// AWS SDK for JavaScript v3: IAM and STS as a program of today calls them. Roles Anywhere's client is not installed here;
// its wire is spoken by boto3, the AWS CLI and SDK v2.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  DeleteConflictException,
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  EntityAlreadyExistsException,
  GetInstanceProfileCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  IAMServiceException,
  ListInstanceProfilesCommand,
  ListInstanceProfilesForRoleCommand,
  ListInstanceProfileTagsCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListServerCertificatesCommand,
  MalformedPolicyDocumentException,
  NoSuchEntityException,
  PutRolePolicyCommand,
  paginateListRoles,
  RemoveRoleFromInstanceProfileCommand,
  TagInstanceProfileCommand,
  UntagInstanceProfileCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
  waitUntilInstanceProfileExists,
  waitUntilRoleExists,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import { accountId, type ConformanceServer, conformanceServer, region, rootKey, trustPolicy } from './server.ts';
import { run } from './tools.ts';

const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bucket/key with space & more/*' }],
});

describe('AWS SDK for JavaScript v3', () => {
  let server: ConformanceServer;
  let iam: IAMClient;
  let sts: STSClient;
  const options = (credentials: typeof rootKey & { sessionToken?: string } = rootKey) => ({
    endpoint: server.url,
    region,
    credentials,
    maxAttempts: 1,
  });
  before(async () => {
    server = await conformanceServer();
    iam = new IAMClient(options());
    sts = new STSClient(options());
  });
  after(async () => {
    iam.destroy();
    sts.destroy();
    await server[Symbol.asyncDispose]();
  });

  test('a role and its inline policy live from CreateRole to DeleteRole', async () => {
    const Tags = [{ Key: 'purpose', Value: 'a + b = c@d' }];
    const made = await iam.send(
      new CreateRoleCommand({
        ...{ RoleName: 'v3', Path: '/sdk/', AssumeRolePolicyDocument: trustPolicy, Tags },
        ...{ Description: '<&> ü', MaxSessionDuration: 3600 },
      }),
    );
    assert.equal(made.Role?.Arn, `arn:aws:iam::${accountId}:role/sdk/v3`);
    assert.ok(made.Role?.CreateDate instanceof Date);
    assert.match(made.$metadata.requestId ?? '', /^[0-9a-f-]{36}$/);
    const one = { RoleName: 'v3' };
    const got = await iam.send(new GetRoleCommand(one));
    assert.equal(got.Role?.Description, '<&> ü');
    assert.equal(got.Role?.MaxSessionDuration, 3600);
    assert.deepEqual(got.Role?.Tags, Tags);
    assert.equal(decodeURIComponent(got.Role?.AssumeRolePolicyDocument ?? ''), trustPolicy);
    await iam.send(new UpdateRoleCommand({ ...one, Description: '', MaxSessionDuration: 7200 }));
    await iam.send(new UpdateAssumeRolePolicyCommand({ ...one, PolicyDocument: trustPolicy.replace('Allow', 'Deny') }));
    const updated = await iam.send(new GetRoleCommand(one));
    assert.equal(updated.Role?.Description, undefined);
    assert.equal(updated.Role?.MaxSessionDuration, 7200);
    await iam.send(new PutRolePolicyCommand({ ...one, PolicyName: 'p', PolicyDocument: policy }));
    const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ ...one, PolicyName: 'p' }));
    assert.equal(decodeURIComponent(PolicyDocument ?? ''), policy);
    assert.deepEqual((await iam.send(new ListRolePoliciesCommand(one))).PolicyNames, ['p']);
    await assert.rejects(iam.send(new DeleteRoleCommand(one)), DeleteConflictException);
    await iam.send(new DeleteRolePolicyCommand({ ...one, PolicyName: 'p' }));
    await iam.send(new DeleteRoleCommand(one));
    await assert.rejects(iam.send(new GetRoleCommand(one)), NoSuchEntityException);
  });

  test('an instance profile lives from CreateInstanceProfile to DeleteInstanceProfile', async () => {
    await iam.send(new CreateRoleCommand({ RoleName: 'v3-server', AssumeRolePolicyDocument: trustPolicy }));
    const one = { InstanceProfileName: 'v3' };
    const both = { ...one, RoleName: 'v3-server' };
    const made = await iam.send(new CreateInstanceProfileCommand({ ...one, Tags: [{ Key: 'a', Value: '1' }] }));
    assert.deepEqual(made.InstanceProfile?.Roles, []);
    await iam.send(new AddRoleToInstanceProfileCommand(both));
    const got = await iam.send(new GetInstanceProfileCommand(one));
    assert.deepEqual(
      got.InstanceProfile?.Roles?.map(({ RoleName }) => RoleName),
      ['v3-server'],
    );
    const all = await iam.send(new ListInstanceProfilesCommand({}));
    const ofRole = await iam.send(new ListInstanceProfilesForRoleCommand({ RoleName: 'v3-server' }));
    assert.deepEqual(ofRole.InstanceProfiles, all.InstanceProfiles);
    await iam.send(new TagInstanceProfileCommand({ ...one, Tags: [{ Key: 'b', Value: '' }] }));
    await iam.send(new UntagInstanceProfileCommand({ ...one, TagKeys: ['a'] }));
    const { Tags } = await iam.send(new ListInstanceProfileTagsCommand(one));
    assert.deepEqual(Tags, [{ Key: 'b', Value: '' }]);
    await iam.send(new RemoveRoleFromInstanceProfileCommand(both));
    await iam.send(new DeleteInstanceProfileCommand(one));
    await assert.rejects(iam.send(new GetInstanceProfileCommand(one)), NoSuchEntityException);
    await iam.send(new DeleteRoleCommand({ RoleName: 'v3-server' }));
  });

  test('a paginator walks all roles, and sees none twice', async () => {
    const wanted = Array.from({ length: 25 }, (_, number) => `walk-${String(number).padStart(2, '0')}`);
    const create = (RoleName: string) =>
      iam.send(new CreateRoleCommand({ RoleName, Path: '/walk/', AssumeRolePolicyDocument: trustPolicy }));
    await Promise.all(wanted.map(create));
    const names: (string | undefined)[] = [];
    let pages = 0;
    for await (const page of paginateListRoles({ client: iam, pageSize: 10 }, { PathPrefix: '/walk/' })) {
      names.push(...(page.Roles ?? []).map(({ RoleName }) => RoleName));
      pages += 1;
    }
    assert.deepEqual(names, wanted);
    assert.equal(pages, 3);
  });

  test('waiters succeed for what is there and give up on what is not', async () => {
    await iam.send(new CreateRoleCommand({ RoleName: 'awaited', AssumeRolePolicyDocument: trustPolicy }));
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'awaited' }));
    const patience = { client: iam, maxWaitTime: 5, minDelay: 1, maxDelay: 1 };
    assert.equal((await waitUntilRoleExists(patience, { RoleName: 'awaited' })).state, 'SUCCESS');
    const profile = await waitUntilInstanceProfileExists(patience, { InstanceProfileName: 'awaited' });
    assert.equal(profile.state, 'SUCCESS');
    const given = AbortSignal.timeout(50);
    const nothing = waitUntilRoleExists({ ...patience, abortSignal: given }, { RoleName: 'never' });
    await assert.rejects(nothing, { name: 'AbortError' });
  });

  test('errors have their classes, codes, sentences and request ids', async () => {
    const role = { RoleName: 'twice', AssumeRolePolicyDocument: trustPolicy };
    await iam.send(new CreateRoleCommand(role));
    await assert.rejects(iam.send(new CreateRoleCommand(role)), (error) => {
      assert.ok(error instanceof EntityAlreadyExistsException);
      assert.equal(error.message, 'Role with name twice already exists.');
      assert.equal(error.$fault, 'client');
      assert.equal(error.$metadata.httpStatusCode, 409);
      assert.match(error.$metadata.requestId ?? '', /^[0-9a-f-]{36}$/);
      return true;
    });
    const malformed = new CreateRoleCommand({ ...role, RoleName: 'bad', AssumeRolePolicyDocument: '{' });
    await assert.rejects(iam.send(malformed), MalformedPolicyDocumentException);
    const isIam = (code: string, status: number) => (error: unknown) =>
      error instanceof IAMServiceException && error.name === code && error.$metadata.httpStatusCode === status;
    const badName = new GetRoleCommand({ RoleName: 'no spaces' });
    await assert.rejects(iam.send(badName), isIam('ValidationError', 400));
    await assert.rejects(iam.send(new ListServerCertificatesCommand({})), isIam('NotImplemented', 400));
  });

  test('GetCallerIdentity names the caller, and refuses a wrong secret and a made-up token', async () => {
    const { Account, Arn, UserId } = await sts.send(new GetCallerIdentityCommand({}));
    assert.deepEqual(
      { Account, Arn, UserId },
      { Account: accountId, Arn: `arn:aws:iam::${accountId}:root`, UserId: accountId },
    );
    const refused = async (credentials: typeof rootKey & { sessionToken?: string }, code: string) => {
      const client = new STSClient(options(credentials));
      await assert.rejects(
        client.send(new GetCallerIdentityCommand({})),
        (error) => error instanceof STSServiceException && error.name === code,
      );
      client.destroy();
    };
    await refused({ ...rootKey, secretAccessKey: 'w'.repeat(40) }, 'SignatureDoesNotMatch');
    await refused({ ...rootKey, accessKeyId: 'AKIANOBODYNOBODYNOBO' }, 'InvalidClientTokenId');
    await refused({ ...rootKey, sessionToken: 'made-up' }, 'InvalidClientTokenId');
  });

  test('a client whose clock is an hour off reads ours from the refusal and succeeds at its second attempt', async () => {
    const script = fileURLToPath(new URL('skewed-client.ts', import.meta.url));
    const told = await run(process.execPath, ['--disable-warning=ExperimentalWarning', script], {
      environment: server.environment,
    });
    assert.equal(told.exitCode, 0, told.stderr);
    assert.deepEqual(JSON.parse(told.stdout), {
      behind: { account: accountId, attempts: 2, next: 1 },
      ahead: { account: accountId, attempts: 2, next: 1 },
      uncorrected: 'SignatureDoesNotMatch',
    });
  });

  test('a paginator that is given a made-up Marker is refused', async () => {
    await assert.rejects(iam.send(new ListRolesCommand({ Marker: 'made-up' })), { name: 'ValidationError' });
  });
});
