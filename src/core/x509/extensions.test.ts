import assert from 'node:assert/strict';
import { test } from 'node:test';
import { der, makeCa, type RawExtension } from '../../../test/pki.ts';
import { parseCertificate } from './certificate.ts';
import { criticalProblem } from './extensions.ts';
import { rfc2253 } from './name.ts';

const ca = makeCa();
const bare = {
  basicConstraints: false,
  keyUsage: false,
  subjectKeyIdentifier: false,
  authorityKeyIdentifier: false,
} as const;
const extensionsOf = (options: Parameters<typeof ca.issue>[0]) =>
  ca.issue({ ...bare, ...options }).certificate.extensions;
const withRaw = (...extensions: RawExtension[]) => parseCertificate(ca.issue({ ...bare, extensions }).der);

test('a certificate without extensions has none', () => {
  assert.deepEqual(makeCa({ version: 1 }).certificate.extensions, { oids: [], critical: [], unknownCritical: [] });
});

test('basicConstraints, keyUsage and extKeyUsage are read', () => {
  const { extensions } = makeCa({
    pathLen: 2,
    keyUsage: ['keyCertSign', 'decipherOnly'],
    eku: ['clientAuth', '1.2.3'],
  }).certificate;
  assert.deepEqual(extensions.basicConstraints, { ca: true, pathLenConstraint: 2 });
  assert.deepEqual(extensions.keyUsage, ['keyCertSign', 'decipherOnly']);
  assert.deepEqual(extensions.extKeyUsage, ['1.3.6.1.5.5.7.3.2', '1.2.3']);
  assert.deepEqual(extensions.critical, ['2.5.29.19', '2.5.29.15']);
});

test('every form of subjectAltName is read in order', () => {
  const { subjectAltName = [] } = extensionsOf({
    san: {
      dns: ['a.example', 'b.example'],
      uri: ['spiffe://td/x'],
      email: ['a@b'],
      ip: [new Uint8Array([10, 0, 0, 1]), new Uint8Array(16)],
      directoryName: 'O=X,CN=y',
      raw: [
        der.tlv(0x88, new Uint8Array([42, 3])),
        der.tlv(0xa0, der.oid('1.2.3'), der.tlv(0xa0, der.text(0x0c, 'a'))),
        der.tlv(0xa5, der.tlv(0xa0, der.text(0x0c, 'a')), der.tlv(0xa1, der.text(0x13, 'b'))),
        der.tlv(0xa3, der.sequence()),
      ],
    },
  });
  const shown = subjectAltName.map(
    (name) => `${name.form} ${name.form === 'directoryName' ? rfc2253(name.value) : name.value}`,
  );
  assert.deepEqual(shown, [
    'email a@b',
    'dns a.example',
    'dns b.example',
    'directoryName CN=y,O=X',
    'uri spiffe://td/x',
    'ip 10,0,0,1',
    `ip ${new Uint8Array(16)}`,
    'registeredID 42,3',
    'otherName 6,2,42,3,160,3,12,1,97',
    'ediPartyName 160,3,12,1,97,161,3,19,1,98',
    'x400Address 48,0',
  ]);
});

test('key identifiers are hex', () => {
  const { extensions } = ca.issue({}).certificate;
  assert.equal(extensions.authorityKeyIdentifier?.keyIdentifier, ca.certificate.extensions.subjectKeyIdentifier);
  assert.match(extensions.subjectKeyIdentifier ?? '', /^[0-9a-f]{40}$/);
});

