// Every pattern of every served operation: decided in linear time, and by the restated spelling as by AWS's own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { services } from '../main.ts';
import type { Pattern, Shape } from './shape.ts';

function patternsOf(shape: Shape, found: Map<string, Pattern>): void {
  switch (shape.kind) {
    case 'string':
      if (shape.pattern) found.set(shape.pattern.text, shape.pattern);
      return;
    case 'list':
      return patternsOf(shape.member, found);
    case 'map':
      patternsOf(shape.key, found);
      return patternsOf(shape.value, found);
    case 'structure':
      for (const member of Object.values(shape.members)) patternsOf(member.shape, found);
      return;
    case 'integer':
    case 'boolean':
    case 'timestamp':
    case 'blob':
      return;
  }
}

const patterns = new Map<string, Pattern>();
for (const service of services.values()) {
  for (const operation of service.operations.values()) patternsOf(operation.input, patterns);
}

/** Beginnings and pieces that lead a backtracking matcher astray. */
const pieces = [
  'a',
  ':',
  '::',
  ':role',
  ':profile',
  ':trust-anchor',
  'arn:aws:iam',
  '-',
  '0f',
  '/',
  '\n',
  ' ',
  'é',
  '!',
];
const heads = ['', 'arn:aws:iam:', 'arn:aws:rolesanywhere:', 'arn:aws-cn:iam:', '/', '00000000-0000-', ':role'];

function hostile(length: number): readonly string[] {
  return heads.flatMap((head) =>
    pieces.flatMap((piece) =>
      ['', '\n', '!', '\u2028'].map((tail) => {
        const text = head + piece.repeat(Math.ceil(length / piece.length));
        return text.slice(0, length - tail.length) + tail;
      }),
    ),
  );
}

test('the services have patterns to test', () => {
  assert.ok(patterns.size >= 10, String(patterns.size));
});

for (const [text, { test: regex }] of patterns) {
  test(`${text} is decided in linear time`, () => {
    const time = (length: number) => {
      const inputs = hostile(length);
      const start = process.hrtime.bigint();
      for (const input of inputs) regex.test(input);
      return Number(process.hrtime.bigint() - start) / 1e6;
    };
    time(100);
    // Some 400 strings each: a linear matcher needs about a millisecond, one that backtracks needs seconds.
    assert.ok(time(1011) < 250, 'the longest ARN');
    assert.ok(time(16_384) < 1000, 'the longest that is tried beyond a limit');
  });

  test(`${text} accepts and refuses as AWS's own spelling does`, () => {
    // AWS writes the code points above U+FFFF as \u and five or six digits, which JavaScript reads as four and some more.
    const meant = text.replace('\\u10000-\\u10FFFF', '\\u{10000}-\\u{10FFFF}');
    const asWritten = new RegExp(`^(?:${meant})$`, meant !== text || text.includes('\\p') ? 'u' : '');
    // A Uuid's length is fixed by its limits, so that AWS's dots around it match nothing.
    const isFixed = text.startsWith('.*');
    const word = fc.constantFrom(...pieces, 'arn', 'aws', 'iam', 'rolesanywhere', 'A', '_', '=');
    const words = fc.array(word, { maxLength: 12 }).map((parts) => parts.join(''));
    const uuid = fc.uuid().map((id) => id.replace(/0/g, 'f'));
    const arn = fc
      .tuple(fc.constantFrom('iam', 'rolesanywhere'), words, fc.constantFrom('role', 'profile', 'trust-anchor'), words)
      .map(([service, middle, kind, rest]) => `arn:aws:${service}:${middle}:${kind}${rest}`);
    fc.assert(
      fc.property(fc.oneof(words, uuid, arn, fc.string({ unit: 'binary' })), (input) => {
        if (isFixed && input.length !== 36) return;
        assert.equal(regex.test(input), asWritten.test(input), JSON.stringify(input));
      }),
      { numRuns: 1000, seed: 20261122 },
    );
  });
}
