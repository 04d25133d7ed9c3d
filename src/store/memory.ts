// The store in memory: what tests and throw-away servers use. Keeps JSON text, so that nobody can alias its state and a
// document reads back exactly as from a database.
// One live state, plus an overlay per transaction: a writer's overlay holds what it changed, a reader's holds what others
// changed since it began, as it was before.

import { compareKeys, type KeyRange } from './key-order.ts';
import { lifetime } from './lifetime.ts';
import type { Reader, Store, Writer } from './store.ts';
import {
  answerOf,
  defaultWorkLimitMs,
  type Outcome,
  type Row,
  runRead,
  runWrite,
  type WriteVerbs,
} from './transaction.ts';

/** Texts by key; `undefined` says the key is absent. */
type Overlay = Map<string, Map<string, string | undefined>>;

/** INVARIANT: `keys` holds exactly the keys of `texts`, ascending by UTF-8 bytes. */
type Collection = { readonly keys: string[]; readonly texts: Map<string, string> };

type Live = Map<string, Collection>;

/** An empty store that forgets everything when it closes. A `work` may take `workLimitMs` milliseconds. */
export function memoryStore(options: { readonly workLimitMs?: number } = {}): Store {
  const { workLimitMs = defaultWorkLimitMs } = options;
  const live: Live = new Map();
  const snapshots = new Set<Overlay>();
  const life = lifetime(() => live.clear());
  let lastWrite: Promise<unknown> = Promise.resolve();

  async function read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    const snapshot: Overlay = new Map();
    snapshots.add(snapshot);
    try {
      return answerOf(await runRead(work, verbsOn(live, snapshot), workLimitMs));
    } finally {
      snapshots.delete(snapshot);
    }
  }

  async function write<T>(work: (writer: Writer) => Promise<T>): Promise<Outcome<T>> {
    const changes: Overlay = new Map();
    const outcome = await runWrite(work, verbsOn(live, changes), workLimitMs);
    if (outcome.ok) commit(live, changes, snapshots);
    return outcome;
  }

  return {
    read: (work) => life.during(() => read(work)),
    write: (work) =>
      life.during(async () => {
        const turn = lastWrite.then(() => write(work)); // one at a time; write() never rejects
        lastWrite = turn;
        return answerOf(await turn);
      }),
    close: life.close,
  };
}

/** The live state seen through an overlay; changes go to the overlay. */
function verbsOn(live: Live, overlay: Overlay): WriteVerbs {
  return {
    get: (collection, key) => {
      const over = overlay.get(collection);
      return over?.has(key) ? over.get(key) : live.get(collection)?.texts.get(key);
    },
    list: (collection, range, limit) => listThrough(live.get(collection), overlay.get(collection), range, limit),
    put: (collection, key, text) => textsOf(overlay, collection).set(key, text),
    delete: (collection, key) => textsOf(overlay, collection).set(key, undefined),
  };
}

function textsOf(overlay: Overlay, collection: string): Map<string, string | undefined> {
  const texts = overlay.get(collection) ?? new Map<string, string | undefined>();
  overlay.set(collection, texts);
  return texts;
}

function collectionOf(live: Live, name: string): Collection {
  const collection = live.get(name) ?? { keys: [], texts: new Map() };
  live.set(name, collection);
  return collection;
}

function listThrough(
  collection: Collection | undefined,
  over: ReadonlyMap<string, string | undefined> | undefined,
  range: KeyRange,
  limit: number,
): readonly Row[] {
  const { from, to } = range;
  const isInside = (key: string) => compareKeys(key, from) >= 0 && (to === undefined || compareKeys(key, to) < 0);
  const overRows = Array.from(over ?? [], ([key, text]) => ({ key, text }))
    .filter((row): row is Row => row.text !== undefined && isInside(row.key))
    .sort((a, b) => compareKeys(a.key, b.key))
    .values();
  return merge(
    liveRows(collection, from, isInside, (key) => over?.has(key) ?? false),
    overRows,
    limit,
  );
}

function* liveRows(
  collection: Collection | undefined,
  from: string,
  isInside: (key: string) => boolean,
  isHidden: (key: string) => boolean,
): Generator<Row> {
  if (collection === undefined) return;
  for (let i = placeOf(collection.keys, from); i < collection.keys.length; i++) {
    const key = collection.keys[i];
    if (key === undefined || !isInside(key)) return;
    const text = collection.texts.get(key);
    if (text !== undefined && !isHidden(key)) yield { key, text };
  }
}

/** The first `limit` rows of two ascending sequences that share no key. */
function merge(left: Iterator<Row>, right: Iterator<Row>, limit: number): readonly Row[] {
  const rows: Row[] = [];
  let a = left.next();
  let b = right.next();
  while (rows.length < limit && !(a.done && b.done)) {
    if (!a.done && (b.done || compareKeys(a.value.key, b.value.key) < 0)) {
      rows.push(a.value);
      a = left.next();
    } else if (!b.done) {
      rows.push(b.value);
      b = right.next();
    }
  }
  return rows;
}

/** Makes changes live, and leaves in every open snapshot what they replaced. */
function commit(live: Live, changes: Overlay, snapshots: ReadonlySet<Overlay>): void {
  for (const [name, texts] of changes) {
    const collection = collectionOf(live, name);
    for (const [key, text] of texts) {
      const before = collection.texts.get(key);
      for (const snapshot of snapshots) keep(snapshot, name, key, before);
      place(collection, key, text);
    }
  }
}

/** Only the first change since the snapshot began tells what it saw. */
function keep(snapshot: Overlay, collection: string, key: string, before: string | undefined): void {
  const texts = textsOf(snapshot, collection);
  if (!texts.has(key)) texts.set(key, before);
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
