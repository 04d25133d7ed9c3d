// The walk along a chain: every place follows from the one before, every place has its event, and the walk ends at the
// head. One wrong place is one finding: the walk goes on from what is stored there.
import type { KeyObject } from 'node:crypto';
import { genesis, type Head, type HeadTags, hashOf, headText, type Link } from './chain.ts';
import type { Report } from './findings.ts';
import { cutIn, type EventRow, eventsAfter, headIn, timeOf } from './reading.ts';
import type { AuditSource } from './source.ts';
import { isSigned, type Statement } from './statements.ts';

/** What somebody who verifies has: the public key of the chain, and with the keyring the tags of heads. */
export type Trust = { readonly publicKey: KeyObject | undefined; readonly tags: HeadTags | undefined };

/** Where the walk stands. */
type Standing = {
  readonly sequence: number;
  /** The hash that is stored there; undefined where the place itself is not there. */
  readonly stored: string | undefined;
  /** What it should be, where that is something else. */
  readonly computed?: string | undefined;
};

export type Walked = {
  /** The place that retention cut at, 0 where it never did, and the hash there. */
  readonly cut: { readonly sequence: number; readonly hash: string };
  readonly lastSequence: number;
  readonly lastHash: string | undefined;
  readonly lastTime: string | undefined;
  /** Events that were read. */
  readonly events: number;
};

/** The steps of a walk: given the log piece by piece, they report what is wrong. */
export type Walk = {
  /** Goes on after this place, where a statement vouches for its hash. */
  begin(place: { readonly sequence: number; readonly hash: string }): void;
  pass(link: Link, text: string | undefined): void;
  /** The head, which ends the log; or of an export what was signed about this place. */
  end(head: Pick<Head, 'sequence' | 'hash'>): void;
  walked(): Walked;
};

export function walkOf(chain: string, report: Report): Walk {
  let cut: Walked['cut'] = genesis(chain);
  let standing: Standing = { sequence: 0, stored: cut.hash };
  let lastTime: string | undefined;
  let events = 0;

  const passGap = (next: number) => {
    const sequence = standing.sequence + 1;
    if (next === sequence) return;
    const detail = 'no link is there for these places';
    report({ finding: 'removed', chain, sequence, lastSequence: next - 1, detail });
    standing = { sequence: next - 1, stored: undefined };
  };
  return {
    begin(place) {
      cut = { sequence: place.sequence, hash: place.hash };
      standing = { sequence: place.sequence, stored: place.hash };
    },
    pass({ sequence, key, hash }, text) {
      const time = timeOf(key);
      const place = { chain, sequence, key, ...(time === undefined ? {} : { time }) };
      if (sequence <= standing.sequence) {
        report({ finding: 'inserted', ...place, detail: 'a second link for this place, or one out of order' });
        return;
      }
      passGap(sequence);
      lastTime = time;
      const { stored, computed } = standing;
      standing = { sequence, stored: hash };
      if (text === undefined) {
        report({ finding: 'removed', ...place, detail: 'the event of this place is missing' });
        return;
      }
      events += 1;
      const follows = (before: string | undefined) =>
        before !== undefined && hashOf(before, sequence, key, text) === hash;
      if (stored === undefined || follows(stored) || follows(computed)) return;
      report({ finding: 'changed', ...place, detail: 'the event, or its place, is not what the chain says' });
      standing = { sequence, stored: hash, computed: hashOf(stored, sequence, key, text) };
    },
    end(head) {
      const { sequence, stored, computed } = standing;
      if (head.sequence > sequence) {
        const detail = 'the log ends before the place that its head, or a signed line, tells';
        report({ finding: 'truncated', chain, sequence: sequence + 1, lastSequence: head.sequence, detail });
      } else if (head.sequence < sequence) {
        const detail = 'links stand after the place that the head, or a signed line, tells';
        report({ finding: 'inserted', chain, sequence: head.sequence + 1, lastSequence: sequence, detail });
      } else if (stored !== undefined && stored !== head.hash && computed !== head.hash) {
        report({
          finding: 'rewritten',
          chain,
          sequence,
          detail: 'the place is not what the head, or a signed line, says',
        });
      }
    },
    walked: () => ({ cut, lastSequence: standing.sequence, lastHash: standing.stored, lastTime, events }),
  };
}

/** Walks along the chain as it stands in the source, in bounded memory. */
export async function verifyLinks(source: AuditSource, chain: string, trust: Trust, report: Report): Promise<Walked> {
  const walk = walkOf(chain, report);
  let isCutRefused = false;

  const passCut = (cut: Statement | 'malformed' | undefined) => {
    if (cut === undefined || isCutRefused) return;
    if (!isCutOf(chain, cut, trust)) {
      isCutRefused = true;
      report({
        finding: 'forged',
        chain,
        detail: 'the mark of where retention cut the chain is not signed by its key',
      });
    } else if (cut.sequence > walk.walked().lastSequence) {
      // Retention was here before the walk, or overtook it.
      walk.begin(cut);
    }
  };
  const passRow = ({ key, lastSequence, links = [], texts }: EventRow) => {
    if (links.at(-1)?.sequence !== lastSequence) {
      const place = Number.isNaN(lastSequence) ? {} : { sequence: lastSequence };
      const detail = 'the links that end at this place cannot be read, or stand under another place';
      report({ finding: 'changed', chain, ...place, key, detail });
    }
    for (const [index, link] of links.entries()) walk.pass(link, texts[index]);
  };

  for (let after: string | undefined; ; ) {
    // The last page and the head are of one snapshot: what is written meanwhile is in both or in neither.
    const { cut, page, isLast, head } = await source.read(async (rows) => {
      const cut = await cutIn(rows, chain);
      const found = await eventsAfter(rows, chain, after);
      return { cut, ...found, head: found.isLast ? await headIn(rows, chain) : undefined };
    });
    passCut(cut);
    for (const row of page) passRow(row);
    after = page.at(-1)?.key ?? after;
    if (!isLast) continue;
    passHead(head, chain, trust, report);
    if (head !== undefined) walk.end(head);
    return walk.walked();
  }
}

/** Whether this is the mark of where retention cut the chain. */
export function isCutOf(chain: string, cut: Statement | 'malformed', { publicKey }: Trust): cut is Statement {
  if (cut === 'malformed' || cut.statement !== 'cut' || cut.chain !== chain) return false;
  return publicKey === undefined || isSigned(cut, publicKey);
}

function passHead(head: Head | undefined, chain: string, { tags }: Trust, report: Report): void {
  if (head === undefined) {
    report({ finding: 'missing', chain, detail: 'the head of the chain is not there' });
  } else if (tags?.holds(headText(chain, head), head.tag) === false) {
    const detail = 'the head of the chain is not as the server left it';
    report({ finding: 'forged', chain, sequence: head.sequence, detail });
  }
}
