// The judge's two questions about policies, as their interface states them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policyCheck } from './policy-check.ts';
import { policyEval } from './policy-eval.ts';
import { BadInput } from './subcommand.ts';

const USER = 'arn:aws:iam::111111111111:user/alice';
const allow = (changes: object = {}) => ({ Effect: 'Allow', Action: 's3:*', Resource: '*', ...changes });
const policy = (...statements: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const old = JSON.stringify({ Statement: allow() });

for (const [title, line, expected] of [
  ['a sound document', { document: policy(allow()), kind: 'managed' }, 'ok'],
  ['no kind: as CreatePolicy judges', { document: old }, 'MalformedPolicyDocument'],
  ['an identity policy of the old version', { document: old, kind: 'identity' }, 'MalformedPolicyDocument'],
  ['an inline policy of the old version', { document: old, kind: 'inline' }, 'ok'],
  ['a session policy of the old version', { document: old, kind: 'session' }, 'ok'],
  ['a trust policy with a resource', { document: policy(allow()), kind: 'trust' }, 'MalformedPolicyDocument'],
  ['a resource policy', { document: policy(allow({ Principal: '*' })), kind: 'resource' }, 'ok'],
  ['text that is no JSON', { document: '', kind: 'inline' }, 'MalformedPolicyDocument'],
] as const) {
  test(`policy-check, ${title}: ${expected}`, () => {
    const verdict = policyCheck(line);
    assert.equal(verdict.result, expected);
    assert.equal(typeof verdict.message, expected === 'ok' ? 'undefined' : 'string');
  });
}

test('policy-check refuses a case without a document or of an unknown kind', () => {
  assert.throws(() => policyCheck({ kind: 'managed' }), BadInput);
  assert.throws(() => policyCheck({ document: {}, kind: 'managed' }), BadInput);
  for (const kind of ['constructor', '', 'boundary']) {
    assert.throws(() => policyCheck({ document: policy(allow()), kind }), BadInput);
  }
});

const ask = { action: 's3:GetObject', resource: 'arn:aws:s3:::bucket/key' };
const identity = [policy(allow())];
const queue = 'arn:aws:sqs:eu-west-1:222222222222:queue';
const anySqs = [policy(allow({ Action: 'sqs:*' }))];
const named = policy(allow({ Action: 'sqs:*', Principal: { AWS: USER } }));
const role = 'arn:aws:iam::111111111111:role/Deploy';
const trust = policy({ Effect: 'Allow', Principal: { AWS: USER }, Action: 'sts:AssumeRole' });
const tagged = [policy(allow({ Condition: { StringEquals: { 'aws:TagKeys': 'team' } } }))];
const anyTagged = [policy(allow({ Condition: { 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'team' } } }))];
const resourceDeny = policy(allow({ Effect: 'Deny', Principal: '*' }));

