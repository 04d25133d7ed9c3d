// What was worked out from records, for as long as the records are what they were. The store's memory gives the same object
// for a document, and the same list, until it changes: whoever finds what was read then in what is remembered now need not
// work, nor wait.
import type { Document, Entry, ListQuery, Reader, Recall, Store } from '../store/store.ts';

/** A read and what it gave. */
type Ground = {
  readonly collection: string;
  /** Of a document its key, of a list its query. */
  readonly at: string | ListQuery;
  readonly answer: Document | undefined | readonly Entry[];
};

/** What was made, and of what. */
export type Grounded<T> = { readonly grounds: readonly Ground[]; readonly made: T };

/** What was made of each thing last: a WeakMap, or what is bounded in another way. */
export type GroundedMemory<K, T> = {
  get(thing: K): Grounded<T> | undefined;
  set(thing: K, grounded: Grounded<T>): void;
};

/** Reads records and makes something of a thing. An answer of undefined is not remembered. */
type Work<K, W, T> = (reader: Reader, thing: K, means: W) => Promise<T>;

/**
 * `work` with a memory of what it made last of each thing. What it read then is looked up in the store's memory at every call;
 * where anything is another object than it was, or not remembered, `work` is done again in a transaction, and only then
 * there is a promise.
 * INVARIANT: what `work` makes follows from the thing and from what it reads; `means` say how, and nothing else. Nobody
 * changes what it made.
 */
export function onGrounds<K, W, T>(
  memory: GroundedMemory<K, T>,
  work: Work<K, W, T>,
): (store: Pick<Store, 'read' | 'recall'>, thing: K, means: W) => T | Promise<T> {
  return (store, thing, means) => {
    const last = memory.get(thing);
    if (last !== undefined && store.recall !== undefined && stand(store.recall, last.grounds)) return last.made;
    return store.read(async (reader) => {
      const grounds: Ground[] = [];
      const made = await work(noting(reader, grounds), thing, means);
      if (made !== undefined) memory.set(thing, { grounds, made });
      return made;
    });
  };
}

/** Whether all of it would be read again. In one synchronous step: of one snapshot. */
function stand(recall: Recall, grounds: readonly Ground[]): boolean {
  for (const { collection, at, answer } of grounds) {
    const now = typeof at === 'string' ? recall.get(collection, at) : recall.list(collection, at);
    if (now !== answer) return false;
  }
  return true;
}

/** A reader that keeps what it gave. */
function noting(reader: Reader, grounds: Ground[]): Reader {
  return {
    async get(collection, key) {
      const answer = await reader.get(collection, key);
      grounds.push({ collection, at: key, answer });
      return answer;
    },
    async list(collection, query) {
      const answer = await reader.list(collection, query);
      grounds.push({ collection, at: query, answer });
      return answer;
    },
  };
}
