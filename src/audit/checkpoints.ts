// Checkpoints: every so often the head of the chain is signed and kept, and told to whoever keeps it elsewhere. What
// stands elsewhere is what a roll-back of the whole store is found by.
import type { Store } from '../store/store.ts';
import { type AuditChain, linkKey } from './chain.ts';
import type { Signer, Statement } from './statements.ts';

/** Checkpoints by chain and place. */
export const checkpointCollection = 'audit/checkpoints';

export const checkpointKey = linkKey;

/** Events after which a checkpoint is due, and milliseconds after which one is where anything new stands in the chain. */
const dueEvents = 10_000;
const dueMs = 60_000;
/** Milliseconds between two looks at whether one is due. */
const lookEveryMs = 1000;

export type Checkpointer = {
  /** Looks every second whether one is due. */
  start(): void;
  /** Signs the head now, unless nothing was written since the last time. */
  sign(): Promise<void>;
  /** Signs the head a last time. */
  close(): Promise<void>;
};

export type CheckpointerTraits = {
  readonly store: Store;
  readonly chain: AuditChain;
  readonly signer: Signer;
  now(): Date;
  /** Calls `work` some milliseconds later, unless what it returns is called before. */
  later(work: () => void, ms: number): () => void;
  /** Keeps each checkpoint elsewhere, too. Where it rejects, the next one is due in a minute though nothing be new. */
  written(checkpoint: Statement): Promise<void> | void;
  failed(cause: unknown): void;
};

export function checkpointer(traits: CheckpointerTraits): Checkpointer {
  const { store, chain, signer, now, later } = traits;
  let signedSequence: number | undefined;
  let signedAt = now().getTime();
  let signing: Promise<void> = Promise.resolve();
  let stop = () => {};
  let isClosed = false;

  const signHead = async () => {
    const time = now();
    const checkpoint = await store.write(async (writer) => {
      const head = await chain.head(writer);
      if (head.sequence === signedSequence) return undefined;
      const made = signer.sign('checkpoint', head, time);
      await writer.put(checkpointCollection, checkpointKey(chain.id, head.sequence), made);
      return made;
    });
    signedAt = time.getTime();
    if (checkpoint === undefined) return;
    await traits.written(checkpoint);
    signedSequence = checkpoint.sequence;
  };
  const sign = () => {
    signing = signing.catch(() => {}).then(signHead);
    return signing;
  };
  const isDue = () => {
    const news = chain.length() - (signedSequence ?? 0);
    return news >= dueEvents || (news > 0 && now().getTime() - signedAt >= dueMs);
  };
  const look = () => {
    const done = isDue() ? sign().catch(traits.failed) : Promise.resolve();
    void done.then(() => {
      if (!isClosed) stop = later(look, lookEveryMs);
    });
  };
  return {
    start() {
      stop = later(look, lookEveryMs);
    },
    sign,
    close() {
      isClosed = true;
      stop();
      return sign();
    },
  };
}
