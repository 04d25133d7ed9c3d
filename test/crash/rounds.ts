// Rounds of kill -9: a server starts on what the last one left, clients load it, it is killed at a moment that the seed
// draws, and what it left is judged. A directory lives for some rounds, then a fresh one takes its place.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as elapsed } from 'node:timers/promises';
import { prepareAccount, prepareCallers, type RootKey } from '../../bench/account.ts';
import { newRootKey } from '../../bench/servers.ts';
import { makePki, newLeaf } from '../../bench/session-requests.ts';
import { type Seeded, seeded } from '../seeded.ts';
import { type Account, clients, type LoadTraits } from './clients.ts';
import { judge } from './judgement.ts';
import { emptyLedger, type Ledger } from './ledger.ts';
import { start, type Victim } from './server.ts';

export type CrashTraits = {
  readonly rounds: number;
  readonly seed: string;
  /** Called after each round. */
  readonly passed?: (round: number, figures: Figures) => void;
};

export type Figures = {
  /** Changes and credentials that clients were told of. */
  readonly changes: number;
  readonly credentials: number;
  /** Changes that nobody was told of, found whole. */
  readonly unacknowledged: number;
  /** Kills before the server listened, and those among them of the first start of all on a directory. */
  readonly early: number;
  readonly births: number;
  /** Milliseconds from the start on what a killed server left until it listened. */
  readonly readyMs: readonly number[];
};

const roundsOfDirectory = 10;
/** The kill comes after so many answers at most, and so many milliseconds: what is under way then is at any of its steps. */
const moment = { answers: 60, ms: 15 };
/** Milliseconds in which a loaded server gives so many answers, however slow the machine. */
const patienceMs = 5000;
/** One in so many is killed while it starts, at most after so many milliseconds. */
const early = { oneIn: 10, ms: 600, birthOneIn: 3 };
const holders = 200;

/** Throws AssertionError, with the round and the seed, for the first promise that is broken. */
export async function crashRounds({ rounds, seed, passed = () => {} }: CrashTraits): Promise<Figures> {
  const place = mkdtempSync(join(tmpdir(), 'anyrole-crash-'));
  const random = seeded(seed);
  try {
    const template = await prepare(place);
    let figures: Figures = { changes: 0, credentials: 0, unacknowledged: 0, early: 0, births: 0, readyMs: [] };
    for (let done = 0; done < rounds; ) {
      const dataDir = join(place, 'data');
      rmSync(dataDir, { recursive: true, force: true });
      cpSync(template.dataDir, dataDir, { recursive: true });
      const directory = { ...template, dataDir, ledger: emptyLedger(), random, place };
      let unacknowledged = 0;
      for (let own = 0; own < roundsOfDirectory && done < rounds; own++, done++) {
        const isBirth = own === 0 && random.oneIn(early.birthOneIn);
        const round = await (isBirth ? birth(directory) : crash(directory, own)).catch((cause) => {
          throw new Error(`round ${done + 1} of seed ${seed}: ${cause instanceof Error ? cause.message : cause}`, {
            cause,
          });
        });
        // Each judgement sees those of the directory's earlier rounds again.
        figures = added(figures, { ...round, unacknowledged: round.unacknowledged - unacknowledged });
        unacknowledged = round.unacknowledged;
        passed(done + 1, figures);
      }
    }
    return figures;
  } finally {
    rmSync(place, { recursive: true, force: true, maxRetries: 3 });
  }
}

export type Template = {
  readonly dataDir: string;
  readonly compiled: string;
  readonly rootKey: RootKey;
  readonly account: Account;
};

/** A data directory that has what clients ask about; the server stops in peace, so that Node keeps what it compiled. */
export async function prepare(place: string): Promise<Template> {
  const dataDir = join(place, 'template');
  const compiled = join(place, 'compiled');
  const rootKey = newRootKey();
  const server = start({ dataDir, compiled, rootKey });
  const { url } = await readiness(server);
  const pki = makePki('p256', new Date());
  const arns = await prepareAccount(url, rootKey, pki.rootPem);
  const callers = await prepareCallers(url, rootKey);
  const leaves = Array.from({ length: holders }, () => newLeaf(pki));
  await server.kill('SIGTERM');
  return { dataDir, compiled, rootKey, account: { ...callers, arns, pki, leaves } };
}

export async function readiness(server: Victim) {
  const ready = await server.ready;
  if (ready === undefined) throw new Error(`the server did not start: ${server.log()}`);
  return ready;
}

type Directory = Template & { readonly ledger: Ledger; readonly random: Seeded; readonly place: string };

async function crash(directory: Directory, own: number): Promise<Figures> {
  const { dataDir, compiled, rootKey, account, ledger, random, place } = directory;
  const before = tally(ledger);
  const server = start({ dataDir, compiled, rootKey });
  const isEarly = random.oneIn(early.oneIn);
  let readyMs: readonly number[] = [];
  try {
    if (isEarly) await elapsed(random.below(early.ms));
    else {
      const { url, ms } = await readiness(server);
      // The first start of a directory recovers nothing.
      if (own > 0) readyMs = [ms];
      await load({ url, account, ledger, random, prefix: `r${own}` }, server);
    }
  } finally {
    await server.kill();
  }
  const copy = join(place, 'copy');
  rmSync(copy, { recursive: true, force: true });
  cpSync(dataDir, copy, { recursive: true });
  const { unacknowledged } = await judge(copy, ledger, () => true);
  const after = tally(ledger);
  return {
    changes: after.changes - before.changes,
    credentials: after.credentials - before.credentials,
    unacknowledged,
    early: isEarly ? 1 : 0,
    births: 0,
    readyMs,
  };
}

/** A server is killed while it makes a directory of its own; another must start there. */
async function birth({ compiled, rootKey, random, place }: Directory): Promise<Figures> {
  const dataDir = join(place, 'born');
  rmSync(dataDir, { recursive: true, force: true });
  const first = start({ dataDir, compiled, rootKey });
  await elapsed(random.below(early.ms));
  await first.kill();
  const second = start({ dataDir, compiled, rootKey });
  const { ms } = await readiness(second).finally(() => second.kill());
  await judge(dataDir, emptyLedger(), () => true);
  return { changes: 0, credentials: 0, unacknowledged: 0, early: 1, births: 1, readyMs: [ms] };
}

/** Loads the server for a while, then kills it. Rejects when a client is refused. */
async function load(traits: Omit<LoadTraits, 'goesOn' | 'answered'>, server: Victim): Promise<void> {
  const { random } = traits;
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  let left = random.below(moment.answers);
  let killed = false;
  const answered = () => {
    left -= 1;
    if (left < 0) resolve();
  };
  const talks = clients({ ...traits, goesOn: () => !killed, answered });
  // Whoever is refused ends the round at once, not after the kill.
  await Promise.race([enough, elapsed(patienceMs, undefined, { ref: false }), talks]);
  await Promise.race([elapsed(random.below(moment.ms)), talks]);
  const gone = server.kill();
  killed = true;
  await Promise.all([gone, talks]);
}

function tally({ things, issued }: Ledger) {
  const answered = things.map(({ deeds }) => deeds.filter(({ requestId }) => requestId !== undefined).length);
  return { changes: answered.reduce((sum, count) => sum + count, 0), credentials: issued.length };
}

function added(one: Figures, other: Figures): Figures {
  return {
    changes: one.changes + other.changes,
    credentials: one.credentials + other.credentials,
    unacknowledged: one.unacknowledged + other.unacknowledged,
    early: one.early + other.early,
    births: one.births + other.births,
    readyMs: [...one.readyMs, ...other.readyMs],
  };
}
