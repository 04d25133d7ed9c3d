// Imports a list in a process of its own and says as JSON what it took: `node crl-import.ts DIRECTORY ENTRIES`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseCertificate } from '../src/core/x509/certificate.ts';
import { type Crl, parseCrl, verifyCrlSignature } from '../src/core/x509/crl.ts';
import { serialAt, serialOctets } from './big-crl.ts';

const [directory = '', entries = ''] = process.argv.slice(2);
const issuer = parseCertificate(readFileSync(join(directory, 'issuer')));
if (!issuer.ok) throw new Error(issuer.detail);

const lookUps = 50_000;
const before = process.memoryUsage.rss();
const file = readFileSync(join(directory, 'list'));
const cpu = process.cpuUsage();
const start = performance.now();
const parsed = parseCrl(file);
const read = performance.now();
if (!parsed.ok) throw new Error(parsed.detail);
if (!verifyCrlSignature(parsed.crl, issuer.certificate).ok) throw new Error('a good signature does not verify');
const verified = performance.now();
const { user, system } = process.cpuUsage(cpu);
const peak = peakBytes();
const count = Number(entries);
if (parsed.crl.entryCount !== count) throw new Error(`${parsed.crl.entryCount} entries instead of ${count}`);

const result = {
  parseMs: read - start,
  verifyMs: verified - read,
  cpuMs: (user + system) / 1000,
  peakMb: (peak - before) / 1e6,
  hitUs: lookUpUs(parsed.crl, 1, true),
  missUs: lookUpUs(parsed.crl, 2, false),
};
process.stdout.write(`${JSON.stringify(result)}\n`);

/** The most memory that was resident. On Linux not by `maxRSS`, in which a child begins with what its parent has. */
function peakBytes(): number {
  const { maxRSS } = process.resourceUsage();
  if (process.platform !== 'linux') return maxRSS * 1024;
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}

/** Microseconds of processor time for one of the serial numbers made from `seed`, in an order far from the list's. */
function lookUpUs(crl: Crl, seed: number, isListed: boolean): number {
  const octets = serialOctets(count, seed);
  const serials = Array.from({ length: lookUps }, (_, at) => serialAt(octets, (at * 7919) % count));
  const before = process.threadCpuUsage();
  for (const serial of serials) {
    if ((crl.entryOf(serial) !== undefined) !== isListed) throw new Error(`a wrong answer for ${serial}`);
  }
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / lookUps;
}
