// `npm run faults -- --injections 10000 --seed 1`: a disk that fails, hangs and loses its thread under a mixed load, and
// what was found. Exit status: 0; 1 for a promise that is broken; 2 for a wrong command line.
import { parseArgs } from 'node:util';
import { type Figures, faultRounds } from './rounds.ts';

const options = {
  injections: { type: 'string', default: '10000' },
  seed: { type: 'string', default: '1' },
} as const;

const { injections, seed } = readOptions();
if (Number.isInteger(injections) && injections > 0) await run(injections, seed);
else wrong('--injections: expected a whole number, at least 1');

function readOptions() {
  try {
    const { values } = parseArgs({ options, strict: true });
    return { injections: Number(values.injections), seed: values.seed };
  } catch (cause) {
    wrong(cause instanceof Error ? cause.message : String(cause));
    return process.exit();
  }
}

function wrong(message: string): void {
  process.stderr.write(`faults: ${message}\n`);
  process.exitCode = 2;
}

async function run(injections: number, seed: string): Promise<void> {
  const startedAt = Date.now();
  const every = Math.max(1, Math.floor(injections / 20));
  let said = 0;
  const passed = ({ injections: done, taken, refused }: Figures) => {
    if (done - said < every || done >= injections) return;
    said = done;
    say(`${done} faults, ${taken} requests taken, ${refused} refused`);
  };
  try {
    const figures = await faultRounds({ injections, seed, passed });
    const kinds = Object.entries(figures.byKind).map(([kind, count]) => `${count} ${kind}`);
    say(
      `${figures.injections} faults of seed ${seed} in ${Math.round((Date.now() - startedAt) / 1000)} s: ${kinds.join(', ')}`,
    );
    say(`${figures.taken} requests taken: none lost, none of ${figures.credentials} credentials without its event`);
    say(
      `${figures.refused} requests refused with 503; ${figures.unacknowledged} changes that nobody was told of, whole`,
    );
    say(`${figures.events} events in chains that verify`);
  } catch (cause) {
    process.stderr.write(`faults: ${cause instanceof Error ? cause.stack : cause}\n`);
    process.exitCode = 1;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
