import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Keys } from '../../../test/road.ts';
import { attachedPoliciesOf } from './attachments.ts';
import { attachedTo } from './documents.ts';
import { foundEntity } from './entities.ts';
import { appliedPolicies } from './records.ts';
import { account, allow, type Rig, rig, trust } from './rig.test.ts';

const full = 'arn:aws:iam::aws:policy/AWSRolesAnywhereFullAccess';
const readOnly = 'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly';
const ofService = 'arn:aws:iam::aws:policy/aws-service-role/AWSRolesAnywhereServicePolicy';

async function withRoles(...names: readonly string[]): Promise<Rig> {
  const iam = rig();
  for (const RoleName of names) await iam.query('CreateRole', { RoleName, AssumeRolePolicyDocument: trust });
  return iam;
}

const attach = (iam: Rig, RoleName: string, PolicyArn: string, keys?: Keys) =>
  iam.query('AttachRolePolicy', { RoleName, PolicyArn }, keys);
const detach = (iam: Rig, RoleName: string, PolicyArn: string, keys?: Keys) =>
  iam.query('DetachRolePolicy', { RoleName, PolicyArn }, keys);
const arns = async (iam: Rig, RoleName: string) =>
  (await iam.query('ListAttachedRolePolicies', { RoleName })).texts('AttachedPolicies.member.PolicyArn');

describe('AttachRolePolicy', () => {
  test('attaches a policy, shown with the role and with the policy', async () => {
    const iam = await withRoles('Web');
    const answer = await attach(iam, 'WEB', readOnly);
    assert.equal(answer.status, 200);
    assert.ok(!answer.body.includes('Result>'));
    const list = await iam.query('ListAttachedRolePolicies', { RoleName: 'web' });
    assert.deepEqual(list.texts('AttachedPolicies.member.PolicyName'), ['AWSRolesAnywhereReadOnly']);
    assert.deepEqual(list.texts('AttachedPolicies.member.PolicyArn'), [readOnly]);
    const entities = await iam.query('ListEntitiesForPolicy', { PolicyArn: readOnly });
    assert.deepEqual(entities.texts('PolicyRoles.member.RoleName'), ['Web']);
  });

  test('once more is no error and counts once', async () => {
    const iam = await withRoles('Web');
    for (const name of ['Web', 'web']) assert.equal((await attach(iam, name, readOnly)).status, 200);
    assert.deepEqual(await arns(iam, 'Web'), [readOnly]);
    const policy = await iam.query('GetPolicy', { PolicyArn: readOnly });
    assert.equal(policy.text('Policy.AttachmentCount'), '1');
  });

  // AWS seen: 2025-06-19, the first three; 2020-02-05, the last.
  for (const [arn, status, code, message] of [
    ['longpolicynamebutnoarn', 400, 'ValidationError', 'Invalid ARN:  Could not be parsed!'],
    ['Pol-Role-long-enough-name', 400, 'ValidationError', 'Invalid ARN:  Could not be parsed!'],
    [`${readOnly}123`, 404, 'NoSuchEntity', `Policy ${readOnly}123 does not exist or is not attachable.`],
    [ofService, 400, 'PolicyNotAttachable', 'Cannot attach a Service Role Policy to a Customer Role.'],
    [`arn:aws:iam::${account}:role/Web`, 400, 'InvalidInput', `ARN arn:aws:iam::${account}:role/Web is not valid.`],
  ] as const) {
    test(`refuses ${arn}, and attaches nothing`, async () => {
      const iam = await withRoles('Web');
      const answer = await attach(iam, 'Web', arn);
      assert.deepEqual([answer.status, answer.code, answer.message], [status, code, message]);
      assert.deepEqual(await arns(iam, 'Web'), []);
    });
  }

  test('refuses a role that is not there', async () => {
    const answer = await attach(rig(), 'Nobody', readOnly);
    assert.deepEqual([answer.status, answer.code], [404, 'NoSuchEntity']);
    assert.equal(answer.message, 'The role with name Nobody cannot be found.');
  });

  test('lets ten policies be attached, and one of them again', async () => {
    const iam = await withRoles('Web');
    const places = [
      ['aws', 'eu-central-1'],
      ['aws-cn', 'cn-north-1'],
      ['aws-us-gov', 'us-gov-west-1'],
      ['aws-iso', 'us-iso-east-1'],
      ['aws-iso-b', 'us-isob-east-1'],
      ['aws-iso-f', 'us-isof-east-1'],
    ] as const;
    const asks = places.flatMap(([partition, region]) =>
      [full, readOnly].map((arn) => [arn.replace('aws', partition), region] as const),
    );
    const ask = ([PolicyArn, region]: readonly [string, string]) =>
      iam.query('AttachRolePolicy', { RoleName: 'Web', PolicyArn }, undefined, region);
    for (const one of asks.slice(0, 10)) assert.equal((await ask(one)).status, 200);
    const answer = await ask(asks[10] ?? assert.fail());
    assert.deepEqual([answer.status, answer.code], [409, 'LimitExceeded']);
    assert.equal(answer.message, 'Cannot exceed quota for PoliciesPerRole: 10');
    assert.equal((await ask(asks[3] ?? assert.fail())).status, 200);
    const held = iam.read(async (reader) =>
      attachedPoliciesOf(reader, await foundEntity(reader, account, 'role', 'Web')),
    );
    assert.equal((await held).length, 10);
  });
});

