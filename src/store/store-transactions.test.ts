// The store's contract, part two: what a transaction promises, the same cases on every engine.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { counterOf, engines, get, keysOf, never, put, putAll } from './engines.test.ts';
import type { Reader, Writer } from './store.ts';
import { StoreUnavailable } from './store.ts';

for (const { name, use } of engines) {
  describe(`transactions on ${name}`, () => {
    it('answers what work answers, from read and from write', () =>
      use(async (store) => {
        assert.equal(await store.read(async () => 'read'), 'read');
        assert.equal(await store.write(async () => 'written'), 'written');
      }));

    it('lets a write see its own changes and nobody else before it is done', () =>
      use(async (store) => {
        await putAll(store, ['a', 'b', 'd']);
        await store.write(async (writer) => {
          await writer.put('c', 'c', 'new');
          await writer.put('c', 'b', 'changed');
          await writer.delete('c', 'a');
          assert.equal(await writer.get('c', 'a'), undefined);
          assert.deepEqual(await writer.list('c', { limit: 10 }), [
            { key: 'b', document: 'changed' },
            { key: 'c', document: 'new' },
            { key: 'd', document: 'd' },
          ]);
          assert.deepEqual(await keysOf(store), ['a', 'b', 'd'], 'a reader outside');
          assert.equal(await get(store, 'b'), 'b', 'a reader outside');
        });
        assert.deepEqual(await keysOf(store), ['b', 'c', 'd']);
      }));

    it('changes nothing when work throws, and rejects with what it threw', () =>
      use(async (store) => {
        await put(store, 'a', 1);
        const thrown = new Error('on purpose');
        const write = store.write(async (writer) => {
          await writer.put('c', 'a', 2);
          await writer.put('c', 'b', 2);
          await writer.delete('c', 'a');
          throw thrown;
        });
        await assert.rejects(write, (error) => error === thrown);
        assert.equal(await get(store, 'a'), 1);
        assert.deepEqual(await keysOf(store), ['a']);
      }));

    it('changes nothing when work throws before it returns a promise', () =>
      use(async (store) => {
        const work = (writer: Writer): Promise<void> => {
          void writer.put('c', 'a', 1);
          throw new RangeError('at once');
        };
        await assert.rejects(store.write(work), RangeError);
        await assert.rejects(
          store.read(() => {
            throw new RangeError('at once');
          }),
          RangeError,
        );
        assert.equal(await get(store, 'a'), undefined);
      }));

    it('keeps the writes of the same moment when one among them fails', () =>
      use(async (store) => {
        const outcomes = await Promise.allSettled(
          Array.from({ length: 9 }, (_, i) =>
            store.write(async (writer) => {
              await writer.put('c', `k${i}`, i);
              if (i % 3 === 1) throw new Error(`write ${i}`);
            }),
          ),
        );
        const failed = outcomes.flatMap((outcome, i) => (outcome.status === 'rejected' ? [i] : []));
        assert.deepEqual(failed, [1, 4, 7]);
        assert.deepEqual(await keysOf(store), ['k0', 'k2', 'k3', 'k5', 'k6', 'k8']);
      }));

    it('loses none of 100 concurrent increments', () =>
      use(async (store) => {
        const seen = await Promise.all(
          Array.from({ length: 100 }, () =>
            store.write(async (writer) => {
              const next = counterOf(await writer.get('c', 'n')) + 1;
              await Promise.resolve();
              await writer.put('c', 'n', next);
              return next;
            }),
          ),
        );
        assert.equal(await get(store, 'n'), 100);
        assert.equal(new Set(seen).size, 100, 'no two saw the same number');
      }));

    it('shows a reader one snapshot from its first read to its end', () =>
      use(async (store) => {
        await putAll(store, ['a', 'b', 'c']);
        const view = async (reader: Reader) => [
          await reader.get('c', 'a'),
          await reader.get('c', 'b'),
          await reader.get('c', 'n'),
          (await reader.list('c', { limit: 10 })).map((entry) => entry.key),
        ];
        await store.read(async (reader) => {
          const before = await view(reader);
          await put(store, 'a', 'changed');
          await put(store, 'a', 'changed again');
          await put(store, 'n', 'new');
          await store.write((writer) => writer.delete('c', 'b'));
          assert.deepEqual(await view(reader), before);
          assert.deepEqual(before, ['a', 'b', undefined, ['a', 'b', 'c']]);
        });
        assert.deepEqual(await store.read(view), ['changed again', undefined, 'new', ['a', 'c', 'n']]);
      }));

    it('shows a read every write that was acknowledged before it began', () =>
      use(async (store) => {
        for (let i = 0; i < 30; i++) {
          await put(store, 'a', i);
          assert.deepEqual(await Promise.all([get(store, 'a'), get(store, 'a')]), [i, i]);
        }
      }));

    it('serves many more concurrent reads than it has connections, each on one snapshot', () =>
      use(async (store) => {
        await store.write((writer) => Promise.all([writer.put('c', 'x', 0), writer.put('c', 'y', 0)]));
        const move = (i: number) =>
          store.write(async (writer) => {
            await writer.put('c', 'x', i);
            await writer.put('c', 'y', -i);
          });
        const sum = () =>
          store.read(async (reader) => {
            const x = counterOf(await reader.get('c', 'x'));
            await new Promise((resolve) => setImmediate(resolve));
            return x + counterOf(await reader.get('c', 'y'));
          });
        const sums = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? move(i).then(sum) : sum()));
        assert.deepEqual(new Set(await Promise.all(sums)), new Set([0]));
      }));

    it('gives a reader no way to write', () =>
      use((store) =>
        store.read(async (reader) => {
          for (const verb of ['put', 'delete', 'enter']) assert.ok(!(verb in reader), verb);
        }),
      ));

    it('refuses a transaction that has ended', () =>
      use(async (store) => {
        const writer = await store.write(async (writer) => [writer] as const);
        const reader = await store.read(async (reader) => [reader] as const);
        await assert.rejects(writer[0].put('c', 'a', 1), /has ended/);
        await assert.rejects(writer[0].delete('c', 'a'), /has ended/);
        await assert.rejects(writer[0].get('c', 'a'), /has ended/);
        await assert.rejects(reader[0].get('c', 'a'), /has ended/);
        await assert.rejects(reader[0].list('c', { limit: 1 }), /has ended/);
        assert.deepEqual(await keysOf(store), []);
      }));

    it('undoes a write that never settles, and serves the next', () =>
      use(
        async (store) => {
          const stuck = store.write(async (writer) => {
            await writer.put('c', 'stuck', 1);
            await never();
          });
          const next = put(store, 'next', 1);
          await assert.rejects(stuck, StoreUnavailable);
          await next;
          assert.deepEqual(await keysOf(store), ['next']);
        },
        { workLimitMs: 15 },
      ));

    it('gives up on reads that never settle, and serves the next', () =>
      use(
        async (store) => {
          const stuck = Array.from({ length: 10 }, () =>
            store.read(async (reader) => {
              await reader.get('c', 'a');
              await never();
            }),
          );
          const outcomes = await Promise.allSettled(stuck);
          assert.ok(outcomes.every((one) => one.status === 'rejected' && one.reason instanceof StoreUnavailable));
          await put(store, 'a', 1);
          assert.equal(await get(store, 'a'), 1);
        },
        { workLimitMs: 15 },
      ));

    it('finishes what was begun before it closes, and refuses what comes later', () =>
      use(async (store) => {
        const begun = Promise.all([put(store, 'a', 1), put(store, 'b', 2), get(store, 'a')]);
        const closed = store.close();
        await assert.rejects(put(store, 'c', 3), StoreUnavailable);
        await assert.rejects(get(store, 'a'), StoreUnavailable);
        await begun;
        await closed;
        await assert.rejects(put(store, 'c', 3), StoreUnavailable);
        await store.close();
      }));
  });
}
