// A disk that really fills: documents are written until it takes no more, then there is room again. As a program, for a
// process whose files may not grow: says `full`, waits for a line on standard input, which says that there is room, and
// then says how many writes were acknowledged.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cachedStore } from '../../src/store/cache.ts';
import { sqliteStore } from '../../src/store/sqlite.ts';
import { type Store, StoreUnavailable } from '../../src/store/store.ts';

const text = 'x'.repeat(20_000);
/** Writes that fill any disk of this test. */
const most = 5000;
const later = 20;

export const keyOf = (n: number) => `k${String(n).padStart(6, '0')}`;

/** Writes until the disk is full, reads on, has room made, and writes again. Answers the numbers that were acknowledged. */
export async function fill(store: Store, makeRoom: () => Promise<void>): Promise<readonly number[]> {
  const acknowledged: number[] = [];
  let next = 0;
  const write = async () => {
    const n = next++;
    await store.write(async (writer) => {
      await writer.put('left', keyOf(n), { n, text });
      await writer.put('right', keyOf(n), { n, text });
    });
    acknowledged.push(n);
  };
  let refused: unknown;
  while (refused === undefined && next < most) {
    const outcomes = await Promise.allSettled(Array.from({ length: 4 }, write));
    refused = outcomes.find((one) => one.status === 'rejected')?.reason;
  }
  assert.ok(refused instanceof StoreUnavailable, `the disk does not fill: ${refused}`);
  await check(store, acknowledged);
  await makeRoom();
  for (let n = 0; n < later; n++) await write();
  await check(store, acknowledged);
  return acknowledged;
}

/** What was acknowledged is there; nothing is there in halves. */
export async function check(store: Store, acknowledged: readonly number[]): Promise<void> {
  const keys = async (collection: string) => {
    const all: string[] = [];
    for (let after: string | undefined; ; after = all.at(-1)) {
      const page = await store.read((reader) =>
        reader.list(collection, { limit: 100, ...(after === undefined ? {} : { after }) }),
      );
      all.push(...page.map(({ key }) => key));
      if (page.length < 100) return all;
    }
  };
  const left = await keys('left');
  assert.deepEqual(left, await keys('right'), 'whole or not at all');
  assert.deepEqual(left, acknowledged.toSorted((a, b) => a - b).map(keyOf), 'a full disk refuses for sure');
}

if (process.argv[1] === import.meta.filename) {
  const store = cachedStore(sqliteStore({ path: process.argv[2] ?? '' }));
  const acknowledged = await fill(store, async () => {
    process.stdout.write('full\n');
    await once(process.stdin, 'data');
  });
  await store.close();
  process.stdout.write(`${acknowledged.length}\n`);
  process.exit();
}
