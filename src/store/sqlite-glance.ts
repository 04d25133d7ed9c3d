// A glance at a data directory that another process may have open: reads only, takes no lock, and sees texts as they are
// stored. Each glance is one snapshot; a short one, since the writer's log cannot be reset meanwhile.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { rangeOf } from './key-order.ts';
import { openReader } from './sqlite-files.ts';
import { keysOn, readVerbsOn } from './sqlite-verbs.ts';
import type { ListQuery } from './store.ts';
import type { Row } from './transaction.ts';

/** One snapshot of the texts. */
export type TextRows = {
  get(collection: string, key: string): Promise<string | undefined>;
  texts(collection: string, keys: readonly string[]): Promise<readonly (string | undefined)[]>;
  list(collection: string, query: ListQuery): Promise<readonly Row[]>;
  keys(collection: string, query: ListQuery): Promise<readonly string[]>;
  /** How many documents the collection has: every page of it is read, and nothing is made of it. */
  count(collection: string): Promise<number>;
};

export type Glance = {
  /** Runs `work` on one snapshot. One at a time. */
  read<T>(work: (rows: TextRows) => Promise<T>): Promise<T>;
  close(): void;
};

/** Opens the data directory for reading. Throws where there is no store in it. */
export function openGlance(path: string): Glance {
  const file = join(path, 'anyrole.db');
  if (!existsSync(file)) throw new Error(`\`${file}\` does not exist`);
  return glanceOn(openReader(file));
}

/** A glance through a connection. Where that is in a transaction already, all is read in that one. */
export function glanceOn(db: DatabaseSync): Glance {
  const verbs = readVerbsOn(db);
  const keys = keysOn(db);
  const count = db.prepare('SELECT count(*) AS count FROM documents WHERE collection = ?');
  const rows: TextRows = {
    get: async (collection, key) => verbs.get(collection, key),
    texts: async (collection, wanted) => wanted.map((key) => verbs.get(collection, key)),
    list: async (collection, query) => verbs.list(collection, rangeOf(query), query.limit),
    keys: async (collection, query) => keys(collection, rangeOf(query), query.limit),
    count: async (collection) => Number(count.get(collection)?.count),
  };
  return {
    async read(work) {
      // A long row of glances lets the program breathe: signals are heard, output leaves, memory is given back.
      await new Promise((resolve) => setImmediate(resolve));
      const isOwn = !db.isTransaction;
      if (isOwn) db.exec('BEGIN');
      try {
        return await work(rows);
      } finally {
        if (isOwn) db.exec('ROLLBACK');
      }
    },
    close: () => db.close(),
  };
}
