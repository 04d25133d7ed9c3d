// An ARN is five colons and what stands between them, or it is none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatArn, parseArn, partitionOf } from './arn.ts';

test('an ARN is read into its parts and written back', () => {
  const text = 'arn:aws-cn:iam::123456789012:role/a/b:c';
  const parts = parseArn(text);
  assert.deepEqual(parts, {
    partition: 'aws-cn',
    service: 'iam',
    region: '',
    account: '123456789012',
    resource: 'role/a/b:c',
  });
  assert.equal(parts && formatArn(parts), text);
});

test('Region, account and resource may be empty, and a resource may hold any number of colons', () => {
  assert.deepEqual(parseArn('arn:aws:s3:::'), {
    partition: 'aws',
    service: 's3',
    region: '',
    account: '',
    resource: '',
  });
  assert.equal(parseArn(`arn:aws:s3:::${':'.repeat(100)}`)?.resource, ':'.repeat(100));
});

for (const text of [
  '',
  'arn',
  'arn:',
  'arn:aws:iam::123456789012',
  'arn:aws:iam:role',
  'arn::iam::123456789012:role/R',
  'arn:aws:::123456789012:role/R',
  'arn:::::',
  'ARN:aws:iam::123456789012:role/R',
  ' arn:aws:iam::123456789012:role/R',
  'xarn:aws:iam::123456789012:role/R',
  'aws:iam::123456789012:role/R:x',
]) {
  test(`\`${text}\` is no ARN`, () => assert.equal(parseArn(text), undefined));
}

test('a Region is of the partition that its name begins with', () => {
  const regions = ['eu-central-1', 'cn-north-1', 'us-gov-west-1', 'us-iso-east-1', 'us-isob-east-1', 'eusc-de-east-1'];
  const partitions = ['aws', 'aws-cn', 'aws-us-gov', 'aws-iso', 'aws-iso-b', 'aws-eusc'];
  assert.deepEqual(regions.map(partitionOf), partitions);
});
