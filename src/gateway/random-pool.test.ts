// No byte is given twice, none is left behind, none is made up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomPool } from './random-pool.ts';

/** A source that writes 1, 2, 3 … in words of four bytes, and keeps what it filled. */
function counting() {
  const filled: Uint8Array[] = [];
  let next = 1;
  const fill = (bytes: Uint8Array) => {
    filled.push(bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + 4 <= bytes.length; at += 4) view.setUint32(at, next++);
  };
  return { filled, fill };
}

test('every byte of the source is given at most once, in whatever sizes', () => {
  const { filled, fill } = counting();
  const randomBytes = randomPool(fill);
  const seen = new Set<number>();
  for (let round = 0; round < 5000; round++) {
    const size = 4 * (1 + (round % 9));
    const bytes = randomBytes(size);
    assert.equal(bytes.length, size);
    for (let at = 0; at < size; at += 4) {
      const word = new DataView(bytes.buffer).getUint32(at);
      assert.ok(word > 0 && !seen.has(word), `the word ${word} again`);
      seen.add(word);
    }
  }
  assert.ok(filled.length > 1 && filled.length < 50, 'many are given of one filling');
});

test('what was given is gone from the pool', () => {
  const { filled, fill } = counting();
  const randomBytes = randomPool(fill);
  const given = [randomBytes(12), randomBytes(30)];
  const [pool] = filled;
  assert.ok(pool?.subarray(0, 42).every((byte) => byte === 0));
  assert.ok(pool?.subarray(42).some((byte) => byte !== 0));
  assert.ok(given.every((bytes) => bytes.some((byte) => byte !== 0)));
});

test('what is given is nobody else’s: writing to it changes no other', () => {
  const randomBytes = randomPool(counting().fill);
  const [one, other] = [randomBytes(16), randomBytes(16)];
  const before = Buffer.from(other);
  one.fill(255);
  assert.deepEqual(Buffer.from(other), before);
});

test('much is asked of the source directly, and nothing is nothing', () => {
  const { filled, fill } = counting();
  const randomBytes = randomPool(fill);
  assert.equal(randomBytes(65_536).length, 65_536);
  assert.equal(filled[0]?.length, 65_536);
  assert.equal(randomBytes(0).length, 0);
});

test('a source that fails gives nothing, and is asked again', () => {
  let fails = true;
  const randomBytes = randomPool((bytes) => {
    if (fails) throw new Error('no entropy');
    bytes.fill(7);
  });
  assert.throws(() => randomBytes(12), /no entropy/);
  assert.throws(() => randomBytes(12), /no entropy/);
  fails = false;
  assert.deepEqual(randomBytes(2), new Uint8Array([7, 7]));
});
