// kill -9 in the middle of writes: what was acknowledged is there, what was not is there whole or not at all, and the
// directory opens again at once. Each round goes on where the last one was killed.
// ANYROLE_CRASH_ROUNDS sets the number of rounds; the moment of each kill follows from a fixed seed.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sqliteStore } from '../../src/store/sqlite.ts';
import type { Document, Store } from '../../src/store/store.ts';
import { StoreLocked } from '../../src/store/store.ts';
import { collections, documentOf, keyOf } from './content.ts';

const rounds = Number(process.env.ANYROLE_CRASH_ROUNDS ?? 20);
const writer = fileURLToPath(new URL('writer.ts', import.meta.url));

/** Numbers from 1 to `most` that look random and are the same on every run. */
function* numbers(seed: number, most: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield 1 + Math.floor((state / 2 ** 32) * most);
  }
}

/** Runs the writer, kills it after `count` acknowledgements, and answers every number that it acknowledged. */
async function writeAndKill(path: string, first: number, count: number): Promise<readonly number[]> {
  const options = ['--disable-warning=ExperimentalWarning', writer, path, String(first)];
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const exited = once(child, 'close');
    const acknowledged: number[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      if (acknowledged.length === 0) assert.throws(() => sqliteStore({ path }), StoreLocked, 'the writer lives');
      acknowledged.push(Number(line));
      if (acknowledged.length === count) child.kill('SIGKILL');
    }
    const [, signal] = await exited;
    assert.equal(signal, 'SIGKILL', 'the writer did not end by itself');
    return acknowledged;
  } finally {
    endOf(child);
  }
}

function endOf(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
}

/** Everything in a collection, by key. */
async function contentsOf(store: Store, collection: string): Promise<Map<string, Document>> {
  const contents = new Map<string, Document>();
  for (let after = ''; ; ) {
    const page = await store.read((reader) => reader.list(collection, { after, limit: 1000 }));
    for (const { key, document } of page) contents.set(key, document);
    const last = page.at(-1);
    if (last === undefined) return contents;
    after = last.key;
  }
}

/** Checks what a killed writer left: all that was acknowledged, nothing in halves. Answers how many writes there are. */
async function check(store: Store, acknowledged: ReadonlySet<number>): Promise<number> {
  const [left, right] = await Promise.all(collections.map((collection) => contentsOf(store, collection)));
  assert.ok(left && right);
  assert.deepEqual([...left.keys()], [...right.keys()], 'a write is there whole or not at all');
  for (const n of acknowledged) {
    assert.deepEqual(left.get(keyOf(n)), documentOf('left', n), `acknowledged write ${n}`);
    assert.deepEqual(right.get(keyOf(n)), documentOf('right', n), `acknowledged write ${n}`);
  }
  const counter = await store.read((reader) => reader.get('counter', 'n'));
  assert.equal(counter, left.size, 'the counter counts exactly the writes that are there');
  return left.size;
}

it(`kill -9 loses no acknowledged write, ${rounds} times over`, async (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'anyrole-crash-'));
  t.after(() => rmSync(parent, { recursive: true }));
  const path = join(parent, 'data');
  const counts = numbers(20260102, 150);
  const acknowledged = new Set<number>();
  let unacknowledged = 0;
  for (let round = 0, first = 1; round < rounds; round++) {
    for (const n of await writeAndKill(path, first, counts.next().value)) acknowledged.add(n);
    const store = sqliteStore({ path });
    const there = await check(store, acknowledged).finally(() => store.close());
    unacknowledged = there - acknowledged.size;
    first = Math.max(...acknowledged) + 1000; // past any number the killed writer had begun
  }
  t.diagnostic(`${acknowledged.size} writes acknowledged, ${unacknowledged} more found whole`);
});
