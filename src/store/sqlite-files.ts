// The data directory of the SQLite store: who may open it, and what is in it.
// `anyrole.db` holds the documents, `lock.db` nothing: an open transaction on it is the lock, and the operating system
// ends that with the process, however the process ends.

import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ThreadTask } from './sqlite-thread.ts';
import { StoreLocked } from './store.ts';

/** The version of the tables below. A newer one in the file is refused: an older program would damage it. */
export const schemaVersion = 1;

const busyTimeoutMs = 1000; // for another program's glance at the file (a backup); no second server gets this far
const sqliteBusy = 5;

/**
 * One MiB of pages. Ours: room for the upper levels of a tree of gigabytes; the leaves are in the operating system's cache,
 * which all connections share.
 */
const smallCache = 'PRAGMA cache_size = -1024';

/** Statements that make a new connection fit to write. */
const writing = [
  'PRAGMA synchronous = FULL',
  // On macOS fsync alone leaves the bytes in the drive's cache; elsewhere this changes nothing.
  'PRAGMA fullfsync = ON',
  'PRAGMA checkpoint_fullfsync = ON',
  'PRAGMA journal_size_limit = 67108864', // bytes the log shrinks back to after one great write
].join('; ');

/** The open data directory: a connection that stays, and the lock that keeps others out. */
export type DataDirectory = {
  /**
   * The connection that prepared the file. It is the last to be closed: SQLite then moves the log into the database and
   * removes it.
   */
  readonly keeper: DatabaseSync;
  /** A new connection that only reads. Sees every commit made before its transaction begins. */
  openReader(): DatabaseSync;
  /** What the thread that writes is to write to. */
  readonly task: ThreadTask;
  /** Closes the keeper and gives up the lock. All others must be closed before. */
  close(): void;
};

/** Makes the directory and what is missing above it. Node's own `recursive` never returns where mkdir answers ENOENT, as below /proc. */
function makeDirectory(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) return;
  if (dirname(path) !== path) makeDirectory(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/**
 * Opens the directory `path`, creating it (mode 0700) and its files (mode 0600) when absent.
 * Throws StoreLocked when another store, of any process, has it open; Error when it cannot be used, saying why.
 */
export function openDataDirectory(path: string): DataDirectory {
  step(`creating the data directory \`${path}\``, () => makeDirectory(resolve(path)));
  const lock = takeLock(path);
  try {
    const file = join(path, 'anyrole.db');
    const keeper = step(`opening \`${file}\``, () => openKeeper(file));
    return {
      keeper,
      openReader: () => step(`opening \`${file}\``, () => openReader(file)),
      task: { task: 'commit groups', file, setUp: writing, timeout: busyTimeoutMs },
      close: () => closeAll([keeper, lock]),
    };
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** Closes every connection, even when one refuses; then throws the first refusal. */
export function closeAll(connections: readonly DatabaseSync[]): void {
  const failures: unknown[] = [];
  for (const connection of connections) {
    try {
      connection.close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

function takeLock(path: string): DatabaseSync {
  const file = join(path, 'lock.db');
  // INVARIANT: no other code opens lock.db. POSIX drops a process's locks on a file when any descriptor of it closes.
  const lock = step(`opening \`${file}\``, () => connect(file, { timeout: 0 }));
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock.close();
    if (!isBusy(cause)) throw new Error(`locking \`${file}\``, { cause });
    throw new StoreLocked(
      `the data directory \`${path}\` is in use by another server: stop that one, or give this one a directory of its own`,
      { cause },
    );
  }
}

function openKeeper(file: string): DatabaseSync {
  const db = connect(file, { timeout: busyTimeoutMs });
  try {
    // Bytes of a page, of a new file only: an audit event of one or two kilobytes fits without overflow pages.
    db.exec('PRAGMA page_size = 8192');
    const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode;
    if (mode !== 'wal') throw new Error('no write-ahead log is possible here: use a directory on a local disk');
    db.exec(writing);
    db.exec(smallCache);
    prepareSchema(db, file);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A connection that only reads, for whoever has the file open and for whoever only looks. */
export function openReader(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs });
  db.exec(smallCache);
  return db;
}

/** SQLite gives the files it adds (`-wal`, `-shm`) the mode of the database. */
function connect(file: string, options: { readonly timeout: number }): DatabaseSync {
  createPrivate(file);
  return new DatabaseSync(file, options);
}

/** Creates the file unless it is there, which must not be opened here: see takeLock. */
function createPrivate(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    chmodSync(file, 0o600);
  }
}

function prepareSchema(db: DatabaseSync, file: string): void {
  const version = Number(db.prepare('PRAGMA user_version').get()?.user_version);
  if (version > schemaVersion) {
    throw new Error(
      `\`${file}\` was written by a newer anyrole (schema ${version}, this one knows ${schemaVersion}): run that one`,
    );
  }
  if (version === schemaVersion) return;
  // Collation BINARY compares the UTF-8 bytes, which is the order the store promises. The table has row ids, so that an inner
  // page of its tree holds numbers and an inner page of the index keys: without, each holds whole documents, five or six, the
  // tree is deep and a commit writes twice as many pages. Directories of before have it without; every statement reads both.
  db.exec(`
    BEGIN IMMEDIATE;
    CREATE TABLE documents (
      collection TEXT NOT NULL,
      key        TEXT NOT NULL,
      document   TEXT NOT NULL,
      PRIMARY KEY (collection, key)
    ) STRICT;
    PRAGMA user_version = ${schemaVersion};
    COMMIT`);
}

function isBusy(error: unknown): boolean {
  if (!(error instanceof Error && 'errcode' in error)) return false;
  return Number(error.errcode) % 256 === sqliteBusy; // the low byte is the primary result code
}

function step<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
