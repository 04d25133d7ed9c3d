import assert from 'node:assert/strict';
import { test } from 'node:test';
import { der } from '../../../test/pki.ts';
import { DerError, readElement } from './der.ts';
import { isEmpty, isWithin, isWrittenAlike, nameOf, namesEqual, rfc2253 } from './name.ts';

const utf8 = 0x0c;
const printable = 0x13;
const name = (written: string, stringTag?: number) => nameOf(readElement(der.name(written, stringTag)));
const rdnOf = (oid: string, value: Uint8Array) => der.tlv(0x31, der.sequence(der.oid(oid), value));
const oneValue = (oid: string, value: Uint8Array) => nameOf(readElement(der.sequence(rdnOf(oid, value))));

test('a name keeps the order of its certificate and prints the last RDN first', () => {
  const subject = name('C=DE,O=Example,OU=A,OU=B,CN=client');
  assert.deepEqual(
    subject.attributes.map(({ type, value }) => `${type}=${value}`),
    ['C=DE', 'O=Example', 'OU=A', 'OU=B', 'CN=client'],
  );
  assert.equal(rfc2253(subject), 'CN=client,OU=B,OU=A,O=Example,C=DE');
});

test('case and white space do not tell names apart, nor does the string type', () => {
  assert.ok(namesEqual(name('O=Example  Org,CN= A b '), name('O=EXAMPLE ORG,CN=a B', printable)));
  assert.ok(namesEqual(name('CN=M\u00fcller'), name('CN=m\u00dcLLER', 0x14)));
});

test('other differences do', () => {
  const pairs: [string, string][] = [
    ['CN=a', 'CN=b'],
    ['CN=a', 'O=a'],
    ['CN=a,O=b', 'O=b,CN=a'],
    ['CN=a,O=b', 'CN=a+O=b'],
    ['CN=a', 'CN=a,CN=a'],
    ['CN=ab', 'CN=a b'],
    ['CN=a\\,2.5.4.10=1:b', 'CN=a,O=b'],
    ['CN=', ''],
  ];
  for (const [a, b] of pairs) assert.equal(namesEqual(name(a), name(b)), false, `${a} and ${b}`);
});

test('what is not seen does not tell names apart, nor do other forms of the same letters', () => {
  for (const [one, other] of [
    ['Ev\u00adil', 'evil'],
    ['Ev\u200bil\ufeff', 'evil'],
    ['Ev\u0000il', 'evil'],
    ['Ev\ufe0fil', 'evil'],
    ['Evil\u2003CA', 'evil ca'],
    ['\u00a0Evil\u0085 CA\t', 'evil ca'],
    ['Straße', 'STRASSE'],
    ['ΟΔΟΣ', 'οδος'],
    ['Ａｃｍｅ', 'acme'],
    ['Cafe\u0301', 'CAFÉ'],
    ['ﬁne', 'FINE'],
  ] as const) {
    const [a, b] = [one, other].map((text) => oneValue('2.5.4.10', der.text(utf8, text)));
    assert.ok(a && b && namesEqual(a, b), JSON.stringify([one, other]));
  }
  for (const [one, other] of [
    ['Evil', 'Еvil'], // the second begins with a Cyrillic letter
    ['Evil', 'Év il'],
    ['a\u200bb', 'a b'],
  ] as const) {
    const [a, b] = [one, other].map((text) => oneValue('2.5.4.10', der.text(utf8, text)));
    assert.ok(a && b && !namesEqual(a, b), JSON.stringify([one, other]));
  }
});

test('the attributes of one RDN are a set', () => {
  assert.ok(namesEqual(name('CN=a+OU=b'), name('OU=b+CN=a')));
  const backwards = der.tlv(
    0x31,
    der.sequence(der.oid('2.5.4.11'), der.text(utf8, 'b')),
    der.sequence(der.oid('2.5.4.3'), der.text(utf8, 'a')),
  );
  assert.ok(namesEqual(nameOf(readElement(der.sequence(backwards))), name('CN=a+OU=b')));
});

test('a value that is no string is compared byte by byte and cannot be spelled by one', () => {
  const bits = oneValue('1.2.3', der.bits(new Uint8Array([0x41])));
  assert.equal(bits.attributes[0]?.value, '#03020041');
  assert.equal(namesEqual(bits, oneValue('1.2.3', der.bits(new Uint8Array([0x61])))), false);
  assert.equal(namesEqual(bits, name('1.2.3=#03020041')), false);
  assert.equal(rfc2253(bits), '1.2.3=#03020041');
  assert.ok(isWrittenAlike(bits, oneValue('1.2.3', der.bits(new Uint8Array([0x41])))));
  assert.equal(isWrittenAlike(bits, oneValue('1.2.3', der.bits(new Uint8Array([0x61])))), false);
});

