import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { namesOfIds, users } from './documents.ts';
import { account, allow, type Rig, rig, trust } from './rig.test.ts';

const arn = (resource: string) => `arn:aws:iam::${account}:${resource}`;

async function withUsers(...names: readonly string[]): Promise<Rig> {
  const iam = rig();
  for (const UserName of names) assert.equal((await iam.query('CreateUser', { UserName })).status, 200);
  return iam;
}

const names = async (iam: Rig, parameters = {}) =>
  (await iam.query('ListUsers', parameters)).texts('Users.member.UserName');

describe('CreateUser', () => {
  test('makes a user with an id of its own, and shows it', async () => {
    const iam = rig();
    const Tags = [{ Key: 'team', Value: 'a' }];
    const answer = await iam.query('CreateUser', { UserName: 'Ada', Path: '/ops/', Tags });
    assert.deepEqual(answer.names('User').toSorted(), ['Arn', 'CreateDate', 'Path', 'Tags', 'UserId', 'UserName']);
    assert.equal(answer.text('User.Arn'), arn('user/ops/Ada'));
    assert.match(answer.text('User.UserId') ?? '', /^AIDA[A-Z2-7]{17}$/);
    assert.equal(answer.text('User.CreateDate'), '2026-11-22T12:00:00Z');
    assert.equal((await iam.query('GetUser', { UserName: 'ADA' })).text('User.Tags.member.Value'), 'a');
  });

  test('refuses a name that is taken, in any case', async () => {
    const iam = await withUsers('Ada');
    const answer = await iam.query('CreateUser', { UserName: 'ada' });
    assert.deepEqual([answer.status, answer.code], [409, 'EntityAlreadyExists']);
    assert.equal(answer.message, 'User with name ada already exists.');
  });

  test('with a boundary that is no policy makes no user', async () => {
    const iam = rig();
    for (const [boundary, code] of [
      [arn('policy/none'), 'NoSuchEntity'],
      ['arn:aws:iam::aws:policy/aws-service-role/AWSRolesAnywhereServicePolicy', 'PolicyNotAttachable'],
      ['not-an-arn-but-long-enough', 'ValidationError'],
      [arn('role/none'), 'InvalidInput'],
    ]) {
      assert.equal((await iam.query('CreateUser', { UserName: 'Ada', PermissionsBoundary: boundary })).code, code);
    }
    assert.deepEqual(await names(iam), []);
  });

  for (const parameters of [
    {},
    { UserName: '' },
    { UserName: 'x'.repeat(65) },
    { UserName: 'a/b' },
    { UserName: 'a', Path: 'ops' },
    {
      UserName: 'a',
      Tags: [
        { Key: 'a', Value: '' },
        { Key: 'A', Value: '' },
      ],
    },
  ]) {
    test(`refuses ${JSON.stringify(parameters).slice(0, 60)}`, async () => {
      const answer = await rig().query('CreateUser', parameters);
      assert.equal(answer.status, 400);
      assert.ok(['ValidationError', 'InvalidInput'].includes(answer.code ?? ''), answer.code);
    });
  }
});

describe('GetUser', () => {
  test('of nobody is refused', async () => {
    const answer = await rig().query('GetUser', { UserName: 'Nobody' });
    assert.deepEqual([answer.status, answer.code], [404, 'NoSuchEntity']);
    assert.equal(answer.message, 'The user with name Nobody cannot be found.');
  });

  test('without a name gives root itself, which has none', async () => {
    const answer = await rig().query('GetUser');
    assert.deepEqual(answer.names('User').toSorted(), ['Arn', 'CreateDate', 'UserId']);
    assert.deepEqual([answer.text('User.Arn'), answer.text('User.UserId')], [arn('root'), account]);
  });

  test("without a name says nothing to a role's session", async () => {
    const iam = rig();
    const made = await iam.query('CreateRole', { RoleName: 'Admin', AssumeRolePolicyDocument: trust });
    await iam.query('PutRolePolicy', { RoleName: 'Admin', PolicyName: 'p', PolicyDocument: allow('iam:*') });
    const keys = await iam.session('Admin', made.text('Role.RoleId') ?? '');
    for (const action of ['GetUser', 'ListAccessKeys', 'CreateAccessKey']) {
      const answer = await iam.query(action, {}, keys);
      assert.deepEqual([answer.status, answer.code], [400, 'ValidationError']);
      assert.equal(answer.message, 'Must specify userName when calling with non-User credentials');
    }
  });

  test('finds no user of another account', async () => {
    const iam = await withUsers('Ada');
    assert.equal((await iam.query('GetUser', { UserName: 'Ada' }, await iam.stranger())).code, 'NoSuchEntity');
    assert.deepEqual((await iam.query('ListUsers', {}, await iam.stranger())).texts('Users.member'), []);
  });
});

