// The embedded store: one SQLite database in a directory of its own. One writer with group commit, readers on snapshots,
// one process at a time.

import { lifetime } from './lifetime.ts';
import { type DataDirectory, openDataDirectory } from './sqlite-files.ts';
import { type ReaderPool, readerPool } from './sqlite-readers.ts';
import { writeVerbsOn } from './sqlite-verbs.ts';
import { groupWriter, type WriterStats } from './sqlite-writer.ts';
import type { Store } from './store.ts';
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
};

/** A store that also says how its commits were shared. */
export type SqliteStore = Store & { stats(): WriterStats };

/**
 * Opens the store in the directory `path`.
 * Throws StoreLocked when another store has the directory open; Error when the directory cannot be used, or was written
 * by a newer version.
 */
export function sqliteStore(options: SqliteOptions): SqliteStore {
  const { path, readers = 4, queueLimit = 4096, groupLimit = 256, workLimitMs = defaultWorkLimitMs } = options;
  const directory = openDataDirectory(path);
  try {
    const verbs = writeVerbsOn(directory.writer);
    const writer = groupWriter(directory.writer, verbs, { queueLimit, groupLimit, workLimitMs });
    const connections = Array.from({ length: readers }, () => directory.openReader());
    const pool = readerPool(connections, { queueLimit, workLimitMs });
    const life = lifetime(() => letGo(pool, directory));
    return {
      read: (work) => life.during(() => pool.read(work)),
      write: (work) => life.during(() => writer.write(work)),
      stats: writer.stats,
      close: life.close,
    };
  } catch (error) {
    directory.close();
    throw error;
  }
}

/** The writer goes last: SQLite then moves the log into the database and removes it. */
function letGo(pool: ReaderPool, directory: DataDirectory): void {
  try {
    pool.close();
  } finally {
    directory.close();
  }
}
