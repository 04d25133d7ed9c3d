// Decisions per second of one core, for a principal with ten policies of ten statements, next to Cedar on the same
// policies in the same run.
import type { Effort } from './effort.ts';
import type { Machine } from './machine.ts';
import { type Contender, policyWorkload, type Workload } from './policy-workload.ts';
import { median } from './statistics.ts';

/** Rates are decisions per second of processor time, all threads counted; medians, and each run. */
export type PolicyResult = {
  readonly requests: number;
  readonly allowed: number;
  readonly anyrole: number;
  readonly cedar: number;
  /** Anyrole's rate by Cedar's; median of the runs' ratios. */
  readonly ratio: number;
  readonly runs: readonly { readonly anyrole: number; readonly cedar: number }[];
  /** What was promised and not kept; empty is good. */
  readonly broken: readonly string[];
};

/** What is promised. */
export const bounds = { decisionsPerSecond: 100_000, timesCedar: 5 };

/** Throws when the two do not decide alike on every request, or when all is decided alike. */
function countAllowed({ anyrole, cedar, requests }: Workload): number {
  let allowed = 0;
  for (let request = 0; request < requests; request++) {
    const answer = anyrole.decide(request);
    if (answer !== cedar.decide(request)) throw new Error(`the two decide request ${request} differently`);
    if (answer) allowed++;
  }
  if (allowed === 0 || allowed === requests) throw new Error('every request has the same answer');
  return allowed;
}

/** Decisions per second of processor time: what else the machine does takes none of it away. */
function rate({ decide }: Contender, requests: number, seconds: number): number {
  const end = performance.now() + seconds * 1000;
  const start = process.cpuUsage();
  let count = 0;
  do {
    for (let request = 0; request < requests; request++) decide(request);
    count += requests;
  } while (performance.now() < end);
  const { user, system } = process.cpuUsage(start);
  return (count * 1_000_000) / (user + system);
}

/** The promises that these medians break. */
export function brokenBounds(decisionsPerSecond: number, timesCedar: number): string[] {
  const rateTooLow = `${decisionsPerSecond.toFixed(0)} decisions per second, promised ${bounds.decisionsPerSecond}`;
  const ratioTooLow = `${timesCedar.toFixed(1)} times Cedar, promised ${bounds.timesCedar}`;
  return [
    ...(decisionsPerSecond >= bounds.decisionsPerSecond ? [] : [rateTooLow]),
    ...(timesCedar >= bounds.timesCedar ? [] : [ratioTooLow]),
  ];
}

/** Measures both, one after the other in each run, after one short run that does not count. */
export function measurePolicy({ seconds, runs: count }: Pick<Effort, 'seconds' | 'runs'>): PolicyResult {
  const workload = policyWorkload();
  const { anyrole, cedar, requests } = workload;
  const allowed = countAllowed(workload);
  for (const contender of [anyrole, cedar]) rate(contender, requests, seconds / 5);
  const runs = Array.from({ length: count }, () => ({
    anyrole: rate(anyrole, requests, seconds),
    cedar: rate(cedar, requests, seconds),
  }));
  const medians = {
    anyrole: median(runs.map((run) => run.anyrole)),
    cedar: median(runs.map((run) => run.cedar)),
    ratio: median(runs.map((run) => run.anyrole / run.cedar)),
  };
  return { requests, allowed, ...medians, runs, broken: brokenBounds(medians.anyrole, medians.ratio) };
}

/** The result for people: lines, with a newline at the end. */
export function policyReport(machine: Machine, { seconds, runs }: Effort, result: PolicyResult): string {
  const { requests, allowed, anyrole, cedar, ratio, broken } = result;
  return [
    `Node ${machine.node}; ${machine.cpuCount} CPUs (${machine.cpuModel}), load average before ${machine.loadAverage.toFixed(2)}`,
    `10 policies of 10 statements with 2 conditions each; ${requests} requests, ${allowed} of them allowed`,
    `decisions per second of one core, medians of ${runs} runs of ${seconds} s each`,
    '',
    `Anyrole  ${anyrole.toFixed(0).padStart(9)}  at least ${bounds.decisionsPerSecond}`,
    `Cedar    ${cedar.toFixed(0).padStart(9)}`,
    `ratio    ${ratio.toFixed(1).padStart(9)}  at least ${bounds.timesCedar}`,
    '',
    ...(broken.length === 0 ? ['PASSED'] : broken.map((bound) => `FAILED ${bound}`)),
    '',
  ].join('\n');
}
