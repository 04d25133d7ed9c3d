// The store's promise: ordered JSON documents, four verbs inside two kinds of transaction, and journals. Every engine keeps it, and
// `store.test.ts` runs the same cases on each.

/** A JSON value, the only thing a store keeps. Instants are ISO 8601 strings, bytes are base64 strings, absent is absent. */
export type Document = null | boolean | number | string | readonly Document[] | { readonly [member: string]: Document };

/** A document's JSON text, from whoever made it for another purpose already: it is kept as it is, and not looked at. */
export class JsonText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** One page of a listing: `limit` documents at most, ascending by the UTF-8 bytes of their keys. */
export type ListQuery = {
  /** Only keys that begin with this text. Absent: every key of the collection. */
  readonly prefix?: string;
  /** Only keys greater than this one: the last key of the page before. */
  readonly after?: string;
  /** Documents at most, 1–1,001 (a page of a thousand and one to know whether more follow). */
  readonly limit: number;
};

export type Entry = { readonly key: string; readonly document: Document };

/**
 * What a transaction may read: one snapshot from its first read to its end, after which every verb rejects.
 * Every verb rejects with RangeError for a collection or key that is not well-formed Unicode, and for a `limit` out of
 * bounds; with StoreUnavailable when the engine fails.
 */
export interface Reader {
  /** The document, or undefined when there is none. Do not change it: it may be shared. */
  get(collection: string, key: string): Promise<Document | undefined>;
  list(collection: string, query: ListQuery): Promise<readonly Entry[]>;
}

/** An entry of a journal: its JSON text, and the key that it comes with. */
export type JournalEntry = { readonly key: string; readonly text: string };

/** Puts a JSON text under a key, unchecked. `document`: exactly what the text says, frozen, where whoever puts it has it. */
export type PutText = (collection: string, key: string, text: string, document?: Document) => void;

/**
 * What is written once for each transaction that is made durable, however many writes share it: their entries, one after the
 * other, and a head that says where the next ones go on.
 */
export type Journal = {
  readonly head: { readonly collection: string; readonly key: string };
  /**
   * Puts the entries, and the head after them; throws StoreUnavailable to refuse the transaction, with every write in it. `head` is the
   * document that the transaction finds there. Answers what is called once all of it is durable, before any of the writes is
   * answered. What is put may be undone: then the next call finds the head of before.
   */
  place(head: Document | undefined, entries: readonly JournalEntry[], put: PutText): () => void;
};

/** What a change may do: it also sees its own writes. */
export interface Writer extends Reader {
  /**
   * Keeps the document in place of the one before, and freezes it: it may be given to readers as it is. Rejects with TypeError
   * for what is no JSON value; what JSON says otherwise (an absent member that is `undefined`) is kept as JSON says it.
   */
  put(collection: string, key: string, document: Document | JsonText): Promise<void>;
  /** Removes the document; removing what is not there is no error. */
  delete(collection: string, key: string): Promise<void>;
  /**
   * Hands entries to a journal, which places them when the transaction is closed, after those of the writes before. They
   * are durable with the changes of this write, and undone with them. No write sees them before they are placed.
   */
  enter(journal: Journal, entries: readonly JournalEntry[]): Promise<void>;
}

/** What a memory answers that does not know. */
export const notKnown = Symbol('not known');

/**
 * What is durable, as far as it is remembered: an answer at once, without a transaction. Answers given in one synchronous step
 * are of one snapshot. Whatever is asked that has no form of a key or a query is not known either: what is remembered was
 * asked of the engine once, which refuses such.
 */
export type Recall = {
  get(collection: string, key: string): Document | undefined | typeof notKnown;
  list(collection: string, query: ListQuery): readonly Entry[] | typeof notKnown;
};

/**
 * A place where documents are kept.
 * INVARIANT: `work` does nothing but use its argument. It may run twice, from the top, when an engine meets a conflict,
 * and one that does not settle in time is undone and rejected with StoreUnavailable.
 */
export interface Store {
  /** Runs `work` on one snapshot that includes every write acknowledged before the call. */
  read<T>(work: (reader: Reader) => Promise<T>): Promise<T>;
  /**
   * Runs `work` atomically: resolves after its changes are durable, rejects with what `work` threw and changes nothing.
   * Rejects with StoreUnavailable when the engine cannot take the write (queue full, disk full, I/O error, closed).
   */
  write<T>(work: (writer: Writer) => Promise<T>): Promise<T>;
  /** Of a store that remembers what it read. */
  readonly recall?: Recall;
  /** Waits for what was queued, then lets go of files and connections. Later use rejects with StoreUnavailable. */
  close(): Promise<void>;
}

/**
 * The engine cannot serve now: the queue is full, the disk refuses or does not answer, or the store is closed. Nothing was
 * changed; where the disk did not answer or the writing thread died, all of it may have been.
 */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** Another process holds the data. The message names the place. */
export class StoreLocked extends Error {
  override readonly name = 'StoreLocked';
}
