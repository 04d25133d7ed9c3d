// Retention: the oldest events go, by age or by size, in small transactions. A signed mark says where the chain was cut, so
// that what is left verifies; only what a checkpoint covers goes, and nothing that no longer fits the chain: that is
// evidence.
import type { Store, Writer } from '../store/store.ts';
import { auditCollection } from '../telemetry/audit.ts';
import {
  type AuditChain,
  genesis,
  type Head,
  type Link,
  linkCollection,
  linkKey,
  linksOf,
  type Place,
  placeAfter,
  placedKey,
} from './chain.ts';
import { checkpointCollection, checkpointKey } from './checkpoints.ts';
import { isSigned, type Signer, statementOf } from './statements.ts';

/** The mark of where a chain was cut, by chain. */
export const cutCollection = 'audit/cuts';

/** What is kept. A bound that is absent bounds nothing. */
export type RetentionBounds = {
  /** Milliseconds since the request began. */
  readonly ageMs?: number;
  /** Characters of keys and events. */
  readonly characters?: number;
};

/** Events after which one transaction takes no more: some milliseconds. */
const stepEvents = 100;
/** Checkpoints of removed places that go in one transaction. */
const stepCheckpoints = 100;
/** Milliseconds until the next transaction, where more is to go and where nothing is. */
const pauseMs = 20;
const lookEveryMs = 60_000;

type Traits = {
  readonly store: Store;
  readonly chain: AuditChain;
  readonly signer: Signer;
  readonly bounds: RetentionBounds;
  now(): Date;
};

/** What one transaction did, and whether more may be to go. */
export type Step = { readonly removed: number; readonly isMore: boolean };

/** Removes some of the oldest events, if any are to go. Rejects where the log is not whole there: then nothing goes. */
export async function removeOldest({ store, chain, signer, bounds, now }: Traits): Promise<Step> {
  const time = now();
  const step = async (writer: Writer): Promise<Step> => {
    const head = await chain.head(writer);
    const begin = await cutPlace(writer, chain.id, signer);
    let place = begin;
    let isMore = false;
    const query = { prefix: `${chain.id}/`, after: linkKey(chain.id, begin.sequence), limit: stepEvents };
    for (const { key, document } of await writer.list(linkCollection, query)) {
      isMore = place.sequence - begin.sequence >= stepEvents;
      const links = linksOf(document);
      if (isMore || links === undefined || !isDue(links, place, head, bounds, time)) break;
      if (!(await isCovered(writer, chain.id, key))) break;
      place = await removeLinks(writer, chain.id, place, links);
      await writer.delete(linkCollection, key);
    }
    const removed = place.sequence - begin.sequence;
    if (removed === 0) return { removed, isMore: false };
    await removeCheckpoints(writer, chain.id, place.sequence);
    await writer.put(cutCollection, chain.id, signer.sign('cut', place, time));
    return { removed, isMore };
  };
  return store.write(step);
}

/** Where the chain begins now. */
async function cutPlace(writer: Writer, chain: string, { publicKey }: Signer): Promise<Place> {
  const document = await writer.get(cutCollection, chain);
  if (document === undefined) return genesis(chain);
  const cut = statementOf(document);
  if (cut?.statement !== 'cut' || cut.chain !== chain || !isSigned(cut, publicKey)) {
    throw new Error(`the mark of where the audit chain ${chain} was cut is not the server's`);
  }
  return cut;
}

/** Whether all of these are too old, or the log is too large with them. */
function isDue(links: readonly Link[], before: Place, head: Head, bounds: RetentionBounds, now: Date): boolean {
  const { ageMs, characters } = bounds;
  if (characters !== undefined && head.characters - before.characters > characters) return true;
  if (ageMs === undefined) return false;
  const eldest = new Date(now.getTime() - ageMs).toISOString();
  return links.every(({ key }) => (key.split('/')[1] ?? '') < eldest);
}

/** Whether a checkpoint stands at the last place of these links, whose key this is, or after it. */
async function isCovered(writer: Writer, chain: string, key: string): Promise<boolean> {
  const last = Number(key.slice(-16));
  const query = { prefix: `${chain}/`, after: checkpointKey(chain, last - 1), limit: 1 };
  return (await writer.list(checkpointCollection, query)).length > 0;
}

async function removeLinks(writer: Writer, chain: string, from: Place, links: readonly Link[]): Promise<Place> {
  let place = from;
  for (const { sequence, key, hash } of links) {
    const stored = placedKey(key, chain, sequence);
    const document = await writer.get(auditCollection, stored);
    place = placeAfter(place, key, JSON.stringify(document) ?? '');
    if (place.sequence !== sequence || place.hash !== hash) {
      throw new Error(`the audit chain ${chain} is not whole at place ${sequence}: see \`anyrole audit verify\``);
    }
    await writer.delete(auditCollection, stored);
  }
  return place;
}

async function removeCheckpoints(writer: Writer, chain: string, before: number): Promise<void> {
  const found = await writer.list(checkpointCollection, { prefix: `${chain}/`, limit: stepCheckpoints });
  for (const { key } of found) if (key < checkpointKey(chain, before)) await writer.delete(checkpointCollection, key);
}

export type Retention = {
  start(): void;
  /** Waits for the transaction under way. */
  close(): Promise<void>;
  /** Events removed since the start. */
  removed(): number;
};

/** Removes what is to go in the background, a little at a time. */
export function retention(
  traits: Traits & {
    /** Calls `work` some milliseconds later, unless what it returns is called before. */
    later(work: () => void, ms: number): () => void;
    failed(cause: unknown): void;
  },
): Retention {
  const { later, failed } = traits;
  let removed = 0;
  let isClosed = false;
  let stop = () => {};
  let step: Promise<void> = Promise.resolve();

  const again = (ms: number) => {
    if (!isClosed) stop = later(take, ms);
  };
  const take = () => {
    step = removeOldest(traits).then(
      (done) => {
        removed += done.removed;
        again(done.isMore ? pauseMs : lookEveryMs);
      },
      (cause) => {
        failed(cause);
        again(lookEveryMs);
      },
    );
  };
  return {
    start: () => again(lookEveryMs),
    close() {
      isClosed = true;
      stop();
      return step;
    },
    removed: () => removed,
  };
}
