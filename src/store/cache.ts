// A store that remembers what it read: a read whose every verb is answered from memory opens no snapshot and parses no
// text. The engine tells the memory what becomes durable before the write is acknowledged, so that memory never says less
// than was promised; and never more, for what is not durable yet stands in the engine alone.

import { answerOf as answerOfMemory, entryMemory, isTouched, type Remembered } from './cache-memory.ts';
import { deadlines } from './deadlines.ts';
import type { Effects } from './effects.ts';
import { lifetime } from './lifetime.ts';
import type { Answer, ObservableStore } from './observer.ts';
import type { Document, Entry, ListQuery, Reader, Store } from './store.ts';
import { type DocumentVerbs, defaultWorkLimitMs, notKnown, runFromMemory } from './transaction.ts';

export type CacheOptions = {
  /** Answers remembered, at least 1; those unused for longest are forgotten first. Absent: 8192. */
  readonly entries?: number;
  /** Characters of text in all of them, as a measure of their size. Absent: 8 Mi. */
  readonly characters?: number;
  /** Milliseconds a `work` may take. Absent: 10,000. */
  readonly workLimitMs?: number;
};

export type CacheStats = {
  /** Reads answered from memory. */
  readonly hits: number;
  /** Reads that the engine answered. */
  readonly misses: number;
  /** Answers remembered now. */
  readonly entries: number;
};

/** A read that the engine answers now, and what became durable since it began. */
type UnderWay = { readonly read: Answer[]; readonly committed: Effects[]; lost: boolean };

/**
 * The store with a memory before it. INVARIANT: this process is the only one that writes to the engine, through this
 * store alone; what others write is not seen.
 */
export function cachedStore(inner: ObservableStore, options: CacheOptions = {}): Store & { cacheStats(): CacheStats } {
  const { entries = 8192, characters = 8 * 1024 * 1024, workLimitMs = defaultWorkLimitMs } = options;
  const memory = entryMemory({ entries, characters });
  const limit = deadlines(workLimitMs);
  const underWay = new Set<UnderWay>();
  const life = lifetime(() => inner.close());
  /** What is being made durable now. */
  let uncertain: Effects | undefined;
  let hits = 0;
  let misses = 0;

  const isUncertain = (asked: Parameters<typeof isTouched>[1]) =>
    uncertain !== undefined && isTouched(uncertain, asked);

  /** What is remembered. A reader may see in the engine what is being made durable: from then on it looks there alone. */
  const recall = (found: (one: Remembered) => void): DocumentVerbs<typeof notKnown> => ({
    get(collection, key) {
      const one = memory.document(collection, key);
      if (one === undefined || isUncertain({ collection, key })) return notKnown;
      found(one);
      // The memory keeps a document for a key and entries for a query: what it gives has the type that was asked for.
      return answerOfMemory(one) as Document | undefined;
    },
    list(collection, query) {
      const one = memory.list(collection, query);
      if (one === undefined || isUncertain({ collection, query })) return notKnown;
      found(one);
      return answerOfMemory(one) as readonly Entry[];
    },
  });

  inner.observe({
    recall: recall(() => {}),
    learned: (answer) => memory.remember([answer]),
    committing(effects) {
      uncertain = effects;
    },
    committed(effects) {
      uncertain = undefined;
      memory.update(effects);
      for (const { committed } of underWay) committed.push(effects);
    },
    undone() {
      uncertain = undefined;
    },
    lost() {
      uncertain = undefined;
      memory.forgetAll();
      for (const read of underWay) read.lost = true;
    },
  });

  function read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const used: Remembered[] = [];
      runFromMemory(
        work,
        recall((one) => void used.push(one)),
        limit,
        (outcome) => {
          // One snapshot: all of it was true together, namely now.
          if (outcome === undefined || used.some(({ forgotten }) => forgotten)) {
            misses++;
            resolve(fromEngine(work));
            return;
          }
          hits++;
          if (outcome.ok) resolve(outcome.value);
          else reject(outcome.error);
        },
      );
    });
  }

  async function fromEngine<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    const mine: UnderWay = { read: [], committed: [], lost: false };
    underWay.add(mine);
    try {
      return await inner.read((reader) => {
        mine.read.length = 0;
        return work(noting(reader, mine.read));
      });
    } finally {
      underWay.delete(mine);
      if (!mine.lost) memory.remember(mine.read.filter((one) => !isStale(one, mine)));
    }
  }

  /** Whether the answer is not, or not for sure, that of all that is durable and of nothing else. */
  const isStale = (one: Answer, { committed }: UnderWay) =>
    isUncertain(one) || committed.some((effects) => isTouched(effects, one));

  return {
    read: (work) => life.during(() => read(work)),
    write: (work) => life.during(() => inner.write(work)),
    close: life.close,
    cacheStats: () => ({ hits, misses, entries: memory.size() }),
  };
}

/** A reader that keeps what it gave. A page after another is not kept: its place moves with every write. */
function noting(reader: Reader, read: Answer[]): Reader {
  return {
    async get(collection, key) {
      const answer = await reader.get(collection, key);
      read.push({ collection, key, answer });
      return answer;
    },
    async list(collection: string, query: ListQuery) {
      const answer = await reader.list(collection, query);
      if (query.after === undefined) read.push({ collection, query, answer });
      return answer;
    },
  };
}
