// Fuzzing as a test, for less than a minute and always from the same seed: a failure comes again on every machine that gets
// as far. `npm run fuzz` runs longer, from other seeds.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { bounds, fuzz, judged, report, smaller, spent } from './fuzzing.ts';

test('no reader of certificates, names, lists or PEM throws, dawdles or keeps what it read', (t) => {
  const outcome = fuzz({ seconds: 54, seed: '1' });
  t.diagnostic(report(outcome).split('\n').slice(0, 2).join('; '));
  assert.equal(outcome.failures.length, 0, report(outcome)); // The failures themselves hold whole inputs: no diff of those.
  assert.ok(outcome.growth < bounds.growth, `${outcome.growth} bytes are left behind`);
});

test('an exception is a problem, and its input is made smaller', () => {
  const picky = (input: Uint8Array) => {
    if (input.includes(7)) throw new RangeError('seven');
    return undefined;
  };
  const input = Buffer.from([1, 2, 3, 7, 4, 5, 6]);
  const { problem } = judged(() => () => picky(input));
  assert.equal(problem, 'throws RangeError: seven');
  assert.deepEqual([...smaller(picky, input, problem)], [7]);
});

test('what always takes too long is a problem', () => {
  const busy = () => {
    for (const end = spent() + bounds.milliseconds + 20; spent() < end; );
    return undefined;
  };
  assert.match(judged(() => busy).problem ?? '', /^takes \d+ ms$/);
});
