import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PolicyKind, parsePolicy } from './document.ts';
import { evaluate, type NamedPolicy, type PolicySet } from './evaluate.ts';
import { obstaclesTo, obstacleText } from './explain.ts';
import { contextOf, type PolicyRequest } from './request.ts';

function policy(name: string, kind: PolicyKind, ...statements: object[]): NamedPolicy {
  const result = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), kind);
  if (!result.ok) assert.fail(result.message);
  return { name, policy: result.policy };
}

const rule = (changes: object = {}): object => ({ Effect: 'Allow', Action: 's3:*', Resource: '*', ...changes });
const own = (...statements: object[]): NamedPolicy => policy('own', 'identity', ...statements);
const secure = { Condition: { Bool: { 'aws:SecureTransport': 'true' } } };
const request: PolicyRequest = {
  principal: { kind: 'user', arn: 'arn:aws:iam::111111111111:user/alice', account: '111111111111' },
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::b/x',
  context: contextOf({ 'aws:SecureTransport': 'false' }),
  resourceAccount: '111111111111',
};
const obstacles = (set: PolicySet, changes: Partial<PolicyRequest> = {}) => {
  const asked = { ...request, ...changes };
  return obstaclesTo(evaluate(set, asked), asked);
};
const gap = (kind: string) => ({ obstacle: 'nothingAllows', kind, action: request.action, resource: request.resource });

test('nothing stands in the way of what is allowed', () => {
  assert.deepEqual(obstacles({ identity: [own(rule())] }), []);
});

test('without any Allow the kind that must allow is named', () => {
  assert.deepEqual(obstacles({ identity: [own(rule({ Action: 'ec2:*' }))] }), [gap('identity')]);
});

test('an Allow but for its conditions is named with the values it met', () => {
  const found = obstacles({ identity: [own(rule({ Action: 'ec2:*' }), rule({ Sid: 'Secure', ...secure }))] });
  assert.equal(found.length, 1);
  assert.ok(found[0]?.obstacle === 'unmet');
  const [near] = found[0].anyOf;
  assert.equal(near?.sid, 'Secure');
  assert.deepEqual(near?.unmet, [{ operator: 'Bool', key: 'aws:SecureTransport', wanted: ['true'], met: ['false'] }]);
});

test('every Deny that applied is named, and what would be missing without it', () => {
  const deny = rule({ Effect: 'Deny' });
  const found = obstacles({
    identity: [own(deny, rule({ Effect: 'Deny', ...secure }))],
    permissionsBoundary: policy('bound', 'identity', deny),
  });
  assert.deepEqual(
    found.map((one) => [one.obstacle, 'statement' in one ? one.statement.policyName : one.kind]),
    [
      ['denied', 'own'],
      ['denied', 'bound'],
      ['nothingAllows', 'identity'],
      ['nothingAllows', 'boundary'],
    ],
  );
});

test('across accounts each side that does not allow is named, boundary and session too', () => {
  const nothing = policy('n', 'session', rule({ Action: 'ec2:*' }));
  const set = { identity: [], permissionsBoundary: nothing, session: [nothing] };
  const away = { resourceAccount: '222222222222' };
  assert.deepEqual(obstacles(set, away), [gap('resource'), gap('identity'), gap('boundary'), gap('session')]);
});

test('removing what is named allows: conditions met, gaps filled', () => {
  const set = {
    identity: [own(rule(secure))],
    permissionsBoundary: policy('b', 'identity', rule({ Action: 'ec2:*' })),
  };
  const context = contextOf({ 'aws:SecureTransport': 'true' });
  assert.deepEqual(obstacles(set, { context }), [gap('boundary')]);
  assert.deepEqual(obstacles({ ...set, permissionsBoundary: own(rule()) }, { context }), []);
});

test('obstacles are told in words', () => {
  const set = {
    identity: [own(rule({ Effect: 'Deny' }), rule({ Sid: 'Secure', ...secure }))],
    permissionsBoundary: policy('bound', 'identity', rule({ Action: 'ec2:*' })),
  };
  assert.deepEqual(obstacles(set).map(obstacleText), [
    'statement 1 of own must not deny it',
    'an identity-based policy must allow it: the conditions are not met of statement 2 (Secure) of own (Bool aws:SecureTransport true, and the request has false)',
    'the permissions boundary must allow s3:GetObject on arn:aws:s3:::b/x',
  ]);
});

test('a condition on a key that the request lacks says so', () => {
  const [obstacle] = obstacles({ identity: [own(rule(secure))] }, { context: contextOf({}) });
  assert.match(obstacle ? obstacleText(obstacle) : '', /and the request has none\)$/);
});
