// A place for every event: in its transaction, without gaps, and only where the head is as it was left.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rotate } from '../keyring.ts';
import { memoryStore } from '../store/memory.ts';
import { StoreUnavailable } from '../store/store.ts';
import { hashOf, headCollection, linkCollection, linkKey } from './chain.ts';
import { openChain } from './opening.ts';
import { type Rig, rig, seededBytes, startedAt } from './rig.test.ts';
import { sourceOf } from './source.ts';
import { verifyAudit } from './verify.ts';

const verdictOf = ({ store, keyring, chain }: Rig) => verifyAudit(sourceOf(store), { keyring, named: chain.id });

test('every event follows from the one before, in one transaction or in several', async () => {
  const made = await rig();
  await made.append(made.entry('A'), made.entry('B'));
  await made.append(made.entry('C'));
  const { findings, chains } = await verdictOf(made);
  assert.deepEqual([findings, chains[0]?.lastSequence, chains[0]?.events], [0, 3, 3]);
});

test('a hash is made of the one before, the place, the key and the text', () => {
  const whole = hashOf('a', 1, 'k', 't');
  for (const other of [
    hashOf('b', 1, 'k', 't'),
    hashOf('a', 2, 'k', 't'),
    hashOf('a', 1, 'l', 't'),
    hashOf('a', 1, 'k', 'u'),
  ]) {
    assert.notEqual(other, whole);
  }
  assert.match(whole, /^[0-9a-f]{64}$/);
});

test('a transaction that is undone leaves no gap', async () => {
  const made = await rig();
  await made.append(made.entry('A'));
  const undone = made.store.write(async (writer) => {
    await made.chain.append(writer, [made.entry('B'), made.entry('C')]);
    throw new Error('undone');
  });
  await assert.rejects(undone, /undone/);
  await made.append(made.entry('D'));
  const { findings, chains, unchained } = await verdictOf(made);
  assert.deepEqual([findings, chains[0]?.lastSequence, unchained], [0, 2, 0]);
});

test('transactions that come together take their places one after the other', async () => {
  const made = await rig();
  await Promise.all(Array.from({ length: 50 }, () => made.append(made.entry('A'))));
  const { findings, chains } = await verdictOf(made);
  assert.deepEqual([findings, chains[0]?.lastSequence], [0, 50]);
});

test('a large batch is a few documents of links', async () => {
  const made = await rig();
  await made.append(...Array.from({ length: 250 }, () => made.entry('A')));
  const rows = await made.store.read((reader) => reader.list(linkCollection, { limit: 1000 }));
  assert.deepEqual(
    rows.map(({ key }) => key),
    [100, 200, 250].map((last) => linkKey(made.chain.id, last)),
  );
  assert.equal((await verdictOf(made)).findings, 0);
});

describe('where the head is not as it was left, nothing is written', () => {
  for (const [what, bend] of [
    ['a head that is gone', undefined],
    ['a head that is none', []],
    ['a head of another place', { sequence: 1 }],
    ['a head with another hash', { hash: 'a'.repeat(64) }],
    ['a head with other characters', { characters: 0 }],
    ['a head with another tag', { tag: `00000000.${'0'.repeat(64)}` }],
    ['a head without a tag', { tag: '' }],
  ] as const) {
    test(what, async () => {
      const made = await rig();
      await made.append(made.entry('A'), made.entry('B'));
      const { id } = made.chain;
      await made.store.write(async (writer) => {
        const head = await writer.get(headCollection, id);
        if (bend === undefined) await writer.delete(headCollection, id);
        else await writer.put(headCollection, id, Array.isArray(bend) ? [] : { ...Object(head), ...bend });
      });
      await assert.rejects(made.append(made.entry('C')), StoreUnavailable);
      const events = await made.store.read((reader) => reader.list('audit', { limit: 10 }));
      assert.equal(events.length, 2);
    });
  }
});

