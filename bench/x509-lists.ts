// Revocation lists: one is written here, and imported by a process of its own, whose memory tells what the import takes.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeCa } from '../test/pki.ts';
import { entriesDer, type ListKind } from './big-crl.ts';
import type { Effort } from './effort.ts';
import { median } from './statistics.ts';

export type { ListKind } from './big-crl.ts';

export type ListCase = {
  readonly kind: 'list';
  readonly title: string;
  readonly entries: ListKind;
  readonly form: 'der' | 'pem';
};

/** One import in a fresh process. */
export type ListRun = {
  /** Milliseconds for parsing (index and digest included), during which the process does nothing else. */
  readonly parseMs: number;
  /** Milliseconds for the signature. */
  readonly verifyMs: number;
  /** Milliseconds of processor time for both, all threads counted: what else the machine does takes none of it away. */
  readonly cpuMs: number;
  /** MB (10^6 bytes) that the process grew by at its peak, the file itself included. */
  readonly peakMb: number;
  /** Microseconds of processor time for one look-up of a serial number that is listed, and of one that is not. */
  readonly hitUs: number;
  readonly missUs: number;
};

/** The medians of the runs, the largest of the peaks. */
export type ListResult = ListCase &
  ListRun & {
    readonly entryCount: number;
    readonly fileBytes: number;
    readonly runs: readonly ListRun[];
    /** The bounds that do not hold, or what went wrong. */
    readonly failure?: string;
  };

type ListFigures = Pick<ListRun, 'cpuMs' | 'peakMb' | 'hitUs' | 'missUs'>;

/** What a list of a million entries may cost. */
export const listBounds = { cpuMs: 5000, peakMb: 300, lookUpUs: 5 };

const importer = fileURLToPath(new URL('crl-import.ts', import.meta.url));
const run = promisify(execFile);

export async function measureList(asked: ListCase, effort: Effort): Promise<ListResult> {
  const directory = mkdtempSync(join(tmpdir(), 'anyrole-bench-'));
  try {
    const fileBytes = writeList(directory, asked, effort.entries);
    const runs: ListRun[] = [];
    while (runs.length < effort.runs) {
      const { stdout } = await run(process.execPath, [importer, directory, String(effort.entries)]);
      runs.push(JSON.parse(stdout));
    }
    const of = (member: keyof ListRun) => median(runs.map((one) => one[member]));
    const figures = {
      parseMs: of('parseMs'),
      verifyMs: of('verifyMs'),
      cpuMs: of('cpuMs'),
      peakMb: Math.max(...runs.map(({ peakMb }) => peakMb)),
      hitUs: of('hitUs'),
      missUs: of('missUs'),
    };
    const broken = brokenBounds(figures);
    const failure = broken.length > 0 ? { failure: broken.join('; ') } : {};
    return { ...asked, ...figures, entryCount: effort.entries, fileBytes, runs, ...failure };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function writeList(directory: string, { entries, form }: ListCase, count: number): number {
  const ca = makeCa();
  const list = ca.crl({ revoked: entriesDer(entries, count) })[form];
  writeFileSync(join(directory, 'list'), list);
  writeFileSync(join(directory, 'issuer'), ca.der);
  return list.length;
}

/** Which bounds do not hold, in words; none is good. */
export function brokenBounds({ cpuMs, peakMb, hitUs, missUs }: ListFigures): readonly string[] {
  const lookUpUs = Math.max(hitUs, missUs);
  return [
    cpuMs <= listBounds.cpuMs ? [] : [`the import took ${cpuMs.toFixed(0)} ms, promised ${listBounds.cpuMs}`],
    peakMb <= listBounds.peakMb ? [] : [`the import took ${peakMb.toFixed(0)} MB, promised ${listBounds.peakMb}`],
    lookUpUs <= listBounds.lookUpUs
      ? []
      : [`a look-up took ${lookUpUs.toFixed(2)} µs, promised ${listBounds.lookUpUs}`],
  ].flat();
}
