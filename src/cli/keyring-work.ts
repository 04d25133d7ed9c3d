// What `anyrole keyring` does: the keys of a data directory, beside a running server or without one.
import { randomBytes } from 'node:crypto';
import { setTimeout as later } from 'node:timers/promises';
import { isTakenUp, listKeys, removeKey, rotateKeys } from '../keyring-directory.ts';

/** Milliseconds that `rotate` waits for a server to take the key up, and between two looks. */
const patienceMs = 5000;
const lookMs = 200;

/** Prints a line for each key. Throws ConfigError. */
export async function list(dataDir: string): Promise<void> {
  for (const { id, created, state, needed, opensUntil } of await listKeys(dataDir)) {
    const facts = [
      `created ${created.toISOString()}`,
      ...(opensUntil === undefined ? [] : [`for sessions until ${opensUntil.toISOString()}`]),
      ...(state === 'opens' && needed ? ['for stored secrets'] : []),
      ...(state === 'new' ? ['no server has taken it up'] : []),
    ];
    process.stdout.write(`${id}  ${state.padEnd(5)}  ${facts.join(', ')}\n`);
  }
}

/** Adds a key, and says whether a server seals with it. Throws ConfigError. */
export async function rotate(dataDir: string): Promise<void> {
  const keyId = rotateKeys(dataDir, randomBytes, new Date());
  const end = Date.now() + patienceMs;
  while (!(await isTakenUp(dataDir, keyId)) && Date.now() < end) await later(lookMs);
  const now = (await isTakenUp(dataDir, keyId))
    ? 'the server seals with it'
    : 'it seals from the next start of a server';
  process.stdout.write(`key ${keyId} is added, and ${now}\n`);
}

/** Removes a key. Throws ConfigError where it may not go. */
export async function remove(dataDir: string, keyId: string, endsSessions: boolean): Promise<void> {
  await removeKey(dataDir, keyId, endsSessions, new Date());
  process.stdout.write(`key ${keyId} is removed\n`);
}
