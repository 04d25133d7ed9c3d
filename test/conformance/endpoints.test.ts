// AWS's hosts against an independent truth: the rule set and the partitions that botocore ships, evaluated by botocore.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpointOf } from '../../src/client/endpoint.ts';
import { needs, python } from './tools.ts';

/** Regions that no list has yet, by the partition that their names tell. */
const unknown = { aws: ['eu-west-9', 'me-north-7'], 'aws-cn': ['cn-east-4'], 'aws-us-gov': ['us-gov-north-2'] };

type Row = readonly [
  partition: string,
  region: string,
  useFipsEndpoint: boolean,
  useDualstackEndpoint: boolean,
  custom: string | null,
  expected: string,
];

test("hosts of every Region are those of the SDKs' rules", needs('python3', '-c', 'import botocore'), async () => {
  const environment = { ...process.env, AWS_DATA_PATH: '', AWS_CONFIG_FILE: '/nowhere' };
  const rows: readonly Row[] = await python({ environment }, 'endpoints', { unknown });
  const partitions = new Set<string>();
  for (const [partition, region, useFipsEndpoint, useDualstackEndpoint, custom, expected] of rows) {
    partitions.add(partition);
    const options = { useFipsEndpoint, useDualstackEndpoint, ...(custom !== null && { endpoint: custom }) };
    const ours = () => endpointOf(options, { partition, region }, {}).url.href.replace(/\/$/, '');
    const what = `${region} ${JSON.stringify(options)}`;
    if (expected.startsWith('refused')) assert.throws(ours, { code: 'InvalidOptions' }, what);
    else assert.equal(ours(), expected, what);
  }
  assert.ok(rows.length > 300, `${rows.length} rows`);
  for (const name of ['aws', 'aws-cn', 'aws-us-gov', 'aws-iso', 'aws-iso-b']) assert.ok(partitions.has(name), name);
});
