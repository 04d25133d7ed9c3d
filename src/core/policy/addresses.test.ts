import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockContains, parseBlock } from './addresses.ts';

function contains(outer: string, inner: string): boolean {
  const [block, address] = [parseBlock(outer), parseBlock(inner)];
  assert.ok(block !== undefined && address !== undefined);
  return blockContains(block, address);
}

for (const [outer, inner, expected] of [
  ['203.0.113.0/24', '203.0.113.255', true],
  ['203.0.113.9/24', '203.0.113.1', true],
  ['0.0.0.0/0', '255.255.255.255', true],
  ['10.0.0.1', '10.0.0.1', true],
  ['2001:db8::/32', '2001:DB8:ffff::1', true],
  ['::/0', '2001:db8::1', true],
  ['10.0.0.0/8', '::ffff:10.1.2.3', true],
  ['203.0.113.0/24', '203.0.114.0', false],
  ['203.0.113.0/24', '203.0.113.0/23', false],
  ['10.0.0.1', '10.0.0.2', false],
  ['2001:db8::/32', '2001:db9::', false],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['::/0', '10.0.0.1', false],
  ['2001:db8::1', '2001:db8::1:1', false],
] as const) {
  test(`${outer} ${expected ? 'contains' : 'does not contain'} ${inner}`, () => {
    assert.equal(contains(outer, inner), expected);
  });
}

for (const text of [
  '',
  '1.2.3',
  '1.2.3.4.5',
  '256.0.0.1',
  '01.2.3.4',
  '00.2.3.4',
  '1.2.3.',
  '.1.2.3',
  '1..2.3',
  '1.2.3.4.',
  ' 1.2.3.4',
  '1.2.3.4/33',
  '1.2.3.4/',
  '1.2.3.4/8/8',
  '1.2.3.4/-1',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '12345::',
  '::1.2.3.4:5',
  '::/129',
  'fe80::1%eth0',
  '0x7f000001',
]) {
  test(`"${text}" is no block`, () => assert.equal(parseBlock(text), undefined));
}
