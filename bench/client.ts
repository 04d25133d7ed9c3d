// What the client costs: a command from the start of its process to its end, beside a Node that does nothing and the AWS
// CLI's own start; and the provider's answer from memory, beside a function that has nothing to do.
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
import { startChild } from './child.ts';
import type { Effort } from './effort.ts';
import type { Machine } from './machine.ts';
import { machineLine, table } from './report.ts';
import { median } from './statistics.ts';

/** A command's starts, or the provider's answers. */
type Case = { readonly title: string } & ({ readonly flags: readonly string[] } | { readonly provider: true });

export const clientCases: Readonly<Record<string, Case>> = {
  cold: { title: 'credential-process', flags: [] },
  kept: { title: 'credential-process --cache, kept', flags: ['--cache'] },
  provider: { title: 'provider, session in memory', provider: true },
};

/** Milliseconds are medians of the starts; of the provider they are of one call. */
export type ClientResult = {
  readonly title: string;
  readonly ms: number;
  /** A Node that does nothing, or an async function that returns a constant. */
  readonly floorMs: number;
  readonly ratio: number;
  /** `aws --version`. Absent: it is not there, or the case is no command. */
  readonly awsMs?: number;
  readonly failure?: string;
};

const bin = fileURLToPath(new URL('../bin/anyrole.mjs', import.meta.url));
/** Of each program, for one run. */
const startsPerRun = 5;

/** Measures the case against a server of its own. */
export async function measureClientCase(asked: Case, effort: Effort): Promise<ClientResult> {
  const rootKey = { accessKeyId: 'AKIABENCHBENCHBENCH1', secretAccessKey: randomBytes(30).toString('base64') };
  const server = await startChild({
    arguments: (directory) => [bin, 'serve', '--listen', '127.0.0.1:0', '--data-dir', join(directory, 'data')],
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
    const { title } = asked;
    if ('provider' in asked) return { title, ...(await providerCost(client, effort)) };
    return { title, ...(await startCost(client, directory, asked.flags, effort)) };
  } catch (cause) {
    const failure = cause instanceof Error ? cause.message : String(cause);
    return { title: asked.title, ms: Number.NaN, floorMs: Number.NaN, ratio: Number.NaN, failure };
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

type Client = Arns & { readonly certificate: string; readonly privateKey: string; readonly endpoint: string };

async function startCost(client: Client, directory: string, flags: readonly string[], { runs }: Effort) {
  const environment = { PATH: process.env.PATH, HOME: directory, AWS_REGION: region };
  const command = [
    ...[bin, 'credential-process', '--certificate', client.certificate, '--private-key', client.privateKey],
    ...['--trust-anchor-arn', client.trustAnchorArn, '--profile-arn', client.profileArn],
    ...['--role-arn', client.roleArn, '--endpoint', client.endpoint, ...flags],
  ];
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
  const rows = results
    .filter(({ failure }) => failure === undefined)
    .map(({ title, ms, floorMs, ratio, awsMs }) => [
      title,
      ...[ms, floorMs].map((value) => (value < 1 ? `${(value * 1000).toFixed(2)} µs` : `${value.toFixed(0)} ms`)),
      ratio.toFixed(2),
      ...(awsMs === undefined ? ['', ''] : [`${awsMs.toFixed(0)} ms`, (ms / awsMs).toFixed(2)]),
    ]);
  return [
    machineLine(machine),
    `medians of ${runs * startsPerRun} starts, or of ${runs} runs of ${seconds} s`,
    '',
    ...(rows.length === 0 ? [] : table([['case', 'time', 'floor', 'ratio', 'aws', 'ratio'], ...rows])),
    ...results.flatMap(({ title, failure }) => (failure === undefined ? [] : [`FAILED ${title}: ${failure}`])),
    '',
  ].join('\n');
}
