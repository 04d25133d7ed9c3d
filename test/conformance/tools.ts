// The clients that are programs of this machine: whether they are there, and one run of them. Awaited, never
// synchronous: the server that they speak to lives in this process.
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ConformanceServer } from './server.ts';

/** What a run left behind. */
export type Run = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** Milliseconds that a run may take. */
const patienceMs = 120_000;

/** Options of a test that needs the command: `{}`, or `skip` with the reason. */
export function needs(command: string, ...args: readonly string[]): { readonly skip?: string } {
  const { status } = spawnSync(command, args, { stdio: 'ignore', timeout: patienceMs });
  return status === 0 ? {} : { skip: `\`${[command, ...args].join(' ')}\` does not run here` };
}

/** Runs a command to its end; a failure is an exit code, not a rejection. */
export function run(
  command: string,
  args: readonly string[],
  { environment, input = '' }: { environment?: ConformanceServer['environment']; input?: string } = {},
): Promise<Run> {
  return new Promise((resolve) => {
    const options = { env: environment ?? process.env, timeout: patienceMs, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr });
    });
    // A command may end without reading what it is given.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** Runs `python/<name>.py` with JSON on standard input; gives the JSON that it wrote. Rejects with its traceback. */
export async function python(
  { environment }: Pick<ConformanceServer, 'environment'>,
  name: string,
  input: object = {},
  // biome-ignore lint/suspicious/noExplicitAny: tests read what the script wrote member by member and fail where one is missing
): Promise<any> {
  const script = fileURLToPath(new URL(`python/${name}.py`, import.meta.url));
  const { exitCode, stdout, stderr } = await run('python3', [script], { environment, input: JSON.stringify(input) });
  if (exitCode !== 0) throw new Error(`${name}.py: exit code ${exitCode}\n${stderr}`);
  return JSON.parse(stdout);
}

/** Class, code and status of an error, as the scripts report it. */
export function kindOf(refusal: { class: string; code: string; status: number } | null): string {
  return refusal === null ? 'no error' : `${refusal.class} ${refusal.code} ${refusal.status}`;
}