for (const [title, line, expected] of [
  ['every optional member left out', { ...ask }, 'implicitDeny'],
  ['an identity policy that allows', { ...ask, identityPolicies: identity }, 'allowed'],
  ['policies as JSON, not text', { ...ask, identityPolicies: [JSON.parse(policy(allow()))] }, 'allowed'],
  ['one policy, not a list', { ...ask, identityPolicies: policy(allow()) }, 'allowed'],
  [
    'a boundary that does not allow',
    { ...ask, identityPolicies: identity, permissionsBoundary: anySqs[0] },
    'implicitDeny',
  ],
  [
    'a session policy that does not allow',
    { ...ask, identityPolicies: identity, sessionPolicies: anySqs },
    'implicitDeny',
  ],
  ['no session policies', { ...ask, identityPolicies: identity, sessionPolicies: [] }, 'allowed'],
  [
    'no principal: the resource’s policy does not count',
    { ...ask, identityPolicies: identity, resourcePolicy: resourceDeny, resourceOwner: '222222222222' },
    'allowed',
  ],
  [
    'a principal: the resource’s policy counts',
    { ...ask, identityPolicies: identity, principal: USER, resourcePolicy: resourceDeny },
    'explicitDeny',
  ],
  [
    'no owner, an account in the resource: another account',
    { ...ask, action: 'sqs:SendMessage', resource: queue, identityPolicies: anySqs, principal: USER },
    'implicitDeny',
  ],
  [
    'both sides across accounts',
    {
      action: 'sqs:SendMessage',
      resource: queue,
      identityPolicies: anySqs,
      principal: USER,
      resourcePolicy: named,
    },
    'allowed',
  ],
  [
    'an owner wins over the account in the resource',
    {
      action: 'sqs:SendMessage',
      resource: queue,
      identityPolicies: anySqs,
      principal: USER,
      resourceOwner: 'arn:aws:iam::111111111111:root',
    },
    'allowed',
  ],
  [
    'no owner, no account in the resource: the principal’s',
    { ...ask, identityPolicies: identity, principal: USER },
    'allowed',
  ],
  [
    'an owner that is another account',
    { ...ask, identityPolicies: identity, principal: USER, resourceOwner: 'arn:aws:iam::222222222222:root' },
    'implicitDeny',
  ],
  ['a trust policy', { action: 'sts:AssumeRole', resource: role, principal: USER, resourcePolicy: trust }, 'allowed'],
  [
    'a trust policy that names another',
    {
      action: 'sts:AssumeRole',
      resource: role,
      principal: 'arn:aws:iam::111111111111:user/bob',
      identityPolicies: [policy(allow({ Action: '*' }))],
      resourcePolicy: trust,
    },
    'implicitDeny',
  ],
  [
    'a session whose role has a path that the context tells',
    {
      ...ask,
      principal: 'arn:aws:sts::111111111111:assumed-role/Deploy/build',
      resourcePolicy: policy(allow({ Principal: { AWS: 'arn:aws:iam::111111111111:role/app/Deploy' } })),
      context: { 'aws:PrincipalArn': 'arn:aws:iam::111111111111:role/app/Deploy' },
    },
    'allowed',
  ],
  [
    'a session of another role than the context tells',
    {
      ...ask,
      principal: 'arn:aws:sts::111111111111:assumed-role/Build/build',
      resourcePolicy: policy(allow({ Principal: { AWS: 'arn:aws:iam::111111111111:role/app/Deploy' } })),
      context: { 'aws:PrincipalArn': 'arn:aws:iam::111111111111:role/app/Deploy' },
    },
    'implicitDeny',
  ],
  [
    'a key in another case, one value and no list',
    { ...ask, identityPolicies: tagged, context: { 'AWS:tagkeys': 'team' } },
    'allowed',
  ],
  [
    'one value of a list key, plain operator',
    { ...ask, identityPolicies: tagged, context: { 'aws:TagKeys': ['team'] }, multivalued: ['AWS:TagKeys'] },
    'implicitDeny',
  ],
  [
    'one value of a list key, set operator',
    { ...ask, identityPolicies: anyTagged, context: { 'aws:TagKeys': ['team'] }, multivalued: ['aws:tagkeys'] },
    'allowed',
  ],
  [
    'a number and a boolean as values',
    {
      ...ask,
      identityPolicies: [policy(allow({ Condition: { NumericEquals: { a: 7 }, Bool: { b: true } } }))],
      context: { a: [7], b: true },
    },
    'allowed',
  ],
  [
    'the context has nothing that was not given',
    {
      ...ask,
      principal: USER,
      identityPolicies: [policy(allow({ Condition: { Null: { 'aws:PrincipalArn': 'false' } } }))],
    },
    'implicitDeny',
  ],
] as const) {
  test(`policy-eval, ${title}: ${expected}`, () => assert.equal(policyEval(line).result, expected));
}

test('policy-eval refuses a case that asks nothing, names nobody or holds no policy', () => {
  for (const line of [
    { resource: '*' },
    { ...ask, principal: 'alice' },
    { ...ask, principal: USER, resourceOwner: 'me' },
    { ...ask, identityPolicies: ['{}'] },
    { ...ask, identityPolicies: [7] },
    { ...ask, permissionsBoundary: [policy(allow()), policy(allow())] },
    { ...ask, context: ['a'] },
  ]) {
    assert.throws(() => policyEval(line), BadInput, JSON.stringify(line));
  }
});
