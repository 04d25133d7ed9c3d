// What stands in the log, read piece by piece: chains, heads, cuts and pages of links.
import { auditCollection } from '../telemetry/audit.ts';
import { type Head, headCollection, headOf, type Link, linkCollection, linksOf, placedKey } from './chain.ts';
import { type ChainIdentity, chainCollection, identityOf } from './opening.ts';
import { cutCollection } from './retention.ts';
import { type AuditRows, jsonOf } from './source.ts';
import { type Statement, statementOf } from './statements.ts';

/** Chains of a store that are looked at, at most. */
const maxChains = 1000;
/** Documents of links that are read together: a thousand and some hundred links at most. */
const linkPage = 16;
/** Characters of events after which no more are read together. */
const pageCharacters = 4 * 1024 * 1024;

/** A document of links. `links` are absent where it cannot be read. */
export type LinkRow = { readonly key: string; readonly lastSequence: number; readonly links?: readonly Link[] };

export async function identitiesIn(rows: AuditRows): Promise<readonly ChainIdentity[]> {
  const found = await rows.list(chainCollection, { limit: maxChains });
  return found.flatMap(({ key, text }) => identityOf(key, jsonOf(text)) ?? []);
}

export async function headIn(rows: AuditRows, chain: string): Promise<Head | undefined> {
  return headOf(jsonOf(await rows.get(headCollection, chain)));
}

/** The cut of a chain; `malformed` for what is none. */
export async function cutIn(rows: AuditRows, chain: string): Promise<Statement | 'malformed' | undefined> {
  const text = await rows.get(cutCollection, chain);
  return text === undefined ? undefined : (statementOf(jsonOf(text)) ?? 'malformed');
}

/** Documents of links after this key of one, ascending from the first of the chain; fewer than a page where no more follow. */
export async function linksAfter(
  rows: AuditRows,
  chain: string,
  after: string | undefined,
): Promise<{ readonly page: readonly LinkRow[]; readonly isLast: boolean }> {
  const query = { prefix: `${chain}/`, limit: linkPage, ...(after === undefined ? {} : { after }) };
  const found = await rows.list(linkCollection, query);
  return { page: found.map(({ key, text }) => linkRowOf(key, text)), isLast: found.length < linkPage };
}

/** A document of links with the texts of its events, undefined where one is missing. */
export type EventRow = LinkRow & { readonly texts: readonly (string | undefined)[] };

/** As `linksAfter`, with the events: fewer than a page where these are large. */
export async function eventsAfter(
  rows: AuditRows,
  chain: string,
  after: string | undefined,
): Promise<{ readonly page: readonly EventRow[]; readonly isLast: boolean }> {
  const { page, isLast } = await linksAfter(rows, chain, after);
  const taken: EventRow[] = [];
  let characters = 0;
  for (const row of page) {
    if (characters > pageCharacters) return { page: taken, isLast: false };
    const keys = (row.links ?? []).map(({ key, sequence }) => placedKey(key, chain, sequence));
    const texts = await rows.texts(auditCollection, keys);
    taken.push({ ...row, texts });
    characters += texts.reduce((sum, text = '') => sum + text.length, 0);
  }
  return { page: taken, isLast };
}

function linkRowOf(key: string, text: string): LinkRow {
  const links = linksOf(jsonOf(text));
  const lastSequence = Number(/\/(\d{16})$/.exec(key)?.[1]);
  return { key, lastSequence, ...(links && { links }) };
}

/** The instant in an event's key, ISO 8601. */
export function timeOf(key: string): string | undefined {
  return key.split('/')[1];
}
