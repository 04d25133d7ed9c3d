// From certificates to session tags: which specifier names what, how several values join, and what STS cannot carry.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type CertificateOptions, der, makeCa } from '../../../test/pki.ts';
import { type CertificateField, isSpecifier, type Mapping, mapAttributes, normalSpecifier } from './attributes.ts';

const ca = makeCa({ subject: 'C=DE,O=Authority,CN=Root' });

function mapped(leaf: CertificateOptions, ...mappings: readonly Mapping[]) {
  return mapAttributes(ca.issue(leaf).certificate, mappings);
}

function tags(leaf: CertificateOptions, ...mappings: readonly Mapping[]) {
  return mapped(leaf, ...mappings).tags;
}

const rules = (certificateField: CertificateField, ...specifiers: readonly string[]): Mapping => ({
  certificateField,
  mappingRules: specifiers.map((specifier) => ({ specifier })),
});
const subject = (...specifiers: readonly string[]) => rules('x509Subject', ...specifiers);
const san = (...specifiers: readonly string[]) => rules('x509SAN', ...specifiers);

test('the default mappings name every known attribute of subject and issuer and the first of each alternative name', () => {
  const leaf = {
    subject: 'C=US,ST=WA,L=Seattle,O=Acme,OU=Ops,CN=client,1.2.3.4=hidden',
    san: { dns: ['a.example'], uri: ['spiffe://td/x'], directoryName: 'OU=Inner,CN=alt' },
  };
  assert.deepEqual(tags(leaf, rules('x509Issuer', '*'), san('DNS', 'URI', 'Name/*'), subject('*')), {
    'x509Issuer/C': 'DE',
    'x509Issuer/O': 'Authority',
    'x509Issuer/CN': 'Root',
    'x509SAN/DNS': 'a.example',
    'x509SAN/URI': 'spiffe://td/x',
    'x509SAN/Name/OU': 'Inner',
    'x509SAN/Name/CN': 'alt',
    'x509Subject/C': 'US',
    'x509Subject/ST': 'WA',
    'x509Subject/L': 'Seattle',
    'x509Subject/O': 'Acme',
    'x509Subject/OU': 'Ops',
    'x509Subject/CN': 'client',
  });
});

test('no mapping makes no tag, and a mapping of what is not there makes none', () => {
  const leaf = { subject: 'O=Acme,CN=client' };
  assert.deepEqual(mapped(leaf), { tags: {}, unmapped: [] });
  assert.deepEqual(mapped(leaf, subject()), { tags: {}, unmapped: [] });
  assert.deepEqual(mapped(leaf, subject('OU', '1.2.3'), san('DNS', 'URI', 'Name/*')), { tags: {}, unmapped: [] });
});

test('only what is named is mapped', () => {
  assert.deepEqual(tags({ subject: 'O=Acme,OU=Ops,CN=client' }, subject('OU')), { 'x509Subject/OU': 'Ops' });
  assert.deepEqual(tags({ subject: 'CN=client' }, rules('x509Issuer', 'CN')), { 'x509Issuer/CN': 'Root' });
});

test('several values of one type are joined by a slash in the order of the certificate', () => {
  const leaf = { subject: 'OU=Security,O=Acme,OU=Engineering,OU=Research+CN=client' };
  assert.deepEqual(tags(leaf, subject('OU')), { 'x509Subject/OU': 'Security/Engineering/Research' });
  assert.equal(tags(leaf, subject('*'))['x509Subject/OU'], 'Security/Engineering/Research');
});

test('a type may be named by its OID or by another name; the tag has the name that was used', () => {
  const leaf = { subject: 'emailAddress=a@b.example,SN=Doe,GN=Jo,T=Dr,CN=client,1.2.3.4=own' };
  assert.deepEqual(tags(leaf, subject('2.5.4.3', 'E', 'emailAddress', 'surname', 'givenName', 'title', '1.2.3.4')), {
    'x509Subject/2.5.4.3': 'client',
    'x509Subject/E': 'a@b.example',
    'x509Subject/emailAddress': 'a@b.example',
    'x509Subject/surname': 'Doe',
    'x509Subject/givenName': 'Jo',
    'x509Subject/title': 'Dr',
    'x509Subject/1.2.3.4': 'own',
  });
});

test('a star and names beside it are a union', () => {
  const leaf = { subject: 'CN=client,1.2.3.4=own' };
  const both = { 'x509Subject/CN': 'client', 'x509Subject/1.2.3.4': 'own' };
  assert.deepEqual(tags(leaf, subject('*', 'CN', '1.2.3.4')), both);
  assert.deepEqual(tags(leaf, subject('1.2.3.4'), subject('*')), both);
});