test('policies and their constraints are read', () => {
  const result = withRaw(
    { oid: '2.5.29.32', value: der.sequence(der.sequence(der.oid('1.2.3')), der.sequence(der.oid('2.5.29.32.0'))) },
    { oid: '2.5.29.33', value: der.sequence(der.sequence(der.oid('1.2.3'), der.oid('1.2.4'))) },
    { oid: '2.5.29.36', value: der.sequence(der.tlv(0x80, new Uint8Array([0])), der.tlv(0x81, new Uint8Array([3]))) },
    { oid: '2.5.29.54', value: der.integer(7) },
  );
  assert.ok(result.ok);
  const { certificatePolicies, policyMappings, policyConstraints, inhibitAnyPolicy } = result.certificate.extensions;
  assert.deepEqual(certificatePolicies, { policies: ['1.2.3', '2.5.29.32.0'], hasUnknownQualifier: false });
  assert.deepEqual(policyMappings, [{ issuer: '1.2.3', subject: '1.2.4' }]);
  assert.deepEqual(policyConstraints, { requireExplicitPolicy: 0, inhibitPolicyMapping: 3 });
  assert.equal(inhibitAnyPolicy, 7);
});

test('an unknown extension is kept by its OID, a critical one is named as such', () => {
  const result = withRaw(
    { oid: '1.2.3', value: der.integer(1) },
    { oid: '1.2.4', critical: true, value: new Uint8Array([0xff]) },
  );
  assert.ok(result.ok);
  assert.deepEqual(result.certificate.extensions.oids, ['1.2.3', '1.2.4']);
  assert.deepEqual(result.certificate.extensions.unknownCritical, ['1.2.4']);
});

test('a qualifier nobody understands makes a critical policy unknown, a plain one not', () => {
  const value = der.sequence(
    der.sequence(der.oid('1.2.3'), der.sequence(der.sequence(der.oid('1.2.3.4'), der.integer(1)))),
  );
  for (const critical of [true, false]) {
    const result = withRaw({ oid: '2.5.29.32', critical, value });
    assert.deepEqual(result.ok && result.certificate.extensions.unknownCritical, critical ? ['2.5.29.32'] : []);
  }
});

test('a critical key identifier is none that could be honoured', () => {
  for (const [oid, value] of [
    ['2.5.29.14', der.octets(new Uint8Array(20))],
    ['2.5.29.35', der.sequence()],
  ] as const) {
    const result = withRaw({ oid, critical: true, value });
    assert.deepEqual(result.ok && result.certificate.extensions.unknownCritical, [oid]);
    assert.ok(result.ok && /must not be critical/.test(criticalProblem(result.certificate.extensions) ?? ''));
    const plain = withRaw({ oid, value });
    assert.equal(plain.ok && criticalProblem(plain.certificate.extensions), undefined);
  }
});

test('CA false spelled out is taken, as it is common', () => {
  const result = withRaw({ oid: '2.5.29.19', value: der.sequence(der.boolean(false)) });
  assert.deepEqual(result.ok && result.certificate.extensions.basicConstraints, {
    ca: false,
    pathLenConstraint: undefined,
  });
});

const name = (tag: number, text: string) => der.text(tag, text);
const sanOf = (...names: Uint8Array[]) => ({ oid: '2.5.29.17', value: der.sequence(...names) });
const permitted = (...parts: Uint8Array[]) => ({
  oid: '2.5.29.30',
  value: der.sequence(der.tlv(0xa0, der.sequence(...parts))),
});

