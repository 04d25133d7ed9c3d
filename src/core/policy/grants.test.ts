import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from './document.ts';
import { grantsSomeOf } from './grants.ts';

function grants(statement: object, service = 'iam'): boolean {
  const text = JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Resource: '*', ...statement } });
  const parsed = parsePolicy(text, 'identity');
  assert.ok(parsed.ok);
  return grantsSomeOf(parsed.policy, service);
}

for (const [statement, wanted] of [
  [{ Action: 'iam:GetUser' }, true],
  [{ Action: 'IAM:*' }, true],
  [{ Action: '*' }, true],
  [{ Action: ['sts:*', 'iam:Get*'] }, true],
  [
    {
      Action: 'iam:GetUser',
      Resource: 'arn:aws:iam::1:user/x',
      Condition: { Bool: { 'aws:SecureTransport': 'true' } },
    },
    true,
  ],
  [{ NotAction: 'sts:*' }, true],
  [{ NotAction: 'iam:Get*' }, true],
  [{ Action: 'sts:*' }, false],
  [{ Action: 'iamx:*' }, false],
  [{ Effect: 'Deny', Action: 'iam:*' }, false],
  [{ NotAction: 'iam:*' }, false],
  [{ NotAction: ['sts:*', '*'] }, false],
] as const) {
  test(`${JSON.stringify(statement)} ${wanted ? 'grants' : 'does not grant'} something of iam`, () => {
    assert.equal(grants(statement), wanted);
  });
}
