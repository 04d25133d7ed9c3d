// The queue of what waits to be recorded: bounded, in order, tried again, and never dropped from.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AuditEntry } from './audit.ts';
import { RecorderFull, type RecorderTraits, recorder } from './recorder.ts';

const entry = (key: string): AuditEntry => ({ key, text: '1' });
type Bounds = Pick<RecorderTraits, 'room' | 'roomCharacters' | 'heldRoom'>;

/** A recorder whose timers the test fires, and whose store the test breaks or holds up. */
function rig(bounds: Bounds = {}) {
  const batches: string[][] = [];
  const timers: { readonly work: () => void; readonly ms: number }[] = [];
  const failures: unknown[] = [];
  const state: { broken: boolean; during: (() => void) | undefined; gate: Promise<void> } = {
    broken: false,
    during: undefined,
    gate: Promise.resolve(),
  };
  const made = recorder({
    async write(entries) {
      await state.gate;
      if (state.broken) throw new Error('disk full');
      batches.push(entries.map(({ key }) => key));
      state.during?.();
    },
    later(work, ms) {
      const timer = { work, ms };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
    failed: (cause) => void failures.push(cause),
    ...bounds,
  });
  /** Fires what was asked for, and lets what it began end. */
  const fire = async (ms: number) => {
    for (const timer of timers.filter((one) => one.ms === ms)) {
      timers.splice(timers.indexOf(timer), 1);
      timer.work();
    }
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { made, batches, timers, failures, state, fire };
}

test('entries are written together, once, in their order', async () => {
  const { made, batches, timers, fire } = rig();
  for (const key of ['a', 'b', 'c']) assert.equal(made.add(entry(key)), undefined);
  assert.equal(timers.length, 1);
  assert.deepEqual(batches, []);
  await fire(100);
  await made.flush();
  assert.deepEqual(batches, [['a', 'b', 'c']]);
});

test('what comes while a batch is written waits for the next', async () => {
  const { made, batches, state } = rig();
  made.add(entry('a'));
  state.during = () => {
    state.during = undefined;
    made.add(entry('b'));
  };
  await made.flush();
  assert.deepEqual(batches, [['a'], ['b']]);
});

test('a long queue is written in pieces', async () => {
  const { made, batches } = rig();
  for (let count = 0; count < 428; count += 1) made.add(entry(String(count)));
  await made.flush();
  assert.deepEqual(
    batches.map(({ length }) => length),
    [192, 192, 44],
  );
});

test('as many as are written together are written at once', async () => {
  const { made, batches, timers, fire } = rig();
  for (let count = 0; count < 191; count += 1) made.add(entry(String(count)));
  assert.deepEqual(
    timers.map(({ ms }) => ms),
    [100],
  );
  for (let count = 0; count < 3; count += 1) made.add(entry(String(count)));
  assert.deepEqual(
    timers.map(({ ms }) => ms),
    [0],
  );
  await fire(0);
  const written = () => batches.map(({ length }) => length);
  assert.deepEqual(written(), [192]);
  assert.deepEqual(
    timers.map(({ ms }) => ms),
    [100],
    'what is no batch waits for its own time',
  );
  await fire(100);
  assert.deepEqual(written(), [192, 2]);
});

test('what comes while a batch is written is one batch with what comes after it, under load, too', async () => {
  const { made, batches, timers, state, fire } = rig();
  const add = (count: number) => {
    for (let at = 0; at < count; at += 1) made.add(entry(String(at)));
  };
  add(192);
  state.during = () => {
    state.during = undefined;
    add(60);
  };
  await fire(0);
  add(40);
  const written = () => batches.map(({ length }) => length);
  assert.deepEqual(written(), [192]);
  assert.deepEqual(
    timers.map(({ ms }) => ms),
    [100],
  );
  state.during = () => {
    state.during = undefined;
    add(193);
  };
  await fire(100);
  assert.deepEqual(written(), [192, 100, 192], 'a whole batch does not wait');
  await made.flush();
  assert.deepEqual(written(), [192, 100, 192, 1]);
});

test('a batch that could not be written is told of, kept and tried again', async () => {
  const { made, batches, failures, state, fire } = rig();
  state.broken = true;
  made.add(entry('a'));
  await fire(100);
  assert.match(String(failures[0]), /disk full/);
  state.broken = false;
  await fire(100);
  assert.deepEqual(batches, [['a']]);
});

test('a flush that failed says so, and the next one tries again', async () => {
  const { made, batches, state } = rig();
  made.add(entry('a'));
  state.broken = true;
  await assert.rejects(made.flush(), /disk full/);
  state.broken = false;
  await made.flush();
  assert.deepEqual(batches, [['a']]);
});

describe('where the queue is full', () => {
  test('an entry waits for room, and is taken in its turn', async () => {
    const { made, batches } = rig({ room: 2 });
    for (const key of ['a', 'b']) made.add(entry(key));
    const taken: string[] = [];
    const held = ['c', 'd', 'e'].map((key) => made.add(entry(key))?.then(() => taken.push(key)));
    assert.deepEqual([made.waiting(), made.held(), made.refused()], [2, 3, 0]);
    await made.flush();
    await Promise.all(held);
    assert.deepEqual(taken, ['c', 'd', 'e']);
    assert.deepEqual(batches, [['a', 'b'], ['c', 'd'], ['e']]);
    assert.deepEqual([made.waiting(), made.held(), made.refused()], [0, 0, 0]);
  });

  test('nobody overtakes who waits, though his entry is smaller', async () => {
    const { made, batches } = rig({ roomCharacters: 6 });
    made.add(entry('four'));
    const long = made.add(entry('fives'));
    const short = made.add(entry(''));
    assert.deepEqual([made.waiting(), made.held()], [1, 2]);
    await made.flush();
    await Promise.all([long, short]);
    assert.deepEqual(batches.flat(), ['four', 'fives', '']);
  });

  test('an entry waits for a second, then it is refused and counted', async () => {
    const { made, batches, state, fire } = rig({ room: 1 });
    state.gate = new Promise(() => {});
    made.add(entry('a'));
    const late = made.add(entry('b'));
    const refused = assert.rejects(late ?? Promise.resolve(), RecorderFull);
    await fire(1000);
    await refused;
    assert.deepEqual([made.waiting(), made.held(), made.refused(), batches], [1, 0, 1, []]);
  });

  test('no more than some wait for room', async () => {
    const { made } = rig({ room: 1, heldRoom: 1 });
    made.add(entry('a'));
    const held = made.add(entry('b'));
    await assert.rejects(made.add(entry('c')) ?? Promise.resolve(), RecorderFull);
    assert.deepEqual([made.held(), made.refused()], [1, 1]);
    await made.flush();
    await held;
  });

  test('nobody waits for a store that refuses, and who waited is refused', async () => {
    const { made, batches, state, fire } = rig({ room: 1 });
    state.broken = true;
    made.add(entry('a'));
    const waited = assert.rejects(made.add(entry('b')) ?? Promise.resolve(), RecorderFull);
    await fire(100);
    await waited;
    await assert.rejects(made.add(entry('c')) ?? Promise.resolve(), RecorderFull);
    assert.deepEqual([made.waiting(), made.refused()], [1, 2]);
    state.broken = false;
    await fire(100);
    assert.equal(made.add(entry('d')), undefined);
    await made.flush();
    assert.deepEqual(batches, [['a'], ['d']]);
  });

  test('an entry that is larger than all the room is taken alone', async () => {
    const { made, batches } = rig({ roomCharacters: 3 });
    assert.equal(made.add(entry('123456789')), undefined);
    await made.flush();
    assert.deepEqual(batches, [['123456789']]);
  });

  test('no timer is left of an entry that was taken', async () => {
    const { made, timers, fire } = rig({ room: 1 });
    made.add(entry('a'));
    const held = made.add(entry('b'));
    await fire(100);
    await held;
    assert.deepEqual(
      timers.filter(({ ms }) => ms === 1000),
      [],
    );
  });
});

describe('at the end', () => {
  test('what waits is written', async () => {
    const { made, batches } = rig();
    made.add(entry('a'));
    assert.deepEqual(await made.close(), []);
    assert.deepEqual(batches, [['a']]);
  });

  test('a store that refuses is asked three times, and what is left is told', async () => {
    const { made, failures, state, timers, fire } = rig();
    state.broken = true;
    made.add(entry('a'));
    timers.length = 0;
    const left = made.close();
    for (let attempt = 0; attempt < 3; attempt++) await fire(100);
    assert.deepEqual(await left, [entry('a')]);
    assert.deepEqual(failures, []);
  });
});
