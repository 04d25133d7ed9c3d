// Soak: a server answers half of what it can for as long as asked, and its memory is looked at: a server that keeps a
// little of every request is not found in five seconds.
import { fileURLToPath } from 'node:url';
import { prepareAccount, prepareCallers, type RootKey } from './account.ts';
import { type ChildServer, startChild } from './child.ts';
import { assumeRole, identity, updateRole } from './control-plane.ts';
import { heapProbe, inspectorIn } from './heap.ts';
import { askedInTurn } from './key-requests.ts';
import { load } from './load.ts';
import { openLoop } from './open-loop.ts';
import { newRootKey } from './servers.ts';
import { type Certified, makePki, newLeaf, sessionRequest } from './session-requests.ts';
import { median, percentile } from './statistics.ts';
import { residentMb } from './usage.ts';

export type SoakTraits = {
  readonly seconds: number;
  readonly connections: number;
  /** Called after each part of the load. */
  readonly progress?: (sample: Sample) => void;
};

/** What was seen at one moment. */
export type Sample = { readonly atSeconds: number; readonly residentMb: number; readonly answers: number };

/** Memory in the first window after the warm-up and in the last; growth is last ÷ first - 1. */
export type Growth = { readonly firstMb: number; readonly lastMb: number; readonly growth: number };

export type SoakResult = {
  /** Answers per second that the server gave when it was asked as much as it could. */
  readonly peak: number;
  readonly perSecond: number;
  readonly answers: number;
  /** 503, and requests for which no connection was free: moments in which others had the processors. */
  readonly refused: number;
  readonly unsent: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly resident: Growth;
  /** What was reachable of the main thread's heap. */
  readonly heap: Growth;
  readonly samples: readonly Sample[];
};

const bin = fileURLToPath(new URL('../bin/anyrole.mjs', import.meta.url));
/** Of the time: before memory is looked at, and at which it is looked at twice. */
const shares = { warmUp: 0.3, window: 0.15 };
const peakSeconds = 4;
const warmUpSeconds = 2;
/** One part of the load: requests are signed anew for each. */
const partSeconds = 10;
const holders = 300;
const requestsOfPart = 600;
/** Of the load, the share that is CreateSession. */
const sessions = 0.7;

/** Runs it. Rejects when an answer is neither a success nor 503. */
export async function soak({ seconds, connections, progress = () => {} }: SoakTraits): Promise<SoakResult> {
  const rootKey = newRootKey();
  const server = await startInspected(rootKey);
  try {
    const probe = await heapProbe(inspectorIn(server.log()) ?? '');
    const requests = await prepared(server.url, rootKey);
    const peak = await peakOf(server, requests, connections);
    const samples: Sample[] = [];
    const heaps: Seen[] = [];
    const count = { answers: 0, refused: 0, unsent: 0 };
    const latencies: number[] = [];
    const startedAt = performance.now();
    const elapsed = () => (performance.now() - startedAt) / 1000;
    const looks = windowsOf(seconds).flat();
    while (elapsed() < seconds) {
      const part = Math.min(partSeconds, seconds / 12, Math.max(1, seconds - elapsed()));
      for (const given of await offer(server.url, requests(), { perSecond: peak / 2, part, connections })) {
        count.answers += given.accepted;
        count.refused += given.refused;
        count.unsent += given.unsent;
        latencies.push(...given.latencies);
      }
      const sample = { atSeconds: elapsed(), residentMb: residentMb(server.pid), answers: count.answers };
      samples.push(sample);
      progress(sample);
      // Seldom, so that the collections do not make the memory that they measure.
      if (looks.length > 0 && elapsed() >= (looks[0] ?? 0)) {
        looks.shift();
        heaps.push({ at: elapsed(), mb: await probe.usedMb() });
      }
    }
    heaps.push({ at: elapsed(), mb: await probe.usedMb() });
    probe.close();
    const ascending = latencies.sort((one, other) => one - other);
    return {
      ...{ ...count, peak, perSecond: peak / 2, samples },
      ...{ p50Ms: percentile(ascending, 0.5), p99Ms: percentile(ascending, 0.99) },
      resident: growthOf(
        samples.map(({ atSeconds: at, residentMb: mb }) => ({ at, mb })),
        elapsed(),
      ),
      heap: growthOf(heaps, elapsed()),
    };
  } finally {
    await server.stop();
  }
}

