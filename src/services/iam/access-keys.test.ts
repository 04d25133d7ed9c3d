import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accessKeyUses, keysOfOwners } from './documents.ts';
import { account, allow, type Rig, rig, trust } from './rig.test.ts';

async function withUser(UserName = 'Ada'): Promise<Rig> {
  const iam = rig();
  await iam.query('CreateUser', { UserName });
  return iam;
}

const make = (iam: Rig, UserName: string | undefined = 'Ada') => iam.query('CreateAccessKey', { UserName });
const idOf = async (iam: Rig, UserName?: string) => (await make(iam, UserName)).text('AccessKey.AccessKeyId') ?? '';
const ids = async (iam: Rig, parameters: object = { UserName: 'Ada' }) =>
  (await iam.query('ListAccessKeys', { ...parameters })).texts('AccessKeyMetadata.member.AccessKeyId');

describe('CreateAccessKey', () => {
  test('shows the secret once, and to no log and no audit event', async () => {
    const iam = await withUser();
    const answer = await make(iam);
    const key = answer.names('AccessKey').map((name) => [name, answer.text(`AccessKey.${name}`)]);
    const { AccessKeyId = '', SecretAccessKey = '', ...rest } = Object.fromEntries(key);
    assert.match(AccessKeyId, /^AKIA[A-Z2-7]{16}$/);
    assert.match(SecretAccessKey, /^[A-Za-z0-9+/]{40}$/);
    assert.deepEqual(rest, { UserName: 'Ada', Status: 'Active', CreateDate: '2026-11-22T12:00:00Z' });
    const traces = await iam.traces();
    assert.ok(traces.includes(AccessKeyId));
    assert.ok(!traces.includes(SecretAccessKey));
    const kept = await iam.read((reader) => reader.list('iam/access-keys', { limit: 10 }));
    assert.ok(!JSON.stringify(kept).includes(SecretAccessKey));
    assert.ok(!(await iam.query('ListAccessKeys', { UserName: 'Ada' })).body.includes(SecretAccessKey));
  });

  test('makes two keys of a user at most, active or not', async () => {
    const iam = await withUser();
    const [AccessKeyId] = [await idOf(iam), await idOf(iam)];
    await iam.query('UpdateAccessKey', { UserName: 'Ada', AccessKeyId, Status: 'Inactive' });
    const answer = await make(iam);
    assert.deepEqual([answer.status, answer.code], [409, 'LimitExceeded']);
    assert.equal(answer.message, 'Cannot exceed quota for AccessKeysPerUser: 2');
    await iam.query('DeleteAccessKey', { UserName: 'Ada', AccessKeyId });
    assert.equal((await make(iam)).status, 200);
  });

  test('without a user makes a key of root, which signs as root', async () => {
    const iam = rig();
    const answer = await iam.query('CreateAccessKey');
    assert.deepEqual(answer.names('AccessKey').toSorted(), ['AccessKeyId', 'CreateDate', 'SecretAccessKey', 'Status']);
    const accessKeyId = answer.text('AccessKey.AccessKeyId') ?? '';
    const keys = { accessKeyId, secretAccessKey: answer.text('AccessKey.SecretAccessKey') ?? '' };
    assert.equal((await iam.query('GetUser', {}, keys)).text('User.UserId'), account);
    assert.equal((await iam.query('CreateAccessKey')).code, 'LimitExceeded');
    assert.deepEqual((await ids(iam, {})).toSorted(), ['AKIAROOTROOTROOTROOT', accessKeyId].sort());
    await iam.query('UpdateAccessKey', { AccessKeyId: accessKeyId, Status: 'Inactive' });
    assert.equal((await iam.query('GetUser', {}, keys)).code, 'InvalidClientTokenId');
    await iam.query('UpdateAccessKey', { AccessKeyId: accessKeyId, Status: 'Active' });
    assert.equal((await iam.query('GetUser', {}, keys)).status, 200);
    await iam.query('DeleteAccessKey', { AccessKeyId: accessKeyId });
    assert.equal((await iam.query('GetUser', {}, keys)).code, 'InvalidClientTokenId');
  });

  test('of nobody is refused and makes no key', async () => {
    const iam = rig();
    const answer = await make(iam, 'Nobody');
    assert.deepEqual([answer.status, answer.code], [404, 'NoSuchEntity']);
    assert.equal(answer.message, 'The user with name Nobody cannot be found.');
    assert.equal((await iam.read((reader) => keysOfOwners.list(reader, { prefix: '', limit: 9 }))).length, 1);
  });
});

describe('ListAccessKeys', () => {
  test('shows the eldest first, in pages, without secrets', async () => {
    const iam = await withUser();
    const first = await idOf(iam);
    await iam.at('2026-11-22T12:01:00Z');
    const second = await idOf(iam);
    assert.deepEqual(await ids(iam), [first, second]);
    const page = await iam.query('ListAccessKeys', { UserName: 'Ada', MaxItems: 1 });
    assert.deepEqual(page.names('AccessKeyMetadata.member').toSorted(), [
      'AccessKeyId',
      'CreateDate',
      'Status',
      'UserName',
    ]);
    assert.deepEqual(await ids(iam, { UserName: 'Ada', Marker: page.text('Marker') }), [second]);
  });

  test('shows nobody the keys of another', async () => {
    const iam = await withUser();
    await idOf(iam);
    assert.deepEqual(await ids(iam, {}), ['AKIAROOTROOTROOTROOT']);
    assert.equal((await iam.query('ListAccessKeys', { UserName: 'Ada' }, await iam.stranger())).code, 'NoSuchEntity');
  });
});