test('names are written alike when case and white space alone tell them apart', () => {
  for (const [one, other] of [
    ['O=Example,CN=a b', 'O=EXAMPLE,CN= a   B '],
    ['CN=a+OU=b', 'OU=B+CN=A'],
    ['', ''],
  ] as const)
    assert.ok(isWrittenAlike(name(one), name(other)), JSON.stringify([one, other]));
  assert.ok(isWrittenAlike(oneValue('2.5.4.3', der.text(0x13, 'a')), oneValue('2.5.4.3', der.text(utf8, 'A'))));
});

for (const [why, written] of [
  ['a character that is not seen', 'a\0'],
  ['another that is not seen', 'a\u00ad'],
  ['a letter of full width', '\uff41'],
] as const)
  test(`equal names are not written alike for ${why}`, () => {
    const [plain, odd] = ['a', written].map((text) => oneValue('2.5.4.10', der.text(utf8, text)));
    assert.ok(plain && odd && namesEqual(plain, odd));
    assert.equal(isWrittenAlike(plain, odd), false);
    assert.equal(isWrittenAlike(odd, plain), false);
    assert.ok(isWrittenAlike(odd, odd));
  });

test('letters beyond ASCII in another case are equal, and not written alike', () => {
  const [small, capital] = ['ä', 'Ä'].map((text) => oneValue('2.5.4.10', der.text(utf8, text)));
  assert.ok(small && capital && namesEqual(small, capital) && !isWrittenAlike(small, capital));
});

test('a name lies within the subtree of its first RDNs only', () => {
  const client = name('C=DE,O=Example,CN=client');
  for (const base of ['', 'C=de', 'C=DE,O=EXAMPLE', 'C=DE,O=Example,CN=client'])
    assert.ok(isWithin(client, name(base)), base);
  for (const base of ['O=Example', 'C=DE,CN=client', 'C=DE,O=Exam', 'C=DE,O=Example,CN=client,CN=x']) {
    assert.equal(isWithin(client, name(base)), false, base);
  }
});

test('special characters are escaped in text', () => {
  assert.equal(rfc2253(name('CN=a\\,b\\+c"\\\\<d>;e')), 'CN=a\\,b\\+c\\"\\\\\\<d\\>\\;e');
  assert.equal(rfc2253(name('CN=#a')), 'CN=\\#a');
  assert.equal(rfc2253(name('CN=a\nb')), 'CN=a\\0ab');
  for (const [value, text] of [
    [' ', '\\ '],
    [' a', '\\ a'],
    ['a ', 'a\\ '],
    ['  ', '\\ \\ '],
  ] as const) {
    assert.equal(rfc2253(oneValue('2.5.4.3', der.text(utf8, value))), `CN=${text}`);
  }
});

test('a type without a short name prints as its OID and the hex of its value', () => {
  assert.equal(rfc2253(name('1.2.3.4=x')), '1.2.3.4=#0c0178');
});

test('30 combining marks in a row are taken', () => {
  assert.equal(name(`CN=a${'\u0301\u0323'.repeat(15)}`).attributes.length, 1);
});

test('a name without RDNs is empty', () => {
  assert.ok(isEmpty(name('')));
  assert.equal(rfc2253(name('')), '');
  assert.equal(isEmpty(name('CN=')), false);
});

for (const [why, bytes] of [
  ['an empty RDN', der.sequence(der.tlv(0x31))],
  ['an RDN that is no set', der.sequence(der.sequence(der.sequence(der.oid('2.5.4.3'), der.text(utf8, 'a'))))],
  ['an attribute without value', der.sequence(der.tlv(0x31, der.sequence(der.oid('2.5.4.3'))))],
  [
    'an attribute with two values',
    der.sequence(der.tlv(0x31, der.sequence(der.oid('2.5.4.3'), der.text(utf8, 'a'), der.text(utf8, 'b')))),
  ],
  ['a PrintableString with an underscore', der.name('CN=a_b', printable)],
  ['31 combining marks in a row', der.name(`CN=a${'\u0301\u0323'.repeat(15)}\u0301`)],
  ['31 combining marks with what is not seen between them', der.name(`CN=a${'\u0301\u200b'.repeat(31)}`)],
  ['31 marks of half width in a row', der.name(`CN=${'\uff9e\u0301'.repeat(15)}\uff9f`)],
  ['a CN that is no character string', der.sequence(rdnOf('2.5.4.3', der.octets(new Uint8Array([0x41]))))],
  ['an attribute that is a number', der.sequence(rdnOf('1.2.3', der.integer(1)))],
  ['an attribute that is an octet string', der.sequence(rdnOf('1.2.3', der.octets(new Uint8Array([0x41]))))],
  ['an attribute under a tag of its own', der.sequence(rdnOf('1.2.3', der.tlv(0x80, new Uint8Array([0x41]))))],
  ['a country that is a bit string', der.sequence(rdnOf('2.5.4.6', der.bits(new Uint8Array([0x41]))))],
] as const) {
  test(`${why} is refused`, () => assert.throws(() => nameOf(readElement(bytes)), DerError));
}
