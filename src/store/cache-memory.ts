// What a cached store remembers: answers to reads, by key and by query, bounded in number and in size. What was not used
// since its last turn goes first.
import { documentOf, type Effect, type Effects, frozen } from './effects.ts';
import type { Answer } from './observer.ts';
import type { Document, Entry, ListQuery } from './store.ts';

/** An answer that is remembered. */
export type Remembered = {
  readonly collection: string;
  /** The key of a document, or the limit and prefix of a list. */
  readonly name: string;
  /** The prefix of a list. */
  readonly prefix: string | undefined;
  readonly size: number;
  /** True once something that it rests on was written. */
  forgotten: boolean;
  /** Whether it was used since it last had its turn to go. */
  used: boolean;
} & (
  | { readonly kind: 'document'; readonly answer: Document | undefined }
  /** A document that was written, and perhaps not yet parsed. */
  | { readonly kind: 'effect'; readonly effect: Effect }
  | { readonly kind: 'list'; readonly answer: readonly Entry[] }
);

export type EntryMemory = {
  document(collection: string, key: string): Remembered | undefined;
  list(collection: string, query: ListQuery): Remembered | undefined;
  remember(answers: readonly Answer[]): void;
  /** Keeps in mind what was written to the keys that are remembered, and forgets the lists that these are part of. */
  update(effects: Effects): void;
  forgetAll(): void;
  size(): number;
};

type Known = { readonly documents: Map<string, Remembered>; readonly lists: Map<string, Remembered> };

/** Entries of one remembered list: a page of a hundred, and one to know whether more follow. Longer ones are read again. */
const maxListed = 101;
/** Lists remembered of one collection: a write looks at each of them. */
const maxLists = 4096;
/** Characters of one remembered answer. */
const maxCharacters = 128 * 1024;
/** Characters that an absent document counts for, besides its key. */
const absentSize = 16;

export function entryMemory(room: { readonly entries: number; readonly characters: number }): EntryMemory {
  const known = new Map<string, Known>();
  // In the order of their turns.
  const turns = new Set<Remembered>();
  let characters = 0;

  const knownOf = (collection: string) => {
    const found = known.get(collection) ?? { documents: new Map(), lists: new Map() };
    known.set(collection, found);
    return found;
  };
  const mapOf = ({ collection, prefix }: Remembered) => {
    const { documents, lists } = knownOf(collection);
    return prefix === undefined ? documents : lists;
  };
  const drop = (one: Remembered | undefined) => {
    if (one === undefined || one.forgotten) return;
    one.forgotten = true;
    turns.delete(one);
    characters -= one.size;
    mapOf(one).delete(one.name);
  };
  const keep = (one: Remembered) => {
    const map = mapOf(one);
    drop(map.get(one.name));
    if (one.size > maxCharacters || (one.prefix !== undefined && map.size >= maxLists)) return;
    map.set(one.name, one);
    turns.add(one);
    characters += one.size;
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
  const use = (found: Remembered | undefined) => {
    if (found !== undefined) found.used = true;
    return found;
  };

  return {
    document: (collection, key) => use(known.get(collection)?.documents.get(key)),
    list: (collection, query) =>
      query.after === undefined ? use(known.get(collection)?.lists.get(listName(query))) : undefined,
    remember(answers) {
      for (const answer of answers) keep(rememberedOf(answer));
      makeRoom();
    },
    update(effects) {
      for (const [collection, changed] of effects) {
        const found = known.get(collection);
        if (found === undefined) continue;
        for (const [key, effect] of changed) {
          if (found.documents.has(key)) keep(written(collection, key, effect));
        }
        for (const list of found.lists.values()) if (isPartOf(list.prefix ?? '', changed)) drop(list);
      }
      makeRoom();
    },
    forgetAll() {
      for (const one of turns) one.forgotten = true;
      turns.clear();
      known.clear();
      characters = 0;
    },
    size: () => turns.size,
  };
}

/** What a remembered document or list answers. Whoever is given it shares it with others: it is frozen. */
export function answerOf(one: Remembered): Document | undefined | readonly Entry[] {
  return one.kind === 'effect' ? documentOf(one.effect) : one.answer;
}

/** Whether effects make the answer another one. */
export function isTouched(effects: Effects, { collection, key, query }: Pick<Answer, 'collection' | 'key' | 'query'>) {
  const changed = effects.get(collection);
  if (changed === undefined) return false;
  return query === undefined ? changed.has(key ?? '') : isPartOf(query.prefix ?? '', changed);
}

function isPartOf(prefix: string, changed: ReadonlyMap<string, Effect>): boolean {
  if (prefix === '') return true;
  for (const key of changed.keys()) if (key.startsWith(prefix)) return true;
  return false;
}

const listName = ({ prefix = '', limit }: ListQuery) => `${limit} ${prefix}`;

function rememberedOf(read: Answer): Remembered {
  const { collection } = read;
  const fresh = { collection, forgotten: false, used: false };
  if (read.query === undefined) {
    const { key: name, answer } = read;
    const size = name.length + (answer === undefined ? absentSize : textLength(answer));
    return { ...fresh, kind: 'document', name, prefix: undefined, size, answer: frozen(answer) };
  }
  const { query, answer } = read;
  const size = answer.length > maxListed ? Number.POSITIVE_INFINITY : textLength(answer);
  return { ...fresh, kind: 'list', name: listName(query), prefix: query.prefix ?? '', size, answer: frozen(answer) };
}

function written(collection: string, key: string, effect: Effect): Remembered {
  const size = key.length + (effect.text?.length ?? absentSize);
  const fresh = { collection, forgotten: false, used: true };
  return { ...fresh, kind: 'effect', name: key, prefix: undefined, size, effect };
}

/** About as many characters as its JSON text. */
function textLength(answer: Document | readonly Entry[]): number {
  return JSON.stringify(answer).length;
}
