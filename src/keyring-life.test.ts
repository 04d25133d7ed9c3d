// The life of a keyring beside a store: taken up, made the seal of everything, retired; and what is lost, damaged or cut off
// in the middle.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ConfigError } from './config.ts';
import { nonceBytes, open, rotate, seal, sealedKeyId, serializeKeyring, withoutKeys } from './keyring.ts';
import { changeKeyring, readKeyring } from './keyring-file.ts';
import { openKeyring } from './keyring-life.ts';
import { adopt, reseal, sealedSeconds, spentKeys, stateCollection, stateKey, stateOf } from './keyring-state.ts';
import { purposes } from './services/call.ts';
import { type AccessKeyRecord, accessKeys, loginProfiles } from './services/iam/records.ts';
import { memoryStore } from './store/memory.ts';
import { type Store, StoreUnavailable } from './store/store.ts';
import { silentLog } from './telemetry/log.ts';

const root = mkdtempSync(join(tmpdir(), 'anyrole-keyring-'));
after(() => rmSync(root, { recursive: true }));
let directories = 0;
let drawn = 0;
const randomBytes = (size: number) => createHash('shake256', { outputLength: size }).update(String(++drawn)).digest();

/** A data directory with a clock; `start` opens its keyring as a server does. */
function place(store: Store = memoryStore()) {
  const path = join(root, `${++directories}.json`);
  const clock = { at: new Date('2026-11-22T12:00:00Z').getTime() };
  const logged: string[] = [];
  const log = {
    ...silentLog,
    error: (facts: object, text: string) => void logged.push(JSON.stringify({ ...facts, text })),
  };
  const now = () => new Date(clock.at);
  return {
    path,
    store,
    logged,
    now,
    start: () => openKeyring({ path, store, randomBytes, now, log }),
    rotate: () => changeKeyring(path, (keyring) => rotate(keyring, randomBytes, now())).currentKeyId,
    later(seconds: number) {
      clock.at += seconds * 1000;
    },
    state: async () => stateOf(await store.read((reader) => reader.get(stateCollection, stateKey))),
    async putKey(name: string, secret = `secret of ${name}`) {
      const sealed = seal(readKeyring(path), purposes.accessKey, Buffer.from(secret), randomBytes(nonceBytes));
      const record: AccessKeyRecord = {
        ...{ accessKeyId: name, account: '123456789012', owner: 'root', userId: '123456789012', status: 'Active' },
        ...{ sealedSecret: Buffer.from(sealed).toString('base64'), createDate: '2026-11-22T12:00:00Z' },
      };
      await store.write((writer) => accessKeys.put(writer, name, record));
    },
    /** The ids of the keys that seal the access keys. */
    async sealers() {
      const all = await store.read((reader) => accessKeys.list(reader, { prefix: '', limit: 1000 }));
      return all.map(({ document: record }) => sealedKeyId(Buffer.from(record.sealedSecret, 'base64')));
    },
    async secretOf(name: string) {
      const record = await store.read((reader) => accessKeys.get(reader, name));
      const secret = open(readKeyring(path), purposes.accessKey, Buffer.from(record?.sealedSecret ?? '', 'base64'));
      return secret && Buffer.from(secret).toString();
    },
  };
}
const token = { purpose: purposes.sessionToken, text: Buffer.from('claims') };

describe('a new key', () => {
  test('seals without a restart, and what the old one sealed opens', async () => {
    const here = place();
    const { keyring, look } = await here.start();
    const before = keyring.currentKeyId;
    const sealed = seal(keyring, token.purpose, token.text, randomBytes(nonceBytes));
    await look();
    assert.equal(keyring.currentKeyId, before);
    const added = here.rotate();
    await look();
    assert.equal(keyring.currentKeyId, added);
    assert.deepEqual(open(keyring, token.purpose, sealed), token.text);
    assert.equal(sealedKeyId(seal(keyring, token.purpose, token.text, randomBytes(nonceBytes))), added);
    assert.equal((await here.state())?.current, added);
  });

  test('comes to seal everything that is stored, in many transactions, and changes nothing else', async () => {
    const store = memoryStore();
    let writes = 0;
    const here = place({
      ...store,
      write(work) {
        writes += 1;
        return store.write(work);
      },
    });
    const { look } = await here.start();
    const names = Array.from({ length: 250 }, (_, at) => `AKIA${String(at).padStart(12, '0')}`);
    for (const name of names) await here.putKey(name);
    const sealedDigests = Buffer.from(
      seal(readKeyring(here.path), purposes.password, Buffer.from('digests'), randomBytes(nonceBytes)),
    ).toString('base64');
    const profile = {
      account: '123456789012',
      userId: 'U',
      sealedDigests,
      createDate: 'x',
      passwordResetRequired: false,
    };
    // The other members are nobody's business here.
    await store.write((writer) => writer.put(loginProfiles.name, '123456789012/U', profile));
    const added = here.rotate();
    writes = 0;
    await look();
    assert.deepEqual(new Set(await here.sealers()), new Set([added]));
    assert.ok(writes >= 5, 'a hundred records in one, three times, and the passwords, and the chains');
    assert.equal(await here.secretOf(names[137] ?? ''), `secret of ${names[137]}`);
    const after = Object(await store.read((reader) => reader.get(loginProfiles.name, '123456789012/U')));
    assert.deepEqual({ ...after, sealedDigests }, profile);
    assert.equal(sealedKeyId(Buffer.from(after.sealedDigests, 'base64')), added);
  });

  test('is alone needed once nothing can be on its way under the old one, and no sooner', async () => {
    const here = place();
    const { keyring, look } = await here.start();
    const old = keyring.currentKeyId;
    const added = here.rotate();
    await look();
    assert.deepEqual(new Set((await here.state())?.needed), new Set([old, added]));
    // A request that was under way at the change writes what the old key sealed.
    changeKeyring(here.path, (ring) => ({ ...ring, currentKeyId: old }));
    await here.putKey('AKIALATE00000000');
    changeKeyring(here.path, (ring) => ({ ...ring, currentKeyId: added }));
    here.later(61);
    await look();
    assert.deepEqual((await here.state())?.needed, [added]);
    assert.deepEqual(await here.sealers(), [added]);
  });
});

