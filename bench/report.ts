// The results as a table for people: one row for each case, whatever was measured there; a column it has nothing to say in
// stays empty.
import type { Effort } from './effort.ts';
import { boundText, figureText, type Goal, isMet } from './goal.ts';
import type { Machine } from './machine.ts';

/** What a row may have: of a measurement under load, of one beside a peer, of the scale of data. */
export type Reported = {
  readonly title: string;
  /** The first is the row's figure. */
  readonly goals: readonly Goal[];
  readonly failure?: string;
  readonly skipped?: string;
  readonly requestsPerSecond?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly http?: number;
  /** Infinite where there is nothing to verify. */
  readonly verify?: number;
  readonly signatures?: number;
  readonly limit?: number;
  readonly peer?: number;
  readonly serverMicros?: number;
  readonly serverLoad?: number;
  readonly processorRatio?: number;
  readonly generatorLoad?: number;
  readonly bareLoad?: number;
  readonly bareGeneratorLoad?: number;
  readonly requestBytes?: number;
  readonly responseBytes?: number;
};

/** Lines, with a newline at the end. */
export function report(machine: Machine, effort: Effort, results: readonly Reported[]): string {
  const { cpuCount, syncMs } = machine;
  const { runs, seconds, connections } = effort;
  const heading = [
    machineLine(machine),
    `server and load generator share the ${cpuCount} CPUs; one durable append of 4 KiB takes ${syncMs.toFixed(2)} ms`,
    `medians of ${runs} runs of ${seconds} s, ${connections} connections`,
  ];
  const measured = results.filter(({ failure, skipped }) => failure === undefined && skipped === undefined);
  return [
    ...heading,
    '',
    ...(measured.length === 0 ? [] : table([columns.map(([title]) => title), ...measured.map(row)])),
    ...results.flatMap(({ title, failure }) => (failure === undefined ? [] : [`FAILED ${title}: ${failure}`])),
    ...results.flatMap(({ title, skipped }) => (skipped === undefined ? [] : [`skipped ${title}: ${skipped}`])),
    '',
  ].join('\n');
}

/** What it was measured on, and how busy that was. */
export function machineLine({ node, openssl, cpuCount, cpuModel, loadAverage }: Machine): string {
  return `Node ${node}, OpenSSL ${openssl}; ${cpuCount} CPUs (${cpuModel}), load average before ${loadAverage.toFixed(2)}`;
}

export const whole = (value: number) => value.toFixed(0);

const columns: readonly (readonly [title: string, text: (result: Reported) => string])[] = [
  ['case', ({ title }) => title],
  ['req/s', ({ requestsPerSecond }) => shown(requestsPerSecond)],
  ['p50 ms', ({ p50Ms }) => shown(p50Ms, 2)],
  ['p99 ms', ({ p99Ms }) => shown(p99Ms, 2)],
  ['p99/p50', ({ goals }) => shown(goals.find(({ name }) => name === 'tail')?.value, 1)],
  ['CPU µs', ({ serverMicros }) => shown(serverMicros)],
  ['CPU L', ({ processorRatio }) => shown(processorRatio, 2)],
  ['CPUs', ({ serverLoad, generatorLoad }) => pair(serverLoad, generatorLoad)],
  ['H', ({ http }) => shown(http)],
  ['CPUs', ({ bareLoad, bareGeneratorLoad }) => pair(bareLoad, bareGeneratorLoad)],
  ['V', ({ verify }) => shown(verify)],
  ['n', ({ signatures }) => shown(signatures)],
  ['L', ({ limit }) => shown(limit)],
  ['moto', ({ peer }) => shown(peer)],
  ['bytes in', ({ requestBytes }) => shown(requestBytes)],
  ['out', ({ responseBytes }) => shown(responseBytes)],
  ['figure', ({ goals: [figure] }) => (figure === undefined ? '' : figureText(figure))],
  ['goal', ({ goals: [figure] }) => (figure === undefined ? '' : boundText(figure))],
  ['met', ({ goals }) => verdict(goals)],
];

/** Empty where it is not known or, as infinity, means nothing. */
function shown(value = Number.NaN, digits = 0): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '';
}

/** Of the server and of the generator, in that order. */
function pair(server: number | undefined, generator: number | undefined): string {
  return generator === undefined ? '' : `${shown(server, 2)}+${shown(generator, 2)}`;
}

/** `yes`, or which of the row's goals is missed. */
function verdict(goals: readonly Goal[]): string {
  const missed = goals.filter((goal) => !isMet(goal)).map(({ name }) => name);
  if (missed.length > 0) return `no: ${missed.join(', ')}`;
  return goals.some(({ atLeast, atMost }) => (atLeast ?? atMost) !== undefined) ? 'yes' : '';
}

function row(result: Reported): string[] {
  return columns.map(([, text]) => text(result));
}

/** Lines of cells; the first row has all columns. First column to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((cells) => cells[at]?.length ?? 0)));
  const pad = (cell: string, at: number) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0));
  return rows.map((cells) => cells.map(pad).join('  '));
}
