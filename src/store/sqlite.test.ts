// What only the SQLite store promises: it comes back after closing, belongs to one process, keeps to itself, and shares
// commits.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { get, keysOf, never, put } from './engines.test.ts';
import { type SqliteOptions, type SqliteStore, sqliteStore } from './sqlite.ts';
import { StoreLocked, StoreUnavailable } from './store.ts';

/** Lends a path that does not exist yet, below a directory that is removed after. */
async function withPath(task: (path: string) => Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'anyrole-sqlite-'));
  await task(join(parent, 'data')).finally(() => rmSync(parent, { recursive: true }));
}

async function withStore(options: Omit<SqliteOptions, 'path'>, task: (store: SqliteStore) => Promise<void>) {
  await withPath(async (path) => {
    const store = sqliteStore({ path, ...options });
    await task(store).finally(() => store.close());
  });
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('sqlite store', () => {
  it('finds its documents when it is opened again', () =>
    withPath(async (path) => {
      const first = sqliteStore({ path });
      await put(first, 'a\0é😀', { text: 'kept' });
      await first.close();
      const second = sqliteStore({ path });
      assert.deepEqual(await get(second, 'a\0é😀'), { text: 'kept' });
      assert.deepEqual(await keysOf(second), ['a\0é😀']);
      await second.close();
    }));

  it('leaves no log behind when it closes', () =>
    withPath(async (path) => {
      const store = sqliteStore({ path });
      await put(store, 'a', 1);
      assert.ok(existsSync(join(path, 'anyrole.db-wal')));
      await store.close();
      assert.deepEqual(readdirSync(path).toSorted(), ['anyrole.db', 'lock.db']);
    }));

  it('refuses a directory that another store has open, naming it, and leaves the first one in peace', () =>
    withPath(async (path) => {
      const first = sqliteStore({ path });
      const refusal = (error: unknown) => error instanceof StoreLocked && error.message.includes(path);
      assert.throws(() => sqliteStore({ path }), refusal);
      assert.throws(() => sqliteStore({ path }), refusal, 'the first attempt did not break the lock');
      await put(first, 'a', 1);
      await first.close();
      const second = sqliteStore({ path });
      assert.equal(await get(second, 'a'), 1);
      await second.close();
    }));

  it(
    'keeps directory and files to their owner, whatever they were before',
    { skip: process.platform === 'win32' },
    () =>
      withPath(async (path) => {
        const first = sqliteStore({ path });
        await put(first, 'a', 1);
        assert.equal(modeOf(path), '700');
        for (const file of readdirSync(path)) assert.equal(modeOf(join(path, file)), '600', file);
        await first.close();
        rmSync(path, { recursive: true });
        mkdirSync(path);
        writeFileSync(join(path, 'anyrole.db'), '', { mode: 0o644 });
        const second = sqliteStore({ path });
        await put(second, 'a', 1);
        for (const file of readdirSync(path)) assert.equal(modeOf(join(path, file)), '600', file);
        await second.close();
      }),
  );

  it('refuses a file of a newer version and does not change it', () =>
    withPath(async (path) => {
      await sqliteStore({ path }).close();
      const file = join(path, 'anyrole.db');
      const db = new DatabaseSync(file);
      db.exec('PRAGMA user_version = 99');
      db.close();
      for (let i = 0; i < 2; i++) assert.throws(() => sqliteStore({ path }), /newer anyrole \(schema 99/);
      const after = new DatabaseSync(file);
      assert.equal(after.prepare('PRAGMA user_version').get()?.user_version, 99);
      after.close();
    }));

  it('refuses what is no database, naming the file, and gives the lock back', () =>
    withPath(async (path) => {
      mkdirSync(path);
      const file = join(path, 'anyrole.db');
      writeFileSync(file, 'not a database, but long enough to be looked at '.repeat(100));
      assert.throws(() => sqliteStore({ path }), new RegExp(file));
      rmSync(file);
      await sqliteStore({ path }).close();
    }));

  it('refuses a path that is a file', () =>
    withPath(async (path) => {
      writeFileSync(path, '');
      assert.throws(() => sqliteStore({ path }), /creating the data directory/);
    }));

  it('commits the writes of one moment together', () =>
    withStore({}, async (store) => {
      await Promise.all(Array.from({ length: 50 }, (_, i) => put(store, `k${i}`, i)));
      // The first eight do not wait for the others.
      assert.deepEqual(store.stats(), { commits: 2, writes: 50, queued: 0 });
    }));

  it('bounds how many share a commit', () =>
    withStore({ groupLimit: 10 }, async (store) => {
      await Promise.all(Array.from({ length: 25 }, (_, i) => put(store, `k${i}`, i)));
      assert.deepEqual(store.stats(), { commits: 3, writes: 25, queued: 0 });
    }));

  it('serves writes in the order they came', () =>
    withStore({ groupLimit: 3 }, async (store) => {
      const done: number[] = [];
      await Promise.all(Array.from({ length: 10 }, (_, i) => put(store, 'k', i).then(() => done.push(i))));
      assert.deepEqual(done, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      assert.equal(await get(store, 'k'), 9);
    }));

  it('refuses the write that finds the queue full, and only that one', () =>
    withStore({ queueLimit: 5 }, async (store) => {
      const outcomes = await Promise.allSettled(Array.from({ length: 7 }, (_, i) => put(store, `k${i}`, i)));
      const refused = outcomes
        .filter((one) => one.status === 'rejected')
        .map((one) => one.reason instanceof StoreUnavailable);
      assert.deepEqual(refused, [true, true]);
      assert.deepEqual(await keysOf(store), ['k0', 'k1', 'k2', 'k3', 'k4']);
      await put(store, 'later', 1);
    }));

  it('refuses the read that finds the queue full, and only that one', () =>
    withStore({ readers: 1, queueLimit: 1, workLimitMs: 15 }, async (store) => {
      const reads = await Promise.allSettled([store.read(never), get(store, 'a'), get(store, 'a')]);
      assert.deepEqual(
        reads.map((read) => read.status),
        ['rejected', 'fulfilled', 'rejected'],
      );
    }));
});