describe('an old key', () => {
  test('goes when the longest session that it sealed has ended, and not before', async () => {
    const here = place();
    const { keyring, look } = await here.start();
    const old = keyring.currentKeyId;
    const sealed = seal(keyring, token.purpose, token.text, randomBytes(nonceBytes));
    await here.putKey('AKIAROOTROOTROOT');
    const added = here.rotate();
    await look();
    here.later(sealedSeconds - 1);
    await look();
    assert.deepEqual([...readKeyring(here.path).keys.keys()], [old, added]);
    assert.deepEqual(open(keyring, token.purpose, sealed), token.text);
    here.later(61);
    await look();
    assert.deepEqual([...readKeyring(here.path).keys.keys()], [added]);
    assert.equal(open(keyring, token.purpose, sealed), undefined);
    assert.equal(await here.secretOf('AKIAROOTROOTROOT'), 'secret of AKIAROOTROOTROOT');
    assert.equal(statSync(here.path).mode & 0o777, 0o600);
    assert.deepEqual(here.logged, []);
    await here.start();
  });

  test('that sealed until now, unnoticed, has its time from when another was taken up', async () => {
    const here = place();
    await here.start();
    const added = here.rotate();
    here.later(10 * sealedSeconds);
    const { look } = await here.start();
    await look();
    assert.equal(readKeyring(here.path).keys.size, 2);
    here.later(sealedSeconds + 61);
    await look();
    assert.deepEqual([...readKeyring(here.path).keys.keys()], [added]);
  });

  test('that something stored needs stays, however old', () => {
    const state = { current: 'bb', needed: ['aa', 'bb'], superseded: { aa: '2020-01-01T00:00:00Z', cc: 'no date' } };
    assert.deepEqual(spentKeys(state, new Date()), new Set());
    assert.deepEqual(spentKeys({ ...state, needed: ['bb'] }, new Date()), new Set(['aa']));
    assert.deepEqual(spentKeys({ ...state, current: 'aa', needed: [] }, new Date()), new Set());
  });
});

describe('a key that is lost', () => {
  const without = (path: string, id: string) =>
    writeFileSync(path, serializeKeyring(withoutKeys(readKeyring(path), new Set([id]))));

  test('stops the start where something stored needs it, and is named', async () => {
    const here = place();
    const { keyring } = await here.start();
    const old = keyring.currentKeyId;
    here.rotate();
    without(here.path, old);
    await assert.rejects(here.start(), (thrown) => {
      assert.ok(thrown instanceof ConfigError);
      assert.match(thrown.message, new RegExp(`lacks key ${old}, by which stored secrets are sealed; restore it`));
      return true;
    });
  });

  test('stops it also where no server has kept account of keys yet', async () => {
    const here = place();
    const { keyring } = await here.start();
    await here.putKey('AKIAROOTROOTROOT');
    const old = keyring.currentKeyId;
    await here.store.write((writer) => writer.delete(stateCollection, stateKey));
    here.rotate();
    without(here.path, old);
    await assert.rejects(here.start(), new RegExp(`lacks key ${old}`));
  });

  test('is kept by a running server, which says so once', async () => {
    const here = place();
    const { keyring, look } = await here.start();
    const old = keyring.currentKeyId;
    here.rotate();
    without(here.path, old);
    await look();
    await look();
    assert.equal(keyring.currentKeyId, old);
    assert.equal(here.logged.length, 1);
    assert.match(here.logged[0] ?? '', new RegExp(`lacks key ${old}`));
  });

  test('only ends sessions where nothing stored needs it', async () => {
    const here = place();
    const { keyring, look } = await here.start();
    const old = keyring.currentKeyId;
    const sealed = seal(keyring, token.purpose, token.text, randomBytes(nonceBytes));
    here.rotate();
    await look();
    here.later(61);
    await look();
    without(here.path, old);
    await look();
    assert.equal(open(keyring, token.purpose, sealed), undefined);
    assert.deepEqual(here.logged, []);
    await here.start();
  });
});