/** A server whose heap can be looked at. */
function startInspected(rootKey: RootKey): Promise<ChildServer> {
  return startChild({
    arguments: (directory) => [
      ...['--inspect=127.0.0.1:0', bin, 'serve', '--listen', '127.0.0.1:0', '--data-dir', `${directory}/data`],
    ],
    environment: {
      ANYROLE_ROOT_ACCESS_KEY_ID: rootKey.accessKeyId,
      ANYROLE_ROOT_SECRET_ACCESS_KEY: rootKey.secretAccessKey,
    },
  });
}

/** Requests of one part, by the status of their success. */
type Part = { readonly created: readonly Uint8Array[]; readonly ok: readonly Uint8Array[] };

/** Gives the requests of a part, signed now: sessions of some hundred holders; who-am-I, AssumeRole and a change of a role. */
async function prepared(url: string, rootKey: RootKey): Promise<() => Part> {
  const pki = makePki('p256', new Date());
  const arns = await prepareAccount(url, rootKey, pki.rootPem);
  const { userKey, sessionKey, assumableArn } = await prepareCallers(url, rootKey);
  const leaves: readonly Certified[] = Array.from({ length: holders }, () => newLeaf(pki));
  let changes = 0;
  return () => {
    const now = new Date();
    const questions = [identity, assumeRole(assumableArn), identity, updateRole('Bench', String(changes++))];
    return {
      created: leaves.map((leaf) => sessionRequest(url, arns, pki, leaf, now)),
      ok: [
        ...askedInTurn(url, userKey, questions, requestsOfPart),
        ...askedInTurn(url, sessionKey, [identity], requestsOfPart / 4),
      ],
    };
  };
}

/** Sessions alone: they cost most, so that half of their peak is no more than half of the mixture's. */
async function peakOf({ url }: ChildServer, requests: () => Part, connections: number): Promise<number> {
  const { created } = requests();
  let at = 0;
  const supply = () => created[at++ % created.length];
  await load({ url, supply, connections, seconds: warmUpSeconds, status: 201 });
  const { requestsPerSecond, failures, firstFailure } = await load({
    url,
    supply,
    connections,
    seconds: peakSeconds,
    status: 201,
  });
  if (failures > 0) throw new Error(`an answer failed: ${firstFailure?.slice(0, 500)}`);
  return requestsPerSecond;
}

type Offered = { readonly perSecond: number; readonly part: number; readonly connections: number };

async function offer(url: string, { created, ok }: Part, { perSecond, part, connections }: Offered) {
  const given = { url, seconds: part, connections: 4 * connections, refused: 503 };
  const one = (requests: readonly Uint8Array[], share: number, accepted: number) =>
    openLoop({
      ...{ ...given, perSecond: perSecond * share, accepted },
      request: (n) => requests[n % requests.length] ?? new Uint8Array(),
    });
  const results = await Promise.all([one(created, sessions, 201), one(ok, 1 - sessions, 200)]);
  const failed = results.reduce((sum, part) => sum + part.failed, 0);
  if (failed > 0) throw new Error(`${failed} answers failed at half of the peak`);
  return results;
}

type Seen = { readonly at: number; readonly mb: number };

/** Beginning and end of the first window and of the last. */
function windowsOf(seconds: number): readonly (readonly [from: number, to: number])[] {
  const from = shares.warmUp * seconds;
  const window = shares.window * seconds;
  return [
    [from, from + window],
    [seconds - window, seconds],
  ];
}

/** Growth between the windows of a time so long; NaN where nothing was seen in one of them. */
export function growthOf(seen: readonly Seen[], seconds: number): Growth {
  const [firstMb = Number.NaN, lastMb = Number.NaN] = windowsOf(seconds).map(([from, to]) => {
    // What is seen at the end of a window comes a little later.
    const late = 0.05 * seconds;
    return median(seen.filter(({ at }) => at >= from && at <= to + late).map(({ mb }) => mb));
  });
  return { firstMb, lastMb, growth: lastMb / firstMb - 1 };
}
