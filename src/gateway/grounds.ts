// What was worked out from records, for as long as the records are what they were. The store's memory gives the same object
// for a document, and the same list, until it changes: whoever finds what was read then in what is read now need not work.
import type { Document, Entry, ListQuery, Reader } from '../store/store.ts';

/** A read and what it gave. */
type Ground = {
  readonly collection: string;
  /** Of a document its key, of a list its query. */
  readonly at: string | ListQuery;
  readonly answer: Document | undefined | readonly Entry[];
};

/** A work that reads records and makes something of a thing. */
type Work<K extends object, W, T> = (reader: Reader, thing: K, means: W) => Promise<T>;

/**
 * `work` with a memory of what it made last of each thing, as long as the thing is there. What it read then is read again at
 * every call, and where anything is another object than it was, `work` is done again.
 * INVARIANT: what `work` makes follows from the thing and from what it reads; `means` say how, and nothing else. Nobody
 * changes what it made.
 */
export function onGrounds<K extends object, W, T>(work: Work<K, W, T>): Work<K, W, T> {
  const known = new WeakMap<K, { readonly grounds: readonly Ground[]; readonly made: T }>();
  return async (reader, thing, means) => {
    const last = known.get(thing);
    if (last !== undefined && (await stand(reader, last.grounds))) return last.made;
    const grounds: Ground[] = [];
    const made = await work(noting(reader, grounds), thing, means);
    known.set(thing, { grounds, made });
    return made;
  };
}

async function stand(reader: Reader, grounds: readonly Ground[]): Promise<boolean> {
  for (const { collection, at, answer } of grounds) {
    const now = await (typeof at === 'string' ? reader.get(collection, at) : reader.list(collection, at));
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
