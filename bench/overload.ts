// What is left of a server when five times more is asked of it than it can answer: goodput beside the peak of the same
// run, and how long the accepted take. CreateSession throughout, with a warm certificate, each answer on record.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KeyName } from '../test/pki.ts';
import { prepareAccount } from './account.ts';
import { startChild } from './child.ts';
import type { Effort } from './effort.ts';
import { load } from './load.ts';
import type { Machine } from './machine.ts';
import { openLoop } from './open-loop.ts';
import { machineLine, table, whole } from './report.ts';
import { makePki, newLeaf, repeated } from './session-requests.ts';
import { median, percentile } from './statistics.ts';

type Case = { readonly title: string; readonly key: KeyName; readonly connections: number };

export const overloadCases: Readonly<Record<string, Case>> = {
  'connections-512': { title: 'RSA-2048, 512 connections', key: 'rsa2048', connections: 512 },
  'connections-2000': { title: 'RSA-2048, 2,000 connections', key: 'rsa2048', connections: 2000 },
};

/** One run: the peak, then the overload. */
type Run = {
  readonly peak: number;
  readonly goodput: number;
  readonly ratio: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Shares of what was offered. */
  readonly refused: number;
  readonly unsent: number;
  readonly refusalP50Ms: number;
  readonly closed: number;
};

/** Medians of the runs. `failure`: a goal that was missed, or what went wrong. */
export type OverloadResult = Partial<Run> & {
  readonly title: string;
  readonly runs: readonly Run[];
  readonly failure?: string;
};

/** How many times its peak is offered, and what must be left then. */
const factor = 5;
const goals = { ratio: 0.8, p99Ms: 250 };
const repeatedRequests = 200;
const created = 201;
const unavailable = 503;

const bin = fileURLToPath(new URL('../bin/anyrole.mjs', import.meta.url));

/** Measures the case against a server of its own. */
export async function measureOverloadCase(asked: Case, effort: Effort): Promise<OverloadResult> {
  const { title } = asked;
  const runs: Run[] = [];
  try {
    await measured(asked, effort, runs);
  } catch (cause) {
    return { title, runs, failure: cause instanceof Error ? cause.message : String(cause) };
  }
  const of = (member: keyof Run) => median(runs.map((run) => run[member]));
  const ratio = of('ratio');
  const p99Ms = of('p99Ms');
  const missed = [
    ...(ratio >= goals.ratio ? [] : [`goodput is ${ratio.toFixed(2)} of the peak, promised ${goals.ratio}`]),
    ...(p99Ms <= goals.p99Ms ? [] : [`p99 is ${whole(p99Ms)} ms, promised ${goals.p99Ms}`]),
  ];
  return {
    title,
    runs,
    ...{ peak: of('peak'), goodput: of('goodput'), ratio, p50Ms: of('p50Ms'), p99Ms },
    ...{ refused: of('refused'), unsent: of('unsent'), refusalP50Ms: of('refusalP50Ms'), closed: of('closed') },
    ...(missed.length > 0 && { failure: missed.join('; ') }),
  };
}

async function measured({ key, connections }: Case, effort: Effort, runs: Run[]): Promise<void> {
  const pki = makePki(key, new Date());
  const rootKey = { accessKeyId: 'AKIABENCHBENCHBENCH2', secretAccessKey: randomBytes(30).toString('base64') };
  const server = await startChild({
    arguments: (directory) => [bin, 'serve', '--listen', '127.0.0.1:0', '--data-dir', join(directory, 'data')],
    environment: {
      ANYROLE_ROOT_ACCESS_KEY_ID: rootKey.accessKeyId,
      ANYROLE_ROOT_SECRET_ACCESS_KEY: rootKey.secretAccessKey,
    },
  });
  try {
    const arns = await prepareAccount(server.url, rootKey, pki.rootPem);
    const leaf = newLeaf(pki);
    const made = () => {
      const requests = repeated(server.url, arns, pki, leaf, repeatedRequests);
      return (n: number) => requests[n % requests.length] ?? new Uint8Array();
    };
    await closedLoop(server.url, made(), effort.connections, effort.warmUp);
    for (let run = 0; run < effort.runs; run++) runs.push(await oneRun(server.url, made(), connections, effort));
  } finally {
    await server.stop();
  }
}

async function oneRun(
  url: string,
  request: (n: number) => Uint8Array,
  connections: number,
  effort: Effort,
): Promise<Run> {
  const peak = await closedLoop(url, request, effort.connections, effort.seconds);
  const over = await openLoop({
    ...{ url, request, connections, seconds: effort.seconds, perSecond: factor * peak },
    ...{ accepted: created, refused: unavailable },
  });
  if (over.failed > 0) throw new Error(`${over.failed} answers were neither ${created} nor ${unavailable}`);
  return {
    peak,
    goodput: over.goodput,
    ratio: over.goodput / peak,
    p50Ms: percentile(over.latencies, 0.5),
    p99Ms: percentile(over.latencies, 0.99),
    refused: over.refused / over.offered,
    unsent: over.unsent / over.offered,
    refusalP50Ms: percentile(over.refusalLatencies, 0.5),
    closed: over.closed,
  };
}

/** Answers per second on connections that wait for each; rejects where one is not a success. */
async function closedLoop(
  url: string,
  request: (n: number) => Uint8Array,
  connections: number,
  seconds: number,
): Promise<number> {
  let n = 0;
  const measured = await load({ url, supply: () => request(n++), connections, seconds, status: created });
  if (measured.firstFailure === undefined) return measured.requestsPerSecond;
  throw new Error(`an answer below the capacity failed: ${measured.firstFailure.slice(0, 500)}`);
}

/** Lines, with a newline at the end. */
export function overloadReport(
  machine: Machine,
  { runs, seconds, connections }: Effort,
  results: readonly OverloadResult[],
) {
  const share = (value: number | undefined) => `${(100 * (value ?? Number.NaN)).toFixed(0)} %`;
  const number = (value: number | undefined, digits = 0) => (value ?? Number.NaN).toFixed(digits);
  const heading = [
    'case',
    'peak/s',
    'goodput/s',
    'ratio',
    'p50 ms',
    'p99 ms',
    'refused',
    'after ms',
    'unsent',
    'closed',
  ];
  const rows = results.map((result) => [
    result.title,
    ...[number(result.peak), number(result.goodput), number(result.ratio, 2)],
    ...[number(result.p50Ms), number(result.p99Ms), share(result.refused), number(result.refusalP50Ms)],
    ...[share(result.unsent), number(result.closed)],
  ]);
  return [
    machineLine(machine),
    `medians of ${runs} runs: ${seconds} s at ${connections} connections that wait for answers, then ${seconds} s at ${factor} times that rate, which do not`,
    `goals: ratio at least ${goals.ratio}, p99 of the accepted at most ${goals.p99Ms} ms`,
    '',
    ...table([heading, ...rows]),
    ...results.flatMap(({ title, failure }) => (failure === undefined ? [] : [`FAILED ${title}: ${failure}`])),
    '',
  ].join('\n');
}
