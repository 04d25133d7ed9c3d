import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { groupsOfUsers, usersOfGroups } from './documents.ts';
import { account, allow, type Rig, rig } from './rig.test.ts';

const arn = (resource: string) => `arn:aws:iam::${account}:${resource}`;

async function withGroup(...users: readonly string[]): Promise<Rig> {
  const iam = rig();
  assert.equal((await iam.query('CreateGroup', { GroupName: 'Ops' })).status, 200);
  for (const UserName of users) {
    await iam.query('CreateUser', { UserName });
    assert.equal((await iam.query('AddUserToGroup', { GroupName: 'Ops', UserName })).status, 200);
  }
  return iam;
}

const members = async (iam: Rig, GroupName = 'Ops', parameters = {}) =>
  (await iam.query('GetGroup', { GroupName, ...parameters })).texts('Users.member.UserName').toSorted();
const groupsOf = async (iam: Rig, UserName: string) =>
  (await iam.query('ListGroupsForUser', { UserName })).texts('Groups.member.GroupName').toSorted();

describe('CreateGroup', () => {
  test('makes a group and shows it', async () => {
    const answer = await rig().query('CreateGroup', { GroupName: 'Ops', Path: '/x/' });
    assert.deepEqual(answer.names('Group').toSorted(), ['Arn', 'CreateDate', 'GroupId', 'GroupName', 'Path']);
    assert.equal(answer.text('Group.Arn'), arn('group/x/Ops'));
    assert.match(answer.text('Group.GroupId') ?? '', /^AGPA[A-Z2-7]{17}$/);
  });

  test('refuses a name that is taken, in any case', async () => {
    const iam = await withGroup();
    const answer = await iam.query('CreateGroup', { GroupName: 'OPS' });
    assert.deepEqual([answer.status, answer.code], [409, 'EntityAlreadyExists']);
    assert.equal(answer.message, 'Group with name OPS already exists.');
  });

  for (const parameters of [{}, { GroupName: 'x'.repeat(129) }, { GroupName: 'a b' }, { GroupName: 'a', Path: '//' }]) {
    test(`refuses ${JSON.stringify(parameters).slice(0, 40)}`, async () => {
      const answer = await rig().query('CreateGroup', parameters);
      assert.deepEqual([answer.status, answer.code], [400, 'ValidationError']);
    });
  }
});

describe('GetGroup and ListGroups', () => {
  test('walk in pages', async () => {
    const iam = await withGroup('a', 'b', 'c');
    const first = await iam.query('GetGroup', { GroupName: 'ops', MaxItems: 2 });
    assert.equal(first.text('IsTruncated'), 'true');
    const rest = await members(iam, 'Ops', { Marker: first.text('Marker') });
    assert.deepEqual([...first.texts('Users.member.UserName'), ...rest].sort(), ['a', 'b', 'c']);
    await iam.query('CreateGroup', { GroupName: 'Dev', Path: '/d/' });
    assert.deepEqual((await iam.query('ListGroups')).texts('Groups.member.GroupName'), ['Dev', 'Ops']);
    assert.deepEqual((await iam.query('ListGroups', { PathPrefix: '/d/' })).texts('Groups.member.GroupName'), ['Dev']);
    const other = await iam.query('GetGroup', { GroupName: 'Dev', Marker: first.text('Marker') });
    assert.equal(other.code, 'ValidationError');
  });

  test('of no group are refused, or empty', async () => {
    const answer = await rig().query('GetGroup', { GroupName: 'None' });
    assert.deepEqual([answer.status, answer.code], [404, 'NoSuchEntity']);
    assert.equal(answer.message, 'The group with name None cannot be found.');
    assert.ok((await rig().query('ListGroups')).body.includes('<Groups/>'));
  });
});

