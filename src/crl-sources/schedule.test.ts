// When a place is asked again, at each boundary.
import assert from 'node:assert/strict';
import test from 'node:test';
import { leastMs, nextAttempt } from './schedule.ts';

const at = Date.parse('2026-11-22T12:00:00Z');
const second = 1000;
const hour = 3600 * second;
const wait = (more: { failures?: number; nextUpdate?: number | undefined; key?: string }, refreshMs = hour) =>
  nextAttempt({ key: 'a', at, failures: 0, ...more }, refreshMs) - at;
const isNear = (actual: number, longest: number) => {
  assert.ok(actual <= longest && actual >= longest * 0.9, `${actual} of ${longest}`);
};

test('after a success the next attempt comes within the refresh, whatever the list says of later', () => {
  isNear(wait({}), hour);
  isNear(wait({ nextUpdate: at + 1000 * hour }), hour);
  isNear(wait({}, 7 * 24 * hour), 7 * 24 * hour);
});

test('a list that ends sooner is asked for again at four fifths of its life, and not sooner than in a minute', () => {
  isNear(wait({ nextUpdate: at + 0.5 * hour }), 0.4 * hour);
  isNear(wait({ nextUpdate: at + 1000 * second }), 800 * second);
  assert.equal(wait({ nextUpdate: at + 75 * second }), leastMs);
  assert.equal(wait({ nextUpdate: at + 1 }), leastMs);
  assert.equal(wait({ nextUpdate: at }), leastMs);
  assert.equal(wait({ nextUpdate: at - 1000 * hour }), leastMs);
  assert.equal(wait({}, 1), leastMs);
});

test('the next attempt never comes after the list has ended, if the list lives longer than a minute', () => {
  for (let life = 61; life < 10_000; life += 13) assert.ok(wait({ nextUpdate: at + life * second }) < life * second);
});

test('after failures the wait doubles up to a quarter of an hour, and no number of them makes it longer or none', () => {
  for (const [failures, longest] of [
    [1, 30],
    [2, 60],
    [3, 120],
    [5, 480],
    [6, 900],
    [7, 900],
    [1000, 900],
    [Number.MAX_SAFE_INTEGER, 900],
  ] as const)
    isNear(wait({ failures }), longest * second);
});

test('failures are retried no more seldom than the operator refreshes, and ignore when the list ends', () => {
  isNear(wait({ failures: 50 }, 5 * 60 * second), 5 * 60 * second);
  isNear(wait({ failures: 50 }, 1), leastMs);
  assert.equal(wait({ failures: 2 }), wait({ failures: 2, nextUpdate: at - 1 }));
});

test('places differ in their waits, and each is always the same', () => {
  const waits = Array.from({ length: 50 }, (_, key) => wait({ key: String(key) }));
  assert.ok(new Set(waits).size > 45);
  assert.deepEqual(
    waits,
    waits.map((_, key) => wait({ key: String(key) })),
  );
});
