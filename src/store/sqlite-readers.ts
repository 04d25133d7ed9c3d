// The readers: a few connections that only read. A `work` has one to itself, in a transaction that begins with its first
// verb, so that it sees one snapshot and two works never mix.

import type { DatabaseSync } from 'node:sqlite';
import { closeAll } from './sqlite-files.ts';
import { readVerbsOn } from './sqlite-verbs.ts';
import type { Reader } from './store.ts';
import { StoreUnavailable } from './store.ts';
import { answerOf, type ReadVerbs, runRead } from './transaction.ts';

/** How much the readers take on. */
export type ReaderLimits = {
  /** Reads that may wait for a connection; one more is refused. */
  readonly queueLimit: number;
  /** Milliseconds a `work` may take. */
  readonly workLimitMs: number;
};

export type ReaderPool = {
  /** As Store.read. */
  read<T>(work: (reader: Reader) => Promise<T>): Promise<T>;
  /** Closes the connections, of which none may be in use. */
  close(): void;
};

type Connection = { readonly verbs: ReadVerbs; endSnapshot(): void };

/** Readers on connections that nobody else uses. */
export function readerPool(connections: readonly DatabaseSync[], limits: ReaderLimits): ReaderPool {
  const free = connections.map(connectionOn);
  const waiting: ((connection: Connection) => void)[] = [];

  function acquire(): Connection | Promise<Connection> {
    const connection = free.pop();
    if (connection !== undefined) return connection;
    if (waiting.length >= limits.queueLimit) {
      throw new StoreUnavailable(`${limits.queueLimit} reads are waiting already`);
    }
    return new Promise((resolve) => waiting.push(resolve));
  }

  function release(connection: Connection): void {
    const next = waiting.shift();
    if (next === undefined) free.push(connection);
    else next(connection);
  }

  return {
    async read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
      const connection = await acquire();
      const outcome = await runRead(work, connection.verbs, limits.workLimitMs);
      connection.endSnapshot();
      release(connection);
      return answerOf(outcome);
    },
    close: () => closeAll(connections),
  };
}

function connectionOn(db: DatabaseSync): Connection {
  const verbs = readVerbsOn(db);
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
      list: (collection, range, limit) => {
        beginOnce();
        return verbs.list(collection, range, limit);
      },
    },
    endSnapshot: () => {
      if (db.isTransaction) end.run();
    },
  };
}
