// `npm run power-loss -- --cuts 500 --seed 1`: records a server under load, loses its power at so many points, and says what
// was found. Exit status: 0; 1 for a promise that is broken; 2 for a wrong command line, or where nothing can be recorded.
import { parseArgs } from 'node:util';
import { forget, hindrance, type Loss, losePower, record } from './power-loss.ts';
import { killVictims } from './server.ts';

const options = {
  cuts: { type: 'string', default: '500' },
  seed: { type: 'string', default: '1' },
  answers: { type: 'string', default: '1000' },
} as const;

/** A server is started after one loss in so many. */
const restartEvery = 25;

process.on('exit', killVictims);
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  await run();
} catch (cause) {
  process.stderr.write(`power-loss: ${cause instanceof Error ? cause.message : cause}\n`);
  process.exitCode ??= 1;
}

async function run(): Promise<void> {
  const { cuts, answers, seed } = readOptions();
  const why = hindrance();
  if (why !== undefined) wrong(why);
  const recording = await record(answers, seed);
  try {
    const losses: Loss[] = [];
    while (losses.length < cuts) {
      const restarts = losses.length % restartEvery === 0;
      losses.push(await losePower(recording, `${seed}-${losses.length}`, { restarts }));
    }
    report(losses, recording.trace.length);
  } finally {
    forget(recording);
  }
}

function readOptions() {
  try {
    const { values } = parseArgs({ options, strict: true });
    return { cuts: count('cuts', values.cuts), answers: count('answers', values.answers), seed: values.seed };
  } catch (cause) {
    process.exitCode = 2;
    throw cause;
  }
}

function count(flag: string, text: string): number {
  return /^[1-9]\d{0,6}$/.test(text)
    ? Number(text)
    : wrong(`--${flag} \`${text}\`: expected a whole number, at least 1`);
}

function wrong(message: string): never {
  process.exitCode = 2;
  throw new Error(message);
}

function report(losses: readonly Loss[], steps: number): void {
  const kinds = Map.groupBy(losses, ({ survival }) => survival);
  const shares = [...kinds].map(([survival, those]) => `${survival} ${those.length}`);
  const most = Math.max(...losses.map(({ acknowledged }) => acknowledged));
  process.stdout.write(
    [
      `power lost ${losses.length} times in ${steps} steps, after up to ${most} answers: nothing lost that was acknowledged`,
      `of what was not synced was kept: ${shares.join(', ')}`,
      '',
    ].join('\n'),
  );
}
