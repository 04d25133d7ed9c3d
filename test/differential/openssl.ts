// The first of the other judges: the openssl program's `verify`. Cases that share anchors, pool and instant are put before it in one
// call, which answers for each leaf. Nothing but the given anchors is trusted, intermediates among them.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificatePem } from '../../src/core/x509/certificate.ts';
import { type Answer, fine, refused } from './answers.ts';
import type { Case } from './cases.ts';

/** The version of the openssl program, `3.0.19`; undefined when there is none, or another program of the name. */
export function opensslVersion(): string | undefined {
  try {
    return /^OpenSSL (\d+\.\d+\.\d+)/.exec(execFileSync('openssl', ['version'], { encoding: 'utf8' }))?.[1];
  } catch {
    return undefined;
  }
}

/** Whether the version `have` is `wanted` or a later one. */
export function isAtLeast(have: string, wanted: string): boolean {
  return have.localeCompare(wanted, 'en', { numeric: true }) >= 0;
}

const perCall = 100;
const shells = 2;

/** Cases of one call, and the words that put them. */
interface Call {
  readonly cases: readonly Case[];
  /** The file of each case's leaf. */
  readonly leaves: readonly string[];
  /** Everything but pool and leaves. */
  readonly words: readonly string[];
  readonly pool: readonly string[];
}

/** OpenSSL's answers, in the order of the cases. */
export async function opensslAnswers(cases: readonly Case[]): Promise<readonly Answer[]> {
  const folder = mkdtempSync(join(tmpdir(), 'anyrole-differential-'));
  try {
    const calls = batchesOf(cases).map((batch, at) => callOf(batch, join(folder, String(at))));
    const first = await verify(
      calls.map(({ words, pool, leaves }) => [...words, ...pool, ...leaves]),
      folder,
    );
    // Members of the pool that cannot be read are passed over, but a pool of nothing else stops the program.
    const stopped = calls.filter((_, at) => /any untrusted certificates/.test(first[at] ?? ''));
    const second = await verify(
      stopped.map(({ words, leaves }) => [...words, ...leaves]),
      folder,
    );
    const said = new Map([
      ...calls.map((call, at) => [call, first[at]] as const),
      ...stopped.map((call, at) => [call, second[at]] as const),
    ]);
    const answers = new Map(calls.flatMap((call) => answersTo(call, said.get(call) ?? '')));
    return cases.map((one) => answers.get(one) ?? refused('no answer'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function batchesOf(cases: readonly Case[]): (readonly Case[])[] {
  const pems = (list: readonly Uint8Array[]) => list.map(certificatePem).join('');
  const groups = Map.groupBy(
    cases,
    ({ anchors, intermediates, at }) => `${at.getTime()}/${pems(anchors)}/${pems(intermediates)}`,
  );
  return [...groups.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / perCall) }, (_, at) => group.slice(at * perCall, (at + 1) * perCall)),
  );
}

const options = [
  ...['-no-CAfile', '-no-CApath', '-no-CAstore', '-partial_chain'],
  // Without a policy that the user accepts, none would be acceptable; anyPolicy makes all of them so, as RFC 5280 has it.
  ...['-policy_check', '-policy', '2.5.29.32.0', '-purpose', 'any'],
];

function callOf(cases: readonly Case[], prefix: string): Call {
  const write = (name: string, list: readonly Uint8Array[]): string => {
    writeFileSync(`${prefix}-${name}.pem`, list.map(certificatePem).join(''));
    return `${prefix}-${name}.pem`;
  };
  const { anchors = [], intermediates = [], at = new Date(0) } = cases[0] ?? {};
  const leaves = cases.map(({ leaf }, number) => write(String(number), [leaf]));
  const trusted = ['-attime', String(at.getTime() / 1000), '-trusted', write('trusted', anchors)];
  return {
    cases,
    leaves,
    words: [...options, ...trusted],
    pool: intermediates.length > 0 ? ['-untrusted', write('untrusted', intermediates)] : [],
  };
}

/** What the program says to each row of words. A few shells start it, as this process is too big to be forked so often. */
async function verify(rows: readonly (readonly string[])[], folder: string): Promise<readonly string[]> {
  const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
  const place = (at: number, end: string) => join(folder, `said-${at}.${end}`);
  const lines = rows.map((words, at) => {
    const command = ['openssl', 'verify', ...words].map(quoted).join(' ');
    return `${command} >${quoted(place(at, 'out'))} 2>${quoted(place(at, 'err'))}`;
  });
  const scripts = Array.from({ length: shells }, (_, shell) =>
    lines.filter((_line, at) => at % shells === shell).join('\n'),
  );
  await Promise.all(scripts.map((script, shell) => run(script, join(folder, `script-${shell}`))));
  // It exits with a failure whenever one leaf is refused: only what it says counts.
  return rows.map((_, at) => readFileSync(place(at, 'out'), 'utf8') + readFileSync(place(at, 'err'), 'utf8'));
}

function run(script: string, file: string): Promise<void> {
  writeFileSync(file, script);
  const env = { PATH: process.env.PATH, OPENSSL_CONF: '/dev/null', LC_ALL: 'C' };
  return new Promise((resolve) => execFile('sh', [file], { env }, () => resolve()));
}

function answersTo({ cases, leaves }: Call, said: string): readonly (readonly [Case, Answer])[] {
  const found = answersIn(said);
  const noAnchor = /any trusted certificates/.test(said) ? refused('no anchor can be read') : undefined;
  return cases.map((one, at) => {
    const answer = found.get(leaves[at] ?? '') ?? noAnchor;
    if (answer === undefined) throw new Error(`openssl gave no answer to case ${one.index}: ${said}`);
    return [one, answer];
  });
}

/** Answers by the name of the file. What is said about a file comes before the line that names it. */
function answersIn(said: string): Map<string, Answer> {
  const answers = new Map<string, Answer>();
  let reason: string | undefined;
  for (const line of said.split('\n')) {
    const fault = /^error \d+ at \d+ depth lookup: ?(.*)$/.exec(line)?.[1];
    reason ??= fault;
    const file = /^error (.*): verification failed$/.exec(line)?.[1];
    if (file !== undefined) {
      answers.set(file, refused(reason ?? 'no reason is given'));
      reason = undefined;
    }
    const good = /^(.*): OK$/.exec(line)?.[1];
    if (good !== undefined) answers.set(good, fine);
    const unreadable = /^Could not (?:read|open|find) .*?(?:from|in) (\S+\.pem)$/.exec(line)?.[1];
    if (unreadable !== undefined) answers.set(unreadable, refused('the leaf cannot be read'));
  }
  return answers;
}
