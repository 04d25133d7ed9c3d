// A data directory as it was at one moment, copied beside a running server, and put back into a new place. Nothing is called
// a backup, and nothing a data directory, before it was read again and found whole.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { verifyDirectory } from './audit-directory.ts';
import { auditFileName } from './audit-file.ts';
import { ConfigError } from './config.ts';
import { readKeyring, writeWhole } from './keyring-file.ts';
import { stateCollection, stateKey, stateOf } from './keyring-state.ts';
import { checkDatabase, copyDatabase, databaseName } from './store/sqlite-copy.ts';
import { openGlance } from './store/sqlite-glance.ts';

/** What a backup says of itself. */
export type Manifest = {
  readonly version: 1;
  /** ISO 8601: before it was begun. What was acknowledged until then is in it. */
  readonly createdAt: string;
  readonly withKeyring: boolean;
  /** Paths relative to the backup, with bytes and SHA-256 in lower-case hex. */
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
};

/** What was found whole. */
export type Whole = Manifest & {
  /** Events of the audit log that its chains vouch for. */
  readonly events: number;
};

const manifestName = 'backup.json';
const keyringName = 'keyring.json';
const listsName = 'crl-sources';
const chunkBytes = 1024 * 1024;

/**
 * Copies the data directory into `to`, a directory that is not there or empty, and verifies the copy. The server may run.
 * Throws ConfigError where either cannot be used, and Error where the copy is not whole; then nothing is left.
 */
export async function backUp(dataDir: string, to: string, withKeyring: boolean, now: Date): Promise<Whole> {
  if (!existsSync(join(dataDir, databaseName))) {
    throw new ConfigError(`--data-dir \`${dataDir}\`: expected the data directory of a server`);
  }
  return madeWhole('--to', to, async (draft) => {
    await copyDatabase(join(dataDir, databaseName), join(draft, databaseName));
    // After the database: a key that it may need was in the file before it sealed anything.
    const names = [auditFileName, ...(withKeyring ? [keyringName] : []), ...listsOf(dataDir)];
    for (const name of names) copyFile(join(dataDir, name), join(draft, name));
    const files = [databaseName, ...names].filter((name) => existsSync(join(draft, name))).map(describedIn(draft));
    const manifest: Manifest = { version: 1, createdAt: now.toISOString(), withKeyring, files };
    writeWhole(join(draft, manifestName), `${JSON.stringify(manifest, undefined, 2)}\n`);
    return { ...manifest, events: await checked(draft) };
  });
}

/**
 * Makes the data directory `dataDir`, which is not there or empty, of the backup `from`; `keyringFile` in the place of the
 * keyring that the backup may lack. Throws ConfigError where any of them cannot be used, Error where what comes out is not
 * whole; then nothing is left.
 */
export async function restore(from: string, dataDir: string, keyringFile: string | undefined): Promise<Whole> {
  const manifest = manifestIn(from);
  if (!manifest.withKeyring && keyringFile === undefined) {
    throw new ConfigError(`--from \`${from}\`: the backup has no keyring: give --keyring`);
  }
  return madeWhole('--data-dir', dataDir, async (draft) => {
    const wanted = manifest.files.filter(({ path }) => path !== keyringName || keyringFile === undefined);
    for (const { path, bytes, sha256 } of wanted) {
      if (!existsSync(join(from, path))) throw new ConfigError(`--from \`${from}\`: \`${path}\` is missing`);
      copyFile(join(from, path), join(draft, path));
      const found = describedIn(draft)(path);
      if (found.bytes !== bytes || found.sha256 !== sha256) {
        throw new ConfigError(`--from \`${from}\`: \`${path}\` is not as it was backed up`);
      }
    }
    if (keyringFile !== undefined) {
      readKeyring(keyringFile);
      copyFile(keyringFile, join(draft, keyringName));
    }
    return { ...manifest, events: await checked(draft) };
  });
}