describe('DetachRolePolicy', () => {
  test('takes one policy off and leaves the others', async () => {
    const iam = await withRoles('Web', 'Other');
    for (const name of ['Web', 'Other']) await attach(iam, name, readOnly);
    await attach(iam, 'Web', full);
    assert.equal((await detach(iam, 'web', readOnly)).status, 200);
    assert.deepEqual(await arns(iam, 'Web'), [full]);
    const entities = await iam.query('ListEntitiesForPolicy', { PolicyArn: readOnly });
    assert.deepEqual(entities.texts('PolicyRoles.member.RoleName'), ['Other']);
  });

  for (const [what, arn, status, code] of [
    ['one that is not attached', full, 404, 'NoSuchEntity'],
    ['one that does not exist', `${full}1`, 404, 'NoSuchEntity'],
    ['what is no ARN', 'longpolicynamebutnoarn', 400, 'ValidationError'],
  ] as const) {
    test(`refuses ${what}`, async () => {
      const iam = await withRoles('Web');
      await attach(iam, 'Web', readOnly);
      const answer = await detach(iam, 'Web', arn);
      assert.deepEqual([answer.status, answer.code], [status, code]);
      if (status === 404) assert.equal(answer.message, `Policy ${arn} was not found.`);
      assert.deepEqual(await arns(iam, 'Web'), [readOnly]);
    });
  }

  test('refuses a role that is not there', async () => {
    assert.equal((await detach(rig(), 'Nobody', readOnly)).message, 'The role with name Nobody cannot be found.');
  });
});

describe('ListAttachedRolePolicies', () => {
  test('walks in pages, below a path', async () => {
    const iam = await withRoles('Web');
    for (const arn of [readOnly, full]) await attach(iam, 'Web', arn);
    const first = await iam.query('ListAttachedRolePolicies', { RoleName: 'Web', MaxItems: 1 });
    assert.deepEqual([first.text('AttachedPolicies.member.PolicyArn'), first.text('IsTruncated')], [full, 'true']);
    const Marker = first.text('Marker');
    const rest = await iam.query('ListAttachedRolePolicies', { RoleName: 'Web', Marker });
    assert.deepEqual(rest.texts('AttachedPolicies.member.PolicyArn'), [readOnly]);
    const none = await iam.query('ListAttachedRolePolicies', { RoleName: 'Web', PathPrefix: '/team/' });
    assert.ok(none.body.includes('<AttachedPolicies/>'), none.body);
    const other = await iam.query('ListAttachedRolePolicies', { RoleName: 'Web', PathPrefix: '/team/', Marker });
    assert.equal(other.code, 'ValidationError');
  });

  test('is an error for no role', async () => {
    assert.equal((await rig().query('ListAttachedRolePolicies', { RoleName: 'Nobody' })).code, 'NoSuchEntity');
  });
});

describe('ListEntitiesForPolicy', () => {
  async function attached(): Promise<Rig> {
    const iam = await withRoles('b', 'A');
    await iam.query('CreateRole', { RoleName: 'c', Path: '/team/', AssumeRolePolicyDocument: trust });
    for (const name of ['A', 'b', 'c']) await attach(iam, name, readOnly);
    return iam;
  }

  for (const [parameters, expected] of [
    [{}, ['A', 'b', 'c']],
    [{ EntityFilter: 'Role' }, ['A', 'b', 'c']],
    [{ EntityFilter: 'User' }, []],
    [{ EntityFilter: 'AWSManagedPolicy' }, []],
    [{ PathPrefix: '/team/' }, ['c']],
    [{ PolicyUsageFilter: 'PermissionsPolicy' }, ['A', 'b', 'c']],
    [{ PolicyUsageFilter: 'PermissionsBoundary' }, []],
  ] as const) {
    test(`of ${JSON.stringify(parameters)} shows ${expected.length}`, async () => {
      const iam = await attached();
      const answer = await iam.query('ListEntitiesForPolicy', { PolicyArn: readOnly, ...parameters });
      assert.deepEqual(answer.texts('PolicyRoles.member.RoleName'), expected);
      assert.equal(answer.text('IsTruncated'), 'false');
      for (const list of ['PolicyGroups', 'PolicyUsers']) assert.equal(answer.text(list), '');
    });
  }

  test('walks in pages, with the ids of the roles', async () => {
    const iam = await attached();
    const first = await iam.query('ListEntitiesForPolicy', { PolicyArn: readOnly, MaxItems: 2 });
    assert.deepEqual(first.texts('PolicyRoles.member.RoleName'), ['A', 'b']);
    const rest = await iam.query('ListEntitiesForPolicy', { PolicyArn: readOnly, Marker: first.text('Marker') });
    const role = await iam.query('GetRole', { RoleName: 'c' });
    assert.deepEqual(rest.texts('PolicyRoles.member.RoleId'), [role.text('Role.RoleId')]);
  });
});

