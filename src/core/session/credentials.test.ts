// The forms of credentials: prefixes, lengths, alphabets, and that every random bit counts.
import assert from 'node:assert/strict';
import test from 'node:test';
import { accessKeyIdOf, accountOfKeyId, identifierBytes, secretAccessKeyOf, uniqueIdOf } from './credentials.ts';

const bytes = (length: number, fill: (at: number) => number) => Uint8Array.from({ length }, (_, at) => fill(at));

const account = '029608264753';

test('an access key id holds its account where AWS has it, and 39 random bits', () => {
  // AWS seen: published pairs.
  assert.equal(accountOfKeyId('ASIAQNZGKIQY56JQ7WML'), account);
  assert.equal(accountOfKeyId('ASIAR2TG44V5PDTTBZRR'), '125843596666');
  assert.equal(accountOfKeyId('ASIAY34FZKBOKMUTVV7A'), '609629065308');
  const zero = accessKeyIdOf('AKIA', account, new Uint8Array(5));
  assert.match(zero, /^AKIAQNZGKIQY[A-Z2-7]{8}$/);
  for (const digits of [account, '000000000000', '999999999999', '123456789012']) {
    for (const random of [new Uint8Array(5), new Uint8Array(17).fill(255)]) {
      assert.equal(accountOfKeyId(accessKeyIdOf('ASIA', digits, random)), digits);
    }
  }
  // The bits in their order: 1, the account, and 0x1234_5678_9a without its first.
  const known = accessKeyIdOf('ASIA', '123456789012', Uint8Array.of(0x92, 0x34, 0x56, 0x78, 0x9a));
  assert.equal(known, 'ASIARZPUZDIKCI2FM6E2');
  const ids = new Set<string>();
  for (let bit = 0; bit < 40; bit++) {
    const random = new Uint8Array(5);
    random[bit >> 3] = 0x80 >> (bit & 7);
    ids.add(accessKeyIdOf('AKIA', account, random));
  }
  // Every bit but the first counts, and each by itself.
  assert.equal(ids.size, 40);
  assert.ok(ids.has(zero));
});

for (const id of [
  'ASIAQNZGKIQY56JQ7WM',
  'ASIAQNZGKIQY56JQ7WMLL',
  'AROAQNZGKIQY56JQ7WML',
  'AKIAIOSFODNN7EXAMPLE',
  'ASIAQNZGKIQY56JQ7WM1',
  'asiaqnzgkiqy56jq7wml',
  `ASIA${'7'.repeat(16)}`,
  '',
]) {
  test(`no account is in ${id || 'nothing'}`, () => assert.equal(accountOfKeyId(id), undefined));
}

test('a unique id has its prefix and five random bits in each character', () => {
  const rising = bytes(identifierBytes, (at) => at);
  assert.equal(uniqueIdOf('AROA', rising), 'AROAABCDEFGHIJKLMNOPQ');
});

test('too few random bytes make no identifier', () => {
  assert.throws(
    () =>
      accessKeyIdOf(
        'ASIA',
        account,
        bytes(4, () => 1),
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
  for (const digits of ['', '12345678901', '1234567890123', '12345678901x']) {
    assert.throws(() => accessKeyIdOf('AKIA', digits, new Uint8Array(17)), RangeError);
  }
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
