// Instants as text: what the built-in way says, for every instant there is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isoText, secondsText } from './instant.ts';

const limits = [
  -62_198_755_200_001, -1, 0, 1, 59_999, 86_399_999, 86_400_000, 253_402_300_799_999, 253_402_300_800_000,
];

test('an instant is written as toISOString writes it', () => {
  for (const ms of [...limits, 8.64e15, -8.64e15, 0.5]) {
    assert.equal(isoText(new Date(ms)), new Date(ms).toISOString());
  }
  const anyInstant = fc.oneof(
    fc.date({ noInvalidDate: true }),
    fc.date({ min: new Date(0), max: new Date(2e12), noInvalidDate: true }),
  );
  fc.assert(
    fc.property(anyInstant, (instant) => assert.equal(isoText(instant), instant.toISOString())),
    { numRuns: 20_000, seed: 1 },
  );
});

test('whole seconds leave the fraction out', () => {
  assert.equal(secondsText(new Date('2026-01-02T03:04:05.999Z')), '2026-01-02T03:04:05Z');
});

test('what is no instant has no text', () => {
  assert.throws(() => isoText(new Date(Number.NaN)), RangeError);
});
