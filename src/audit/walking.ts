// The log in the order of a chain, or of accounts and time: piece by piece, in short snapshots, for whoever follows it or
// takes it elsewhere.
import { auditCollection } from '../telemetry/audit.ts';
import { linkKey } from './chain.ts';
import { cutIn, eventsAfter, headIn, timeOf } from './reading.ts';
import type { AuditSource } from './source.ts';
import { linkFinder } from './verify-events.ts';

/** An event at its place, as it is stored. */
export type ChainedEvent = {
  readonly sequence: number;
  readonly key: string;
  readonly hash: string;
  readonly text: string;
};

/** What an event must be to be shown. Instants in ISO 8601, UTC, milliseconds. */
export type Filter = {
  readonly account?: string;
  readonly eventName?: string;
  readonly since?: string;
  readonly until?: string;
};

/** Requests begin before their events are written: an event may stand among others that began so much later. */
const disorderMs = 60_000;
/** Events whose keys stand together that are read together, and places that are looked back over together. */
const page = 100;

/** The events after a place, up to the end of the chain as it is then. Places without their event are left out. */
export async function* eventsFrom(source: AuditSource, chain: string, after: number): AsyncGenerator<ChainedEvent> {
  for (let from = linkKey(chain, after); ; ) {
    const { page: rows, isLast } = await source.read((reader) => eventsAfter(reader, chain, from));
    for (const { links = [], texts } of rows) {
      for (const [index, { sequence, key, hash }] of links.entries()) {
        const text = texts[index];
        if (text !== undefined && sequence > after) yield { sequence, key, hash, text };
      }
    }
    from = rows.at(-1)?.key ?? from;
    if (isLast) return;
  }
}

/** The ends of a chain: the place that retention cut at, and the last one. */
export async function endsOf(
  source: AuditSource,
  chain: string,
): Promise<{ readonly first: number; readonly last: number }> {
  return source.read(async (rows) => {
    const cut = await cutIn(rows, chain);
    const first = cut === undefined || cut === 'malformed' ? 0 : cut.sequence;
    return { first, last: (await headIn(rows, chain))?.sequence ?? first };
  });
}

/** The place after which every event stands that began at this instant or later. */
export async function placeBefore(source: AuditSource, chain: string, since: string): Promise<number> {
  const from = new Date(Date.parse(since) - disorderMs).toISOString();
  const find = linkFinder();
  let { first: low, last: high } = await endsOf(source, chain);
  while (low < high) {
    const middle = low + Math.ceil((high - low) / 2);
    const link = await source.read((rows) => find(rows, chain, middle));
    // A place that is missing tells nothing: rather a few events too many.
    if (link !== undefined && (timeOf(link.key) ?? '') < from) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The last events up to a place that pass, oldest first. */
export async function lastEvents(
  source: AuditSource,
  chain: string,
  filter: Filter,
  last: number,
  count: number,
): Promise<readonly ChainedEvent[]> {
  const { first } = await endsOf(source, chain);
  let found: ChainedEvent[] = [];
  for (let end = last; end > first && found.length < count; end -= page) {
    const block: ChainedEvent[] = [];
    for await (const event of eventsFrom(source, chain, Math.max(first, end - page))) {
      if (event.sequence > end) break;
      if (passes(event, filter)) block.push(event);
    }
    found = [...block, ...found];
  }
  return count === 0 ? [] : found.slice(-count);
}

/** Whether the event is one that is asked for. */
export function passes({ key, text }: Pick<ChainedEvent, 'key' | 'text'>, filter: Filter): boolean {
  const [account, time = ''] = key.split('/');
  if (filter.account !== undefined && account !== filter.account) return false;
  if (filter.since !== undefined && time < filter.since) return false;
  if (filter.until !== undefined && time >= filter.until) return false;
  return filter.eventName === undefined || eventNameOf(text) === filter.eventName;
}

function eventNameOf(text: string): unknown {
  return Object(JSON.parse(text)).eventName;
}

/** The events of every account, or of one, by account and time: those that stand in no chain, too. */
export async function* eventsByTime(
  source: AuditSource,
  filter: Filter,
): AsyncGenerator<{ key: string; text: string }> {
  for (let account = await accountAfter(source, filter.account); account !== undefined; ) {
    const prefix = `${account}/`;
    for (let after = `${prefix}${filter.since ?? ''}`; ; ) {
      const rows = await source.read((reader) => reader.list(auditCollection, { prefix, after, limit: page }));
      for (const row of rows) if (passes(row, filter)) yield row;
      const last = rows.at(-1)?.key;
      if (last === undefined || rows.length < page || (timeOf(last) ?? '') >= (filter.until ?? '~')) break;
      after = last;
    }
    account = filter.account === undefined ? await accountAfter(source, undefined, `${prefix}\u{10ffff}`) : undefined;
  }
}

/** The first account whose events come after this key; the one that is asked for, where one is. */
async function accountAfter(
  source: AuditSource,
  wanted: string | undefined,
  after?: string,
): Promise<string | undefined> {
  if (wanted !== undefined) return wanted;
  const query = { limit: 1, ...(after === undefined ? {} : { after }) };
  const [key] = await source.read((rows) => rows.keys(auditCollection, query));
  return key?.split('/')[0];
}
