// Instants as text: what the built-in way says, for every instant there is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isoText, microsecondsText, secondsText } from './instant.ts';

const limits = [
  -62_198_755_200_001, -1, 0, 1, 59_999, 86_399_999, 86_400_000, 253_402_300_799_999, 253_402_300_800_000,
];

function sameTexts(instant: Date): void {
  const text = instant.toISOString();
  assert.equal(isoText(instant), text);
  assert.equal(secondsText(instant), `${text.slice(0, 19)}Z`);
  assert.equal(microsecondsText(instant), text.replace('Z', '000Z'));
}

test('an instant is written as toISOString writes it', () => {
  for (const ms of [...limits, 8.64e15, -8.64e15, 0.5]) {
    sameTexts(new Date(ms));
  }
  const anyInstant = fc.oneof(
    fc.date({ noInvalidDate: true }),
    fc.date({ min: new Date(0), max: new Date(2e12), noInvalidDate: true }),
  );
  fc.assert(fc.property(anyInstant, sameTexts), { numRuns: 20_000, seed: 1 });
});

test('what is no instant has no text', () => {
  for (const text of [isoText, secondsText, microsecondsText]) {
    assert.throws(() => text(new Date(Number.NaN)), RangeError);
  }
});