describe('a file that is damaged under a running server', () => {
  for (const [what, text] of [
    ['cut off', '{"version": 1, "cur'],
    ['empty', ''],
    ['of another version', '{"version":9}'],
    ['without its current key', '{"version":1,"current":"00000000","keys":{}}'],
  ] as const) {
    test(`${what} is not taken up; what it becomes later is`, async () => {
      const here = place();
      const { keyring, look } = await here.start();
      const [before, good] = [keyring.currentKeyId, readFileSync(here.path, 'utf8')];
      writeFileSync(here.path, text);
      await look();
      await look();
      assert.equal(keyring.currentKeyId, before);
      assert.equal(here.logged.length, 1);
      assert.doesNotMatch(here.logged.join(), /secret/);
      writeFileSync(here.path, good);
      const added = here.rotate();
      await look();
      assert.equal(keyring.currentKeyId, added);
    });
  }

  test('or gone is not taken up either', async () => {
    const here = place();
    const { keyring, look } = await here.start();
    const before = keyring.currentKeyId;
    rmSync(here.path);
    await look();
    assert.equal(keyring.currentKeyId, before);
    assert.match(here.logged[0] ?? '', /expected a readable file/);
  });
});

describe('a rotation that is cut off', () => {
  test('after the file was changed goes on at the next start', async () => {
    const here = place();
    await here.start();
    await here.putKey('AKIAROOTROOTROOT');
    const added = here.rotate();
    const { keyring, look } = await here.start();
    assert.equal(keyring.currentKeyId, added);
    await look();
    assert.deepEqual(await here.sealers(), [added]);
    assert.deepEqual((await here.state())?.needed, [added], 'nothing was under way at the start');
  });

  test('after the store was told of the key goes on, and nothing was sealed by a key that could be lost', async () => {
    const here = place();
    const { keyring } = await here.start();
    const added = here.rotate();
    await adopt({ store: here.store, keyring: readKeyring(here.path), randomBytes, now: here.now() });
    assert.notEqual(keyring.currentKeyId, added);
    const next = await here.start();
    assert.equal(next.keyring.currentKeyId, added);
  });

  test('between two transactions leaves each secret whole, under one key or the other', async () => {
    const store = memoryStore();
    let left = Number.POSITIVE_INFINITY;
    const here = place({
      ...store,
      write: (work) => (left-- > 0 ? store.write(work) : Promise.reject(new StoreUnavailable('the disk is full'))),
    });
    const { keyring, look } = await here.start();
    const names = Array.from({ length: 150 }, (_, at) => `AKIA${String(at).padStart(12, '0')}`);
    for (const name of names) await here.putKey(name);
    const old = keyring.currentKeyId;
    const added = here.rotate();
    left = 2; // the store is told, and the first hundred are sealed
    await look();
    assert.deepEqual(new Set(await here.sealers()), new Set([old, added]));
    for (const name of names) assert.equal(await here.secretOf(name), `secret of ${name}`);
    assert.match(here.logged.join(), /the disk is full/);
    left = Number.POSITIVE_INFINITY;
    here.later(61);
    await look();
    assert.deepEqual(new Set(await here.sealers()), new Set([added]));
  });

  test('before the store could be told is tried again', async () => {
    const store = memoryStore();
    const faults = { broken: false };
    const here = place({
      ...store,
      write: (work) => (faults.broken ? Promise.reject(new StoreUnavailable('no')) : store.write(work)),
    });
    const { keyring, look } = await here.start();
    const before = keyring.currentKeyId;
    const added = here.rotate();
    faults.broken = true;
    await look();
    assert.equal(keyring.currentKeyId, before);
    faults.broken = false;
    await look();
    assert.equal(keyring.currentKeyId, added);
  });
});

test('a secret that changes while others are sealed anew keeps its new value', async () => {
  const store = memoryStore();
  const here = place(store);
  await here.start();
  await here.putKey('AKIAROOTROOTROOT', 'first');
  here.rotate();
  const keyring = readKeyring(here.path);
  const racing: Store = {
    ...store,
    async write(work) {
      await here.putKey('AKIAROOTROOTROOT', 'second');
      return store.write(work);
    },
  };
  await reseal({ store: racing, keyring, randomBytes, now: here.now() });
  assert.equal(await here.secretOf('AKIAROOTROOTROOT'), 'second');
});

test('a state that is none is no state', () => {
  for (const document of [
    undefined,
    null,
    1,
    'x',
    [],
    {},
    { current: 1, needed: [], superseded: {} },
    { current: 'a' },
  ]) {
    assert.equal(stateOf(document), undefined);
  }
});
