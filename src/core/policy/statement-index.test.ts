import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from './document.ts';
import { indexOf, statementsFor } from './statement-index.ts';

function policy(...actions: object[]) {
  const Statement = actions.map((action) => ({ Effect: 'Allow', Resource: '*', ...action }));
  const result = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement }), 'identity');
  if (!result.ok) assert.fail(result.message);
  return result.policy;
}

const mixed = policy(
  { Action: 'S3:Get*' },
  { Action: ['ec2:*', 's3:PutObject', 's3:ListBucket'] },
  { Action: '*' },
  { NotAction: 's3:*' },
  { Action: 'sqs:?end' },
);

for (const [action, expected] of [
  ['s3:getobject', [0, 1, 2, 3]],
  ['ec2:stopinstances', [1, 2, 3]],
  ['sqs:send', [2, 3, 4]],
  ['lambda:invoke', [2, 3]],
  ['s3', [2, 3]],
  ['', [2, 3]],
  ['s3:', [0, 1, 2, 3]],
  ['constructor:x', [2, 3]],
] as const) {
  test(`statements that may be about "${action}" are ${expected}`, () => {
    assert.deepEqual(
      statementsFor(mixed, action).map(({ index }) => index),
      expected,
    );
  });
}

test('without an index every statement is looked at', () => {
  const { index: _, ...bare } = mixed;
  assert.equal(statementsFor(bare, 'lambda:invoke').length, 5);
});

test('a policy made to fill an index gets none', () => {
  const vendors = Array.from({ length: 400 }, (_, at) => ({ Action: `v${at}:x` }));
  const everything = Array.from({ length: 400 }, () => ({ Action: '*' }));
  assert.equal(policy(...vendors, ...everything).index, undefined);
  assert.notEqual(indexOf(policy(...vendors).statements), undefined);
});
