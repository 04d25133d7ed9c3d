// The account and its root key: made once, given again, shown only where they were made.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createKeyring, open } from './keyring.ts';
import { ensureAccount } from './root-account.ts';
import { purposes } from './services/call.ts';
import { accessKeys, accounts } from './services/iam/records.ts';
import { memoryStore } from './store/memory.ts';

const now = new Date('2026-11-22T12:00:00Z');
const later = new Date('2026-11-23T12:00:00Z');
function rig() {
  const store = memoryStore();
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
    }));
  return { ensure, secretOf, kept };
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
