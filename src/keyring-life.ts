// The keyring of a running server: it looks at its file, takes up a new key without a restart, brings stored secrets under
// it in the background, and removes old keys when nothing that they sealed can be valid any more.
import { statSync } from 'node:fs';
import { ConfigError } from './config.ts';
import { type Keyring, liveKeyring, type RandomBytes, withoutKeys } from './keyring.ts';
import { changeKeyring, keyringFile, readKeyring } from './keyring-file.ts';
import { adopt, lostKeys, reseal, settle, spentKeys } from './keyring-state.ts';
import type { Store } from './store/store.ts';
import type { Log } from './telemetry/log.ts';

export type KeyringTraits = {
  /** Of keyring.json. */
  readonly path: string;
  readonly store: Store;
  readonly randomBytes: RandomBytes;
  readonly now: () => Date;
  readonly log: Log;
};

export type KeyringLife = {
  readonly keyring: Keyring;
  /** Looks at the file, and does what is due. To be called every `lookMs` milliseconds; one at a time. Never rejects. */
  look(): Promise<void>;
  /** Resolves when what is under way is done. */
  settled(): Promise<void>;
};

/** Milliseconds between two looks. */
export const lookMs = 1000;
/** Milliseconds after a change in which something that the key before sealed may still be on its way to the store. */
const inFlightMs = 60_000;

/**
 * The keyring of the file, or a new one; the store is told that its key may be needed. Throws ConfigError where the file is
 * none, or lacks a key by which something stored is sealed. The data directory's lock must be held.
 */
export async function openKeyring({ path, store, randomBytes, now, log }: KeyringTraits): Promise<KeyringLife> {
  const live = liveKeyring(keyringFile(path, randomBytes, now()));
  const { keyring } = live;
  const world = () => ({ store, keyring, randomBytes, now: now() });
  const lost = await lostKeys({ store, keyring });
  if (lost.length > 0) throw new ConfigError(`\`${path}\`: ${lacks(lost)}; restore it from a backup`);
  let state = await adopt(world());
  let seen = markOf(path);
  let adoptedAt = Number.NEGATIVE_INFINITY; // at a start nothing is on its way
  let tidyAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | undefined;

  /** What the file says now: first the store is told, then it is used. Throws ConfigError where it may not be used. */
  const takeUp = async () => {
    seen = markOf(path);
    const next = readKeyring(path);
    const lost = await lostKeys({ store, keyring: next });
    if (lost.length > 0) throw new ConfigError(`\`${path}\`: ${lacks(lost)}`);
    const before = keyring.currentKeyId;
    state = await adopt({ ...world(), keyring: next });
    live.replace(next);
    if (before === next.currentKeyId) return;
    adoptedAt = now().getTime();
    tidyAt = adoptedAt;
    log.info({ keyId: next.currentKeyId, before }, 'another key seals from now on');
  };
  const tidy = async () => {
    if (state.needed.some((id) => id !== keyring.currentKeyId)) {
      const count = await reseal(world());
      if (count > 0)
        log.info({ keyId: keyring.currentKeyId, count }, 'stored secrets are sealed under the current key');
      if (now().getTime() - adoptedAt >= inFlightMs) state = await settle({ store, keyring });
    }
    const spent = spentKeys(state, now());
    if (spent.size === 0) return;
    changeKeyring(path, (found) => withoutKeys(found, spent));
    await takeUp(); // somebody may have rotated in between
    log.info({ keyIds: [...spent] }, 'keys that nothing needs any more are gone from the keyring');
  };
  const look = async () => {
    try {
      if (markOf(path) !== seen) await takeUp();
      if (now().getTime() < tidyAt) return;
      tidyAt = now().getTime() + inFlightMs;
      await tidy();
    } catch (cause) {
      // A file that is wrong is so until it is changed; a store that refuses may take it the next time.
      if (!(cause instanceof ConfigError)) seen = '';
      log.error({ cause: cause instanceof Error ? cause.message : String(cause) }, 'the keyring is as it was');
    }
  };
  return {
    keyring,
    look() {
      underWay ??= look().finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
    settled: async () => underWay,
  };
}

function lacks(lost: readonly string[]): string {
  return `lacks ${lost.map((id) => `key ${id}`).join(', ')}, by which stored secrets are sealed`;
}

/** What changes whenever the file is replaced. */
function markOf(path: string): string {
  const { ino, mtimeMs, size } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return `${ino} ${mtimeMs} ${size}`;
}
