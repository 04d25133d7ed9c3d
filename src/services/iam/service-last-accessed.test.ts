import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Keys } from '../../../test/road.ts';
import { services } from '../../main.ts';
import { serviceUses } from './documents.ts';
import { account, allow, type Rig, rig, trust } from './rig.test.ts';
import { trackedServices } from './service-last-accessed.ts';

const arn = (resource: string) => `arn:aws:iam::${account}:${resource}`;
const iamName = 'AWS Identity and Access Management';

/** A user with keys and one inline policy. */
async function user(iam: Rig, UserName: string, policy?: string): Promise<Keys> {
  await iam.query('CreateUser', { UserName });
  if (policy !== undefined) await iam.query('PutUserPolicy', { UserName, PolicyName: 'own', PolicyDocument: policy });
  const key = await iam.query('CreateAccessKey', { UserName });
  return {
    accessKeyId: key.text('AccessKey.AccessKeyId') ?? '',
    secretAccessKey: key.text('AccessKey.SecretAccessKey') ?? '',
  };
}

async function use(iam: Rig, keys: Keys, region?: string): Promise<void> {
  await iam.query('ListUsers', {}, keys, region);
  await iam.used();
}

async function job(iam: Rig, Arn: string): Promise<string> {
  const answer = await iam.query('GenerateServiceLastAccessedDetails', { Arn });
  assert.match(answer.text('JobId') ?? '', /^[0-9a-f-]{36}$/, answer.message);
  return answer.text('JobId') ?? '';
}

const details = (iam: Rig, JobId: string, more = {}) => iam.query('GetServiceLastAccessedDetails', { JobId, ...more });
const entities = (iam: Rig, JobId: string, ServiceNamespace = 'iam', more = {}) =>
  iam.query('GetServiceLastAccessedDetailsWithEntities', { JobId, ServiceNamespace, ...more });
const namesIn = (answer: Awaited<ReturnType<typeof details>>) =>
  answer.texts('EntityDetailsList.member.EntityInfo.Name');
const list = 'ServicesLastAccessed.member';

test('the services whose use is tracked are those that are served', () => {
  assert.deepEqual(
    trackedServices.map(([namespace]) => namespace),
    [...services.keys()].sort(),
  );
});

describe('a report on a user', () => {
  test('names the services that its policies allow, and the last use of each', async () => {
    const iam = rig();
    const keys = await user(iam, 'Ada', allow(['iam:*', 'sts:*']));
    await use(iam, keys, 'eu-west-1');
    const answer = await details(iam, await job(iam, arn('user/Ada')));
    assert.deepEqual([answer.text('JobStatus'), answer.text('JobType')], ['COMPLETED', 'SERVICE_LEVEL']);
    assert.deepEqual(answer.texts(`${list}.ServiceNamespace`), ['iam', 'sts']);
    assert.equal(answer.text(`${list}.ServiceName`), iamName);
    assert.deepEqual(answer.texts(`${list}.LastAuthenticated`), ['2026-11-22T12:00:00Z']);
    assert.deepEqual(answer.texts(`${list}.LastAuthenticatedRegion`), ['eu-west-1']);
    assert.deepEqual(answer.texts(`${list}.LastAuthenticatedEntity`), [arn('user/Ada')]);
    assert.deepEqual(answer.texts(`${list}.TotalAuthenticatedEntities`), ['1', '0']);
  });

  test('counts attempts that were denied, and no request whose signature does not hold', async () => {
    const iam = rig();
    const keys = await user(iam, 'Ada', allow('iam:GetUser'));
    await use(iam, { ...keys, secretAccessKey: 'wrong'.repeat(8) });
    const before = await details(iam, await job(iam, arn('user/Ada')));
    assert.deepEqual(before.texts(`${list}.LastAuthenticated`), []);
    await use(iam, keys);
    const after = await details(iam, await job(iam, arn('user/Ada')));
    assert.deepEqual(after.texts(`${list}.LastAuthenticated`), ['2026-11-22T12:00:00Z']);
  });

  test('is as of when it was made', async () => {
    const iam = rig();
    const keys = await user(iam, 'Ada', allow('iam:*'));
    const id = await job(iam, arn('user/Ada'));
    await use(iam, keys);
    assert.deepEqual((await details(iam, id)).texts(`${list}.LastAuthenticated`), []);
  });

  test('has no service where nothing is allowed', async () => {
    const iam = rig();
    await user(iam, 'Ada');
    const answer = await details(iam, await job(iam, arn('user/Ada')));
    assert.ok(answer.body.includes('<ServicesLastAccessed/>'));
  });

  test('of a user made again under the name begins anew', async () => {
    const iam = rig();
    const keys = await user(iam, 'Ada', allow('iam:*'));
    await use(iam, keys);
    await iam.query('DeleteUserPolicy', { UserName: 'Ada', PolicyName: 'own' });
    await iam.query('DeleteAccessKey', { UserName: 'Ada', AccessKeyId: keys.accessKeyId });
    assert.equal((await iam.query('DeleteUser', { UserName: 'Ada' })).status, 200);
    assert.deepEqual(await iam.read((reader) => serviceUses.list(reader, { prefix: '', limit: 9 })), []);
    await user(iam, 'Ada', allow('iam:*'));
    const answer = await details(iam, await job(iam, arn('user/Ada')));
    assert.deepEqual(answer.texts(`${list}.TotalAuthenticatedEntities`), ['0']);
  });
});

