// The walk along the events: every event that stands in the log is named by the link of its place. What is named by none
// was inserted, but for what is older than the first chain.
import { auditCollection } from '../telemetry/audit.ts';
import { type Link, linkKey, placedKey } from './chain.ts';
import type { Report } from './findings.ts';
import type { ChainIdentity } from './opening.ts';
import { linksAfter, timeOf } from './reading.ts';
import type { AuditRows, AuditSource } from './source.ts';

/** Events whose keys are read together. */
const keyPage = 500;
/** Places of a chain that are kept in memory together, and how many such blocks: neighbours in time are neighbours there. */
const blockSize = 128;
const maxBlocks = 64;

const placedForm = /^(.*)\/([0-9a-f]{16})-(\d{1,16})$/s;

/** Finds the link of a place. Blocks are remembered from one snapshot to the next: links never change. */
export function linkFinder() {
  const blocks = new Map<string, ReadonlyMap<number, Link>>();

  const blockOf = async (rows: AuditRows, chain: string, block: number) => {
    const first = block * blockSize + 1;
    const last = first + blockSize - 1;
    const links = new Map<number, Link>();
    let after = linkKey(chain, first - 1);
    for (;;) {
      const { page, isLast } = await linksAfter(rows, chain, after);
      for (const link of page.flatMap((row) => row.links ?? [])) links.set(link.sequence, link);
      const end = page.at(-1);
      if (isLast || end === undefined || end.lastSequence >= last) return links;
      after = end.key;
    }
  };
  return async (rows: AuditRows, chain: string, sequence: number): Promise<Link | undefined> => {
    const block = Math.floor((sequence - 1) / blockSize);
    const name = `${chain} ${block}`;
    const known = blocks.get(name)?.get(sequence);
    if (known !== undefined || sequence < 1) return known;
    const links = await blockOf(rows, chain, block);
    blocks.delete(name);
    blocks.set(name, links);
    const [eldest] = blocks.keys();
    if (blocks.size > maxBlocks && eldest !== undefined) blocks.delete(eldest);
    return links.get(sequence);
  };
}

/**
 * Reports every event that no link of a chain of these names. Events without a place are counted where they are older than
 * the first of the chains, and reported where they are not.
 */
export async function verifyEvents(
  source: AuditSource,
  chains: readonly ChainIdentity[],
  report: Report,
): Promise<{ readonly unchained: number }> {
  const names = new Set(chains.map(({ chain }) => chain));
  const chainedSince = chains.map(({ startedAt }) => startedAt).sort()[0];
  const find = linkFinder();
  let unchained = 0;

  for (let after: string | undefined; ; ) {
    const query = { limit: keyPage, ...(after === undefined ? {} : { after }) };
    const found = await source.read(async (rows) => {
      const keys = await rows.keys(auditCollection, query);
      const verdicts: { readonly key: string; readonly is: Verdict }[] = [];
      for (const key of keys) verdicts.push({ key, is: await verdictOf(rows, key) });
      return verdicts;
    });
    for (const { key, is } of found) {
      if (is === 'unplaced' && (chainedSince === undefined || (timeOf(key) ?? '~') < chainedSince)) unchained += 1;
      else if (is !== 'named') report(insertedAt(key));
    }
    after = found.at(-1)?.key;
    if (found.length < keyPage) return { unchained };
  }

  async function verdictOf(rows: AuditRows, key: string): Promise<Verdict> {
    const [, plain = '', chain = '', digits] = placedForm.exec(key) ?? [];
    if (digits === undefined) return 'unplaced';
    const sequence = Number(digits);
    const link = names.has(chain) ? await find(rows, chain, sequence) : undefined;
    return link?.key === plain && placedKey(plain, chain, sequence) === key ? 'named' : 'unnamed';
  }
}

type Verdict = 'named' | 'unnamed' | 'unplaced';

function insertedAt(key: string) {
  const [, plain = key, chain, digits] = placedForm.exec(key) ?? [];
  const time = timeOf(key);
  return {
    finding: 'inserted',
    ...(chain === undefined ? {} : { chain, sequence: Number(digits) }),
    key: plain,
    ...(time === undefined ? {} : { time }),
    detail: 'no link of a chain names this event',
  } as const;
}
