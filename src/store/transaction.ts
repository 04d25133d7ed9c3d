// One transaction: an engine's synchronous verbs, lent to `work` as the store's asynchronous Reader or Writer, refused
// after its end, and given up on when `work` never settles.

import type { Deadlines, Watched } from './deadlines.ts';
import { checkKey, type KeyRange, rangeOf } from './key-order.ts';
import type { Document, Entry, Journal, JournalEntry, ListQuery, Reader, Writer } from './store.ts';
import { JsonText, StoreUnavailable } from './store.ts';

/** A key and its document's JSON text. */
export type Row = { readonly key: string; readonly text: string };

/** What an engine reads text with. Whatever these throw is the engine's failure, never the caller's mistake. */
export type ReadVerbs = {
  get(collection: string, key: string): string | undefined;
  /** At most `limit` rows of the range, ascending by the UTF-8 bytes of their keys. */
  list(collection: string, range: KeyRange, limit: number): readonly Row[];
};

/** What a memory answers that does not know. */
export const notKnown = Symbol('not known');

/** What a transaction reads with: documents, wherever they come from. */
export type DocumentVerbs<Unknown = never> = {
  get(collection: string, key: string): Document | undefined | Unknown;
  /** The page of the query, whose keys are those of the range. */
  list(collection: string, query: ListQuery, range: KeyRange): readonly Entry[] | Unknown;
};

/** What a transaction changes with. */
export type WriteVerbs = DocumentVerbs & {
  put(collection: string, key: string, text: string): void;
  delete(collection: string, key: string): void;
  enter(journal: Journal, entries: readonly JournalEntry[]): void;
};

/** What became of a `work`: its value, or the reason to undo it. */
export type Outcome<T, E = unknown> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

/** Milliseconds a `work` may take unless told otherwise. Ours: a work that only uses its argument takes a few. */
export const defaultWorkLimitMs = 10_000;

/** A transaction that runs. */
export type Running = {
  /** Ends it now, with this error. */
  refuse(error: StoreUnavailable): void;
};

type State = Watched & {
  failure: StoreUnavailable | undefined;
  /** Nobody waits for it any more: called when a memory does not know. */
  abandon: (() => void) | undefined;
  abandoned: boolean;
};

const newState = (abandon?: () => void): State => ({
  ended: false,
  timer: undefined,
  giveUp: () => {},
  failure: undefined,
  abandon,
  abandoned: false,
});

/** Runs a `work` that reads. `done` is called once, never before this returns; the reader is dead then. */
export function runRead<T>(
  work: (reader: Reader) => Promise<T>,
  verbs: DocumentVerbs,
  limit: Deadlines,
  done: (outcome: Outcome<T>) => void,
): void {
  const state = newState();
  run(work, readerOn(verbs, state), state, limit, done);
}

/**
 * As `runRead`, on verbs that may not know: then `done(undefined)`, at once. The work is left where it stands, and none of
 * its verbs settles any more: a rejection could be one that it awaits later, and nobody would hear of it till then.
 */
export function runFromMemory<T>(
  work: (reader: Reader) => Promise<T>,
  verbs: DocumentVerbs<typeof notKnown>,
  limit: Deadlines,
  done: (outcome: Outcome<T> | undefined) => void,
): void {
  const state = newState(() => {
    if (state.ended) return;
    end(state);
    state.abandoned = true;
    done(undefined);
  });
  run(work, readerOn(verbs, state), state, limit, done);
}

/** Runs a `work` that writes. `done` is called once, never before this returns; the writer is dead then. */
export function runWrite<T>(
  work: (writer: Writer) => Promise<T>,
  verbs: WriteVerbs,
  limit: Deadlines,
  done: (outcome: Outcome<T>) => void,
): Running {
  const state = newState();
  return run(work, writerOn(verbs, state), state, limit, done);
}

/** The value of an outcome; throws its error. */
export function answerOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw outcome.error;
  return outcome.value;
}

function run<T, A>(
  work: (argument: A) => Promise<T>,
  argument: A,
  state: State,
  limit: Deadlines,
  done: (outcome: Outcome<T>) => void,
): Running {
  const settle = (outcome: Outcome<T>) => {
    if (state.ended) return;
    end(state);
    // A work may have caught the engine's failure and gone on; what it did is not whole all the same.
    done(state.failure === undefined ? outcome : { ok: false, error: state.failure });
  };
  const refuse = (error: StoreUnavailable) => settle({ ok: false, error });
  state.giveUp = () => refuse(new StoreUnavailable(`the transaction did not end within ${limit.limitMs} ms`));
  limit.watch(state);
  started(work, argument).then(
    (value) => settle({ ok: true, value }),
    (error: unknown) => settle({ ok: false, error }),
  );
  return { refuse };
}

function end(state: State): void {
  state.ended = true;
  clearTimeout(state.timer);
}

function started<T, A>(work: (argument: A) => Promise<T>, argument: A): Promise<T> {
  try {
    return Promise.resolve(work(argument));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Reads documents with verbs that read their text. */
export function documentsOf(verbs: ReadVerbs): DocumentVerbs {
  return {
    get(collection, key) {
      const text = verbs.get(collection, key);
      return text === undefined ? undefined : decode(text);
    },
    list: (collection, { limit }, range) => verbs.list(collection, range, limit).map(entryOf),
  };
}

/** The entry of a row. */
export const entryOf = ({ key, text }: Row): Entry => ({ key, document: decode(text) });

function readerOn(verbs: DocumentVerbs<typeof notKnown>, state: State): Reader {
  return {
    async get(collection: string, key: string): Promise<Document | undefined> {
      if (state.abandoned) return never();
      admit(state);
      checkKey(collection);
      checkKey(key);
      return known(
        state,
        attempt(state, () => verbs.get(collection, key)),
      );
    },
    async list(collection: string, query: ListQuery): Promise<readonly Entry[]> {
      if (state.abandoned) return never();
      admit(state);
      checkKey(collection);
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
  state.abandon?.();
  return never();
}

/** One for each: what waits for a promise is kept as long as the promise. */
const never = () => new Promise<never>(() => {});

function writerOn(verbs: WriteVerbs, state: State): Writer {
  return {
    ...readerOn(verbs, state),
    async put(collection: string, key: string, document: Document | JsonText): Promise<void> {
      admit(state);
      checkKey(collection);
      checkKey(key);
      const text = encode(document);
      attempt(state, () => verbs.put(collection, key, text));
    },
    async delete(collection: string, key: string): Promise<void> {
      admit(state);
      checkKey(collection);
      checkKey(key);
      attempt(state, () => verbs.delete(collection, key));
    },
    async enter(journal: Journal, entries: readonly JournalEntry[]): Promise<void> {
      admit(state);
      for (const { key } of entries) checkKey(key);
      verbs.enter(journal, entries);
    },
  };
}

/** INVARIANT: no verb reaches an engine after the transaction ended or the engine failed. */
function admit(state: State): void {
  if (state.ended) throw new Error('the transaction has ended: use its argument only while `work` runs');
  if (state.failure !== undefined) throw state.failure;
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

/** The document of a stored text. */
export function decode(text: string): Document {
  return JSON.parse(text) as Document; // guaranteed by encode(), or by who made a JsonText: the only sources of stored text
}
