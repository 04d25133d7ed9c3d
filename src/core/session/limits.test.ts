// How long a session lasts and how much it may carry, at each bound.
import assert from 'node:assert/strict';
import test from 'node:test';
import { judgeBaggage, sessionSeconds } from './limits.ts';

for (const [asked, ofProfile, ofRole, seconds] of [
  [undefined, 3600, 43200, 3600],
  [900, 3600, 43200, 900],
  [3600, 3600, 3600, 3600],
  [43200, 3600, 3600, 3600],
  [43200, 43200, 43200, 43200],
  [900, 43200, 3600, 900],
] as const) {
  test(`asked ${asked}, profile ${ofProfile}, role ${ofRole}: ${seconds} seconds`, () => {
    assert.deepEqual(sessionSeconds(asked, ofProfile, ofRole), { ok: true, seconds });
  });
}

for (const [asked, ofProfile, ofRole, seconds] of [
  [undefined, 3601, 3600, 3601],
  [undefined, 43200, 3600, 43200],
  [7200, 43200, 3600, 7200],
  [43200, 7200, 3600, 7200],
] as const) {
  test(`asked ${asked}, profile ${ofProfile}: ${seconds} seconds are more than the role's ${ofRole}`, () => {
    const verdict = sessionSeconds(asked, ofProfile, ofRole);
    assert.deepEqual(verdict, { ok: false, reason: 'exceedsMaxSessionDuration', seconds });
  });
}

const nothing = { policies: [], managedPolicyArns: [], tags: {} };
const tagsOf = (count: number, value = '') =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, value]));

test('no baggage takes nothing of the packed limit', () => {
  assert.deepEqual(judgeBaggage(nothing), { ok: true, packedPolicySize: 0 });
});

test('the packed size rises with tags and policies, rounded up', () => {
  assert.deepEqual(judgeBaggage({ ...nothing, tags: { k: '' } }), { ok: true, packedPolicySize: 1 });
  assert.deepEqual(judgeBaggage({ ...nothing, policies: ['x'.repeat(2048)] }), { ok: true, packedPolicySize: 25 });
  assert.deepEqual(judgeBaggage({ ...nothing, tags: { k: 'x'.repeat(81) } }), { ok: true, packedPolicySize: 2 });
  assert.deepEqual(judgeBaggage({ ...nothing, tags: { k: 'ä'.repeat(41) } }), { ok: true, packedPolicySize: 2 });
});

for (const [what, baggage, reason] of [
  ['51 tags', { ...nothing, tags: tagsOf(51) }, 'tooManyTags'],
  ['2049 characters of policy', { ...nothing, policies: ['x'.repeat(2049)] }, 'policiesTooLong'],
  [
    '2049 characters of policy and ARNs together',
    { ...nothing, policies: ['x'.repeat(2000)], managedPolicyArns: ['y'.repeat(49)] },
    'policiesTooLong',
  ],
  [
    'eleven managed policies',
    { ...nothing, managedPolicyArns: Array.from({ length: 11 }, () => 'arn') },
    'tooManyPolicies',
  ],
  ['more than the packed limit', { ...nothing, tags: tagsOf(50, 'x'.repeat(256)) }, 'packedTooLarge'],
] as const) {
  test(`${what}: ${reason}`, () => {
    assert.deepEqual(judgeBaggage(baggage), { ok: false, reason });
  });
}

test('each limit itself is taken', () => {
  for (const baggage of [
    { ...nothing, tags: tagsOf(50) },
    { ...nothing, policies: ['x'.repeat(1048)], managedPolicyArns: Array.from({ length: 10 }, () => 'y'.repeat(100)) },
  ]) {
    assert.equal(judgeBaggage(baggage).ok, true);
  }
  const whole = tagsOf(32, 'x'.repeat(253));
  const bytes = Object.entries(whole).flat().join('').length;
  const last = 'x'.repeat(8192 - bytes - 4);
  assert.deepEqual(judgeBaggage({ ...nothing, tags: { ...whole, last } }), { ok: true, packedPolicySize: 100 });
  const over = judgeBaggage({ ...nothing, tags: { ...whole, last: `${last}x` } });
  assert.deepEqual(over, { ok: false, reason: 'packedTooLarge' });
});
