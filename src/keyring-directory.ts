// The keyring of a data directory, for whoever looks after it beside a running server: list, rotate, remove.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from './config.ts';
import { type RandomBytes, rotate, withoutKeys } from './keyring.ts';
import { changeKeyring, readKeyring } from './keyring-file.ts';
import { type KeyringState, sealedSeconds, stateCollection, stateKey, stateOf } from './keyring-state.ts';
import { openGlance } from './store/sqlite-glance.ts';

/** One key, without its secret. */
export type ListedKey = {
  readonly id: string;
  readonly created: Date;
  /** `seals`: the current key. `new`: current in the file, and no server has taken it up. `opens`: an older one. */
  readonly state: 'seals' | 'new' | 'opens';
  /** Whether something stored may be sealed by it. */
  readonly needed: boolean;
  /** When the last thing that it sealed for a client ends. Absent while it seals. */
  readonly opensUntil?: Date;
};

/** The keys, eldest first. Throws ConfigError. */
export async function listKeys(dataDir: string): Promise<readonly ListedKey[]> {
  const { currentKeyId, keys } = readKeyring(pathIn(dataDir));
  const state = await stateIn(dataDir);
  const listed = Array.from(keys, ([id, { created }]): ListedKey => {
    const since = state?.superseded[id];
    const current = state?.current === id ? 'seals' : 'new';
    return {
      id,
      created,
      state: id === currentKeyId ? current : 'opens',
      needed: state?.needed.includes(id) ?? true,
      ...(since !== undefined && { opensUntil: new Date(new Date(since).getTime() + sealedSeconds * 1000) }),
    };
  });
  return listed.toSorted((one, other) => one.created.getTime() - other.created.getTime());
}

/** Adds a key that seals from now on, and answers its id. Throws ConfigError. */
export function rotateKeys(dataDir: string, randomBytes: RandomBytes, now: Date): string {
  return changeKeyring(pathIn(dataDir), (keyring) => rotate(keyring, randomBytes, now)).currentKeyId;
}

/** Whether a server has taken up the key. */
export async function isTakenUp(dataDir: string, keyId: string): Promise<boolean> {
  return (await stateIn(dataDir))?.current === keyId;
}

/**
 * Removes an old key. Throws ConfigError for the current one, one that something stored may need, and unless
 * `endsSessions`, one by which sessions that have not ended may be sealed.
 */
export async function removeKey(dataDir: string, keyId: string, endsSessions: boolean, now: Date): Promise<void> {
  const key = (await listKeys(dataDir)).find(({ id }) => id === keyId);
  if (key === undefined)
    throw new ConfigError(`\`${keyId}\`: expected the id of a key; \`anyrole keyring list\` has them`);
  if (key.state !== 'opens') throw new ConfigError(`key \`${keyId}\` seals: rotate before it is removed`);
  if (key.needed)
    throw new ConfigError(`key \`${keyId}\` may be needed by stored secrets: a running server seals them anew`);
  const until = key.opensUntil;
  if (!endsSessions && (until === undefined || until > now)) {
    const end = until === undefined ? '' : ` until ${until.toISOString()}`;
    throw new ConfigError(
      `key \`${keyId}\` may have sealed sessions that are valid${end}: give --end-sessions to end them`,
    );
  }
  changeKeyring(pathIn(dataDir), (keyring) => withoutKeys(keyring, new Set([keyId])));
}

function pathIn(dataDir: string): string {
  return join(dataDir, 'keyring.json');
}

async function stateIn(dataDir: string): Promise<KeyringState | undefined> {
  if (!existsSync(join(dataDir, 'anyrole.db'))) return undefined;
  const glance = openGlance(dataDir);
  try {
    const text = await glance.read((rows) => rows.get(stateCollection, stateKey));
    return text === undefined ? undefined : stateOf(JSON.parse(text));
  } finally {
    glance.close();
  }
}
