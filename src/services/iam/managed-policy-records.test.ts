import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findManagedPolicy } from './managed-policy-records.ts';
import { account, allow, rig } from './rig.test.ts';

const arn = (resource: string, of = account) => `arn:aws:iam::${of}:${resource}`;

test("an account's own policy is found by its very ARN, in its account alone", async () => {
  const iam = rig();
  await iam.query('CreatePolicy', { PolicyName: 'P', Path: '/x/', PolicyDocument: allow('s3:*') });
  const find = (of: string, policyArn: string) => iam.read((reader) => findManagedPolicy(reader, of, policyArn));
  const found = await find(account, arn('policy/x/P'));
  assert.deepEqual([found?.name, found?.owner, found?.document], ['P', 'customer', allow('s3:*')]);
  assert.equal(await find('999988887777', arn('policy/x/P')), undefined);
  for (const other of ['policy/P', 'policy/x/p', 'policy/X/P', 'role/x/P', 'policy/x/P/', 'policy/x/P ']) {
    assert.equal(await find(account, arn(other)), undefined, other);
  }
  assert.equal(await find(account, arn('policy/x/P', '999988887777')), undefined);
});

test('what cannot be an ARN finds nothing, whatever it holds', async () => {
  const iam = rig();
  for (const text of [
    '',
    '/',
    'P',
    arn('policy/'),
    arn('policy/\ud800'),
    arn(`policy/${'x'.repeat(100_000)}`),
    arn('policy/\0'),
  ]) {
    assert.equal(await iam.read((reader) => findManagedPolicy(reader, account, text)), undefined);
  }
});
