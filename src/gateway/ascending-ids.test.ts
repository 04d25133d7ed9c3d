// Ids: of the form that RFC 9562 gives UUIDs of version 7, never twice, and later ones after earlier ones.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { ascendingIds } from './ascending-ids.ts';

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const start = Date.UTC(2026, 10, 22);

test('ids ascend through a millisecond, through more of them than the counter has, and while the clock goes back', () => {
  let ms = start;
  const newId = ascendingIds(() => new Date(ms), randomBytes);
  const ids = Array.from({ length: 10_000 }, newId);
  ms = start - 60_000;
  ids.push(...Array.from({ length: 10 }, newId));
  ms = start + 60_000;
  ids.push(newId());
  for (const id of ids) assert.match(id, form);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual([...ids].sort(), ids);
});

test('an id begins with its millisecond', () => {
  for (const ms of [0, 1, start, Date.UTC(9999, 11, 31)]) {
    const id = ascendingIds(() => new Date(ms), randomBytes)();
    assert.equal(Number.parseInt(id.slice(0, 13).replace('-', ''), 16), ms);
  }
});

test('the variant and 62 bits are all that chance decides, and every byte of it is used once', () => {
  let filled = 0;
  const fill = (byte: number) => (size: number) => {
    filled += size;
    return new Uint8Array(size).fill(byte);
  };
  const idOf = (byte: number) => ascendingIds(() => new Date(start), fill(byte))().slice(14);
  assert.deepEqual([0, 0x11, 0x22, 0x33, 0xff].map(idOf), [
    '7000-8000-000000000000',
    '7000-9111-111111111111',
    '7000-a222-222222222222',
    '7000-b333-333333333333',
    '7000-afff-ffffffffffff',
  ]);
  filled = 0;
  const newId = ascendingIds(() => new Date(start), fill(7));
  for (let count = 0; count < 1024; count++) newId();
  assert.equal(filled, 8 * 1024);
});
