// What the client costs: a command from the start of its process to its end, beside a Node that does nothing and the AWS
// CLI's own start; the provider's answer from memory, beside a function that has nothing to do; and the memory of the metadata
// server.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { fromRolesAnywhere } from '../src/client/index.ts';
import { makeCa } from '../test/pki.ts';
import { type Arns, prepareAccount, region } from './account.ts';
import { builtPackage } from './built.ts';
import { startChild } from './child.ts';
import type { Effort } from './effort.ts';
import { boundText, isMet } from './goal.ts';
import type { Machine } from './machine.ts';
import { type MemoryResult, metadataMemory } from './metadata-memory.ts';
import { machineLine, table } from './report.ts';
import { median } from './statistics.ts';

/** The commands of the clone, or of the package that npm installs: built, its types gone. */
type Form = 'clone' | 'package';

/** A command's starts, the provider's answers, or the memory of the metadata server. */
type Case = { readonly title: string } & (
  | { readonly kind: 'start'; readonly form: Form; readonly flags: readonly string[] }
  | { readonly kind: 'provider' }
  | { readonly kind: 'memory'; readonly form: Form }
);

export const clientCases: Readonly<Record<string, Case>> = {
  cold: { kind: 'start', title: 'credential-process', form: 'package', flags: [] },
  'cold-clone': { kind: 'start', title: 'credential-process of a clone', form: 'clone', flags: [] },
  kept: { kind: 'start', title: 'credential-process --cache, kept', form: 'package', flags: ['--cache'] },
  provider: { kind: 'provider', title: 'provider, session in memory' },
  memory: { kind: 'memory', title: 'metadata', form: 'package' },
  'memory-clone': { kind: 'memory', title: 'metadata of a clone', form: 'clone' },
};

/** Milliseconds are medians of the starts; of the provider they are of one call. */
type TimeResult = {
  readonly ms: number;
  /** A Node that does nothing, or an async function that returns a constant. */
  readonly floorMs: number;
  readonly ratio: number;
  /** `aws --version`. Absent: it is not there, or the case is no command. */
  readonly awsMs?: number;
};

export type ClientResult = { readonly title: string; readonly failure?: string } & (
  | TimeResult
  | MemoryResult
  | { readonly failure: string }
);

const cloneBin = fileURLToPath(new URL('../bin/anyrole.mjs', import.meta.url));
/** Of each program, for one run. */
const startsPerRun = 5;

/** Measures the case against a server of its own. */
export async function measureClientCase(asked: Case, effort: Effort): Promise<ClientResult> {
  const { title } = asked;
  try {
    const built = 'form' in asked && asked.form === 'package' ? builtPackage() : undefined;
    try {
      return { title, ...(await measuredBeside(asked, built?.bin ?? cloneBin, effort)) };
    } finally {
      built?.remove();
    }
  } catch (cause) {
    return { title, failure: cause instanceof Error ? cause.message : String(cause) };
  }
}

