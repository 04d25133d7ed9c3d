// Pages of IAM's lists. A Marker is opaque, sealed, and at most 320 characters, which the longest names still fit.
import { createHash } from 'node:crypto';
import { commonError, type ServiceError } from '../../contract/error.ts';
import type { Document, Reader } from '../../store/store.ts';
import { type Call, purposes } from '../call.ts';
import { type Collection, page } from '../records.ts';

/** What a list request says about its page. */
export type PageRequest = { readonly Marker?: string | undefined; readonly MaxItems?: number | undefined };

/** A page, and what the answer says about it. */
export type ListedPage<T> = {
  readonly records: readonly T[];
  readonly shown: { readonly IsTruncated: boolean; readonly Marker?: string };
};

const defaultMaxItems = 100;

/** A page of the account's records whose paths begin with the prefix, in the order of their names. */
export async function listedByPath<T extends Document & { readonly path: string }>(
  call: Call,
  from: Collection<T>,
  {
    Marker: token,
    MaxItems: size = defaultMaxItems,
    PathPrefix = '/',
  }: PageRequest & { PathPrefix?: string | undefined },
): Promise<ListedPage<T>> {
  const query = { collection: from, prefix: `${call.account}/`, token, size };
  const accepts = ({ path }: T) => path.startsWith(PathPrefix);
  const answer = await page(call, PathPrefix === '/' ? query : { ...query, accepts });
  if (answer === undefined) throw badMarker();
  return listed(answer.records, answer.next);
}

/** A page of the records whose keys begin with `prefix`, which ends with a slash. */
export async function listedUnder<T extends Document>(
  call: Call,
  reader: Reader,
  from: Collection<T>,
  prefix: string,
  { Marker, MaxItems = defaultMaxItems }: PageRequest,
): Promise<ListedPage<T>> {
  const listing = from.name + prefix;
  const start = Marker === undefined ? undefined : prefix + positionOf(call, listing, Marker);
  const query = { prefix, limit: MaxItems + 1, ...(start === undefined ? {} : { after: start }) };
  const entries = await from.list(reader, query);
  const shown = entries.slice(0, MaxItems);
  const last = entries.length > MaxItems ? shown.at(-1)?.key.slice(prefix.length) : undefined;
  return listed(
    shown.map(({ record }) => record),
    last === undefined ? undefined : markerOf(call, listing, last),
  );
}

/** A page of what one record holds, at most a few dozen items. The position is a number: a tag key may not fit a Marker. */
export function sliced<T>(
  call: Call,
  listing: string,
  items: readonly T[],
  { Marker, MaxItems = defaultMaxItems }: PageRequest,
): ListedPage<T> {
  const start = Marker === undefined ? 0 : Number(positionOf(call, listing, Marker));
  const end = start + MaxItems;
  return listed(items.slice(start, end), end < items.length ? markerOf(call, listing, String(end)) : undefined);
}

function listed<T>(records: readonly T[], next: string | undefined): ListedPage<T> {
  return { records, shown: next === undefined ? { IsTruncated: false } : { IsTruncated: true, Marker: next } };
}

function markerOf(call: Call, listing: string, position: string): string {
  const sealed = call.sealed(purposes.pageToken, Buffer.from(digestOf(listing) + position));
  return Buffer.from(sealed).toString('base64url');
}

function positionOf(call: Call, listing: string, marker: string): string {
  const opened = call.opened(purposes.pageToken, Buffer.from(marker, 'base64url'));
  const text = opened === undefined ? '' : Buffer.from(opened).toString();
  const digest = digestOf(listing);
  if (!text.startsWith(digest)) throw badMarker();
  return text.slice(digest.length);
}

/** Binds a Marker to its list and keeps it short. */
function digestOf(listing: string): string {
  return createHash('sha256').update(listing).digest('base64url').slice(0, 22);
}

/** Ours: AWS documents no answer to a Marker that it did not give. */
function badMarker(): ServiceError {
  return commonError('validation', 'query', 'Invalid Marker.');
}
