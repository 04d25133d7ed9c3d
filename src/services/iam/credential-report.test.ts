import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keysOfOwners, users } from './documents.ts';
import { account, allow, type Rig, rig } from './rig.test.ts';

const header =
  'user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated';
const noon = '2026-11-22T12:00:00+00:00';
const noKey = 'false,N/A,N/A,N/A,N/A';
const noCertificates = 'false,N/A,false,N/A';
const root = `<root_account>,arn:aws:iam::${account}:root,${noon},not_supported,N/A,not_supported,not_supported,false,true,${noon},N/A,N/A,N/A,${noKey},${noCertificates}`;

async function report(iam: Rig): Promise<readonly string[]> {
  await iam.query('GenerateCredentialReport');
  const answer = await iam.query('GetCredentialReport');
  assert.equal(answer.text('ReportFormat'), 'text/csv');
  return Buffer.from(answer.text('Content') ?? '', 'base64')
    .toString()
    .split('\n');
}

describe('the credential report', () => {
  test('is not there before it is made, and is good for four hours', async () => {
    const iam = rig();
    const states = async () => {
      const answer = await iam.query('GenerateCredentialReport');
      return [answer.text('State'), answer.text('Description')];
    };
    const before = await iam.query('GetCredentialReport');
    assert.deepEqual([before.status, before.code], [410, 'ReportNotPresent']);
    assert.deepEqual(await states(), ['STARTED', 'No report exists. Starting a new report generation task']);
    assert.deepEqual(await states(), ['COMPLETE', undefined]);
    await iam.at('2026-11-22T15:59:59Z');
    assert.equal((await iam.query('GetCredentialReport')).text('GeneratedTime'), '2026-11-22T12:00:00Z');
    assert.deepEqual(await states(), ['COMPLETE', undefined]);
    await iam.at('2026-11-22T16:00:00Z');
    const old = await iam.query('GetCredentialReport');
    assert.deepEqual([old.status, old.code], [410, 'ReportExpired']);
    assert.equal((await states())[0], 'STARTED');
    assert.equal((await iam.query('GetCredentialReport')).text('GeneratedTime'), '2026-11-22T16:00:00Z');
  });

  test('has a row for the root, whatever else there is', async () => {
    assert.deepEqual(await report(rig()), [header, root]);
  });

  test('tells of each user whether it has a password and keys, and how old they are', async () => {
    const iam = rig();
    for (const UserName of ['b', 'A,x', 'c']) await iam.query('CreateUser', { UserName });
    await iam.query('UpdateAccountPasswordPolicy', { MaxPasswordAge: 90 });
    await iam.query('CreateLoginProfile', { UserName: 'b', Password: 'Correct-horse-1' });
    const first = (await iam.query('CreateAccessKey', { UserName: 'b' })).text('AccessKey.AccessKeyId');
    await iam.query('UpdateAccessKey', { UserName: 'b', AccessKeyId: first, Status: 'Inactive' });
    await iam.at('2026-11-22T13:00:00Z');
    await iam.query('CreateAccessKey', { UserName: 'b' });
    const [, , ...rows] = await report(iam);
    const nothing = `false,N/A,N/A,N/A,false,${noKey},${noKey},${noCertificates}`;
    assert.deepEqual(rows, [
      `"A,x","arn:aws:iam::${account}:user/A,x",${noon},${nothing}`,
      `b,arn:aws:iam::${account}:user/b,${noon},true,no_information,${noon},2027-02-20T12:00:00+00:00,false,false,${noon},N/A,N/A,N/A,true,2026-11-22T13:00:00+00:00,N/A,N/A,N/A,${noCertificates}`,
      `c,arn:aws:iam::${account}:user/c,${noon},${nothing}`,
    ]);
  });

  test('holds neither a secret nor a digest', async () => {
    const iam = rig();
    await iam.query('CreateUser', { UserName: 'b' });
    await iam.query('CreateLoginProfile', { UserName: 'b', Password: 'Correct-horse-1' });
    const key = await iam.query('CreateAccessKey', { UserName: 'b' });
    const text = (await report(iam)).join('\n');
    for (const hidden of ['AccessKeyId', 'SecretAccessKey'])
      assert.ok(!text.includes(key.text(`AccessKey.${hidden}`) ?? '?'));
    assert.ok(!(await iam.traces()).includes(Buffer.from(text).toString('base64').slice(0, 40)));
  });

  test("has the account's own users alone", async () => {
    const iam = rig();
    const stranger = await iam.stranger();
    await iam.query('CreateUser', { UserName: 'b' }, stranger);
    assert.equal((await report(iam)).length, 2);
    assert.equal((await iam.query('GetCredentialReport', {}, stranger)).code, 'ReportNotPresent');
  });

  test('of more users than a page has each once', async () => {
    const iam = rig('iam', { UsersPerAccount: 5000 });
    await iam.write(async (writer) => {
      for (let index = 0; index < 1001; index++) {
        const userName = `u${String(index).padStart(4, '0')}`;
        const arn = `arn:aws:iam::${account}:user/${userName}`;
        const createDate = '2026-11-22T12:00:00.000Z';
        const userId = `AIDA${userName.toUpperCase()}`;
        const record = {
          path: '/',
          userName,
          userId,
          arn,
          createDate,
          passwordLastUsed: null,
          permissionsBoundary: null,
        };
        await users.put(writer, `${account}/${userName}`, { ...record, tags: [] });
      }
    });
    const rows = await report(iam);
    assert.equal(rows.length, 1003);
    assert.equal(new Set(rows).size, 1003);
    assert.deepEqual(
      await iam.read((reader) => keysOfOwners.list(reader, { prefix: `${account}/AIDA`, limit: 1 })),
      [],
    );
  });

  test('needs leave to be made and to be read', async () => {
    const iam = rig();
    await iam.query('CreateUser', { UserName: 'b' });
    await iam.query('PutUserPolicy', {
      UserName: 'b',
      PolicyName: 'P',
      PolicyDocument: allow('iam:GenerateCredentialReport'),
    });
    const key = await iam.query('CreateAccessKey', { UserName: 'b' });
    const keys = {
      accessKeyId: key.text('AccessKey.AccessKeyId') ?? '',
      secretAccessKey: key.text('AccessKey.SecretAccessKey') ?? '',
    };
    assert.equal((await iam.query('GenerateCredentialReport', {}, keys)).status, 200);
    assert.equal((await iam.query('GetCredentialReport', {}, keys)).code, 'AccessDenied');
  });
});
