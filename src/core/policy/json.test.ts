import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_POLICY_CHARACTERS, parseJson } from './json.ts';

const reason = (text: string): string => {
  const result = parseJson(text);
  return result.ok ? 'ok' : result.reason;
};

test('ordinary JSON is parsed as JSON.parse does', () => {
  const text = ' {"a":[1,"x\\"{[",null,true],"b":{"a":{}},"__proto__":"own"} ';
  assert.deepEqual(parseJson(text), { ok: true, value: JSON.parse(text) });
});

test('the same key in different objects is no duplicate', () => {
  assert.equal(reason('[{"a":1},{"a":{"a":2}}]'), 'ok');
});

for (const [title, text, expected] of [
  ['a duplicate key', '{"Effect":"Deny","Effect":"Allow"}', 'duplicateKey'],
  ['a duplicate key spelled with an escape', '{"Effect":"Deny","\\u0045ffect":"Allow"}', 'duplicateKey'],
  ['a duplicate key deep down', '[{"a":{"k":1,"b":[],"k" \n:2}}]', 'duplicateKey'],
  ['thirteen levels', '['.repeat(13) + ']'.repeat(13), 'tooDeep'],
  ['a hundred thousand open brackets', '['.repeat(100_000), 'tooDeep'],
  ['an unclosed string', '{"a', 'notJson'],
  ['a string that ends in a backslash', '{"a\\', 'notJson'],
  ['a broken escape in a key', '{"\\u00zz":1}', 'notJson'],
  ['stray closing brackets', ']]]]', 'notJson'],
  ['a trailing comma', '{"a":1,}', 'notJson'],
  ['a byte order mark', '\uFEFF{}', 'notJson'],
  ['empty text', '', 'notJson'],
  ['text one character too long', '{}'.padStart(MAX_POLICY_CHARACTERS + 1), 'tooLarge'],
] as const) {
  test(`${title} is refused as ${expected}`, () => assert.equal(reason(text), expected));
}

test('text of exactly the longest length is read', () => {
  assert.equal(reason('{}'.padStart(MAX_POLICY_CHARACTERS)), 'ok');
});
