import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atTurnEnd } from './turn-end.ts';

const turnsEnd = () => new Promise<void>((resolve) => setImmediate(resolve));

test('what is given in one turn is done at its end, in its order', async () => {
  const done: number[] = [];
  const give = atTurnEnd<number>((one) => void done.push(one));
  give(1);
  await Promise.resolve();
  process.nextTick(() => give(2));
  await Promise.resolve();
  assert.deepEqual(done, []);
  await turnsEnd();
  assert.deepEqual(done, [1, 2]);
});

test('what is given while it is done waits for the next end', async () => {
  const done: number[] = [];
  const give = atTurnEnd<number>((one) => {
    done.push(one);
    if (one < 3) give(one + 1);
  });
  give(1);
  await turnsEnd();
  assert.deepEqual(done, [1]);
  await turnsEnd();
  await turnsEnd();
  assert.deepEqual(done, [1, 2, 3]);
});

test('nobody waits for more than 31 others', async () => {
  const done: number[] = [];
  const give = atTurnEnd<number>((one) => void done.push(one));
  const all = Array.from({ length: 70 }, (_, at) => at);
  for (const one of all) give(one);
  assert.deepEqual(done, all.slice(0, 64));
  await turnsEnd();
  assert.deepEqual(done, all);
});
