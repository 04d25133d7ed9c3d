// The memory of `anyrole metadata`: many requests as SDKs send them, over connections that are kept and over fresh ones, and
// what the kernel says of the process before and after.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { startChild } from './child.ts';
import type { Effort } from './effort.ts';
import type { Goal } from './goal.ts';
import { peakResidentMb, processorMs, residentMb } from './usage.ts';

/** MB are 10⁶ bytes. */
export type MemoryResult = {
  /** A Node that waits and does nothing. */
  readonly bareMb: number;
  /** Before the first request. */
  readonly startMb: number;
  /** After the last request. */
  readonly endMb: number;
  /** At the most, since the start. */
  readonly peakMb: number;
  readonly requests: number;
  /** Microseconds of processor time that the server took for one request. */
  readonly requestUs: number;
  readonly goals: readonly Goal[];
};

/** Promised of the peak. */
const mostMb = 80;

/** Measures the server that these arguments of Node start. Rejects where an answer is not what EC2 would say. */
export async function metadataMemory(args: readonly string[], effort: Effort): Promise<MemoryResult> {
  const bareMb = await bareNodeMb();
  const server = await startChild({ arguments: () => args });
  try {
    const { pid, url } = server;
    const [startMb, startMs] = [residentMb(pid), processorMs(pid)];
    await askForCredentials(url, effort);
    const [endMb, peakMb, endMs] = [residentMb(pid), peakResidentMb(pid), processorMs(pid)];
    const goals = [{ name: 'memory', value: peakMb, atMost: mostMb, unit: ' MB' }];
    const requestUs = ((endMs - startMs) * 1000) / effort.requests;
    return { bareMb, startMb, endMb, peakMb, requests: effort.requests, requestUs, goals };
  } finally {
    await server.stop();
  }
}

async function bareNodeMb(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'process.stdout.write("up"); setInterval(() => {}, 1e6)']);
  try {
    await once(child.stdout, 'data');
    return residentMb(child.pid ?? Number.NaN);
  } finally {
    child.kill('SIGKILL');
  }
}

/** Each so many conversations one is over connections of its own, one for each request. */
const freshEvery = 10;
/** Token, name of the role, credentials. */
const requestsPerConversation = 3;

async function askForCredentials(url: string, { requests, connections }: Effort): Promise<void> {
  const kept = new Agent({ keepAlive: true, maxSockets: connections });
  const conversations = Math.ceil(requests / requestsPerConversation);
  let begun = 0;
  const converse = async () => {
    while (begun < conversations) {
      begun++;
      await conversation(url, begun % freshEvery === 0 ? false : kept);
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, converse));
  } finally {
    kept.destroy();
  }
}

async function conversation(url: string, agent: Agent | false): Promise<void> {
  const base = `${url}/latest/meta-data/iam/security-credentials/`;
  const ttl = { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' };
  const token = await ask('PUT', `${url}/latest/api/token`, ttl, agent);
  const shown = { 'x-aws-ec2-metadata-token': token };
  const role = await ask('GET', base, shown, agent);
  const { Code, AccessKeyId } = JSON.parse(await ask('GET', base + role, shown, agent));
  if (Code !== 'Success' || !/^ASIA/.test(AccessKeyId)) throw new Error(`the metadata server gave ${Code} and no key`);
}

type Headers = Readonly<Record<string, string>>;

/** The text of an answer of status 200. */
function ask(method: string, url: string, headers: Headers, agent: Agent | false): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject).on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${method} ${url}: status ${response.statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}
