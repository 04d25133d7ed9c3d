// What a cached store remembers: answers to reads, by key and by query, bounded in number and in size. What was not used
// since its last turn goes first.

import { decode, freeze } from './documents.ts';
import type { Effects } from './effects.ts';
import type { Answer } from './observer.ts';
import { type Document, type Entry, notKnown, type Recall } from './store.ts';

export type EntryMemory = Recall & {
  /** What it is given is frozen: whoever asks for it later shares it with others. */
  remember(answer: Answer): void;
  /** Keeps in mind what was written to the keys that are remembered, and forgets the lists that these are part of. */
  update(effects: Effects): void;
  forgetAll(): void;
  size(): number;
};

/** What is remembered of one collection. */
type Known = {
  readonly documents: Map<string, KeptDocument>;
  /** By prefix, of each limit one. */
  readonly lists: Map<string, KeptList[]>;
  /** How many prefixes of each length there are: a write looks for the lists of a key by these. */
  readonly prefixLengths: Map<number, number>;
};

type Kept = {
  readonly known: Known;
  /** Characters of JSON text, about, and of the key or prefix. */
  size: number;
  /** Whether it was used since it last had its turn to go. */
  used: boolean;
};

type KeptDocument = Kept & {
  readonly key: string;
  document: Document | undefined;
  /** Of what was written, until somebody asks for the document. */
  text: string | undefined;
};

type KeptList = Kept & { readonly prefix: string; readonly limit: number; readonly entries: readonly Entry[] };

/** Entries of one remembered list: a page of a hundred, and one to know whether more follow. Longer ones are read again. */
const maxListed = 101;
/** Characters of one remembered answer. */
const maxCharacters = 128 * 1024;
/** Characters that an absent document counts for, besides its key. */
const absentSize = 16;

export function entryMemory(room: { readonly entries: number; readonly characters: number }): EntryMemory {
  const collections = new Map<string, Known>();
  // In the order of their turns.
  const turns = new Set<KeptDocument | KeptList>();
  let characters = 0;

  const knownOf = (collection: string): Known => {
    const found = collections.get(collection);
    if (found !== undefined) return found;
    const fresh: Known = { documents: new Map(), lists: new Map(), prefixLengths: new Map() };
    collections.set(collection, fresh);
    return fresh;
  };
  const add = (one: KeptDocument | KeptList) => {
    turns.add(one);
    characters += one.size;
  };
  const drop = (one: KeptDocument | KeptList) => {
    turns.delete(one);
    characters -= one.size;
    if ('key' in one) one.known.documents.delete(one.key);
    else removeList(one);
  };
  const makeRoom = () => {
    for (const one of turns) {
      if (turns.size <= room.entries && characters <= room.characters) return;
      if (!one.used) {
        drop(one);
        continue;
      }
      one.used = false;
      turns.delete(one);
      turns.add(one);
    }
  };
  const rememberDocument = (collection: string, key: string, document: Document | undefined) => {
    const known = knownOf(collection);
    const before = known.documents.get(key);
    if (before !== undefined) drop(before);
    const size = key.length + (document === undefined ? absentSize : freeze(document));
    if (size > maxCharacters) return;
    const one = { known, size, used: false, key, document, text: undefined };
    known.documents.set(key, one);
    add(one);
  };
  const rememberList = (collection: string, prefix: string, limit: number, entries: readonly Entry[]) => {
    const known = knownOf(collection);
    const before = listIn(known, prefix, limit);
    if (before !== undefined) drop(before);
    const size = entries.length > maxListed ? Number.POSITIVE_INFINITY : prefix.length + freeze(entries);
    if (size > maxCharacters) return;
    const one = { known, size, used: false, prefix, limit, entries };
    addList(one);
    add(one);
  };
  /** In its place, since it is remembered already. */
  const rewrite = (one: KeptDocument, text: string | undefined, document: Document | undefined) => {
    const size = one.key.length + (text?.length ?? absentSize);
    if (size > maxCharacters) {
      drop(one);
      return;
    }
    characters += size - one.size;
    one.size = size;
    one.used = true;
    one.document = document;
    one.text = document === undefined ? text : undefined;
  };
  const forgetListsOf = ({ lists, prefixLengths }: Known, key: string) => {
    for (const length of prefixLengths.keys()) {
      if (length > key.length) continue;
      for (const list of lists.get(key.slice(0, length))?.slice() ?? []) drop(list);
    }
  };

  return {
    get(collection, key) {
      const one = collections.get(collection)?.documents.get(key);
      if (one === undefined) return notKnown;
      one.used = true;
      if (one.text === undefined) return one.document;
      const document = decode(one.text);
      freeze(document);
      one.document = document;
      one.text = undefined;
      return document;
    },
    list(collection, { prefix = '', limit, after }) {
      const known = after === undefined ? collections.get(collection) : undefined;
      const one = known === undefined ? undefined : listIn(known, prefix, limit);
      if (one === undefined) return notKnown;
      one.used = true;
      return one.entries;
    },
    remember(answer) {
      if (answer.query === undefined) rememberDocument(answer.collection, answer.key, answer.answer);
      else rememberList(answer.collection, answer.query.prefix ?? '', answer.query.limit, answer.answer);
      makeRoom();
    },
    update(effects) {
      for (const [collection, changed] of effects) {
        const known = collections.get(collection);
        if (known === undefined) continue;
        for (const [key, { text, document }] of changed) {
          const one = known.documents.get(key);
          if (one !== undefined) rewrite(one, text, document);
          if (known.lists.size > 0) forgetListsOf(known, key);
        }
      }
      makeRoom();
    },
    forgetAll() {
      turns.clear();
      collections.clear();
      characters = 0;
    },
    size: () => turns.size,
  };
}

function listIn({ lists }: Known, prefix: string, limit: number): KeptList | undefined {
  return lists.get(prefix)?.find((one) => one.limit === limit);
}

function addList(one: KeptList): void {
  const { lists, prefixLengths } = one.known;
  const { prefix } = one;
  const beside = lists.get(prefix);
  if (beside !== undefined) {
    beside.push(one);
    return;
  }
  lists.set(prefix, [one]);
  prefixLengths.set(prefix.length, (prefixLengths.get(prefix.length) ?? 0) + 1);
}

function removeList(one: KeptList): void {
  const { lists, prefixLengths } = one.known;
  const { prefix } = one;
  const left = lists.get(prefix)?.filter((other) => other !== one) ?? [];
  if (left.length > 0) {
    lists.set(prefix, left);
    return;
  }
  lists.delete(prefix);
  const count = prefixLengths.get(prefix.length) ?? 1;
  if (count > 1) prefixLengths.set(prefix.length, count - 1);
  else prefixLengths.delete(prefix.length);
}

/** Whether effects make the answer another one. */
export function isTouched(effects: Effects, { collection, key, query }: Pick<Answer, 'collection' | 'key' | 'query'>) {
  return query === undefined
    ? isWritten(effects, collection, key ?? '')
    : isPartOf(effects, collection, query.prefix ?? '');
}

/** Whether effects change the document. */
export function isWritten(effects: Effects, collection: string, key: string): boolean {
  return effects.get(collection)?.has(key) === true;
}

/** Whether effects change a document whose key begins so. */
export function isPartOf(effects: Effects, collection: string, prefix: string): boolean {
  const changed = effects.get(collection);
  if (changed === undefined) return false;
  for (const key of changed.keys()) if (key.startsWith(prefix)) return true;
  return false;
}
