// The keyring on disk: one file for its owner alone, made at the first start, replaced as a whole.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from './config.ts';
import { createKeyring, type Keyring, parseKeyring, type RandomBytes, serializeKeyring } from './keyring.ts';

/** The keyring at `path`; a new one when there is none. The data directory's lock must be held. Throws ConfigError. */
export function keyringFile(path: string, randomBytes: RandomBytes, now: Date): Keyring {
  if (!existsSync(path)) {
    const keyring = createKeyring(randomBytes, now);
    writeWhole(path, serializeKeyring(keyring));
    return keyring;
  }
  const parsed = parseKeyring(textOf(path));
  if (parsed.ok) return parsed.keyring;
  throw new ConfigError(`\`${path}\`: expected a keyring (${parsed.reason}); restore it from a backup`);
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
