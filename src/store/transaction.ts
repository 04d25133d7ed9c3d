// One transaction: an engine's synchronous verbs on JSON text, lent to `work` as the store's asynchronous Reader or
// Writer, refused after its end, and given up on when `work` never settles.

import { checkKey, type KeyRange, rangeOf } from './key-order.ts';
import type { Document, Entry, ListQuery, Reader, Writer } from './store.ts';
import { JsonText, StoreUnavailable } from './store.ts';

/** A key and its document's JSON text. */
export type Row = { readonly key: string; readonly text: string };

/** What an engine reads with. Whatever these throw is the engine's failure, never the caller's mistake. */
export type ReadVerbs = {
  get(collection: string, key: string): string | undefined;
  /** At most `limit` rows of the range, ascending by the UTF-8 bytes of their keys. */
  list(collection: string, range: KeyRange, limit: number): readonly Row[];
};

/** What a memory answers that does not know. */
export const notKnown = Symbol('not known');

/** What a transaction reads with: documents, wherever they come from. */
export type DocumentVerbs = {
  get(collection: string, key: string): Document | undefined | typeof notKnown;
  /** The page of the query, whose keys are those of the range. */
  list(collection: string, query: ListQuery, range: KeyRange): readonly Entry[] | typeof notKnown;
};

/** What an engine changes with. */
export type WriteVerbs = ReadVerbs & {
  put(collection: string, key: string, text: string): void;
  delete(collection: string, key: string): void;
};

/** What became of a `work`: its value, or the reason to undo it. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** Milliseconds a `work` may take unless told otherwise. Ours: a work that only uses its argument takes a few. */
export const defaultWorkLimitMs = 10_000;

type State = { ended: boolean; failure: StoreUnavailable | undefined; abandoned: boolean; abandon(): void };

const newState = (): State => ({ ended: false, failure: undefined, abandoned: false, abandon: () => {} });

/** Runs a `work` that reads, for at most `limitMs` milliseconds. Never rejects; the reader is dead once this resolves. */
export function runRead<T>(
  work: (reader: Reader) => Promise<T>,
  verbs: ReadVerbs,
  limitMs: number,
): Promise<Outcome<T>> {
  const state = newState();
  return run(state, async () => work(readerOn(documentsOf(verbs), state)), limitMs);
}

/**
 * As `runRead`, on verbs that may not know: then undefined, at once. The work is left where it stands, and none of its
 * verbs settles any more: a rejection could be one that it awaits later, and nobody would hear of it till then.
 */
export function runFromMemory<T>(
  work: (reader: Reader) => Promise<T>,
  verbs: DocumentVerbs,
  limitMs: number,
): Promise<Outcome<T> | undefined> {
  const state = newState();
  const missed = new Promise<undefined>((resolve) => {
    state.abandon = () => {
      state.abandoned = true;
      resolve(undefined);
    };
  });
  return Promise.race([run(state, async () => work(readerOn(verbs, state)), limitMs, missed), missed]);
}

/** Runs a `work` that writes, for at most `limitMs` milliseconds. Never rejects; the writer is dead once this resolves. */
export function runWrite<T>(
  work: (writer: Writer) => Promise<T>,
  verbs: WriteVerbs,
  limitMs: number,
): Promise<Outcome<T>> {
  const state = newState();
  return run(state, async () => work(writerOn(verbs, state)), limitMs);
}

/** The value of an outcome; throws its error. */
export function answerOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw outcome.error;
  return outcome.value;
}

async function run<T>(
  state: State,
  start: () => Promise<T>,
  limitMs: number,
  abandoned?: Promise<unknown>,
): Promise<Outcome<T>> {
  const outcome = await settled(start(), limitMs, abandoned);
  state.ended = true;
  // A work may have caught the engine's failure and gone on; what it did is not whole all the same.
  return state.failure === undefined ? outcome : { ok: false, error: state.failure };
}

function settled<T>(promise: Promise<T>, limitMs: number, abandoned?: Promise<unknown>): Promise<Outcome<T>> {
  return new Promise((resolve) => {
    const giveUp = () => {
      resolve({ ok: false, error: new StoreUnavailable(`the transaction did not end within ${limitMs} ms`) });
    };
    const timer = setTimeout(giveUp, limitMs);
    void abandoned?.then(() => clearTimeout(timer));
    promise
      .then(
        (value) => resolve({ ok: true, value }),
        (error: unknown) => resolve({ ok: false, error }),
      )
      .finally(() => clearTimeout(timer));
  });
}

function documentsOf(verbs: ReadVerbs): DocumentVerbs {
  return {
    get(collection, key) {
      const text = verbs.get(collection, key);
      return text === undefined ? undefined : decode(text);
    },
    list: (collection, { limit }, range) =>
      verbs.list(collection, range, limit).map(({ key, text }) => ({ key, document: decode(text) })),
  };
}

function readerOn(verbs: DocumentVerbs, state: State): Reader {
  return {
    async get(collection: string, key: string): Promise<Document | undefined> {
      if (state.abandoned) return never();
      admit(state, collection, key);
      return known(
        state,
        attempt(state, () => verbs.get(collection, key)),
      );
    },
    async list(collection: string, query: ListQuery): Promise<readonly Entry[]> {
      if (state.abandoned) return never();
      admit(state, collection);
      const range = rangeOf(query);
      return known(
        state,
        attempt(state, () => verbs.list(collection, query, range)),
      );
    },
  };
}

function known<T>(state: State, answer: T | typeof notKnown): T | Promise<never> {
  if (answer !== notKnown) return answer;
  state.abandon();
  return never();
}

/** One for each: what waits for a promise is kept as long as the promise. */
const never = () => new Promise<never>(() => {});

function writerOn(verbs: WriteVerbs, state: State): Writer {
  return {
    ...readerOn(documentsOf(verbs), state),
    async put(collection: string, key: string, document: Document | JsonText): Promise<void> {
      admit(state, collection, key);
      const text = encode(document);
      attempt(state, () => verbs.put(collection, key, text));
    },
    async delete(collection: string, key: string): Promise<void> {
      admit(state, collection, key);
      attempt(state, () => verbs.delete(collection, key));
    },
  };
}

/**
 * INVARIANT: no verb reaches an engine after the transaction ended or the engine failed. SQLite may by then have rolled
 * back on its own, and a put outside a transaction would commit by itself.
 */
function admit(state: State, ...names: readonly string[]): void {
  if (state.ended) throw new Error('the transaction has ended: use its argument only while `work` runs');
  if (state.failure !== undefined) throw state.failure;
  names.forEach(checkKey);
}

function attempt<T>(state: State, verb: () => T): T {
  try {
    return verb();
  } catch (cause) {
    state.failure = new StoreUnavailable('the storage engine failed', { cause });
    throw state.failure;
  }
}

/** JSON text of a document; throws TypeError for what JSON has no form for. */
function encode(document: Document | JsonText): string {
  if (document instanceof JsonText) return document.text;
  const text: string | undefined = JSON.stringify(document);
  if (text === undefined) throw new TypeError('a document must be a JSON value');
  return text;
}

function decode(text: string): Document {
  return JSON.parse(text) as Document; // guaranteed by encode(), or by who made a JsonText: the only sources of stored text
}
