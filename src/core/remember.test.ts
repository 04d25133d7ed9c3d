// What is remembered must be what would be worked out again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askedBefore, askedLately, handover, remember, rememberAgain, rememberOf } from './remember.ts';

test('an answer is worked out once, and again when it was the eldest of too many', () => {
  const worked: string[] = [];
  const double = remember(
    2,
    (text: string) => text,
    (text) => {
      worked.push(text);
      return text + text;
    },
  );
  for (const text of ['a', 'b', 'a', 'c', 'a']) assert.equal(double(text), text + text);
  assert.deepEqual(worked, ['a', 'b', 'c', 'a']);
});

test('what is remembered has a size together: the eldest go until the newest has room, and what is too large is not kept', () => {
  const worked: string[] = [];
  const echo = remember(
    10,
    (text: string) => text,
    (text) => {
      worked.push(text);
      return text;
    },
    { most: 6, sizeOf: (text) => text.length },
  );
  for (const text of ['aa', 'bbb', 'aa', 'cc', 'bbb', 'cc', 'aa']) assert.equal(echo(text), text);
  assert.deepEqual(worked, ['aa', 'bbb', 'cc', 'aa'], 'aa went for cc, then bbb for aa');
  for (const text of ['ddddddd', 'ddddddd']) assert.equal(echo(text), text);
  assert.deepEqual(worked.slice(4), ['ddddddd', 'ddddddd']);
});

test('what is remembered of a thing is remembered of that thing alone', () => {
  let count = 0;
  const size = rememberOf((list: readonly number[]) => {
    count += 1;
    return list.length === 0 ? undefined : list.length;
  });
  const [one, equal, none] = [[1, 2], [1, 2], []];
  assert.deepEqual([size(one), size(equal), size(one), size(none), size(none)], [2, 2, 2, undefined, undefined]);
  assert.equal(count, 3);
});

test('undefined and a throw are not remembered', () => {
  let count = 0;
  const none = remember(
    2,
    (text: string) => text,
    (text) => {
      count += 1;
      if (text === 'throw') throw new Error('no');
      return undefined;
    },
  );
  none('a');
  none('a');
  assert.throws(() => none('throw'));
  assert.throws(() => none('throw'));
  assert.equal(count, 4);
});

test('what was asked about is known by its digest, until another comes to its place', () => {
  const comesAgain = askedBefore(16);
  const [one, other] = ['00000001aaaaaaaa', '00000011bbbbbbbb'];
  const asked = [one, one, '00000001aaaaaaab', one, one, '00000002aaaaaaaa', one, other, one, other];
  const known = [false, true, false, false, true, false, true, false, false, false];
  assert.deepEqual(asked.map(comesAgain), known);
});

test('what was asked about lately is known by its name, until as many others came or as long ones', () => {
  const few = askedLately(2, 100);
  assert.deepEqual(['a', 'a', 'b', 'c', 'a', 'b', 'd', 'e', 'c', 'a'].map(few), [
    ...[false, true, false, false, true, true],
    ...[false, false, true, false],
  ]);
  const short = askedLately(100, 4);
  assert.deepEqual(['aa', 'bb', 'cc', 'aa', 'dd', 'ee', 'aa'].map(short), [
    false,
    false,
    false,
    true,
    false,
    false,
    false,
  ]);
});

test('what comes again is worked out twice at most, each thing by itself', () => {
  let worked = 0;
  const answerOf = rememberAgain((thing: { readonly word: string }) => {
    worked += 1;
    return `${thing.word} ${worked}`;
  });
  const [one, other] = [{ word: 'one' }, { word: 'other' }];
  assert.deepEqual([one, one, one, other, other, one].map(answerOf), [
    'one 1',
    'one 2',
    'one 2',
    'other 3',
    'other 4',
    'one 2',
  ]);
});

test('what was left for the next step is taken once, and by nobody else', () => {
  const { leave, take } = handover<{ readonly word: string }, string>();
  const [one, other] = [{ word: 'one' }, { word: 'one' }];
  assert.equal(leave(one, 'left'), 'left');
  assert.deepEqual([take(one), take(one)], ['left', undefined]);
  leave(one, 'left');
  assert.deepEqual([take(other), take(one)], [undefined, undefined]);
  leave(one, 'left');
  leave(other, 'later');
  assert.deepEqual([take(one), take(other)], [undefined, undefined]);
});
