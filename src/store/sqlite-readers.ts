// The readers: a few connections that only read. A `work` has one to itself, in a transaction that begins with its first
// verb, so that it sees one snapshot and two works never mix.

import type { DatabaseSync } from 'node:sqlite';
import type { Deadlines } from './deadlines.ts';
import { closeAll } from './sqlite-files.ts';
import { readVerbsOn } from './sqlite-verbs.ts';
import type { Reader } from './store.ts';
import { StoreUnavailable } from './store.ts';
import { type DocumentVerbs, documentsOf, runRead } from './transaction.ts';

/** How much the readers take on. */
export type ReaderLimits = {
  /** Reads that may wait for a connection; one more is refused. */
  readonly queueLimit: number;
  readonly deadlines: Deadlines;
};

export type ReaderPool = {
  /** As Store.read. */
  read<T>(work: (reader: Reader) => Promise<T>): Promise<T>;
  /** Closes the connections, of which none may be in use. */
  close(): void;
};

type Connection = { readonly verbs: DocumentVerbs; endSnapshot(): void };

/** Readers on connections that nobody else uses. */
export function readerPool(connections: readonly DatabaseSync[], limits: ReaderLimits): ReaderPool {
  const free = connections.map(connectionOn);
  const waiting: ((connection: Connection) => void)[] = [];

  function acquire(use: (connection: Connection) => void): void {
    const connection = free.pop();
    if (connection !== undefined) use(connection);
    else if (waiting.length < limits.queueLimit) waiting.push(use);
    else throw new StoreUnavailable(`${limits.queueLimit} reads are waiting already`);
  }

  function release(connection: Connection): void {
    const next = waiting.shift();
    if (next === undefined) free.push(connection);
    else next(connection);
  }

  return {
    read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
      return new Promise((resolve, reject) => {
        acquire((connection) =>
          runRead(work, connection.verbs, limits.deadlines, (outcome) => {
            connection.endSnapshot();
            release(connection);
            if (outcome.ok) resolve(outcome.value);
            else reject(outcome.error);
          }),
        );
      });
    },
    close: () => closeAll(connections),
  };
}

function connectionOn(db: DatabaseSync): Connection {
  const verbs = documentsOf(readVerbsOn(db));
  const begin = db.prepare('BEGIN');
  const end = db.prepare('ROLLBACK'); // of a transaction that only read: nothing to keep, and nothing that can fail
  const beginOnce = () => {
    if (!db.isTransaction) begin.run();
  };
  return {
    verbs: {
      get: (collection, key) => {
        beginOnce();
        return verbs.get(collection, key);
      },
      list: (collection, query, range) => {
        beginOnce();
        return verbs.list(collection, query, range);
      },
    },
    endSnapshot: () => {
      if (db.isTransaction) end.run();
    },
  };
}
