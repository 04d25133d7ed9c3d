// Where the judges part: who accepts what another refuses, by the reasons of both. Every such class stands in explained.json
// with why it is so and a case that shows it; a class that does not is for somebody to look at.

import type { Answer } from './answers.ts';
import type { Case } from './cases.ts';
import explained from './explained.json' with { type: 'json' };

/** The other judges. */
export const judges = ['openssl', 'pkijs'] as const;
export type JudgeName = (typeof judges)[number];

/** A case and what all said to it. */
export interface Judged {
  readonly case: Case;
  readonly ours: Answer;
  readonly theirs: Readonly<Record<JudgeName, Answer>>;
  /** Where core accepts and both others refuse: the path that core found, without all else, and what all say to it. */
  readonly pathAlone?: Judged;
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
  /** Both judges refuse for this reason, and core is right all the same. */
  readonly againstBoth?: boolean;
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
  /** Cases accepted by core and refused by both others, with the path alone too. */
  readonly alone: readonly Case[];
  /** Those of them that no explanation allows. */
  readonly violations: readonly Judged[];
}

/** Compares the answers to some cases. */
export function compare(all: readonly Judged[]): Comparison {
  const verdicts = new Map<string, number>();
  const behind = new Map<string, Case[]>();
  const unexplained = new Map<string, Case[]>();
  const alone: Case[] = [];
  const violations: Judged[] = [];
  for (const judged of all) {
    add(verdicts, [judged.ours, ...judges.map((name) => judged.theirs[name])].map(word).join('/'));
    const parted = judges.filter((name) => judged.theirs[name].accepts !== judged.ours.accepts);
    const found = parted.map((name) => ({ name, rows: rowsFor(judged, name) }));
    for (const { name, rows: matching } of found) {
      const [row] = matching;
      if (row) put(behind, row.why, judged.case);
      else put(unexplained, classOf(judged, name), judged.case);
    }
    if (!isAgainstBoth(judged)) continue;
    alone.push(judged.case);
    if (!isAllowedAgainstBoth(judged)) violations.push(judged);
  }
  return { verdicts, explained: behind, unexplained, alone, violations };
}

const word = ({ accepts }: Answer): string => (accepts ? 'accept' : 'refuse');

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function put(lists: Map<string, Case[]>, key: string, one: Case): void {
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

function rowsFor(judged: Judged, name: JudgeName): readonly Row[] {
  const [ours, theirs] = [oursOf(judged), theirsOf(judged, name)];
  return rows.filter(
    (row) =>
      row.judges.includes(name) && row.theirs.includes(theirs) && ours.some((reason) => row.ours.includes(reason)),
  );
}

/** The class of a difference in one line: judge, core's reason, the judge's. */
function classOf(judged: Judged, name: JudgeName): string {
  return `${name} | ${oursOf(judged).join('; ')} | ${theirsOf(judged, name)}`;
}

/** What all say to the path that core accepted, without what was sent beside it. */
const toThePath = (judged: Judged): Judged => judged.pathAlone ?? judged;

/** Whether core accepts what both others refuse, and refuse again when the path is not lost among what was sent with it. */
function isAgainstBoth(judged: Judged): boolean {
  const { theirs } = toThePath(judged);
  return judged.ours.accepts && judges.every((name) => !judged.theirs[name].accepts && !theirs[name].accepts);
}

/** Whether each refuses it for a peculiarity of its own, which only happen to meet, or both for one that is allowed. */
function isAllowedAgainstBoth(judged: Judged): boolean {
  const [first = [], second = []] = judges.map((name) => rowsFor(toThePath(judged), name));
  if (first.length === 0 || second.length === 0) return false;
  const shared = first.filter((row) => second.includes(row));
  return shared.length === 0 || shared.some(({ againstBoth }) => againstBoth === true);
}

/** Explained differences whose example is not one of them, by the judgement of a case. */
export async function exampleProblems(
  judge: (seed: string, index: number) => Promise<readonly Judged[]>,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const row of rows) {
    const [seed = '', index = ''] = row.example.split(':');
    const [judged] = await judge(seed, Number(index));
    const parted = judges.filter((name) => judged && judged.theirs[name].accepts !== judged.ours.accepts);
    if (!judged || !parted.some((name) => rowsFor(judged, name).includes(row)))
      problems.push(`${row.example}: ${row.why}`);
  }
  return problems;
}

/** The comparison for a reader. */
export function summary({ verdicts, explained: behind, unexplained, alone, violations }: Comparison): string {
  const name = ({ seed, index, recipe, bent }: Case) => `${seed}:${index} (${recipe}; ${bent})`;
  const byCount = [...behind].sort(([, a], [, b]) => b.length - a.length);
  return [
    'core/openssl/pkijs:',
    ...[...verdicts].sort().map(([verdict, count]) => `  ${verdict}: ${count}`),
    `explained differences: ${byCount.reduce((sum, [, cases]) => sum + cases.length, 0)}`,
    ...byCount.map(
      ([why, cases]) =>
        `  ${cases.length}: ${why} (${cases
          .slice(0, 3)
          .map(({ index }) => index)
          .join(', ')})`,
    ),
    `classes without an explanation: ${unexplained.size}`,
    ...[...unexplained].map(([key, cases]) => `  ${cases.length}: ${key}: ${cases.slice(0, 3).map(name).join(', ')}`),
    `accepted by core and refused by both others, with the path alone too: ${alone.length}`,
    `of these without an explanation that allows it: ${violations.length}`,
    ...violations
      .slice(0, 20)
      .map(toThePath)
      .map((judged) => `  ${name(judged.case)}: ${judges.map((one) => classOf(judged, one)).join(' / ')}`),
  ].join('\n');
}
