// The grammar both kinds of signature share, at its edges: pairs, credentials, dates, scopes, clocks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  parseAmzDate,
  parseAuthorization,
  parseCredential,
  parseHttpDate,
  parseSignedHeaders,
  scopeProblems,
  skewProblem,
} from './authorization.ts';

test('the pairs of an Authorization header may come in any order, with or without white space after the commas', () => {
  const pairs = { algorithm: 'ALG', credential: 'c/d', signedHeaders: 'a;b', signature: 'ff' };
  for (const value of [
    'ALG Credential=c/d, SignedHeaders=a;b, Signature=ff',
    'ALG Credential=c/d,SignedHeaders=a;b,Signature=ff',
    ' ALG  Signature=ff ,\tSignedHeaders=a;b, Credential=c/d ',
  ])
    assert.deepEqual(parseAuthorization(value), { ok: true, pairs });
});

test('an empty or absent pair is undefined', () => {
  const parsed = parseAuthorization('ALG Credential=, Signature=x');
  assert.deepEqual(parsed.ok && parsed.pairs, {
    algorithm: 'ALG',
    credential: undefined,
    signedHeaders: undefined,
    signature: 'x',
  });
});

test('a piece without an equals sign, an unknown name, another case and a repeated name are refused and named', () => {
  for (const [value, pair] of [
    ['ALG Credential', 'Credential'],
    ['ALG Credential=a,', ''],
    ['ALG Other=a', 'Other=a'],
    ['ALG credential=a', 'credential=a'],
    ['ALG Signature=a, Signature=a', 'Signature=a'],
    ['Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
  ] as const)
    assert.deepEqual(parseAuthorization(value), { ok: false, pair });
});

test('a credential has exactly five pieces, none empty', () => {
  assert.deepEqual(parseCredential('AK/20260101/r/s/t'), {
    identity: 'AK',
    date: '20260101',
    region: 'r',
    service: 's',
    terminator: 't',
  });
  for (const text of [
    '',
    'AK',
    'AK/20260101/r/s',
    'AK/20260101/r/s/t/u',
    'AK/20260101//s/t',
    '/20260101/r/s/t',
    'AK/20260101/r/s/',
    'a/b/c/d/e/',
  ])
    assert.equal(parseCredential(text), undefined, text);
});

test('signed headers are lower case, ascending, without repetition, at most 200', () => {
  assert.deepEqual(parseSignedHeaders('a;b-c;x_y'), ['a', 'b-c', 'x_y']);
  const many = Array.from({ length: 201 }, (_, at) => `h${String(at).padStart(4, '0')}`);
  assert.equal(parseSignedHeaders(many.slice(1).join(';'))?.length, 200);
  for (const text of ['', ';', 'a;', 'Host', 'host;Date', 'b;a', 'a;a', 'a b', 'a:b', 'a\nb', 'hôte', many.join(';')])
    assert.equal(parseSignedHeaders(text), undefined, text);
});

test('only the basic ISO form of a time that exists is a date', () => {
  assert.equal(parseAmzDate('20240229T235959Z')?.toISOString(), '2024-02-29T23:59:59.000Z');
  for (const text of [
    '',
    '20230229T000000Z',
    '20261301T000000Z',
    '20260100T000000Z',
    '20260101T240000Z',
    '20260101T000060Z',
    '20260101T000000',
    '20260101T000000z',
    '2026-01-01T00:00:00Z',
    ' 20260101T000000Z',
    '20260101T000000Z\n',
    '00260101T000000Z',
    '２０260101T000000Z',
  ])
    assert.equal(parseAmzDate(text), undefined, text);
});

test('an HTTP date is the fixed form with the right weekday', () => {
  assert.equal(parseHttpDate('Sun, 30 Aug 2015 12:36:00 GMT')?.toISOString(), '2015-08-30T12:36:00.000Z');
  for (const text of [
    'Mon, 30 Aug 2015 12:36:00 GMT',
    'Sunday, 30-Aug-15 12:36:00 GMT',
    'Sun Aug 30 12:36:00 2015',
    'Sun, 30 Aug 2015 12:36:00 UTC',
    '2015-08-30T12:36:00Z',
    '',
  ])
    assert.equal(parseHttpDate(text), undefined, text);
});

test('all that is wrong with a scope is told, in order, and what is not expected is not compared', () => {
  const scope = { date: '20260102', region: 'r', service: 's', terminator: 'aws5_request' };
  assert.deepEqual(
    scopeProblems(scope, '20260101T000000Z', { region: 'R', service: 'S' }).map(({ reason, expected, got }) => [
      reason,
      expected,
      got,
    ]),
    [
      ['scopeRegion', 'R', 'r'],
      ['scopeService', 'S', 's'],
      ['scopeTerminator', 'aws4_request', 'aws5_request'],
      ['scopeDate', '20260101', '20260102'],
    ],
  );
  assert.deepEqual(scopeProblems({ ...scope, terminator: 'aws4_request' }, '20260102T000000Z', {}), []);
});

test('the clock window includes both its boundary seconds and nothing beyond', () => {
  const server = new Date('2026-01-01T12:00:00Z');
  const judged = (offset: number) =>
    skewProblem(new Date(server.getTime() + offset * 1000), server, { beforeSeconds: 900, aheadSeconds: 60 })?.reason;
  assert.deepEqual([-901, -900.001, -900, 0, 60, 60.001, 61].map(judged), [
    'expired',
    'expired',
    undefined,
    undefined,
    undefined,
    'notYetCurrent',
    'notYetCurrent',
  ]);
});

test('no text makes the parsers throw', () => {
  const pieces = fc.array(
    fc.constantFrom(
      'Credential=',
      'Signature=',
      ',',
      ' ',
      '/',
      ';',
      '=',
      'AWS4',
      '20260101T000000Z',
      '\u0000',
      'é',
      '\ud800',
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        pieces.map((list) => list.join('')),
      ),
      (text) => {
        for (const parse of [parseAuthorization, parseCredential, parseSignedHeaders, parseAmzDate, parseHttpDate])
          assert.doesNotThrow(() => parse(text));
      },
    ),
  );
});
