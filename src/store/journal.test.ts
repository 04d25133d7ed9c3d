// What a journal is promised, on every engine: entries get their places in the order of writes, in the transaction of the
// changes that they came with, and share its fate.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { counterOf, engines, get, keysOf, put } from './engines.test.ts';
import { type Document, type Journal, type Store, StoreUnavailable, type Writer } from './store.ts';

/** A journal that numbers its entries, and what it was told. Its head is the last number. */
function numbering(name = 'j') {
  const told: string[] = [];
  const seen = { durable: 0, refusing: false };
  const journal: Journal = {
    head: { collection: 'heads', key: name },
    place(head, entries, put) {
      if (seen.refusing) throw new StoreUnavailable('the head is not as it was left');
      let last = counterOf(head);
      for (const { key, text } of entries) put(name, `${String(++last).padStart(4, '0')} ${key}`, text);
      put('heads', name, String(last));
      told.push(`placed ${last}`);
      return () => {
        seen.durable = last;
        told.push(`durable ${last}`);
      };
    },
  };
  const enter = (writer: Writer, ...keys: readonly string[]) =>
    writer.enter(
      journal,
      keys.map((key) => ({ key, text: JSON.stringify(key) })),
    );
  return { journal, told, seen, enter };
}

const placed = (store: Store, name = 'j') =>
  store.read(async (reader) => (await reader.list(name, { limit: 1001 })).map(({ key }) => key));

for (const { name, use } of engines) {
  describe(`a journal on ${name}`, () => {
    it('places what came with each write after what came before, and keeps its text', () =>
      use(async (store) => {
        const { enter } = numbering();
        await store.write((writer) => enter(writer, 'a', 'b'));
        await Promise.all(
          ['c', 'd', 'e'].map((key) =>
            store.write(async (writer) => {
              await writer.put('c', key, key);
              await enter(writer, key);
            }),
          ),
        );
        assert.deepEqual(await placed(store), ['0001 a', '0002 b', '0003 c', '0004 d', '0005 e']);
        assert.equal(await get(store, '0004 d', 'j'), 'd');
        assert.equal(await get(store, 'j', 'heads'), 5);
        assert.deepEqual(await keysOf(store), ['c', 'd', 'e']);
      }));

    it('is told that it is durable before the write is answered', () =>
      use(async (store) => {
        const { enter, seen } = numbering();
        const after = await Promise.all(
          Array.from({ length: 30 }, (_, at) =>
            store.write(async (writer) => {
              await enter(writer, `${at}`);
              return at + 1;
            }),
          ).map(async (write) => [await write, seen.durable] as const),
        );
        for (const [own, durable] of after) assert.ok(durable >= own);
        assert.equal(seen.durable, 30);
      }));

    it('leaves out what a work entered that threw', () =>
      use(async (store) => {
        const { enter, told } = numbering();
        const works = ['a', 'undone', 'b'].map((key) =>
          store.write(async (writer) => {
            await enter(writer, key);
            if (key === 'undone') throw new Error('own');
          }),
        );
        const outcomes = await Promise.allSettled(works);
        assert.deepEqual(
          outcomes.map(({ status }) => status),
          ['fulfilled', 'rejected', 'fulfilled'],
        );
        assert.deepEqual(await placed(store), ['0001 a', '0002 b']);
        assert.ok(told.includes('durable 2'));
      }));

    it('refuses the write, changes and all, and takes the next when it refuses no more', () =>
      use(async (store) => {
        const { enter, seen } = numbering();
        const change = (value: Document) =>
          store.write(async (writer) => {
            await writer.put('c', 'a', value);
            await enter(writer, 'a');
          });
        await change(1);
        seen.refusing = true;
        await assert.rejects(change(2), { name: 'StoreUnavailable', message: 'the head is not as it was left' });
        assert.equal(await get(store, 'a'), 1);
        await put(store, 'b', 'a write that enters nothing');
        seen.refusing = false;
        await change(3);
        assert.deepEqual([await get(store, 'a'), seen.durable, await placed(store)], [3, 2, ['0001 a', '0002 a']]);
      }));

    it('that fails otherwise is unavailable, and says why', () =>
      use(async (store) => {
        const cause = new Error('a mistake');
        const journal: Journal = {
          head: { collection: 'heads', key: 'k' },
          place() {
            throw cause;
          },
        };
        const write = store.write((writer) => writer.enter(journal, [{ key: 'a', text: '1' }]));
        await assert.rejects(write, (error) => error instanceof StoreUnavailable && error.cause === cause);
      }));

    it('finds the head as the writes of its transaction leave it', () =>
      use(async (store) => {
        const { enter } = numbering();
        await store.write((writer) => enter(writer, 'a'));
        await Promise.all([
          store.write(async (writer) => {
            await writer.put('heads', 'j', 10);
            await enter(writer, 'b');
          }),
          store.write((writer) => enter(writer, 'c')),
        ]);
        assert.deepEqual(await placed(store), ['0001 a', '0011 b', '0012 c']);
      }));

    it('keeps its places beside those of another', () =>
      use(async (store) => {
        const [one, other] = [numbering('one'), numbering('other')];
        await Promise.all(
          ['a', 'b'].map((key) =>
            store.write(async (writer) => {
              await one.enter(writer, key);
              await other.enter(writer, key);
            }),
          ),
        );
        assert.deepEqual(await placed(store, 'one'), ['0001 a', '0002 b']);
        assert.deepEqual(await placed(store, 'other'), ['0001 a', '0002 b']);
      }));

    it('takes nothing after the end of the work, and no key without a UTF-8 form', () =>
      use(async (store) => {
        const { enter, told } = numbering();
        let late: Writer | undefined;
        await store.write(async (writer) => {
          late = writer;
        });
        assert.ok(late);
        await assert.rejects(enter(late, 'a'), /has ended/);
        await assert.rejects(enter(late), /has ended/);
        await assert.rejects(
          store.write((writer) => enter(writer, 'a\ud800')),
          RangeError,
        );
        assert.deepEqual([await placed(store), told], [[], []]);
      }));
  });
}
