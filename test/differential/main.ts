// The differential test as a program: bent certificates and chains before core/x509, the openssl program and pkijs.
// `npm run differential -- [--seed 1] [--cases 24000]`, or `--case N` to show one. It fails when core accepts what both others refuse,
// or when judges part in a way that explained.json does not explain.
import { parseArgs } from 'node:util';
import { certificatePem } from '../../src/core/x509/certificate.ts';
import type { Answer } from './answers.ts';
import { compare, type Judged, judges, summary, type Theirs } from './differences.ts';
import { opensslVersion, trial } from './trial.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    cases: { type: 'string', default: '24000' },
    case: { type: 'string' },
  },
});

const perRound = 1000;

const version = opensslVersion();
if (version === undefined) {
  process.stderr.write('no `openssl` program of the OpenSSL project on the PATH: install it\n');
  process.exitCode = 2;
} else if (values.case !== undefined) await show(Number(values.case), version);
else await run(Number(values.cases), version);

async function run(count: number, known: string): Promise<void> {
  const started = performance.now();
  const all: Judged[] = [];
  for (let from = 0; from < count; from += perRound) {
    const to = Math.min(from + perRound, count);
    all.push(...(await trial(values.seed, from, to, known)));
    process.stderr.write(`${to} cases\r`);
  }
  const comparison = compare(all);
  const seconds = Math.round((performance.now() - started) / 1000);
  process.stdout.write(`seed ${values.seed}, ${count} cases, OpenSSL ${known}, ${seconds} s\n${summary(comparison)}\n`);
  process.exitCode = comparison.violations.length + comparison.unexplained.size > 0 ? 1 : 0;
}

async function show(index: number, known: string): Promise<void> {
  for (const judged of await trial(values.seed, index, index + 1, known)) {
    const { recipe, bent, anchors, intermediates, leaf } = judged.case;
    const said = ({ accepts, reason }: Answer) => `${accepts ? 'accepts' : 'refuses'} (${reason})`;
    const others = (theirs: Theirs) => judges.map((name) => `${name}: ${said(theirs[name])}`);
    const lines = [
      `core, ${judged.requirements}: ${said(judged.ours)}`,
      ...others(judged.theirs),
      ...judged.again.flatMap(({ question, theirs }) => [`asked for ${question}:`, ...others(theirs)]),
    ];
    const pems = [...anchors, ...intermediates, leaf].map(certificatePem).join('');
    process.stdout.write(`${recipe}; ${bent}\n${lines.join('\n')}\nanchors, pool, leaf:\n${pems}`);
  }
}
