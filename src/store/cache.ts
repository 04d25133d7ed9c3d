// A store that remembers what it read: a read whose every verb is answered from memory opens no snapshot and parses no
// text. The engine tells the memory what becomes durable before the write is acknowledged, so that memory never says less
// than was promised; and never more, for what is not durable yet stands in the engine alone.

import { entryMemory, isPartOf, isTouched, isWritten } from './cache-memory.ts';
import { deadlines } from './deadlines.ts';
import type { Effects } from './effects.ts';
import { lifetime } from './lifetime.ts';
import type { Answer, ObservableStore } from './observer.ts';
import { type Memory, recollect } from './recollection.ts';
import { type ListQuery, notKnown, type Reader, type Recall, type Store, type Writer } from './store.ts';
import { defaultWorkLimitMs } from './transaction.ts';

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
export function cachedStore(
  inner: ObservableStore,
  options: CacheOptions = {},
): Store & { readonly recall: Recall; cacheStats(): CacheStats } {
  const { entries = 8192, characters = 8 * 1024 * 1024, workLimitMs = defaultWorkLimitMs } = options;
  const memory = entryMemory({ entries, characters });
  const limit = deadlines(workLimitMs);
  const underWay = new Set<UnderWay>();
  const life = lifetime(() => inner.close());
  /** What is being made durable now. */
  let uncertain: Effects | undefined;
  /** How often what is durable changed. */
  let generation = 0;
  let hits = 0;
  let misses = 0;

  /** What is remembered. A reader may see in the engine what is being made durable: until the end is told it looks there alone. */
  const known: Memory = {
    get: (collection, key) =>
      uncertain !== undefined && isWritten(uncertain, collection, key) ? notKnown : memory.get(collection, key),
    list: (collection, query) =>
      uncertain !== undefined && isPartOf(uncertain, collection, query.prefix ?? '')
        ? notKnown
        : memory.list(collection, query),
    generation: () => generation,
  };

  inner.observe({
    recall: known,
    learned: (answer) => memory.remember(answer),
    committing(effects) {
      uncertain = effects;
    },
    committed(effects) {
      uncertain = undefined;
      generation += 1;
      memory.update(effects);
      for (const { committed } of underWay) committed.push(effects);
    },
    undone() {
      uncertain = undefined;
    },
    lost() {
      uncertain = undefined;
      generation += 1;
      memory.forgetAll();
      for (const read of underWay) read.lost = true;
    },
  });

  function read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    const refused = life.enter();
    if (refused !== undefined) return Promise.reject(refused);
    return new Promise((resolve, reject) => {
      recollect(work, known, limit, (outcome) => {
        if (outcome === undefined) {
          misses += 1;
          resolve(fromEngine(work));
          return;
        }
        hits += 1;
        life.leave();
        if (outcome.ok) resolve(outcome.value);
        else reject(outcome.error);
      });
    });
  }

  function write<T>(work: (writer: Writer) => Promise<T>): Promise<T> {
    const refused = life.refusal();
    return refused === undefined ? inner.write(work) : Promise.reject(refused);
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
      life.leave();
      underWay.delete(mine);
      if (!mine.lost) for (const one of mine.read) if (!isStale(one, mine)) memory.remember(one);
    }
  }

  /** Whether the answer is not, or not for sure, that of all that is durable and of nothing else. */
  const isStale = (one: Answer, { committed }: UnderWay) =>
    (uncertain !== undefined && isTouched(uncertain, one)) || committed.some((effects) => isTouched(effects, one));

  return {
    read,
    write,
    // Nothing is known of a store that is closed: who reads then is refused.
    recall: {
      get: (collection, key) => (life.refusal() === undefined ? known.get(collection, key) : notKnown),
      list: (collection, query) => (life.refusal() === undefined ? known.list(collection, query) : notKnown),
    },
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
