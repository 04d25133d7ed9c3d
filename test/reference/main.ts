// `npm run reference -- [PAIRS] [SEED]`: the comparison at length. Exit status 1 when anything differs.
import { compare } from './comparison.ts';

const pairs = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);
if (!Number.isSafeInteger(pairs) || pairs < 1 || !Number.isSafeInteger(seed)) {
  process.stderr.write('reference: expected a number of pairs, at least 1, and a seed\n');
  process.exit(2);
}
const { pairs: done, counts, rewrites, differences } = compare(seed, pairs);
const rows = Object.entries(counts).toSorted(([, a], [, b]) => b - a);
process.stdout.write(`${rows.map(([because, count]) => `${String(count).padStart(9)}  ${because}\n`).join('')}`);
process.stdout.write(`${done} pairs of seed ${seed}, ${rewrites} also on the same policies written otherwise: `);
process.stdout.write(`${differences.length === 0 ? '0' : `at least ${differences.length}`} differences\n`);
for (const difference of differences) process.stdout.write(`${difference}\n`);
if (differences.length > 0) process.exitCode = 1;
