// Users who ask about themselves: what leaves the user's name out is about whoever signs.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Keys } from '../../../test/road.ts';
import { account, allow, type Rig, rig } from './rig.test.ts';

const arn = (name: string) => `arn:aws:iam::${account}:user/${name}`;

/** Users, each with a key; Ada may do what the document says. */
async function withUsers(PolicyDocument: string): Promise<{ iam: Rig; ada: Keys; eve: Keys }> {
  const iam = rig();
  const keysOf = async (UserName: string): Promise<Keys> => {
    await iam.query('CreateUser', { UserName });
    const key = await iam.query('CreateAccessKey', { UserName });
    const text = (member: string) => key.text(`AccessKey.${member}`) ?? '';
    return { accessKeyId: text('AccessKeyId'), secretAccessKey: text('SecretAccessKey') };
  };
  const [ada, eve] = [await keysOf('Ada'), await keysOf('Eve')];
  await iam.query('PutUserPolicy', { UserName: 'Ada', PolicyName: 'p', PolicyDocument });
  return { iam, ada, eve };
}

const keyActions = ['iam:*AccessKey*', 'iam:GetUser'];

describe('a user that names nobody', () => {
  test('is shown to itself, under the name it has now', async () => {
    const { iam, ada } = await withUsers(allow('iam:GetUser'));
    assert.equal((await iam.query('GetUser', {}, ada)).text('User.UserName'), 'Ada');
    await iam.query('UpdateUser', { UserName: 'Ada', NewUserName: 'Grace', NewPath: '/x/' });
    assert.equal((await iam.query('GetUser', {}, ada)).text('User.Arn'), arn('x/Grace'));
  });

  test('needs permission on its own ARN, and on no other', async () => {
    const { iam, ada, eve } = await withUsers(allow(keyActions, arn('Ada')));
    assert.equal((await iam.query('GetUser', {}, ada)).status, 200);
    const other = await iam.query('GetUser', { UserName: 'Eve' }, ada);
    assert.ok(other.message.includes(`iam:GetUser on resource: ${arn('Eve')} because`), other.message);
    const refused = await iam.query('GetUser', {}, eve);
    assert.ok(refused.message.includes(`iam:GetUser on resource: ${arn('Eve')} because`), refused.message);
  });

  test('makes, lists, changes and deletes keys of its own', async () => {
    const { iam, ada, eve } = await withUsers(allow(keyActions, arn('Ada')));
    const made = await iam.query('CreateAccessKey', {}, ada);
    assert.equal(made.text('AccessKey.UserName'), 'Ada');
    const AccessKeyId = made.text('AccessKey.AccessKeyId') ?? '';
    assert.equal((await iam.query('CreateAccessKey', {}, ada)).code, 'LimitExceeded');
    const listed = await iam.query('ListAccessKeys', {}, ada);
    const ids = listed.texts('AccessKeyMetadata.member.AccessKeyId');
    assert.deepEqual(ids.toSorted(), [ada.accessKeyId, AccessKeyId].sort());
    const second = { accessKeyId: AccessKeyId, secretAccessKey: made.text('AccessKey.SecretAccessKey') ?? '' };
    assert.equal((await iam.query('GetUser', {}, second)).status, 200);
    await iam.query('UpdateAccessKey', { AccessKeyId, Status: 'Inactive' }, ada);
    assert.equal((await iam.query('GetUser', {}, second)).code, 'InvalidClientTokenId');
    for (const foreign of [eve.accessKeyId, 'AKIAROOTROOTROOTROOT']) {
      const answer = await iam.query('DeleteAccessKey', { AccessKeyId: foreign }, ada);
      assert.equal(answer.message, `The Access Key with id ${foreign} cannot be found.`);
    }
    assert.equal((await iam.query('DeleteAccessKey', { AccessKeyId }, ada)).status, 200);
  });

  test('is nobody any more once it is deleted, and not its successor of the same name', async () => {
    const { iam, ada } = await withUsers(allow('iam:*'));
    assert.equal((await iam.query('DeleteUserPolicy', { UserName: 'Ada', PolicyName: 'p' })).status, 200);
    await iam.query('DeleteAccessKey', { UserName: 'Ada', AccessKeyId: ada.accessKeyId });
    await iam.query('DeleteUser', { UserName: 'Ada' });
    await iam.query('CreateUser', { UserName: 'Ada' });
    await iam.query('PutUserPolicy', { UserName: 'Ada', PolicyName: 'p', PolicyDocument: allow('iam:*') });
    assert.equal((await iam.query('GetUser', {}, ada)).code, 'InvalidClientTokenId');
  });
});

test('a user has the policies of its groups, within its boundary, from the request after they change', async () => {
  const { iam, ada } = await withUsers(allow('iam:GetUser'));
  const may = async (action: string) => (await iam.query(action, {}, ada)).status === 200;
  assert.equal(await may('ListUsers'), false);
  await iam.query('CreateGroup', { GroupName: 'Ops' });
  await iam.query('AttachGroupPolicy', { GroupName: 'Ops', PolicyArn: 'arn:aws:iam::aws:policy/IAMReadOnlyAccess' });
  await iam.query('AddUserToGroup', { GroupName: 'Ops', UserName: 'Ada' });
  assert.deepEqual([await may('ListUsers'), await may('ListRoles')], [true, true]);
  const bound = await iam.query('CreatePolicy', { PolicyName: 'B', PolicyDocument: allow('iam:ListRoles') });
  const PermissionsBoundary = bound.text('Policy.Arn');
  await iam.query('PutUserPermissionsBoundary', { UserName: 'Ada', PermissionsBoundary });
  assert.deepEqual([await may('ListUsers'), await may('ListRoles'), await may('GetUser')], [false, true, false]);
  await iam.query('RemoveUserFromGroup', { GroupName: 'Ops', UserName: 'Ada' });
  assert.equal(await may('ListRoles'), false);
});