test('a report on a role is of its sessions', async () => {
  const iam = rig();
  const role = await iam.query('CreateRole', { RoleName: 'R', Path: '/p/', AssumeRolePolicyDocument: trust });
  await iam.query('PutRolePolicy', { RoleName: 'R', PolicyName: 'P', PolicyDocument: allow('iam:*') });
  await use(iam, await iam.session('R', role.text('Role.RoleId') ?? ''));
  const id = await job(iam, arn('role/p/R'));
  assert.deepEqual((await details(iam, id)).texts(`${list}.LastAuthenticatedEntity`), [arn('role/p/R')]);
  const answer = await entities(iam, id);
  const info = 'EntityDetailsList.member.EntityInfo';
  assert.deepEqual(
    ['Type', 'Path', 'Id'].map((name) => answer.text(`${info}.${name}`)),
    ['ROLE', '/p/', role.text('Role.RoleId')],
  );
  assert.equal((await job(iam, arn('role/p/R'))) === id, false);
});

describe('a report on many', () => {
  /** Ada and Bob in a group, Cid outside of it with the same policy. Bob used IAM last, Ada before him. */
  async function withGroup(): Promise<Rig> {
    const iam = rig();
    const PolicyArn = (await iam.query('CreatePolicy', { PolicyName: 'P', PolicyDocument: allow('iam:*') })).text(
      'Policy.Arn',
    );
    await iam.query('CreateGroup', { GroupName: 'G' });
    await iam.query('AttachGroupPolicy', { GroupName: 'G', PolicyArn });
    const [ada, bob] = [await user(iam, 'Ada'), await user(iam, 'Bob')];
    await user(iam, 'Cid');
    for (const UserName of ['Ada', 'Bob']) await iam.query('AddUserToGroup', { GroupName: 'G', UserName });
    for (const UserName of ['Ada', 'Cid']) await iam.query('AttachUserPolicy', { UserName, PolicyArn });
    await use(iam, ada);
    await iam.at('2026-11-22T13:00:00Z');
    await use(iam, bob);
    return iam;
  }

  test('of a group is of its members', async () => {
    const iam = await withGroup();
    const id = await job(iam, arn('group/G'));
    const answer = await details(iam, id);
    assert.deepEqual(answer.texts(`${list}.TotalAuthenticatedEntities`), ['2']);
    assert.deepEqual(answer.texts(`${list}.LastAuthenticatedEntity`), [arn('user/Bob')]);
    assert.deepEqual(namesIn(await entities(iam, id)), ['Bob', 'Ada']);
  });

  test('of a policy is of whom it is attached to, each once, with pages', async () => {
    const iam = await withGroup();
    const id = await job(iam, arn('policy/P'));
    const answer = await entities(iam, id);
    assert.deepEqual(namesIn(answer), ['Bob', 'Ada', 'Cid']);
    assert.deepEqual(answer.texts('EntityDetailsList.member.EntityInfo.Type'), ['USER', 'USER', 'USER']);
    assert.deepEqual(answer.texts('EntityDetailsList.member.LastAuthenticated'), [
      '2026-11-22T13:00:00Z',
      '2026-11-22T12:00:00Z',
    ]);
    const first = await entities(iam, id, 'iam', { MaxItems: 2 });
    assert.deepEqual(namesIn(first), ['Bob', 'Ada']);
    assert.deepEqual(namesIn(await entities(iam, id, 'iam', { MaxItems: 2, Marker: first.text('Marker') })), ['Cid']);
    assert.equal((await entities(iam, id, 'sts')).code, 'InvalidInput');
  });
});

