// What the numbers were measured on: a ratio travels between machines, requests per second do not.
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { median } from './statistics.ts';

export type Machine = {
  readonly node: string;
  readonly openssl: string;
  readonly cpuCount: number;
  readonly cpuModel: string;
  /** Of the last minute, before the measurement: what else the machine did. */
  readonly loadAverage: number;
  /** Milliseconds to append 4 KiB and make it durable where the servers keep their data; median. */
  readonly syncMs: number;
};

export function describeMachine(): Machine {
  return {
    node: process.versions.node,
    openssl: process.versions.openssl,
    cpuCount: availableParallelism(),
    cpuModel: cpus()[0]?.model.trim() ?? '',
    loadAverage: loadavg()[0] ?? Number.NaN,
    syncMs: syncMs(),
  };
}

const syncs = 50;

function syncMs(): number {
  const directory = mkdtempSync(join(tmpdir(), 'anyrole-bench-'));
  const file = openSync(join(directory, 'sync'), 'w');
  const page = Buffer.alloc(4096);
  const times = Array.from({ length: syncs }, () => {
    const start = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    return performance.now() - start;
  });
  closeSync(file);
  rmSync(directory, { recursive: true });
  return median(times);
}
