// A copy of the database as it was at one moment, made beside whoever writes to it; and whether a copy is whole.
import { closeSync, fsyncSync, openSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { openReader, schemaVersion } from './sqlite-files.ts';

/** The database's name in a data directory. */
export const databaseName = 'anyrole.db';

/** Pages of one step. All in one: between two steps another process's commit would make SQLite begin again. */
const allPages = 2 ** 31 - 1;

/**
 * Copies the database `from` to `to`, which must not exist: one file, for its owner alone, durable. What was committed before
 * is in it, and of what is committed meanwhile all or nothing. The writer is not held up, its log grows meanwhile.
 */
export async function copyDatabase(from: string, to: string): Promise<void> {
  closeSync(openSync(to, 'wx', 0o600));
  const source = openReader(from);
  try {
    await backup(source, to, { rate: allPages });
  } finally {
    source.close();
  }
  const copy = new DatabaseSync(to);
  try {
    copy.exec('PRAGMA journal_mode = DELETE'); // so that no file beside it is part of it
  } finally {
    copy.close();
  }
  const file = openSync(to, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Throws Error where the database is damaged, or was written by a newer version. It must not be in use. */
export function checkDatabase(path: string): void {
  const copy = new DatabaseSync(path, { readOnly: true });
  try {
    const version = Number(copy.prepare('PRAGMA user_version').get()?.user_version);
    if (version !== schemaVersion) throw new Error(`the database has schema ${version}, not ${schemaVersion}`);
    const said = copy.prepare('PRAGMA integrity_check(1)').get()?.integrity_check;
    if (said !== 'ok') throw new Error(`the database is damaged: ${said}`);
  } finally {
    copy.close();
  }
}
