// The fuzzer: crafted inputs first, then bent ones until its time is up. What must hold: no exception gets out, the row's
// own claims are true, no input takes longer than its bound, and what is left in memory does not grow.
import { Buffer } from 'node:buffer';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { bendBytes, bendTree } from '../der-mutations.ts';
import { type Seeded, seeded } from '../seeded.ts';
import { type Corpus, corpus } from './corpus.ts';
import { craftedInputs, craftedPaths } from './crafted.ts';
import { type Holds, targets } from './targets.ts';

/** One thing that did not hold. */
export interface Failure {
  readonly target: string;
  /** `SEED:NUMBER` of a bent input, the label of a crafted one. */
  readonly origin: string;
  readonly problem: string;
  /** As small as it could be made; empty for a crafted path. */
  readonly input: Uint8Array;
}

/** What came of a run. */
export interface Outcome {
  readonly failures: readonly Failure[];
  /** Bent inputs by row. */
  readonly inputs: ReadonlyMap<string, number>;
  readonly crafted: number;
  /** The slowest input: its row, where it comes from, its milliseconds at best. */
  readonly slowest: { readonly target: string; readonly origin: string; readonly milliseconds: number };
  /** Bytes that the second half of the run left behind. */
  readonly growth: number;
}

/** What a run may take: milliseconds of processor time for one input, bytes left behind, failures after which it stops. */
export const bounds = { milliseconds: 100, growth: 48 * 1024 * 1024, failures: 10 };

/** Measurements of an input that seems slow: the best of them counts, since the first one may compile or collect. */
const measurements = 8;

interface Run {
  readonly failures: Failure[];
  readonly inputs: Map<string, number>;
  slowest: Outcome['slowest'];
}

/** Fuzzes for so many seconds. `isAlone` starts from inputs of our own only. */
export function fuzz({
  seconds,
  seed,
  isAlone = false,
}: {
  seconds: number;
  seed: string;
  isAlone?: boolean;
}): Outcome {
  const deadline = performance.now() + seconds * 1000;
  const run: Run = { failures: [], inputs: new Map(), slowest: { target: '', origin: '', milliseconds: 0 } };
  const from = corpus(isAlone);
  const crafted = runCrafted(run);
  const middle = (performance.now() + deadline) / 2;
  bendUntil(middle, run, from, seed, 0);
  const before = remembered();
  const done = [...run.inputs.values()].reduce((sum, count) => sum + count, 0);
  bendUntil(deadline, run, from, seed, done);
  const growth = remembered() - before;
  return { failures: run.failures, inputs: run.inputs, crafted, slowest: run.slowest, growth };
}

/** The bent input of this number: its row, and its bytes. */
export function inputOf(from: Corpus, seed: string, number: number): { target: string; bytes: Uint8Array } {
  const random = seeded(`fuzz ${seed} ${number}`);
  const target = random.pick(Object.keys(targets));
  return { target, bytes: bent(random, from[target] ?? []) };
}

function bent(random: Seeded, inputs: readonly Uint8Array[]): Uint8Array {
  let bytes = random.pick(inputs);
  if (random.oneIn(12)) bytes = spliced(random, bytes, random.pick(inputs));
  for (let times = 1 + random.below(4); times > 0; times--) {
    if (bytes.length === 0) return bytes;
    bytes = (random.oneIn(2) ? bendTree : bendBytes)(bytes, random).bytes;
  }
  return bytes;
}

function spliced(random: Seeded, one: Uint8Array, other: Uint8Array): Uint8Array {
  const [start, end] = [one.subarray(0, random.below(one.length + 1)), other.subarray(random.below(other.length + 1))];
  return Buffer.concat([start, end]);
}

function runCrafted(run: Run): number {
  const inputs = craftedInputs();
  for (const { target, label, bytes } of inputs) check(run, target, label, bytes);
  const paths = craftedPaths();
  for (const { label, prepare } of paths) {
    const { problem, milliseconds } = judged(() => {
      const ask = prepare();
      return () => void ask();
    });
    noteTime(run, 'path', label, milliseconds);
    if (problem !== undefined) run.failures.push({ target: 'path', origin: label, problem, input: new Uint8Array() });
  }
  return inputs.length + paths.length;
}

