// Most of a minute at half of the peak: what is reachable of the heap stays what it is. `npm run soak` is the long form, which looks
// at resident memory, too: a minute is too short for that, since V8 takes what it is given before it gives back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killChildren } from '../bench/child.ts';
import { growthOf, soak } from '../bench/soak.ts';

process.on('exit', killChildren);

test('a server that is asked for most of a minute keeps nothing of what it answered', async (t) => {
  const { answers, heap, resident } = await soak({ seconds: 40, connections: 8 });
  assert.ok(answers > 0);
  assert.ok(heap.growth <= 0.1, `the reachable heap grew from ${heap.firstMb} to ${heap.lastMb} MB`);
  t.diagnostic(`${answers} answers, ${heap.lastMb.toFixed(1)} MB reachable, ${resident.lastMb.toFixed(0)} MB resident`);
});

test('growth is that of the last window beside the first after the warm-up', () => {
  const seen = [1, 35, 40, 60, 90, 95].map((at) => ({ at, mb: at < 30 ? 1 : at < 50 ? 100 : at < 80 ? 500 : 110 }));
  const { firstMb, lastMb, growth } = growthOf(seen, 100);
  assert.deepEqual([firstMb, lastMb, growth.toFixed(2)], [100, 110, '0.10']);
  assert.equal(growthOf([{ at: 1, mb: 1 }], 100).growth, Number.NaN);
});
