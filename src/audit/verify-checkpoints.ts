// What was signed about a chain, held against what stands there now: checkpoints of the store, and those that were kept
// elsewhere, which alone find a roll-back of the whole store.
import { checkpointCollection } from './checkpoints.ts';
import type { Report } from './findings.ts';
import { cutIn } from './reading.ts';
import { type AuditSource, jsonOf } from './source.ts';
import { isSigned, type Statement, statementOf } from './statements.ts';
import { linkFinder } from './verify-events.ts';
import { isCutOf, type Trust, type Walked } from './verify-links.ts';

/** Checkpoints that are read together. */
const page = 100;

/** A chain that was walked along. */
export type KnownChain = { readonly trust: Trust; readonly walked: Walked };

export type Checked = {
  /** Checkpoints that agree with the log. */
  readonly agreed: number;
  /** Those of places that retention removed: nothing is left to hold them against. */
  readonly beforeCut: number;
  /** The last place that one agrees with, by chain. */
  readonly lastSequences: ReadonlyMap<string, number>;
};

/** Checks statements one by one, each against the chain it names. */
export function checkpointCheck(source: AuditSource, chains: ReadonlyMap<string, KnownChain>, report: Report) {
  const find = linkFinder();
  const lastSequences = new Map<string, number>();
  const contradicted = new Set<string>();
  let agreed = 0;
  let beforeCut = 0;

  /** The hash that stands at the place now, or that retention has removed it. */
  const storedHash = async ({ trust, walked }: KnownChain, { chain, sequence }: Statement) => {
    if (sequence < walked.cut.sequence) return 'cut';
    if (sequence === walked.cut.sequence) return walked.cut.hash;
    const { cut, link } = await source.read(async (rows) => ({
      cut: await cutIn(rows, chain),
      link: await find(rows, chain, sequence),
    }));
    if (link !== undefined) return link.hash;
    // Since the walk.
    return cut !== undefined && isCutOf(chain, cut, trust) && cut.sequence >= sequence ? 'cut' : undefined;
  };

  /** Resolves after the statement was checked. `origin` says where it was read, e.g. a file and its line. */
  const check = async (statement: Statement, origin: string): Promise<void> => {
    const { chain, sequence, time } = statement;
    const place = { chain, sequence, time };
    const known = chains.get(chain);
    if (known === undefined) {
      report({ finding: 'missing', ...place, detail: `${origin} is of a chain that is not in the log` });
      return;
    }
    const { trust, walked } = known;
    if (statement.statement !== 'checkpoint' || (trust.publicKey && !isSigned(statement, trust.publicKey))) {
      report({ finding: 'forged', ...place, detail: `${origin} is not signed by the key of the chain` });
      return;
    }
    const stored = await storedHash(known, statement);
    if (stored === 'cut') {
      beforeCut += 1;
      return;
    }
    if (stored === statement.hash) {
      agreed += 1;
      lastSequences.set(chain, Math.max(sequence, lastSequences.get(chain) ?? 0));
      return;
    }
    // A gap, which the walk has told of.
    if (stored === undefined && sequence <= walked.lastSequence) return;
    // What one checkpoint contradicts, those after it do too: the first says it.
    if (contradicted.has(chain)) return;
    contradicted.add(chain);
    const first = Math.min((lastSequences.get(chain) ?? walked.cut.sequence) + 1, sequence);
    const range = { chain, sequence: first, lastSequence: sequence, time };
    if (sequence > walked.lastSequence) {
      report({
        finding: 'truncated',
        ...range,
        sequence: walked.lastSequence + 1,
        detail: `${origin} knows of more than the log holds`,
      });
    } else {
      report({ finding: 'rewritten', ...range, detail: `${origin} says otherwise of what stands up to its place` });
    }
  };
  return { check, checked: (): Checked => ({ agreed, beforeCut, lastSequences }) };
}

/** Checks every checkpoint that the store has of the chain. */
export async function verifyStoredCheckpoints(
  source: AuditSource,
  chain: string,
  { check }: Pick<ReturnType<typeof checkpointCheck>, 'check'>,
  report: Report,
): Promise<void> {
  for (let after: string | undefined; ; ) {
    const query = { prefix: `${chain}/`, limit: page, ...(after === undefined ? {} : { after }) };
    const found = await source.read((rows) => rows.list(checkpointCollection, query));
    for (const { key, text } of found) {
      const statement = statementOf(jsonOf(text));
      if (statement?.chain === chain) await check(statement, 'a checkpoint of the store');
      else report({ finding: 'forged', chain, key, detail: 'a checkpoint of the store cannot be read' });
    }
    after = found.at(-1)?.key;
    if (found.length < page) return;
  }
}
