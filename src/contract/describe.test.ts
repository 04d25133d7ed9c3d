// What audit events may show of a value.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutSecrets } from './describe.ts';
import { blob, boolean, integer, list, map, optional, string, structure, timestamp } from './shape.ts';

const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS';
const doc = 'a member';
const secret = string({ sensitive: true });

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
  assert.deepEqual(withoutSecrets(shape, value), {
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
  const shown = withoutSecrets(shape, value);
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
  assert.deepEqual(withoutSecrets(shape, { a: 'x', password: 'SECRET', b: undefined }), { a: 'x' });
});

test('a map key named __proto__ is shown as a key', () => {
  const shape = structure({ pairs: optional(map(string(), string()), { doc }) });
  const shown = withoutSecrets(shape, JSON.parse('{"pairs":{"__proto__":"v"}}'));
  assert.equal(JSON.stringify(shown), '{"pairs":{"__proto__":"v"}}');
});
