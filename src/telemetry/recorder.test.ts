// The queue of what waits to be recorded: bounded, in order, and tried again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEntry } from './audit.ts';
import { type RecorderTraits, recorder } from './recorder.ts';

const entry = (key: string): AuditEntry => ({ key, text: '1' });

/** A recorder whose timer the test fires, and whose store the test breaks. */
function rig({ room, roomCharacters }: Pick<RecorderTraits, 'room' | 'roomCharacters'> = {}) {
  const batches: string[][] = [];
  const timers: (() => void)[] = [];
  const failures: unknown[] = [];
  const state: { broken: boolean; during: (() => void) | undefined } = { broken: false, during: undefined };
  const traits: RecorderTraits = {
    async write(entries) {
      if (state.broken) throw new Error('disk full');
      batches.push(entries.map(({ key }) => key));
      state.during?.();
    },
    later: (work) => void timers.push(work),
    failed: (cause) => void failures.push(cause),
    ...(room === undefined ? {} : { room }),
    ...(roomCharacters === undefined ? {} : { roomCharacters }),
  };
  return { made: recorder(traits), batches, timers, failures, state };
}

test('entries are written together, once, in their order', async () => {
  const { made, batches, timers } = rig();
  for (const key of ['a', 'b', 'c']) made.add(entry(key));
  assert.equal(timers.length, 1);
  assert.deepEqual(batches, []);
  timers[0]?.();
  await made.flush();
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
  for (let count = 0; count < 1200; count += 1) made.add(entry(String(count)));
  await made.flush();
  assert.deepEqual(
    batches.map(({ length }) => length),
    [500, 500, 200],
  );
});

test('a full queue drops what comes and counts it', async () => {
  const { made, batches } = rig({ room: 2 });
  for (const key of ['a', 'b', 'c', 'd']) made.add(entry(key));
  assert.equal(made.dropped(), 2);
  await made.flush();
  made.add(entry('e'));
  await made.flush();
  assert.deepEqual(batches, [['a', 'b'], ['e']]);
});

test('a batch that could not be written is told of, kept and tried again', async () => {
  const { made, batches, timers, failures, state } = rig();
  state.broken = true;
  made.add(entry('a'));
  timers[0]?.();
  await new Promise((resolve) => setImmediate(resolve));
  assert.match(String(failures[0]), /disk full/);
  assert.equal(timers.length, 2);
  state.broken = false;
  timers[1]?.();
  await made.flush();
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

test('what waits is bounded by its size, too, and makes room when it is written', async () => {
  const { made, batches } = rig({ roomCharacters: 10 });
  for (const key of ['four', 'five', 'x']) made.add(entry(key));
  assert.deepEqual([made.waiting(), made.dropped()], [2, 1]);
  await made.flush();
  made.add(entry('123456789'));
  made.add(entry(''));
  await made.flush();
  assert.deepEqual([batches, made.waiting(), made.dropped()], [[['four', 'five'], ['123456789']], 0, 2]);
});
