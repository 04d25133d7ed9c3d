// What the canonical request makes of odd paths, queries and headers, and that nothing makes it throw.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  canonicalEncode,
  canonicalHeaderValue,
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
  percentDecode,
  percentEncode,
  sha256Hex,
} from './canonical.ts';

test('a normalised path loses dot segments and repeated slashes, and is encoded once more than on the wire', () => {
  const rows = {
    '': '/',
    '/': '/',
    '//': '/',
    '/./': '/',
    '/../..': '/',
    '/a/b/..': '/a',
    '/a/b/../': '/a/',
    '//a//': '/a/',
    '/a b': '/a%20b',
    '/a%20b%2Fc': '/a%2520b%252Fc',
    '/%2E%2E/a': '/%252E%252E/a',
    '/100%': '/100%25',
    '/:@!$&()*+,;=': '/%3A%40%21%24%26%28%29%2A%2B%2C%3B%3D',
    '/ሴ': '/%E1%88%B4',
  };
  for (const [path, expected] of Object.entries(rows)) assert.equal(canonicalPath(path, true), expected, path);
});

test('an S3 path keeps its segments and is encoded exactly once', () => {
  const rows = {
    '': '/',
    '//a//..': '//a//..',
    '/a b': '/a%20b',
    '/a%20b%2fc': '/a%20b%2Fc',
    '/100%': '/100%25',
    '/%7Ea': '/~a',
    '/%zz': '/%25zz',
  };
  for (const [path, expected] of Object.entries(rows)) assert.equal(canonicalPath(path, false), expected, path);
});

test('a query is decoded, encoded and sorted by name before value', () => {
  const rows = {
    '': '',
    'b=2&a=1': 'a=1&b=2',
    'a=2&a=1&a': 'a=&a=1&a=2',
    'Param-3=x&Param=y&%E1%88%B4=z': '%E1%88%B4=z&Param=y&Param-3=x',
    'a=%2f%2F/': 'a=%2F%2F%2F',
    'a=b=c': 'a=b%3Dc',
    'a=x+y': 'a=x%2By',
    'a=%': 'a=%25',
    'a=%4': 'a=%254',
    'a=%zz%41': 'a=%25zzA',
    'a=%ff': 'a=%FF',
    '&&a=1&': 'a=1',
    '=v': '=v',
    'a=\ud800': 'a=%EF%BF%BD',
  };
  for (const [query, expected] of Object.entries(rows)) assert.equal(canonicalQuery(query), expected, query);
});

test('parameters to omit are found by their decoded name, in their exact case only', () => {
  const query = 'X-Amz-Signature=1&%58-Amz-Signature=2&x-amz-signature=3&a=4';
  assert.equal(canonicalQuery(query, ['X-Amz-Signature']), 'a=4&x-amz-signature=3');
});

test('header values lose outer white space, and inner runs and line folds become one space', () => {
  const rows = {
    '': '',
    '   ': '',
    ' a ': 'a',
    'a  b': 'a b',
    '"a   b"': '"a b"',
    'a\n  b\r\n\tc': 'a b c',
    'a\tb': 'a b',
    '\u00a0a\u00a0\u00a0': '\u00a0a\u00a0\u00a0',
  };
  for (const [value, expected] of Object.entries(rows)) assert.equal(canonicalHeaderValue(value), expected);
});

test('a canonical request joins repeated headers in wire order and says nothing of unsigned ones', () => {
  const request = {
    method: 'POST',
    path: '/a',
    rawQuery: 'b=1',
    headers: [
      ['X-Two', ' 2 '],
      ['host', 'h'],
      ['x-two', '1'],
      ['Accept', '*/*'],
    ] as const,
    body: Buffer.from('body'),
  };
  const canonical = canonicalRequest(request, { signedHeaders: ['host', 'x-gone', 'x-two'], normalizePath: true });
  const expected = ['POST', '/a', 'b=1', 'host:h', 'x-gone:', 'x-two:2,1', '', 'host;x-gone;x-two', sha256Hex('body')];
  assert.equal(canonical, expected.join('\n'));
});

test('encoding never throws, and decoding undoes it for every well-formed text', () => {
  const any = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(any, (text) => {
      assert.match(percentEncode(text), /^(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})*$/);
      assert.equal(percentDecode(percentEncode(text)), text.toWellFormed());
    }),
  );
});

test('any path, query and header make a canonical request of the same number of lines', () => {
  const junk = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('%', '/', '.', '&', '=', ' ', '\n', '2', 'F') }),
  );
  fc.assert(
    fc.property(junk, junk, junk, fc.boolean(), (path, rawQuery, value, normalizePath) => {
      const request = { method: 'GET', path, rawQuery, headers: [['Host', value]] as const, body: new Uint8Array() };
      const canonical = canonicalRequest(request, { signedHeaders: ['host'], normalizePath });
      assert.equal(canonical.split('\n').length, 7);
    }),
  );
});

test('every spelling of every byte has one canonical spelling, alone and among canonical text', () => {
  const spellings = Array.from({ length: 256 }, (_, byte) => {
    const hex = byte.toString(16).padStart(2, '0');
    const plain = String.fromCharCode(byte);
    const canonical = /[A-Za-z0-9._~-]/.test(plain) ? plain : `%${hex.toUpperCase()}`;
    return { canonical, written: [`%${hex}`, `%${hex.toUpperCase()}`, canonical] };
  });
  for (const { canonical, written } of spellings) {
    for (const one of written) {
      assert.equal(canonicalEncode(one), canonical);
      assert.equal(canonicalEncode(`a%3A${one}`), `a%3A${canonical}`);
      assert.equal(canonicalEncode(`${one}-%7C`), `${canonical}-%7C`);
    }
  }
  for (const broken of ['%', '%4', '%4g', '%g4', '%%41', '%3', '%/a', '%:0', '%@1', '%`1', '%G1'])
    assert.equal(canonicalEncode(broken), broken === '%%41' ? '%25A' : broken.replace(/[%/:@`]/g, percentEncode));
});