describe('UpdateAccessKey and DeleteAccessKey', () => {
  test('refuse a key that is not of the user that is named, whoever else it belongs to', async () => {
    const iam = await withUser();
    await iam.query('CreateUser', { UserName: 'Grace' });
    const AccessKeyId = await idOf(iam);
    const asked = [
      { UserName: 'Grace', AccessKeyId },
      { AccessKeyId },
      { UserName: 'Ada', AccessKeyId: 'AKIAROOTROOTROOTROOT' },
      { UserName: 'Ada', AccessKeyId: 'AKIAABCDEFGHIJKLMNOP' },
    ];
    for (const parameters of asked) {
      for (const [action, more] of [
        ['UpdateAccessKey', { Status: 'Inactive' }],
        ['DeleteAccessKey', {}],
      ] as const) {
        const answer = await iam.query(action, { ...parameters, ...more });
        assert.deepEqual([answer.status, answer.code], [404, 'NoSuchEntity']);
        assert.equal(answer.message, `The Access Key with id ${parameters.AccessKeyId} cannot be found.`);
      }
    }
    assert.deepEqual(await ids(iam), [AccessKeyId]);
    const stranger = await iam.query('DeleteAccessKey', { AccessKeyId: 'AKIAROOTROOTROOTROOT' }, await iam.stranger());
    assert.equal(stranger.code, 'NoSuchEntity');
  });

  for (const Status of ['Expired', 'active', '']) {
    test(`refuse the status ${Status || 'of no letters'}`, async () => {
      const iam = await withUser();
      const answer = await iam.query('UpdateAccessKey', { UserName: 'Ada', AccessKeyId: await idOf(iam), Status });
      assert.equal(answer.status, 400);
    });
  }

  test('leave nothing of a deleted key behind', async () => {
    const iam = await withUser();
    const AccessKeyId = await idOf(iam);
    const use = { at: '2026-11-22T12:00:00Z', region: 'eu-central-1', serviceName: 'iam' };
    await iam.write((writer) => accessKeyUses.put(writer, AccessKeyId, use));
    await iam.query('DeleteAccessKey', { UserName: 'ada', AccessKeyId });
    assert.deepEqual(await ids(iam), []);
    assert.equal(await iam.read((reader) => accessKeyUses.get(reader, AccessKeyId)), undefined);
  });
});

describe('GetAccessKeyLastUsed', () => {
  test('says N/A of a key that was never used, and when and where it was', async () => {
    const iam = await withUser();
    const AccessKeyId = await idOf(iam);
    const never = await iam.query('GetAccessKeyLastUsed', { AccessKeyId });
    assert.deepEqual(never.names('AccessKeyLastUsed').toSorted(), ['Region', 'ServiceName']);
    assert.deepEqual([never.text('UserName'), never.text('AccessKeyLastUsed.Region')], ['Ada', 'N/A']);
    const use = { at: '2026-11-20T10:00:00.000Z', region: 'eu-west-1', serviceName: 'sts' };
    await iam.write((writer) => accessKeyUses.put(writer, AccessKeyId, use));
    const used = await iam.query('GetAccessKeyLastUsed', { AccessKeyId });
    assert.equal(used.text('AccessKeyLastUsed.LastUsedDate'), '2026-11-20T10:00:00Z');
    assert.deepEqual(
      [used.text('AccessKeyLastUsed.Region'), used.text('AccessKeyLastUsed.ServiceName')],
      ['eu-west-1', 'sts'],
    );
  });

  test('denies keys that are not there and those of other accounts alike, to root as well', async () => {
    const iam = await withUser();
    const AccessKeyId = await idOf(iam);
    for (const [id, keys] of [
      [AccessKeyId, await iam.stranger()],
      ['AKIAABCDEFGHIJKLMNOP', undefined],
    ] as const) {
      const answer = await iam.query('GetAccessKeyLastUsed', { AccessKeyId: id }, keys);
      assert.deepEqual([answer.status, answer.code], [403, 'AccessDenied']);
      assert.match(answer.message, new RegExp(`iam:GetAccessKeyLastUsed on resource: access key ${id}$`));
    }
  });

  test('is asked for the user whose key it is', async () => {
    const iam = await withUser();
    await iam.query('CreateUser', { UserName: 'Grace' });
    const made = await iam.query('CreateRole', { RoleName: 'Admin', AssumeRolePolicyDocument: trust });
    const PolicyDocument = allow('iam:GetAccessKeyLastUsed', `arn:aws:iam::${account}:user/Ada`);
    await iam.query('PutRolePolicy', { RoleName: 'Admin', PolicyName: 'p', PolicyDocument });
    const keys = await iam.session('Admin', made.text('Role.RoleId') ?? '');
    const ask = (AccessKeyId: string) => iam.query('GetAccessKeyLastUsed', { AccessKeyId }, keys);
    assert.equal((await ask(await idOf(iam))).status, 200);
    assert.equal((await ask(await idOf(iam, 'Grace'))).code, 'AccessDenied');
    assert.equal((await ask('AKIAROOTROOTROOTROOT')).code, 'AccessDenied');
  });
});
