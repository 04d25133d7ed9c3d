import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CertificateOptions, makeCa } from '../../../test/pki.ts';
import { anchorViolations, importViolations, leafViolations } from './constraints.ts';

const ca = makeCa();
const ofLeaf = (options: CertificateOptions) =>
  leafViolations(ca.issue(options).certificate).map(({ reason }) => reason);
const ofAnchor = (options: CertificateOptions) =>
  anchorViolations(makeCa(options).certificate).map(({ reason }) => reason);

for (const [what, options] of [
  ['an ordinary leaf', {}],
  ['a leaf without basicConstraints', { basicConstraints: false }],
  ['a leaf without clientAuth', { eku: ['serverAuth'] }],
  ['a leaf with more key usages', { keyUsage: ['digitalSignature', 'keyEncipherment'] }],
  ['an RSA leaf of 2048 bits', { key: 'rsa2048' }],
  ['a P-521 leaf', { key: 'p521' }],
  ['an ML-DSA leaf', { key: 'ml-dsa-65' }],
  ['an expired leaf, which is not judged here', { notAfter: '2026-01-02' }],
] as const satisfies [string, CertificateOptions][]) {
  test(`${what} may authenticate`, () => assert.deepEqual(ofLeaf(options), []));
}

for (const [reason, options] of [
  ['notVersion3', { version: 1 }],
  ['isCa', { basicConstraints: { ca: true } }],
  ['noDigitalSignature', { keyUsage: false }],
  ['noDigitalSignature', { keyUsage: ['keyAgreement'] }],
  ['weakSignatureAlgorithm', { hash: 'sha1' }],
  ['emptySubject', { subject: '', san: { dns: ['a.example'] } }],
  ['weakKey', { key: 'rsa1024' }],
  ['unsupportedKey', { key: 'rsaPss2048' }],
  ['unsupportedKey', { key: 'p224' }],
  ['unsupportedKey', { key: 'secp256k1' }],
  ['unsupportedKey', { key: 'ed25519' }],
  ['unsupportedKey', { key: 'ed448' }],
] as const satisfies [string, CertificateOptions][]) {
  test(`a leaf with ${JSON.stringify(options)} is refused: ${reason}`, () =>
    assert.ok(ofLeaf(options).includes(reason)));
}

test('what an Ed25519 key has signed is refused by name, whatever its own key', () => {
  const leaf = makeCa({ key: 'ed25519' }).issue({}).certificate;
  assert.deepEqual(
    leafViolations(leaf).map(({ reason, detail }) => [reason, detail]),
    [['unsupportedSignatureAlgorithm', 'signed with ed25519, which is not supported']],
  );
});

test('each violation says what and who asks for it', () => {
  const [violation] = leafViolations(ca.issue({ keyUsage: ['keyAgreement'] }).certificate);
  assert.deepEqual(violation, {
    reason: 'noDigitalSignature',
    detail: 'keyUsage does not include digitalSignature',
    rule: 'Roles Anywhere user guide, trust model',
  });
});

test('an ordinary CA may be an anchor, self-signed or not', () => {
  assert.deepEqual(ofAnchor({}), []);
  assert.deepEqual(ofAnchor({ key: 'ml-dsa-44' }), []);
  assert.deepEqual(ofAnchor({ key: 'rsaPss2048' }), []);
  assert.deepEqual(anchorViolations(ca.issueCa({}).certificate), []);
});

for (const [reason, options] of [
  ['notVersion3', { version: 1 }],
  ['notCa', { basicConstraints: false }],
  ['notCa', { basicConstraints: { ca: false } }],
  ['noKeyCertSign', { keyUsage: false }],
  ['noKeyCertSign', { keyUsage: ['cRLSign'] }],
  ['weakSignatureAlgorithm', { hash: 'sha1' }],
  ['weakSignatureAlgorithm', { key: 'rsa2048', hash: 'md5' }],
  ['weakKey', { key: 'rsa1024' }],
  ['weakKey', { key: 'rsaPss1024' }],
  ['unsupportedKey', { key: 'ed25519' }],
  ['unsupportedSignatureAlgorithm', { key: 'ed25519' }],
  ['unsupportedSignatureAlgorithm', { key: 'ed448' }],
] as const satisfies [string, CertificateOptions][]) {
  test(`an anchor with ${JSON.stringify(options)} is refused: ${reason}`, () =>
    assert.ok(ofAnchor(options).includes(reason)));
}

const critical = { oid: '1.2.3.4', critical: true, value: new Uint8Array([5, 0]) };

test('what would keep every path from an anchor keeps it from being imported, and is no rule of AWS', () => {
  const odd = makeCa({ extensions: [critical] }).certificate;
  assert.deepEqual(anchorViolations(odd), []);
  assert.deepEqual(
    importViolations(odd).map(({ reason }) => reason),
    ['unknownCriticalExtension'],
  );
  assert.deepEqual(importViolations(makeCa({ extensions: [{ ...critical, critical: false }] }).certificate), []);
  const hollow = { ...makeCa().certificate, publicKey: () => undefined };
  assert.deepEqual(
    importViolations(hollow).map(({ reason }) => reason),
    ['unusableKey'],
  );
});

test('what AWS refuses is named before what we refuse', () => {
  const reasons = importViolations(ca.issue({ extensions: [critical] }).certificate).map(({ reason }) => reason);
  assert.deepEqual(reasons, ['notCa', 'noKeyCertSign', 'unknownCriticalExtension']);
});

test('a leaf is no anchor', () => {
  const reasons = anchorViolations(ca.issue({}).certificate).map(({ reason }) => reason);
  assert.deepEqual(reasons, ['notCa', 'noKeyCertSign']);
});
