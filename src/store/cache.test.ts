// The memory before a store: what it must never do is answer with what was already changed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cachedStore } from './cache.ts';
import { memoryStore } from './memory.ts';
import type { ObservableStore, Observer } from './observer.ts';
import { type Document, notKnown, type Reader, type Store } from './store.ts';

/** A store whose reads of the engine wait until they are let go. */
function held() {
  const inner = memoryStore();
  const gates: (() => void)[] = [];
  let holding = false;
  const engine: ObservableStore = {
    ...inner,
    read: (work) =>
      inner.read(async (reader) => {
        const answer = await work(reader);
        if (holding) await new Promise<void>((resolve) => gates.push(resolve));
        return answer;
      }),
  };
  return {
    store: cachedStore(engine),
    hold: () => {
      holding = true;
    },
    release: () => {
      holding = false;
      for (const open of gates.splice(0)) open();
    },
  };
}

const get = (store: Store, key: string) => store.read((reader) => reader.get('c', key));
const put = (store: Store, key: string, document: Document) => store.write((writer) => writer.put('c', key, document));
const listed = (store: Store, prefix: string) =>
  store.read(async (reader) => (await reader.list('c', { prefix, limit: 10 })).map(({ key }) => key));

test('what was read is remembered, what is not there too, and lists', async () => {
  const store = cachedStore(memoryStore());
  await put(store, 'a', 1);
  for (const [round, misses] of [
    [1, 3],
    [2, 3],
  ] as const) {
    assert.deepEqual([await get(store, 'a'), await get(store, 'none'), await listed(store, '')], [1, undefined, ['a']]);
    assert.equal(store.cacheStats().misses, misses, `round ${round}`);
  }
  assert.equal(store.cacheStats().hits, 3);
});

test('a write is seen by the next read: of its key, of what was not there, and of every list that it belongs to', async () => {
  const store = cachedStore(memoryStore());
  await put(store, 'a/1', 1);
  const look = async () => [
    await get(store, 'a/1'),
    await get(store, 'a/2'),
    await listed(store, 'a/'),
    await listed(store, 'b/'),
  ];
  await look();
  await store.write(async (writer) => {
    await writer.put('c', 'a/2', 2);
    await writer.delete('c', 'a/1');
  });
  assert.deepEqual(await look(), [undefined, 2, ['a/2'], []]);
  const { misses } = store.cacheStats();
  assert.deepEqual(await listed(store, 'b/'), []);
  assert.equal(store.cacheStats().misses, misses, 'a list that the write is no part of is still remembered');
});

test('a write to another collection leaves the memory alone', async () => {
  const store = cachedStore(memoryStore());
  await put(store, 'a', 1);
  await get(store, 'a');
  await store.write((writer) => writer.put('d', 'a', 2));
  assert.equal(await get(store, 'a'), 1);
  assert.equal(store.cacheStats().hits, 1);
});

test('what a read saw before a write is not remembered after it', async () => {
  const { store, hold, release } = held();
  await put(store, 'a', 'old');
  hold();
  const slow = Promise.all([get(store, 'a'), listed(store, '')]);
  await put(store, 'a', 'new');
  await put(store, 'b', 'new');
  release();
  assert.deepEqual(await slow, ['old', ['a']]);
  assert.deepEqual([await get(store, 'a'), await listed(store, '')], ['new', ['a', 'b']]);
});

test('a refused write forgets nothing wrong and changes nothing', async () => {
  const store = cachedStore(memoryStore());
  await put(store, 'a', 1);
  await get(store, 'a');
  await assert.rejects(
    store.write(async (writer) => {
      await writer.put('c', 'a', 2);
      throw new Error('no');
    }),
    /no/,
  );
  assert.equal(await get(store, 'a'), 1);
});

