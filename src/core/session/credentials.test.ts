// The forms of credentials: prefixes, lengths, alphabets, and that every random bit counts.
import assert from 'node:assert/strict';
import test from 'node:test';
import { accessKeyIdOf, identifierBytes, secretAccessKeyOf, uniqueIdOf } from './credentials.ts';

const bytes = (length: number, fill: (at: number) => number) => Uint8Array.from({ length }, (_, at) => fill(at));

test('access key ids and unique ids have their prefix and five random bits in each character', () => {
  const rising = bytes(identifierBytes, (at) => at);
  assert.equal(accessKeyIdOf('ASIA', rising), 'ASIAABCDEFGHIJKLMNOP');
  assert.equal(accessKeyIdOf('AKIA', rising), 'AKIAABCDEFGHIJKLMNOP');
  assert.equal(uniqueIdOf('AROA', rising), 'AROAABCDEFGHIJKLMNOPQ');
  assert.equal(
    accessKeyIdOf(
      'ASIA',
      bytes(16, () => 255),
    ),
    `ASIA${'7'.repeat(16)}`,
  );
  assert.equal(
    accessKeyIdOf(
      'ASIA',
      bytes(16, (at) => at + 26),
    ),
    'ASIA234567ABCDEFGHIJ',
  );
});

test('an access key id takes exactly its first sixteen bytes', () => {
  const base = accessKeyIdOf(
    'ASIA',
    bytes(17, () => 0),
  );
  for (let at = 0; at < 16; at++) {
    assert.notEqual(
      accessKeyIdOf(
        'ASIA',
        bytes(17, (place) => (place === at ? 1 : 0)),
      ),
      base,
    );
  }
  assert.equal(
    accessKeyIdOf(
      'ASIA',
      bytes(17, (place) => (place === 16 ? 1 : 0)),
    ),
    base,
  );
});

test('too few random bytes make no identifier', () => {
  assert.throws(
    () =>
      accessKeyIdOf(
        'ASIA',
        bytes(15, () => 1),
      ),
    RangeError,
  );
  assert.throws(
    () =>
      uniqueIdOf(
        'AROA',
        bytes(16, () => 1),
      ),
    RangeError,
  );
  assert.throws(() => accessKeyIdOf('AKIA', new Uint8Array()), RangeError);
});

test('a secret access key is 40 characters of base64, all of its thirty bytes in it', () => {
  const secret = secretAccessKeyOf(bytes(30, (at) => at * 7));
  assert.match(secret, /^[A-Za-z0-9+/]{40}$/);
  assert.deepEqual(
    new Uint8Array(Buffer.from(secret, 'base64')),
    bytes(30, (at) => at * 7),
  );
});

test('a secret access key is made of thirty bytes and of no other number', () => {
  for (const length of [0, 29, 31, 40]) assert.throws(() => secretAccessKeyOf(bytes(length, () => 1)), RangeError);
});