function bendUntil(deadline: number, run: Run, from: Corpus, seed: string, start: number): void {
  for (let number = start; performance.now() < deadline && run.failures.length < bounds.failures; number++) {
    const { target, bytes } = inputOf(from, seed, number);
    run.inputs.set(target, (run.inputs.get(target) ?? 0) + 1);
    check(run, target, `${seed}:${number}`, bytes);
  }
}

function check(run: Run, target: string, origin: string, bytes: Uint8Array): void {
  const holds = targets[target];
  if (!holds) throw new Error(`no row \`${target}\``);
  const { problem, milliseconds } = judged(() => () => holds(bytes));
  noteTime(run, target, origin, milliseconds);
  if (problem !== undefined) run.failures.push({ target, origin, problem, input: smaller(holds, bytes, problem) });
}

function noteTime(run: Run, target: string, origin: string, milliseconds: number): void {
  if (milliseconds > run.slowest.milliseconds) run.slowest = { target, origin, milliseconds };
}

/** What a judge says of an input or throws at it, and how long it takes at best; too long is a problem too. */
export function judged(prepare: () => () => string | undefined): { problem: string | undefined; milliseconds: number } {
  const first = timed(prepare());
  let { milliseconds } = first;
  for (let more = 1; more < measurements && milliseconds > bounds.milliseconds; more++)
    milliseconds = Math.min(milliseconds, timed(prepare()).milliseconds);
  const slow = milliseconds > bounds.milliseconds ? `takes ${Math.round(milliseconds)} ms` : undefined;
  return { problem: first.problem ?? slow, milliseconds };
}

function timed(judge: () => string | undefined): { problem: string | undefined; milliseconds: number } {
  const started = spent();
  const problem = said(judge);
  return { problem, milliseconds: spent() - started };
}

/** Processor time of this thread in milliseconds: core does nothing but compute, and others may have the processor meanwhile. */
export function spent(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function said(judge: () => string | undefined): string | undefined {
  try {
    return judge();
  } catch (error) {
    return `throws ${error instanceof Error ? `${error.name}: ${error.message.slice(0, 200)}` : String(error)}`;
  }
}

/** Pieces that `smaller` tries to take away, at most. */
const attempts = 2000;

/** An input with the same problem and fewer bytes, by taking pieces away. Slowness is left as it is. */
export function smaller(holds: Holds, input: Uint8Array, problem: string): Uint8Array {
  if (problem.startsWith('takes')) return input;
  const kind = (text: string | undefined) => text?.replace(/[0-9a-f]{2,}/gi, '');
  let best = input;
  let left = attempts;
  for (let piece = best.length >> 1; piece > 0; piece >>= 1) {
    for (let at = 0; at < best.length && left-- > 0; ) {
      const shorter = Buffer.concat([best.subarray(0, at), best.subarray(at + piece)]);
      if (kind(said(() => holds(shorter))) === kind(problem)) best = shorter;
      else at += piece;
    }
  }
  return best;
}

setFlagsFromString('--expose-gc');
// The flag above puts it there.
const collect = runInNewContext('gc') as () => void;

/** Bytes in use once all that can go is gone. */
function remembered(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Bytes of a failing input that are printed: all of a certificate. Crafted ones are made again by their label. */
const printed = 64 * 1024;

/** The outcome for a reader. */
export function report({ failures, inputs, crafted, slowest, growth }: Outcome): string {
  const counts = [...inputs].sort().map(([target, count]) => `${target} ${count}`);
  const slow = `${slowest.target}, ${slowest.origin}: ${Math.round(slowest.milliseconds * 10) / 10} ms`;
  return [
    `${crafted} crafted inputs; bent ones: ${counts.join(', ')}`,
    `slowest: ${slow}; left behind: ${Math.round(growth / 1024)} KiB`,
    ...failures.map(
      ({ target, origin, problem, input }) =>
        `${target}, ${origin}: ${problem}\n  ${input.length} bytes: ${Buffer.from(input.subarray(0, printed)).toString('hex')}`,
    ),
  ].join('\n');
}
