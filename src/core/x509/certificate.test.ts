import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { der, type KeyName, makeCa, signerOf } from '../../../test/pki.ts';
import {
  type Certificate,
  certificatePem,
  isSelfIssued,
  maxCertificateBytes,
  parseCertificate,
  parsePemCertificates,
} from './certificate.ts';
import { rfc2253 } from './name.ts';
import { validatePath } from './path.ts';
import { keyWeakness } from './public-key.ts';

const ca = makeCa({ subject: 'C=DE,CN=Root' });
const leaf = ca.issue({
  subject: 'O=Example,CN=client',
  serial: 291n,
  san: { dns: ['a.example'], uri: ['spiffe://td/x'] },
});
const now = new Date('2026-06-01T00:00:00Z');

function parsed(bytes: Uint8Array): Certificate {
  const result = parseCertificate(bytes);
  return result.ok ? result.certificate : assert.fail(result.detail);
}

function refusal(bytes: Uint8Array): string {
  const result = parseCertificate(bytes);
  return result.ok ? assert.fail('it parses') : result.detail;
}

/** A certificate of hand-made fields around good ones. */
function handMade(fields: {
  version?: Uint8Array;
  serial?: Uint8Array;
  validity?: Uint8Array;
  spki?: Uint8Array;
  tail?: readonly Uint8Array[];
  outer?: Uint8Array;
  inner?: Uint8Array;
}) {
  const { algorithm, sign } = signerOf(ca.privateKey);
  const tbs = der.sequence(
    fields.version ?? der.tlv(0xa0, der.integer(2)),
    fields.serial ?? der.integer(1),
    fields.inner ?? algorithm,
    ca.certificate.subject.raw,
    fields.validity ?? der.sequence(der.time('2026-01-01'), der.time('2036-01-01')),
    der.name('CN=client'),
    fields.spki ?? leaf.certificate.spki,
    ...(fields.tail ?? []),
  );
  return der.sequence(tbs, fields.outer ?? algorithm, der.bits(sign(tbs)));
}

test('a certificate is parsed once into one frozen value', () => {
  const certificate = parsed(leaf.der);
  assert.ok(Object.isFrozen(certificate));
  assert.equal(certificate.version, 3);
  assert.equal(rfc2253(certificate.subject), 'CN=client,O=Example');
  assert.equal(rfc2253(certificate.issuer), 'CN=Root,C=DE');
  assert.equal(certificate.notBefore.toISOString(), '2026-01-01T00:00:00.000Z');
  assert.equal(certificate.notAfter.toISOString(), '2036-01-01T00:00:00.000Z');
  assert.deepEqual(certificate.keyType, { type: 'ec', curve: 'P-256', curveOid: '1.2.840.10045.3.1.7' });
  assert.equal(certificate.signatureAlgorithm.name, 'ecdsa-with-SHA256');
  assert.match(certificate.fingerprint, /^[0-9a-f]{64}$/);
  assert.ok(certificate.publicKey()?.equals(leaf.publicKey));
  assert.equal(certificate.publicKey(), certificate.publicKey());
});

test('a self-issued certificate is told from an issued one', () => {
  assert.equal(isSelfIssued(ca.certificate), true);
  assert.equal(isSelfIssued(leaf.certificate), false);
});

for (const [serial, hex] of [
  [291n, '0123'],
  [17767n, '4567'],
  [1n, '01'],
  [0n, '00'],
  [0x1000n, '1000'],
  [0x936eacbe07f201dfn, '00936eacbe07f201df'],
  [-1n, 'ff'],
] as const) {
  test(`serial number ${serial} is ${hex} in hex`, () => {
    const { serialNumber, serialHex } = ca.issue({ serial }).certificate;
    assert.deepEqual([serialNumber, serialHex], [serial, hex]);
  });
}

test("later changes to the caller's bytes do not matter", () => {
  const bytes = new Uint8Array(leaf.der);
  const { der: own, fingerprint } = parsed(bytes);
  bytes.fill(0);
  assert.deepEqual(own, leaf.der);
  assert.equal(fingerprint, leaf.certificate.fingerprint);
});

