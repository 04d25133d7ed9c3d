// Typed doors to the store: a collection keeps records of one type, and pages of it travel with opaque tokens.
import { hash } from 'node:crypto';
import { remember } from '../core/remember.ts';
import { type Document, type ListQuery, notKnown, type Reader, type Recall, type Writer } from '../store/store.ts';
import { type Call, type Findable, purposes } from './call.ts';

/** Records of one type under one name in the store. */
export type Collection<T extends Document> = Findable<T> & {
  readonly name: string;
  put(writer: Writer, key: string, record: T): Promise<void>;
  delete(writer: Writer, key: string): Promise<void>;
  list(
    reader: Reader,
    query: { readonly prefix: string; readonly after?: string; readonly limit: number },
  ): Promise<readonly EntryOf<T>[]>;
};

/** A record and its key: the store's entry. */
export type EntryOf<T> = { readonly key: string; readonly document: T };

/**
 * INVARIANT: a collection is written through one `Collection` only; that is why its records have its type. `asNow` makes
 * what an earlier version of this program wrote into what is written now. Absent: they are the same.
 */
export function collection<T extends Document, Earlier extends Document = T>(
  name: string,
  asNow?: (stored: T | Earlier) => T,
): Collection<T> {
  // The invariant above guarantees the type of what comes back.
  const read = (document: Document) => (asNow === undefined ? (document as T) : asNow(document as T | Earlier));
  return Object.freeze({
    name,
    get:
      asNow === undefined
        ? // As above.
          (reader: Reader, key: string) => reader.get(name, key) as Promise<T | undefined>
        : async (reader: Reader, key: string) => {
            const document = await reader.get(name, key);
            return document === undefined ? undefined : read(document);
          },
    recall(memory: Recall, key: string) {
      const document = memory.get(name, key);
      return document === undefined || document === notKnown ? document : read(document);
    },
    put: (writer: Writer, key: string, record: T) => writer.put(name, key, record),
    delete: (writer: Writer, key: string) => writer.delete(name, key),
    list:
      asNow === undefined
        ? // As above.
          (reader: Reader, query: ListQuery) => reader.list(name, query) as Promise<readonly EntryOf<T>[]>
        : async (reader: Reader, query: ListQuery) => {
            // As above. Most lists hold nothing of earlier versions, and are given as they are.
            const entries = (await reader.list(name, query)) as readonly EntryOf<T>[];
            const isNow = ({ document }: EntryOf<T>) => read(document) === document;
            return entries.every(isNow)
              ? entries
              : entries.map(({ key, document }) => ({ key, document: read(document) }));
          },
  });
}

export type PageQuery<T extends Document> = {
  readonly collection: Collection<T>;
  /** Keys of the page begin with it: the account, and the Region of regional resources. */
  readonly prefix: string;
  /** What the page before answered; absent: the first page. */
  readonly token: string | undefined;
  /** Records at most, 1–1,000. */
  readonly size: number;
  /** Leaves records out. Absent: none. */
  readonly accepts?: (record: T) => boolean | Promise<boolean>;
};

export type Page<T> = { readonly records: readonly T[]; readonly next?: string };

/**
 * One page in the order of keys, or undefined when the token is not one this server made for this listing.
 * Ours: tokens are sealed, so that a stranger learns no key from them and can forge none.
 */
export async function page<T extends Document>(
  call: Call,
  reader: Reader,
  query: PageQuery<T>,
): Promise<Page<T> | undefined> {
  const { collection: from, prefix, token } = query;
  const listing = `${from.name}\n${prefix}`;
  const start = token === undefined ? undefined : positionOf(call, listing, token);
  if (token !== undefined && start === undefined) return undefined;
  const find = query.accepts === undefined ? following : accepted;
  const { records, last } = await find(reader, query, start);
  return last === undefined ? { records } : { records, next: tokenOf(call, listing, last) };
}

/** Records after a position, and the position of the last, where others follow. */
type Following<T> = { readonly records: readonly T[]; readonly last: string | undefined };

async function following<T extends Document>(
  reader: Reader,
  { collection: from, prefix, size }: PageQuery<T>,
  start: string | undefined,
): Promise<Following<T>> {
  const entries = await from.list(reader, queryAfter(prefix, start, size + 1));
  const records = recordsOf(entries, Math.min(entries.length, size));
  return { records, last: entries.length > size ? entries[size - 1]?.key.slice(prefix.length) : undefined };
}

/** Keys looked at per page where `accepts` leaves many out; the page may then be short, with more to come. */
const maxScanned = 10_000;
const scannedAtOnce = 1000;

async function accepted<T extends Document>(
  reader: Reader,
  { collection: from, prefix, size, accepts = () => true }: PageQuery<T>,
  start: string | undefined,
): Promise<Following<T>> {
  const records: T[] = [];
  let last = start;
  for (let scanned = 0; scanned < maxScanned; scanned += scannedAtOnce) {
    const entries = await from.list(reader, queryAfter(prefix, last, scannedAtOnce));
    for (const { key, document: record } of entries) {
      const isWanted = await accepts(record);
      if (isWanted && records.length === size) return { records, last };
      if (isWanted) records.push(record);
      last = key.slice(prefix.length);
    }
    if (entries.length < scannedAtOnce) return { records, last: undefined };
  }
  return { records, last };
}

function queryAfter(prefix: string, position: string | undefined, limit: number) {
  return position === undefined ? { prefix, limit } : { prefix, limit, after: prefix + position };
}

/** Of lists that the store keeps, which are frozen: what was made of them last. */
const keptRecords = new WeakMap<readonly EntryOf<Document>[], readonly Document[]>();

/**
 * The first records of a list. Where the store gives the same list again, these are the same, too: whoever writes them finds
 * what was written of them before.
 */
function recordsOf<T extends Document>(entries: readonly EntryOf<T>[], count: number): readonly T[] {
  const kept = keptRecords.get(entries);
  // What was made of the entries are their documents.
  if (kept?.length === count) return kept as readonly T[];
  const records = entries.slice(0, count).map(({ document }) => document);
  if (Object.isFrozen(entries)) keptRecords.set(entries, Object.freeze(records));
  return records;
}

/** A token for a position in a listing, 100 characters and four thirds of the position's bytes. */
export function tokenOf(call: Call, listing: string, position: string): string {
  return call.sealedText(purposes.pageToken, digestOf(listing) + position);
}

/** The position that a token was made for, or undefined when it was not made here for this listing. */
export function positionOf(call: Call, listing: string, token: string): string | undefined {
  const opened = call.opened(purposes.pageToken, Buffer.from(token, 'base64url'));
  const text = opened && Buffer.from(opened).toString();
  const digest = digestOf(listing);
  return text?.startsWith(digest) ? text.slice(digest.length) : undefined;
}

/** Binds a token to its listing and keeps it short: IAM's markers have at most 320 characters. */
export const digestOf: (listing: string) => string = remember(
  512,
  (listing) => listing,
  (listing) => hash('sha256', listing, 'base64url').slice(0, 22),
  { most: 64 * 1024, sizeOf: ({ length }) => length },
);
