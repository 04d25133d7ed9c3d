// `npm run crash -- --rounds 1000 --seed 1`: kills servers under load and says what was found. Exit status: 0; 1 for a
// promise that is broken, a restart that takes more than 2 seconds among them; 2 for a wrong command line.
import { parseArgs } from 'node:util';
import { median, percentile } from '../../bench/statistics.ts';
import { crashRounds } from './rounds.ts';
import { killVictims } from './server.ts';

const options = {
  rounds: { type: 'string', default: '1000' },
  seed: { type: 'string', default: '1' },
} as const;

/** Milliseconds from the start to the first request that is taken. */
const maxReadyMs = 2000;

process.on('exit', killVictims);
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const { rounds, seed } = readOptions();
if (Number.isInteger(rounds) && rounds > 0) await run(rounds, seed);
else wrong(`--rounds: expected a whole number, at least 1`);

function readOptions() {
  try {
    const { values } = parseArgs({ options, strict: true });
    return { rounds: Number(values.rounds), seed: values.seed };
  } catch (cause) {
    wrong(cause instanceof Error ? cause.message : String(cause));
    return process.exit();
  }
}

function wrong(message: string): void {
  process.stderr.write(`crash: ${message}\n`);
  process.exitCode = 2;
}

async function run(rounds: number, seed: string): Promise<void> {
  const startedAt = Date.now();
  const every = Math.max(1, Math.floor(rounds / 20));
  try {
    const { changes, credentials, unacknowledged, early, births, readyMs } = await crashRounds({
      rounds,
      seed,
      passed(round, figures) {
        if (round % every === 0 && round < rounds)
          say(`${round} rounds, ${figures.changes} changes, ${figures.credentials} credentials`);
      },
    });
    const ascending = readyMs.toSorted((one, other) => one - other);
    const slowest = ascending.at(-1) ?? 0;
    say(
      `${rounds} rounds of seed ${seed} in ${Math.round((Date.now() - startedAt) / 1000)} s, ${early} killed while they started, ${births} of these on nothing`,
    );
    say(`${changes} changes and ${credentials} credentials acknowledged: none lost, none without its event`);
    say(`${unacknowledged} times a change that nobody was told of was there, whole`);
    say(
      `restart to ready: median ${median(ascending).toFixed(0)} ms, p99 ${percentile(ascending, 0.99).toFixed(0)} ms, slowest ${slowest.toFixed(0)} ms of ${maxReadyMs}`,
    );
    if (slowest > maxReadyMs) process.exitCode = 1;
  } catch (cause) {
    process.stderr.write(`crash: ${cause instanceof Error ? cause.stack : cause}\n`);
    process.exitCode = 1;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
