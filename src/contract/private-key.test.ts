// A private key in the wrong place is seen, in whatever form, and repeated nowhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutSecrets } from './describe.ts';
import { holdsPrivateKey } from './private-key.ts';
import { blob, list, optional, string, structure } from './shape.ts';
import { violations } from './validate.ts';

const secret = 'MC4CAQAwBQYDK2VwBCIEIJ';
const key = `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`;

for (const text of [
  key,
  key.replaceAll('PRIVATE', 'EC PRIVATE'),
  key.replaceAll('PRIVATE', 'RSA PRIVATE'),
  key.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE'),
  key.replaceAll('PRIVATE', 'OPENSSH PRIVATE'),
  key.replaceAll('KEY', 'KEY BLOCK'),
  key.replaceAll('\n', '\r\n'),
  key.replaceAll('\n', ' '),
  `  ${key.replaceAll('\n', '\n\t')}`,
  key.toLowerCase(),
  key.replaceAll('-----', '--'),
  key.replaceAll('KEY-----', 'KEY -----'),
  key.replace(/-----BEGIN.*\n/, ''),
  key.replace(/-----END[\s\S]*/, ''),
  `text\n${key}text`,
]) {
  test(`a private key is seen in ${JSON.stringify(text.slice(0, 60))}`, () => assert.ok(holdsPrivateKey(text)));
}

for (const text of [
  '',
  '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
  'where the private key is kept',
  '-'.repeat(200_000),
  'PRIVATE '.repeat(25_000),
  `PRIVATE${' '.repeat(200_000)}KEY`,
]) {
  test(`no private key is seen in ${JSON.stringify(text.slice(0, 40))}`, () =>
    assert.equal(holdsPrivateKey(text), false));
}

const shape = structure({
  text: optional(string({ max: 10 }), { doc: 'A text.' }),
  texts: optional(list(string({ max: 10 }), { max: 1 }), { doc: 'Texts.' }),
  bytes: optional(blob({ max: 10 }), { doc: 'Bytes.' }),
});

test('a refused value that holds one is not echoed', () => {
  const padded = `${'x'.repeat(5000)}${key}`;
  for (const text of [key, padded, key + padded]) {
    const message = violations(shape, { text, texts: [text, text], bytes: Buffer.from(text) });
    assert.match(message ?? '', /^3 validation errors detected: Value at 'text' failed/);
    assert.doesNotMatch(message ?? '', new RegExp(secret));
  }
});

test('an event does not keep one, as text, in a list or as bytes', () => {
  const kept = JSON.parse(withoutSecrets(shape, { text: key, texts: ['a', key], bytes: Buffer.from(key) }));
  const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS';
  assert.deepEqual(kept, { text: hidden, texts: ['a', hidden], bytes: hidden });
});
