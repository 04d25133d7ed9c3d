// The fuzzer as a program: `npm run fuzz -- [--seconds 60] [--seed 1]`, or `--target certificate --hex 3082…` to try one input
// again. It fails when something does not hold.
import { Buffer } from 'node:buffer';
import { parseArgs } from 'node:util';
import { bounds, fuzz, report } from './fuzzing.ts';
import { targets } from './targets.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string', default: 'certificate' },
    hex: { type: 'string' },
  },
});

if (values.hex === undefined) {
  const outcome = fuzz({ seconds: Number(values.seconds), seed: values.seed });
  process.stdout.write(`seed ${values.seed}\n${report(outcome)}\n`);
  process.exitCode = outcome.failures.length > 0 || outcome.growth > bounds.growth ? 1 : 0;
} else {
  const started = performance.now();
  const problem = targets[values.target]?.(Buffer.from(values.hex, 'hex')) ?? 'all holds';
  process.stdout.write(`${problem}, ${Math.round(performance.now() - started)} ms\n`);
}
