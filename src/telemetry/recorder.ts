// Records what changed nothing: reads and refusals. They wait in a bounded queue and are written together a moment
// later; what changed something is recorded with the change itself, in its transaction.

import type { AuditEntry } from './audit.ts';

export type Recorder = {
  /** Takes the entry, or drops and counts it when the queue is full. */
  add(entry: AuditEntry): void;
  /** Writes all that waits. */
  flush(): Promise<void>;
  /** Entries that wait to be written. */
  waiting(): number;
  /** Entries dropped since the start. */
  dropped(): number;
};

export type RecorderTraits = {
  readonly write: (entries: readonly AuditEntry[]) => Promise<void>;
  /** Calls `work` some milliseconds later. */
  readonly later: (work: () => void) => void;
  /** Called when a batch could not be written; it stays in the queue. */
  readonly failed: (cause: unknown) => void;
  /** Entries that may wait. */
  readonly room?: number;
  /** Characters that they may have together, as JSON. */
  readonly roomCharacters?: number;
};

/** Entries written together at most. */
const maxBatch = 500;
/** What may wait where nothing else is said: many small entries or some hundreds of the largest. */
const defaultRoom = 10_000;
const defaultCharacters = 32 * 1024 * 1024;

export function recorder({
  write,
  later,
  failed,
  room = defaultRoom,
  roomCharacters = defaultCharacters,
}: RecorderTraits): Recorder {
  let waiting: AuditEntry[] = [];
  let characters = 0;
  let lost = 0;
  let scheduled = false;
  let writing: Promise<void> = Promise.resolve();

  const drain = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxBatch);
      await write(batch);
      waiting = waiting.slice(batch.length);
      characters -= batch.reduce((sum, entry) => sum + sizeOf(entry), 0);
    }
  };
  const schedule = () => {
    if (scheduled) return;
    scheduled = true;
    later(() => {
      scheduled = false;
      writing = writing.then(drain).catch((cause) => {
        failed(cause);
        schedule();
      });
    });
  };
  return {
    add(entry) {
      const size = sizeOf(entry);
      if (waiting.length >= room || characters + size > roomCharacters) {
        lost += 1;
        return;
      }
      waiting.push(entry);
      characters += size;
      schedule();
    },
    flush() {
      // What failed before is tried again; its failure was told where it happened.
      writing = writing.catch(() => {}).then(drain);
      return writing;
    },
    waiting: () => waiting.length,
    dropped: () => lost,
  };
}

/** Characters that an entry keeps in memory and in the store. */
const sizeOf = ({ key, text }: AuditEntry): number => key.length + text.length;
