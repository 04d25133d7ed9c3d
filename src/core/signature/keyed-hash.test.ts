// HMAC-SHA256 against the vectors of its specification, and against OpenSSL's own at every length where it could differ.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { keyedHash } from './keyed-hash.ts';

// Spec: RFC 4231 §4.2–4.8, without the truncated fifth. Key and message in hex, then HMAC-SHA-256.
const vectors = [
  ['0b'.repeat(20), '4869205468657265', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  [
    '4a656665',
    '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  ['aa'.repeat(20), 'dd'.repeat(50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
  [
    '0102030405060708090a0b0c0d0e0f10111213141516171819',
    'cd'.repeat(50),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
  [
    'aa'.repeat(131),
    '54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374',
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    'aa'.repeat(131),
    '5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b2d73697a65206b657920616e642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865206b6579206e6565647320746f20626520686173686564206265666f7265206265696e6720757365642062792074686520484d414320616c676f726974686d2e',
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  ],
] as const;

const bytes = (hex: string) => Buffer.from(hex, 'hex');

test('it is the HMAC-SHA-256 of RFC 4231, of bytes as of text', () => {
  for (const [key, message, expected] of vectors) {
    assert.equal(keyedHash(bytes(key))(bytes(message)), expected);
    // The messages of the third and fourth are no text.
    const text = bytes(message).toString();
    if (bytes(message).equals(Buffer.from(text))) assert.equal(keyedHash(bytes(key))(text), expected);
  }
});

test('one key serves messages of every length in turn, and none leaves anything for the next', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 140 }),
      fc.array(fc.string({ unit: 'binary', maxLength: 600 }), { minLength: 1, maxLength: 6 }),
      (key, messages) => {
        const keyed = keyedHash(key);
        for (const message of messages)
          assert.equal(keyed(message), createHmac('sha256', key).update(message, 'utf8').digest('hex'));
      },
    ),
    { numRuns: 30 },
  );
  const keyed = keyedHash(bytes('01'));
  for (const length of [
    0, 1, 55, 56, 63, 64, 127, 128, 169, 170, 171, 254, 255, 256, 507, 508, 509, 511, 512, 513, 5000, 3, 0,
  ])
    for (const unit of ['x', 'é', '漢', '😀', '\ud800'])
      assert.equal(
        keyed(unit.repeat(length)),
        createHmac('sha256', bytes('01')).update(unit.repeat(length), 'utf8').digest('hex'),
      );
});

test('a key that is changed afterwards changes nothing, and nothing prints it', () => {
  const key = bytes('0102030405');
  const keyed = keyedHash(key);
  const before = keyed('message');
  key.fill(0);
  assert.equal(keyed('message'), before);
  assert.equal(JSON.stringify({ keyed }), '{}');
});
