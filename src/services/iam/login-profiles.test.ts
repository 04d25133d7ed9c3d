import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { auditCollection } from '../../telemetry/audit.ts';
import { loginProfiles } from './passwords.ts';
import { account, allow, type Rig, rig } from './rig.test.ts';

const UserName = 'Ada';
const Password = 'Correct-horse-1';

async function withUser(): Promise<Rig> {
  const iam = rig();
  await iam.query('CreateUser', { UserName });
  return iam;
}

async function withPassword(more = {}): Promise<Rig> {
  const iam = await withUser();
  assert.equal((await iam.query('CreateLoginProfile', { UserName, Password, ...more })).status, 200);
  return iam;
}

const kept = (iam: Rig) =>
  iam.read(async (reader) =>
    (await loginProfiles.list(reader, { prefix: `${account}/`, limit: 9 })).map(({ document: record }) => record),
  );

describe('CreateLoginProfile', () => {
  test('gives a user a password, which no answer, no record and no event shows', async () => {
    const iam = await withUser();
    const answer = await iam.query('CreateLoginProfile', { UserName: 'ADA', Password, PasswordResetRequired: true });
    assert.equal(answer.text('LoginProfile.UserName'), 'Ada');
    assert.equal(answer.text('LoginProfile.CreateDate'), '2026-11-22T12:00:00Z');
    assert.equal(answer.text('LoginProfile.PasswordResetRequired'), 'true');
    const events = await iam.read((reader) => reader.list(auditCollection, { limit: 99 }));
    assert.match(JSON.stringify(events), /CreateLoginProfile/);
    for (const text of [answer.body, JSON.stringify(await kept(iam)), JSON.stringify(events)]) {
      assert.ok(!text.includes(Password));
      assert.ok(!text.includes('scrypt') && !text.includes('digests"'));
    }
  });

  test('refuses a second one', async () => {
    const iam = await withPassword();
    const answer = await iam.query('CreateLoginProfile', { UserName, Password: 'Another-horse-2' });
    assert.deepEqual([answer.status, answer.code], [409, 'EntityAlreadyExists']);
    assert.equal(answer.message, 'Login Profile for user Ada already exists.');
  });

  test('refuses a user that is not there, and the root', async () => {
    const iam = rig();
    assert.equal((await iam.query('CreateLoginProfile', { UserName, Password })).code, 'NoSuchEntity');
    assert.equal((await iam.query('CreateLoginProfile', { Password })).code, 'NoSuchEntity');
  });

  test('refuses to go without a password, and one that AWS cannot carry', async () => {
    const iam = await withUser();
    for (const wrong of [undefined, '', 'x'.repeat(129), 'snow☃man-A1']) {
      const answer = await iam.query('CreateLoginProfile', { UserName, Password: wrong });
      assert.equal(answer.code, 'ValidationError');
      if (wrong) assert.ok(!answer.message.includes(wrong), 'a refused password is not repeated');
    }
    assert.deepEqual(await kept(iam), []);
  });

  for (const [password, sentence] of [
    ['Short1!', 'Password should have a minimum length of 8'],
    [
      'lowercase1',
      'Password should meet 1 more of the following requirements: Password should have at least one uppercase letter, Password should have at least one symbol',
    ],
  ] as const) {
    test(`refuses ${password} where the account has no policy of its own`, async () => {
      const iam = await withUser();
      const answer = await iam.query('CreateLoginProfile', { UserName, Password: password });
      assert.deepEqual([answer.status, answer.code, answer.message], [400, 'PasswordPolicyViolation', sentence]);
      assert.deepEqual(await kept(iam), []);
    });
  }

  test("refuses the account's alias as a password", async () => {
    const iam = await withUser();
    await iam.query('CreateAccountAlias', { AccountAlias: 'example-alias-1' });
    const answer = await iam.query('CreateLoginProfile', { UserName, Password: 'Example-Alias-1' });
    assert.equal(answer.message, 'Password does not conform to the account password policy.');
  });

  test("keeps to the account's own policy", async () => {
    const iam = await withUser();
    await iam.query('UpdateAccountPasswordPolicy', {
      MinimumPasswordLength: 6,
      RequireNumbers: true,
      RequireSymbols: true,
    });
    const refused = await iam.query('CreateLoginProfile', { UserName, Password: 'abcdef' });
    assert.equal(refused.message, 'Password should have at least one number, Password should have at least one symbol');
    assert.equal((await iam.query('CreateLoginProfile', { UserName, Password: 'abcd1!' })).status, 200);
  });

  test('of two at once makes one', async () => {
    const iam = await withUser();
    const answers = await Promise.all(
      ['One-password-1', 'Two-passwords-2'].map((Password) => iam.query('CreateLoginProfile', { UserName, Password })),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
  });
});

describe('GetLoginProfile', () => {
  test('tells that there is a password, under whatever name the user has', async () => {
    const iam = await withPassword();
    await iam.query('UpdateUser', { UserName, NewUserName: 'Lovelace' });
    const answer = await iam.query('GetLoginProfile', { UserName: 'Lovelace' });
    assert.deepEqual(answer.names('LoginProfile'), ['UserName', 'CreateDate', 'PasswordResetRequired']);
    assert.equal(answer.text('LoginProfile.UserName'), 'Lovelace');
  });

  test('of a user without one, of the root, and of nobody, is NoSuchEntity', async () => {
    const iam = await withUser();
    const answer = await iam.query('GetLoginProfile', { UserName });
    assert.deepEqual([answer.status, answer.code], [404, 'NoSuchEntity']);
    assert.equal(answer.message, 'Login Profile for User Ada cannot be found.');
    assert.equal((await iam.query('GetLoginProfile')).code, 'NoSuchEntity');
    assert.equal(
      (await iam.query('GetLoginProfile', { UserName: 'Bob' })).message,
      'The user with name Bob cannot be found.',
    );
  });
});

describe('UpdateLoginProfile', () => {
  const reset = async (iam: Rig) =>
    (await iam.query('GetLoginProfile', { UserName })).text('LoginProfile.PasswordResetRequired');

  test('puts another password in force, and keeps the day of the first', async () => {
    const iam = await withPassword({ PasswordResetRequired: true });
    const [before] = await kept(iam);
    assert.equal((await iam.query('UpdateLoginProfile', { UserName, Password: 'Another-horse-2' })).status, 200);
    const [after] = await kept(iam);
    assert.notEqual(after?.sealedDigests, before?.sealedDigests);
    assert.equal(after?.createDate, before?.createDate);
    assert.equal(await reset(iam), 'false');
  });

  test('says that the next sign-in must choose another, and leaves the password', async () => {
    const iam = await withPassword();
    const [before] = await kept(iam);
    await iam.query('UpdateLoginProfile', { UserName, PasswordResetRequired: true });
    assert.equal(await reset(iam), 'true');
    assert.equal((await kept(iam))[0]?.sealedDigests, before?.sealedDigests);
    await iam.query('UpdateLoginProfile', { UserName });
    assert.equal(await reset(iam), 'true');
  });

  test('refuses a weak password, and one that was used before where that is not allowed', async () => {
    const iam = await withPassword();
    const update = (Password: string) => iam.query('UpdateLoginProfile', { UserName, Password });
    assert.equal((await update('weak')).code, 'PasswordPolicyViolation');
    assert.equal((await update(Password)).status, 200, 'nothing forbids it');
    await iam.query('UpdateAccountPasswordPolicy', { MinimumPasswordLength: 8, PasswordReusePrevention: 2 });
    assert.equal((await update(Password)).message, 'Password does not conform to the account password policy.');
    assert.equal((await update('Second-horse-2')).status, 200);
    assert.equal((await update(Password)).code, 'PasswordPolicyViolation');
    assert.equal((await update('Third-horse-3')).status, 200);
    assert.equal((await update(Password)).status, 200, 'it is not among the latest two any more');
  });

  test('refuses a user without a password', async () => {
    const iam = await withUser();
    const answer = await iam.query('UpdateLoginProfile', { UserName, Password });
    assert.equal(answer.message, 'Login Profile for User Ada cannot be found.');
    assert.equal((await iam.query('UpdateLoginProfile', { Password })).code, 'ValidationError');
  });

  test('of two at once lets one be, and says so to the other', async () => {
    const iam = await withPassword();
    const answers = await Promise.all(
      ['Second-horse-2', 'Third-horse-3'].map((next) => iam.query('UpdateLoginProfile', { UserName, Password: next })),
    );
    const codes = answers.map(({ code }) => code).sort();
    assert.deepEqual(codes, ['EntityTemporarilyUnmodifiable', undefined]);
  });
});

describe('DeleteLoginProfile', () => {
  test('takes the password away, which the user must be without to be deleted', async () => {
    const iam = await withPassword();
    const refused = await iam.query('DeleteUser', { UserName });
    assert.deepEqual([refused.status, refused.code], [409, 'DeleteConflict']);
    assert.equal(refused.message, 'Cannot delete entity, must delete login profile first.');
    assert.equal((await iam.query('DeleteLoginProfile', { UserName })).status, 200);
    assert.equal((await iam.query('DeleteLoginProfile', { UserName })).code, 'NoSuchEntity');
    assert.deepEqual(await kept(iam), []);
    assert.equal((await iam.query('DeleteUser', { UserName })).status, 200);
  });
});

describe('ChangePassword', () => {
  async function withKeys(policy?: string): Promise<{ readonly iam: Rig; readonly change: Change }> {
    const iam = await withPassword({ PasswordResetRequired: true });
    if (policy !== undefined) await iam.query('PutUserPolicy', { UserName, PolicyName: 'P', PolicyDocument: policy });
    const key = await iam.query('CreateAccessKey', { UserName });
    const keys = {
      accessKeyId: key.text('AccessKey.AccessKeyId') ?? '',
      secretAccessKey: key.text('AccessKey.SecretAccessKey') ?? '',
    };
    return {
      iam,
      change: (OldPassword, NewPassword) => iam.query('ChangePassword', { OldPassword, NewPassword }, keys),
    };
  }
  type Change = (from: string, to: string) => ReturnType<Rig['query']>;
  const Next = 'Another-horse-2';
  const own = allow('iam:ChangePassword', `arn:aws:iam::${account}:user/Ada`);

  test('puts a new password in force, which the next change needs', async () => {
    const { iam, change } = await withKeys(own);
    assert.equal((await change(Password, Next)).status, 200);
    assert.equal((await kept(iam))[0]?.passwordResetRequired, false);
    const wrong = await change(Password, 'Third-horse-3');
    assert.deepEqual(
      [wrong.status, wrong.code, wrong.message],
      [403, 'AccessDenied', 'The old password was incorrect.'],
    );
    assert.equal((await change(Next, Password)).status, 200);
  });

  test('shows neither password to a log or an event, right or wrong', async () => {
    const { iam, change } = await withKeys(own);
    await change('Wrong-horse-0', 'Third-horse-3');
    await change(Password, 'weak');
    await change(Password, Next);
    const traces = await iam.traces();
    assert.match(traces, /ChangePassword/);
    for (const text of [Password, Next, 'Wrong-horse-0', 'Third-horse-3', 'weak']) assert.ok(!traces.includes(text));
  });

  test('needs the old password before it tells anything of the new one', async () => {
    const { iam, change } = await withKeys(own);
    assert.equal((await change('Wrong-horse-0', 'weak')).message, 'The old password was incorrect.');
    assert.equal((await change(Password, 'weak')).code, 'PasswordPolicyViolation');
    await iam.query('UpdateAccountPasswordPolicy', { PasswordReusePrevention: 1 });
    assert.equal((await change(Password, Password)).code, 'PasswordPolicyViolation');
    assert.equal((await change(Password, Next)).status, 200);
  });

  test('needs leave, from a policy of the user or from the account', async () => {
    const { iam, change } = await withKeys();
    const denied = await change(Password, Next);
    assert.equal(
      denied.message,
      `User: arn:aws:iam::${account}:user/Ada is not authorized to perform: iam:ChangePassword on resource: arn:aws:iam::${account}:user/Ada because no identity-based policy allows the iam:ChangePassword action`,
    );
    await iam.query('UpdateAccountPasswordPolicy', { AllowUsersToChangePassword: true });
    assert.equal((await change(Password, Next)).status, 200);
    await iam.query('UpdateAccountPasswordPolicy');
    assert.equal((await change(Next, Password)).status, 403);
  });

  test('is denied to whom a policy denies it, whatever the account lets', async () => {
    const Statement = { Effect: 'Deny', Action: 'iam:ChangePassword', Resource: '*' };
    const { iam, change } = await withKeys(JSON.stringify({ Version: '2012-10-17', Statement }));
    await iam.query('UpdateAccountPasswordPolicy', { AllowUsersToChangePassword: true });
    assert.equal((await change(Password, Next)).code, 'AccessDenied');
  });

  test('of a user without a password is NoSuchEntity', async () => {
    const { iam, change } = await withKeys(own);
    await iam.query('DeleteLoginProfile', { UserName });
    assert.equal((await change(Password, Next)).message, 'Login Profile for User Ada cannot be found.');
  });

  test('is for users alone', async () => {
    const answer = await rig().query('ChangePassword', { OldPassword: Password, NewPassword: Next });
    assert.deepEqual([answer.status, answer.code], [400, 'InvalidUserType']);
    assert.equal(answer.message, 'Only IAM Users can change their own password');
  });
});

test('who may change the own password may read what it must be', async () => {
  const iam = await withUser();
  const key = await iam.query('CreateAccessKey', { UserName });
  const keys = {
    accessKeyId: key.text('AccessKey.AccessKeyId') ?? '',
    secretAccessKey: key.text('AccessKey.SecretAccessKey') ?? '',
  };
  await iam.query('UpdateAccountPasswordPolicy');
  assert.equal((await iam.query('GetAccountPasswordPolicy', {}, keys)).code, 'AccessDenied');
  await iam.query('UpdateAccountPasswordPolicy', { AllowUsersToChangePassword: true });
  assert.equal((await iam.query('GetAccountPasswordPolicy', {}, keys)).status, 200);
  assert.equal((await iam.query('DeleteAccountPasswordPolicy', {}, keys)).code, 'AccessDenied');
});
