// Whether an export is whole, without the database: with the public key of its chain alone.
import type { KeyObject } from 'node:crypto';
import { isCount } from './chain.ts';
import type { EventLine } from './export.ts';
import type { Finding, Report } from './findings.ts';
import { isSigned, type Statement, statementOf } from './statements.ts';
import { type Walk, walkOf } from './verify-links.ts';

export type ExportVerdict = {
  readonly findings: number;
  readonly parts: readonly {
    readonly chain: string;
    readonly firstSequence: number;
    readonly lastSequence: number;
    readonly events: number;
    readonly checkpoints: number;
  }[];
};

type Part = { readonly chain: string; readonly walk: Walk; checkpoints: number; isEnded: boolean };

/** Verifies the lines of an export, each a JSON text. `keys` are public keys: a statement holds under any of them. */
export async function verifyExport(
  lines: AsyncIterable<string>,
  keys: readonly KeyObject[],
  report: Report = () => {},
): Promise<ExportVerdict> {
  const parts: Part[] = [];
  let findings = 0;
  let number = 0;
  const found = (finding: Finding) => {
    findings += 1;
    report(finding);
  };
  const end = (part: Part | undefined) => {
    if (part === undefined || part.isEnded) return;
    const sequence = part.walk.walked().lastSequence + 1;
    found({ finding: 'truncated', chain: part.chain, sequence, detail: 'the export ends without a signed end' });
  };
  const passStatement = (statement: Statement, part: Part | undefined) => {
    const { chain, sequence, time } = statement;
    if (!keys.some((key) => isSigned(statement, key))) {
      found({ finding: 'forged', chain, sequence, time, detail: `line ${number} is not signed by the key` });
      if (statement.statement !== 'begin') return;
    }
    if (statement.statement === 'begin') {
      end(part);
      const walk = walkOf(chain, found);
      walk.begin(statement);
      parts.push({ chain, walk, checkpoints: 0, isEnded: false });
    } else if (part === undefined || part.chain !== chain || part.isEnded || statement.statement === 'cut') {
      found({ finding: 'inserted', chain, sequence, time, detail: `line ${number} is a statement out of place` });
    } else {
      part.walk.end(statement);
      if (statement.statement === 'end') part.isEnded = true;
      else part.checkpoints += 1;
    }
  };
  for await (const line of lines) {
    number += 1;
    const part = parts.at(-1);
    const value = valueIn(line);
    const statement = statementOf(value);
    const event = eventLineOf(value);
    if (statement !== undefined) passStatement(statement, part);
    else if (event === undefined) found({ finding: 'changed', detail: `line ${number} cannot be read` });
    else if (part === undefined || part.isEnded || part.chain !== event.chain) {
      const { chain, sequence, key } = event;
      found({ finding: 'inserted', chain, sequence, key, detail: `line ${number} stands outside of a signed part` });
    } else part.walk.pass(event, JSON.stringify(event.event));
  }
  end(parts.at(-1));
  if (parts.length === 0) found({ finding: 'missing', detail: 'the export has no signed beginning' });
  return {
    findings,
    parts: parts.map(({ chain, walk, checkpoints }) => {
      const { cut, lastSequence, events } = walk.walked();
      return { chain, firstSequence: cut.sequence + 1, lastSequence, events, checkpoints };
    }),
  };
}

function eventLineOf(value: unknown): EventLine | undefined {
  const { chain, sequence, hash, key, event } = Object(value);
  if (!isCount(sequence) || event === undefined) return undefined;
  if (![chain, hash, key].every((text) => typeof text === 'string')) return undefined;
  return { chain, sequence, hash, key, event };
}

function valueIn(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
