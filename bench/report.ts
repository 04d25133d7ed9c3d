// The results as a table for people.
import type { CaseResult, Effort } from './create-session.ts';
import type { Machine } from './machine.ts';

/** Lines, with a newline at the end. */
export function report(machine: Machine, effort: Effort, results: readonly CaseResult[]): string {
  const { cpuCount, syncMs } = machine;
  const { runs, seconds, connections } = effort;
  const heading = [
    machineLine(machine),
    `server and load generator share the ${cpuCount} CPUs; one durable append of 4 KiB takes ${syncMs.toFixed(2)} ms`,
    `medians of ${runs} runs of ${seconds} s, ${connections} connections`,
  ];
  const measured = results.filter(({ failure }) => failure === undefined);
  const failures = results.filter(({ failure }) => failure !== undefined);
  return [
    ...heading,
    '',
    ...(measured.length === 0 ? [] : table([columns.map(([title]) => title), ...measured.map(row)])),
    ...failures.map(({ title, failure }) => `FAILED ${title}: ${failure}`),
    '',
  ].join('\n');
}

/** What it was measured on, and how busy that was. */
export function machineLine({ node, openssl, cpuCount, cpuModel, loadAverage }: Machine): string {
  return `Node ${node}, OpenSSL ${openssl}; ${cpuCount} CPUs (${cpuModel}), load average before ${loadAverage.toFixed(2)}`;
}

export const whole = (value: number) => value.toFixed(0);

const columns: readonly (readonly [title: string, text: (result: CaseResult) => string])[] = [
  ['case', ({ title }) => title],
  ['req/s', ({ requestsPerSecond }) => whole(requestsPerSecond)],
  ['p50 ms', ({ p50Ms }) => p50Ms.toFixed(2)],
  ['p99 ms', ({ p99Ms }) => p99Ms.toFixed(2)],
  ['H', ({ http }) => whole(http)],
  ['V', ({ verify }) => whole(verify)],
  ['n', ({ signatures }) => whole(signatures)],
  ['L', ({ limit }) => whole(limit)],
  ['ratio', ({ ratio }) => ratio.toFixed(2)],
  ['bytes in', ({ requestBytes }) => whole(requestBytes)],
  ['out', ({ responseBytes }) => whole(responseBytes)],
];

function row(result: CaseResult): string[] {
  return columns.map(([, text]) => text(result));
}

/** Lines of cells; the first row has all columns. First column to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((cells) => cells[at]?.length ?? 0)));
  const pad = (cell: string, at: number) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0));
  return rows.map((cells) => cells.map(pad).join('  '));
}
