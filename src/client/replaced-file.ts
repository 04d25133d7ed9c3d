// A file that is replaced whole, under a lock that dies with its holder: who reads it finds the old content or the new,
// and of two that change it at once the second sees what the first wrote.
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Of a file that did not exist. Ours: whoever else may read it is the owner's decision, made afterwards. */
const newMode = 0o600;

/** Of folders that did not exist. */
const folderMode = 0o700;

/**
 * Replaces the file's content with `change` of the old one, undefined where there is no file. A symbolic link is followed;
 * an old file's mode and owner are kept, a new file is 0600 and folders on the way to it 0700. On a failure the old file
 * is as it was. Rejects with the file system's error, or LockError when others hold the file for `patienceMs`.
 */
export async function changeFile(
  path: string,
  change: (old: Buffer | undefined) => Uint8Array,
  patienceMs = 10_000,
): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: folderMode });
  const target = targetOf(path);
  await locked(target, () => replace(target, change(contentOf(target))), patienceMs);
}

/** Others keep the lock of a file. */
export class LockError extends Error {
  override readonly name = 'LockError';
}

/**
 * What `work` returns, run while nobody else on this machine runs theirs for the same path. The lock is the operating
 * system's, on a file `PATH.lock` that stays and is empty: it ends with the process, so that none is ever stale.
 */
export async function locked<T>(path: string, work: () => T | Promise<T>, patienceMs = 10_000): Promise<T> {
  // Loaded late: who only reads needs no lock.
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(`${path}.lock`);
  try {
    chmodSync(`${path}.lock`, newMode);
    for (let waitedMs = 0; !taken(database); waitedMs += lockPauseMs) {
      if (waitedMs >= patienceMs) throw new LockError(`\`${path}\` is locked by another process; try again later`);
      await sleep(lockPauseMs);
    }
    return await work();
  } finally {
    database.close();
  }
}

const lockPauseMs = 20;

// SQLite is used for its lock alone, which it has on every platform; nothing is ever written.
function taken(database: { exec(sql: string): void }): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (cause) {
    // Spec: https://www.sqlite.org/rescode.html, SQLITE_BUSY
    if (cause instanceof Error && 'errcode' in cause && cause.errcode === 5) return false;
    throw cause;
  }
}

function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    if (isAbsent(cause)) return path;
    throw cause;
  }
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    throw cause;
  }
}

/** Whether the file system's error says that there is no such file. */
export function isAbsent(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}

/** Replaces the file whole, now. For the holder of its lock: the name that it is written under first is always the same. */
export function replace(path: string, content: Uint8Array): void {
  // What a crash left is in nobody's use.
  const temporary = `${path}.new`;
  const old = statSync(path, { throwIfNoEntry: false });
  rmSync(temporary, { force: true });
  try {
    writeDurably(temporary, content, old);
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cause;
  }
  syncFolder(dirname(path));
}

function writeDurably(path: string, content: Uint8Array, old: Stats | undefined): void {
  const file = openSync(path, 'wx', newMode);
  try {
    for (let at = 0; at < content.length; ) at += writeSync(file, content, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (old === undefined) return;
  if (old.uid !== process.getuid?.() || old.gid !== process.getgid?.()) chownSync(path, old.uid, old.gid);
  chmodSync(path, old.mode & 0o7777);
}

function syncFolder(path: string): void {
  // Windows opens no folders, and keeps renames without being asked.
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
