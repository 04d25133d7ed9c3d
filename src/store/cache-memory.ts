// What a cached store remembers: answers to reads, by key and by query, bounded in number and in size. The one unused for
// longest goes first.
import type { Document, Entry, ListQuery } from './store.ts';

/** An answer that was read. `forgotten` once something that it rests on was written. */
export type Remembered = {
  readonly collection: string;
  readonly answer: Document | undefined | readonly Entry[];
  forgotten: boolean;
} & ({ readonly key: string; readonly query?: never } | { readonly query: ListQuery; readonly key?: never });

type Written = { readonly collection: string; readonly key: string };

export type EntryMemory = {
  document(collection: string, key: string): Remembered | undefined;
  list(collection: string, query: ListQuery): Remembered | undefined;
  remember(read: readonly Remembered[]): void;
  /** Forgets every answer that the document of this key is part of, or would be. */
  forget(written: Written): void;
  /** Whether a write to this key makes the answer another one. */
  isTouched(read: Remembered, written: Written): boolean;
  size(): number;
};

/** Entries of one remembered list: longer ones are read again. */
const maxListed = 100;
/** Lists remembered of one collection: a write looks at each of them. */
const maxLists = 4096;
/** Characters of one remembered answer. */
const maxCharacters = 128 * 1024;

export function entryMemory(room: { readonly entries: number; readonly characters: number }): EntryMemory {
  // In the order of their last use. Collections and keys are told apart by a character that no collection's name holds.
  const known = new Map<string, Remembered & { readonly size: number }>();
  const listsOf = new Map<string, Set<string>>();
  let characters = 0;

  const nameOf = (one: Remembered) =>
    one.query === undefined ? documentName(one.collection, one.key) : listName(one.collection, one.query);
  const use = (name: string) => {
    const found = known.get(name);
    if (found === undefined) return undefined;
    known.delete(name);
    known.set(name, found);
    return found;
  };
  const drop = (name: string) => {
    const found = known.get(name);
    if (found === undefined) return;
    found.forgotten = true;
    known.delete(name);
    characters -= found.size;
    if (found.query !== undefined) listsOf.get(found.collection)?.delete(name);
  };
  const keep = (one: Remembered) => {
    const size = sizeOf(one);
    if (size > maxCharacters || one.forgotten) return;
    const name = nameOf(one);
    drop(name);
    if (one.query !== undefined) {
      const lists = listsOf.get(one.collection) ?? new Set<string>();
      if (lists.size >= maxLists) return;
      listsOf.set(one.collection, lists.add(name));
    }
    known.set(name, Object.assign(one, { size, answer: frozen(one.answer) }));
    characters += size;
  };

  return {
    document: (collection, key) => use(documentName(collection, key)),
    list: (collection, query) => (query.after === undefined ? use(listName(collection, query)) : undefined),
    remember(read) {
      read.forEach(keep);
      for (const eldest of known.keys()) {
        if (known.size <= room.entries && characters <= room.characters) return;
        drop(eldest);
      }
    },
    forget(written) {
      drop(documentName(written.collection, written.key));
      for (const name of listsOf.get(written.collection) ?? []) {
        const list = known.get(name);
        if (list !== undefined && isPartOf(list, written)) drop(name);
      }
    },
    isTouched: (read, written) => read.collection === written.collection && isPartOf(read, written),
    size: () => known.size,
  };
}

const documentName = (collection: string, key: string) => `${collection}\n=${key}`;
const listName = (collection: string, { prefix = '', limit }: ListQuery) => `${collection}\n*${limit} ${prefix}`;

/** INVARIANT: both are of one collection. */
function isPartOf(read: Remembered, { key }: Written): boolean {
  return read.query === undefined ? read.key === key : key.startsWith(read.query.prefix ?? '');
}

/** About as many characters as its JSON text; beyond the bounds, more than any answer may have. */
function sizeOf(one: Remembered): number {
  if (one.query === undefined) return one.key.length + textLength(one.answer);
  // The memory is given entries for a query.
  const entries = one.answer as readonly Entry[];
  return entries.length > maxListed ? Number.POSITIVE_INFINITY : textLength(entries);
}

function textLength(answer: Remembered['answer']): number {
  return answer === undefined ? 16 : JSON.stringify(answer).length;
}

/** Whoever is given a remembered document shares it with others. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(frozen);
  return Object.freeze(value);
}
