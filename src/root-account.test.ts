// The account and its root key: made once, given again, shown only where they were made.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createKeyring, open } from './keyring.ts';
import { ensureAccount } from './root-account.ts';
import { purposes } from './services/call.ts';
import { accessKeys, accounts, keysOfOwners, under } from './services/iam/records.ts';
import { cachedStore } from './store/cache.ts';
import { memoryStore } from './store/memory.ts';

const now = new Date('2026-11-22T12:00:00Z');
const later = new Date('2026-11-23T12:00:00Z');
function rig() {
  const store = cachedStore(memoryStore());
  const keyring = createKeyring(randomBytes, now);
  const ensure = (wanted: Parameters<typeof ensureAccount>[1] = {}, at = now) =>
    ensureAccount({ store, keyring, randomBytes, now: at }, wanted);
  const secretOf = async (accessKeyId: string) => {
    const record = await store.read((reader) => accessKeys.get(reader, accessKeyId));
    const opened = record && open(keyring, purposes.accessKey, Buffer.from(record.sealedSecret, 'base64'));
    return opened && Buffer.from(opened).toString();
  };
  const kept = () =>
    store.read(async (reader) => ({
      accounts: await accounts.list(reader, { prefix: '', limit: 10 }),
      keys: await accessKeys.list(reader, { prefix: '', limit: 10 }),
      listed: (await keysOfOwners.list(reader, { prefix: '', limit: 10 })).map(({ key }) => key),
    }));
  return { store, ensure, secretOf, kept };
}
const given = { accessKeyId: 'AKIAGIVENGIVENGIVEN0', secretAccessKey: 'first-secret-first-secret' };

test('the first start makes an account and a root key, kept sealed', async () => {
  const { ensure, secretOf, kept } = rig();
  const { accountId, newRootKey } = await ensure();
  assert.match(accountId, /^[1-9]\d{11}$/);
  assert.match(newRootKey?.accessKeyId ?? '', /^AKIA[A-Z2-7]{16}$/);
  assert.match(newRootKey?.secretAccessKey ?? '', /^[\w+/]{40}$/);
  assert.equal(await secretOf(newRootKey?.accessKeyId ?? ''), newRootKey?.secretAccessKey);
  assert.equal(JSON.stringify(await kept()).includes(newRootKey?.secretAccessKey ?? ''), false);
});

test('the next start finds both, and has no key to show', async () => {
  const { ensure, kept } = rig();
  const first = await ensure();
  const before = await kept();
  assert.deepEqual(await ensure(), { accountId: first.accountId, newRootKey: undefined });
  assert.deepEqual(await kept(), before);
});

test('a given key is kept and not shown, and its changed secret takes effect', async () => {
  const { ensure, secretOf, kept } = rig();
  assert.equal((await ensure({ rootKey: given })).newRootKey, undefined);
  assert.equal(await secretOf(given.accessKeyId), given.secretAccessKey);
  await ensure({ rootKey: { ...given, secretAccessKey: 'second-secret-second-secret' } });
  assert.equal(await secretOf(given.accessKeyId), 'second-secret-second-secret');
  assert.equal((await kept()).keys.length, 1);
});

test('a given key takes the place of every other root key of its account, and of no other account', async () => {
  const { ensure, secretOf, kept } = rig();
  const made = (await ensure()).newRootKey;
  assert.ok(made);
  await ensure({ accountId: '000000000001' }, later);
  await ensure({ rootKey: given }, later);
  assert.equal(await secretOf(given.accessKeyId), given.secretAccessKey);
  assert.equal((await kept()).keys.length, 2);
  assert.equal(await secretOf(made.accessKeyId), undefined);
});

test('a wished account is made once, beside the one that is there', async () => {
  const { ensure, kept } = rig();
  const first = await ensure();
  const second = await ensure({ accountId: '210987654321' });
  assert.equal(second.accountId, '210987654321');
  assert.ok(second.newRootKey);
  assert.deepEqual(await ensure({ accountId: '210987654321' }), { accountId: '210987654321', newRootKey: undefined });
  const { accounts: all } = await kept();
  assert.deepEqual(new Set(all.map(({ key }) => key)), new Set([first.accountId, '210987654321']));
});

test('a root key is made again where it is asked for, unless one is given', async () => {
  const { ensure, secretOf } = rig();
  const first = await ensure();
  const again = await ensure({ makeRootKey: true });
  assert.equal(again.accountId, first.accountId);
  assert.notEqual(again.newRootKey?.accessKeyId, first.newRootKey?.accessKeyId);
  assert.ok(await secretOf(again.newRootKey?.accessKeyId ?? ''));
  assert.equal((await ensure({ makeRootKey: true, rootKey: given })).newRootKey, undefined);
});

test('a root key of an earlier version is listed from the next start on, and goes when another is given', async () => {
  const { store, ensure, kept } = rig();
  const { accountId } = await ensure({ rootKey: given });
  const old = { accessKeyId: 'AKIAOLD', account: accountId, sealedSecret: '', owner: 'root', createdAt: '2026-01-01' };
  await store.write((writer) => writer.put('iam/access-keys', 'AKIAOLD', old));
  const read = () => store.read((reader) => accessKeys.get(reader, 'AKIAOLD'));
  const record = await read();
  assert.deepEqual([record?.status, record?.userId, record?.createDate], ['Active', accountId, '2026-01-01']);
  assert.equal(await read(), record, 'one record for one document: what is worked out of it is remembered by it');
  await ensure();
  const place = under(accountId, accountId);
  assert.deepEqual((await kept()).listed, [`${place}AKIAGIVENGIVENGIVEN0`, `${place}AKIAOLD`]);
  await ensure({ rootKey: given });
  assert.deepEqual((await kept()).listed, [`${place}AKIAGIVENGIVENGIVEN0`]);
  assert.equal((await kept()).keys.length, 1);
});

test('a given key leaves the keys of users alone, however many, and takes over an id of theirs', async () => {
  const { store, ensure, kept, secretOf } = rig();
  const { accountId } = await ensure({ rootKey: { ...given, accessKeyId: 'ZKIALAST' } });
  const user = { account: accountId, sealedSecret: '', owner: 'user', userId: 'AIDA', status: 'Active' } as const;
  await store.write(async (writer) => {
    for (let each = 0; each < 1001; each++) {
      const accessKeyId = `AKIA${String(each).padStart(4, '0')}`;
      await accessKeys.put(writer, accessKeyId, { ...user, accessKeyId, createDate: '2026-01-01T00:00:00Z' });
    }
    await keysOfOwners.put(writer, `${under(accountId, 'AIDA')}AKIA0007`, { accessKeyId: 'AKIA0007' });
  });
  await ensure({ rootKey: { ...given, accessKeyId: 'AKIA0007' } });
  assert.deepEqual((await kept()).listed, [`${under(accountId, accountId)}AKIA0007`]);
  const all = await store.read((reader) => accessKeys.list(reader, { prefix: '', limit: 1001 }));
  assert.equal(all.length, 1001);
  assert.deepEqual(
    all.filter(({ document: record }) => record.owner === 'root').map(({ key }) => key),
    ['AKIA0007'],
  );
  assert.equal(await secretOf('AKIA0007'), given.secretAccessKey);
});
