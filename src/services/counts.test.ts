import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { memoryStore } from '../store/memory.ts';
import { addCounted, countOf, deleteCounted, putCounted } from './counts.ts';
import { collection } from './records.ts';

const things = collection<{ readonly n: number }>('test/things');
const others = collection<{ readonly n: number }>('test/others');

describe('a count that is kept', () => {
  test('is the number of records below the place, of the collection alone', async () => {
    const store = memoryStore();
    await store.write(async (writer) => {
      for (const name of ['x', 'y', 'z']) await putCounted(writer, things, 'a/', name, { n: 1 });
      await putCounted(writer, things, 'ab/', 'x', { n: 1 });
      await putCounted(writer, others, 'a/', 'x', { n: 1 });
      await deleteCounted(writer, things, 'a/', 'y');
    });
    const counted = await store.read(async (reader) => [
      await countOf(reader, things, 'a/'),
      await countOf(reader, things, 'ab/'),
      await countOf(reader, others, 'a/'),
      await countOf(reader, others, 'ab/'),
    ]);
    assert.deepEqual(counted, [2, 1, 1, 0]);
  });

  test('does not change with a record that is put again, nor with one that is not there to delete', async () => {
    const store = memoryStore();
    await store.write(async (writer) => {
      await putCounted(writer, things, 'a/', 'x', { n: 1 });
      await putCounted(writer, things, 'a/', 'x', { n: 2 });
      await deleteCounted(writer, things, 'a/', 'y');
    });
    assert.equal(await store.read((reader) => countOf(reader, things, 'a/')), 1);
    assert.deepEqual(await store.read((reader) => things.get(reader, 'a/x')), { n: 2 });
  });

  test('is told to whoever may refuse a new record, with that one, and stays where he does', async () => {
    const store = memoryStore();
    const told: number[] = [];
    const add = (name: string) =>
      store.write((writer) =>
        addCounted(writer, things, 'a/', name, { n: 1 }, (count) => {
          told.push(count);
          if (count > 2) throw new Error('too many');
        }),
      );
    await add('x');
    await add('y');
    await assert.rejects(add('z'), /too many/);
    assert.deepEqual(told, [1, 2, 3]);
    assert.equal(await store.read((reader) => countOf(reader, things, 'a/')), 2);
    assert.equal(await store.read((reader) => things.get(reader, 'a/z')), undefined);
  });

  test('begins with what stood there before counts were kept, however many', async () => {
    const store = memoryStore();
    await store.write(async (writer) => {
      for (let n = 0; n < 2001; n++) await things.put(writer, `a/${n}`, { n });
    });
    assert.equal(await store.read((reader) => countOf(reader, things, 'a/')), 2001);
    await store.write((writer) => putCounted(writer, things, 'a/', 'new', { n: 0 }));
    assert.equal(await store.read((reader) => countOf(reader, things, 'a/')), 2002);
    await store.write((writer) => deleteCounted(writer, things, 'a/', '7'));
    assert.equal(await store.read((reader) => countOf(reader, things, 'a/')), 2001);
  });

  test('is not changed by a transaction that fails', async () => {
    const store = memoryStore();
    await store.write((writer) => putCounted(writer, things, 'a/', 'x', { n: 1 }));
    const failing = store.write(async (writer) => {
      await putCounted(writer, things, 'a/', 'y', { n: 1 });
      throw new Error('no');
    });
    await assert.rejects(failing);
    assert.equal(await store.read((reader) => countOf(reader, things, 'a/')), 1);
  });
});
