// The embedded store: one SQLite database in a directory of its own. A thread that writes, with group commit; readers on
// snapshots; one process at a time.

import type { Worker } from 'node:worker_threads';
import { type CommitThread, commitThread, startThread } from './commit-thread.ts';
import { deadlines } from './deadlines.ts';
import { groupWriter, type WriterStats } from './group-writer.ts';
import { lifetime } from './lifetime.ts';
import type { ObservableStore } from './observer.ts';
import { type DataDirectory, openDataDirectory } from './sqlite-files.ts';
import { type ReaderPool, readerPool } from './sqlite-readers.ts';
import type { ThreadTask } from './sqlite-thread.ts';
import { readVerbsOn } from './sqlite-verbs.ts';
import { defaultWorkLimitMs } from './transaction.ts';

export type SqliteOptions = {
  /** The data directory, created when absent. It belongs to one running store. */
  readonly path: string;
  /** Connections that read, at least 1: reads that may be under way together. Absent: 4. */
  readonly readers?: number;
  /** Writes, and likewise reads, that may wait before one more is refused. Absent: 4096. */
  readonly queueLimit?: number;
  /** Writes that may share a commit, at least 1. Absent: 256. */
  readonly groupLimit?: number;
  /** Milliseconds a `work` may take before it is undone and refused. Absent: 10,000. */
  readonly workLimitMs?: number;
  /** Milliseconds the disk may take for a commit before every write is refused. Absent: 10,000. */
  readonly commitLimitMs?: number;
  /** Starts the thread that writes. Absent: the one that does what it is told. */
  readonly start?: (task: ThreadTask) => Worker;
};

/** A store that also says how its commits were shared. */
export type SqliteStore = ObservableStore & { stats(): WriterStats };

/**
 * Opens the store in the directory `path`.
 * Throws StoreLocked when another store has the directory open; Error when the directory cannot be used, or was written
 * by a newer version.
 */
export function sqliteStore(options: SqliteOptions): SqliteStore {
  const { path, readers = 4, queueLimit = 4096, groupLimit = 256 } = options;
  const { workLimitMs = defaultWorkLimitMs, commitLimitMs = 10_000, start = startThread } = options;
  const directory = openDataDirectory(path);
  try {
    const connections = Array.from({ length: readers }, () => directory.openReader());
    const pool = readerPool(connections, { queueLimit, deadlines: deadlines(workLimitMs) });
    const thread = commitThread(() => start(directory.task), commitLimitMs);
    const life = lifetime(() => letGo(thread, pool, directory));
    const limits = { queueLimit, groupLimit, workLimitMs };
    const writer = groupWriter(thread, readVerbsOn(directory.keeper), limits, life.leave);
    return {
      read: (work) => life.during(pool.read, work),
      write(work) {
        // The writer says itself when a write is over: a promise less for each.
        const refused = life.enter();
        return refused === undefined ? writer.write(work) : Promise.reject(refused);
      },
      observe: writer.observe,
      stats: writer.stats,
      close: life.close,
    };
  } catch (error) {
    directory.close();
    throw error;
  }
}

/** Where the thread does not end, the lock is kept: the thread may still write. */
async function letGo(thread: CommitThread, pool: ReaderPool, directory: DataDirectory): Promise<void> {
  try {
    await thread.close();
  } finally {
    pool.close();
  }
  directory.close();
}
