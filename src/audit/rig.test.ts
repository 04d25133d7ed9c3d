// A log to verify: a chain in a real database, with single events, batches and checkpoints, on a clock and with chance
// that the test holds.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyring, type Keyring } from '../keyring.ts';
import { memoryStore } from '../store/memory.ts';
import { sqliteStore } from '../store/sqlite.ts';
import type { Store } from '../store/store.ts';
import type { AuditEntry } from '../telemetry/audit.ts';
import { checkpointer } from './checkpoints.ts';
import { type OpenChain, openChain } from './opening.ts';
import type { Statement } from './statements.ts';

export const account = '123456789012';
export const startedAt = new Date('2026-11-22T12:00:00Z');

/** Bytes that are the same in every run. */
export function seededBytes(seed: string) {
  let count = 0;
  return (size: number): Uint8Array => {
    const parts = Array.from({ length: Math.ceil(size / 32) }, () =>
      createHash('sha256').update(`${seed} ${count++}`).digest(),
    );
    return Buffer.concat(parts).subarray(0, size);
  };
}

/** Whole numbers below a bound, the same in every run. */
export function seededNumbers(seed: string) {
  const bytes = seededBytes(seed);
  return (below: number): number => Buffer.from(bytes(4)).readUInt32BE() % below;
}

export type Rig = OpenChain & {
  readonly store: Store;
  readonly keyring: Keyring;
  /** What was signed so far. */
  readonly signed: Statement[];
  at(ms: number): void;
  now(): Date;
  entry(name: string, owner?: string): AuditEntry;
  append(...entries: readonly AuditEntry[]): Promise<void>;
  sign(): Promise<void>;
};

export async function rig(store: Store = memoryStore(), seed = 'rig'): Promise<Rig> {
  const randomBytes = seededBytes(seed);
  let now = startedAt;
  let count = 0;
  const keyring = createKeyring(randomBytes, now);
  const opened = await openChain({ store, keyring, randomBytes, now }, undefined);
  if (!opened.ok) throw new Error(opened.reason);
  const { chain, signer } = opened;
  const signed: Statement[] = [];
  const checkpoints = checkpointer({
    store,
    chain,
    signer,
    now: () => now,
    later: () => () => {},
    written: (statement) => void signed.push(statement),
    failed(cause) {
      throw cause;
    },
  });
  return {
    chain,
    signer,
    store,
    keyring,
    signed,
    at(ms) {
      now = new Date(startedAt.getTime() + ms);
    },
    now: () => now,
    entry(name, owner = account) {
      const document = { eventName: name, eventID: String(++count), eventTime: now.toISOString(), n: count };
      const key = `${owner}/${now.toISOString()}/e${count}`;
      return { key, text: JSON.stringify(document) };
    },
    append: (...entries) => store.write((writer) => chain.append(writer, entries)),
    sign: () => checkpoints.sign(),
  };
}

/** A database directory that is removed after the test. */
export function directory(): { readonly path: string; open(): Store; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'anyrole-audit-'));
  return {
    path,
    open: () => sqliteStore({ path }),
    remove: () => rmSync(path, { recursive: true }),
  };
}

/** A log of some hundred events in two accounts: changes one by one, batches, and a checkpoint now and then. */
export async function writtenLog(made: Rig, seed: string, rounds = 40): Promise<void> {
  const below = seededNumbers(seed);
  for (let round = 1; round <= rounds; round++) {
    made.at(round * 1000);
    const length = round % 13 === 0 ? 120 : 1 + below(3);
    const owner = below(3) === 0 ? '210987654321' : account;
    await made.append(...Array.from({ length }, (_, at) => made.entry(`Event${at}`, owner)));
    if (round % 9 === 0) await made.sign();
  }
}
