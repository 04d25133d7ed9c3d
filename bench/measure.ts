// How fast a server answers requests of one kind, next to the limit that HTTP and signatures alone would set. Every case
// has a fresh server with an empty store, which does for a caller everything that it does in service.
import type { KeyPair } from '../test/pki.ts';
import type { RootKey } from './account.ts';
import type { ChildServer } from './child.ts';
import type { Effort } from './effort.ts';
import type { Goal } from './goal.ts';
import { type LoadResult, load } from './load.ts';
import { processorClock, verifyRate } from './raw-verify.ts';
import { newRootKey, startAnyrole, startBare } from './servers.ts';
import { limit, median, percentile } from './statistics.ts';
import { processorMs } from './usage.ts';

/** One row of a table of cases. */
export type Case = {
  readonly title: string;
  /** Of a success. */
  readonly status: number;
  /** Signatures that must be verified for each request. */
  readonly signatures: number;
  /** Where every request may be sent once only: how many are made for one measurement at most. Absent: round and round. */
  readonly maxOnce?: number;
  /** The share of the limit that is promised. Absent: none. */
  readonly promised?: number;
  /** Makes on the server what the requests are about. Throws AnswerError where it refuses. */
  readonly prepare: (url: string, rootKey: RootKey) => Promise<Workload>;
};

/** What a case sends. */
export type Workload = {
  /** So many requests, made and signed now. */
  readonly requests: (count: number) => readonly Uint8Array[];
  /** Whose signatures V is measured with. Absent: there are none to verify. */
  readonly keys?: KeyPair;
};

/** One measurement of everything. */
export type Run = {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly answers: number;
  /** Processor time of the server for one request, all threads, in microseconds; NaN where it is not known. */
  readonly serverMicros: number;
  /** Processors' worth of time that the server, and the generator, took meanwhile: 1 is one of them, fully. */
  readonly serverLoad: number;
  readonly generatorLoad: number;
  /** H: requests per second of a bare server. */
  readonly http: number;
  readonly bareLoad: number;
  readonly bareGeneratorLoad: number;
  /** V: verifications per second; infinite where there is nothing to verify. */
  readonly verify: number;
  /** L: of H and V. */
  readonly limit: number;
  /** requestsPerSecond / limit. */
  readonly ratio: number;
  /** The same by processor time: what HTTP and signatures take ÷ what the server takes. NaN where it is not known. */
  readonly processorRatio: number;
};

/** The medians of the runs, the ratios' included. `failure`: what went wrong instead. */
export type CaseResult = Omit<Case, 'prepare'> &
  Run & {
    readonly goals: readonly Goal[];
    readonly requestBytes: number;
    readonly responseBytes: number;
    readonly runs: readonly Run[];
    readonly failure?: string;
  };

/** Requests that are sent round and round: seconds in which they were signed, of the 900 that are taken. */
const repeatedRequests = 200;
/** Where each is sent once: how many a second of warming up takes at most. */
const mostPerSecond = 3000;
/** How many times as long as the middle answer the slowest but one in a hundred may take. */
const maxTail = 5;
/** Characters of an answer that a failure quotes. */
const maxQuoted = 1000;

/** Starts another server, which is measured in Anyrole's place: for answers of this length to requests signed with these keys. */
export type StandIn = (answer: { readonly bodyBytes: number }, keys: KeyPair | undefined) => Promise<ChildServer>;

/** Measures one case. Stops what it starts, whatever happens; a server that refuses is a result with `failure`. */
export async function measureCase(asked: Case, effort: Effort, standIn?: StandIn): Promise<CaseResult> {
  const rootKey = newRootKey();
  const anyrole = await startAnyrole(rootKey);
  const started = [anyrole];
  try {
    const workload = await asked.prepare(anyrole.url, rootKey);
    const [sample = new Uint8Array()] = workload.requests(1);
    const response = await responseTo(anyrole, sample, asked.status);
    const bare = await startBare(asked.status, response.bodyBytes);
    started.push(bare);
    const server = (await standIn?.(response, workload.keys)) ?? anyrole;
    if (server !== anyrole) started.push(server);
    const runs = await measureRuns({ asked, effort, workload, server, bare });
    return { ...summary(asked, runs), requestBytes: sample.length, responseBytes: response.bytes };
  } catch (cause) {
    const failure = cause instanceof Error ? `${cause.message}; last logged: ${anyrole.lastLine()}` : String(cause);
    return { ...summary(asked, []), requestBytes: 0, responseBytes: 0, failure };
  } finally {
    for (const server of started) await server.stop();
  }
}

/** How long a good answer is; throws with the answer when it is not one. */
async function responseTo(server: ChildServer, request: Uint8Array, status: number) {
  const sent = [request];
  const result = await load({ url: server.url, supply: () => sent.pop(), connections: 1, seconds: 10, status });
  throwFailures(result, status);
  return { bytes: result.firstBytes, bodyBytes: result.firstBodyBytes };
}