test('a work is one snapshot: a write between two of its reads sends it to the engine', async () => {
  const store = cachedStore(memoryStore());
  const both = (between: () => Promise<void>) =>
    store.read(async (reader) => {
      const one = await reader.get('c', 'one');
      await between();
      return [one, await reader.get('c', 'two')];
    });
  const set = (value: number) =>
    store.write(async (writer) => {
      await writer.put('c', 'one', value);
      await writer.put('c', 'two', value);
    });
  await set(1);
  await both(async () => {});
  let changed = false;
  const read = await both(async () => {
    if (changed) return;
    changed = true;
    await set(2);
  });
  assert.deepEqual(read, [2, 2]);
});

test('a work that awaits its verbs in another order than it began them is read again without a rejection', async () => {
  const store = cachedStore(memoryStore());
  await put(store, 'a', 1);
  await put(store, 'b', 2);
  const unheard: unknown[] = [];
  const hear = (reason: unknown) => void unheard.push(reason);
  process.on('unhandledRejection', hear);
  try {
    const read = await store.read(async (reader) => {
      const later = reader.get('c', 'a');
      const first = await reader.list('c', { prefix: 'b', limit: 10 });
      await new Promise((resolve) => setImmediate(resolve));
      return [await later, first.length];
    });
    assert.deepEqual(read, [1, 1]);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(unheard, []);
  } finally {
    process.off('unhandledRejection', hear);
  }
});

test('a document is the same frozen object for every reader until it changes, and what was put is not read from text', async () => {
  const store = cachedStore(memoryStore());
  await put(store, 'a', [1]);
  await get(store, 'a');
  const first = await get(store, 'a');
  assert.ok(Object.isFrozen(first));
  assert.equal(await get(store, 'a'), first);
  await put(store, 'b', 'another key');
  assert.equal(await get(store, 'a'), first);
  const given = { list: [2] };
  await put(store, 'a', given);
  assert.equal(await get(store, 'a'), given);
  assert.ok(Object.isFrozen(given.list));
});

test('a page of a hundred, and one to know of more, is remembered; a write in its prefix alone forgets it, whatever its limit', async () => {
  const store = cachedStore(memoryStore());
  await store.write(async (writer) => {
    for (let n = 0; n < 150; n++) await writer.put('c', `a/${String(n).padStart(3, '0')}`, n);
  });
  const hit = async (prefix: string, limit: number) => {
    const { hits } = store.cacheStats();
    await store.read((reader) => reader.list('c', { prefix, limit }));
    return store.cacheStats().hits > hits;
  };
  const pages = [
    ['a/', 101],
    ['a/', 2],
    ['a', 5],
    ['', 1],
    ['b/', 7],
    ['a/149', 1],
  ] as const;
  const all = async () => {
    const hits: boolean[] = [];
    for (const [prefix, limit] of pages) hits.push(await hit(prefix, limit));
    return hits;
  };
  assert.deepEqual(await all(), Array(6).fill(false));
  assert.deepEqual(await all(), Array(6).fill(true));
  await put(store, 'a/000', 'changed');
  assert.deepEqual(await all(), [false, false, false, false, true, true]);
  await put(store, 'b/', 'its own prefix');
  assert.deepEqual(await all(), [true, true, true, false, false, true]);
  await store.write((writer) => writer.put('d', 'a/', 1));
  assert.deepEqual(await all(), Array(6).fill(true));
});

test('the memory is bounded in number and in size, and keeps what is in use', async () => {
  const inner = memoryStore();
  const small = cachedStore(inner, { entries: 3 });
  for (const key of ['a', 'b', 'c', 'd']) {
    await get(small, 'hot');
    await get(small, key);
  }
  assert.equal(small.cacheStats().entries, 3);
  const { hits } = small.cacheStats();
  await get(small, 'hot');
  assert.equal(small.cacheStats().hits, hits + 1);

  const narrow = cachedStore(inner, { characters: 1000 });
  for (let n = 0; n < 50; n++) {
    await put(narrow, `key ${n}`, 'x'.repeat(100));
    await get(narrow, `key ${n}`);
  }
  assert.ok(narrow.cacheStats().entries <= 10);
});

