// Servers as child processes. None outlives this one: each is stopped by who started it, and at the latest on exit.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

/** A server that listens. */
export type ChildServer = {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Of this server alone; gone with it. */
  readonly directory: string;
  readonly pid: number;
  /** Milliseconds from its start until it said its URL. */
  readonly readyMs: number;
  /** What it wrote to standard error so far, and the last line of that. */
  log(): string;
  lastLine(): string;
  /** Asks it to end, waits, removes its directory. */
  stop(): Promise<void>;
};

export type ChildTraits = {
  /** The program. Absent: this Node. */
  readonly program?: string;
  /** Of Node, the script first; gets the server's directory. */
  readonly arguments: (directory: string) => readonly string[];
  /** Whether it says its URL on standard error. */
  readonly saysUrlInLog?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
};

const startMs = 30_000;
const stopMs = 5000;
const alive = new Map<ChildProcess, string>();

/** Kills what is still alive. For the `exit` of this process. */
export function killChildren(): void {
  for (const [child, directory] of alive) {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  }
  alive.clear();
}

/**
 * Starts a server and waits for the line that says its URL. Throws when it ends or keeps silent.
 * Standard error, where Anyrole logs, goes to a file, as it would in service.
 */
export async function startChild(traits: ChildTraits): Promise<ChildServer> {
  const directory = mkdtempSync(join(tmpdir(), 'anyrole-bench-'));
  const logFile = join(directory, 'log');
  const log = openSync(logFile, 'a');
  const startedAt = performance.now();
  const child = spawn(traits.program ?? process.execPath, traits.arguments(directory), {
    stdio: ['ignore', 'pipe', log],
    env: { ...process.env, ...traits.environment },
  });
  closeSync(log);
  alive.set(child, directory);
  const written = () => readFileSync(logFile, 'utf8');
  const lastLine = () => written().trimEnd().split('\n').at(-1) ?? '';
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await ended;
    clearTimeout(timer);
    alive.delete(child);
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  };
  const heard = urlFrom(child);
  const url = await Promise.race([
    traits.saysUrlInLog ? urlInFile(logFile) : heard,
    ended.then(() => undefined),
    silence(),
  ]);
  const readyMs = performance.now() - startedAt;
  if (url !== undefined && child.pid !== undefined)
    return { url, directory, pid: child.pid, readyMs, log: written, lastLine, stop };
  const last = lastLine();
  await stop();
  throw new Error(`a server under measurement did not start: ${last || 'it said nothing'}`);
}

function urlFrom(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const url = urlIn(`${line}\n`);
      if (url !== undefined) resolve(url);
    });
  });
}

function urlIn(text: string): string | undefined {
  return /http:\/\/[\d.:]+\d(?=\n)/.exec(text)?.[0];
}

const lookEveryMs = 50;

/** Resolves when the file has a URL, which may be never: the caller has other ends to wait for. */
function urlInFile(file: string): Promise<string> {
  return new Promise((resolve) => {
    const look = () => {
      // The file goes with its server.
      const url = existsSync(file) ? urlIn(readFileSync(file, 'utf8')) : '';
      if (url === undefined) return;
      clearInterval(timer);
      resolve(url);
    };
    const timer = setInterval(look, lookEveryMs);
  });
}

function silence(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, startMs, undefined).unref());
}
