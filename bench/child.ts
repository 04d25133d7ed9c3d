// Servers as child processes. None outlives this one: each is stopped by who started it, and at the latest on exit.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A server that listens. */
export type ChildServer = {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Of this server alone; gone with it. */
  readonly directory: string;
  /** The last thing it wrote to standard error. */
  lastLine(): string;
  /** Asks it to end, waits, removes its directory. */
  stop(): Promise<void>;
};

export type ChildTraits = {
  /** Of Node, the script first; gets the server's directory. */
  readonly arguments: (directory: string) => readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
};

const startMs = 10_000;
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
 * Starts a server and waits for the line of standard output that says its URL. Throws when it ends or keeps silent.
 * Standard error, where Anyrole logs, goes to a file, as it would in service.
 */
export async function startChild(traits: ChildTraits): Promise<ChildServer> {
  const directory = mkdtempSync(join(tmpdir(), 'anyrole-bench-'));
  const logFile = join(directory, 'log');
  const log = openSync(logFile, 'a');
  const child = spawn(process.execPath, traits.arguments(directory), {
    stdio: ['ignore', 'pipe', log],
    env: { ...process.env, ...traits.environment },
  });
  closeSync(log);
  alive.set(child, directory);
  const lastLine = () => readFileSync(logFile, 'utf8').trimEnd().split('\n').at(-1) ?? '';
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
  const url = await Promise.race([urlFrom(child), ended.then(() => undefined), silence()]);
  if (url !== undefined) return { url, directory, lastLine, stop };
  const said = lastLine();
  await stop();
  throw new Error(`a server under measurement did not start: ${said || 'it said nothing'}`);
}

function urlFrom(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const url = /http:\/\/[\d.:]+\d(?=\n)/.exec(text)?.[0];
      if (url !== undefined) resolve(url);
    });
  });
}

function silence(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, startMs, undefined).unref());
}
