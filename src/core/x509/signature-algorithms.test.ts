import assert from 'node:assert/strict';
import { constants, sign } from 'node:crypto';
import { test } from 'node:test';
import { type CertificateOptions, der, makeCa, makeKeys } from '../../../test/pki.ts';
import { parseCertificate } from './certificate.ts';
import { DerError, readElement } from './der.ts';
import { signatureAlgorithmOf, signatureMemory, verifyCertificateSignature } from './signature-algorithms.ts';

for (const options of [
  { key: 'rsa2048' },
  { key: 'rsa2048', hash: 'sha384' },
  { key: 'rsa2048', hash: 'sha512' },
  { key: 'rsa2048', pss: true },
  { key: 'rsa2048', pss: true, hash: 'sha512' },
  { key: 'p256' },
  { key: 'p384', hash: 'sha384' },
  { key: 'p521', hash: 'sha512' },
  { key: 'ml-dsa-44' },
  { key: 'ml-dsa-65' },
  { key: 'ml-dsa-87' },
  { key: 'ed25519' },
] as const satisfies CertificateOptions[]) {
  test(`a signature with ${JSON.stringify(options)} verifies, with its own key only`, () => {
    const { certificate, publicKey } = makeCa(options);
    assert.deepEqual(verifyCertificateSignature(certificate, publicKey), { ok: true });
    const other = makeKeys(options.key === 'rsa2048' ? 'rsa2048#other' : options.key).publicKey;
    assert.deepEqual(verifyCertificateSignature(certificate, other), { ok: false, reason: 'badSignature' });
    const bent = { ...certificate, tbs: new Uint8Array([...certificate.tbs, 0]) };
    assert.deepEqual(verifyCertificateSignature(bent, publicKey), { ok: false, reason: 'badSignature' });
    for (const signature of [
      new Uint8Array(0),
      certificate.signature.subarray(1),
      new Uint8Array([...certificate.signature, 0]),
    ]) {
      assert.deepEqual(verifyCertificateSignature({ ...certificate, signature }, publicKey), {
        ok: false,
        reason: 'badSignature',
      });
    }
  });
}

