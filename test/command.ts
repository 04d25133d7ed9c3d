// Runs the command `anyrole` as a user's shell would, and reads what it prints.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../bin/anyrole.mjs', import.meta.url));

export type Ended = { readonly status: number | null; readonly stdout: string; readonly stderr: string };

export type Running = {
  readonly process: ChildProcess;
  /** Resolves when standard output matches; rejects when the process ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<Ended>;
};

/** Milliseconds after which a process that should have ended is killed; one that serves many tests may run for longer. */
const patienceMs = 60_000;

/** Starts `anyrole` with these arguments; of the environment it gets what is given here and no AWS or Anyrole setting. */
export function start(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  node = process.execPath,
  timeout = patienceMs,
): Running {
  const child = spawn(node, [bin, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, 'close').then(([status]) => ({ status, stdout, stderr }));
  return {
    process: child,
    ended,
    printed(pattern) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(stdout);
          if (match) resolve(match);
        };
        child.stdout.on('data', look);
        look();
        ended.then(() => reject(new Error(`ended without printing ${pattern}: ${stdout}${stderr}`)));
      });
    },
  };
}

/** Runs `anyrole` to its end. */
export function run(
  args: readonly string[],
  environment?: Readonly<Record<string, string>>,
  node?: string,
): Promise<Ended> {
  return start(args, environment, node).ended;
}

/** A folder below the directory in which a shell finds `anyrole`, when PATH begins with it. */
export function folderOfCommand(directory: string): string {
  const folder = join(directory, 'bin');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'anyrole'), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`, { mode: 0o755 });
  return folder;
}
