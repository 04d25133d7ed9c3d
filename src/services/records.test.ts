// Collections: what they give of the store, at once where it remembers, and in the form of now.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cachedStore } from '../store/cache.ts';
import { memoryStore } from '../store/memory.ts';
import { notKnown } from '../store/store.ts';
import { collection } from './records.ts';

type Thing = { readonly name: string; readonly size: number };
type EarlierThing = { readonly title: string };
const plain = collection<Thing>('plain');
const grown = collection<Thing, EarlierThing>('grown', (stored) =>
  'title' in stored ? { name: stored.title, size: 0 } : stored,
);
const earlier = collection<EarlierThing>('grown');

describe('a record', () => {
  test('is known at once from its first read on, as it is after each change', async () => {
    const store = cachedStore(memoryStore());
    assert.equal(plain.recall(store.recall, 'a'), notKnown);
    assert.equal(await store.read((reader) => plain.get(reader, 'a')), undefined);
    assert.equal(plain.recall(store.recall, 'a'), undefined);
    for (const size of [1, 2]) {
      await store.write((writer) => plain.put(writer, 'a', { name: 'a', size }));
      assert.deepEqual(plain.recall(store.recall, 'a'), { name: 'a', size });
      assert.equal(plain.recall(store.recall, 'a'), await store.read((reader) => plain.get(reader, 'a')));
    }
    await store.write((writer) => plain.delete(writer, 'a'));
    assert.equal(plain.recall(store.recall, 'a'), undefined);
  });

  test('of an earlier version is given as one of now, however it is asked for', async () => {
    const store = cachedStore(memoryStore());
    await store.write((writer) => earlier.put(writer, 'a', { title: 'a' }));
    const now = { name: 'a', size: 0 };
    assert.deepEqual(await store.read((reader) => grown.get(reader, 'a')), now);
    assert.deepEqual(grown.recall(store.recall, 'a'), now);
    const all = { prefix: '', limit: 10 };
    await store.write((writer) => grown.put(writer, 'b', { name: 'b', size: 1 }));
    assert.deepEqual(await store.read((reader) => grown.list(reader, all)), [
      { key: 'a', document: now },
      { key: 'b', document: { name: 'b', size: 1 } },
    ]);
  });
});

test('a list is the same until something in it changes, unless a record of an earlier version stands in it', async () => {
  const store = cachedStore(memoryStore());
  const list = () => store.read((reader) => grown.list(reader, { prefix: '', limit: 10 }));
  await store.write((writer) => grown.put(writer, 'b', { name: 'b', size: 1 }));
  await list();
  const first = await list();
  assert.equal(await list(), first);
  await store.write((writer) => grown.put(writer, 'b', { name: 'b', size: 2 }));
  const second = await list();
  assert.deepEqual(second, [{ key: 'b', document: { name: 'b', size: 2 } }]);
  assert.deepEqual(first, [{ key: 'b', document: { name: 'b', size: 1 } }]);
});