describe('DeleteRole', () => {
  test('refuses while a policy is attached, and leaves nothing behind when it goes', async () => {
    const iam = await withRoles('Web');
    await attach(iam, 'Web', readOnly);
    const answer = await iam.query('DeleteRole', { RoleName: 'Web' });
    assert.deepEqual([answer.status, answer.code], [409, 'DeleteConflict']);
    assert.equal(answer.message, 'Cannot delete entity, must detach all policies first.');
    await detach(iam, 'Web', readOnly);
    assert.equal((await iam.query('DeleteRole', { RoleName: 'Web' })).status, 200);
    const left = await iam.read((reader) => attachedTo.role.list(reader, { prefix: account, limit: 10 }));
    assert.deepEqual(left, []);
  });
});

describe('a session of a role', () => {
  test('may do what an attached policy allows, from the next call on, until it is detached', async () => {
    const iam = await withRoles('Web');
    const id = (await iam.query('GetRole', { RoleName: 'Web' })).text('Role.RoleId') ?? '';
    const keys = await iam.session('Web', id);
    const ask = () => iam.query('CreateServiceLinkedRole', { AWSServiceName: 'rolesanywhere.amazonaws.com' }, keys);
    assert.equal((await ask()).code, 'AccessDenied');
    await attach(iam, 'Web', readOnly);
    assert.equal((await ask()).code, 'AccessDenied');
    await attach(iam, 'Web', full);
    assert.equal((await ask()).status, 200);
    await detach(iam, 'Web', full);
    assert.equal((await ask()).code, 'AccessDenied');
  });

  test('attaches the policies that iam:PolicyARN allows, and no others', async () => {
    const iam = await withRoles('Web', 'Admin');
    const Condition = { ArnEquals: { 'iam:PolicyARN': readOnly } };
    const Action = ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'];
    const Statement = { Effect: 'Allow', Action, Resource: `arn:aws:iam::${account}:role/Web`, Condition };
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.query('PutRolePolicy', { RoleName: 'Admin', PolicyName: 'p', PolicyDocument });
    const id = (await iam.query('GetRole', { RoleName: 'Admin' })).text('Role.RoleId') ?? '';
    const keys = await iam.session('Admin', id);
    assert.equal((await attach(iam, 'Web', readOnly, keys)).status, 200);
    assert.equal((await attach(iam, 'Web', full, keys)).code, 'AccessDenied');
    assert.equal((await attach(iam, 'Admin', readOnly, keys)).code, 'AccessDenied');
    assert.equal((await iam.query('AttachRolePolicy', { RoleName: 'Web' }, keys)).code, 'AccessDenied');
    await attach(iam, 'Web', full);
    assert.equal((await detach(iam, 'Web', full, keys)).code, 'AccessDenied');
    assert.equal((await detach(iam, 'Web', readOnly, keys)).status, 200);
  });
});

test('an attached policy that is not kept is no empty policy', async () => {
  const iam = await withRoles('Web');
  await iam.query('PutRolePolicy', { RoleName: 'Web', PolicyName: 'p', PolicyDocument: allow('iam:*') });
  await attach(iam, 'Web', readOnly);
  const kept = await iam.read(async (reader) => {
    const role = await foundEntity(reader, account, 'role', 'web');
    return appliedPolicies(reader, account, role);
  });
  assert.deepEqual(
    kept.identity.map(({ name }) => name),
    ['role policy p', 'AWS managed policy AWSRolesAnywhereReadOnly'],
  );
  const gone = iam.read(async (reader) => {
    const role = await foundEntity(reader, account, 'role', 'web');
    const list: typeof reader.list = async (collection, query) =>
      (await reader.list(collection, query)).map(({ key }) => ({ key, document: { policyArn: `${readOnly}1` } }));
    return appliedPolicies({ get: (...of) => reader.get(...of), list }, account, role);
  });
  await assert.rejects(gone, /is not kept/);
});
