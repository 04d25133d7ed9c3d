// The arithmetic that the benchmarks report with.
import assert from 'node:assert/strict';
import { test } from 'node:test';
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
