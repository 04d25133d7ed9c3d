import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPkcs11Uri, parsePkcs11Uri } from './pkcs11-uri.ts';

test('token, object, id, PIN and module are read, percent-decoded', () => {
  const text =
    'pkcs11:token=My%20token;object=k%c3%a9y;id=%01%ff;slot-id=3;type=private?pin-value=12%2034&module-path=/x.so';
  const parsed = parsePkcs11Uri(text);
  assert.ok(parsed.ok);
  const { id, ...rest } = parsed.uri;
  assert.deepEqual(rest, {
    token: { token: 'My token' },
    object: 'kéy',
    slotId: 3,
    pinValue: '12 34',
    modulePath: '/x.so',
  });
  assert.deepEqual([...(id ?? [])], [1, 255]);
});

test('the scheme alone matches everything', () => {
  assert.deepEqual(parsePkcs11Uri('pkcs11:'), { ok: true, uri: { token: {} } });
});

test('a PIN may stand in a file, named with or without an authority', () => {
  for (const source of ['file:/etc/pin', 'file:///etc/pin', '/etc/pin']) {
    const parsed = parsePkcs11Uri(`pkcs11:object=a?pin-source=${source}`);
    assert.equal(parsed.ok && parsed.uri.pinSource, '/etc/pin', source);
  }
});

for (const [text, detail] of [
  ['pkcs11:objekt=a', 'its attribute `objekt` is not known'],
  ['pkcs11:object', 'its attribute `object` is not known'],
  ['pkcs11:object=a;object=b', 'its attribute `object` stands twice'],
  ['pkcs11:object=%4', 'its attribute `object` has a `%` without two hexadecimal digits'],
  ['pkcs11:object=a?pin-value=%zz', 'its attribute `pin-value` has a `%` without two hexadecimal digits'],
  ['pkcs11:pin-value=1234', 'its attribute `pin-value` is not known'],
  ['pkcs11:object=a?token=b', 'its attribute `token` is not known'],
  ['pkcs11:slot-id=x', 'its attribute `slot-id` is no number'],
  ['pkcs11:?pin-source=|command', 'its attribute `pin-source` is not file: and an absolute path'],
  ['pkcs11:?pin-source=http://x/', 'its attribute `pin-source` is not file: and an absolute path'],
  ['pkcs11:a?b?c', 'it does not have the form pkcs11:PATH[?QUERY]'],
  ['/etc/key.pem', 'it does not have the form pkcs11:PATH[?QUERY]'],
] as const) {
  test(`${text} is refused: ${detail}`, () => {
    assert.deepEqual(parsePkcs11Uri(text), { ok: false, detail });
  });
}

test('a path is no URI, whatever it is called', () => {
  assert.deepEqual(['pkcs11:', 'PKCS11:object=a', './pkcs11:', 'pkcs11.pem'].map(isPkcs11Uri), [
    true,
    true,
    false,
    false,
  ]);
});
