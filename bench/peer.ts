// `peer`: moto's server, a well-known stand-in for AWS in tests, answers AssumeRole to the same generator. It verifies no
// signature, asks no policy and keeps nothing; ours does all of it and answers after the record is durable.
import { execFile } from 'node:child_process';
import { prepareCallers } from './account.ts';
import { type ChildServer, startChild } from './child.ts';
import { assumeRole } from './control-plane.ts';
import { createSessionCases } from './create-session.ts';
import type { Effort } from './effort.ts';
import type { Goal } from './goal.ts';
import { askedInTurn } from './key-requests.ts';
import { aim } from './measure.ts';
import { newRootKey, startAnyrole } from './servers.ts';
import { median } from './statistics.ts';

export type PeerCase = { readonly title: string; readonly kind: 'AssumeRole' | 'CreateSession' };

export const peerCases: Readonly<Record<string, PeerCase>> = {
  'moto-assume-role': { title: 'AssumeRole beside moto', kind: 'AssumeRole' },
  'moto-create-session': { title: 'CreateSession P-256 warm beside moto', kind: 'CreateSession' },
};

export type PeerRun = { readonly requestsPerSecond: number; readonly peer: number; readonly ratio: number };
export type PeerResult = PeerCase &
  PeerRun & {
    readonly goals: readonly Goal[];
    readonly runs: readonly PeerRun[];
    readonly failure?: string;
    /** Why nothing was measured. */
    readonly skipped?: string;
  };

const promised = 20;
const requestCount = 200;

/** Measures one case; `skipped` where moto is not installed. Stops what it starts, whatever happens. */
export async function measurePeer(asked: PeerCase, effort: Effort): Promise<PeerResult> {
  if (!(await hasMoto())) return { ...summary(asked, []), skipped: 'python3 has no moto.server' };
  const started: ChildServer[] = [];
  try {
    const ours = await prepared[asked.kind](started);
    const moto = await startMoto();
    started.push(moto);
    const runs: PeerRun[] = [];
    await aim(ours.server, ours.volley(), { ...effort, seconds: effort.warmUp });
    await aim(moto, motoVolley(moto.url), { ...effort, seconds: Math.min(1, effort.warmUp) });
    while (runs.length < effort.runs) {
      const peer = await aim(moto, motoVolley(moto.url), effort);
      const result = await aim(ours.server, ours.volley(), effort);
      const [requestsPerSecond, theirs] = [result.requestsPerSecond, peer.requestsPerSecond];
      runs.push({ requestsPerSecond, peer: theirs, ratio: requestsPerSecond / theirs });
    }
    return summary(asked, runs);
  } catch (cause) {
    return { ...summary(asked, []), failure: cause instanceof Error ? cause.message : String(cause) };
  } finally {
    for (const server of started) await server.stop();
  }
}

type Prepared = { readonly server: ChildServer; readonly volley: () => Parameters<typeof aim>[1] };

const prepared: Readonly<Record<PeerCase['kind'], (started: ChildServer[]) => Promise<Prepared>>> = {
  async AssumeRole(started) {
    const rootKey = newRootKey();
    const server = await startAnyrole(rootKey);
    started.push(server);
    const { userKey, assumableArn } = await prepareCallers(server.url, rootKey);
    const volley = () => ({
      requests: askedInTurn(server.url, userKey, [assumeRole(assumableArn)], requestCount),
      once: false,
      status: 200,
    });
    return { server, volley };
  },
  async CreateSession(started) {
    const rootKey = newRootKey();
    const server = await startAnyrole(rootKey);
    started.push(server);
    const { prepare, status } = createSessionCases['p256-warm'];
    const workload = await prepare(server.url, rootKey);
    return { server, volley: () => ({ requests: workload.requests(requestCount), once: false, status }) };
  },
};

function startMoto(): Promise<ChildServer> {
  return startChild({ program: 'python3', arguments: () => ['-m', 'moto.server', '-p', '0'], saysUrlInLog: true });
}

function motoVolley(url: string) {
  const key = { accessKeyId: 'AKIABENCHBENCHBENCHX', secretAccessKey: 'not verified' };
  const question = assumeRole('arn:aws:iam::123456789012:role/Bench');
  return { requests: askedInTurn(url, key, [question], requestCount), once: false, status: 200 };
}

function hasMoto(): Promise<boolean> {
  return new Promise((resolve) =>
    execFile('python3', ['-c', 'import moto.server'], (cause) => resolve(cause === null)),
  );
}

function summary(asked: PeerCase, runs: readonly PeerRun[]) {
  const of = (member: keyof PeerRun) => median(runs.map((run) => run[member]));
  const [requestsPerSecond, peer, ratio] = [of('requestsPerSecond'), of('peer'), of('ratio')];
  const goals = [{ name: 'ratio', value: ratio, unit: ' × moto', atLeast: promised }];
  return { ...asked, requestsPerSecond, peer, ratio, goals, runs };
}
