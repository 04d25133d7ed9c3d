// The sentences of refused values: AWS's words, every violation, in the order of the shape, and nothing secret in them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AnyStructure,
  blob,
  boolean,
  integer,
  list,
  map,
  oneOf,
  optional,
  pattern,
  required,
  string,
  structure,
  timestamp,
} from './shape.ts';
import { violations } from './validate.ts';

const doc = 'a member';
const one = (shape: Parameters<typeof optional>[0]) => structure({ name: optional(shape, { doc }) });
const tag = structure({
  key: required(string({ min: 1, max: 4, sensitive: true }), { doc }),
  value: required(string({ max: 4, pattern: pattern('[a-z]*') }), { doc }),
});

const cases: readonly (readonly [what: string, shape: AnyStructure, value: object, sentence: string])[] = [
  [
    'an integer above',
    one(integer({ max: 3600 })),
    { name: 43200 },
    "Value '43200' at 'name' failed to satisfy constraint: Member must have value less than or equal to 3600",
  ],
  [
    'an integer below',
    one(integer({ min: 900 })),
    { name: -1 },
    "Value '-1' at 'name' failed to satisfy constraint: Member must have value greater than or equal to 900",
  ],
  [
    'a long string',
    one(string({ max: 2 })),
    { name: 'abc' },
    "Value 'abc' at 'name' failed to satisfy constraint: Member must have length less than or equal to 2",
  ],
  [
    'an empty string',
    one(string({ min: 1 })),
    { name: '' },
    "Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1",
  ],
  [
    'a pattern',
    one(string({ pattern: pattern('[ a-zA-Z0-9-_]*', '[ a-zA-Z0-9_-]*') })),
    { name: 'a!' },
    "Value 'a!' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [ a-zA-Z0-9-_]*",
  ],
  [
    'a closed set',
    one(oneOf('A', 'B')),
    { name: 'C' },
    "Value 'C' at 'name' failed to satisfy constraint: Member must satisfy enum value set: [A, B]",
  ],
  [
    'an absent member',
    structure({ name: required(boolean, { doc }) }),
    {},
    "Value null at 'name' failed to satisfy constraint: Member must not be null",
  ],
  [
    'a long list',
    one(list(string(), { max: 1 })),
    { name: ['a', 'b'] },
    "Value '[a, b]' at 'name' failed to satisfy constraint: Member must have length less than or equal to 1",
  ],
  [
    'a short list',
    one(list(string(), { min: 1 })),
    { name: [] },
    "Value '[]' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1",
  ],
  [
    'a list item',
    one(list(string({ max: 1 }))),
    { name: ['a', 'bc'] },
    "Value 'bc' at 'name.2.member' failed to satisfy constraint: Member must have length less than or equal to 1",
  ],
  [
    'a long blob',
    one(blob({ max: 1 })),
    { name: new Uint8Array(2) },
    "Value at 'name' failed to satisfy constraint: Member must have length less than or equal to 1",
  ],
  [
    'a large map',
    one(map(string(), string(), { max: 1 })),
    { name: { a: 'b', c: 'd' } },
    "Value at 'name' failed to satisfy constraint: Member must have length less than or equal to 1",
  ],
  [
    'a map key',
    one(map(string({ max: 1 }), string())),
    { name: { ab: 'c' } },
    "Value 'ab' at 'name.key' failed to satisfy constraint: Member must have length less than or equal to 1",
  ],
  [
    'a map value',
    one(map(string(), string({ max: 1 }))),
    { name: { k: 'cd' } },
    "Value 'cd' at 'name.k.member' failed to satisfy constraint: Member must have length less than or equal to 1",
  ],
];
for (const [what, shape, value, sentence] of cases) {
  test(`${what} is refused in AWS's words`, () => {
    assert.equal(violations(shape, value), `1 validation error detected: ${sentence}`);
  });
}

test('values at their bounds, absent optional members, and instants are lawful', () => {
  const shape = structure({
    a: optional(string({ min: 1, max: 2, pattern: pattern('a+') }), { doc }),
    b: optional(integer({ min: 1, max: 1 }), { doc }),
    c: optional(list(tag, { min: 1, max: 1 }), { doc }),
    d: optional(timestamp, { doc }),
  });
  assert.equal(violations(shape, {}), undefined);
  const full = { a: 'aa', b: 1, c: [{ key: 'k', value: '' }], d: new Date(0) };
  assert.equal(violations(shape, full), undefined);
});