test('only the first name of each form counts, wherever others stand between', () => {
  const raw = [
    der.tlv(0x81, Buffer.from('a@b.example')),
    der.tlv(0x86, Buffer.from('spiffe://td/1')),
    der.tlv(0xa4, der.name('CN=one')),
    der.tlv(0x82, Buffer.from('one.example')),
    der.tlv(0xa4, der.name('OU=two,CN=two')),
    der.tlv(0x82, Buffer.from('two.example')),
    der.tlv(0x86, Buffer.from('spiffe://td/2')),
  ];
  assert.deepEqual(tags({ san: { raw } }, san('DNS', 'URI', 'Name/*')), {
    'x509SAN/DNS': 'one.example',
    'x509SAN/URI': 'spiffe://td/1',
    'x509SAN/Name/CN': 'one',
  });
  assert.deepEqual(tags({ san: { raw } }, san('Name/OU')), {});
});

for (const [what, value, because] of [
  ['a comma', 'a\\,b', 'illegalCharacters'],
  ['an asterisk', 'a*', 'illegalCharacters'],
  ['a control sign', 'a\u0007', 'illegalCharacters'],
  ['a line end', 'a\n', 'illegalCharacters'],
  ['a quotation mark', 'a"b', 'illegalCharacters'],
  ['an emoji', 'a😀', 'illegalCharacters'],
  ['nothing', '', 'empty'],
  ['257 letters', 'x'.repeat(257), 'tooLong'],
] as const) {
  test(`a value with ${what} makes no tag, is reported, and keeps no other from being mapped`, () => {
    const { tags: made, unmapped } = mapped({ subject: `O=${value},CN=client` }, subject('*'));
    assert.deepEqual(made, { 'x509Subject/CN': 'client' });
    assert.deepEqual(unmapped, [{ key: 'x509Subject/O', reason: because }]);
  });
}

test('what STS carries is carried: letters of any script, numbers, spaces, signs and 256 of them', () => {
  for (const value of ['Größe 2', '東京', 'a_.:/=@-', 'x'.repeat(256), 'a\u00a0b', '٣']) {
    assert.equal(tags({ subject: `O=${value},CN=c` }, subject('O'))['x509Subject/O'], value);
  }
  assert.equal(tags({ subject: 'O=a\\+b,CN=c' }, subject('O'))['x509Subject/O'], 'a+b');
});

test('values that are lawful alone may be too long together', () => {
  const leaf = { subject: `OU=${'a'.repeat(128)},OU=${'b'.repeat(128)},CN=c` };
  assert.deepEqual(mapped(leaf, subject('OU')), { tags: {}, unmapped: [{ key: 'x509Subject/OU', reason: 'tooLong' }] });
});

test('a value that is no text makes no tag', () => {
  const bits = der.sequence(der.oid('1.2.3'), der.bits(Uint8Array.of(7)));
  const name = der.sequence(der.tlv(0x31, bits), der.tlv(0x31, der.sequence(der.oid('2.5.4.3'), der.text(0x0c, 'c'))));
  const { tags: made, unmapped } = mapped({ subject: name }, subject('*', '1.2.3'));
  assert.deepEqual(made, { 'x509Subject/CN': 'c' });
  assert.deepEqual(unmapped, [{ key: 'x509Subject/1.2.3', reason: 'illegalCharacters' }]);
});

const specifiers: Readonly<Record<CertificateField, readonly [good: readonly string[], bad: readonly string[]]>> = {
  x509Subject: [
    ['*', 'CN', 'OU', 'UID', 'emailAddress', 'E', 'title', '2.5.4.3', '0.9.2342.19200300.100.1.1', '1.0'],
    ['', 'cn', 'DNS', 'URI', 'Name', 'Name/CN', 'CN ', '*/CN', '3.1', '1', '1.', '.1', '1.01', '1.2.', 'toString'],
  ],
  x509Issuer: [
    ['*', 'C', 'DC'],
    ['Name/*', 'DNS', '__proto__', 'Issuer'],
  ],
  x509SAN: [
    ['DNS', 'URI', 'Name', 'Name/', 'Name/*', 'Name/CN', 'Name/2.5.4.3', 'Name/E'],
    ['*', 'CN', 'dns', 'DNS/*', 'URI/*', 'Name/DNS', 'Name/Name/*', 'Name//', 'name', 'RFC822', '2.5.4.3', ''],
  ],
};

for (const field of ['x509Subject', 'x509Issuer', 'x509SAN'] as const) {
  test(`the specifiers of ${field}`, () => {
    const [good, bad] = specifiers[field];
    for (const specifier of good) assert.equal(isSpecifier(field, specifier), true, specifier);
    for (const specifier of bad) assert.equal(isSpecifier(field, specifier), false, specifier);
  });
}

test('Name and Name/ of alternative names are Name/*, and of nothing else', () => {
  assert.deepEqual(
    ['Name', 'Name/', 'Name/*', 'Name/CN', 'DNS'].map((text) => normalSpecifier('x509SAN', text)),
    ['Name/*', 'Name/*', 'Name/*', 'Name/CN', 'DNS'],
  );
  assert.equal(normalSpecifier('x509Subject', 'Name'), 'Name');
});
