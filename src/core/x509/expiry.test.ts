// A certificate against the clock, at each boundary.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daysLeft, expiryState } from './expiry.ts';

const validity = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2026-12-31T23:59:59Z') };

for (const [now, state, days] of [
  ['2025-12-31T23:59:59.999Z', 'notYetValid', 364],
  ['2026-01-01T00:00:00Z', 'valid', 364],
  ['2026-11-16T23:59:58.999Z', 'valid', 45],
  ['2026-11-16T23:59:59Z', 'expiringSoon', 45],
  ['2026-12-31T23:59:59Z', 'expiringSoon', 0],
  ['2026-12-31T23:59:59.001Z', 'expired', -1],
  ['2027-01-01T23:59:59Z', 'expired', -1],
  ['2027-01-01T23:59:59.001Z', 'expired', -2],
] as const) {
  test(`at ${now} it is ${state} with ${days} days left`, () => {
    assert.equal(expiryState(validity, new Date(now), 45), state);
    assert.equal(daysLeft(validity, new Date(now)), days);
  });
}

test('one whose validity ends before it begins is never valid', () => {
  const turned = { notBefore: validity.notAfter, notAfter: validity.notBefore };
  for (const now of ['2025-06-01', '2026-06-01', '2027-06-01']) {
    assert.ok(['expired', 'notYetValid'].includes(expiryState(turned, new Date(now), 45)));
  }
});
