import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { admission, turnMs } from './admission.ts';

/** An admission under a clock of its own; requests are taken on at an instant and answered so many milliseconds later. */
function made(limits: { readonly start?: number; readonly least?: number; readonly most?: number } = {}) {
  const clock = { ms: 0 };
  const control = admission({ now: () => clock.ms, ...limits });
  /** Gives what tells that it is answered. */
  const enter = () => {
    const entry = control.enter() ?? assert.fail('refused');
    return () => control.leave(entry);
  };
  return {
    control,
    clock,
    enter,
    limit: () => control.stats().limit,
    /** `count` requests that take `ms` each, all at once, and one more than the limit where `asksMore`. */
    turnOf(count: number, ms: number, asksMore = false) {
      const leaves = Array.from({ length: count }, enter);
      if (asksMore) assert.equal(control.enter(), undefined);
      clock.ms += ms;
      for (const leave of leaves) leave();
      clock.ms += Math.max(0, turnMs - ms);
      control.turn();
    },
  };
}

describe('room', () => {
  test('is for as many as the limit, and an answer makes some', () => {
    const { control, enter } = made({ start: 2 });
    const leave = enter();
    enter();
    assert.equal(control.isFull(), true);
    assert.equal(control.enter(), undefined);
    leave();
    leave();
    assert.equal(control.isFull(), false);
    enter();
    assert.equal(control.enter(), undefined, 'an answer that is told twice counts once');
    assert.equal(control.stats().inFlight, 2);
  });

  test('is not kept by requests that wait for something else for more than a second', () => {
    const { control, clock, enter } = made({ start: 2, least: 2 });
    const slow = [enter(), enter()];
    clock.ms = 900;
    control.turn();
    assert.equal(control.isFull(), true);
    clock.ms = 1100;
    control.turn();
    assert.equal(control.isFull(), false);
    enter();
    for (const leave of slow) leave();
    enter();
    assert.equal(control.isFull(), true, 'an old one that is answered makes no room again');
  });

  test('ends for these, too', () => {
    const { control, clock, enter } = made({ start: 64, least: 64 });
    let taken = 0;
    for (; !control.isFull() || control.stats().inFlight < 1000; clock.ms += 1100) {
      for (; !control.isFull(); taken += 1) enter();
      control.turn();
      if (taken > 5000) assert.fail('there is no end');
    }
    for (let turn = 0; turn < 40; turn += 1, clock.ms += 1100) {
      for (; !control.isFull(); taken += 1) enter();
      control.turn();
    }
    assert.equal(taken, 2048);
  });
});

describe('the limit', () => {
  test('rises while it is reached and requests are quick, up to its most', () => {
    const { limit, turnOf } = made({ start: 20, most: 23 });
    turnOf(20, 10, true);
    assert.equal(limit(), 22);
    turnOf(22, 10, true);
    turnOf(23, 10, true);
    assert.equal(limit(), 23);
  });

  test('stays while it is not reached', () => {
    const { limit, turnOf } = made({ start: 20 });
    for (let turn = 0; turn < 5; turn += 1) turnOf(19, 10);
    turnOf(0, 0);
    assert.equal(limit(), 20);
  });

  test('sinks by a fifth while half of the requests are slow, down to its least', () => {
    const { limit, turnOf } = made({ start: 20, least: 15 });
    turnOf(20, 60, true);
    assert.equal(limit(), 16);
    turnOf(16, 60, true);
    turnOf(15, 60, true);
    assert.equal(limit(), 15);
  });

  test('does not sink for a few slow ones among quick ones', () => {
    const { control, clock, enter, limit } = made({ start: 20 });
    const slow = Array.from({ length: 9 }, enter);
    const quick = Array.from({ length: 10 }, enter);
    clock.ms = 10;
    for (const leave of quick) leave();
    clock.ms = turnMs;
    for (const leave of slow) leave();
    control.turn();
    assert.equal(limit(), 20);
  });

  test('sinks when the turn comes late: so late are requests read', () => {
    const { control, clock, limit, turnOf } = made({ start: 20 });
    turnOf(10, turnMs + 60);
    assert.equal(limit(), 16);
    assert.equal(control.stats().queueDelayMs, 60);
    clock.ms += turnMs;
    control.turn();
    assert.deepEqual([limit(), control.stats().queueDelayMs], [16, 0]);
  });

  test('stays however slow it is where less than half of it is used', () => {
    const { control, clock, limit, turnOf } = made({ start: 20 });
    turnOf(9, 500);
    clock.ms += 10_000;
    control.turn();
    assert.equal(limit(), 20);
  });

  test('sinks when nothing is answered at all', () => {
    const { control, clock, enter, limit } = made({ start: 20 });
    for (let request = 0; request < 10; request += 1) enter();
    clock.ms = turnMs;
    control.turn();
    assert.equal(limit(), 16);
  });
});

test('calm is when nobody was turned away for a turn', () => {
  const { control, clock, enter } = made({ start: 1, least: 1 });
  const turn = () => {
    clock.ms += turnMs;
    control.turn();
  };
  const leave = enter();
  assert.equal(control.isCalm(), true);
  control.enter();
  assert.equal(control.isCalm(), false);
  leave();
  turn();
  assert.equal(control.isCalm(), false);
  turn();
  assert.equal(control.isCalm(), true);
});
