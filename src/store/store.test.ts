// The store's contract, part one: what the four verbs do, the same cases on every engine.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { engines, get, keysOf, put, putAll } from './engines.test.ts';
import { type Document, JsonText } from './store.ts';

for (const { name, use } of engines) {
  describe(`documents on ${name}`, () => {
    it('answers undefined for a key and a collection that were never put', () =>
      use(async (store) => {
        await put(store, 'a', 1);
        assert.equal(await get(store, 'b'), undefined);
        assert.equal(await get(store, 'a', 'other'), undefined);
      }));

    it('answers what was put last, whatever its shape', () =>
      use(async (store) => {
        const documents: readonly Document[] = [
          null,
          false,
          0,
          -1.5e300,
          '',
          'é 😀 \u0000 \ud800 "',
          [],
          {},
          { a: [{ b: null }, [[]]], '': 0, __proto__x: 1 },
        ];
        for (const document of documents) {
          await put(store, 'a', document);
          assert.deepEqual(await get(store, 'a'), document);
        }
      }));

    it('keeps the JSON text of a document as the document', () =>
      use(async (store) => {
        await store.write((writer) => writer.put('things', 'a', new JsonText('{"b":["\\u0000é",1e3]}')));
        assert.deepEqual(await get(store, 'a', 'things'), { b: ['\u0000é', 1000] });
      }));

    it('keeps what JSON says otherwise as JSON says it, in the write that puts it and after', () =>
      use(async (store) => {
        const others: readonly (readonly [unknown, Document])[] = [
          [{ a: undefined, b: 1 }, { b: 1 }],
          [
            [undefined, 1],
            [null, 1],
          ],
          [Array(2), [null, null]],
          [{ deep: [{ a: undefined }] }, { deep: [{}] }],
          [-0, 0],
          [[Number.NaN], [null]],
          [new Date(0), '1970-01-01T00:00:00.000Z'],
          [{ toJSON: () => 'other' }, 'other'],
          [Object.create(null, { a: { value: 1, enumerable: true } }), { a: 1 }],
          [Buffer.from('a'), { type: 'Buffer', data: [97] }],
          [new Map([[1, 2]]), {}],
        ];
        for (const [given, kept] of others) {
          // as: what the compiler lets through, and what a caller without it might pass
          const within = await store.write(async (writer) => {
            await writer.put('c', 'a', given as Document);
            return writer.get('c', 'a');
          });
          for (const read of [within, await get(store, 'a'), await get(store, 'a')]) {
            assert.deepEqual(read, kept);
            assert.equal(JSON.stringify(read), JSON.stringify(kept));
          }
        }
      }));

    it('keeps a member called __proto__ as a member', () =>
      use(async (store) => {
        await put(store, 'a', JSON.parse('{"__proto__":{"polluted":true}}'));
        const read = await get(store, 'a');
        assert.equal(JSON.stringify(read), '{"__proto__":{"polluted":true}}');
        assert.ok(typeof read === 'object' && read !== null && !('polluted' in read));
      }));

    it('keeps a document of 1 MiB', () =>
      use(async (store) => {
        const document = { text: 'é'.repeat(512 * 1024) };
        await put(store, 'a', document);
        assert.deepEqual(await get(store, 'a'), document);
      }));

    it('keeps collections apart', () =>
      use(async (store) => {
        await put(store, 'a', 1, 'c');
        await put(store, 'a', 2, 'd');
        await store.write((writer) => writer.delete('c', 'a'));
        assert.deepEqual([await get(store, 'a', 'c'), await get(store, 'a', 'd')], [undefined, 2]);
      }));

    it('deletes what is there and does not mind what is not', () =>
      use(async (store) => {
        await put(store, 'a', 1);
        await store.write((writer) => writer.delete('c', 'a'));
        await store.write((writer) => writer.delete('c', 'a'));
        assert.equal(await get(store, 'a'), undefined);
        assert.deepEqual(await keysOf(store), []);
      }));

    it('lists a key once that was deleted and put again, in one write and in several', () =>
      use(async (store) => {
        await putAll(store, ['a', 'b', 'c']);
        await store.write((writer) => writer.delete('c', 'b'));
        assert.deepEqual(await keysOf(store), ['a', 'c']);
        await put(store, 'b', 'again');
        await put(store, 'b', 'and again');
        assert.deepEqual(await keysOf(store), ['a', 'b', 'c']);
        await store.write(async (writer) => {
          await writer.delete('c', 'b');
          await writer.put('c', 'b', 'anew');
          await writer.put('c', 'd', 'in vain');
          await writer.delete('c', 'd');
        });
        assert.deepEqual(await keysOf(store), ['a', 'b', 'c']);
        assert.equal(await get(store, 'b'), 'anew');
      }));

    it('does not let the caller reach its state through a document', () =>
      use(async (store) => {
        const given = { list: [1] };
        await put(store, 'a', given);
        assert.throws(() => given.list.push(2), TypeError);
        const read = await get(store, 'a');
        assert.deepEqual(read, { list: [1] });
        try {
          Object.assign(Object(read), { list: [3] });
        } catch {
          // a frozen document is as good as a copy
        }
        assert.deepEqual(await get(store, 'a'), { list: [1] });
      }));

    it('lists keys ascending by their UTF-8 bytes, not by UTF-16 units', () =>
      use(async (store) => {
        const sorted = [
          '',
          '\0',
          '\0\0',
          'A',
          'Z',
          'a',
          'a\0',
          'a\0b',
          'a\u0001',
          'aa',
          'b',
          'é',
          '\ud7ff',
          '\ue000',
          '\uffff',
          '😀',
          '😁',
          '\u{10ffff}',
        ];
        const bytes = sorted.map((key) => Buffer.from(key));
        assert.deepEqual(bytes.toSorted(Buffer.compare), bytes, 'the expectation itself is in byte order');
        await putAll(store, sorted.toReversed());
        assert.deepEqual(await keysOf(store), sorted);
      }));

    it('lists only keys that begin with the prefix', () =>
      use(async (store) => {
        const all = [
          'a',
          'a/',
          'a/1',
          'a/\u{10ffff}',
          'a/\u{10ffff}z',
          'a0',
          'é',
          'é\ud7ff',
          'é\ud7ff1',
          'é\ue000',
          '\u{10ffff}',
          '\u{10ffff}x',
        ];
        await putAll(store, all);
        for (const prefix of ['', 'a', 'a/', 'a/\u{10ffff}', 'é\ud7ff', '\u{10ffff}', 'b', '/']) {
          const expected = all.filter((key) => key.startsWith(prefix));
          assert.deepEqual(await keysOf(store, { prefix }), expected, JSON.stringify(prefix));
        }
      }));

    it('lists after a key, there or not, inside the prefix and outside it', () =>
      use(async (store) => {
        await putAll(store, ['a', 'p', 'p1', 'p1\0', 'p2', 'z']);
        assert.deepEqual(await keysOf(store, { after: 'p1' }), ['p1\0', 'p2', 'z']);
        assert.deepEqual(await keysOf(store, { after: 'p10' }), ['p2', 'z']);
        assert.deepEqual(await keysOf(store, { prefix: 'p', after: 'p1' }), ['p1\0', 'p2']);
        assert.deepEqual(await keysOf(store, { prefix: 'p', after: 'a' }), ['p', 'p1', 'p1\0', 'p2']);
        assert.deepEqual(await keysOf(store, { prefix: 'p', after: 'q' }), []);
        assert.deepEqual(await keysOf(store, { after: 'z' }), []);
      }));

    it('lists no more than the limit', () =>
      use(async (store) => {
        await putAll(store, ['a', 'b', 'c']);
        assert.deepEqual(await keysOf(store, { limit: 2 }), ['a', 'b']);
        assert.deepEqual(await keysOf(store, { limit: 3 }), ['a', 'b', 'c']);
        assert.deepEqual(await keysOf(store, { limit: 1001 }), ['a', 'b', 'c']);
      }));

    it('refuses a limit that is no whole number from 1 to 1001', () =>
      use(async (store) => {
        for (const limit of [0, -1, 1.5, 1002, Number.NaN, Number.POSITIVE_INFINITY]) {
          await assert.rejects(keysOf(store, { limit }), RangeError, `${limit}`);
        }
      }));

    it('refuses a key, prefix, after or collection that has no UTF-8 form', () =>
      use(async (store) => {
        const lone = 'a\ud800b';
        await assert.rejects(put(store, lone, 1), RangeError);
        await assert.rejects(put(store, 'a', 1, lone), RangeError);
        await assert.rejects(get(store, lone), RangeError);
        await assert.rejects(keysOf(store, { prefix: lone }), RangeError);
        await assert.rejects(keysOf(store, { after: lone }), RangeError);
        await assert.rejects(
          store.write((writer) => writer.delete('c', lone)),
          RangeError,
        );
        assert.deepEqual(await keysOf(store), []);
      }));

    it('refuses what is no JSON value', () =>
      use(async (store) => {
        const circular: Record<string, Document> = {};
        circular.self = circular;
        // as: what a caller without the compiler might pass
        for (const document of [undefined, () => 1, 1n, circular] as unknown as readonly Document[]) {
          await assert.rejects(put(store, 'a', document), TypeError);
        }
        assert.equal(await get(store, 'a'), undefined);
      }));

    it('pages through everything once while others insert and delete', () =>
      use(async (store) => {
        const lasting = Array.from({ length: 50 }, (_, i) => `k${String(i).padStart(3, '0')}`);
        await putAll(store, lasting);
        const seen: string[] = [];
        for (let page = await keysOf(store, { limit: 7 }); page.length > 0; ) {
          seen.push(...page);
          const after: string = page.at(-1) ?? '';
          const passed = `${after.slice(0, 4)}-passed`; // lands after `after`: may be seen, once
          if (after !== passed) await put(store, passed, 0);
          await put(store, 'k', 0); // lands before every page: must not shift the next
          await store.write((writer) => writer.delete('c', after));
          page = await keysOf(store, { after, limit: 7 });
        }
        assert.equal(new Set(seen).size, seen.length, 'nothing twice');
        assert.deepEqual(
          seen.filter((key) => !key.endsWith('-passed')),
          lasting,
        );
      }));
  });
}