describe('ListUsers', () => {
  test('walks in pages by name, below a path', async () => {
    const iam = await withUsers('c', 'a', 'B');
    await iam.query('CreateUser', { UserName: 'd', Path: '/ops/' });
    const first = await iam.query('ListUsers', { MaxItems: 2 });
    assert.deepEqual([first.texts('Users.member.UserName'), first.text('IsTruncated')], [['a', 'B'], 'true']);
    assert.deepEqual(await names(iam, { Marker: first.text('Marker') }), ['c', 'd']);
    assert.deepEqual(await names(iam, { PathPrefix: '/ops' }), ['d']);
    assert.equal((await iam.query('ListUsers', { Marker: 'x' })).code, 'ValidationError');
  });
});

describe('UpdateUser', () => {
  test('gives another name and path, and keeps the id and all that belongs to the user', async () => {
    const iam = await withUsers('Ada');
    const id = (await iam.query('GetUser', { UserName: 'Ada' })).text('User.UserId');
    const PolicyArn = (await iam.query('CreatePolicy', { PolicyName: 'P', PolicyDocument: allow('s3:*') })).text(
      'Policy.Arn',
    );
    await iam.query('CreateGroup', { GroupName: 'G' });
    await iam.query('AddUserToGroup', { GroupName: 'G', UserName: 'Ada' });
    await iam.query('PutUserPolicy', { UserName: 'Ada', PolicyName: 'p', PolicyDocument: allow('s3:*') });
    await iam.query('AttachUserPolicy', { UserName: 'Ada', PolicyArn });
    await iam.query('PutUserPermissionsBoundary', { UserName: 'Ada', PermissionsBoundary: PolicyArn });
    const key = (await iam.query('CreateAccessKey', { UserName: 'Ada' })).text('AccessKey.AccessKeyId');
    await iam.query('TagUser', { UserName: 'Ada', Tags: [{ Key: 'k', Value: 'v' }] });

    const renamed = await iam.query('UpdateUser', { UserName: 'ada', NewUserName: 'Grace', NewPath: '/x/' });
    assert.equal(renamed.status, 200, renamed.message);
    assert.equal((await iam.query('GetUser', { UserName: 'Ada' })).code, 'NoSuchEntity');
    const user = await iam.query('GetUser', { UserName: 'Grace' });
    assert.deepEqual([user.text('User.UserId'), user.text('User.Arn')], [id, arn('user/x/Grace')]);
    assert.equal(user.text('User.PermissionsBoundary.PermissionsBoundaryArn'), PolicyArn);
    assert.equal(user.text('User.Tags.member.Value'), 'v');
    const ask = (action: string, path: string, parameters: object = { UserName: 'Grace' }) =>
      iam.query(action, { ...parameters }).then((answer) => answer.texts(path));
    assert.deepEqual(await ask('ListUserPolicies', 'PolicyNames.member'), ['p']);
    assert.deepEqual(await ask('ListAttachedUserPolicies', 'AttachedPolicies.member.PolicyArn'), [PolicyArn]);
    assert.deepEqual(await ask('ListGroupsForUser', 'Groups.member.GroupName'), ['G']);
    assert.deepEqual(await ask('GetGroup', 'Users.member.UserName', { GroupName: 'G' }), ['Grace']);
    assert.deepEqual(await ask('ListAccessKeys', 'AccessKeyMetadata.member.AccessKeyId'), [key]);
    assert.deepEqual(await ask('GetAccessKeyLastUsed', 'UserName', { AccessKeyId: key }), ['Grace']);
    for (const PolicyUsageFilter of ['PermissionsPolicy', 'PermissionsBoundary']) {
      const uses = { PolicyArn, PolicyUsageFilter, PathPrefix: '/x/' };
      assert.deepEqual(await ask('ListEntitiesForPolicy', 'PolicyUsers.member.UserName', uses), ['Grace']);
      assert.deepEqual(await ask('ListEntitiesForPolicy', 'PolicyUsers.member', { ...uses, PathPrefix: '/y/' }), []);
    }
  });

  test('may change the case of a name alone', async () => {
    const iam = await withUsers('ada');
    assert.equal((await iam.query('UpdateUser', { UserName: 'ada', NewUserName: 'ADA' })).status, 200);
    assert.deepEqual(await names(iam), ['ADA']);
  });

  test('with nothing to change changes nothing', async () => {
    const iam = await withUsers('Ada');
    assert.equal((await iam.query('UpdateUser', { UserName: 'Ada' })).status, 200);
    assert.deepEqual(await names(iam), ['Ada']);
  });

  test('refuses a name that is taken, and a user that is not there', async () => {
    const iam = await withUsers('Ada', 'Grace');
    const taken = await iam.query('UpdateUser', { UserName: 'Ada', NewUserName: 'grace' });
    assert.deepEqual([taken.status, taken.code], [409, 'EntityAlreadyExists']);
    assert.equal(taken.message, 'User with name grace already exists.');
    assert.equal((await iam.query('UpdateUser', { UserName: 'Nobody', NewUserName: 'x' })).code, 'NoSuchEntity');
    assert.deepEqual(await names(iam), ['Ada', 'Grace']);
  });

  test('needs permission on the old ARN and on the new one', async () => {
    const iam = await withUsers('Ada');
    const made = await iam.query('CreateRole', { RoleName: 'Admin', AssumeRolePolicyDocument: trust });
    const keys = await iam.session('Admin', made.text('Role.RoleId') ?? '');
    const Statement = [{ Effect: 'Allow', Action: 'iam:UpdateUser', Resource: [arn('user/Ada'), arn('user/x/*')] }];
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.query('PutRolePolicy', { RoleName: 'Admin', PolicyName: 'p', PolicyDocument });
    const update = (parameters: object) => iam.query('UpdateUser', { UserName: 'Ada', ...parameters }, keys);
    const refused = await update({ NewUserName: 'Root' });
    assert.deepEqual(refused.code, 'AccessDenied');
    assert.ok(refused.message.includes(arn('user/Root')), refused.message);
    assert.equal((await update({ NewPath: '/y/' })).code, 'AccessDenied');
    assert.equal((await update({ NewPath: '/x/' })).status, 200);
  });
});