for (const [key, type] of [
  ['rsa2048', { type: 'rsa', modulusBits: 2048, exponentBits: 17, isSound: true }],
  ['p384', { type: 'ec', curve: 'P-384', curveOid: '1.3.132.0.34' }],
  ['p521', { type: 'ec', curve: 'P-521', curveOid: '1.3.132.0.35' }],
  ['secp256k1', { type: 'ec', curve: undefined, curveOid: '1.3.132.0.10' }],
  ['ml-dsa-44', { type: 'ml-dsa-44' }],
  ['ml-dsa-65', { type: 'ml-dsa-65' }],
  ['ml-dsa-87', { type: 'ml-dsa-87' }],
  ['ed25519', { type: 'ed25519' }],
  ['ed448', { type: 'other', oid: '1.3.101.113' }],
] as const satisfies [KeyName, object][]) {
  test(`a ${key} key is recognised`, () => assert.deepEqual(ca.issue({ key }).certificate.keyType, type));
}

const spki = (oid: string, key: Uint8Array, ...parameters: Uint8Array[]) =>
  der.sequence(der.sequence(der.oid(oid), ...parameters), der.bits(key));
const rsaKey = (modulus: bigint, exponent: bigint) => der.sequence(der.integer(modulus), der.integer(exponent));
const [rsa, ec, p256] = ['1.2.840.113549.1.1.1', '1.2.840.10045.2.1', '1.2.840.10045.3.1.7'];
const odd2048 = (1n << 2047n) + 1n;

for (const [why, key, message] of [
  ['an Ed25519 key with parameters', spki('1.3.101.112', new Uint8Array(32), der.tlv(5)), /parameters/],
  ['an Ed25519 key of 33 bytes', spki('1.3.101.112', new Uint8Array(33)), /length/],
  ['an ML-DSA key with parameters', spki('2.16.840.1.101.3.4.3.17', new Uint8Array(1312), der.tlv(5)), /parameters/],
  ['an ML-DSA-87 key of the length of 44', spki('2.16.840.1.101.3.4.3.19', new Uint8Array(1312)), /length/],
  ['an RSA key with an OID for parameters', spki(rsa, rsaKey(odd2048, 3n), der.oid('1.2.3')), /parameters/],
  ['a negative modulus', spki(rsa, rsaKey(-odd2048, 3n), der.tlv(5)), /negative/],
  ['a hybrid EC point', spki(ec, new Uint8Array([6, ...new Uint8Array(64)]), der.oid(p256)), /point/],
  ['an EC point at infinity', spki(ec, new Uint8Array(1), der.oid(p256)), /point/],
  ['an empty key', spki(ec, new Uint8Array(0), der.oid(p256)), /point/],
] as const) {
  test(`${why} is malformed`, () => assert.match(refusal(handMade({ spki: key })), message));
}

test('an RSA key for which anybody signs is weak', () => {
  for (const [modulus, exponent] of [
    [odd2048, 1n],
    [odd2048, 2n],
    [odd2048, 65536n],
    [odd2048 - 1n, 65537n],
  ] as const) {
    const { keyType } = parsed(handMade({ spki: spki(rsa, rsaKey(modulus, exponent), der.tlv(5)) }));
    assert.match(keyWeakness(keyType) ?? '', /impossible/);
  }
  const { keyType } = parsed(handMade({ spki: spki(rsa, rsaKey(odd2048, 3n)) }));
  assert.equal(keyWeakness(keyType), undefined);
});

test('an empty issuer is malformed: nobody has issued it', () => {
  assert.match(refusal(ca.issue({ issuer: '' }).der), /empty issuer/);
  assert.match(refusal(makeCa({ subject: '' }).der), /empty issuer/);
  assert.equal(ca.issue({ subject: '' }).certificate.subject.rdns.length, 0);
});

test('version 1 is what is not written', () => {
  assert.equal(makeCa({ version: 1 }).certificate.version, 1);
  assert.match(refusal(handMade({ version: der.tlv(0xa0, der.integer(0)) })), /version/);
  assert.match(refusal(handMade({ version: der.tlv(0xa0, der.integer(3)) })), /version/);
});

const extension = (oid: string, value: Uint8Array) => der.sequence(der.oid(oid), der.octets(value));
const extensionField = (...list: Uint8Array[]) => der.tlv(0xa3, der.sequence(...list));

