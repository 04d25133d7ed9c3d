import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { account, allow, type Rig, rig, trust } from './rig.test.ts';

const PolicyArn = `arn:aws:iam::${account}:policy/P`;

async function withPolicy(): Promise<Rig> {
  const iam = rig();
  await iam.query('CreatePolicy', { PolicyName: 'P', PolicyDocument: allow('iam:ListRoles') });
  return iam;
}

const add = (iam: Rig, action: string, more: object = {}) =>
  iam.query('CreatePolicyVersion', { PolicyArn, PolicyDocument: allow(action), ...more });
const versions = async (iam: Rig) => {
  const answer = await iam.query('ListPolicyVersions', { PolicyArn });
  const defaults = answer.texts('Versions.member.IsDefaultVersion');
  return answer.texts('Versions.member.VersionId').map((id, index) => (defaults[index] === 'true' ? `${id}*` : id));
};

describe('versions of a managed policy', () => {
  test('are shown the newest first; the default changes only where that is asked', async () => {
    const iam = await withPolicy();
    const second = await add(iam, 'iam:ListUsers');
    assert.deepEqual(second.names('PolicyVersion').toSorted(), ['CreateDate', 'IsDefaultVersion', 'VersionId']);
    assert.deepEqual(await versions(iam), ['v2', 'v1*']);
    await add(iam, 'iam:ListGroups', { SetAsDefault: 'true' });
    assert.deepEqual(await versions(iam), ['v3*', 'v2', 'v1']);
    await iam.query('SetDefaultPolicyVersion', { PolicyArn, VersionId: 'v2' });
    assert.deepEqual(await versions(iam), ['v3', 'v2*', 'v1']);
    assert.equal((await iam.query('GetPolicy', { PolicyArn })).text('Policy.DefaultVersionId'), 'v2');
  });

  test('keep their documents, and their numbers are used once', async () => {
    const iam = await withPolicy();
    await add(iam, 'iam:ListUsers');
    await iam.query('DeletePolicyVersion', { PolicyArn, VersionId: 'v2' });
    await add(iam, 'iam:ListGroups');
    assert.deepEqual(await versions(iam), ['v3', 'v1*']);
    for (const [VersionId, action] of [
      ['v1', 'iam:ListRoles'],
      ['v3', 'iam:ListGroups'],
    ] as const) {
      const answer = await iam.query('GetPolicyVersion', { PolicyArn, VersionId });
      assert.equal(decodeURIComponent(answer.text('PolicyVersion.Document') ?? ''), allow(action));
    }
    assert.equal((await iam.query('GetPolicyVersion', { PolicyArn, VersionId: 'v2' })).code, 'NoSuchEntity');
  });

  test('are five at most', async () => {
    const iam = await withPolicy();
    for (let each = 2; each <= 5; each++) assert.equal((await add(iam, 'iam:*')).status, 200);
    const answer = await add(iam, 'iam:*', { SetAsDefault: 'true' });
    assert.deepEqual([answer.status, answer.code], [409, 'LimitExceeded']);
    assert.equal(
      answer.message,
      'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
    );
    assert.deepEqual(await versions(iam), ['v5', 'v4', 'v3', 'v2', 'v1*']);
    await iam.query('DeletePolicyVersion', { PolicyArn, VersionId: 'v3' });
    assert.equal((await add(iam, 'iam:*')).text('PolicyVersion.VersionId'), 'v6');
  });

  test('may be deleted, but not the one in force', async () => {
    const iam = await withPolicy();
    const answer = await iam.query('DeletePolicyVersion', { PolicyArn, VersionId: 'v1' });
    assert.deepEqual([answer.status, answer.code], [409, 'DeleteConflict']);
    assert.equal(answer.message, 'Cannot delete the default version of a policy.');
  });

  for (const action of ['SetDefaultPolicyVersion', 'DeletePolicyVersion', 'GetPolicyVersion']) {
    test(`${action} refuses a version and a policy that are not there`, async () => {
      const iam = await withPolicy();
      const version = await iam.query(action, { PolicyArn, VersionId: 'v2' });
      assert.deepEqual([version.status, version.code], [404, 'NoSuchEntity']);
      assert.equal(version.message, `Policy ${PolicyArn} version v2 does not exist or is not attachable.`);
      const policy = await iam.query(action, { PolicyArn: `${PolicyArn}2`, VersionId: 'v1' });
      assert.equal(policy.message, `Policy ${PolicyArn}2 was not found.`);
      assert.equal((await iam.query(action, { PolicyArn, VersionId: 'one' })).code, 'ValidationError');
    });
  }

  test('are checked as policies, and refused without a trace', async () => {
    const iam = await withPolicy();
    for (const PolicyDocument of ['{', trust, '{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}']) {
      const answer = await iam.query('CreatePolicyVersion', { PolicyArn, PolicyDocument });
      assert.equal(answer.code, 'MalformedPolicyDocument');
    }
    assert.deepEqual(await versions(iam), ['v1*']);
  });

  test('give a session what the one in force allows, from the next request on', async () => {
    const iam = await withPolicy();
    const made = await iam.query('CreateRole', { RoleName: 'R', AssumeRolePolicyDocument: trust });
    await iam.query('AttachRolePolicy', { RoleName: 'R', PolicyArn });
    const keys = await iam.session('R', made.text('Role.RoleId') ?? '');
    const may = async (action: string) => (await iam.query(action, {}, keys)).status === 200;
    assert.deepEqual([await may('ListRoles'), await may('ListUsers')], [true, false]);
    await add(iam, 'iam:ListUsers');
    assert.deepEqual([await may('ListRoles'), await may('ListUsers')], [true, false]);
    await iam.query('SetDefaultPolicyVersion', { PolicyArn, VersionId: 'v2' });
    assert.deepEqual([await may('ListRoles'), await may('ListUsers')], [false, true]);
  });
});
