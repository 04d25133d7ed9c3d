// What audit events may show of a value.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withoutSecrets } from './describe.ts';
import {
  type AnyStructure,
  blob,
  boolean,
  integer,
  list,
  map,
  membersOf,
  optional,
  type Shape,
  string,
  structure,
  timestamp,
} from './shape.ts';

const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS';
const doc = 'a member';
const secret = string({ sensitive: true });
const shownOf = (shape: AnyStructure, value: object) => JSON.parse(withoutSecrets(shape, value));

test('every kind is shown as JSON', () => {
  const shape = structure({
    text: optional(string(), { doc }),
    number: optional(integer(), { doc }),
    flag: optional(boolean, { doc }),
    when: optional(timestamp, { doc }),
    bytes: optional(blob(), { doc }),
    items: optional(list(integer()), { doc }),
    pairs: optional(map(string(), string()), { doc }),
    inner: optional(structure({ a: optional(string(), { doc }) }), { doc }),
  });
  const value = {
    text: 't',
    number: 1,
    flag: false,
    when: new Date('2026-01-02T03:04:05Z'),
    bytes: Buffer.from('hi'),
    items: [1, 2],
    pairs: { k: 'v' },
    inner: { a: 'x', unknown: 1 },
  };
  assert.deepEqual(shownOf(shape, value), {
    ...value,
    when: '2026-01-02T03:04:05.000Z',
    bytes: 'aGk=',
    inner: { a: 'x' },
  });
});

test('sensitive strings are hidden wherever they stand', () => {
  const shape = structure({
    plain: optional(secret, { doc }),
    items: optional(list(secret), { doc }),
    values: optional(map(string(), secret), { doc }),
    keys: optional(map(secret, string()), { doc }),
    deep: optional(list(structure({ key: optional(secret, { doc }) })), { doc }),
  });
  const value = {
    plain: 'SECRET',
    items: ['SECRET'],
    values: { k: 'SECRET' },
    keys: { SECRET: 'v' },
    deep: [{ key: 'SECRET' }],
  };
  const shown = shownOf(shape, value);
  assert.deepEqual(shown, {
    plain: hidden,
    items: [hidden],
    values: { k: hidden },
    keys: { [hidden]: 'v' },
    deep: [{ key: hidden }],
  });
});

test('what no shape names is left out, and absent members stay absent', () => {
  const shape = structure({ a: optional(string(), { doc }), b: optional(string(), { doc }) });
  assert.deepEqual(shownOf(shape, { a: 'x', password: 'SECRET', b: undefined }), { a: 'x' });
});

test('a map key named __proto__ is shown as a key', () => {
  const shape = structure({ pairs: optional(map(string(), string()), { doc }) });
  const shown = withoutSecrets(shape, JSON.parse('{"pairs":{"__proto__":"v"}}'));
  assert.equal(shown, '{"pairs":{"__proto__":"v"}}');
});

/** A shape of any kind, and values of it with what does not belong there. */
type Sample = { readonly shape: Shape; readonly values: fc.Arbitrary<unknown> };

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.constant('-----BEGIN PRIVATE KEY-----'));
const leaves: readonly Sample[] = [
  { shape: string(), values: text },
  { shape: secret, values: text },
  { shape: integer(), values: fc.oneof(fc.integer(), fc.constantFrom(-0, Number.NaN, 1e300)) },
  { shape: boolean, values: fc.boolean() },
  { shape: timestamp, values: fc.oneof(fc.date({ noInvalidDate: true }), fc.constant('no date')) },
  { shape: blob(), values: fc.oneof(fc.uint8Array({ maxLength: 20 }), text.map(Buffer.from), fc.constant('no bytes')) },
];

const samples: readonly Sample[] = leaves.flatMap(({ shape, values }) => [
  { shape, values },
  { shape: list(shape), values: fc.oneof(fc.array(values, { maxLength: 3 }), fc.constant('no list')) },
  { shape: map(string(), shape), values: fc.dictionary(text, values, { maxKeys: 3 }) },
  { shape: map(secret, shape), values: fc.dictionary(text, values, { maxKeys: 3 }) },
]);

/** The value that the text is of. */
function plain(shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case 'string':
      return shape.sensitive || String(value).includes('PRIVATE KEY-') ? hidden : String(value);
    case 'integer':
    case 'boolean':
      return value;
    case 'timestamp':
      return value instanceof Date ? value : null;
    case 'blob':
      if (!(value instanceof Uint8Array)) return null;
      return Buffer.from(value).includes('PRIVATE KEY-') ? hidden : Buffer.from(value).toString('base64');
    case 'list':
      return Array.isArray(value) ? value.map((item) => plain(shape.member, item)) : null;
    case 'map': {
      const named = Object.entries(Object(value)).map(
        ([key, item]) => [shape.key.sensitive ? hidden : key, plain(shape.value, item)] as const,
      );
      return Object.fromEntries(named);
    }
    case 'structure': {
      const given = membersOf(shape).filter(([name]) => Object(value)[name] !== undefined);
      return Object.fromEntries(given.map(([name, member]) => [name, plain(member.shape, Object(value)[name])]));
    }
  }
}

test('the text is what JSON.stringify makes of the value without its secrets', () => {
  const members = Object.fromEntries(samples.map(({ shape }, at) => [`m${at}`, optional(shape, { doc })]));
  const inner = structure(members);
  const shape = structure({ ...members, inner: optional(inner, { doc }), items: optional(list(inner), { doc }) });
  const value = fc.record(
    Object.fromEntries(samples.map(({ values }, at) => [`m${at}`, fc.option(values, { nil: undefined })])),
    { requiredKeys: [] },
  );
  const whole = fc.record({ outer: value, inner: fc.oneof(value, fc.constant('none')), items: fc.array(value) });
  fc.assert(
    fc.property(whole, ({ outer, inner, items }) => {
      const given = { ...outer, inner, items, unknown: 'x' };
      const wanted = JSON.stringify({ ...Object(plain(shape, given)), ...(inner === 'none' && { inner: null }) });
      assert.equal(withoutSecrets(shape, given), wanted);
    }),
    { numRuns: 200, seed: 1 },
  );
});
