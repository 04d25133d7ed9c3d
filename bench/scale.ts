// `scale`: what a million subjects and a hundred thousand roles and profiles cost a server that has them: in time to answer,
// to start, and in memory. A server with a thousand of each is measured in turns with it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as elapsed } from 'node:timers/promises';
import { xmlText } from '../src/client/send.ts';
import { makeCa } from '../test/pki.ts';
import { callerWith, prepareCallers, type RootKey } from './account.ts';
import type { ChildServer } from './child.ts';
import { get, query } from './control-plane.ts';
import type { Effort } from './effort.ts';
import type { Goal } from './goal.ts';
import { askedInTurn, type Question } from './key-requests.ts';
import { aim } from './measure.ts';
import { type Amounts, fill, idOf, roleName } from './scale-fill.ts';
import { buildAnyrole, newRootKey, startAnyrole } from './servers.ts';
import { median, percentile } from './statistics.ts';
import { residentMb } from './usage.ts';

export type ScaleRow = {
  readonly name: string;
  readonly title: string;
  readonly goals: readonly Goal[];
  readonly requestsPerSecond?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly serverMicros?: number;
  readonly failure?: string;
};

const few: Amounts = { subjects: 1000, profiles: 1000, roles: 1000 };
const many: Amounts = { subjects: 1_000_000, profiles: 100_000, roles: 100_000 };
const maxCost = 1.5;
const limits = { startSeconds: 1, residentMb: 250, idleMb: 120 };
const starts = 5;
/** Time in which an idle server comes to rest. */
const restMs = 3000;
/** Requests of one measurement, each about another of all that there are. */
const requestCount = 800;

type Asked = (n: number) => Question;

/** Each asks about the n-th of its kind; `of`: which amount n is below. */
const reads: readonly (readonly [name: string, title: string, of: keyof Amounts, question: Asked])[] = [
  ['get-subject', 'GetSubject', 'subjects', (n) => get(`/subject/${idOf('subject', n)}`)],
  ['get-profile', 'GetProfile', 'profiles', (n) => get(`/profile/${idOf('profile', n)}`)],
  ['get-role', 'GetRole', 'roles', (n) => query('iam', 'GetRole', { RoleName: roleName(n) })],
  ['list-subjects', 'ListSubjects, a page', 'subjects', () => get('/subjects')],
  ['list-profiles', 'ListProfiles, a page', 'profiles', () => get('/profiles')],
  ['list-roles', 'ListRoles, a page', 'roles', () => query('iam', 'ListRoles')],
];

/** Measures all of it; takes minutes, most of them to fill. Stops what it starts and removes what it made. */
export async function measureScale(effort: Effort): Promise<readonly ScaleRow[]> {
  const place = mkdtempSync(join(tmpdir(), 'anyrole-scale-'));
  const rootKey = newRootKey();
  const running: ChildServer[] = [];
  try {
    const built = buildAnyrole(place);
    const small = await filled(join(place, 'few'), rootKey, few);
    const large = await filled(join(place, 'many'), rootKey, many);
    const idle = await idleRow(rootKey, join(place, 'empty'), built);
    const startRows = [
      await startRow('start', 'start to ready, as npm ships it', rootKey, large.dataDir, built),
      await startRow('start-sources', 'start to ready, from the sources', rootKey, large.dataDir),
    ];
    for (const { dataDir } of [small, large]) running.push(await startAnyrole(rootKey, dataDir, built));
    const [fewServer, manyServer] = running;
    if (fewServer === undefined || manyServer === undefined) throw new Error('a server is missing');
    const rows: ScaleRow[] = [];
    for (const read of reads) {
      rows.push(await readRow(read, { server: fewServer, ...small }, { server: manyServer, ...large }, effort));
    }
    const resident = residentMb(manyServer.pid);
    const memory = { name: 'resident', value: resident, unit: ' MB', atMost: limits.residentMb };
    return [
      ...rows,
      ...startRows,
      { name: 'resident', title: 'resident memory after the reads', goals: [memory] },
      idle,
    ];
  } finally {
    for (const server of running) await server.stop();
    rmSync(place, { recursive: true, force: true, maxRetries: 3 });
  }
}

