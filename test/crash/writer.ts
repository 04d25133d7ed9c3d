// A process to be killed: opens the store in the directory argv[2] and writes documents from number argv[3] on, eight at a
// time, as fast as it can. Prints a number on a line of its own after its write was acknowledged, and not before.

import { sqliteStore } from '../../src/store/sqlite.ts';
import { collections, documentOf, keyOf } from './content.ts';

const [, , path = '', first = ''] = process.argv;
const store = sqliteStore({ path });
let next = Number(first);

async function writeForever(): Promise<never> {
  for (;;) {
    const n = next++;
    await store.write(async (writer) => {
      const count = await writer.get('counter', 'n');
      for (const collection of collections) await writer.put(collection, keyOf(n), documentOf(collection, n));
      await writer.put('counter', 'n', (typeof count === 'number' ? count : 0) + 1);
    });
    process.stdout.write(`${n}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, writeForever));
