// Rounds of faults: one is ordered, clients ask for things at once, and when it is over the server must go on. A data
// directory lives for some hundred faults; then what it keeps is held against the ledger, and its audit chain is verified.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditFileName, nameChain } from '../../src/audit-file.ts';
import { serializeKeyring } from '../../src/keyring.ts';
import { writeWhole } from '../../src/keyring-file.ts';
import { bundle, trusting } from '../../src/services/rolesanywhere/rig.test.ts';
import { cachedStore } from '../../src/store/cache.ts';
import { sqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { judge } from '../crash/judgement.ts';
import { emptyLedger } from '../crash/ledger.ts';
import { makeCa } from '../pki.ts';
import { testRoad } from '../road.ts';
import { type Seeded, seeded } from '../seeded.ts';
import {
  aftermaths,
  type Fault,
  type FaultKind,
  faultKinds,
  faultSteps,
  type WeakDisk,
  weakDisk,
} from './fault-plan.ts';
import { act, type Client, createSession, type Load } from './load.ts';

export type FaultTraits = {
  /** Faults that strike. */
  readonly injections: number;
  readonly seed: string;
  /** Called now and then. */
  readonly passed?: (figures: Figures) => void;
};

export type Figures = {
  readonly injections: number;
  readonly byKind: Readonly<Record<FaultKind, number>>;
  /** Requests that were answered with success, and with 503. */
  readonly taken: number;
  readonly refused: number;
  readonly credentials: number;
  /** Changes that nobody was told of and that are there, whole. */
  readonly unacknowledged: number;
  /** Events of verified chains. */
  readonly events: number;
};

const faultsOfDirectory = 100;
const clientCount = 6;
/** Milliseconds after which a hanging disk is given up on. Nothing is judged by it. */
const commitLimitMs = 1000;
/** One in so many faults is a thread's death, and one a disk that hangs: these take longest. */
const rare = { death: 25, hang: 100 };

/** Throws AssertionError, with the seed and the fault, for the first promise that is broken. */
export async function faultRounds({ injections, seed, passed = () => {} }: FaultTraits): Promise<Figures> {
  const random = seeded(seed);
  let figures: Figures = {
    injections: 0,
    byKind: { EIO: 0, ENOSPC: 0, BUSY: 0, hang: 0, death: 0 },
    taken: 0,
    refused: 0,
    credentials: 0,
    unacknowledged: 0,
    events: 0,
  };
  while (figures.injections < injections) {
    const wanted = Math.min(faultsOfDirectory, injections - figures.injections);
    figures = added(figures, await life(wanted, random, `seed ${seed}, after ${figures.injections} faults`));
    passed(figures);
  }
  return figures;
}

async function life(wanted: number, random: Seeded, where: string): Promise<Figures> {
  const path = mkdtempSync(join(tmpdir(), 'anyrole-faults-'));
  const disk = weakDisk();
  // Small groups: while one is committed, another gathers, and more wait.
  const groupLimit = random.pick([1, 2, 3, 256]);
  const store = cachedStore(sqliteStore({ path, commitLimitMs, groupLimit, start: disk.start }));
  const byKind: Record<FaultKind, number> = { EIO: 0, ENOSPC: 0, BUSY: 0, hang: 0, death: 0 };
  try {
    await started(store);
    const load = await prepared(store, random);
    const clients = Array.from(
      { length: clientCount },
      (_, at): Client => ({ load, name: `c${at}`, serial: 0, mine: [] }),
    );
    const { road, ledger, tally } = load;
    for (let round = 1; disk.fired() < wanted; round++) {
      road.at(new Date(road.now().getTime() + 1000));
      const fault = drawn(random);
      const before = disk.fired();
      await strike(disk, fault, clients).catch((cause) => {
        throw new Error(`${where}, round ${round}: ${JSON.stringify(fault)}: ${cause}`, { cause });
      });
      byKind[fault.kind] += disk.fired() - before;
      // What waits to be recorded is written while the disk does what it is told.
      if (round % 10 === 0) await road.world.recorder.flush();
    }
    await road.world.recorder.flush();
    await store.close();
    // As a server would have left them beside its data: with them the judgement checks the head of the audit chain.
    writeWhole(join(path, 'keyring.json'), serializeKeyring(road.world.keyring));
    nameChain(join(path, auditFileName), road.world.auditChain.id);
    const { unacknowledged, events } = await judge(path, ledger, () => true);
    const credentials = ledger.issued.length;
    return { injections: disk.fired(), byKind, ...tally, credentials, unacknowledged, events };
  } finally {
    disk.heal();
    await store.close().catch(() => {});
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The thread may take longer to start than a disk may to answer. */
async function started(store: Store): Promise<void> {
  while (
    !(await store
      .write((writer) => writer.put('started', '', true))
      .then(
        () => true,
        () => false,
      ))
  ) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** An account in which sessions are given. What is made here is named as the judgement expects it. */
async function prepared(store: ReturnType<typeof cachedStore>, random: Seeded): Promise<Load> {
  const road = await testRoad({ store });
  const ca = makeCa();
  const anchor = await road.rest('POST', '/trustanchors', { name: 'bench', enabled: true, source: bundle(ca.pem) });
  const role = await road.query('iam', 'CreateRole', { RoleName: 'bench', AssumeRolePolicyDocument: trusting() });
  const roleArn = role.text('Arn') ?? '';
  const profile = await road.rest('POST', '/profiles', { name: 'bench', enabled: true, roleArns: [roleArn] });
  const { trustAnchorArn } = anchor.json().trustAnchor;
  const { profileArn } = profile.json().profile;
  const leaves = Array.from({ length: 8 }, (_, at) => ca.issue({ subject: `CN=holder-${at}` }));
  const arns = { trustAnchorArn, profileArn, roleArn };
  return { road, ledger: emptyLedger(), random, arns, leaves, tally: { taken: 0, refused: 0 } };
}

function drawn(random: Seeded): Fault {
  const kind = random.oneIn(rare.hang) ? 'hang' : random.oneIn(rare.death) ? 'death' : random.pick(errors);
  const isError = kind !== 'hang' && kind !== 'death';
  // After COMMIT nothing fails any more, but the thread may stand still or die.
  const steps = faultSteps.filter((step) => step !== 'rollback' && !(isError && step === 'committed'));
  const step = random.pick(steps);
  const skip = step === 'put' || step === 'remove' ? random.below(8) : 0;
  return { kind, step, skip, leaves: random.pick(aftermaths) };
}

const errors = faultKinds.filter((kind) => kind !== 'hang' && kind !== 'death');

/** One fault, and requests that meet it; then the disk is well, and a session must be given. */
async function strike(disk: WeakDisk, fault: Fault, clients: readonly Client[]): Promise<void> {
  disk.order(fault);
  await Promise.all(clients.map(act));
  disk.heal();
  const [client] = clients;
  assert.ok(client);
  // A thread that hung or died takes a moment to be back; nobody else does.
  while (!(await createSession(client))) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function added(one: Figures, other: Figures): Figures {
  const sums = (key: FaultKind) => one.byKind[key] + other.byKind[key];
  return {
    injections: one.injections + other.injections,
    byKind: { EIO: sums('EIO'), ENOSPC: sums('ENOSPC'), BUSY: sums('BUSY'), hang: sums('hang'), death: sums('death') },
    taken: one.taken + other.taken,
    refused: one.refused + other.refused,
    credentials: one.credentials + other.credentials,
    unacknowledged: one.unacknowledged + other.unacknowledged,
    events: one.events + other.events,
  };
}
