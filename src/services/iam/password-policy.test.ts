import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { account, rig } from './rig.test.ts';

const policy = async (iam: ReturnType<typeof rig>) => {
  const answer = await iam.query('GetAccountPasswordPolicy');
  return Object.fromEntries(
    answer.names('PasswordPolicy').map((name) => [name, answer.text(`PasswordPolicy.${name}`)]),
  );
};
const defaults = {
  MinimumPasswordLength: '6',
  RequireSymbols: 'false',
  RequireNumbers: 'false',
  RequireUppercaseCharacters: 'false',
  RequireLowercaseCharacters: 'false',
  AllowUsersToChangePassword: 'false',
  ExpirePasswords: 'false',
};

describe('the password policy of an account', () => {
  test('is not there before it is set, and not after it is deleted', async () => {
    const iam = rig();
    const sentence = `The Password Policy with domain name ${account} cannot be found.`;
    const before = await iam.query('GetAccountPasswordPolicy');
    assert.deepEqual([before.status, before.code, before.message], [404, 'NoSuchEntity', sentence]);
    assert.equal((await iam.query('DeleteAccountPasswordPolicy')).code, 'NoSuchEntity');
    await iam.query('UpdateAccountPasswordPolicy');
    assert.equal((await iam.query('DeleteAccountPasswordPolicy')).status, 200);
    assert.equal((await iam.query('GetAccountPasswordPolicy')).message, sentence);
  });

  test('has its defaults where nothing is said, and does not show what was never said', async () => {
    const iam = rig();
    await iam.query('UpdateAccountPasswordPolicy');
    assert.deepEqual(await policy(iam), defaults);
  });

  test('is set as a whole', async () => {
    const iam = rig();
    const all = {
      MinimumPasswordLength: 14,
      RequireSymbols: true,
      RequireNumbers: true,
      RequireUppercaseCharacters: true,
      RequireLowercaseCharacters: true,
      AllowUsersToChangePassword: true,
      MaxPasswordAge: 90,
      PasswordReusePrevention: 24,
      HardExpiry: false,
    };
    assert.equal((await iam.query('UpdateAccountPasswordPolicy', all)).status, 200);
    const shown = Object.fromEntries(Object.entries(all).map(([name, value]) => [name, String(value)]));
    assert.deepEqual(await policy(iam), { ...shown, ExpirePasswords: 'true' });
    await iam.query('UpdateAccountPasswordPolicy', { RequireNumbers: true });
    assert.deepEqual(await policy(iam), { ...defaults, RequireNumbers: 'true' });
  });

  test("is each account's own", async () => {
    const iam = rig();
    const stranger = await iam.stranger();
    await iam.query('UpdateAccountPasswordPolicy');
    assert.equal((await iam.query('GetAccountPasswordPolicy', {}, stranger)).code, 'NoSuchEntity');
  });

  for (const parameters of [
    { MinimumPasswordLength: 5 },
    { MinimumPasswordLength: 129 },
    { MaxPasswordAge: 0 },
    { MaxPasswordAge: 1096 },
    { PasswordReusePrevention: 0 },
    { PasswordReusePrevention: 25 },
  ]) {
    test(`refuses ${JSON.stringify(parameters)}`, async () => {
      const iam = rig();
      assert.equal((await iam.query('UpdateAccountPasswordPolicy', parameters)).code, 'ValidationError');
      assert.equal((await iam.query('GetAccountPasswordPolicy')).code, 'NoSuchEntity');
    });
  }
});
