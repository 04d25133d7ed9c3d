// Records what changed nothing: reads and refusals. They wait in a bounded queue and are written together a moment later;
// what changed something is recorded with the change itself, in its transaction. Nothing is dropped: where the queue is
// full, whoever asks waits for room, and is refused where none comes.
import type { AuditEntry } from './audit.ts';

export type Recorder = {
  /**
   * Takes the entry: at once, undefined; where the queue is full, when there is room. Rejects with RecorderFull where none
   * came in time, where too many wait for it, and where the store does not take what waits.
   */
  add(entry: AuditEntry): Promise<void> | undefined;
  /** Writes all that waits. */
  flush(): Promise<void>;
  /** Writes all that waits, in several attempts; resolves with what could not be written. */
  close(): Promise<readonly AuditEntry[]>;
  /** Entries that wait to be written. */
  waiting(): number;
  /** Entries that wait for room in the queue: their requests are not answered yet. */
  held(): number;
  /** Entries that were refused since the start: their requests were answered without what they asked for. */
  refused(): number;
};

/** There was no room for an entry. */
export class RecorderFull extends Error {
  override readonly name = 'RecorderFull';
}

export type RecorderTraits = {
  readonly write: (entries: readonly AuditEntry[]) => Promise<void>;
  /** Calls `work` some milliseconds later, unless what it returns is called before. */
  readonly later: (work: () => void, ms: number) => () => void;
  /** Called when a batch could not be written; it stays in the queue. */
  readonly failed: (cause: unknown) => void;
  /** Entries that may wait. */
  readonly room?: number;
  /** Characters that they may have together, as JSON. */
  readonly roomCharacters?: number;
  /** Entries that may wait for room. */
  readonly heldRoom?: number;
};

/** Milliseconds that entries wait to be written together. */
const writeEveryMs = 100;
/** Milliseconds that an entry waits for room. Ours: shorter than clients do before they try again. */
const patienceMs = 1000;
/**
 * Entries written together at most; where so many wait, they are written at once. Ours: the place of each in the chain takes some
 * microseconds, and nobody is answered meanwhile: with 500 one request in a hundred waited seven times as long as the middle one.
 */
const maxBatch = 192;
/** What may wait where nothing else is said: many small entries or some hundreds of the largest. */
const defaultRoom = 10_000;
const defaultCharacters = 32 * 1024 * 1024;
const defaultHeld = 1000;
/** Attempts to write what waits when the server stops. */
const lastAttempts = 3;

type Held = { readonly entry: AuditEntry; take(): void; refuse(): void };

export function recorder({
  write,
  later,
  failed,
  room = defaultRoom,
  roomCharacters = defaultCharacters,
  heldRoom = defaultHeld,
}: RecorderTraits): Recorder {
  let waiting: AuditEntry[] = [];
  /** The first of them, which are being written. */
  let inHand = 0;
  let characters = 0;
  const held = new Set<Held>();
  let refused = 0;
  let scheduled: { readonly ms: number; cancel(): void } | undefined;
  let failing = false;
  let writing: Promise<void> = Promise.resolve();

  const hasRoom = (entry: AuditEntry) =>
    waiting.length === 0 || (waiting.length < room && characters + sizeOf(entry) <= roomCharacters);
  const take = (entry: AuditEntry) => {
    waiting.push(entry);
    characters += sizeOf(entry);
    schedule(waiting.length - inHand >= maxBatch && !failing ? 0 : writeEveryMs);
  };
  /** First come, first served. */
  const release = () => {
    for (const one of held) {
      if (!hasRoom(one.entry)) return;
      held.delete(one);
      take(one.entry);
      one.take();
    }
  };
  const writeBatch = async () => {
    const batch = waiting.slice(0, maxBatch);
    inHand = batch.length;
    try {
      await write(batch);
      failing = false;
    } catch (cause) {
      failing = true;
      // Nobody knows when there will be room.
      for (const one of held) one.refuse();
      throw cause;
    } finally {
      inHand = 0;
    }
    waiting = waiting.slice(batch.length);
    characters -= batch.reduce((sum, entry) => sum + sizeOf(entry), 0);
    release();
  };
  const drain = async () => {
    while (waiting.length > 0) await writeBatch();
  };
  /** What came meanwhile has its own time to wait: under load there is always something, and a few are no batch. */
  const drainBatches = async () => {
    if (waiting.length > 0) await writeBatch();
    while (waiting.length >= maxBatch) await writeBatch();
    if (waiting.length > 0) schedule(writeEveryMs);
  };
  const start = () => {
    scheduled = undefined;
    writing = writing.then(drainBatches).catch((cause) => {
      failed(cause);
      schedule(writeEveryMs);
    });
  };
  const schedule = (ms: number) => {
    if (scheduled !== undefined && scheduled.ms <= ms) return;
    scheduled?.cancel();
    scheduled = { ms, cancel: later(start, ms) };
  };
  const flush = () => {
    // What failed before is tried again; its failure was told where it happened.
    writing = writing.catch(() => {}).then(drain);
    return writing;
  };
  /** Waits for room, for a while. */
  const hold = (entry: AuditEntry) =>
    new Promise<void>((resolve, reject) => {
      const refuse = () => {
        held.delete(one);
        refused += 1;
        forget();
        reject(new RecorderFull('no audit event more can wait to be written'));
      };
      const forget = later(() => held.has(one) && refuse(), patienceMs);
      const one: Held = {
        entry,
        take() {
          forget();
          resolve();
        },
        refuse,
      };
      held.add(one);
      if (failing || held.size > heldRoom) refuse();
    });
  return {
    add(entry) {
      if (held.size > 0 || !hasRoom(entry)) return hold(entry);
      take(entry);
      return undefined;
    },
    flush,
    async close() {
      for (let attempt = 1; ; attempt++) {
        const isWritten = await flush().then(
          () => true,
          () => false,
        );
        if (isWritten || attempt === lastAttempts) return waiting;
        await new Promise<void>((resolve) => void later(resolve, writeEveryMs));
      }
    },
    waiting: () => waiting.length,
    held: () => held.size,
    refused: () => refused,
  };
}

/** Characters that an entry keeps in memory and in the store. */
const sizeOf = ({ key, text }: AuditEntry): number => key.length + text.length;
