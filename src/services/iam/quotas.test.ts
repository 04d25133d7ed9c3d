import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Quotas } from '../settings.ts';
import { allow, type Rig, rig, trust } from './rig.test.ts';

const kinds = [
  { quota: 'UsersPerAccount', thing: 'User', member: 'UserName', more: {} },
  { quota: 'GroupsPerAccount', thing: 'Group', member: 'GroupName', more: {} },
  { quota: 'RolesPerAccount', thing: 'Role', member: 'RoleName', more: { AssumeRolePolicyDocument: trust } },
  { quota: 'PoliciesPerAccount', thing: 'Policy', member: 'PolicyName', more: { PolicyDocument: allow('s3:*') } },
  { quota: 'InstanceProfilesPerAccount', thing: 'InstanceProfile', member: 'InstanceProfileName', more: {} },
] as const;

for (const { quota, thing, member, more } of kinds) {
  const limited = (most: number) => rig('iam', { [quota]: most } satisfies Partial<Quotas>);
  const create = (iam: Rig, name: string, keys?: Parameters<Rig['query']>[2]) =>
    iam.query(`Create${thing}`, { [member]: name, ...more }, keys);
  const remove = (iam: Rig, name: string) => {
    const arn = `arn:aws:iam::123456789012:policy/${name}`;
    return iam.query(`Delete${thing}`, thing === 'Policy' ? { PolicyArn: arn } : { [member]: name });
  };

  describe(quota, () => {
    test('admits as many as it says, and the next is refused in its name', async () => {
      const iam = limited(2);
      for (const name of ['a', 'b']) assert.equal((await create(iam, name)).status, 200);
      const answer = await create(iam, 'c');
      assert.deepEqual([answer.status, answer.code], [409, 'LimitExceeded']);
      assert.equal(answer.message, `Cannot exceed quota for ${quota}: 2`);
      assert.equal((await create(iam, 'a')).code, 'EntityAlreadyExists');
    });

    test('has room again for each one deleted, and for none that was not there', async () => {
      const iam = limited(1);
      await create(iam, 'a');
      assert.equal((await remove(iam, 'x')).code, 'NoSuchEntity');
      assert.equal((await create(iam, 'b')).code, 'LimitExceeded');
      assert.equal((await remove(iam, 'A')).status === 200 || (await remove(iam, 'a')).status === 200, true);
      assert.equal((await create(iam, 'b')).status, 200);
      assert.equal((await create(iam, 'c')).code, 'LimitExceeded');
    });

    test('is of the account, and holds for creations at once', async () => {
      const iam = limited(1);
      const answers = await Promise.all(['a', 'b', 'c'].map((name) => create(iam, name)));
      assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 409, 409]);
      assert.equal((await create(iam, 'a', await iam.stranger())).status, 200);
    });
  });
}

test('renaming changes no count', async () => {
  const iam = rig('iam', { UsersPerAccount: 2, GroupsPerAccount: 1 });
  for (const UserName of ['a', 'b']) await iam.query('CreateUser', { UserName });
  await iam.query('CreateGroup', { GroupName: 'g' });
  assert.equal((await iam.query('UpdateUser', { UserName: 'a', NewUserName: 'c' })).status, 200);
  assert.equal((await iam.query('UpdateGroup', { GroupName: 'g', NewGroupName: 'h' })).status, 200);
  assert.equal((await iam.query('CreateUser', { UserName: 'd' })).code, 'LimitExceeded');
  assert.equal((await iam.query('CreateGroup', { GroupName: 'i' })).code, 'LimitExceeded');
  await iam.query('DeleteUser', { UserName: 'c' });
  assert.equal((await iam.query('CreateUser', { UserName: 'd' })).status, 200);
});

test("a service's own role counts as a role, and alone may exceed the quota", async () => {
  const iam = rig('iam', { RolesPerAccount: 1 });
  const service = { AWSServiceName: 'rolesanywhere.amazonaws.com' };
  const create = (RoleName: string) => iam.query('CreateRole', { RoleName, AssumeRolePolicyDocument: trust });
  await iam.query('CreateServiceLinkedRole', service);
  assert.equal((await create('R')).code, 'LimitExceeded');
  await iam.query('DeleteServiceLinkedRole', { RoleName: 'AWSServiceRoleForRolesAnywhere' });
  assert.equal((await create('R')).status, 200);
  assert.equal((await iam.query('CreateServiceLinkedRole', service)).status, 200);
  assert.equal((await create('S')).code, 'LimitExceeded');
});

test('the operator may set every other quota of IAM, too', async () => {
  const iam = rig('iam', {
    PoliciesPerUser: 1,
    GroupsPerUser: 1,
    AccessKeysPerUser: 1,
    VersionsPerPolicy: 1,
    PolicySize: 100,
    ACLSizePerRole: 100,
  });
  const PolicyDocument = allow('s3:*');
  await iam.query('CreateUser', { UserName: 'a' });
  const PolicyArn = (await iam.query('CreatePolicy', { PolicyName: 'p', PolicyDocument })).text('Policy.Arn');
  for (const GroupName of ['g', 'h']) await iam.query('CreateGroup', { GroupName });
  const audit = 'arn:aws:iam::aws:policy/SecurityAudit';
  const refused = async (action: string, parameters: object, message: string) => {
    const answer = await iam.query(action, { ...parameters });
    assert.deepEqual([answer.code, answer.message], ['LimitExceeded', message]);
  };
  await iam.query('AttachUserPolicy', { UserName: 'a', PolicyArn });
  await refused('AttachUserPolicy', { UserName: 'a', PolicyArn: audit }, 'Cannot exceed quota for PoliciesPerUser: 1');
  await iam.query('AddUserToGroup', { UserName: 'a', GroupName: 'g' });
  await refused('AddUserToGroup', { UserName: 'a', GroupName: 'h' }, 'Cannot exceed quota for GroupsPerUser: 1');
  await iam.query('CreateAccessKey', { UserName: 'a' });
  await refused('CreateAccessKey', { UserName: 'a' }, 'Cannot exceed quota for AccessKeysPerUser: 1');
  const versions = 'A managed policy can have up to 1 versions.';
  const more = 'Before you create a new version, you must delete an existing version.';
  await refused('CreatePolicyVersion', { PolicyArn, PolicyDocument }, `${versions} ${more}`);
  const long = allow('s3:*', `arn:aws:s3:::${'x'.repeat(100)}`);
  await refused('CreatePolicy', { PolicyName: 'q', PolicyDocument: long }, 'Cannot exceed quota for PolicySize: 100');
  const role = { RoleName: 'r', AssumeRolePolicyDocument: trust };
  await refused('CreateRole', role, 'Cannot exceed quota for ACLSizePerRole: 100');
});
