// What the SQLite store promises when its thread fails, hangs or dies, at every step of a write: the thread does as it is
// told, on a real file.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { aftermaths, faultSteps, type WeakDisk, weakDisk } from '../../test/faults/fault-plan.ts';
import { cachedStore } from './cache.ts';
import { get, keysOf } from './engines.test.ts';
import { sqliteStore } from './sqlite.ts';
import { type Store, StoreLocked, StoreUnavailable } from './store.ts';

type Faulty = { readonly store: ReturnType<typeof cachedStore>; readonly disk: WeakDisk; readonly path: string };

async function withFaults(task: (faulty: Faulty) => Promise<void>, commitLimitMs = 10_000): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'anyrole-faults-'));
  const disk = weakDisk();
  const store = cachedStore(sqliteStore({ path, commitLimitMs, start: disk.start }));
  await task({ store, disk, path })
    .finally(() => disk.heal())
    .finally(() => store.close())
    .finally(() => rmSync(path, { recursive: true }));
}

/** Writes one document and removes another, so that every step is passed. */
const write = (store: Store, key: string) =>
  store.write(async (writer) => {
    await writer.put('c', key, key);
    await writer.delete('c', `no ${key}`);
  });

/** Writes until it is taken: the thread may take longer to start than this store waits. */
async function writeAtLast(store: Store, key: string): Promise<void> {
  for (;;) {
    const refused = await write(store, key).catch((error: unknown) => error);
    if (refused === undefined) return;
    assert.ok(refused instanceof StoreUnavailable);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What was read before is remembered; the answer is of what is there now. */
const read = async (store: Store, key: string) => [await get(store, key), (await keysOf(store)).includes(key)];

describe('a store whose disk fails', () => {
  it('refuses the write and keeps nothing of it, whatever fails and wherever, reads on, and takes the next', () =>
    withFaults(async ({ store, disk }) => {
      let n = 0;
      for (const kind of ['EIO', 'ENOSPC', 'BUSY'] as const) {
        for (const step of ['received', 'begin', 'put', 'remove', 'commit'] as const) {
          for (const leaves of aftermaths) {
            const key = `k${n++}`;
            assert.deepEqual(await read(store, key), [undefined, false]);
            disk.order({ step, kind, leaves });
            await assert.rejects(write(store, key), StoreUnavailable, `${kind} at ${step}`);
            assert.deepEqual(await read(store, key), [undefined, false]);
            await write(store, key);
            assert.deepEqual(await read(store, key), [key, true]);
          }
        }
      }
      assert.equal(disk.fired(), n);
    }));

  it('starts another thread when one dies, wherever: the write is refused, there whole or not at all', () =>
    withFaults(async ({ store, disk }) => {
      // The connection is opened for the first group alone.
      const steps = ['open', ...faultSteps.filter((one) => one !== 'open' && one !== 'rollback')] as const;
      for (const [n, step] of steps.entries()) {
        const key = `k${n}`;
        assert.deepEqual(await read(store, key), [undefined, false]);
        disk.order({ step, kind: 'death' });
        await assert.rejects(write(store, key), StoreUnavailable, step);
        const there = await read(store, key);
        assert.deepEqual(there, step === 'committed' ? [key, true] : [undefined, false], step);
        await write(store, `after ${key}`);
        assert.deepEqual(await read(store, `after ${key}`), [`after ${key}`, true]);
      }
      assert.equal(disk.fired(), steps.length);
    }));

  it('refuses writes and serves reads while the disk hangs, and comes back when it answers', () =>
    withFaults(async ({ store, disk }) => {
      await writeAtLast(store, 'before');
      assert.equal(await get(store, 'before'), 'before');
      disk.order({ step: 'commit', kind: 'hang' });
      const [first, behind] = await Promise.allSettled([write(store, 'a'), write(store, 'b')]);
      assert.ok(first.status === 'rejected' && first.reason instanceof StoreUnavailable);
      assert.ok(behind.status === 'rejected' && behind.reason instanceof StoreUnavailable);
      await assert.rejects(write(store, 'c'), StoreUnavailable);
      assert.equal(await get(store, 'before'), 'before');
      assert.deepEqual(await keysOf(store), ['before']);
      disk.heal();
      await writeAtLast(store, 'd');
      const there = await keysOf(store);
      // What nobody acknowledged may have been kept when the disk came back: whole.
      assert.ok(there.includes('before') && there.includes('d') && !there.includes('c'), there.join());
      for (const key of there) assert.notEqual(await get(store, key), undefined);
    }, 200));

  it('shows no reader what is not durable, and remembers what is from the moment that it is acknowledged', () =>
    withFaults(async ({ store, disk }) => {
      await write(store, 'a');
      assert.deepEqual(await read(store, 'a'), ['a', true]);
      for (const step of ['commit', 'committed'] as const) {
        disk.order({ step, kind: 'hang' });
        let acknowledged = false;
        const change = store.write(async (writer) => {
          assert.equal(await writer.get('c', 'a'), 'a');
          await writer.put('c', 'a', step);
          await writer.put('c', 'b', step);
        });
        void change.then(() => {
          acknowledged = true;
        });
        const later = store.write((writer) => writer.get('c', 'a'));
        while (!disk.hangs()) await new Promise((resolve) => setImmediate(resolve));
        const both = await store.read(async (reader) => [await reader.get('c', 'a'), await reader.get('c', 'b')]);
        assert.deepEqual(both, step === 'commit' ? ['a', undefined] : [step, step], 'whole or not at all');
        assert.equal(acknowledged, false);
        disk.heal();
        await change;
        const { misses } = store.cacheStats();
        assert.deepEqual([await get(store, 'a'), await later], [step, step]);
        assert.equal(store.cacheStats().misses, misses);
        await store.write(async (writer) => {
          await writer.put('c', 'a', 'a');
          await writer.delete('c', 'b');
        });
      }
    }));

  it('does not give the directory away while its thread hangs', async () => {
    const path = mkdtempSync(join(tmpdir(), 'anyrole-faults-'));
    const disk = weakDisk();
    const store = sqliteStore({ path, commitLimitMs: 50, start: disk.start });
    disk.order({ step: 'put', kind: 'hang' });
    await assert.rejects(write(store, 'a'), StoreUnavailable);
    await assert.rejects(store.close(), /does not end/);
    assert.throws(() => sqliteStore({ path }), StoreLocked);
    disk.heal();
    rmSync(path, { recursive: true });
  });

  it('closes when its thread is dead already', () =>
    withFaults(async ({ store, disk }) => {
      disk.order({ step: 'begin', kind: 'death' });
      await assert.rejects(write(store, 'a'), StoreUnavailable);
    }));
});
