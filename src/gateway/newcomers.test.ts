import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newcomers } from './newcomers.ts';

const turnsEnd = () => new Promise<void>((resolve) => setImmediate(resolve));
function made() {
  const done: number[] = [];
  return { done, door: newcomers<number>((one) => void done.push(one)) };
}
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at);

test('without newcomers work is done at once', () => {
  const { done, door } = made();
  door.afterThem(1);
  assert.deepEqual(done, [1]);
});

test('after a newcomer it waits for the end of the turn, and little is done in each while more of them come', async () => {
  const { done, door } = made();
  door.came();
  for (const one of upTo(30)) door.afterThem(one);
  assert.deepEqual(done, []);
  await turnsEnd();
  assert.deepEqual(done, upTo(8));
  door.came();
  await turnsEnd();
  assert.deepEqual(done, upTo(16));
});

test('when no more of them come all is done, in its order', async () => {
  const { done, door } = made();
  door.came();
  for (const one of upTo(30)) door.afterThem(one);
  await turnsEnd();
  door.afterThem(30);
  await turnsEnd();
  assert.deepEqual(done, upTo(31));
  door.afterThem(31);
  assert.deepEqual(done, upTo(32));
});
