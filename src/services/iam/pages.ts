// Pages of IAM's lists. A Marker is opaque, sealed, and at most 320 characters, which the longest names still fit.
import { commonError } from '../../contract/error.ts';
import type { Document, Reader } from '../../store/store.ts';
import type { Call } from '../call.ts';
import { type Collection, digestOf, type PageQuery, page, positionOf, tokenOf } from '../records.ts';

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
  accepts?: (record: T) => boolean | Promise<boolean>,
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

/**
 * A page of several lists, one after the other. `lists` give their own pages; a Marker here is the place of a list, a digest
 * of the whole question, and the Marker of that list, or nothing where the list begins.
 */
export async function inTurn<T>(
  listing: string,
  lists: readonly ((asked: PageRequest) => Promise<ListedPage<T>>)[],
  { Marker, MaxItems = defaultMaxItems }: PageRequest,
): Promise<ListedPage<T>> {
  const digest = digestOf(listing);
  const markerAt = (index: number, within = '') => `${index}${digest}${within}`;
  const first = Marker === undefined ? 0 : lists.findIndex((_, index) => Marker.startsWith(markerAt(index)));
  if (Marker !== undefined && first < 0) badMarker();
  const records: T[] = [];
  let within = Marker?.slice(markerAt(first).length) || undefined;
  for (const [index, list] of lists.entries()) {
    if (index < first) continue;
    const left = MaxItems - records.length;
    const { records: more, shown } = await list({ Marker: within, MaxItems: Math.max(1, left) });
    within = undefined;
    if (left === 0 && (more.length > 0 || shown.IsTruncated)) return listed(records, markerAt(index));
    if (left > 0) records.push(...more);
    if (shown.Marker !== undefined) return listed(records, markerAt(index, shown.Marker));
  }
  return listed(records, undefined);
}

function listed<T>(records: readonly T[], next: string | undefined): ListedPage<T> {
  return { records, shown: next === undefined ? { IsTruncated: false } : { IsTruncated: true, Marker: next } };
}

/** Ours: AWS documents no answer to a Marker that it did not give. */
function badMarker(): never {
  throw commonError('validation', 'query', 'Invalid Marker.');
}
