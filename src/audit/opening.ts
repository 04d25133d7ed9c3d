// The chain that a server writes: found again at its start, or begun where there is none. Its identity stands in the store,
// with the signing key sealed; its name stands besides with the data directory, so that somebody who can write to the
// database alone cannot begin another in its place unnoticed.
import { Buffer } from 'node:buffer';
import type { KeyObject } from 'node:crypto';
import {
  isSealedByCurrentKey,
  isTagOf,
  type Keyring,
  nonceBytes,
  open,
  type RandomBytes,
  seal,
  tagOf,
} from '../keyring.ts';
import type { Reader, Store, Writer } from '../store/store.ts';
import { type AuditChain, auditChain, genesis, type HeadTags, headCollection, headOf, headText } from './chain.ts';
import { checkpointCollection, checkpointKey } from './checkpoints.ts';
import { type Signer, seedBytes, signerOf } from './statements.ts';

/** Identities of chains, by their names. */
export const chainCollection = 'audit/chains';

/** Who a chain is. What was written before `startedAt` stands in no chain. */
export type ChainIdentity = {
  readonly chain: string;
  readonly startedAt: string;
  /** The seed of the signing key, sealed; base64. */
  readonly sealedKey: string;
};

/** A chain that is ready to be written. */
export type OpenChain = { readonly chain: AuditChain; readonly signer: Signer };

export type Opened =
  | ({ readonly ok: true } & OpenChain)
  | {
      readonly ok: false;
      /** `keyLost`: no key of the ring opens what the chain signs with. */
      readonly reason: 'chainMissing' | 'headAltered' | 'keyLost';
    };

type World = {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly randomBytes: RandomBytes;
  readonly now: Date;
};

const tagPurpose = 'audit-head';
const sealPurpose = 'audit-key';
/** Chains that are looked through at most: there is one for each time that an operator began another. */
const maxChains = 1000;

/** Tags of heads under the keyring. */
export function headTags(keyring: Keyring): HeadTags {
  return {
    of: (text) => tagOf(keyring, tagPurpose, text),
    holds: (text, tag) => isTagOf(keyring, tagPurpose, text, tag),
  };
}

/**
 * The chain `named`, or why it cannot be gone on with. Without a name: the youngest chain of the store that is whole, and
 * where there is none a new one. INVARIANT: nobody else writes to the store.
 */
export async function openChain(world: World, named: string | undefined): Promise<Opened> {
  return world.store.write(async (writer) => {
    if (named !== undefined) return reopened(world, writer, await identityIn(writer, named));
    const identities = await identitiesIn(writer);
    for (const identity of identities.toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1))) {
      const found = await reopened(world, writer, identity);
      if (found.ok) return found;
    }
    return begun(world, writer);
  });
}

/** Seals the signing keys of all chains anew, and tags their heads, under the current key; those that a key opens. */
export async function renewChains(world: World): Promise<void> {
  await world.store.write(async (writer) => {
    for (const identity of await identitiesIn(writer)) await reopened(world, writer, identity);
  });
}

async function reopened(world: World, writer: Writer, identity: ChainIdentity | undefined): Promise<Opened> {
  const { keyring } = world;
  if (identity === undefined) return { ok: false, reason: 'chainMissing' };
  const { chain } = identity;
  const head = headOf(await writer.get(headCollection, chain));
  if (head === undefined) return { ok: false, reason: 'chainMissing' };
  const sealed = Buffer.from(identity.sealedKey, 'base64');
  const seed = open(keyring, sealPurpose, sealed);
  if (seed === undefined) return { ok: false, reason: 'keyLost' };
  const tags = headTags(keyring);
  if (!tags.holds(headText(chain, head), head.tag)) return { ok: false, reason: 'headAltered' };
  // What an old key sealed is sealed again, so that the old key may one day go.
  if (!isSealedByCurrentKey(keyring, sealed))
    await writer.put(chainCollection, chain, sealedIdentity(world, identity, seed));
  await writer.put(headCollection, chain, { ...head, tag: tags.of(headText(chain, head)) });
  return { ok: true, chain: auditChain(chain, tags), signer: signerOf(chain, seed) };
}

async function begun(world: World, writer: Writer): Promise<Opened> {
  const { randomBytes, keyring, now } = world;
  const chain = Buffer.from(randomBytes(8)).toString('hex');
  const seed = randomBytes(seedBytes);
  const signer = signerOf(chain, seed);
  const tags = headTags(keyring);
  const first = genesis(chain);
  const startedAt = now.toISOString();
  await writer.put(chainCollection, chain, sealedIdentity(world, { chain, startedAt, sealedKey: '' }, seed));
  await writer.put(headCollection, chain, { ...first, tag: tags.of(headText(chain, first)) });
  await writer.put(checkpointCollection, checkpointKey(chain, 0), signer.sign('checkpoint', first, now));
  return { ok: true, chain: auditChain(chain, tags), signer };
}

function sealedIdentity({ keyring, randomBytes }: World, identity: ChainIdentity, seed: Uint8Array): ChainIdentity {
  const sealedKey = seal(keyring, sealPurpose, seed, randomBytes(nonceBytes)).toString('base64');
  return { ...identity, sealedKey };
}

/** The public key of a chain, if the keyring opens its private one. */
export function publicKeyOf(keyring: Keyring, { chain, sealedKey }: ChainIdentity): KeyObject | undefined {
  return signerFor(keyring, { chain, sealedKey })?.publicKey;
}

/** The signer of a chain, if the keyring opens its key. */
export function signerFor(
  keyring: Keyring,
  { chain, sealedKey }: Pick<ChainIdentity, 'chain' | 'sealedKey'>,
): Signer | undefined {
  const seed = open(keyring, sealPurpose, Buffer.from(sealedKey, 'base64'));
  return seed?.length === seedBytes ? signerOf(chain, seed) : undefined;
}

async function identityIn(reader: Reader, chain: string): Promise<ChainIdentity | undefined> {
  return identityOf(chain, await reader.get(chainCollection, chain));
}

async function identitiesIn(reader: Reader): Promise<readonly ChainIdentity[]> {
  const entries = await reader.list(chainCollection, { limit: maxChains });
  return entries.flatMap(({ key, document }) => identityOf(key, document) ?? []);
}

/** The identity that stands under a chain's name, or undefined for what has not the form of one. */
export function identityOf(chain: string, document: unknown): ChainIdentity | undefined {
  const { startedAt, sealedKey } = Object(document);
  if (typeof startedAt !== 'string' || typeof sealedKey !== 'string') return undefined;
  return { chain, startedAt, sealedKey };
}
