// The thread that writes: it takes groups of changes, makes each durable in one transaction, and says so. A COMMIT waits
// for the disk, and this thread alone waits with it.

import { DatabaseSync } from 'node:sqlite';
import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads';

/** Changes in one list: collection, key and text of each; the text is null where the document goes. */
export type Group = readonly (string | null)[];

/** What the thread is told to write to. */
export type ThreadTask = {
  readonly task: 'commit groups';
  readonly file: string;
  /** Statements that make a new connection ready. */
  readonly setUp: string;
  /** Milliseconds to wait for another program that holds the file. */
  readonly timeout: number;
};

/** What the thread answers to a group: it is durable, or nothing of it is kept, and why. */
export type GroupAnswer = { readonly durable: true } | { readonly durable: false; readonly cause: unknown };

/** What is used of a connection. */
export type Connection = {
  readonly isTransaction: boolean;
  prepare(sql: string): Statement;
  close(): void;
};

export type Statement = { run(...values: readonly string[]): unknown };

export type Committer = {
  /** Makes the changes durable, all of them; throws when none of them is. */
  commit(group: Group): void;
  close(): void;
};

type Prepared = {
  readonly db: Connection;
  readonly steps: Readonly<Record<'begin' | 'put' | 'remove' | 'commit' | 'rollback', Statement>>;
};

/** Commits on a connection that is opened when it is needed, and anew where a transaction could not be undone. */
export function committer(open: () => Connection): Committer {
  let prepared: Prepared | undefined;

  function undo({ db, steps }: Prepared): void {
    try {
      // SQLite ends the transaction by itself on some failures.
      if (db.isTransaction) steps.rollback.run();
    } catch {
      // What matters is whether it has ended, not how.
    }
    if (db.isTransaction) close();
  }

  function close(): void {
    const db = prepared?.db;
    prepared = undefined;
    db?.close();
  }

  return {
    commit(group) {
      prepared ??= prepare(open());
      try {
        writeGroup(prepared, group);
      } catch (cause) {
        undo(prepared);
        throw cause;
      }
    },
    close,
  };
}

function prepare(db: Connection): Prepared {
  const steps = {
    begin: db.prepare('BEGIN IMMEDIATE'),
    put: db.prepare(
      `INSERT INTO documents (collection, key, document) VALUES (?, ?, ?)
        ON CONFLICT (collection, key) DO UPDATE SET document = excluded.document`,
    ),
    remove: db.prepare('DELETE FROM documents WHERE collection = ? AND key = ?'),
    commit: db.prepare('COMMIT'),
    rollback: db.prepare('ROLLBACK'),
  };
  return { db, steps };
}

function writeGroup({ steps }: Prepared, group: Group): void {
  steps.begin.run();
  for (let at = 0; at < group.length; at += 3) {
    const [collection, key, text] = [group[at] ?? '', group[at + 1] ?? '', group[at + 2] ?? null];
    if (text === null) steps.remove.run(collection, key);
    else steps.put.run(collection, key, text);
  }
  steps.commit.run();
}

/** Answers each group that comes through the port; `null` ends it. */
export function serveGroups(port: MessagePort, to: Committer): void {
  port.on('message', (group: Group | null) => {
    if (group === null) {
      to.close();
      port.close();
      return;
    }
    port.postMessage(answerTo(group, to));
  });
}

function answerTo(group: Group, to: Committer): GroupAnswer {
  try {
    to.commit(group);
    return { durable: true };
  } catch (cause) {
    return { durable: false, cause };
  }
}

/** A connection as the task says. */
export function connectionOf({ file, setUp, timeout }: ThreadTask): DatabaseSync {
  const db = new DatabaseSync(file, { timeout });
  try {
    db.exec(setUp);
    return db;
  } catch (cause) {
    db.close();
    throw cause;
  }
}

const task: ThreadTask | undefined = isMainThread ? undefined : workerData;
if (parentPort !== null && task?.task === 'commit groups') {
  const to = committer(() => connectionOf(task));
  serveGroups(parentPort, to);
}
