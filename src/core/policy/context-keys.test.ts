// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written so
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextKeysOf, missingContextKeys } from './context-keys.ts';
import { type Policy, type PolicyKind, parsePolicy } from './document.ts';
import { contextOf, type PolicyRequest } from './request.ts';

function policy(statements: readonly object[], version = '2012-10-17', kind: PolicyKind = 'identity'): Policy {
  const result = parsePolicy(JSON.stringify({ Version: version, Statement: statements }), kind);
  if (!result.ok) assert.fail(result.message);
  return result.policy;
}

const rule = (changes: object): object => ({ Effect: 'Allow', Action: 's3:*', Resource: '*', ...changes });
const home = rule({
  Resource: ['arn:aws:s3:::b/${aws:UserName}/*', "arn:aws:s3:::b/${aws:PrincipalTag/team, 'none'}/${*}"],
  Condition: {
    StringLike: { 's3:prefix': ['${aws:userid}', '${AWS:username}'] },
    NumericLessThan: { 's3:max-keys': '10' },
    Null: { 'S3:Prefix': 'false' },
  },
});

test('a policy mentions the keys of conditions and of variables, each once, as first written', () => {
  assert.deepEqual(contextKeysOf(policy([home])), [
    'aws:UserName',
    'aws:PrincipalTag/team',
    's3:prefix',
    'aws:userid',
    's3:max-keys',
  ]);
});

test('in a policy of 2008 variables are text, and a policy without conditions mentions nothing', () => {
  assert.deepEqual(contextKeysOf(policy([home], '2008-10-17')), ['s3:prefix', 's3:max-keys']);
  assert.deepEqual(contextKeysOf(policy([rule({})])), []);
});

const ask = (context: Record<string, string | string[]>, changes: Partial<PolicyRequest> = {}): PolicyRequest => ({
  principal: { kind: 'user', arn: 'arn:aws:iam::111111111111:user/alice', account: '111111111111' },
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::b/alice/x',
  context: contextOf(context),
  ...changes,
});
const set = (...statements: object[]) => ({ identity: [{ name: 'p', policy: policy(statements) }] });

test('a request lacks the keys that it has no value for', () => {
  const given = { 'AWS:username': 'alice', 's3:PREFIX': 'x', 's3:max-keys': [] };
  const missing = missingContextKeys(set(home), ask(given));
  assert.deepEqual(missing, ['aws:PrincipalTag/team', 'aws:userid', 's3:max-keys']);
});

test('a variable without value in the resource is missing, though nothing matched', () => {
  assert.ok(missingContextKeys(set(home), ask({})).includes('aws:UserName'));
});

test('statements about another action, resource or principal ask for nothing', () => {
  const condition = { Condition: { Bool: { 'aws:SecureTransport': 'true' } } };
  const far = set(rule({ Action: 'ec2:*', ...condition }), rule({ Resource: 'arn:aws:s3:::other/*', ...condition }));
  assert.deepEqual(missingContextKeys(far, ask({})), []);
  const bucket = (principal: string) => ({
    name: 'bucket',
    policy: policy([rule({ Principal: { AWS: principal }, ...condition })], '2012-10-17', 'resource'),
  });
  const others = { identity: [], resource: bucket('222222222222') };
  assert.deepEqual(missingContextKeys(others, ask({})), []);
  const ours = { identity: [], resource: bucket('111111111111') };
  assert.deepEqual(missingContextKeys(ours, ask({})), ['aws:SecureTransport']);
});