/** Fills a draft beside the place and gives it its name when `fill` is done. */
async function madeWhole(flag: string, place: string, fill: (draft: string) => Promise<Whole>): Promise<Whole> {
  const path = resolve(place);
  if (existsSync(path) && (!statSync(path).isDirectory() || readdirSync(path).length > 0)) {
    throw new ConfigError(`${flag} \`${place}\`: expected a directory that is not there or empty`);
  }
  const draft = join(dirname(path), `.${basename(path)}.draft-${process.pid}`);
  try {
    mkdirSync(draft, { mode: 0o700 });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new ConfigError(`${flag} \`${place}\`: cannot be made (${code})`);
  }
  try {
    const whole = await fill(draft);
    synced(draft);
    // An empty directory gives way; its mode may have been anybody's.
    renameSync(draft, path);
    chmodSync(path, 0o700);
    synced(dirname(path));
    return whole;
  } catch (cause) {
    rmSync(draft, { recursive: true, force: true });
    throw cause;
  }
}

/** Whether the directory is whole: its database, its keys, its audit log. Answers the events; throws Error with the fault. */
async function checked(directory: string): Promise<number> {
  checkDatabase(join(directory, databaseName));
  const lost = existsSync(join(directory, keyringName)) ? await lostIn(directory) : [];
  if (lost.length > 0) throw new Error(`the keyring lacks key ${lost.join(', ')}, by which stored secrets are sealed`);
  let first: string | undefined;
  const { findings, chains } = await verifyDirectory(directory, {
    report({ finding, detail }) {
      first ??= `${finding}: ${detail}`;
    },
  });
  if (findings > 0) throw new Error(`the audit log is not whole (${first}): see \`anyrole audit verify\``);
  return chains.reduce((sum, { events }) => sum + events, 0);
}

/** Keys that something stored may need and the keyring lacks. */
async function lostIn(directory: string): Promise<readonly string[]> {
  const { keys } = readKeyring(join(directory, keyringName));
  const glance = openGlance(directory);
  try {
    const text = await glance.read((rows) => rows.get(stateCollection, stateKey));
    const needed = text === undefined ? [] : (stateOf(JSON.parse(text))?.needed ?? []);
    return needed.filter((id) => !keys.has(id));
  } finally {
    glance.close();
  }
}

/** The manifest. Throws ConfigError where there is none, or one that names what no backup has. */
function manifestIn(from: string): Manifest {
  const refused = new ConfigError(`--from \`${from}\`: expected a backup, as \`anyrole backup\` makes it`);
  try {
    // The form is looked at below; a member that is none of it is not used.
    const manifest = JSON.parse(readFileSync(join(from, manifestName), 'utf8')) as Manifest;
    const isKnown = ({ path }: { readonly path: string }) =>
      [databaseName, auditFileName, keyringName].includes(path) || /^crl-sources\/[0-9a-f]{64}\.crl$/.test(path);
    const { version, files } = manifest;
    if (version === 1 && files.every(isKnown) && files.some(({ path }) => path === databaseName)) return manifest;
  } catch {
    throw refused;
  }
  throw refused;
}

/** The last good lists, which a server replaces one at a time and whole. */
function listsOf(dataDir: string): readonly string[] {
  const directory = join(dataDir, listsName);
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => /^[0-9a-f]{64}\.crl$/.test(name));
  return names.map((name) => `${listsName}/${name}`);
}

/** Copies a file, for its owner alone, and makes it durable. One that is gone meanwhile, as a list may be, is left out. */
function copyFile(from: string, to: string): void {
  if (!existsSync(from)) return;
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  const target = openSync(to, 'wx', 0o600);
  try {
    for (const chunk of chunksOf(from)) writeSync(target, chunk);
    fsyncSync(target);
  } finally {
    closeSync(target);
  }
  synced(dirname(to));
}

function describedIn(directory: string) {
  return (path: string) => {
    const digest = createHash('sha256');
    let bytes = 0;
    for (const chunk of chunksOf(join(directory, path))) {
      digest.update(chunk);
      bytes += chunk.length;
    }
    return { path, bytes, sha256: digest.digest('hex') };
  };
}

function* chunksOf(path: string): Generator<Uint8Array> {
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(chunkBytes);
    for (let size = readSync(file, chunk); size > 0; size = readSync(file, chunk)) yield chunk.subarray(0, size);
  } finally {
    closeSync(file);
  }
}

function synced(directory: string): void {
  const file = openSync(directory, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