describe('DeleteUser', () => {
  for (const [what, give, take, message] of [
    [
      'groups',
      ['AddUserToGroup', { GroupName: 'G' }],
      ['RemoveUserFromGroup', { GroupName: 'G' }],
      'must remove users from group first.',
    ],
    [
      'attached policies',
      ['AttachUserPolicy', { PolicyArn: 'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly' }],
      ['DetachUserPolicy', { PolicyArn: 'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly' }],
      'must detach all policies first.',
    ],
    [
      'inline policies',
      ['PutUserPolicy', { PolicyName: 'p', PolicyDocument: allow('s3:*') }],
      ['DeleteUserPolicy', { PolicyName: 'p' }],
      'must delete policies first.',
    ],
  ] as const) {
    test(`refuses a user with ${what}`, async () => {
      const iam = await withUsers('Ada');
      await iam.query('CreateGroup', { GroupName: 'G' });
      assert.equal((await iam.query(give[0], { UserName: 'Ada', ...give[1] })).status, 200);
      const answer = await iam.query('DeleteUser', { UserName: 'Ada' });
      assert.deepEqual([answer.status, answer.code], [409, 'DeleteConflict']);
      assert.equal(answer.message, `Cannot delete entity, ${message}`);
      assert.equal((await iam.query(take[0], { UserName: 'Ada', ...take[1] })).status, 200);
      assert.equal((await iam.query('DeleteUser', { UserName: 'Ada' })).status, 200);
    });
  }

  test('refuses a user with access keys, inactive ones too', async () => {
    const iam = await withUsers('Ada');
    const AccessKeyId = (await iam.query('CreateAccessKey', { UserName: 'Ada' })).text('AccessKey.AccessKeyId');
    await iam.query('UpdateAccessKey', { UserName: 'Ada', AccessKeyId, Status: 'Inactive' });
    const answer = await iam.query('DeleteUser', { UserName: 'Ada' });
    assert.equal(answer.message, 'Cannot delete entity, must delete access keys first.');
    await iam.query('DeleteAccessKey', { UserName: 'Ada', AccessKeyId });
    assert.equal((await iam.query('DeleteUser', { UserName: 'Ada' })).status, 200);
  });

  test('takes the boundary along, and leaves nothing behind', async () => {
    const iam = await withUsers('Ada');
    const made = await iam.query('CreatePolicy', { PolicyName: 'P', PolicyDocument: allow('s3:*') });
    const PolicyArn = made.text('Policy.Arn');
    await iam.query('PutUserPermissionsBoundary', { UserName: 'Ada', PermissionsBoundary: PolicyArn });
    assert.equal((await iam.query('DeleteUser', { UserName: 'Ada' })).status, 200);
    assert.equal((await iam.query('DeletePolicy', { PolicyArn })).status, 200);
    const left = await iam.read(async (reader) => [
      ...(await users.list(reader, { prefix: '', limit: 9 })),
      ...(await namesOfIds.list(reader, { prefix: '', limit: 9 })),
    ]);
    assert.deepEqual(left, []);
  });

  test('of a user that is not there is refused; a user made again is another', async () => {
    const iam = await withUsers('Ada');
    const first = (await iam.query('GetUser', { UserName: 'Ada' })).text('User.UserId');
    await iam.query('DeleteUser', { UserName: 'Ada' });
    assert.equal((await iam.query('DeleteUser', { UserName: 'Ada' })).code, 'NoSuchEntity');
    await iam.query('CreateUser', { UserName: 'Ada' });
    assert.notEqual((await iam.query('GetUser', { UserName: 'Ada' })).text('User.UserId'), first);
  });
});