describe('users in groups', () => {
  test('are added and removed in both directions; once more is no error', async () => {
    const iam = await withGroup('Ada', 'Grace');
    assert.equal((await iam.query('AddUserToGroup', { GroupName: 'ops', UserName: 'ADA' })).status, 200);
    assert.deepEqual([await members(iam), await groupsOf(iam, 'Ada')], [['Ada', 'Grace'], ['Ops']]);
    for (let each = 0; each < 2; each++) {
      assert.equal((await iam.query('RemoveUserFromGroup', { GroupName: 'Ops', UserName: 'Ada' })).status, 200);
    }
    assert.deepEqual([await members(iam), await groupsOf(iam, 'Ada')], [['Grace'], []]);
  });

  for (const action of ['AddUserToGroup', 'RemoveUserFromGroup']) {
    test(`${action} refuses a group and a user that are not there`, async () => {
      const iam = await withGroup('Ada');
      const noGroup = await iam.query(action, { GroupName: 'None', UserName: 'Ada' });
      assert.equal(noGroup.message, 'The group with name None cannot be found.');
      const noUser = await iam.query(action, { GroupName: 'Ops', UserName: 'Nobody' });
      assert.equal(noUser.message, 'The user with name Nobody cannot be found.');
      assert.equal((await iam.query('ListGroupsForUser', { UserName: 'Nobody' })).code, 'NoSuchEntity');
    });
  }

  test('are ten groups at most, and count again once one is left', async () => {
    const iam = await withGroup('Ada');
    for (let each = 0; each < 10; each++) await iam.query('CreateGroup', { GroupName: `g${each}` });
    const add = (GroupName: string) => iam.query('AddUserToGroup', { GroupName, UserName: 'Ada' });
    for (let each = 0; each < 9; each++) assert.equal((await add(`g${each}`)).status, 200);
    const answer = await add('g9');
    assert.deepEqual([answer.status, answer.code], [409, 'LimitExceeded']);
    assert.equal(answer.message, 'Cannot exceed quota for GroupsPerUser: 10');
    assert.equal((await add('g3')).status, 200);
    await iam.query('RemoveUserFromGroup', { GroupName: 'Ops', UserName: 'Ada' });
    assert.equal((await add('g9')).status, 200);
  });
});

describe('UpdateGroup', () => {
  test('gives another name and path, and keeps users and policies', async () => {
    const iam = await withGroup('Ada');
    const PolicyArn = 'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly';
    await iam.query('AttachGroupPolicy', { GroupName: 'Ops', PolicyArn });
    await iam.query('PutGroupPolicy', { GroupName: 'Ops', PolicyName: 'p', PolicyDocument: allow('s3:*') });
    assert.equal(
      (await iam.query('UpdateGroup', { GroupName: 'Ops', NewGroupName: 'Dev', NewPath: '/d/' })).status,
      200,
    );
    assert.deepEqual([await members(iam, 'Dev'), await groupsOf(iam, 'Ada')], [['Ada'], ['Dev']]);
    assert.equal((await iam.query('GetGroup', { GroupName: 'Dev' })).text('Group.Arn'), arn('group/d/Dev'));
    assert.deepEqual((await iam.query('ListGroupPolicies', { GroupName: 'Dev' })).texts('PolicyNames.member'), ['p']);
    const entities = await iam.query('ListEntitiesForPolicy', { PolicyArn, PathPrefix: '/d/' });
    assert.deepEqual(entities.texts('PolicyGroups.member.GroupName'), ['Dev']);
    assert.equal((await iam.query('GetGroup', { GroupName: 'Ops' })).code, 'NoSuchEntity');
  });

  test('refuses a name that is taken', async () => {
    const iam = await withGroup();
    await iam.query('CreateGroup', { GroupName: 'Dev' });
    const answer = await iam.query('UpdateGroup', { GroupName: 'Ops', NewGroupName: 'dev' });
    assert.equal(answer.message, 'Group with name dev already exists.');
  });
});

describe('DeleteGroup', () => {
  test('refuses a group with users, attached or inline policies', async () => {
    const iam = await withGroup('Ada');
    const PolicyArn = 'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly';
    await iam.query('AttachGroupPolicy', { GroupName: 'Ops', PolicyArn });
    await iam.query('PutGroupPolicy', { GroupName: 'Ops', PolicyName: 'p', PolicyDocument: allow('s3:*') });
    const refused = async (message: string) => {
      const answer = await iam.query('DeleteGroup', { GroupName: 'Ops' });
      assert.deepEqual([answer.status, answer.code], [409, 'DeleteConflict']);
      assert.equal(answer.message, `Cannot delete entity, ${message}`);
    };
    await refused('must remove users from group first.');
    await iam.query('RemoveUserFromGroup', { GroupName: 'Ops', UserName: 'Ada' });
    await refused('must detach all policies first.');
    await iam.query('DetachGroupPolicy', { GroupName: 'Ops', PolicyArn });
    await refused('must delete policies first.');
    await iam.query('DeleteGroupPolicy', { GroupName: 'Ops', PolicyName: 'p' });
    assert.equal((await iam.query('DeleteGroup', { GroupName: 'ops' })).status, 200);
    assert.equal((await iam.query('DeleteGroup', { GroupName: 'Ops' })).code, 'NoSuchEntity');
    const left = await iam.read(async (reader) => [
      ...(await groupsOfUsers.list(reader, { prefix: '', limit: 9 })),
      ...(await usersOfGroups.list(reader, { prefix: '', limit: 9 })),
    ]);
    assert.deepEqual(left, []);
  });
});
