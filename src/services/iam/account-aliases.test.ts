import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Rig, rig } from './rig.test.ts';

const listed = async (iam: Rig, keys?: Awaited<ReturnType<Rig['stranger']>>) =>
  (await iam.query('ListAccountAliases', {}, keys)).texts('AccountAliases.member');

describe('CreateAccountAlias', () => {
  test('gives the account its alias, and another in its place', async () => {
    const iam = rig();
    assert.deepEqual(await listed(iam), []);
    assert.equal((await iam.query('CreateAccountAlias', { AccountAlias: 'example' })).status, 200);
    assert.deepEqual(await listed(iam), ['example']);
    assert.equal((await iam.query('CreateAccountAlias', { AccountAlias: 'example-2' })).status, 200);
    assert.deepEqual(await listed(iam), ['example-2']);
  });

  test('refuses an alias that any account has, and takes one that was given up', async () => {
    const iam = rig();
    const stranger = await iam.stranger();
    await iam.query('CreateAccountAlias', { AccountAlias: 'example' });
    for (const keys of [undefined, stranger]) {
      const answer = await iam.query('CreateAccountAlias', { AccountAlias: 'example' }, keys);
      assert.deepEqual([answer.status, answer.code], [409, 'EntityAlreadyExists']);
      assert.equal(answer.message, 'The account alias example already exists.');
    }
    await iam.query('CreateAccountAlias', { AccountAlias: 'other' });
    assert.equal((await iam.query('CreateAccountAlias', { AccountAlias: 'example' }, stranger)).status, 200);
    assert.deepEqual([await listed(iam), await listed(iam, stranger)], [['other'], ['example']]);
  });

  for (const AccountAlias of ['ab', 'x'.repeat(64), '-abc', 'abc-', 'a--b', 'ABC', 'a_b', 'ünder', '', undefined]) {
    test(`refuses ${AccountAlias?.slice(0, 8)}`, async () => {
      const iam = rig();
      assert.equal((await iam.query('CreateAccountAlias', { AccountAlias })).code, 'ValidationError');
      assert.deepEqual(await listed(iam), []);
    });
  }
});

describe('DeleteAccountAlias', () => {
  test("takes the account's own alias, and no other", async () => {
    const iam = rig();
    const stranger = await iam.stranger();
    await iam.query('CreateAccountAlias', { AccountAlias: 'example' });
    for (const [AccountAlias, keys] of [
      ['example', stranger],
      ['other', undefined],
    ] as const) {
      const answer = await iam.query('DeleteAccountAlias', { AccountAlias }, keys);
      assert.deepEqual([answer.status, answer.code], [404, 'NoSuchEntity']);
      assert.equal(answer.message, `The account alias ${AccountAlias} cannot be found.`);
    }
    assert.equal((await iam.query('DeleteAccountAlias', { AccountAlias: 'example' })).status, 200);
    assert.deepEqual(await listed(iam), []);
    assert.equal((await iam.query('CreateAccountAlias', { AccountAlias: 'example' }, stranger)).status, 200);
  });
});

test('two accounts that ask for one alias at once do not both have it', async () => {
  const iam = rig();
  const stranger = await iam.stranger();
  const answers = await Promise.all(
    [undefined, stranger].map((keys) => iam.query('CreateAccountAlias', { AccountAlias: 'example' }, keys)),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
});
