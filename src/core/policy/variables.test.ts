// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written so
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { globMatches } from './match.ts';
import { contextOf } from './request.ts';
import { globTemplate } from './variables.ts';

const facts = {
  context: contextOf({
    'aws:username': 'bob',
    'aws:PrincipalTag/Team': 'a*b',
    'aws:TagKeys': ['one'],
    'aws:CalledVia': ['x', 'y'],
    'aws:empty': '',
  }),
  multivalued: new Set(['aws:tagkeys']),
};

function matches(pattern: string, text: string, variables = true): boolean | 'unresolved' {
  const glob = globTemplate(pattern, { variables, wildcards: true })(facts);
  return glob === undefined ? 'unresolved' : globMatches(glob, text);
}

for (const [pattern, text, expected] of [
  ['home/${aws:username}/*', 'home/bob/x', true],
  ['${AWS:UserName}', 'bob', true],
  ['${aws:principaltag/TEAM}', 'a*b', true],
  ["${aws:missing, 'everyone'}", 'everyone', true],
  ["${aws:missing,'a, b'}", 'a, b', true],
  ["${ aws:username , 'nobody'}", 'bob', true],
  ['${*}${?}${$}', '*?$', true],
  ['x${aws:empty}y', 'xy', true],
  ['a${b', 'a${b', true],
  ['$x', '$x', true],
  ['${aws:PrincipalTag/Team}', 'aXb', false],
  ['${*}', 'x', false],
  ['${?}', 'x', false],
  ["${aws:missing, '*'}", 'anything', false],
  ['home/${aws:username}/*', 'home/eve/x', false],
  ['${aws:missing}', '${aws:missing}', 'unresolved'],
  ['${aws:missing, unquoted}', 'unquoted', 'unresolved'],
  ['${}', '', 'unresolved'],
  ['${aws:CalledVia}', 'x', 'unresolved'],
  ['${aws:TagKeys}', 'one', 'unresolved'],
] as const) {
  test(`${pattern} against ${text}: ${expected}`, () => assert.equal(matches(pattern, text), expected));
}

test('what a variable puts in is not read for variables again', () => {
  const nested = { context: contextOf({ a: '${b}', b: 'secret' }) };
  const glob = globTemplate('${a}', { variables: true, wildcards: true })(nested);
  assert.equal(glob !== undefined && globMatches(glob, 'secret'), false);
  assert.equal(glob !== undefined && globMatches(glob, '${b}'), true);
});

test('without variables the same characters are plain text', () => {
  assert.equal(matches('${aws:username}', '${aws:username}', false), true);
  assert.equal(matches('${aws:username}', 'bob', false), false);
});
