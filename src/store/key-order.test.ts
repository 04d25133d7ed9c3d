import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkKey, compareKeys, rangeOf } from './key-order.ts';

const edges = [
  '\0',
  '\u007f',
  '\u0080',
  '\u07ff',
  '\u0800',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{10000}',
  '\u{103ff}',
  '\u{10400}',
  '\u{10ffff}',
];
const texts = ['', ...edges, ...edges.flatMap((a) => edges.map((b) => a + b)), 'aa\u{1f600}', 'aa\uffff', 'aa'];

describe('key order', () => {
  it('is the order of UTF-8 bytes at every edge of the encoding', () => {
    for (const a of texts) {
      for (const b of texts) {
        const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
        assert.equal(Math.sign(compareKeys(a, b)), expected, JSON.stringify([a, b]));
      }
    }
  });

  it('gives a prefix exactly the range of the keys that begin with it', () => {
    for (const prefix of texts) {
      const { from, to } = rangeOf({ prefix, limit: 1 });
      for (const key of texts) {
        const isInside = compareKeys(key, from) >= 0 && (to === undefined || compareKeys(key, to) < 0);
        assert.equal(isInside, key.startsWith(prefix), JSON.stringify([prefix, key]));
      }
    }
  });

  it('never ends a range with a text that has no UTF-8 form', () => {
    for (const prefix of texts) assert.ok(rangeOf({ prefix, limit: 1 }).to?.isWellFormed() ?? true);
  });

  it('starts after a key at the very next text', () => {
    assert.deepEqual(rangeOf({ after: 'a', limit: 1 }), { from: 'a\0', to: undefined });
    assert.deepEqual(rangeOf({ prefix: 'b', after: 'a', limit: 1 }), { from: 'b', to: 'c' });
  });

  it('bounds a long prefix without exhausting the stack', () => {
    const prefix = '\u{10ffff}'.repeat(500_000);
    assert.equal(rangeOf({ prefix, limit: 1 }).to, undefined);
  });

  it('refuses lone surrogates, first, last and swapped', () => {
    for (const key of ['\ud800', '\udc00', 'a\ud800', '\udc00a', '\udc00\ud800']) {
      assert.throws(() => checkKey(key), RangeError);
    }
    checkKey('😀');
  });
});