type Measurement = {
  readonly asked: Case;
  readonly effort: Effort;
  readonly workload: Workload;
  readonly server: ChildServer;
  readonly bare: ChildServer;
};

async function measureRuns({ asked, effort, workload, server, bare }: Measurement): Promise<readonly Run[]> {
  const { status, maxOnce } = asked;
  const once = maxOnce !== undefined;
  const before = { ...effort, seconds: effort.warmUp };
  const few = workload.requests(once ? Math.min(maxOnce, Math.ceil(effort.warmUp * mostPerSecond)) : repeatedRequests);
  const first = await aim(server, { requests: few, once, status }, before);
  await aim(bare, { requests: few, once: false, status }, { ...before, seconds: Math.min(1, effort.warmUp) });
  const enough = once ? Math.min(maxOnce, Math.ceil(first.requestsPerSecond * effort.seconds * 1.5)) : repeatedRequests;
  const runs: Run[] = [];
  while (runs.length < effort.runs) {
    const requests = workload.requests(enough);
    const { signatures } = asked;
    const measured = { server, bare, effort, signatures, keys: workload.keys };
    runs.push(await measureOnce(measured, { requests, once, status }));
  }
  return runs;
}

type Volley = { readonly requests: readonly Uint8Array[]; readonly once: boolean; readonly status: number };

type Measured = Pick<Measurement, 'server' | 'bare' | 'effort'> & Pick<Workload, 'keys'> & Pick<Case, 'signatures'>;

/** Everything once, one after the other, so that whatever else the machine does falls on all of it. */
async function measureOnce({ server, bare, effort, signatures, keys }: Measured, volley: Volley): Promise<Run> {
  const http = await aim(bare, { ...volley, once: false }, effort);
  const result = await aim(server, volley, effort);
  const verify = keys === undefined ? Number.POSITIVE_INFINITY : verifyRate(keys, effort.seconds / 5);
  const bound = limit(http.requestsPerSecond, verify, signatures);
  const serverMicros = (result.serverMs * 1000) / result.answers;
  const ownVerify =
    keys === undefined ? Number.POSITIVE_INFINITY : verifyRate(keys, effort.seconds / 10, processorClock);
  const bareMicros = (http.serverMs * 1000) / http.answers;
  return {
    requestsPerSecond: result.requestsPerSecond,
    p50Ms: percentile(result.latencies, 0.5),
    p99Ms: percentile(result.latencies, 0.99),
    answers: result.answers,
    serverMicros,
    serverLoad: result.serverMs / result.ms,
    generatorLoad: result.processorMs / result.ms,
    http: http.requestsPerSecond,
    bareLoad: http.serverMs / http.ms,
    bareGeneratorLoad: http.processorMs / http.ms,
    verify,
    limit: bound,
    ratio: result.requestsPerSecond / bound,
    processorRatio: (bareMicros + (signatures * 1e6) / ownVerify) / serverMicros,
  };
}

/** Loads a server with the requests, each once or round and round. Throws when an answer is not a success. */
export async function aim(
  { url, pid }: Pick<ChildServer, 'url' | 'pid'>,
  { requests, once, status }: Volley,
  { connections, seconds }: Pick<Effort, 'connections' | 'seconds'>,
): Promise<LoadResult & { readonly serverMs: number }> {
  let at = 0;
  const supply = () => requests[once ? at++ : at++ % requests.length];
  const before = processorMs(pid);
  const result = await load({ url, supply, connections, seconds, status });
  throwFailures(result, status);
  return { ...result, serverMs: processorMs(pid) - before };
}

function throwFailures({ failures, answers, firstFailure = '' }: LoadResult, status: number): void {
  if (failures === 0) return;
  const first = firstFailure.replace(/\s+/g, ' ').slice(0, maxQuoted);
  throw new Error(`${failures} of ${answers} answers are not ${status}, the first: ${first}`);
}

function summary({ prepare: _, ...asked }: Case, runs: readonly Run[]) {
  const of = (member: keyof Run) => median(runs.map((run) => run[member]));
  const middle: Run = {
    requestsPerSecond: of('requestsPerSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    answers: runs.reduce((sum, { answers }) => sum + answers, 0),
    serverMicros: of('serverMicros'),
    serverLoad: of('serverLoad'),
    generatorLoad: of('generatorLoad'),
    http: of('http'),
    bareLoad: of('bareLoad'),
    bareGeneratorLoad: of('bareGeneratorLoad'),
    verify: of('verify'),
    limit: of('limit'),
    ratio: of('ratio'),
    processorRatio: of('processorRatio'),
  };
  const tail = median(runs.map(({ p50Ms, p99Ms }) => p99Ms / p50Ms));
  return { ...asked, ...middle, goals: goalsOf(asked.promised, middle.ratio, tail), runs };
}

function goalsOf(promised: number | undefined, ratio: number, tail: number): readonly Goal[] {
  return [
    { name: 'ratio', value: ratio, unit: ' L', ...(promised === undefined ? {} : { atLeast: promised }) },
    { name: 'tail', value: tail, unit: ' ×', atMost: maxTail },
  ];
}
