// One transaction: an engine's synchronous verbs, lent to `work` as the store's asynchronous Reader or Writer, refused
// after its end, and given up on when `work` never settles. A class, since there are very many and short: its verbs are made
// once, and none is an `async` function, which would make two promises where one is enough.

import type { Deadlines, Watched } from './deadlines.ts';
import { decode, encode, isExact } from './documents.ts';
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

/** What a transaction reads with: documents, wherever they come from. */
export type DocumentVerbs = {
  get(collection: string, key: string): Document | undefined;
  /** The page of the query, whose keys are those of the range. */
  list(collection: string, query: ListQuery, range: KeyRange): readonly Entry[];
};

/** What a transaction changes with. */
export type WriteVerbs = DocumentVerbs & {
  /** `document` is given where it is frozen and exactly what the text says. */
  put(collection: string, key: string, text: string, document: Document | undefined): void;
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

/** Runs a `work` that reads. `done` is called once, never before this returns; the reader is dead then. */
export function runRead<T>(
  work: (reader: Reader) => Promise<T>,
  verbs: DocumentVerbs,
  limit: Deadlines,
  done: (outcome: Outcome<T>) => void,
): void {
  const transaction = new ReadTransaction(verbs, limit, done);
  transaction.run(started(work, transaction));
}

/** Runs a `work` that writes. `done` is called once, never before this returns; the writer is dead then. */
export function runWrite<T>(
  work: (writer: Writer) => Promise<T>,
  verbs: WriteVerbs,
  limit: Deadlines,
  done: (outcome: Outcome<T>) => void,
): Running {
  const transaction = new WriteTransaction(verbs, limit, done);
  transaction.run(started(work, transaction));
  return transaction;
}

/** The value of an outcome; throws its error. */
export function answerOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw outcome.error;
  return outcome.value;
}

/** What a work answers, whatever it does. */
export function started<T, A>(work: (argument: A) => Promise<T>, argument: A): Promise<T> {
  try {
    return Promise.resolve(work(argument));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** The error of a verb that is used after the end. */
export const lateUse = () => new Error('the transaction has ended: use its argument only while `work` runs');

class ReadTransaction<T, V extends DocumentVerbs = DocumentVerbs> implements Reader, Watched, Running {
  ended = false;
  timer: NodeJS.Timeout | undefined = undefined;
  protected failure: StoreUnavailable | undefined = undefined;
  protected readonly verbs: V;
  private readonly limit: Deadlines;
  private readonly done: (outcome: Outcome<T>) => void;

  constructor(verbs: V, limit: Deadlines, done: (outcome: Outcome<T>) => void) {
    this.verbs = verbs;
    this.limit = limit;
    this.done = done;
  }

  run(answer: Promise<T>): void {
    this.limit.watch(this);
    answer.then(
      (value) => this.settle({ ok: true, value }),
      (error: unknown) => this.settle({ ok: false, error }),
    );
  }

  refuse(error: StoreUnavailable): void {
    this.settle({ ok: false, error });
  }

  giveUp(): void {
    this.refuse(new StoreUnavailable(`the transaction did not end within ${this.limit.limitMs} ms`));
  }

  get(collection: string, key: string): Promise<Document | undefined> {
    try {
      this.admit(collection, key);
    } catch (error) {
      return Promise.reject(error);
    }
    try {
      return Promise.resolve(this.verbs.get(collection, key));
    } catch (cause) {
      return this.fail(cause);
    }
  }

  list(collection: string, query: ListQuery): Promise<readonly Entry[]> {
    let range: KeyRange;
    try {
      this.admit(collection, '');
      range = rangeOf(query);
    } catch (error) {
      return Promise.reject(error);
    }
    try {
      return Promise.resolve(this.verbs.list(collection, query, range));
    } catch (cause) {
      return this.fail(cause);
    }
  }

  /** INVARIANT: no verb reaches an engine after the transaction ended or the engine failed. */
  protected admit(collection: string, key: string): void {
    if (this.ended) throw lateUse();
    if (this.failure !== undefined) throw this.failure;
    checkKey(collection);
    checkKey(key);
  }

  protected fail(cause: unknown): Promise<never> {
    this.failure = new StoreUnavailable('the storage engine failed', { cause });
    return Promise.reject(this.failure);
  }

  private settle(outcome: Outcome<T>): void {
    if (this.ended) return;
    this.ended = true;
    if (this.timer !== undefined) clearTimeout(this.timer);
    // A work may have caught the engine's failure and gone on; what it did is not whole all the same.
    this.done(this.failure === undefined ? outcome : { ok: false, error: this.failure });
  }
}

/** Changes gather in memory: until the transaction is closed, nothing of an engine can fail. */
class WriteTransaction<T> extends ReadTransaction<T, WriteVerbs> implements Writer {
  put(collection: string, key: string, document: Document | JsonText): Promise<void> {
    try {
      this.admit(collection, key);
      const text = encode(document);
      const isKept = !(document instanceof JsonText) && isExact(document);
      this.verbs.put(collection, key, text, isKept ? document : undefined);
      return changed;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  delete(collection: string, key: string): Promise<void> {
    try {
      this.admit(collection, key);
      this.verbs.delete(collection, key);
      return changed;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  enter(journal: Journal, entries: readonly JournalEntry[]): Promise<void> {
    try {
      this.admit('', '');
      for (const { key } of entries) checkKey(key);
      this.verbs.enter(journal, entries);
      return changed;
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

/** What every change resolves to. */
const changed = Promise.resolve();

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
