// What the store knows of the keyring: which keys something stored may need, since when a key seals no more, and how stored
// secrets come under the current key. So a key that is lost is missed at the start, and one that goes is missed by nobody.
import { renewChains } from './audit/opening.ts';
import { type Keyring, nonceBytes, open, type RandomBytes, seal, sealedKeyId } from './keyring.ts';
import { purposes } from './services/call.ts';
import { accessKeys, loginProfiles } from './services/iam/records.ts';
import type { Document, Reader, Store, Writer } from './store/store.ts';

/** As it is stored. */
export type KeyringState = {
  /** The key that seals. */
  readonly current: string;
  /** Keys that something stored may be sealed by. */
  readonly needed: readonly string[];
  /** Since when others seal in their place: ISO 8601, by key id. */
  readonly superseded: Readonly<Record<string, string>>;
};

export type KeyringWorld = {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly randomBytes: RandomBytes;
  readonly now: Date;
};

/** Where it stands. */
export const stateCollection = 'keyring';
export const stateKey = 'state';

/**
 * Seconds after which nothing that a superseded key sealed for a client is valid: the longest session, 36 hours of
 * GetSessionToken, and an hour for clocks. Tokens of pages and messages have no end of their own, and end with the key.
 */
export const sealedSeconds = 37 * 60 * 60;

/** Records that are looked at, and written, in one transaction. */
const together = 100;

/** Everything stored that the keyring sealed, but for the keys of audit chains, which renew themselves. */
const sealedRecords: readonly SealedRecords[] = [
  {
    collection: accessKeys.name,
    purpose: purposes.accessKey,
    member: 'sealedSecret',
  },
  {
    collection: loginProfiles.name,
    purpose: purposes.password,
    member: 'sealedDigests',
  },
];

/** A collection whose records have a sealed member, in base64. */
type SealedRecords = { readonly collection: string; readonly purpose: string; readonly member: string };

/** The state of a store, or undefined where no server has left one. */
export function stateOf(document: unknown): KeyringState | undefined {
  const { current, needed, superseded }: Partial<Record<keyof KeyringState, unknown>> = Object(document);
  if (typeof current !== 'string' || !Array.isArray(needed) || typeof superseded !== 'object') return undefined;
  const instants = Object.entries(superseded ?? {}).filter(([, at]) => typeof at === 'string');
  return { current, needed: needed.map(String), superseded: Object.fromEntries(instants) };
}

/** Keys that something stored may need and the keyring lacks. */
export async function lostKeys({
  store,
  keyring,
}: Pick<KeyringWorld, 'store' | 'keyring'>): Promise<readonly string[]> {
  const state = await store.read(readState);
  const needed = state?.needed ?? [...(await keysInUse(store))];
  return needed.filter((id) => !keyring.keys.has(id));
}

/** Notes, before the keyring seals anything, that its current key may be needed, and that the others seal no more. */
export async function adopt({ store, keyring, now }: KeyringWorld): Promise<KeyringState> {
  const found = await store.read(readState);
  const used = found === undefined ? await keysInUse(store) : new Set(found.needed);
  const { currentKeyId: current } = keyring;
  return store.write(async (writer) => {
    const before = (await readState(writer)) ?? { current, needed: [...used], superseded: {} };
    const others = [...keyring.keys.keys()].filter((id) => id !== current);
    const superseded = Object.fromEntries(others.map((id) => [id, before.superseded[id] ?? now.toISOString()]));
    const state = { current, needed: [...new Set([...before.needed, current])].toSorted(), superseded };
    if (JSON.stringify(state) !== JSON.stringify(await readState(writer))) await putState(writer, state);
    return state;
  });
}

/**
 * Seals anew, under the current key, whatever an old key of the ring sealed; in transactions of a hundred records. Answers
 * how many records that was. A record that changes meanwhile is sealed as it is then.
 */
export async function reseal(world: KeyringWorld): Promise<number> {
  let count = 0;
  for (const kind of sealedRecords) {
    await eachPage(world.store, kind, async (keys) => {
      count += await world.store.write((writer) => resealed(world, writer, kind, keys));
    });
  }
  await renewChains(world);
  return count;
}

/**
 * Notes that nothing stored needs any key but the current one and those that were found in use. To be called when nothing
 * that another key sealed can be on its way to the store.
 */
export async function settle({ store, keyring }: Pick<KeyringWorld, 'store' | 'keyring'>): Promise<KeyringState> {
  const { currentKeyId: current } = keyring;
  const used = await keysInUse(store);
  return store.write(async (writer) => {
    const before = (await readState(writer)) ?? { current, needed: [], superseded: {} };
    if (before.current !== current) return before;
    const state = { ...before, needed: [...used.add(current)].toSorted() };
    await putState(writer, state);
    return state;
  });
}

/** Keys of the ring that may go: superseded for long enough, and needed by nothing stored. */
export function spentKeys({ current, needed, superseded }: KeyringState, now: Date): ReadonlySet<string> {
  const isSpent = (at: string) => now.getTime() - new Date(at).getTime() >= sealedSeconds * 1000;
  const spent = Object.entries(superseded).flatMap(([id, at]) => (isSpent(at) ? [id] : []));
  return new Set(spent.filter((id) => id !== current && !needed.includes(id)));
}

async function readState(reader: Reader): Promise<KeyringState | undefined> {
  return stateOf(await reader.get(stateCollection, stateKey));
}

function putState(writer: Writer, { current, needed, superseded }: KeyringState): Promise<void> {
  return writer.put(stateCollection, stateKey, { current, needed, superseded });
}

/** The ids of keys by which something stored is sealed, whether the ring has them or not; but for audit chains. */
async function keysInUse(store: Store): Promise<Set<string>> {
  const used = new Set<string>();
  for (const kind of sealedRecords) await eachPage(store, kind, async () => {}, used);
  return used;
}

/** Calls `work` with the keys of each page's records. */
async function eachPage(
  store: Store,
  { collection, member }: SealedRecords,
  work: (keys: readonly string[]) => Promise<void>,
  used = new Set<string>(),
): Promise<void> {
  for (let after: string | undefined; ; ) {
    const query = { limit: together, ...(after !== undefined && { after }) };
    const page = await store.read((reader) => reader.list(collection, query));
    for (const { document } of page) {
      const keyId = sealedKeyId(sealedIn(document, member));
      if (keyId !== undefined) used.add(keyId);
    }
    await work(page.map(({ key }) => key));
    if (page.length < together) return;
    after = page.at(-1)?.key;
  }
}

async function resealed(
  { keyring, randomBytes }: KeyringWorld,
  writer: Writer,
  { collection, purpose, member }: SealedRecords,
  keys: readonly string[],
): Promise<number> {
  let count = 0;
  for (const key of keys) {
    const document = await writer.get(collection, key);
    const sealed = sealedIn(document, member);
    if (document === undefined || sealedKeyId(sealed) === keyring.currentKeyId) continue;
    const plaintext = open(keyring, purpose, sealed);
    if (plaintext === undefined) continue; // by a key that is lost: it stays needed, and is named at the next start
    const again = seal(keyring, purpose, plaintext, randomBytes(nonceBytes)).toString('base64');
    await writer.put(collection, key, { ...Object(document), [member]: again });
    count += 1;
  }
  return count;
}

function sealedIn(document: Document | undefined, member: string): Uint8Array {
  return Buffer.from(String(Object(document)[member] ?? ''), 'base64');
}
