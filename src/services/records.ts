// Typed doors to the store: a collection keeps records of one type, and pages of it travel with opaque tokens.
import type { Document, Reader, Writer } from '../store/store.ts';
import { type Call, purposes } from './call.ts';

/** Records of one type under one name in the store. */
export type Collection<T extends Document> = {
  readonly name: string;
  get(reader: Reader, key: string): Promise<T | undefined>;
  put(writer: Writer, key: string, record: T): Promise<void>;
  delete(writer: Writer, key: string): Promise<void>;
  list(
    reader: Reader,
    query: { readonly prefix: string; readonly after?: string; readonly limit: number },
  ): Promise<readonly { readonly key: string; readonly record: T }[]>;
};

/** INVARIANT: a collection is written through one `Collection` only; that is why its records have its type. */
export function collection<T extends Document>(name: string): Collection<T> {
  return Object.freeze({
    name,
    // The invariant above guarantees the type of what comes back, here and in list.
    get: async (reader: Reader, key: string) => (await reader.get(name, key)) as T | undefined,
    put: (writer: Writer, key: string, record: T) => writer.put(name, key, record),
    delete: (writer: Writer, key: string) => writer.delete(name, key),
    list: async (reader: Reader, query: { prefix: string; after?: string; limit: number }) =>
      (await reader.list(name, query)).map(({ key, document }) => ({ key, record: document as T })),
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
  readonly accepts?: (record: T) => boolean;
};

export type Page<T> = { readonly records: readonly T[]; readonly next?: string };

/** Keys looked at per page where `accepts` leaves many out; the page may then be short, with more to come. */
const maxScanned = 10_000;

/**
 * One page in the order of keys, or undefined when the token is not one this server made for this listing.
 * Ours: tokens are sealed, so that a stranger learns no key from them and can forge none.
 */
export async function page<T extends Document>(call: Call, query: PageQuery<T>): Promise<Page<T> | undefined> {
  const listing = `${query.collection.name}\n${query.prefix}\n`;
  const after = query.token === undefined ? undefined : positionOf(call, listing, query.token);
  if (query.token !== undefined && after === undefined) return undefined;
  const { found, more } = await call.read((reader) => scan(reader, query, after));
  const last = found.at(-1);
  const records = found.map(({ record }) => record);
  if (more === undefined) return { records };
  return { records, next: tokenOf(call, listing, more === 'afterLast' && last ? last.key : more) };
}

type Found<T> = { readonly key: string; readonly record: T };

/** What fits the page, and the key after which more may follow (`afterLast`: after the page's last). */
async function scan<T extends Document>(
  reader: Reader,
  { collection: from, prefix, size, accepts }: PageQuery<T>,
  start: string | undefined,
): Promise<{ readonly found: readonly Found<T>[]; readonly more?: string }> {
  const found: Found<T>[] = [];
  let after = start;
  for (let scanned = 0; scanned < maxScanned; ) {
    const limit = accepts === undefined ? size + 1 : 1000;
    const entries = await from.list(reader, { prefix, limit, ...(after === undefined ? {} : { after }) });
    for (const entry of entries) {
      if (accepts === undefined || accepts(entry.record)) {
        if (found.length === size) return { found, more: 'afterLast' };
        found.push(entry);
      }
      after = entry.key;
    }
    if (entries.length < limit) return { found };
    scanned += entries.length;
  }
  return after === undefined ? { found } : { found, more: after };
}

function tokenOf(call: Call, listing: string, key: string): string {
  return Buffer.from(call.sealed(purposes.pageToken, Buffer.from(listing + key))).toString('base64url');
}

function positionOf(call: Call, listing: string, token: string): string | undefined {
  const opened = call.opened(purposes.pageToken, Buffer.from(token, 'base64url'));
  const text = opened && Buffer.from(opened).toString();
  return text?.startsWith(listing) ? text.slice(listing.length) : undefined;
}
