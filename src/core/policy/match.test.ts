import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { arnFields, arnMatches, compileArn, compileGlob, compileResource, globMatches, partsOf } from './match.ts';

const glob = (pattern: string, text: string): boolean => globMatches(compileGlob(partsOf(pattern, true)), text);
const arn = (pattern: string, text: string): boolean => arnMatches(compileArn(partsOf(pattern, true)), text);
const resource = (pattern: string, text: string): boolean => arnMatches(compileResource(partsOf(pattern, true)), text);

/** The definition, by exhaustion. */
function naive(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern.startsWith('*')) return naive(pattern.slice(1), text) || (text !== '' && naive(pattern, text.slice(1)));
  return text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && naive(pattern.slice(1), text.slice(1));
}

test('a glob answers what the naive definition answers', () => {
  const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
  const texts = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 9 });
  fc.assert(
    fc.property(patterns, texts, (pattern, text) => {
      assert.equal(glob(pattern, text), naive(pattern, text));
    }),
    { numRuns: 3000 },
  );
});

for (const [pattern, text, expected] of [
  ['', '', true],
  ['*', '', true],
  ['s3:get*', 's3:getobject', true],
  ['a*b*c', 'aXbYbZc', true],
  ['*aab', 'aaaab', true],
  ['a?c', 'abc', true],
  ['', 'a', false],
  ['?', '', false],
  ['ab*ba', 'aba', false],
  ['a*a', 'a', false],
  ['*b?', 'ab', false],
  ['s3:get*', 'S3:getobject', false],
  ['a.c', 'abc', false],
] as const) {
  test(`glob ${pattern} ${expected ? 'matches' : 'does not match'} "${text}"`, () => {
    assert.equal(glob(pattern, text), expected);
  });
}

test('literal parts keep their stars literal', () => {
  const literal = compileGlob(partsOf('a*', false));
  assert.equal(globMatches(literal, 'a*'), true);
  assert.equal(globMatches(literal, 'ab'), false);
});

test('a pattern made to backtrack stays cheap', () => {
  const started = process.cpuUsage().user;
  assert.equal(glob(`${'*a'.repeat(1000)}*b`, 'a'.repeat(5000)), false);
  assert.equal(glob(`*${'?'.repeat(2000)}b`, 'a'.repeat(5000)), false);
  assert.ok(process.cpuUsage().user - started < 2_000_000);
});

for (const [pattern, text, expected] of [
  ['*', 'arn:aws:s3:::bucket', true],
  ['*', '*', true],
  ['arn:aws:s3:::bucket/*', 'arn:aws:s3:::bucket/a:b/c', true],
  ['arn:aws:rolesanywhere:*:123456789012:profile/*', 'arn:aws:rolesanywhere:eu-west-1:123456789012:profile/*', true],
  ['arn:*:s3:::b', 'arn:aws-cn:s3:::b', true],
  ['arn:aws:logs:us-east-1:*', 'arn:aws:logs:us-east-1:123456789012:log-group:x', true],
  ['arn:aws:s3', 'arn:aws:s3:::anything', true],
  ['arn:aws:iam::1:role/a?', 'arn:aws:iam::1:role/ab', true],
  ['arn:aws:*', '*', false],
  ['arn:aws:s3:::bucket', 'arn:aws:s3:::bucket/key', false],
  ['arn:aws:s3:::bucket', 'arn:aws:s3:::Bucket', false],
  ['arn:aws:sqs:*:queue', 'arn:aws:sqs:us-east-1:123456789012:queue', false],
  ['arn:aws:iam::*:role/x', 'arn:aws:iam::1:2:role/x', false],
  ['arn:a*:iam::1:role/x', 'arn:aws:s3:iam::1:role/x', false],
  ['arn:aws:s3:::bucket', 'bucket', false],
  ['bucket*', 'bucket', false],
  ['xrn:aws:s3:::bucket', 'xrn:aws:s3:::bucket', false],
] as const) {
  test(`ARN pattern ${pattern} ${expected ? 'matches' : 'does not match'} ${text}`, () => {
    assert.equal(arn(pattern, text), expected);
  });
}

for (const [pattern, text, expected] of [
  ['arn:aws:lambda:*:function:f', 'arn:aws:lambda:eu-west-1:123456789012:function:f', true],
  ['arn:aws:lambda:eu*:function:f', 'arn:aws:lambda:eu-west-1:123456789012:function:f', true],
  ['arn:aws:lambda:*:function:f', 'arn:aws:lambda:eu-west-1:123456789012:function:g', false],
  ['arn:aws:lambda:e*1:function:f', 'arn:aws:lambda:eu-west-1:123456789012:function:f', false],
  ['arn:aws:lambda:?:function:f', 'arn:aws:lambda:1:2:function:f', false],
  ['arn:aws:s3:::*', 'arn:aws:s3:::a:b', true],
  ['arn:aws:sqs:*:queue', 'arn:aws:sqs:us-east-1:123456789012:queue', false],
  ['arn:*:iam::1:role/x', 'arn:aws:s3:::b:iam::1:role/x', true],
  ['arn:aws:iam::*:role/x', 'arn:aws:iam::1:2:role/x', true],
  ['arn:aws:iam::*:role/x', 'arn:aws:iam::1:role/x', true],
  ['arn:aws:iam::*:role/x', 'arn:aws:iam:1:role/x', false],
] as const) {
  test(`Resource ${pattern} ${expected ? 'matches' : 'does not match'} ${text}`, () => {
    assert.equal(resource(pattern, text), expected);
  });
}

test('a resource pattern answers what the naive definition answers', () => {
  const naiveFields = (fields: readonly string[], pieces: readonly string[]): boolean => {
    const [field = '', ...others] = fields;
    if (others.length === 0) return pieces.length > 0 && naive(field, pieces.join(':'));
    if (pieces.length === 0 || !naive(field, pieces[0] ?? '')) return false;
    const ends = field.endsWith('*') ? pieces.map((_, index) => index + 1) : [1];
    return ends.some((end) => naiveFields(others, pieces.slice(end)));
  };
  const field = fc.constantFrom('a', '*', 'a*', '*a', 'a?', '');
  const piece = fc.constantFrom('a', 'aa', 'b', '');
  const patterns = fc.array(field, { minLength: 5, maxLength: 5 });
  const texts = fc.array(piece, { minLength: 5, maxLength: 9 });
  fc.assert(
    fc.property(patterns, texts, (fields, pieces) => {
      const expected = naiveFields(['arn', ...fields], ['arn', ...pieces]);
      assert.equal(resource(['arn', ...fields].join(':'), ['arn', ...pieces].join(':')), expected);
    }),
    { numRuns: 3000 },
  );
});

test('a resource pattern made to cross every colon stays cheap', () => {
  const started = process.cpuUsage().user;
  assert.equal(resource('arn:*:*:*:*:*b', `arn${':a'.repeat(1000)}`), false);
  assert.ok(process.cpuUsage().user - started < 1_000_000);
});

test('the sixth field of an ARN keeps its colons, and five fields are no ARN', () => {
  assert.equal(arnFields('arn:aws:logs:r:1:log-group:x:*')?.[5], 'log-group:x:*');
  assert.equal(arnFields('arn:aws:s3::bucket'), undefined);
});