for (const [why, fields, message] of [
  [
    'extensions in version 2',
    { version: der.tlv(0xa0, der.integer(1)), tail: [extensionField(extension('1.2.3', der.integer(1)))] },
    /version 2/,
  ],
  ['an empty list of extensions', { tail: [extensionField()] }, /empty/],
  [
    'a field after the extensions',
    { tail: [extensionField(extension('1.2.3', der.integer(1))), der.integer(1)] },
    /unexpected/,
  ],
  ['a unique identifier that is no bit string', { tail: [der.tlv(0x81, new Uint8Array([9, 1]))] }, /unused bits/],
  ['an empty unique identifier', { tail: [der.tlv(0x82)] }, /empty bit string/],
  ['a serial number that is not minimal', { serial: der.tlv(2, new Uint8Array([0, 1])) }, /minimal/],
  ['a validity of one time', { validity: der.sequence(der.time('2026-01-01')) }, /two times/],
  [
    'a validity of three times',
    { validity: der.sequence(der.time('2026-01-01'), der.time('2026-01-01'), der.time('2026-01-01')) },
    /two times/,
  ],
  ['an outer algorithm unlike the inner', { outer: der.sequence(der.oid('1.2.840.10045.4.3.3')) }, /differ/],
  [
    'an inner algorithm with NULL parameters',
    { inner: der.sequence(der.oid('1.2.840.10045.4.3.2'), der.tlv(5)) },
    /differ/,
  ],
] as const) {
  test(`${why} is malformed`, () => assert.match(refusal(handMade(fields)), message));
}

test('the hand-made certificate without a flaw parses', () => {
  assert.equal(parsed(handMade({})).version, 3);
  assert.equal(parsed(handMade({ tail: [der.tlv(0x81, new Uint8Array([4, 0xf0]))] })).version, 3);
});

test('a certificate of more than 64 KiB is refused unread', () => {
  const huge = { oid: '1.2.3', value: der.octets(new Uint8Array(maxCertificateBytes)) };
  assert.match(refusal(ca.issue({ extensions: [huge] }).der), /longer/);
});

test('every truncation and every byte after the end is malformed', () => {
  for (let length = 0; length < leaf.der.length; length++)
    assert.equal(parseCertificate(leaf.der.subarray(0, length)).ok, false);
  assert.match(refusal(new Uint8Array([...leaf.der, 0])), /after/);
});

test('random bytes never throw and never parse', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => !parseCertificate(bytes).ok));
});

test('no flipped bit of a certificate is trusted, unless it leaves what is signed alone', () => {
  const question = { intermediates: [], anchors: [ca.certificate], now };
  assert.ok(validatePath({ ...question, leaf: leaf.certificate }).ok);
  const bit = fc.record({ at: fc.nat(leaf.der.length - 1), mask: fc.integer({ min: 0, max: 7 }).map((n) => 1 << n) });
  fc.assert(
    fc.property(bit, ({ at, mask }) => {
      const bent = new Uint8Array(leaf.der);
      bent[at] = (bent[at] ?? 0) ^ mask;
      const result = parseCertificate(bent);
      return !result.ok || !validatePath({ ...question, leaf: result.certificate }).ok;
    }),
    { numRuns: 500 },
  );
});

test('PEM goes there and back', () => {
  const text = `Bag Attributes\r\n${certificatePem(leaf.der)}between\n${ca.pem.replaceAll('\n', '\r\n')}after`;
  assert.deepEqual(parsePemCertificates(text), {
    ok: true,
    certificates: [new Uint8Array(leaf.der), new Uint8Array(ca.der)],
  });
  assert.equal(certificatePem(leaf.der), leaf.pem);
});

const pem = (body: string, label = 'CERTIFICATE') => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;

for (const [why, text, reason] of [
  ['no text', '', 'noCertificate'],
  ['bare base64', Buffer.from(leaf.der).toString('base64'), 'noCertificate'],
  ['a block without its end', '-----BEGIN CERTIFICATE-----\nAAAA\n', 'unterminated'],
  ['a block with another end', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END X509 CERTIFICATE-----\n', 'unterminated'],
  ['a block in a block', `-----BEGIN CERTIFICATE-----\n${pem('AAAA')}`, 'badBase64'],
  ['an empty block', pem(''), 'badBase64'],
  ['base64 of the web kind', pem('AA-_'), 'badBase64'],
  ['base64 without its padding', pem('AA'), 'badBase64'],
  ['base64 with bits behind its end', pem('AB=='), 'badBase64'],
  ['padding inside', pem('AA==AAAA'), 'badBase64'],
  ['a header inside the block', pem('Proc-Type: 4\n\nAAAA'), 'badBase64'],
  ['a private key', pem('AAAA', 'PRIVATE KEY'), 'wrongLabel'],
  ['a private key beside a certificate', ca.pem + pem('AAAA', 'PRIVATE KEY'), 'wrongLabel'],
  ['more certificates than are wanted', leaf.pem.repeat(3), 'tooMany'],
] as const) {
  test(`${why} is no list of certificates`, () =>
    assert.deepEqual(parsePemCertificates(text, 2), { ok: false, reason }));
}