describe('a report', () => {
  test('is about what is there, and of this account', async () => {
    const iam = rig();
    await user(iam, 'Ada');
    const generate = async (Arn: string, more = {}) =>
      (await iam.query('GenerateServiceLastAccessedDetails', { Arn, ...more })).code;
    assert.equal(await generate(arn('user/Bob')), 'NoSuchEntity');
    assert.equal(await generate(arn('user/path/Ada')), 'NoSuchEntity');
    assert.equal(await generate(arn('policy/none')), 'NoSuchEntity');
    assert.equal(await generate(arn('instance-profile/none')), 'InvalidInput');
    assert.equal(await generate('not-an-arn-but-long-enough'), 'InvalidInput');
    assert.equal(await generate('arn:aws:iam::999988887777:user/Ada'), 'AccessDenied');
    assert.equal(await generate(arn('user/Ada'), { Granularity: 'ACTION_LEVEL' }), 'InvalidInput');
  });

  test("is the account's own, and is kept for a week", async () => {
    const iam = rig();
    const stranger = await iam.stranger();
    await user(iam, 'Ada', allow('iam:*'));
    const JobId = await job(iam, arn('user/Ada'));
    assert.equal((await iam.query('GetServiceLastAccessedDetails', { JobId }, stranger)).code, 'NoSuchEntity');
    assert.equal((await details(iam, 'x'.repeat(36))).code, 'NoSuchEntity');
    assert.equal((await details(iam, 'x')).code, 'ValidationError');
    await iam.at('2026-11-29T11:59:59Z');
    assert.equal((await details(iam, JobId)).status, 200);
    await iam.at('2026-11-29T12:00:01Z');
    assert.equal((await details(iam, JobId)).code, 'NoSuchEntity');
    await job(iam, arn('user/Ada'));
    const kept = await iam.read((reader) => reader.list('iam/service-last-accessed-jobs', { limit: 9 }));
    assert.equal(kept.length, 1, 'the old one is gone');
  });
});

describe('ListPoliciesGrantingServiceAccess', () => {
  const granting = (iam: Rig, Arn: string, ServiceNamespaces: readonly string[]) =>
    iam.query('ListPoliciesGrantingServiceAccess', { Arn, ServiceNamespaces });
  const at = 'PoliciesGrantingServiceAccess.member';

  test("tells a user's own policies and those of its groups, of each service", async () => {
    const iam = rig();
    await user(iam, 'Ada', allow('sts:*'));
    await iam.query('CreateGroup', { GroupName: 'G' });
    await iam.query('PutGroupPolicy', { GroupName: 'G', PolicyName: 'shared', PolicyDocument: allow('s3:Get*') });
    const aws = 'arn:aws:iam::aws:policy/AdministratorAccess';
    await iam.query('AttachGroupPolicy', { GroupName: 'G', PolicyArn: aws });
    await iam.query('AddUserToGroup', { GroupName: 'G', UserName: 'Ada' });
    const answer = await granting(iam, arn('user/Ada'), ['s3', 'sts']);
    assert.deepEqual(answer.texts(`${at}.ServiceNamespace`), ['s3', 'sts']);
    assert.deepEqual(answer.texts(`${at}.Policies.member.PolicyName`), [
      'shared',
      'AdministratorAccess',
      'own',
      'AdministratorAccess',
    ]);
    assert.deepEqual(answer.texts(`${at}.Policies.member.PolicyType`), ['INLINE', 'MANAGED', 'INLINE', 'MANAGED']);
    assert.deepEqual(answer.texts(`${at}.Policies.member.EntityType`), ['GROUP', 'USER']);
    assert.deepEqual(answer.texts(`${at}.Policies.member.EntityName`), ['G', 'Ada']);
    assert.deepEqual(answer.texts(`${at}.Policies.member.PolicyArn`), [aws, aws]);
    const group = await granting(iam, arn('group/G'), ['sts']);
    assert.deepEqual(group.texts(`${at}.Policies.member.PolicyName`), ['AdministratorAccess']);
  });

  test('refuses a policy, what is not there, and no service at all', async () => {
    const iam = rig();
    await user(iam, 'Ada');
    assert.equal((await granting(iam, 'arn:aws:iam::aws:policy/AdministratorAccess', ['iam'])).code, 'InvalidInput');
    assert.equal((await granting(iam, arn('user/Bob'), ['iam'])).code, 'NoSuchEntity');
    assert.equal((await granting(iam, arn('user/Ada'), [])).code, 'ValidationError');
    const many = Array.from({ length: 201 }, (_, index) => `s${index}`);
    assert.equal((await granting(iam, arn('user/Ada'), many)).code, 'ValidationError');
    assert.equal((await granting(iam, arn('user/Ada'), ['a b'])).code, 'ValidationError');
  });

  test('walks through many services in pages', async () => {
    const iam = rig();
    await user(iam, 'Ada', allow('iam:*'));
    const ServiceNamespaces = Array.from({ length: 150 }, (_, index) => `s${index}`);
    const first = await granting(iam, arn('user/Ada'), ServiceNamespaces);
    assert.deepEqual([first.texts(`${at}.ServiceNamespace`).length, first.text('IsTruncated')], [100, 'true']);
    const Marker = first.text('Marker');
    const next = await iam.query('ListPoliciesGrantingServiceAccess', {
      Arn: arn('user/Ada'),
      ServiceNamespaces,
      Marker,
    });
    assert.deepEqual([next.texts(`${at}.ServiceNamespace`).length, next.text('IsTruncated')], [50, 'false']);
  });
});