test('a document that is too big, a long list and a page after another are read again each time', async () => {
  const store = cachedStore(memoryStore());
  await put(store, 'big', 'x'.repeat(200_000));
  await store.write(async (writer) => {
    for (let n = 0; n < 150; n++) await writer.put('long', String(n), n);
  });
  const reads: ((reader: Reader) => Promise<unknown>)[] = [
    (reader) => reader.get('c', 'big'),
    (reader) => reader.list('long', { limit: 1000 }),
    (reader) => reader.list('c', { limit: 10, after: 'a' }),
  ];
  for (const read of reads) {
    await store.read(read);
    await store.read(read);
  }
  assert.equal(store.cacheStats().hits, 0);
});

type Step =
  | { readonly act: 'put' | 'delete' | 'get'; readonly key: string }
  | { readonly act: 'list'; readonly prefix: string };
const key = fc.constantFrom('', 'a', 'a/1', 'a/2', 'b', 'b/1');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ act: fc.constantFrom('put', 'delete', 'get', 'get'), key }),
  fc.record({ act: fc.constant('list' as const), prefix: fc.constantFrom('', 'a', 'a/', 'b/', 'c') }),
);

test('the same steps, many at once, end in the same answers with and without a memory', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 12 }), async (rounds) => {
      const plain = memoryStore();
      const cached = cachedStore(memoryStore(), { entries: 4 });
      let value = 0;
      for (const round of rounds) {
        const now = value++;
        const act = (store: Store, one: Step): Promise<unknown> => {
          switch (one.act) {
            case 'put':
              return store.write((writer) => writer.put('c', one.key, now));
            case 'delete':
              return store.write((writer) => writer.delete('c', one.key));
            case 'get':
              return store.read((reader) => reader.get('c', one.key));
            case 'list':
              return store.read((reader) => reader.list('c', { prefix: one.prefix, limit: 10 }));
          }
        };
        // What runs at once may see either state; what comes after must see the last one.
        await Promise.all(round.map((one) => act(plain, one)));
        await Promise.all(round.map((one) => act(cached, one)));
        for (const prefix of ['', 'a', 'a/', 'b/'])
          assert.deepEqual(await listed(cached, prefix), await listed(plain, prefix));
        for (const one of ['', 'a', 'a/1', 'a/2', 'b', 'b/1'])
          assert.equal(await get(cached, one), await get(plain, one));
      }
    }),
    { numRuns: 300, seed: 20261125 },
  );
});

test('what is remembered is told at once: what is durable, nothing that may be about to change, and nothing after the end', async () => {
  const inner = memoryStore();
  const observers: Observer[] = [];
  const store = cachedStore({
    ...inner,
    observe(observer) {
      observers.push(observer);
      inner.observe(observer);
    },
  });
  const [observer] = observers;
  assert.ok(observer);
  const { recall } = store;
  const told = () => [recall.get('c', 'a'), recall.get('c', 'none'), recall.list('c', { prefix: '', limit: 10 })];
  assert.deepEqual(told(), [notKnown, notKnown, notKnown]);
  await put(store, 'a', 1);
  await Promise.all([get(store, 'a'), get(store, 'none'), listed(store, '')]);
  const entries = [{ key: 'a', document: 1 }];
  assert.deepEqual(told(), [1, undefined, entries]);
  observer.committing(new Map([['c', new Map([['a', { text: '2', document: 2 }]])]]));
  assert.deepEqual(told(), [notKnown, undefined, notKnown]);
  observer.undone();
  assert.deepEqual(told(), [1, undefined, entries]);
  await put(store, 'a', 2);
  assert.deepEqual(told(), [2, undefined, notKnown]);
  await store.close();
  assert.deepEqual(told(), [notKnown, notKnown, notKnown]);
});
