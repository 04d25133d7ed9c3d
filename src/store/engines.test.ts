// What the contract suites run on: a table of engines, and the store's verbs in short form. Holds no test of its own.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { cachedStore } from './cache.ts';
import { memoryStore } from './memory.ts';
import type { ObservableStore } from './observer.ts';
import { sqliteStore } from './sqlite.ts';
import type { Document, Store } from './store.ts';

type Options = { readonly workLimitMs?: number };
/** An engine under test. `use` lends a new, empty store and disposes of it. */
export type Engine = {
  readonly name: string;
  use(task: (store: Store) => Promise<void>, options?: Options): Promise<void>;
};

/** Every engine. A new one is one more row. */
export const engines: readonly Engine[] = [
  {
    name: 'memory',
    async use(task, options = {}) {
      const store = memoryStore(options);
      await task(store).finally(() => store.close());
    },
  },
  {
    name: 'sqlite',
    use: (task, options) => withSqlite(options, task),
  },
  {
    name: 'sqlite, a directory of before',
    use: (task, options) => withSqlite(options, task, writeEarlierFile),
  },
  {
    name: 'cached memory',
    async use(task, options = {}) {
      const store = cachedStore(memoryStore(options), options);
      await task(store).finally(() => store.close());
    },
  },
  {
    name: 'cached sqlite',
    use: (task, options) => withSqlite(options, (store) => task(cachedStore(store, options))),
  },
];

async function withSqlite(
  options: Options = {},
  task: (store: ObservableStore) => Promise<void>,
  prepare: (path: string) => void = () => {},
): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'anyrole-store-'));
  prepare(path);
  const store = sqliteStore({ path, ...options });
  await task(store)
    .finally(() => store.close())
    .finally(() => rmSync(path, { recursive: true }));
}

/** The file of an earlier version, whose table has no row ids. */
function writeEarlierFile(path: string): void {
  const db = new DatabaseSync(join(path, 'anyrole.db'));
  db.exec(`
    CREATE TABLE documents (
      collection TEXT NOT NULL,
      key        TEXT NOT NULL,
      document   TEXT NOT NULL,
      PRIMARY KEY (collection, key)
    ) STRICT, WITHOUT ROWID;
    PRAGMA user_version = 1`);
  db.close();
}

/** Puts one document in a write of its own. */
export const put = (store: Store, key: string, document: Document, collection = 'c') =>
  store.write((writer) => writer.put(collection, key, document));
/** The document in a read of its own. */
export const get = (store: Store, key: string, collection = 'c') => store.read((reader) => reader.get(collection, key));
/** Puts documents that are their own keys, in one write. */
export const putAll = (store: Store, keys: readonly string[]) =>
  store.write(async (writer) => {
    for (const key of keys) await writer.put('c', key, key);
  });
/** The keys of one page of collection `c`, 1001 at most unless told otherwise. */
export const keysOf = (store: Store, query: { prefix?: string; after?: string; limit?: number } = {}) =>
  store.read(async (reader) => (await reader.list('c', { limit: 1001, ...query })).map((entry) => entry.key));
/** The number a counter holds; 0 when it is absent. */
export const counterOf = (document: Document | undefined) => (typeof document === 'number' ? document : 0);
/** A promise that does not settle. */
export const never = () => new Promise<never>(() => {});