async function measuredBeside(asked: Case, bin: string, effort: Effort): Promise<TimeResult | MemoryResult> {
  const rootKey = { accessKeyId: 'AKIABENCHBENCHBENCH1', secretAccessKey: randomBytes(30).toString('base64') };
  const server = await startChild({
    arguments: (directory) => [cloneBin, 'serve', '--listen', '127.0.0.1:0', '--data-dir', join(directory, 'data')],
    environment: {
      ANYROLE_ROOT_ACCESS_KEY_ID: rootKey.accessKeyId,
      ANYROLE_ROOT_SECRET_ACCESS_KEY: rootKey.secretAccessKey,
    },
  });
  const directory = mkdtempSync(join(tmpdir(), 'anyrole-bench-client-'));
  try {
    const ca = makeCa({ subject: 'CN=Bench Root CA' });
    const arns = await prepareAccount(server.url, rootKey, ca.pem);
    const leaf = ca.issue({ subject: 'CN=bench', key: 'p256' });
    const files = { certificate: join(directory, 'leaf.pem'), privateKey: join(directory, 'leaf-key.pem') };
    writeFileSync(files.certificate, leaf.pem);
    writeFileSync(files.privateKey, leaf.keyPem, { mode: 0o600 });
    const client = { ...files, ...arns, endpoint: server.url };
    switch (asked.kind) {
      case 'start':
        return await startCost(client, directory, [bin, 'credential-process', ...asked.flags], effort);
      case 'provider':
        return await providerCost(client, effort);
      case 'memory':
        return await memoryOf(client, [bin, 'metadata', '--port', '0'], effort);
    }
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

type Client = Arns & { readonly certificate: string; readonly privateKey: string; readonly endpoint: string };

function bindingFlags(client: Client): readonly string[] {
  return [
    ...['--certificate', client.certificate, '--private-key', client.privateKey, '--endpoint', client.endpoint],
    ...['--trust-anchor-arn', client.trustAnchorArn, '--profile-arn', client.profileArn, '--role-arn', client.roleArn],
  ];
}

/** The first start is not measured: a clone's strips types, which later ones do not. */
async function memoryOf(client: Client, command: readonly string[], effort: Effort): Promise<MemoryResult> {
  const args = [...command, ...bindingFlags(client)];
  await (await startChild({ arguments: () => args })).stop();
  return metadataMemory(args, effort);
}

async function startCost(client: Client, directory: string, asked: readonly string[], { runs }: Effort) {
  const environment = { PATH: process.env.PATH, HOME: directory, AWS_REGION: region };
  const command = [...asked, ...bindingFlags(client)];
  const hasAws = spawnSync('aws', ['--version'], { stdio: 'ignore' }).status === 0;
  // The first start fills the file system's memory, and with --cache the directory.
  await timed(process.execPath, command, environment, /^\{"Version":1,.*\}$/);
  const times: { floor: number[]; ours: number[]; aws: number[] } = { floor: [], ours: [], aws: [] };
  for (let start = 0; start < runs * startsPerRun; start++) {
    times.floor.push(await timed(process.execPath, ['-e', '0'], environment, /^$/));
    times.ours.push(await timed(process.execPath, command, environment, /^\{"Version":1,.*\}$/));
    if (hasAws) times.aws.push(await timed('aws', ['--version'], process.env, /^aws-cli/));
  }
  const [ms, floorMs] = [median(times.ours), median(times.floor)];
  return { ms, floorMs, ratio: ms / floorMs, ...(hasAws && { awsMs: median(times.aws) }) };
}

/** Milliseconds from the start of the process to the end of its output. Throws when that is not what is expected. */
async function timed(program: string, args: readonly string[], env: NodeJS.ProcessEnv, expected: RegExp) {
  const start = performance.now();
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const [status] = await once(child, 'close');
  const ms = performance.now() - start;
  if (status === 0 && expected.test(stdout)) return ms;
  throw new Error(`${program} ended with ${status}: ${stderr.trim() || stdout.slice(0, 40)}`);
}

async function providerCost(client: Client, { seconds, runs }: Effort) {
  const provider = fromRolesAnywhere({ ...client, world: { environment: {} } });
  const constant = await provider();
  const nothing = async () => constant;
  const times: { floor: number[]; ours: number[] } = { floor: [], ours: [] };
  for (let run = 0; run < runs; run++) {
    times.floor.push(await callMs(nothing, seconds));
    times.ours.push(await callMs(provider, seconds));
  }
  const [ms, floorMs] = [median(times.ours), median(times.floor)];
  return { ms, floorMs, ratio: ms / floorMs };
}

/** Milliseconds of one awaited call. */
async function callMs(call: () => Promise<unknown>, seconds: number): Promise<number> {
  const batch = 1000;
  const start = performance.now();
  let calls = 0;
  do {
    for (let at = 0; at < batch; at++) await call();
    calls += batch;
  } while (performance.now() - start < seconds * 1000);
  return (performance.now() - start) / calls;
}

/** Lines, with a newline at the end. */
export function clientReport(machine: Machine, { runs, seconds }: Effort, results: readonly ClientResult[]): string {
  const times = results.flatMap((result) => ('ms' in result ? [timeRow(result)] : []));
  const memories = results.flatMap((result) => ('peakMb' in result ? [memoryRow(result)] : []));
  return [
    machineLine(machine),
    `medians of ${runs * startsPerRun} starts, or of ${runs} runs of ${seconds} s`,
    '',
    ...(times.length === 0 ? [] : table([['case', 'time', 'floor', 'ratio', 'aws', 'ratio'], ...times])),
    ...(times.length === 0 || memories.length === 0 ? [] : ['']),
    ...(memories.length === 0 ? [] : table([memoryColumns, ...memories])),
    ...results.flatMap(({ title, failure }) => (failure === undefined ? [] : [`FAILED ${title}: ${failure}`])),
    '',
  ].join('\n');
}

function timeRow({ title, ms, floorMs, ratio, awsMs }: TimeResult & { readonly title: string }): readonly string[] {
  return [
    title,
    ...[ms, floorMs].map((value) => (value < 1 ? `${(value * 1000).toFixed(2)} µs` : `${value.toFixed(0)} ms`)),
    ratio.toFixed(2),
    ...(awsMs === undefined ? ['', ''] : [`${awsMs.toFixed(0)} ms`, (ms / awsMs).toFixed(2)]),
  ];
}

const memoryColumns = ['case', 'requests', 'node MB', 'start MB', 'end MB', 'peak MB', 'goal', 'met', 'µs CPU'];

function memoryRow(result: MemoryResult & { readonly title: string }): readonly string[] {
  const { title, requests, bareMb, startMb, endMb, peakMb, requestUs, goals } = result;
  const [bound, met] = [goals.map(boundText).join(', '), goals.every(isMet) ? 'yes' : 'NO'];
  const figures = [bareMb, startMb, endMb, peakMb].map((value) => value.toFixed(1));
  return [title, String(requests), ...figures, bound, met, requestUs.toFixed(0)];
}
