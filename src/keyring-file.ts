// The keyring on disk: one file for its owner alone, made at the first start, replaced as a whole, changed by one at a time.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from './config.ts';
import { createKeyring, type Keyring, parseKeyring, type RandomBytes, serializeKeyring } from './keyring.ts';

/** The keyring at `path`; a new one when there is none. The data directory's lock must be held. Throws ConfigError. */
export function keyringFile(path: string, randomBytes: RandomBytes, now: Date): Keyring {
  if (!existsSync(path)) {
    const keyring = createKeyring(randomBytes, now);
    writeWhole(path, serializeKeyring(keyring));
    return keyring;
  }
  return readKeyring(path);
}

/** The keyring at `path`. Throws ConfigError where there is none that can be read. */
export function readKeyring(path: string): Keyring {
  const parsed = parseKeyring(textOf(path));
  if (parsed.ok) return parsed.keyring;
  throw new ConfigError(`\`${path}\`: expected a keyring (${parsed.reason}); restore it from a backup`);
}

/** Milliseconds that a change waits for another process that changes the file. */
const lockMs = 5000;

/**
 * Puts in the place of the keyring at `path` what `change` makes of it, and answers that; one change at a time, of whatever
 * process. The lock is an open transaction on a file beside it, which ends with the process. Throws ConfigError.
 */
export function changeKeyring(path: string, change: (keyring: Keyring) => Keyring): Keyring {
  if (!existsSync(path)) throw new ConfigError(`\`${path}\`: expected a readable file`);
  const lock = `${path}.lock`;
  closeSync(openSync(lock, 'a', 0o600));
  const holder = new DatabaseSync(lock, { timeout: lockMs });
  try {
    holder.exec('BEGIN EXCLUSIVE');
    const keyring = change(readKeyring(path));
    writeWhole(path, serializeKeyring(keyring));
    return keyring;
  } finally {
    holder.close();
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(`\`${path}\`: expected a readable file (${cause instanceof Error ? cause.message : cause})`);
  }
}

/** After a crash the file is the old one or the new one, never half of it. */
export function writeWhole(path: string, text: string): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
