// `create-session`: how fast a server answers CreateSession, next to the limit that HTTP and signatures alone would set.
// Every case has a fresh server with an empty store; everything it does for a caller it does here: all checks, an audit
// event and a subject made durable before the answer.
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { KeyName } from '../test/pki.ts';
import { type Arns, prepareAccount } from './account.ts';
import { type ChildServer, startChild } from './child.ts';
import { type LoadResult, load } from './load.ts';
import { verifyRate } from './raw-verify.ts';
import { makePki, newLeaf, type Pki, repeated, sessionRequest, unseen } from './session-requests.ts';
import { limit, median, percentile } from './statistics.ts';

/** One row of the table of cases. */
export type Case = {
  readonly title: string;
  readonly key: KeyName;
  /** Whether every request brings a certificate that was never seen before. */
  readonly isCold: boolean;
  /** Signatures that must be verified for each request. */
  readonly signatures: number;
};

// Warm: the request's signature; certificate and path are known. Cold: the leaf's and the intermediate's besides.
const warm = { isCold: false, signatures: 1 } as const;
const cold = { isCold: true, signatures: 3 } as const;

export const cases: Readonly<Record<string, Case>> = {
  'p256-warm': { title: 'P-256 warm', key: 'p256', ...warm },
  'p256-cold': { title: 'P-256 cold', key: 'p256', ...cold },
  'rsa2048-warm': { title: 'RSA-2048 warm', key: 'rsa2048', ...warm },
  'rsa2048-cold': { title: 'RSA-2048 cold', key: 'rsa2048', ...cold },
  'ml-dsa-65-warm': { title: 'ML-DSA-65 warm', key: 'ml-dsa-65', ...warm },
  'ml-dsa-65-cold': { title: 'ML-DSA-65 cold', key: 'ml-dsa-65', ...cold },
};

export type Effort = {
  /** Seconds of one measurement. */
  readonly seconds: number;
  /** Measurements of each thing; the medians are reported. */
  readonly runs: number;
  readonly connections: number;
  /** Of a revocation list. */
  readonly entries: number;
};

/** One measurement of everything. */
export type Run = {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly answers: number;
  /** H: requests per second of a bare server. */
  readonly http: number;
  /** V: verifications per second. */
  readonly verify: number;
};

/** The medians of the runs. `failure`: what went wrong instead. */
export type CaseResult = Case &
  Run & {
    readonly limit: number;
    /** requestsPerSecond / limit. */
    readonly ratio: number;
    readonly requestBytes: number;
    readonly responseBytes: number;
    readonly runs: readonly Run[];
    readonly failure?: string;
  };

/** Requests of one holder that a warm measurement repeats: seconds in which they were signed, of the 900 that are taken. */
const repeatedRequests = 200;
/** Certificates minted for one cold measurement, at most: it ends when they are used up. */
const maxUnseen = 8000;
const warmUp = { seconds: 1, unseen: 1500 };
const success = 201;
/** Characters of an answer that a failure quotes. */
const maxQuoted = 1000;

const anyrole = fileURLToPath(new URL('../bin/anyrole.mjs', import.meta.url));
const bareServer = fileURLToPath(new URL('bare-server.ts', import.meta.url));

/** Measures one case. Stops what it starts, whatever happens; a server that refuses is a result with `failure`. */
export async function measureCase(asked: Case, effort: Effort): Promise<CaseResult> {
  const pki = makePki(asked.key, new Date());
  const rootKey = { accessKeyId: 'AKIABENCHBENCHBENCHX', secretAccessKey: randomBytes(30).toString('base64') };
  const server = await startAnyrole(rootKey);
  try {
    const arns = await prepareAccount(server.url, rootKey, pki.rootPem);
    const sample = sessionRequest(server.url, arns, pki, newLeaf(pki), new Date());
    const response = await responseTo(server, sample);
    const bare = await startBare(response.bodyBytes);
    try {
      const runs = await measureRuns({ asked, effort, pki, arns, server, bare });
      const sizes = { requestBytes: sample.length, responseBytes: response.bytes };
      return { ...asked, ...summary(runs, asked.signatures), ...sizes, runs };
    } finally {
      await bare.stop();
    }
  } catch (cause) {
    return failed(
      asked,
      cause instanceof Error ? `${cause.message}; last logged: ${server.lastLine()}` : String(cause),
    );
  } finally {
    await server.stop();
  }
}

