// A store that remembers what it read: a read whose every verb is answered from memory opens no snapshot and parses no
// text. What a write touches is forgotten before the write is acknowledged, so that memory never says less than was
// promised. Writes, and what they read, go to the engine.

import { entryMemory, type Remembered } from './cache-memory.ts';
import { lifetime } from './lifetime.ts';
import type { Document, Entry, ListQuery, Reader, Store, Writer } from './store.ts';
import { answerOf, defaultWorkLimitMs, notKnown, type Outcome, runFromMemory } from './transaction.ts';

export type CacheOptions = {
  /** Answers remembered, at least 1; the one unused for longest is forgotten first. Absent: 65,536. */
  readonly entries?: number;
  /** Characters of text in all of them, as a measure of their size. Absent: 32 Mi. */
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

/** A read that the engine answers now, and what was written since it began. */
type UnderWay = { readonly read: Remembered[]; readonly forget: Touched[] };
type Touched = { readonly collection: string; readonly key: string };

/**
 * The store with a memory before it. INVARIANT: this process is the only one that writes to the engine, through this
 * store alone; what others write is not seen.
 */
export function cachedStore(inner: Store, options: CacheOptions = {}): Store & { cacheStats(): CacheStats } {
  const { entries = 65_536, characters = 32 * 1024 * 1024, workLimitMs = defaultWorkLimitMs } = options;
  const memory = entryMemory({ entries, characters });
  const underWay = new Set<UnderWay>();
  const life = lifetime(() => inner.close());
  let hits = 0;
  let misses = 0;

  /** The outcome, where every verb was answered from memory and what was read held together until the end. */
  async function fromMemory<T>(work: (reader: Reader) => Promise<T>): Promise<Outcome<T> | undefined> {
    const used: Remembered[] = [];
    const answerOfMemory = (found: Remembered | undefined) => {
      if (found === undefined) return notKnown;
      used.push(found);
      return found.answer;
    };
    const verbs = {
      // The memory keeps a document for a key and entries for a query: what it gives has the type that was asked for.
      get: (collection: string, key: string) =>
        answerOfMemory(memory.document(collection, key)) as Document | undefined | typeof notKnown,
      list: (collection: string, query: ListQuery) =>
        answerOfMemory(memory.list(collection, query)) as readonly Entry[] | typeof notKnown,
    };
    const outcome = await runFromMemory(work, verbs, workLimitMs);
    // One snapshot: all of it was true together, namely now.
    return used.some(({ forgotten }) => forgotten) ? undefined : outcome;
  }

  async function fromEngine<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    const mine: UnderWay = { read: [], forget: [] };
    underWay.add(mine);
    try {
      return await inner.read((reader) => {
        mine.read.length = 0;
        return work(noting(reader, mine.read));
      });
    } finally {
      underWay.delete(mine);
      memory.remember(mine.read.filter((one) => !mine.forget.some((touched) => memory.isTouched(one, touched))));
    }
  }

  async function read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    const outcome = await fromMemory(work);
    if (outcome === undefined) {
      misses++;
      return fromEngine(work);
    }
    hits++;
    return answerOf(outcome);
  }

  async function write<T>(work: (writer: Writer) => Promise<T>): Promise<T> {
    const touched: Touched[] = [];
    try {
      return await inner.write((writer) => {
        touched.length = 0;
        return work(touching(writer, touched));
      });
    } finally {
      // Also after a refusal: an engine that failed may not know itself what it kept.
      for (const one of touched) {
        memory.forget(one);
        for (const { forget } of underWay) forget.push(one);
      }
    }
  }

  return {
    read: (work) => life.during(() => read(work)),
    write: (work) => life.during(() => write(work)),
    close: life.close,
    cacheStats: () => ({ hits, misses, entries: memory.size() }),
  };
}

/** A reader that keeps what it gave. A page after another is not kept: its place moves with every write. */
function noting(reader: Reader, read: Remembered[]): Reader {
  return {
    async get(collection, key) {
      const answer = await reader.get(collection, key);
      read.push({ collection, key, answer, forgotten: false });
      return answer;
    },
    async list(collection, query) {
      const answer = await reader.list(collection, query);
      if (query.after === undefined) read.push({ collection, query, answer, forgotten: false });
      return answer;
    },
  };
}

function touching(writer: Writer, touched: Touched[]): Writer {
  return {
    get: (collection, key) => writer.get(collection, key),
    list: (collection, query) => writer.list(collection, query),
    put(collection, key, document) {
      touched.push({ collection, key });
      return writer.put(collection, key, document);
    },
    delete(collection, key) {
      touched.push({ collection, key });
      return writer.delete(collection, key);
    },
  };
}
