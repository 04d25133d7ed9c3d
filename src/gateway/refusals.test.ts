import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusals } from './refusals.ts';

/** Refusals under a clock of their own, which `after` moves on, calling what is due. */
function made({ isCalm = false, room = 4096 } = {}) {
  let ms = 0;
  const given: string[] = [];
  const timers: { readonly at: number; readonly work: () => void }[] = [];
  const pace = refusals({
    now: () => ms,
    later: (after, work) => void timers.push({ at: ms + after, work }),
    isCalm: () => isCalm,
    room,
  });
  return {
    pace,
    given,
    add: (name: string) => pace.add(() => given.push(name)),
    after(more: number) {
      const end = ms + more;
      while (timers[0] !== undefined && timers[0].at <= end) {
        const next = timers.shift();
        ms = next?.at ?? ms;
        next?.work();
      }
      ms = end;
    },
  };
}
const names = (count: number) => Array.from({ length: count }, (_, at) => String(at));

test('few are given at once, more wait their turn and are given in their order', () => {
  const { pace, given, add, after } = made();
  for (const name of names(150)) add(name);
  assert.deepEqual([given.length, pace.waiting()], [100, 50]);
  after(100);
  assert.equal(given.length, 110, '100 a second');
  after(400);
  assert.deepEqual(given, names(150));
  assert.equal(pace.waiting(), 0);
});

test('one that comes later does not go before those that wait', () => {
  const { given, add, after } = made();
  for (const name of names(101)) add(name);
  after(19);
  add('late');
  assert.equal(given.includes('late'), false);
  after(20);
  assert.deepEqual(given.slice(-2), ['100', 'late']);
});

test('answers earn refusals, one for four', () => {
  const { pace, given, add, after } = made();
  for (const name of names(200)) add(name);
  for (let answer = 0; answer < 40; answer += 1) pace.earn();
  after(20);
  assert.equal(given.length, 100 + 2 + 10);
});

test('no more are saved up than a hundred', () => {
  const { pace, given, add, after } = made();
  for (let answer = 0; answer < 4000; answer += 1) pace.earn();
  after(60_000);
  for (const name of names(150)) add(name);
  assert.equal(given.length, 100);
});

test('in calm those that wait are soon given', () => {
  const { pace, add, after } = made({ isCalm: true });
  for (const name of names(1100)) add(name);
  after(400);
  assert.equal(pace.waiting(), 0);
});

test('one that is taken back is never given, and leaves its place', () => {
  const { pace, given, add, after } = made({ room: 1 });
  for (const name of names(100)) add(name);
  const takeBack = add('gone');
  assert.equal(add('one too many'), undefined);
  takeBack?.();
  assert.equal(pace.waiting(), 0);
  add('next');
  after(1000);
  assert.deepEqual(given.slice(100), ['next']);
});

test('when the server stops all are given, and later ones at once', () => {
  const { pace, given, add } = made();
  for (const name of names(300)) add(name);
  pace.giveAll();
  assert.equal(given.length, 300);
  add('late');
  assert.deepEqual([given.at(-1), pace.waiting()], ['late', 0]);
});
