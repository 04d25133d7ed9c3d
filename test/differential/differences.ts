// Where the judges part: who accepts what another refuses, by the reasons of both. Every such class stands in explained.json
// with why it is so and a case that shows it; a class that does not is for somebody to look at.

import type { Requirements } from '../../src/core/x509/issuer-rules.ts';
import type { Answer } from './answers.ts';
import type { Case } from './cases.ts';
import explained from './explained.json' with { type: 'json' };

/** The other judges. */
export const judges = ['openssl', 'pkijs'] as const;
export type JudgeName = (typeof judges)[number];

export type Theirs = Readonly<Record<JudgeName, Answer>>;

/** How a case is put to the others once more. */
export type Question = 'the path alone' | 'the second before the last' | 'the anchor as information';

/** A case and what all said to it. */
export interface Judged {
  readonly case: Case;
  /** What core demands: `rolesanywhere` is put to the law alone, and not to the list of differences. */
  readonly requirements: Requirements;
  readonly ours: Answer;
  readonly theirs: Theirs;
  /** Where core accepts and both others refuse: the questions that were put to them after that. */
  readonly again: readonly { readonly question: Question; readonly case: Case; readonly theirs: Theirs }[];
}

/** One explained class or several alike. */
interface Row {
  readonly judges: readonly string[];
  /** Reasons of core; `accepts: TRAIT` and `refuses: TRAIT` for cases with this trait. */
  readonly ours: readonly string[];
  /** Reasons of the other judge, `accepts` among them. */
  readonly theirs: readonly string[];
  readonly why: string;
  /** `SEED:CASE` of a case in this class. */
  readonly example: string;
}

const rows: readonly Row[] = explained;

/** What came of comparing. */
export interface Comparison {
  /** Cases by what core, openssl and pkijs said: `accept/refuse/accept`. */
  readonly verdicts: ReadonlyMap<string, number>;
  /** The cases behind each explanation. */
  readonly explained: ReadonlyMap<string, readonly Case[]>;
  /** Classes without an explanation, with their cases. */
  readonly unexplained: ReadonlyMap<string, readonly Case[]>;
  /** Cases that a further question to the others settled, by the question. */
  readonly settled: ReadonlyMap<Question, readonly Case[]>;
  /** Accepted by core and refused by both others, however they were asked. */
  readonly violations: readonly Judged[];
}

/** Compares the answers to some cases. */
export function compare(all: readonly Judged[]): Comparison {
  const verdicts = new Map<string, number>();
  const behind = new Map<string, Case[]>();
  const unexplained = new Map<string, Case[]>();
  const settled = new Map<Question, Case[]>();
  for (const judged of all.filter(({ requirements }) => requirements === 'generic')) {
    add(verdicts, [judged.ours, ...judges.map((name) => judged.theirs[name])].map(word).join('/'));
    for (const name of partedFrom(judged)) {
      const row = rowFor(judged, name);
      if (row) put(behind, row.why, judged.case);
      else put(unexplained, classOf(judged, name), judged.case);
    }
    const last = judged.again.at(-1);
    if (last && !isAgainstBoth(judged)) put(settled, last.question, judged.case);
  }
  return { verdicts, explained: behind, unexplained, settled, violations: all.filter(isAgainstBoth) };
}

/** Whether core accepts what both others refuse, however they were asked. */
export function isAgainstBoth({ ours, theirs, again }: Judged): boolean {
  const said = [theirs, ...again.map((one) => one.theirs)];
  return ours.accepts && judges.every((name) => said.every((answers) => !answers[name].accepts));
}

function partedFrom({ ours, theirs }: Judged): readonly JudgeName[] {
  return judges.filter((name) => theirs[name].accepts !== ours.accepts);
}

const word = ({ accepts }: Answer): string => (accepts ? 'accept' : 'refuse');

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function put<Key>(lists: Map<Key, Case[]>, key: Key, one: Case): void {
  const list = lists.get(key) ?? [];
  list.push(one);
  lists.set(key, list);
}

function oursOf({ ours: { accepts, reason, traits = [] } }: Judged): readonly string[] {
  const word = accepts ? 'accepts' : 'refuses';
  const plain = accepts ? 'accepts: fine' : reason;
  return [plain, ...traits.map((trait) => `${word}: ${trait}`)];
}

function theirsOf({ theirs }: Judged, name: JudgeName): string {
  return theirs[name].accepts ? 'accepts' : theirs[name].reason;
}

function rowFor(judged: Judged, name: JudgeName): Row | undefined {
  const [ours, theirs] = [oursOf(judged), theirsOf(judged, name)];
  return rows.find(
    (row) =>
      row.judges.includes(name) && row.theirs.includes(theirs) && ours.some((reason) => row.ours.includes(reason)),
  );
}

/** The class of a difference in one line: judge, core's reason, the judge's. */
function classOf(judged: Judged, name: JudgeName): string {
  return `${name} | ${oursOf(judged).join('; ')} | ${theirsOf(judged, name)}`;
}

/** Explained differences whose example is not one of them, by the judgement of a case. */
export async function exampleProblems(
  judge: (seed: string, index: number) => Promise<readonly Judged[]>,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const row of rows) {
    const [seed = '', index = ''] = row.example.split(':');
    const [judged] = await judge(seed, Number(index));
    if (!judged || !partedFrom(judged).some((name) => rowFor(judged, name) === row))
      problems.push(`${row.example}: ${row.why}`);
  }
  return problems;
}

/** The comparison for a reader. */
export function summary({ verdicts, explained: behind, unexplained, settled, violations }: Comparison): string {
  const name = ({ seed, index, recipe, bent }: Case) => `${seed}:${index} (${recipe}; ${bent})`;
  const byCount = [...behind].sort(([, a], [, b]) => b.length - a.length);
  const firstOf = (cases: readonly Case[]) => cases.slice(0, 3).map(({ index }) => index);
  return [
    'core/openssl/pkijs:',
    ...[...verdicts].sort().map(([verdict, count]) => `  ${verdict}: ${count}`),
    `explained differences: ${byCount.reduce((sum, [, cases]) => sum + cases.length, 0)}`,
    ...byCount.map(([why, cases]) => `  ${cases.length}: ${why} (${firstOf(cases).join(', ')})`),
    `classes without an explanation: ${unexplained.size}`,
    ...[...unexplained].map(([key, cases]) => `  ${cases.length}: ${key}: ${cases.slice(0, 3).map(name).join(', ')}`),
    ...[...settled].map(
      ([question, cases]) =>
        `refused by both others as sent, and not when asked for ${question}: ${cases.length} (${firstOf(cases).join(', ')})`,
    ),
    `accepted by core and refused by both others: ${violations.length}`,
    ...violations
      .slice(0, 20)
      .map(
        (judged) =>
          `  ${name(judged.case)}, ${judged.requirements}: ${judges.map((one) => classOf(judged, one)).join(' / ')}`,
      ),
  ].join('\n');
}