test('an RSASSA-PSS signature is as long as its modulus: the zero that one in 256 begins with belongs to it', () => {
  const { certificate, publicKey, privateKey } = makeCa({ key: 'rsa2048', pss: true });
  const { signatureAlgorithm, tbs } = certificate;
  const { hash, saltLength = 0 } = signatureAlgorithm;
  let signature: Uint8Array;
  do signature = sign(hash, tbs, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
  while (signature[0] !== 0);
  const verdict = (given: Uint8Array) =>
    verifyCertificateSignature({ tbs, signatureAlgorithm, signature: given }, publicKey);
  assert.deepEqual(verdict(signature), { ok: true });
  const wrong = { ok: false, reason: 'badSignature' };
  assert.deepEqual(verdict(signature.subarray(1)), wrong);
  assert.deepEqual(verdict(new Uint8Array([0, ...signature])), wrong);
});

for (const options of [
  { key: 'rsa2048', hash: 'md5' },
  { key: 'rsa2048', hash: 'sha1' },
  { key: 'p256', hash: 'sha1' },
] as const satisfies CertificateOptions[]) {
  test(`a correct signature with ${JSON.stringify(options)} is refused as weak`, () => {
    const { certificate, publicKey } = makeCa(options);
    assert.deepEqual(verifyCertificateSignature(certificate, publicKey), { ok: false, reason: 'weak' });
    assert.match(certificate.signatureAlgorithm.name ?? '', /md5|sha1/i);
  });
}

test('an algorithm of no row is refused as unsupported, Ed448 by its name', () => {
  const { certificate, publicKey } = makeCa({ key: 'ed448' });
  assert.deepEqual(verifyCertificateSignature(certificate, publicKey), { ok: false, reason: 'unsupported' });
  assert.equal(certificate.signatureAlgorithm.name, 'ed448');
  const unknown = signatureAlgorithmOf(readElement(der.sequence(der.oid('1.2.3'))));
  assert.deepEqual([unknown.refusal, unknown.name], ['unsupported', undefined]);
});

test('a key of another kind never verifies', () => {
  const { certificate } = makeCa({ key: 'p256' });
  for (const key of ['rsa2048', 'ml-dsa-44', 'ed25519'] as const) {
    assert.deepEqual(verifyCertificateSignature(certificate, makeKeys(key).publicKey), {
      ok: false,
      reason: 'keyMismatch',
    });
  }
  const mlDsa = makeCa({ key: 'ml-dsa-44' }).certificate;
  assert.deepEqual(verifyCertificateSignature(mlDsa, makeKeys('ml-dsa-65').publicKey), {
    ok: false,
    reason: 'keyMismatch',
  });
});

const sha256 = '2.16.840.1.101.3.4.2.1';
const sha384 = '2.16.840.1.101.3.4.2.2';
const digest = (oid: string) => der.sequence(der.oid(oid), der.tlv(5));
const pss = (...fields: Uint8Array[]) =>
  signatureAlgorithmOf(readElement(der.sequence(der.oid('1.2.840.113549.1.1.10'), der.sequence(...fields))));
const hashField = (oid: string) => der.tlv(0xa0, digest(oid));
const maskField = (oid: string, mask = '1.2.840.113549.1.1.8') =>
  der.tlv(0xa1, der.sequence(der.oid(mask), digest(oid)));

test('RSASSA-PSS parameters are read', () => {
  const { hash, saltLength, refusal } = pss(hashField(sha256), maskField(sha256), der.tlv(0xa2, der.integer(32)));
  assert.deepEqual([hash, saltLength, refusal], ['sha256', 32, undefined]);
});

for (const [why, fields, refusal] of [
  ['the defaults, which are SHA-1', [], 'weak'],
  ['a default mask', [hashField(sha256)], 'weak'],
  ['SHA-1 by name', [hashField('1.3.14.3.2.26'), maskField('1.3.14.3.2.26')], 'weak'],
  ['SHA-224', [hashField('2.16.840.1.101.3.4.2.4'), maskField('2.16.840.1.101.3.4.2.4')], 'weak'],
  ['SHA-1 in the mask', [hashField(sha256), maskField('1.3.14.3.2.26')], 'weak'],
  ['two hashes', [hashField(sha256), maskField(sha384)], 'unsupported'],
  ['another mask', [hashField(sha256), maskField(sha256, '1.2.3')], 'unsupported'],
  ['a huge salt', [hashField(sha256), maskField(sha256), der.tlv(0xa2, der.integer(513))], 'unsupported'],
  ['another trailer', [hashField(sha256), maskField(sha256), der.tlv(0xa3, der.integer(2))], 'unsupported'],
] as const) {
  test(`RSASSA-PSS with ${why} is refused`, () => assert.equal(pss(...fields).refusal, refusal));
}

for (const [why, identifier] of [
  ['ECDSA with NULL parameters', der.sequence(der.oid('1.2.840.10045.4.3.2'), der.tlv(5))],
  ['RSA with an OID for parameters', der.sequence(der.oid('1.2.840.113549.1.1.11'), der.oid('1.2.3'))],
  ['RSA with a NULL that is not empty', der.sequence(der.oid('1.2.840.113549.1.1.11'), der.tlv(5, new Uint8Array(1)))],
  ['Ed25519 with parameters', der.sequence(der.oid('1.3.101.112'), der.tlv(5))],
  [
    'RSASSA-PSS with something after the hash of its mask',
    der.sequence(
      der.oid('1.2.840.113549.1.1.10'),
      der.sequence(
        hashField(sha256),
        der.tlv(0xa1, der.sequence(der.oid('1.2.840.113549.1.1.8'), digest(sha256), der.tlv(5))),
      ),
    ),
  ],
  ['ML-DSA with parameters', der.sequence(der.oid('2.16.840.1.101.3.4.3.17'), der.tlv(5))],
  ['RSASSA-PSS without parameters', der.sequence(der.oid('1.2.840.113549.1.1.10'))],
  ['an identifier of three fields', der.sequence(der.oid('1.2.3'), der.tlv(5), der.tlv(5))],
  ['no identifier at all', der.sequence()],
] as const) {
  test(`${why} is malformed`, () => assert.throws(() => signatureAlgorithmOf(readElement(identifier)), DerError));
}

test('a verdict that is remembered for one issuer is not the verdict for another, however often it is asked', () => {
  const [ca, other] = [makeCa({ subject: 'CN=A' }), makeCa({ subject: 'CN=A' })];
  const rsa = makeCa({ subject: 'CN=A', key: 'rsa2048' });
  const { certificate } = ca.issue();
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(certificate.signatureBy(other.certificate), { ok: false, reason: 'badSignature' });
    assert.deepEqual(certificate.signatureBy(ca.certificate), { ok: true });
    assert.deepEqual(certificate.signatureBy(rsa.certificate), { ok: false, reason: 'keyMismatch' });
  }
});

test('on another thread the verdict is the same, and remembered', async () => {
  const kinds = ['p256', 'rsa2048', 'ml-dsa-44'] as const;
  for (const key of kinds) {
    const [ca, ...others] = [makeCa({ key }), ...kinds.map((kind) => makeCa({ key: kind }))];
    for (const issuer of [ca, ...others]) {
      const { certificate } = ca.issue();
      const fresh = parseCertificate(certificate.der);
      assert.ok(fresh.ok);
      await certificate.judgeSignatureBy(issuer.certificate);
      const known = certificate.signatureBy(issuer.certificate);
      assert.deepEqual(known, fresh.certificate.signatureBy(issuer.certificate));
      assert.equal(certificate.signatureBy(issuer.certificate), known);
      await certificate.judgeSignatureBy(issuer.certificate);
      assert.equal(certificate.signatureBy(issuer.certificate), known);
    }
  }
});

test('an issuer whose key cannot be read is judged nowhere, and refuses', async () => {
  const { judgeSignatureBy, signatureBy } = signatureMemory(makeCa().issue().certificate);
  const keyless = { fingerprint: 'f', publicKey: () => undefined };
  await judgeSignatureBy(keyless);
  assert.deepEqual(signatureBy(keyless), { ok: false, reason: 'keyMismatch' });
});

test('a signature is verified once for each issuer, as long as there are not many', () => {
  const ca = makeCa();
  let asked = 0;
  const issuer = (fingerprint: string) => ({
    fingerprint,
    publicKey() {
      asked += 1;
      return ca.publicKey;
    },
  });
  const { signatureBy } = signatureMemory(ca.issue().certificate);
  for (const fingerprint of ['a', 'b', 'a', 'b']) assert.deepEqual(signatureBy(issuer(fingerprint)), { ok: true });
  assert.equal(asked, 2);
  for (let n = 0; n < 200; n++) signatureBy(issuer(String(n)));
  assert.deepEqual(signatureBy(issuer('a')), { ok: true });
  assert.equal(asked, 203);
});
