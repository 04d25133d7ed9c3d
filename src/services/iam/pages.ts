// Pages of IAM's lists. A Marker is opaque, sealed, and at most 320 characters, which the longest names still fit.
import { commonError } from '../../contract/error.ts';
import type { Document, Reader } from '../../store/store.ts';
import type { Call } from '../call.ts';
import { type Collection, type PageQuery, page, positionOf, tokenOf } from '../records.ts';

/** What a list request says about its page. */
export type PageRequest = { readonly Marker?: string | undefined; readonly MaxItems?: number | undefined };

/** A page, and what the answer says about it. */
export type ListedPage<T> = {
  readonly records: readonly T[];
  readonly shown: { readonly IsTruncated: boolean; readonly Marker?: string };
};

const defaultMaxItems = 100;

/** A page of the account's records whose paths begin with the prefix, in the order of their names. */
export function listedByPath<T extends Document & { readonly path: string }>(
  call: Call,
  from: Collection<T>,
  { PathPrefix = '/', ...asked }: PageRequest & { PathPrefix?: string | undefined },
): Promise<ListedPage<T>> {
  const query = { collection: from, prefix: `${call.account}/` };
  const accepts = ({ path }: T) => path.startsWith(PathPrefix);
  return call.read((reader) => paged(call, reader, PathPrefix === '/' ? query : { ...query, accepts }, asked));
}

/** A page of the records whose keys begin with `prefix`, of those that it accepts. Absent: of all. */
export function listedUnder<T extends Document>(
  call: Call,
  reader: Reader,
  from: Collection<T>,
  prefix: string,
  asked: PageRequest,
  accepts?: (record: T) => boolean,
): Promise<ListedPage<T>> {
  return paged(call, reader, { collection: from, prefix, ...(accepts && { accepts }) }, asked);
}

async function paged<T extends Document>(
  call: Call,
  reader: Reader,
  query: Pick<PageQuery<T>, 'collection' | 'prefix' | 'accepts'>,
  { Marker: token, MaxItems: size = defaultMaxItems }: PageRequest,
): Promise<ListedPage<T>> {
  const answer = (await page(call, reader, { ...query, token, size })) ?? badMarker();
  return listed(answer.records, answer.next);
}

/** A page of what one record holds, at most a few dozen items. The position is a number: a tag key may not fit a Marker. */
export function sliced<T>(
  call: Call,
  listing: string,
  items: readonly T[],
  { Marker, MaxItems = defaultMaxItems }: PageRequest,
): ListedPage<T> {
  const start = Marker === undefined ? 0 : Number(positionOf(call, listing, Marker) ?? badMarker());
  const end = start + MaxItems;
  return listed(items.slice(start, end), end < items.length ? tokenOf(call, listing, String(end)) : undefined);
}

function listed<T>(records: readonly T[], next: string | undefined): ListedPage<T> {
  return { records, shown: next === undefined ? { IsTruncated: false } : { IsTruncated: true, Marker: next } };
}

/** Ours: AWS documents no answer to a Marker that it did not give. */
function badMarker(): never {
  throw commonError('validation', 'query', 'Invalid Marker.');
}
