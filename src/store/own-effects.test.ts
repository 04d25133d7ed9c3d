// What one work changes is the same whether it changes few keys or many.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Effects } from './effects.ts';
import { compareKeys } from './key-order.ts';
import { OwnEffects } from './own-effects.ts';

const step = fc.record({
  collection: fc.constantFrom('c', 'd'),
  key: fc.integer({ min: 0, max: 30 }).map(String),
  text: fc.option(fc.integer().map(String), { nil: undefined }),
});
const range = { from: '1', to: '2' };

test('the last effect on each key is found, listed and added, among few and among many', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const own = new OwnEffects();
      const model = new Map<string, string | undefined>();
      for (const { collection, key, text } of steps) {
        own.set(collection, key, text, undefined);
        model.set(`${collection} ${key}`, text);
        for (const [name, last] of model) {
          const [at = '', of = ''] = name.split(' ');
          const effect = own.get(at, of);
          assert.ok(effect !== undefined && effect.text === last);
        }
      }
      assert.equal(own.get('c', 'none'), undefined);
      assert.equal(own.isEmpty(), steps.length === 0);

      const listed: string[] = [];
      own.forEachIn('c', range, (key, { text }) => listed.push(`c ${key}=${text}`));
      const inRange = ([name]: [string, unknown]) => /^c 1/.test(name);
      const expected = [...model].filter(inRange).map(([name, text]) => `${name}=${text}`);
      assert.deepEqual(listed.toSorted(compareKeys), expected.toSorted(compareKeys));

      const group: Effects = new Map();
      const characters = own.addTo(group);
      const added = [...group].flatMap(([at, effects]) =>
        [...effects].map(([key, { text }]) => [`${at} ${key}`, text]),
      );
      assert.deepEqual(new Map(added as [string, string | undefined][]), model);
      assert.equal(
        characters,
        [...model.values()].reduce((sum, text) => sum + (text?.length ?? 0), 0),
      );
    }),
    { numRuns: 200, seed: 20261126 },
  );
});
