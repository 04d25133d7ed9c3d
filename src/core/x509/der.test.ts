import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bitsOf,
  booleanOf,
  children,
  DerError,
  explicit,
  fieldsOf,
  integerBytes,
  oidOf,
  readElement,
  smallInteger,
  wholeOctets,
} from './der.ts';
import { stringOf } from './strings.ts';
import { timeOf } from './time.ts';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const element = (hex: string) => readElement(bytes(hex));
const text = (tag: number, value: string) =>
  readElement(new Uint8Array([tag, value.length, ...Buffer.from(value, 'latin1')]));

function refuses(read: () => unknown, why: RegExp): void {
  assert.throws(read, (error) => error instanceof DerError && why.test(error.message));
}

test('an element gives its tag, content and raw bytes', () => {
  const { tag, content, raw } = element('04 02 0102');
  assert.deepEqual([tag, [...content], [...raw]], [4, [1, 2], [4, 2, 1, 2]]);
});

test('a length of 128 takes the long form', () => {
  assert.equal(element(`04 8180 ${'00'.repeat(128)}`).content.length, 128);
});

for (const [why, hex, message] of [
  ['nothing at all', '', /truncated/],
  ['a tag alone', '04', /truncated/],
  ['content shorter than its length', '04 02 01', /beyond/],
  ['bytes after the element', '04 01 01 00', /after/],
  ['an indefinite length', '30 80 0000', /indefinite/],
  ['a long form for a short length', '04 8101 01', /minimal/],
  ['a length with a leading zero', `04 820080 ${'00'.repeat(128)}`, /minimal/],
  ['a length of five bytes', '04 850000000001 01', /too long/],
  ['a length of four bytes that ends nowhere', '04 84ffffffff 01', /beyond/],
  ['a truncated length', '04 82 01', /truncated/],
  ['a high tag number', '1f 8101 00', /high tag/],
] as const) {
  test(`${why} is refused`, () => refuses(() => element(hex), message));
}

test('nesting deeper than 32 is refused, and does not exhaust the stack', () => {
  let nested = bytes('3000');
  for (let depth = 0; depth < 60; depth++) nested = new Uint8Array([0x30, nested.length, ...nested]);
  refuses(() => {
    for (let inner = readElement(nested); ; ) inner = children(inner)[0] ?? assert.fail('the bottom was reached');
  }, /deep/);
});

test('fields come in order, optional ones by their tag', () => {
  const fields = fieldsOf(element('30 06 020101 040102'));
  assert.equal(fields.optional(0x01), undefined);
  assert.equal(smallInteger(fields.next(0x02)), 1);
  refuses(() => fields.end(), /unexpected/);
  assert.equal(fields.optional()?.tag, 4);
  fields.end();
  refuses(() => fields.next(), /missing/);
});

test('a field of another type is refused', () => {
  refuses(() => fieldsOf(element('30 03 020101')).next(0x04), /tag 0x2 where 0x4/);
});

test('an explicit tag holds exactly one element', () => {
  assert.equal(smallInteger(explicit(element('a0 03 020102'))), 2);
  refuses(() => explicit(element('a0 00')), /one element/);
  refuses(() => explicit(element('a0 06 020102 020102')), /one element/);
  refuses(() => explicit(element('80 03 020102')), /primitive/);
});

test('a boolean is 00 or FF', () => {
  assert.deepEqual([booleanOf(element('0101ff')), booleanOf(element('010100'))], [true, false]);
  refuses(() => booleanOf(element('010101')), /boolean/);
  refuses(() => booleanOf(element('0102ffff')), /boolean/);
  refuses(() => booleanOf(element('0100')), /boolean/);
});

test('an integer is minimal', () => {
  assert.deepEqual([...integerBytes(element('02020080'))], [0, 0x80]);
  refuses(() => integerBytes(element('0202007f')), /minimal/);
  refuses(() => integerBytes(element('0202ff80')), /minimal/);
  refuses(() => integerBytes(element('0200')), /empty/);
});

test('a small integer is neither negative nor above 2^31 - 1', () => {
  assert.equal(smallInteger(element('02047fffffff')), 2 ** 31 - 1);
  refuses(() => smallInteger(element('0201ff')), /negative/);
  refuses(() => smallInteger(element('02050080000000')), /too big/);
});

