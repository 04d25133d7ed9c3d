// Who stands behind a key counts as it is now, however often it was asked before.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, type Keys, testRoad } from '../../test/road.ts';
import { keyHolders } from './key-holders.ts';

type Change = readonly [action: string, parameters: Readonly<Record<string, string>>];

/** A road, a user alice with a key, and a session of hers; who each of them is, asked so often that it is remembered. */
async function withAlice() {
  const road = await testRoad();
  const iam = async ([action, parameters]: Change) => {
    const answer = await road.query('iam', action, parameters);
    assert.equal(answer.status, 200, answer.body);
    return answer;
  };
  const user = await iam(['CreateUser', { UserName: 'alice' }]);
  const made = await iam(['CreateAccessKey', { UserName: 'alice' }]);
  const keysIn = (answer: typeof made): Keys => ({
    accessKeyId: answer.text('AccessKeyId') ?? '',
    secretAccessKey: answer.text('SecretAccessKey') ?? '',
  });
  const keys = keysIn(made);
  const sessionOf = async (of: Keys): Promise<Keys> => {
    const answer = await road.query('sts', 'GetSessionToken', {}, { keys: of });
    return { ...keysIn(answer), sessionToken: answer.text('SessionToken') ?? '' };
  };
  const who = async (of: Keys) => {
    const answers = [];
    for (let time = 0; time < 3; time += 1)
      answers.push(await road.query('sts', 'GetCallerIdentity', {}, { keys: of }));
    const [first, ...others] = answers.map((answer) => answer.text('Arn') ?? answer.code);
    for (const other of others) assert.equal(other, first);
    return first;
  };
  return { road, iam, keys, session: await sessionOf(keys), sessionOf, who, userId: user.text('UserId') ?? '' };
}

const gone = 'InvalidClientTokenId';
const arnOf = (name: string) => `arn:aws:iam::${account}:user/${name}`;

test('a key that is made inactive, active again, or deleted counts at once, and so do its sessions', async () => {
  const { iam, keys, session, who } = await withAlice();
  const key = { UserName: 'alice', AccessKeyId: keys.accessKeyId };
  const steps: readonly (readonly [Change | undefined, string])[] = [
    [undefined, arnOf('alice')],
    [['UpdateAccessKey', { ...key, Status: 'Inactive' }], gone],
    [['UpdateAccessKey', { ...key, Status: 'Active' }], arnOf('alice')],
    [['DeleteAccessKey', key], gone],
  ];
  for (const [change, arn] of steps) {
    if (change !== undefined) await iam(change);
    assert.deepEqual([await who(keys), await who(session)], [arn, arn], JSON.stringify(change));
  }
});

test('a user of another name has that name at once, and one who is gone is nobody', async () => {
  const { iam, keys, session, who } = await withAlice();
  assert.equal(await who(keys), arnOf('alice'));
  await iam(['UpdateUser', { UserName: 'alice', NewUserName: 'anna' }]);
  assert.deepEqual([await who(keys), await who(session)], [arnOf('anna'), arnOf('anna')]);
  await iam(['DeleteAccessKey', { UserName: 'anna', AccessKeyId: keys.accessKeyId }]);
  await iam(['DeleteUser', { UserName: 'anna' }]);
  await iam(['CreateUser', { UserName: 'anna' }]);
  assert.deepEqual([await who(keys), await who(session)], [gone, gone]);
});

test('a remembered key opens nothing to another secret or another session', async () => {
  const { keys, session, who, sessionOf, road } = await withAlice();
  assert.equal(await who(keys), arnOf('alice'));
  assert.equal(await who({ ...keys, secretAccessKey: 'x'.repeat(40) }), 'SignatureDoesNotMatch');
  assert.equal(await who({ ...session, accessKeyId: keys.accessKeyId }), gone);
  const other = await sessionOf(road.root);
  assert.equal(await who({ ...session, sessionToken: other.sessionToken ?? '' }), gone);
  assert.equal(await who(other), `arn:aws:iam::${account}:root`);
});

test('who is remembered is told at once, and is the same object; who is not there is looked for each time', async () => {
  const { road, keys, who } = await withAlice();
  await who(keys);
  const holderOf = keyHolders();
  const first = await holderOf(road.store, keys.accessKeyId);
  const second = holderOf(road.store, keys.accessKeyId);
  assert.ok(first !== undefined && first === second);
  assert.ok(first.record === (await keyHolders()(road.store, keys.accessKeyId))?.record);
  for (let time = 0; time < 3; time += 1) {
    const none = holderOf(road.store, 'AKIANOBODYNOBODYNOBO');
    assert.ok(none instanceof Promise);
    assert.equal(await none, undefined);
  }
});
