import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { weaknessOf } from './strength.ts';

describe("AWS's default policy", () => {
  for (const password of ['Abcdefg1', 'abcdefg1!', 'ABCDEFG1!', 'Abcdefg!', "aB3'5678"]) {
    test(`takes ${password}`, () => assert.equal(weaknessOf(password, undefined), undefined));
  }

  test('refuses seven characters before it looks at their kinds', () => {
    assert.deepEqual(weaknessOf('Abcde1!', undefined), { reason: 'tooShort', minimumLength: 8 });
    assert.deepEqual(weaknessOf('', undefined), { reason: 'tooShort', minimumLength: 8 });
  });

  for (const [password, missing, needed] of [
    ['abcdefgh', ['uppercase', 'number', 'symbol'], 2],
    ['abcdefg1', ['uppercase', 'symbol'], 1],
    ['12345678', ['uppercase', 'lowercase', 'symbol'], 2],
    ['        ', ['uppercase', 'lowercase', 'number', 'symbol'], 3],
    ['äöüÄÖÜ¹²³', ['uppercase', 'lowercase', 'number', 'symbol'], 3],
    ['abcdefg1~', ['uppercase', 'symbol'], 1],
  ] as const) {
    test(`refuses ${JSON.stringify(password)}, and says what it lacks`, () => {
      assert.deepEqual(weaknessOf(password, undefined), { reason: 'missingKinds', missing: [...missing], needed });
    });
  }

  test("refuses the account's names, in any case", () => {
    assert.deepEqual(weaknessOf('Example-1', undefined, ['example-1']), { reason: 'accountName' });
    assert.equal(weaknessOf('Example-12', undefined, ['example-1']), undefined);
  });
});

describe("an account's own policy", () => {
  test('demands its length and its kinds, and nothing else', () => {
    assert.equal(weaknessOf('aaaaaa', { minimumLength: 6, kinds: [] }), undefined);
    assert.deepEqual(weaknessOf('aaaaa', { minimumLength: 6, kinds: [] }), { reason: 'tooShort', minimumLength: 6 });
    assert.deepEqual(weaknessOf('aaaaaa1', { minimumLength: 6, kinds: ['uppercase', 'symbol', 'number'] }), {
      reason: 'missingKinds',
      missing: ['uppercase', 'symbol'],
      needed: 2,
    });
    assert.equal(weaknessOf('example-1', { minimumLength: 6, kinds: [] }, ['example-1']), undefined);
  });
});
