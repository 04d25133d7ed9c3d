// `npm run soak -- --minutes 30`: half of the peak for so long, and how much memory grew. Exit status: 0; 1 when it grew by
// more than a tenth or an answer failed; 2 for a wrong command line.
import { parseArgs } from 'node:util';
import { killChildren } from './child.ts';
import { describeMachine } from './machine.ts';
import { machineLine } from './report.ts';
import { type Growth, soak } from './soak.ts';

const options = {
  minutes: { type: 'string', default: '30' },
  connections: { type: 'string', default: '16' },
  json: { type: 'boolean', default: false },
} as const;

const maxGrowth = 0.1;

process.on('exit', killChildren);
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  await run();
} catch (cause) {
  process.stderr.write(`soak: ${cause instanceof Error ? cause.message : cause}\n`);
  process.exitCode ??= 1;
}

async function run(): Promise<void> {
  const { minutes, connections, json } = readOptions();
  const machine = describeMachine();
  let next = 0;
  const result = await soak({
    seconds: minutes * 60,
    connections,
    progress({ atSeconds, residentMb, answers }) {
      if (json || atSeconds < next) return;
      next += (minutes * 60) / 15;
      process.stdout.write(`${atSeconds.toFixed(0)} s: ${answers} answers, ${residentMb.toFixed(0)} MB\n`);
    },
  });
  const { peak, perSecond, answers, refused, unsent, p50Ms, p99Ms, resident, heap } = result;
  const lines = [
    machineLine(machine),
    `${answers} answers in ${minutes} minutes, ${perSecond.toFixed(0)} a second of a peak of ${peak.toFixed(0)}; p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`,
    `${refused} were refused, ${unsent} found no connection free`,
    `resident memory: ${growthText(resident)}`,
    `reachable heap: ${growthText(heap)}`,
    '',
  ];
  process.stdout.write(json ? `${JSON.stringify({ machine, minutes, ...result }, null, 2)}\n` : lines.join('\n'));
  if (!(resident.growth <= maxGrowth && heap.growth <= maxGrowth)) process.exitCode = 1;
}

function growthText({ firstMb, lastMb, growth }: Growth): string {
  if (Number.isNaN(growth)) return 'too few to compare';
  return `${firstMb.toFixed(1)} MB, at the end ${lastMb.toFixed(1)} MB (${(growth * 100).toFixed(1)} %)`;
}

function readOptions() {
  try {
    const { values } = parseArgs({ options, strict: true });
    return {
      minutes: number('minutes', values.minutes),
      connections: number('connections', values.connections),
      json: values.json,
    };
  } catch (cause) {
    process.exitCode = 2;
    throw cause;
  }
}

function number(flag: string, text: string): number {
  if (/^\d{1,4}(\.\d{1,3})?$/.test(text) && Number(text) > 0) return Number(text);
  throw new Error(`--${flag} \`${text}\`: expected a number above 0`);
}