test('a head that was put back to an earlier place is refused while the server runs', async () => {
  const made = await rig();
  await made.append(made.entry('A'));
  const { id } = made.chain;
  const earlier = await made.store.read((reader) => reader.get(headCollection, id));
  await made.append(made.entry('B'));
  await made.store.write((writer) => writer.put(headCollection, id, earlier ?? null));
  await assert.rejects(made.append(made.entry('C')), /put back to an earlier place/);
});

test('what was undone was not confirmed: the chain goes on from before it', async () => {
  const made = await rig();
  await made.append(made.entry('A'));
  const undone = made.store.write(async (writer) => {
    await made.chain.append(writer, [made.entry('B')]);
    throw new Error('undone');
  });
  await assert.rejects(undone, /undone/);
  await made.append(made.entry('C'));
  assert.equal((await verdictOf(made)).chains[0]?.lastSequence, 2);
});

describe('a start', () => {
  const world = (made: Rig) => ({ ...made, randomBytes: seededBytes('start'), now: new Date(startedAt.getTime() + 5) });

  test('goes on with the chain, by its name or without', async () => {
    const made = await rig();
    await made.append(made.entry('A'));
    for (const name of [made.chain.id, undefined]) {
      const opened = await openChain(world(made), name);
      assert.ok(opened.ok && opened.chain.id === made.chain.id);
      await made.store.write((writer) => opened.chain.append(writer, [made.entry('B')]));
    }
    const { findings, chains } = await verdictOf(made);
    assert.deepEqual([findings, chains.length, chains[0]?.lastSequence], [0, 1, 3]);
  });

  test('after a rotation goes on under the new key alone', async () => {
    const made = await rig();
    await made.append(made.entry('A'));
    const keyring = rotate(made.keyring, seededBytes('rotated'), startedAt);
    assert.ok((await openChain({ ...world(made), keyring }, made.chain.id)).ok);
    const old = made.keyring.currentKeyId;
    const without = { ...keyring, keys: new Map([...keyring.keys].filter(([id]) => id !== old)) };
    const opened = await openChain({ ...world(made), keyring: without }, made.chain.id);
    assert.ok(opened.ok);
    assert.deepEqual(opened.signer.publicKey, made.signer.publicKey);
    assert.equal((await verifyAudit(sourceOf(made.store), { keyring: without })).findings, 0);
  });

  test('with a name refuses a chain that is not there, and begins none', async () => {
    const made = await rig();
    assert.deepEqual(await openChain(world(made), '0123456789abcdef'), { ok: false, reason: 'chainMissing' });
    await made.store.write((writer) => writer.delete(headCollection, made.chain.id));
    assert.deepEqual(await openChain(world(made), made.chain.id), { ok: false, reason: 'chainMissing' });
  });

  test('with a name refuses a head that was altered, and a keyring that is another', async () => {
    const made = await rig();
    await made.append(made.entry('A'));
    const { keyring } = await rig(memoryStore(), 'another');
    assert.deepEqual(await openChain({ ...world(made), keyring }, made.chain.id), { ok: false, reason: 'keyLost' });
    await made.store.write(async (writer) => {
      const head = await writer.get(headCollection, made.chain.id);
      await writer.put(headCollection, made.chain.id, { ...Object(head), sequence: 0 });
    });
    assert.deepEqual(await openChain(world(made), made.chain.id), { ok: false, reason: 'headAltered' });
  });

  test('without a name begins another where the chain is not whole, and the old one stays found', async () => {
    const made = await rig();
    await made.append(made.entry('A'));
    await made.store.write((writer) => writer.delete(headCollection, made.chain.id));
    const opened = await openChain(world(made), undefined);
    assert.ok(opened.ok && opened.chain.id !== made.chain.id);
    await made.store.write((writer) => opened.chain.append(writer, [made.entry('B')]));
    const found: unknown[] = [];
    const report = ({ finding, chain }: { finding: string; chain?: string }) => void found.push([finding, chain]);
    await verifyAudit(sourceOf(made.store), { keyring: made.keyring, named: opened.chain.id, report });
    assert.deepEqual(found, [['missing', made.chain.id]]);
  });
});
