// What the chain costs: processor time of the main thread for an event with its place beside an event put plainly, and
// events a second that a verification reads, beside SHA-256 of the same texts. An event alone is one whose transaction no
// other write shares; most share one.
import { hash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChain } from '../src/audit/opening.ts';
import { verifyAudit } from '../src/audit/verify.ts';
import { createKeyring, type Keyring } from '../src/keyring.ts';
import { sqliteStore } from '../src/store/sqlite.ts';
import { openGlance } from '../src/store/sqlite-glance.ts';
import { JsonText, type Store, type Writer } from '../src/store/store.ts';
import type { AuditEntry } from '../src/telemetry/audit.ts';
import type { Effort } from './effort.ts';
import type { Machine } from './machine.ts';
import { median } from './statistics.ts';

type Run = {
  /** Microseconds of the main thread for an event: put without a place, with one alone, with one in a batch. */
  readonly plain: number;
  readonly alone: number;
  readonly batched: number;
  /** Events a second of processor time. */
  readonly verified: number;
  readonly hashed: number;
};

export type AuditResult = Run & { readonly events: number; readonly broken: readonly string[] };

/** What is promised: microseconds that a place adds to an event, events a second of a verification. */
const bounds = { addedMicros: 15, verified: 50_000 };
/** Events of each kind in one run, transactions' worth of them, and how many a batch has. */
const kindEvents = 20_000;
const groupEvents = 500;
const batch = 100;
/** Characters of an event of CreateSession, about. */
const padding = 'x'.repeat(1300);

/** Measures as many times as are asked for, each in a store of its own. */
export async function measureAudit({ runs }: Pick<Effort, 'runs'>): Promise<AuditResult> {
  const measured: Run[] = [];
  for (let run = 0; run < runs; run++) measured.push(await measureOnce());
  const middle = (kind: keyof Run) => median(measured.map((run) => run[kind]));
  const result = {
    plain: middle('plain'),
    alone: middle('alone'),
    batched: middle('batched'),
    verified: middle('verified'),
    hashed: middle('hashed'),
  };
  const added = result.alone - result.plain;
  const broken = [
    ...(added <= bounds.addedMicros ? [] : [`a place adds ${added.toFixed(1)} µs, promised ${bounds.addedMicros}`]),
    ...(result.verified >= bounds.verified
      ? []
      : [`${result.verified.toFixed(0)} events a second, promised ${bounds.verified}`]),
  ];
  return { ...result, events: 2 * kindEvents, broken };
}

async function measureOnce(): Promise<Run> {
  const path = mkdtempSync(join(tmpdir(), 'anyrole-bench-audit-'));
  try {
    const keyring = createKeyring(randomBytes, new Date());
    const written = await measureWrites(path, keyring);
    return { ...written, ...(await measureReads(path, keyring)) };
  } finally {
    rmSync(path, { recursive: true });
  }
}

async function measureWrites(path: string, keyring: Keyring) {
  const store = sqliteStore({ path });
  const opened = await openChain({ store, keyring, randomBytes, now: new Date() }, undefined);
  if (!opened.ok) throw new Error(opened.reason);
  const { chain } = opened;
  const next = entries();
  const measure = (size: number, work: (writer: Writer, some: readonly AuditEntry[]) => Promise<unknown>) =>
    measureGroups(store, next, size, work);
  const plain = await measure(1, async (writer, some) => {
    for (const { key, text } of some) await writer.put('plain', key, new JsonText(text));
  });
  const alone = await measure(1, (writer, some) => chain.append(closing(writer), some));
  const batched = await measure(batch, (writer, some) => chain.append(closing(writer), some));
  await store.close();
  return { plain, alone, batched };
}

/** A writer that has entries placed at once, as if a transaction were closed with each call. */
function closing(writer: Writer): Writer {
  return {
    get: (...of) => writer.get(...of),
    list: (...of) => writer.list(...of),
    put: (...of) => writer.put(...of),
    delete: (...of) => writer.delete(...of),
    async enter({ head: { collection, key }, place }, some) {
      const puts: Promise<void>[] = [];
      place(await writer.get(collection, key), some, (...[into, under, text]) =>
        puts.push(writer.put(into, under, new JsonText(text))),
      );
      await Promise.all(puts);
    },
  };
}

/** Microseconds of the main thread for an event, the commit left out. */
async function measureGroups(
  store: Store,
  next: () => AuditEntry,
  size: number,
  work: (writer: Writer, some: readonly AuditEntry[]) => Promise<unknown>,
): Promise<number> {
  let micros = 0;
  for (let group = 0; group < kindEvents / groupEvents; group++) {
    const some = Array.from({ length: groupEvents }, next);
    await store.write(async (writer) => {
      const start = process.threadCpuUsage();
      for (let at = 0; at < groupEvents; at += size) await work(writer, some.slice(at, at + size));
      const { user, system } = process.threadCpuUsage(start);
      micros += user + system;
    });
  }
  return micros / kindEvents;
}

/** Events whose keys ascend as those of a busy server do. */
function entries(): () => AuditEntry {
  let count = 0;
  return () => {
    const time = new Date(Date.UTC(2026, 0) + count++).toISOString();
    const text = JSON.stringify({ eventVersion: '1.11', eventTime: time, eventID: String(count), padding });
    return { key: `123456789012/${time}/019abcde-0000-7000-8000-${String(count).padStart(12, '0')}`, text };
  };
}

async function measureReads(path: string, keyring: Keyring) {
  const glance = openGlance(path);
  const start = process.cpuUsage();
  const { findings, chains } = await verifyAudit(glance, { keyring });
  const verified = perSecond(2 * kindEvents, start);
  glance.close();
  if (findings > 0 || chains[0]?.events !== 2 * kindEvents) throw new Error('the log that was written is not whole');
  const next = entries();
  const texts = Array.from({ length: 1000 }, () => next().text);
  const hashStart = process.cpuUsage();
  for (let round = 0; round < 40; round++) for (const text of texts) hash('sha256', text, 'hex');
  return { verified, hashed: perSecond(40 * texts.length, hashStart) };
}

function perSecond(count: number, start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (count * 1e6) / (user + system);
}

/** The result for people: lines, with a newline at the end. */
export function auditReport(machine: Machine, { runs }: Pick<Effort, 'runs'>, result: AuditResult): string {
  const { plain, alone, batched, verified, hashed, events, broken } = result;
  const micros = (value: number) => value.toFixed(1).padStart(9);
  return [
    `Node ${machine.node}; ${machine.cpuCount} CPUs (${machine.cpuModel}), load average before ${machine.loadAverage.toFixed(2)}`,
    `events of 1,400 characters, medians of ${runs} runs; processor time of the main thread for an event, commits left out`,
    '',
    `put plainly          ${micros(plain)} µs`,
    `with a place, alone  ${micros(alone)} µs  at most ${bounds.addedMicros} more`,
    `in batches of ${batch}    ${micros(batched)} µs`,
    '',
    `verified             ${verified.toFixed(0).padStart(9)} events a second of processor time, of ${events}; at least ${bounds.verified}`,
    `SHA-256 alone        ${hashed.toFixed(0).padStart(9)} texts a second; ratio ${(verified / hashed).toFixed(2)}`,
    '',
    ...(broken.length === 0 ? ['PASSED'] : broken.map((bound) => `FAILED ${bound}`)),
    '',
  ].join('\n');
}