test('the unused bits of a bit string are zero and at most seven', () => {
  assert.equal(bitsOf(element('03020780')).unusedBits, 7);
  refuses(() => bitsOf(element('030207c0')), /unused/);
  refuses(() => bitsOf(element('03020880')), /impossible/);
  refuses(() => bitsOf(element('030101')), /impossible/);
  refuses(() => bitsOf(element('0300')), /empty/);
  refuses(() => wholeOctets(element('03020780')), /whole octets/);
});

for (const [hex, dotted] of [
  ['06082a864886f70d0101', '1.2.840.113549.1.1'],
  ['0603550403', '2.5.4.3'],
  ['060388 3703', '2.999.3'],
  ['0601 27', '0.39'],
  ['060a6982ffffffffffffff7f', '2.25.216172782113783807'],
] as const) {
  test(`object identifier ${dotted} is read`, () => assert.equal(oidOf(element(hex)), dotted));
}

test('an object identifier is minimal, complete and not endless', () => {
  refuses(() => oidOf(element('0603558004')), /minimal/);
  refuses(() => oidOf(element('06025583')), /truncated/);
  refuses(() => oidOf(element('0600')), /length/);
  refuses(() => oidOf(element(`0641${'01'.repeat(65)}`)), /length/);
});

test('times are read to the second, two-digit years from 1950 to 2049', () => {
  const iso = (tag: number, value: string) => timeOf(text(tag, value)).toISOString();
  assert.equal(iso(0x17, '491231235959Z'), '2049-12-31T23:59:59.000Z');
  assert.equal(iso(0x17, '500101000000Z'), '1950-01-01T00:00:00.000Z');
  assert.equal(iso(0x18, '20500101000000Z'), '2050-01-01T00:00:00.000Z');
  assert.equal(iso(0x18, '99991231235959Z'), '9999-12-31T23:59:59.000Z');
  assert.equal(iso(0x18, '00500101000000Z'), '0050-01-01T00:00:00.000Z');
  assert.equal(iso(0x17, '240229000000Z'), '2024-02-29T00:00:00.000Z');
});

for (const [tag, value] of [
  [0x17, '2401010000Z'],
  [0x17, '240101000000+0100'],
  [0x17, '240101000000'],
  [0x17, '230229000000Z'],
  [0x17, '241301000000Z'],
  [0x17, '240001000000Z'],
  [0x17, '240100000000Z'],
  [0x17, '240431000000Z'],
  [0x17, '240101240000Z'],
  [0x17, '240101006000Z'],
  [0x17, '240101000060Z'],
  [0x17, '24010100000 Z'],
  [0x18, '20240101000000.5Z'],
  [0x18, '240101000000Z'],
  [0x18, '21000229000000Z'],
  [0x16, '240101000000Z'],
] as const) {
  test(`time ${JSON.stringify(value)} with tag ${tag} is refused`, () => refuses(() => timeOf(text(tag, value)), /./));
}

test('each string type has its alphabet', () => {
  assert.equal(stringOf(text(0x13, "Az09 '()+,-./:=?")), "Az09 '()+,-./:=?");
  assert.equal(stringOf(text(0x14, 'M\xfcller')), 'Müller');
  assert.equal(stringOf(element('0c 02 c3bc')), 'ü');
  assert.equal(stringOf(element('1e 04 00fc 0041')), 'üA');
  assert.equal(stringOf(element('1c 04 0001f600')), '😀');
  assert.equal(stringOf(element('0401 41')), undefined);
  refuses(() => stringOf(text(0x13, 'a@b')), /alphabet/);
  refuses(() => stringOf(text(0x12, '12a')), /alphabet/);
  refuses(() => stringOf(text(0x16, '\x80')), /7F/);
  refuses(() => stringOf(element('0c 01 ff')), /UTF-8/);
  refuses(() => stringOf(element('0c 02 c080')), /UTF-8/);
  refuses(() => stringOf(element('1e 03 004100')), /broken/);
  refuses(() => stringOf(element('1e 02 d800')), /impossible/);
  refuses(() => stringOf(element('1c 04 00110000')), /impossible/);
});