type Filled = {
  readonly dataDir: string;
  readonly userKey: Parameters<typeof askedInTurn>[1];
  readonly amounts: Amounts;
};

async function filled(dataDir: string, rootKey: RootKey, amounts: Amounts): Promise<Filled> {
  const server = await startAnyrole(rootKey, dataDir);
  const { userKey } = await prepareCallers(server.url, rootKey);
  const root = callerWith(server.url, rootKey);
  const account = xmlText(await root.query('sts', 'GetCallerIdentity', {}), 'Account') ?? '';
  await server.stop();
  await fill(dataDir, account, amounts, makeCa({ key: 'p256', subject: 'CN=Bench Issuing CA,O=Anyrole' }).pem);
  return { dataDir, userKey, amounts };
}

type Target = Filled & { readonly server: ChildServer };

/** Cost is processor time where it is known, which other work on the machine does not change; else time to answer. */
async function readRow(
  [name, title, of, question]: (typeof reads)[number],
  small: Target,
  large: Target,
  effort: Effort,
): Promise<ScaleRow> {
  const measure = async ({ server, userKey, amounts }: Target, run: number) => {
    const step = Math.max(1, Math.floor(amounts[of] / requestCount));
    const asked = Array.from({ length: requestCount }, (_, at) => question((at * step + run) % amounts[of]));
    const requests = askedInTurn(server.url, userKey, asked, requestCount);
    const result = await aim(server, { requests, once: false, status: 200 }, effort);
    const micros = (result.serverMs * 1000) / result.answers;
    return { result, micros, cost: Number.isNaN(micros) ? percentile(result.latencies, 0.5) : micros };
  };
  await measure(small, 0);
  await measure(large, 0);
  const runs: { readonly ratio: number; readonly large: Awaited<ReturnType<typeof measure>> }[] = [];
  while (runs.length < effort.runs) {
    const before = await measure(small, runs.length + 1);
    const now = await measure(large, runs.length + 1);
    runs.push({ ratio: now.cost / before.cost, large: now });
  }
  const middle = (figure: (run: (typeof runs)[number]) => number) => median(runs.map(figure));
  return {
    name,
    title: `${title}, ${large.amounts[of].toLocaleString('en')} beside ${small.amounts[of].toLocaleString('en')}`,
    requestsPerSecond: middle(({ large: { result } }) => result.requestsPerSecond),
    p50Ms: middle(({ large: { result } }) => percentile(result.latencies, 0.5)),
    p99Ms: middle(({ large: { result } }) => percentile(result.latencies, 0.99)),
    serverMicros: middle(({ large: { micros } }) => micros),
    goals: [{ name: 'cost', value: middle(({ ratio }) => ratio), unit: ' ×', atMost: maxCost }],
  };
}

async function startRow(
  name: string,
  title: string,
  rootKey: RootKey,
  dataDir: string,
  program?: string,
): Promise<ScaleRow> {
  const times: number[] = [];
  while (times.length < starts) {
    const server = await startAnyrole(rootKey, dataDir, program);
    times.push(server.readyMs);
    await server.stop();
  }
  // What operators run has the goal; from the sources Node strips types first.
  const promise = program === undefined ? {} : { atMost: limits.startSeconds };
  return { name, title, goals: [{ name: 'start', value: median(times) / 1000, unit: ' s', ...promise }] };
}

async function idleRow(rootKey: RootKey, dataDir: string, program: string): Promise<ScaleRow> {
  const server = await startAnyrole(rootKey, dataDir, program);
  await elapsed(restMs);
  const value = residentMb(server.pid);
  await server.stop();
  const goals = [{ name: 'resident', value, unit: ' MB', atMost: limits.idleMb }];
  return { name: 'idle', title: 'resident memory of an empty server', goals };
}
