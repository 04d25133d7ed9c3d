// The short form of the differential test: the first cases of seed 1, and the cases that show what is explained. The long
// form is `npm run differential`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, exampleProblems, summary } from './differences.ts';
import { opensslVersion, trial } from './trial.ts';

const version = opensslVersion() ?? '';
const skip = version.startsWith('3.') ? false : 'no `openssl` program of version 3 on the PATH';

test('no bent certificate or chain is accepted here and refused by openssl and pkijs', { skip }, async (t) => {
  const comparison = compare(await trial('1', 0, 2000, version));
  t.diagnostic(summary(comparison).split('\n').slice(0, 9).join('; '));
  assert.equal(comparison.violations.length, 0, summary(comparison));
  assert.deepEqual([...comparison.unexplained.keys()], [], summary(comparison));
});

test('every explained difference has a case that shows it', { skip }, async () => {
  assert.deepEqual(await exampleProblems((seed, index) => trial(seed, index, index + 1, version)), []);
});
