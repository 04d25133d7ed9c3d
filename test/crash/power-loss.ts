// Power loss: a server runs under strace while clients load it; from the trace, directories are built as disks would be
// found that lost power at some point, and each is judged by what had been answered up to there.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as elapsed } from 'node:timers/promises';
import { seeded } from '../seeded.ts';
import { clients } from './clients.ts';
import { type Files, filesAfter, type Survival } from './disk.ts';
import { judge } from './judgement.ts';
import { emptyLedger, type Ledger } from './ledger.ts';
import { prepare, readiness, type Template } from './rounds.ts';
import { start } from './server.ts';
import { readTrace, straceTo, type Trace } from './trace.ts';

/** A run that was recorded: what there was before, what was done, and what clients were told. */
export type Recording = {
  readonly place: string;
  readonly template: Template;
  readonly before: Files;
  readonly trace: Trace;
  readonly ledger: Ledger;
};

/** Why nothing can be recorded here, or undefined. */
export function hindrance(): string | undefined {
  try {
    execFileSync('strace', ['-f', '--seccomp-bpf', '-o', '/dev/null', '-e', 'trace=write', 'true'], {
      stdio: 'ignore',
    });
    return undefined;
  } catch {
    return 'strace is not here, or may not trace';
  }
}

/** Records a server that gives so many answers. Its directories go with `forget`. */
export async function record(answers: number, seed: string): Promise<Recording> {
  const place = mkdtempSync(join(tmpdir(), 'anyrole-power-'));
  const template = await prepare(place);
  const { dataDir, account } = template;
  const before = filesIn(dataDir);
  const file = join(place, 'trace');
  const server = start({ ...template, under: straceTo(file) });
  const { url } = await readiness(server);
  const ledger = emptyLedger();
  let left = answers;
  await clients({
    ...{ url, account, ledger, random: seeded(seed), prefix: 'p' },
    goesOn: () => left > 0,
    answered: () => {
      left -= 1;
    },
  });
  await server.kill();
  return { place, template, before, ledger, trace: readTrace(await linesOf(file, server.pid), dataDir) };
}

export function forget({ place }: Recording): void {
  rmSync(place, { recursive: true, force: true, maxRetries: 3 });
}

/** The lines of the trace, once strace has seen the end of the process. */
async function linesOf(file: string, pid: number): Promise<readonly string[]> {
  const end = new RegExp(`^${pid} +\\+\\+\\+ `, 'm');
  for (let waits = 0; waits < 200; waits++) {
    const text = readFileSync(file, 'latin1');
    if (end.test(text)) return text.split('\n');
    await elapsed(50);
  }
  throw new Error('strace did not come to an end');
}

/** Contents of all files below a directory. */
function filesIn(directory: string): Files {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true });
  const paths = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [path, readFileSync(path)]));
}

export type Loss = { readonly survival: Survival; readonly acknowledged: number };

export type LossTraits = {
  /** Whether a server is started on what is left, too. */
  readonly restarts?: boolean;
  /** False: the disk forgets that anything was ever synced. */
  readonly syncs?: boolean;
};

/** Loses power once, where the seed says, and judges what is left. Throws for a promise that is broken, with the cut. */
export async function losePower(recording: Recording, seed: string, traits: LossTraits = {}): Promise<Loss> {
  const { template, before, ledger } = recording;
  const { restarts = false, syncs = true } = traits;
  const random = seeded(seed);
  const trace = syncs ? recording.trace : recording.trace.filter(([, { kind }]) => kind !== 'sync');
  const [at = 0] = random.pick(recording.trace);
  // Right after a step, or right before it.
  const cut = random.oneIn(2) ? at : at - 1;
  const { files, survival } = filesAfter(before, trace, cut, random);
  const told = new Set(
    trace.flatMap(([line, step]) => (step.kind === 'answer' && line <= cut ? [step.requestId] : [])),
  );
  const dataDir = join(recording.place, 'found');
  try {
    build(files, template.dataDir, dataDir);
    await judge(dataDir, ledger, (requestId) => told.has(requestId));
    if (restarts) {
      build(files, template.dataDir, dataDir);
      const server = start({ ...template, dataDir });
      await readiness(server).finally(() => server.kill());
    }
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`power lost after line ${cut}, ${survival} of what was not synced kept (seed ${seed}): ${what}`, {
      cause,
    });
  }
  return { survival, acknowledged: told.size };
}

function build(files: Files, from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const [path, bytes] of files) {
    // Shared memory, which SQLite makes anew.
    if (path.endsWith('-shm')) continue;
    const place = join(to, path.slice(from.length));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytes);
  }
}
