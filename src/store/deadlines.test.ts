import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deadlines, type Watched } from './deadlines.ts';

const watched = (ended: boolean, giveUp = () => {}): Watched => ({ ended, timer: undefined, giveUp });

test('what ends within its turn gets no timer, what does not is given up on, however many there are', async () => {
  const limit = deadlines(1);
  const done = Array.from({ length: 5000 }, () => watched(true));
  const late = await new Promise<number>((resolve) => {
    let given = 0;
    const giveUp = () => {
      given += 1;
      if (given === 3000) resolve(given);
    };
    for (const [at, one] of done.entries()) {
      limit.watch(one);
      if (at < 3000) limit.watch(watched(false, giveUp));
    }
  });
  assert.equal(late, 3000);
  assert.ok(done.every(({ timer }) => timer === undefined));
});
