import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { imdsTokens } from './tokens.ts';

const start = Date.parse('2026-01-02T03:04:05Z');

function rig() {
  let time = start;
  const tokens = imdsTokens({ now: () => new Date(time), randomBytes });
  return { tokens, pass: (seconds: number) => (time += seconds * 1000) };
}

test('a token has the form of those of EC2, and no two are alike', () => {
  const { tokens } = rig();
  const token = tokens.issue(60);
  assert.match(token, /^AQAAA[\w-]{49}==$/);
  assert.notEqual(tokens.issue(60), token);
});

test('a token lives to its last second and not a second longer', () => {
  const { tokens, pass } = rig();
  const token = tokens.issue(60);
  assert.equal(tokens.secondsLeft(token), 60);
  pass(59);
  assert.equal(tokens.secondsLeft(token), 1);
  pass(1);
  assert.equal(tokens.secondsLeft(token), undefined);
});

test('a token that was changed at any place is none', () => {
  const { tokens } = rig();
  const token = tokens.issue(60);
  for (let at = 0; at < token.length - 2; at++) {
    const changed = token.slice(0, at) + (token[at] === 'A' ? 'g' : 'A') + token.slice(at + 1);
    assert.equal(tokens.secondsLeft(changed), undefined, `at ${at}`);
  }
});

test('a token of another process is none', () => {
  assert.equal(rig().tokens.secondsLeft(rig().tokens.issue(60)), undefined);
});

for (const [what, text] of [
  ['nothing', ''],
  ['a word', 'token'],
  ['a token without its end', 'AQAAA'],
  ['what is too long', 'A'.repeat(100_000)],
  ['what is no base64', `${'!'.repeat(54)}==`],
  ['zeros of the right length', `${'A'.repeat(54)}==`],
] as const) {
  test(`${what} is no token`, () => {
    assert.equal(rig().tokens.secondsLeft(text), undefined);
  });
}

test('a hundred thousand tokens push nobody out', () => {
  const { tokens } = rig();
  const first = tokens.issue(60);
  for (let count = 0; count < 100_000; count++) tokens.issue(21_600);
  assert.equal(tokens.secondsLeft(first), 60);
});
