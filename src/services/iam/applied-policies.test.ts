import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupsOfUsers, policyDocuments } from './documents.ts';
import { foundEntity } from './entities.ts';
import { appliedPolicies, findUserById } from './records.ts';
import { account, allow, type Rig, rig, trust } from './rig.test.ts';

const arn = (name: string) => `arn:aws:iam::${account}:policy/${name}`;

async function arranged(): Promise<Rig> {
  const iam = rig();
  await iam.query('CreatePolicy', { PolicyName: 'Own', PolicyDocument: allow('s3:*') });
  await iam.query('CreateUser', { UserName: 'Ada' });
  await iam.query('CreateGroup', { GroupName: 'Ops' });
  await iam.query('CreateGroup', { GroupName: 'Other' });
  await iam.query('AddUserToGroup', { GroupName: 'Ops', UserName: 'Ada' });
  await iam.query('PutUserPolicy', { UserName: 'Ada', PolicyName: 'u', PolicyDocument: allow('a:b') });
  await iam.query('AttachUserPolicy', { UserName: 'Ada', PolicyArn: arn('Own') });
  for (const GroupName of ['Ops', 'Other']) {
    await iam.query('PutGroupPolicy', { GroupName, PolicyName: 'g', PolicyDocument: allow('c:d') });
    await iam.query('AttachGroupPolicy', { GroupName, PolicyArn: 'arn:aws:iam::aws:policy/SecurityAudit' });
  }
  return iam;
}

const applied = (iam: Rig, kind: 'user' | 'group' | 'role', name: string) =>
  iam.read(async (reader) => appliedPolicies(reader, account, await foundEntity(reader, account, kind, name)));

test('what applies to a user is its own policies and those of its groups, each with its holder', async () => {
  const { identity, permissionsBoundary } = await applied(await arranged(), 'user', 'ada');
  assert.deepEqual(
    identity.map(({ name, kind, policyName, policyArn, holder }) => [name, kind, policyName, policyArn, holder.name]),
    [
      ['user policy u', 'inline', 'u', null, 'Ada'],
      ['managed policy Own', 'customerManaged', 'Own', arn('Own'), 'Ada'],
      ['group policy g of group Ops', 'inline', 'g', null, 'Ops'],
      [
        'AWS managed policy SecurityAudit of group Ops',
        'awsManaged',
        'SecurityAudit',
        'arn:aws:iam::aws:policy/SecurityAudit',
        'Ops',
      ],
    ],
  );
  assert.deepEqual(
    identity.slice(0, 3).map(({ document }) => document),
    [allow('a:b'), allow('s3:*'), allow('c:d')],
  );
  assert.equal(permissionsBoundary, null);
});

test('a boundary is the document in force of its policy, and no identity-based policy', async () => {
  const iam = await arranged();
  await iam.query('CreatePolicy', { PolicyName: 'B', PolicyDocument: allow('e:f') });
  await iam.query('PutUserPermissionsBoundary', { UserName: 'Ada', PermissionsBoundary: arn('B') });
  const more = { PolicyArn: arn('B'), PolicyDocument: allow('g:h'), SetAsDefault: 'true' };
  await iam.query('CreatePolicyVersion', more);
  const { identity, permissionsBoundary } = await applied(iam, 'user', 'Ada');
  assert.deepEqual([permissionsBoundary?.name, permissionsBoundary?.document], ['managed policy B', allow('g:h')]);
  assert.ok(identity.every(({ policyName }) => policyName !== 'B'));
});

test('a group and a role have no policies but their own', async () => {
  const iam = await arranged();
  await iam.query('CreateRole', { RoleName: 'Ada', AssumeRolePolicyDocument: trust });
  await iam.query('PutRolePolicy', { RoleName: 'Ada', PolicyName: 'r', PolicyDocument: allow('i:j') });
  const named = async (kind: 'group' | 'role', name: string) =>
    (await applied(iam, kind, name)).identity.map((policy) => policy.name);
  assert.deepEqual(await named('role', 'Ada'), ['role policy r']);
  assert.deepEqual(await named('group', 'Ops'), ['group policy g', 'AWS managed policy SecurityAudit']);
});

test('a policy or a group that is not kept is not taken for nothing', async () => {
  const iam = await arranged();
  await iam.write(async (writer) => {
    const [first] = await policyDocuments.list(writer, { prefix: account, limit: 1 });
    await policyDocuments.delete(writer, first?.key ?? assert.fail());
  });
  await assert.rejects(applied(iam, 'user', 'Ada'), /the managed policy .*Own is not kept/);
  await iam.query('DetachUserPolicy', { UserName: 'Ada', PolicyArn: arn('Own') });
  await iam.write(async (writer) => {
    const { place } = await foundEntity(writer, account, 'user', 'Ada');
    await groupsOfUsers.put(writer, `${place}AGPAGONE`, { groupId: 'AGPAGONE' });
  });
  await assert.rejects(applied(iam, 'user', 'Ada'), /a group of user AIDA\w+ is not kept/);
});

test('a user is found by its id under whatever name it has, and not after it was deleted', async () => {
  const iam = rig();
  const id = (await iam.query('CreateUser', { UserName: 'Ada' })).text('User.UserId') ?? '';
  const find = (of: string, userId: string) => iam.read((reader) => findUserById(reader, of, userId));
  assert.equal((await find(account, id))?.userName, 'Ada');
  await iam.query('UpdateUser', { UserName: 'Ada', NewUserName: 'Grace' });
  await iam.query('CreateUser', { UserName: 'Ada' });
  assert.equal((await find(account, id))?.userName, 'Grace');
  assert.equal(await find('999988887777', id), undefined);
  assert.equal(await find(account, 'AIDANOBODY'), undefined);
  assert.equal(await find(account, account), undefined);
  await iam.query('DeleteUser', { UserName: 'Grace' });
  await iam.query('CreateUser', { UserName: 'Grace' });
  assert.equal(await find(account, id), undefined);
});
