// A server as a child process, to be killed: `anyrole serve` on a data directory, with what Node compiles kept from one
// start to the next, so that a round is short.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type { RootKey } from '../../bench/account.ts';

const anyrole = fileURLToPath(new URL('../../bin/anyrole.mjs', import.meta.url));
/** Quotas that creates do not reach. */
const settings = fileURLToPath(new URL('../../bench/settings.json', import.meta.url));

export type StartTraits = {
  readonly dataDir: string;
  readonly rootKey: RootKey;
  /** Where Node keeps what it compiled. */
  readonly compiled: string;
  /** A program, and its arguments, that runs the server. */
  readonly under?: readonly string[];
};

export type Victim = {
  readonly pid: number;
  /** Resolves when it listens, with its URL and the milliseconds from its start; undefined when it ended before. */
  readonly ready: Promise<{ readonly url: string; readonly ms: number } | undefined>;
  /** What it wrote to standard error. */
  log(): string;
  /** kill -9, or another signal; resolves when it is gone. */
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
};

const running = new Set<ChildProcess>();

/** Kills what is still alive. For the `exit` of this process. */
export function killVictims(): void {
  for (const child of running) child.kill('SIGKILL');
}

export function start({ dataDir, rootKey, compiled, under = [] }: StartTraits): Victim {
  const startedAt = performance.now();
  const serve = [anyrole, 'serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir, '--config', settings];
  const [program = '', ...args] = [...under, process.execPath, ...serve];
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: compiled,
      ANYROLE_ROOT_ACCESS_KEY_ID: rootKey.accessKeyId,
      ANYROLE_ROOT_SECRET_ACCESS_KEY: rootKey.secretAccessKey,
    },
  });
  running.add(child);
  const exited = once(child, 'exit').then(() => void running.delete(child));
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log = (log + chunk).slice(-maxLog);
  });
  const listening = new Promise<{ readonly url: string; readonly ms: number }>((resolve) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const url = /http:\/\/[\d.:]+\d(?=\n)/.exec(text)?.[0];
      if (url !== undefined) resolve({ url, ms: performance.now() - startedAt });
    });
  });
  return {
    pid: child.pid ?? 0,
    ready: Promise.race([listening, exited.then(() => undefined)]),
    log: () => log,
    async kill(signal = 'SIGKILL') {
      child.kill(signal);
      await exited;
    },
  };
}

/** Characters of the log that are kept. */
const maxLog = 4096;
