// Source identity and session name: three rules of AWS's, and STS's characters.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type CertificateOptions, makeSelfSigned } from '../../../test/pki.ts';
import { roleSessionNameOf, sourceIdentityOf } from './identity.ts';

const certificate = (options: CertificateOptions) => makeSelfSigned(options).certificate;
const source = (options: CertificateOptions) => sourceIdentityOf(certificate(options));

for (const [length, expected] of [
  [1, `CN=${'a'.repeat(1)}`],
  [61, `CN=${'a'.repeat(61)}`],
  [62, 'a'.repeat(62)],
  [64, 'a'.repeat(64)],
] as const) {
  test(`the source identity of a common name of ${length} characters`, () => {
    assert.deepEqual(source({ subject: `CN=${'a'.repeat(length)}` }), { ok: true, text: expected });
  });
}

for (const name of ['a'.repeat(65), 'a b', 'a/b', 'a:b', 'a*b', 'a"b', 'é', 'a\u0000', 'a\n', '/', 'a😀']) {
  test(`the common name ${JSON.stringify(name)} makes no source identity`, () => {
    const { ok, ...rest } = source({ subject: `CN=${name}` });
    assert.equal(ok, false);
    assert.deepEqual(rest, {
      reason: 'illegalSourceIdentity',
      text: name.length <= 61 ? `CN=${name}` : name,
    });
  });
}

test('without a common name the serial number stands in, in whole bytes of lower-case hex', () => {
  for (const [serial, expected] of [
    [291n, 'ID=0123'],
    [17767n, 'ID=4567'],
    [5n, 'ID=05'],
    [0xabn, 'ID=00ab'],
    [0x936eacbe07f201dfn, 'ID=00936eacbe07f201df'],
  ] as const) {
    assert.deepEqual(source({ subject: 'O=Acme', serial }), { ok: true, text: expected });
  }
});

test('of several common names the last in the certificate, the most specific, counts', () => {
  assert.deepEqual(source({ subject: 'CN=far,CN=near,OU=x' }), { ok: true, text: 'CN=near' });
});

test('a common name is found by its type, not by its text', () => {
  assert.deepEqual(source({ subject: 'O=CN\\=x,serialNumber=CN', serial: 1n }), { ok: true, text: 'ID=01' });
});

test('the default session name is the serial number in whole bytes, the sign byte kept', () => {
  for (const [serial, expected] of [
    [0n, '00'],
    [1n, '01'],
    [0x1000n, '1000'],
    [0x80n, '0080'],
    [2n ** 159n - 1n, `7f${'ff'.repeat(19)}`],
  ] as const) {
    assert.deepEqual(roleSessionNameOf(certificate({ serial }), undefined), { ok: true, text: expected });
  }
});

test('a name that was asked for stands as it is', () => {
  const text = 'Aa_0+=,.@-';
  assert.deepEqual(roleSessionNameOf(certificate({}), text), { ok: true, text });
});

for (const asked of ['', 'a', 'a'.repeat(65), 'a b', 'a/b', 'ab\n', 'ä1']) {
  test(`the name ${JSON.stringify(asked)} is refused`, () => {
    const reason = 'illegalSessionName';
    assert.deepEqual(roleSessionNameOf(certificate({}), asked), { ok: false, reason, text: asked });
  });
}

test('a serial number beyond any name is refused', () => {
  const name = roleSessionNameOf(certificate({ serial: 2n ** 300n }), undefined);
  assert.equal(name.ok, false);
});
