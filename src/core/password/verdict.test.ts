import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstDigests, saltBytes } from './digests.ts';
import { type KeptPassword, passwordVerdict } from './verdict.ts';

const lastChanged = new Date('2026-01-01T00:00:00Z');
const forever = { maxAgeDays: null, hardExpiry: false };
const ninety = { maxAgeDays: 90, hardExpiry: false };
const day = (days: number) => new Date(lastChanged.getTime() + days * 86_400_000);

async function kept(resetRequired = false): Promise<KeptPassword> {
  return {
    digests: await firstDigests('right', new Uint8Array(saltBytes), { N: 2, r: 1, p: 1 }),
    lastChanged,
    resetRequired,
  };
}

test('the right password is good for ever where none expires', async () => {
  assert.deepEqual(await passwordVerdict(await kept(), 'right', forever, day(10_000)), { ok: true, mustChange: false });
});

test('a wrong password, and one of nobody, are refused alike', async () => {
  const refused = { ok: false, reason: 'wrongPassword' };
  assert.deepEqual(await passwordVerdict(await kept(), 'wrong', forever, day(1)), refused);
  assert.deepEqual(await passwordVerdict(undefined, 'right', forever, day(1)), refused);
  assert.deepEqual(await passwordVerdict(await kept(), 'wrong', { maxAgeDays: 1, hardExpiry: true }, day(9)), refused);
});

test('a password that must be reset is good for that alone', async () => {
  assert.deepEqual(await passwordVerdict(await kept(true), 'right', forever, day(1)), { ok: true, mustChange: true });
});

test('a password expires on its last day to the millisecond', async () => {
  const before = new Date(day(90).getTime() - 1);
  assert.deepEqual(await passwordVerdict(await kept(), 'right', ninety, before), { ok: true, mustChange: false });
  assert.deepEqual(await passwordVerdict(await kept(), 'right', ninety, day(90)), { ok: true, mustChange: true });
  const hard = { ...ninety, hardExpiry: true };
  assert.deepEqual(await passwordVerdict(await kept(), 'right', hard, before), { ok: true, mustChange: false });
  assert.deepEqual(await passwordVerdict(await kept(), 'right', hard, day(90)), { ok: false, reason: 'expired' });
});
