// The store in memory: what tests and throw-away servers use. Keeps JSON text, so that nobody can alias its state and a
// document reads back exactly as from a database.
// One live state, plus effects per transaction: a writer's are what it changed, a reader's hold what others changed since
// it began, as it was before.

import { deadlines } from './deadlines.ts';
import { decode } from './documents.ts';
import { documentOf, type Effects, effectsIn, entriesThrough, isInside, setEffect } from './effects.ts';
import { addEntries, type Entered, placeAll } from './entered.ts';
import { compareKeys, type KeyRange } from './key-order.ts';
import { lifetime } from './lifetime.ts';
import { nobody, type ObservableStore } from './observer.ts';
import type { Reader, Writer } from './store.ts';
import {
  answerOf,
  defaultWorkLimitMs,
  type Outcome,
  type Row,
  runRead,
  runWrite,
  type WriteVerbs,
} from './transaction.ts';

/** INVARIANT: `keys` holds exactly the keys of `texts`, ascending by UTF-8 bytes. */
type Collection = { readonly keys: string[]; readonly texts: Map<string, string> };

type Live = Map<string, Collection>;

/** An empty store that forgets everything when it closes. A `work` may take `workLimitMs` milliseconds. */
export function memoryStore(options: { readonly workLimitMs?: number } = {}): ObservableStore {
  const limit = deadlines(options.workLimitMs ?? defaultWorkLimitMs);
  const live: Live = new Map();
  const snapshots = new Set<Effects>();
  const life = lifetime(() => live.clear());
  let observer = nobody;
  let lastWrite: Promise<unknown> = Promise.resolve();

  async function read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    const snapshot: Effects = new Map();
    snapshots.add(snapshot);
    try {
      return answerOf(await new Promise((done) => runRead(work, verbsOn(live, snapshot, new Map()), limit, done)));
    } finally {
      snapshots.delete(snapshot);
    }
  }

  async function write<T>(work: (writer: Writer) => Promise<T>): Promise<Outcome<T>> {
    const changes: Effects = new Map();
    const entered: Entered = new Map();
    const verbs = verbsOn(live, changes, entered);
    const outcome = await new Promise<Outcome<T>>((done) => {
      runWrite(work, verbs, limit, done);
    });
    if (!outcome.ok) return outcome;
    const placed = placeAll(entered, verbs.get, (collection, key, text, document) =>
      setEffect(changes, collection, key, text, document),
    );
    if (!placed.ok) return placed;
    commit(live, changes, snapshots);
    observer.committed(changes);
    placed.value();
    return outcome;
  }

  async function writeInTurn<T>(work: (writer: Writer) => Promise<T>): Promise<T> {
    const turn = lastWrite.then(() => write(work)); // one at a time; write() never rejects
    lastWrite = turn;
    return answerOf(await turn);
  }

  return {
    read: (work) => life.during(read, work),
    write: (work) => life.during(writeInTurn, work),
    close: life.close,
    observe(one) {
      observer = one;
    },
  };
}

/** The live state seen through effects; changes go to the effects, and entries to what was entered. */
function verbsOn(live: Live, effects: Effects, entered: Entered) {
  return {
    get: (collection, key) => {
      const effect = effects.get(collection)?.get(key);
      if (effect !== undefined) return documentOf(effect);
      const text = live.get(collection)?.texts.get(key);
      return text === undefined ? undefined : decode(text);
    },
    list: (collection, { limit }, range) =>
      entriesThrough(effectsIn(effects.get(collection), range), liveRows(live.get(collection), range), limit),
    put: (collection, key, text, document) => setEffect(effects, collection, key, text, document),
    delete: (collection, key) => setEffect(effects, collection, key, undefined),
    enter: (journal, entries) => addEntries(entered, { journal, entries }),
  } satisfies WriteVerbs;
}

function collectionOf(live: Live, name: string): Collection {
  const collection = live.get(name) ?? { keys: [], texts: new Map() };
  live.set(name, collection);
  return collection;
}

function* liveRows(collection: Collection | undefined, range: KeyRange): Generator<Row> {
  if (collection === undefined) return;
  for (let i = placeOf(collection.keys, range.from); i < collection.keys.length; i++) {
    const key = collection.keys[i];
    if (key === undefined || !isInside(key, range)) return;
    const text = collection.texts.get(key);
    if (text !== undefined) yield { key, text };
  }
}

/** Makes changes live, and leaves in every open snapshot what they replaced. */
function commit(live: Live, changes: Effects, snapshots: ReadonlySet<Effects>): void {
  for (const [name, effects] of changes) {
    const collection = collectionOf(live, name);
    for (const [key, { text }] of effects) {
      const before = collection.texts.get(key);
      for (const snapshot of snapshots) keep(snapshot, name, key, before);
      place(collection, key, text);
    }
  }
}

/** Only the first change since the snapshot began tells what it saw. */
function keep(snapshot: Effects, collection: string, key: string, before: string | undefined): void {
  if (!snapshot.get(collection)?.has(key)) setEffect(snapshot, collection, key, before);
}

function place({ keys, texts }: Collection, key: string, text: string | undefined): void {
  const isThere = texts.has(key);
  if (text === undefined) {
    if (isThere) keys.splice(placeOf(keys, key), 1);
    texts.delete(key);
    return;
  }
  if (!isThere) keys.splice(placeOf(keys, key), 0, key);
  texts.set(key, text);
}

/** The index of the first key at or after `key`. */
function placeOf(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = keys[middle];
    if (at !== undefined && compareKeys(at, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
