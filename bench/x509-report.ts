// The results of `x509` as tables for people: chains, then lists.
import type { Effort } from './effort.ts';
import type { Machine } from './machine.ts';
import { machineLine, table, whole } from './report.ts';
import type { X509Result } from './x509.ts';
import type { ChainResult } from './x509-chains.ts';
import { type ListResult, listBounds } from './x509-lists.ts';

/** Lines, with a newline at the end. */
export function x509Report(machine: Machine, { runs, seconds }: Effort, results: readonly X509Result[]): string {
  const chains = results.filter((result) => result.kind === 'chain');
  const lists = results.filter((result) => result.kind === 'list');
  const lines = [machineLine(machine), `medians of ${runs} runs, ${seconds / 5} s for each figure of a chain`, ''];
  if (chains.length > 0) lines.push(...table([titles(chainColumns), ...rows(chainColumns, chains)]), '');
  if (lists.length > 0) lines.push(...table([titles(listColumns), ...rows(listColumns, lists)]), '');
  const { cpuMs, peakMb, lookUpUs } = listBounds;
  if (lists.length > 0)
    lines.push(`bounds: import ${cpuMs} ms, peak ${peakMb} MB, look-up ${lookUpUs} µs, in processor time`, '');
  for (const { title, failure } of results) if (failure !== undefined) lines.push(`FAILED ${title}: ${failure}`, '');
  return lines.join('\n');
}

type Columns<Result> = readonly (readonly [title: string, text: (result: Result) => string])[];

const fixed = (digits: number) => (value: number) => value.toFixed(digits);
const [two, one] = [fixed(2), fixed(1)];

const chainColumns: Columns<ChainResult> = [
  ['key, intermediates', ({ title }) => title],
  ['parse/s', ({ parsed }) => whole(parsed)],
  ['cold/s', ({ cold }) => whole(cold)],
  ['leaf/s', ({ newLeaf }) => whole(newLeaf)],
  ['cached/s', ({ cached }) => whole(cached)],
  ['V', ({ verify }) => whole(verify)],
  ['F', ({ freshVerify }) => whole(freshVerify)],
  ['n', ({ signatures }) => whole(signatures)],
  ['L', ({ limit }) => whole(limit)],
  ['LK', ({ limitWithKeys }) => whole(limitWithKeys)],
  ['cold/L', ({ coldRatio }) => two(coldRatio)],
  ['cold/LK', ({ coldRatioWithKeys }) => two(coldRatioWithKeys)],
  ['leaf/V', ({ newLeafRatio }) => two(newLeafRatio)],
  ['cached/L', ({ cachedRatio }) => one(cachedRatio)],
];

const listColumns: Columns<ListResult> = [
  ['list', ({ title }) => title],
  ['entries', ({ entryCount }) => whole(entryCount)],
  ['MB', ({ fileBytes }) => one(fileBytes / 1e6)],
  ['parse ms', ({ parseMs }) => whole(parseMs)],
  ['verify ms', ({ verifyMs }) => whole(verifyMs)],
  ['import CPU ms', ({ cpuMs }) => whole(cpuMs)],
  ['peak MB', ({ peakMb }) => whole(peakMb)],
  ['hit µs', ({ hitUs }) => two(hitUs)],
  ['miss µs', ({ missUs }) => two(missUs)],
  ['bounds', ({ failure }) => (failure === undefined ? 'hold' : 'BROKEN')],
];

function titles<Result>(columns: Columns<Result>): string[] {
  return columns.map(([title]) => title);
}

function rows<Result>(columns: Columns<Result>, results: readonly Result[]): string[][] {
  return results.map((result) => columns.map(([, text]) => text(result)));
}