function startAnyrole(rootKey: { readonly accessKeyId: string; readonly secretAccessKey: string }) {
  return startChild({
    arguments: (directory) => [anyrole, 'serve', '--listen', '127.0.0.1:0', '--data-dir', `${directory}/data`],
    environment: {
      ANYROLE_ROOT_ACCESS_KEY_ID: rootKey.accessKeyId,
      ANYROLE_ROOT_SECRET_ACCESS_KEY: rootKey.secretAccessKey,
    },
  });
}

function startBare(responseBytes: number) {
  return startChild({ arguments: () => [bareServer, String(responseBytes)] });
}

/** How long a good answer is; throws with the answer when it is not one. */
async function responseTo(server: ChildServer, request: Uint8Array) {
  const sent = [request];
  const result = await load({
    url: server.url,
    supply: () => sent.pop(),
    connections: 1,
    seconds: 10,
    status: success,
  });
  throwFailures(result);
  return { bytes: result.firstBytes, bodyBytes: result.firstBodyBytes };
}

type Measurement = {
  readonly asked: Case;
  readonly effort: Effort;
  readonly pki: Pki;
  readonly arns: Arns;
  readonly server: ChildServer;
  readonly bare: ChildServer;
};

async function measureRuns(measurement: Measurement): Promise<readonly Run[]> {
  const { effort, asked, server, bare } = measurement;
  const warmedUp = { ...effort, seconds: Math.min(warmUp.seconds, effort.seconds) };
  const first = await aim(server, requestsFor(measurement, warmUp.unseen), warmedUp, asked.isCold);
  await aim(bare, requestsFor(measurement, repeatedRequests), warmedUp, false);
  const enough = Math.min(maxUnseen, Math.ceil(first.requestsPerSecond * effort.seconds * 1.5));
  const runs: Run[] = [];
  while (runs.length < effort.runs) runs.push(await measureOnce(measurement, enough));
  return runs;
}

/** Everything once, one after the other, so that whatever else the machine does falls on all of it. */
async function measureOnce(measurement: Measurement, enough: number): Promise<Run> {
  const { asked, effort, pki, server, bare } = measurement;
  const requests = requestsFor(measurement, enough);
  const http = await aim(bare, requests, effort, false);
  const result = await aim(server, requests, effort, asked.isCold);
  return {
    requestsPerSecond: result.requestsPerSecond,
    p50Ms: percentile(result.latencies, 0.5),
    p99Ms: percentile(result.latencies, 0.99),
    answers: result.answers,
    http: http.requestsPerSecond,
    verify: verifyRate(pki.leafKeys, effort.seconds / 5),
  };
}

function requestsFor({ asked, arns, pki, server }: Measurement, unseenCount: number): readonly Uint8Array[] {
  return asked.isCold
    ? unseen(server.url, arns, pki, unseenCount)
    : repeated(server.url, arns, pki, newLeaf(pki), repeatedRequests);
}

/** Loads a server with the requests, each once or round and round. Throws when an answer is not a success. */
async function aim(server: ChildServer, requests: readonly Uint8Array[], effort: Effort, once: boolean) {
  let at = 0;
  const supply = () => requests[once ? at++ : at++ % requests.length];
  const { connections, seconds } = effort;
  const result = await load({ url: server.url, supply, connections, seconds, status: success });
  throwFailures(result);
  return result;
}

function throwFailures({ failures, answers, firstFailure = '' }: LoadResult): void {
  if (failures === 0) return;
  const first = firstFailure.replace(/\s+/g, ' ').slice(0, maxQuoted);
  throw new Error(`${failures} of ${answers} answers are not ${success}, the first: ${first}`);
}

function summary(runs: readonly Run[], signatures: number) {
  const of = (member: keyof Run) => median(runs.map((run) => run[member]));
  const [requestsPerSecond, http, verify] = [of('requestsPerSecond'), of('http'), of('verify')];
  const bound = limit(http, verify, signatures);
  return {
    requestsPerSecond,
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    answers: runs.reduce((sum, { answers }) => sum + answers, 0),
    http,
    verify,
    limit: bound,
    ratio: requestsPerSecond / bound,
  };
}

function failed(asked: Case, failure: string): CaseResult {
  const nothing = { requestBytes: 0, responseBytes: 0, runs: [] };
  return { ...asked, ...summary([], asked.signatures), ...nothing, failure };
}
