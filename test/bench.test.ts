// The arithmetic that the benchmarks report with, and that the policy benchmark compares like with like.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brokenBounds, measurePolicy } from '../bench/policy.ts';
import { limit, median, percentile } from '../bench/statistics.ts';

test('a percentile is the smallest value that covers its share, never one between two', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => at + 1);
  assert.equal(percentile(hundred, 0.5), 50);
  assert.equal(percentile(hundred, 0.99), 99);
  assert.equal(percentile([1, 2, 3], 0.5), 2);
  assert.equal(percentile([1, 2, 3], 0.99), 3);
  assert.equal(percentile([7], 0), 7);
});

test('nothing measured has neither percentile nor median', () => {
  assert.equal(percentile([], 0.5), Number.NaN);
  assert.equal(median([]), Number.NaN);
});

test('the median does not depend on the order of the runs, and one bad run does not move it', () => {
  assert.equal(median([300, 100, 200]), 200);
  assert.equal(median([100, 200, 1]), 100);
  assert.equal(median([1, 4, 2, 3]), 2.5);
});

test('the limit adds the time of HTTP and of each signature, and lies below either alone', () => {
  assert.equal(limit(10_000, 10_000, 1), 5000);
  assert.equal(limit(10_000, 10_000, 3), 2500);
  assert.equal(limit(20_000, Number.POSITIVE_INFINITY, 3), 20_000);
});

test('the policy benchmark decides alike in both languages before it measures', () => {
  const { requests, allowed, anyrole, cedar, ratio, runs } = measurePolicy({ seconds: 0.02, runs: 1 });
  assert.equal(requests, 200);
  assert.ok(allowed > 50 && allowed < 150, `${allowed}`);
  assert.equal(runs.length, 1);
  assert.ok([anyrole, cedar, ratio].every((value) => value > 0 && Number.isFinite(value)));
});

test('each promise that is not kept is named, and one just kept is not', () => {
  assert.deepEqual(brokenBounds(100_000, 5), []);
  assert.deepEqual(brokenBounds(99_999, 5), ['99999 decisions per second, promised 100000']);
  assert.deepEqual(brokenBounds(250_000, 4.9), ['4.9 times Cedar, promised 5']);
  assert.equal(brokenBounds(Number.NaN, Number.NaN).length, 2);
});