for (const [why, ...extensions] of [
  ['an extension that comes twice', sanOf(name(0x82, 'a')), sanOf(name(0x82, 'b'))],
  [
    'an unknown extension that comes twice',
    { oid: '1.2.3', value: der.integer(1) },
    { oid: '1.2.3', value: der.integer(2) },
  ],
  ['bytes after the value', { oid: '2.5.29.19', value: Buffer.concat([der.sequence(), der.integer(1)]) }],
  [
    'basicConstraints with a negative path length',
    { oid: '2.5.29.19', value: der.sequence(der.boolean(true), der.integer(-1)) },
  ],
  ['basicConstraints with a boolean of 01', { oid: '2.5.29.19', value: der.sequence(der.tlv(1, new Uint8Array([1]))) }],
  [
    'basicConstraints with a third field',
    { oid: '2.5.29.19', value: der.sequence(der.boolean(true), der.integer(1), der.integer(1)) },
  ],
  ['keyUsage that is no bit string', { oid: '2.5.29.15', value: der.integer(1) }],
  ['keyUsage without a bit', { oid: '2.5.29.15', value: der.bits(new Uint8Array()) }],
  ['an empty extKeyUsage', { oid: '2.5.29.37', value: der.sequence() }],
  ['an empty subjectAltName', sanOf()],
  ['a DNS name that is not ASCII', sanOf(name(0x82, '\xe4.example'))],
  ['an IP address of five bytes', sanOf(der.tlv(0x87, new Uint8Array(5)))],
  ['a general name of a tenth form', sanOf(name(0x89, 'a'))],
  ['a DNS name in constructed form', sanOf(der.tlv(0xa2, der.integer(1)))],
  ['an otherName without a value', sanOf(der.tlv(0xa0, der.oid('1.2.3')))],
  ['an otherName without a type', sanOf(der.tlv(0xa0, der.tlv(0xa0, der.integer(1))))],
  [
    'an otherName with two values',
    sanOf(der.tlv(0xa0, der.oid('1.2.3'), der.tlv(0xa0, der.integer(1), der.integer(1)))),
  ],
  ['an x400Address in primitive form', sanOf(name(0x83, 'a'))],
  ['an ediPartyName without a party', sanOf(der.tlv(0xa5, der.tlv(0xa0, name(0x0c, 'a'))))],
  ['an ediPartyName whose party is no text', sanOf(der.tlv(0xa5, der.tlv(0xa1, der.integer(1))))],
  ['a registeredID cut short', sanOf(der.tlv(0x88, new Uint8Array([42, 0x83])))],
  ['name constraints without subtrees', { oid: '2.5.29.30', value: der.sequence() }],
  ['name constraints with an empty list', { oid: '2.5.29.30', value: der.sequence(der.tlv(0xa0)) }],
  ['name constraints with a minimum', permitted(name(0x82, 'a'), der.tlv(0x80, new Uint8Array([1])))],
  ['name constraints on an address without mask', permitted(der.tlv(0x87, new Uint8Array(4)))],
  ['name constraints with a hole in the mask', permitted(der.tlv(0x87, new Uint8Array([10, 0, 0, 0, 255, 0, 255, 0])))],
  [
    'a policy that comes twice',
    { oid: '2.5.29.32', value: der.sequence(der.sequence(der.oid('1.2.3')), der.sequence(der.oid('1.2.3'))) },
  ],
  ['a policy mapping of one OID', { oid: '2.5.29.33', value: der.sequence(der.sequence(der.oid('1.2.3'))) }],
  ['empty policy constraints', { oid: '2.5.29.36', value: der.sequence() }],
  ['a negative inhibitAnyPolicy', { oid: '2.5.29.54', value: der.integer(-1) }],
  ['a key identifier that is no octet string', { oid: '2.5.29.14', value: der.integer(1) }],
  ['distribution points without one', { oid: '2.5.29.31', value: der.sequence() }],
  ['a distribution point that says nothing', { oid: '2.5.29.31', value: der.sequence(der.sequence()) }],
  [
    'a distribution point of reasons alone',
    { oid: '2.5.29.31', value: der.sequence(der.sequence(der.tlv(0x81, new Uint8Array([1, 2])))) },
  ],
  [
    'a distribution point with an empty list of names',
    { oid: '2.5.29.31', value: der.sequence(der.sequence(der.tlv(0xa0, der.tlv(0xa0)))) },
  ],
  ['a distribution point that is a number', { oid: '2.5.29.31', value: der.sequence(der.integer(1)) }],
  [
    'more than 64 extensions',
    ...Array.from({ length: 65 }, (_, at) => ({ oid: `1.2.3.${at}`, value: der.integer(1) })),
  ],
] satisfies [string, ...RawExtension[]][]) {
  test(`${why} makes the certificate malformed`, () => assert.equal(withRaw(...extensions).ok, false));
}