test('all violations stand in one message, in the order of the shape', () => {
  const shape = structure({
    second: required(string(), { doc }),
    first: optional(string({ min: 3, pattern: pattern('[a-z]+') }), { doc }),
  });
  assert.equal(
    violations(shape, { first: 'A' }),
    "3 validation errors detected: Value null at 'second' failed to satisfy constraint: Member must not be null; " +
      "Value 'A' at 'first' failed to satisfy constraint: Member must have length greater than or equal to 3; " +
      "Value 'A' at 'first' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+",
  );
});

test('at most ten violations are told', () => {
  const message = violations(one(list(string({ max: 1 }))), { name: Array(50).fill('ab') });
  assert.match(message ?? '', /^10 validation errors detected: /);
  assert.equal(message?.split('; ').length, 10);
});

test('an item too many silences what is wrong inside the list', () => {
  const message = violations(one(list(string({ max: 1 }), { max: 2 })), { name: ['abc', 'abc', 'abc'] });
  assert.match(message ?? '', /^1 validation error detected: Value '\[abc, abc, abc\]' at 'name' /);
});

test('a path names list positions from one and members by name', () => {
  const shape = structure({ tags: optional(list(tag), { doc }) });
  const message = violations(shape, { tags: [{ key: 'k', value: 'A' }, { value: 'a' }] });
  assert.match(message ?? '', /'A' at 'tags\.1\.member\.value'/);
  assert.match(message ?? '', /Value null at 'tags\.2\.member\.key'/);
});

test('Query services hear member names with a small first letter', () => {
  const shape = structure({ Tags: optional(list(structure({ Key: required(string(), { doc }) })), { doc }) });
  assert.match(violations(shape, { Tags: [{}] }, { lowerFirst: true }) ?? '', /at 'tags\.1\.member\.key'/);
  assert.match(violations(shape, { Tags: [{}] }) ?? '', /at 'Tags\.1\.member\.Key'/);
});

const secret = string({ max: 3, sensitive: true, pattern: pattern('[a-z]*') });
for (const [what, shape, value] of [
  ['a string', one(secret), { name: 'SECRET' }],
  ['a string in a list', one(list(secret)), { name: ['SECRET'] }],
  ['a list of strings', one(list(secret, { max: 0 })), { name: ['SECRET'] }],
  ['a map key', one(map(secret, string({ max: 1 }))), { name: { SECRET: 'toolong' } }],
  ['a map value', one(map(string(), secret)), { name: { k: 'SECRET' } }],
  ['a closed set', one({ ...oneOf('a'), sensitive: true }), { name: 'SECRET' }],
] as const) {
  test(`${what} marked sensitive is refused without being echoed`, () => {
    const message = violations(shape, value) ?? '';
    assert.match(message, /validation errors? detected: Value at 'name/);
    assert.doesNotMatch(message, /SECRET/);
  });
}

test('structures in a list are counted and not shown', () => {
  const shape = one(list(structure({ key: required(secret, { doc }) }), { max: 0 }));
  const message = violations(shape, { name: [{ key: 'SECRET' }] }) ?? '';
  assert.match(message, /^1 validation error detected: Value '\[\{…\}\]' at 'name'/);
});

test('an echo is cut, however long the value', () => {
  for (const value of ['x'.repeat(1 << 20), Array(1 << 16).fill('xxxx'), [['x'.repeat(1 << 20)]]]) {
    const shape = one(typeof value === 'string' ? string({ max: 1 }) : list(string(), { max: 0 }));
    const message = violations(shape, { name: value }) ?? '';
    assert.ok(message.length > 1024 && message.length < 1300, String(message.length));
  }
});

test('a long value is held to its pattern up to its own limit', () => {
  const shape = one(string({ max: 100_000, pattern: pattern('a*') }));
  assert.match(violations(shape, { name: `${'a'.repeat(50_000)}!` }) ?? '', /regular expression pattern: a\*$/);
});

test('members that no shape names are not looked at', () => {
  const input = JSON.parse('{"__proto__":{"name":"abcdef"},"constructor":1,"other":[]}');
  assert.equal(violations(one(string({ max: 1 })), input), undefined);
});
