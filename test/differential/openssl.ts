// The first of the other judges: the openssl program's `verify`. Cases that share anchors, pool and instant are put before it in one
// call, which answers for each leaf. Nothing but the given anchors is trusted, intermediates among them.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
const calls = 2;

/** OpenSSL's answers, in the order of the cases. */
export async function opensslAnswers(cases: readonly Case[]): Promise<readonly Answer[]> {
  const folder = mkdtempSync(join(tmpdir(), 'anyrole-differential-'));
  try {
    const answers = new Map<Case, Answer>();
    const batches = batchesOf(cases).entries();
    const worker = async () => {
      for (const [at, batch] of batches) await judgeBatch(batch, join(folder, String(at)), answers);
    };
    await Promise.all(Array.from({ length: calls }, worker));
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

async function judgeBatch(batch: readonly Case[], prefix: string, answers: Map<Case, Answer>): Promise<void> {
  const [first] = batch;
  if (!first) return;
  const write = (name: string, list: readonly Uint8Array[]): string => {
    writeFileSync(`${prefix}-${name}.pem`, list.map(certificatePem).join(''));
    return `${prefix}-${name}.pem`;
  };
  const trusted = ['-trusted', write('trusted', first.anchors)];
  const untrusted = first.intermediates.length > 0 ? ['-untrusted', write('untrusted', first.intermediates)] : [];
  const leaves = batch.map(({ leaf }, at) => write(String(at), [leaf]));
  const asked = [...options, '-attime', String(first.at.getTime() / 1000), ...trusted];
  let said = await verify([...asked, ...untrusted, ...leaves]);
  // Members of the pool that cannot be read are passed over, but a pool of nothing else stops the program.
  if (/any untrusted certificates/.test(said)) said = await verify([...asked, ...leaves]);
  const found = answersIn(said);
  const noAnchor = /any trusted certificates/.test(said) ? refused('no anchor can be read') : undefined;
  for (const [at, one] of batch.entries()) {
    const answer = found.get(leaves[at] ?? '') ?? noAnchor;
    if (answer === undefined) throw new Error(`openssl gave no answer to case ${one.index}: ${said}`);
    answers.set(one, answer);
  }
}

function verify(args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    // It exits with a failure whenever one leaf is refused: only what it says counts.
    const environment = { PATH: process.env.PATH, OPENSSL_CONF: '/dev/null', LC_ALL: 'C' };
    execFile('openssl', ['verify', ...args], { encoding: 'utf8', env: environment }, (_, out, err) =>
      resolve(out + err),
    );
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
