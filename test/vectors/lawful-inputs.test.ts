// What AWS's models allow is not refused as unlawful: every member of every operation of IAM and STS that is served, at
// both of its bounds and with each of its words. What becomes of the request then is another matter.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { services } from '../../src/main.ts';
import { parametersOf } from '../conformance/query-answers.ts';
import { account, type Keys, type Road, testRoad } from '../road.ts';
import { type Input, lawfulInputs } from './lawful-inputs.ts';
import { type Model, read, shared } from './service-model.ts';

const corpus = resolve(
  fileURLToPath(new URL('../../', import.meta.url)),
  process.env.ANYROLE_SHARED ?? '../shared',
  'api/constraints.jsonl.gz',
);
type Broken = { readonly service: string; readonly operation: string; readonly member: string; readonly params: Input };
const broken: readonly Broken[] = existsSync(corpus)
  ? gunzipSync(readFileSync(corpus))
      .toString()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  : [];

const anything = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
      Principal: { AWS: account },
    },
  ],
});

const anybody = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*', Principal: '*' }],
});
const issuer = 'https://issuer.example/lawful';
const policyArn = `arn:aws:iam::${account}:policy/lawful`;
const readings = {
  values: {
    RoleArn: [`arn:aws:iam::${account}:role/lawful`],
    PolicyArn: [policyArn, 'arn:aws:iam::aws:policy/AdministratorAccess'],
    PolicyArns: [[{ arn: policyArn }]],
    PermissionsBoundary: [policyArn],
    PolicyDocument: [anything],
    Policy: [anything],
    AssumeRolePolicyDocument: [trust],
    OpenIDConnectProviderArn: [`arn:aws:iam::${account}:oidc-provider/issuer.example/lawful`],
    Url: [issuer, `https://${'a'.repeat(60)}.example/${'b'.repeat(100)}`],
    // What is simulated is read before it is judged.
    PolicySourceArn: [`arn:aws:iam::${account}:role/lawful`],
    ActionNames: [['iam:GetUser'], Array.from({ length: 20 }, (_, index) => `s3:Get${index}`)],
    PolicyInputList: [[anything]],
    PermissionsBoundaryPolicyInputList: [[anything]],
    ResourcePolicy: [anybody],
    ResourceArns: [['arn:aws:s3:::lawful']],
    CallerArn: [`arn:aws:iam::${account}:user/administrator`],
    AccessKeyId: ['AKIAROOTROOTROOTROOT'],
    // What a list gave is lawful, and nothing else.
    Marker: [],
  },
  // AWS doc: CreateLoginProfile's Password may be absent where it is a session of a temporary root alone.
  needed: ['Password'],
};

/** Refusals that say the request itself is not lawful. */
const unlawful = [
  'ValidationError',
  'ValidationException',
  'MalformedInput',
  'MalformedQueryString',
  'SerializationException',
  'MissingParameter',
];

/** An administrator who is a user, for root may assume no role; and what the requests name. */
async function administrator(road: Road): Promise<Keys> {
  const UserName = 'administrator';
  await road.query('iam', 'CreateUser', { UserName });
  await road.query('iam', 'PutUserPolicy', { UserName, PolicyName: 'all', PolicyDocument: anything });
  await road.query('iam', 'CreateRole', {
    RoleName: 'lawful',
    AssumeRolePolicyDocument: trust,
    MaxSessionDuration: 43200,
  });
  await road.query('iam', 'CreateOpenIDConnectProvider', { Url: issuer });
  await road.query('iam', 'CreatePolicy', { PolicyName: 'lawful', PolicyDocument: anything });
  const key = await road.query('iam', 'CreateAccessKey', { UserName });
  return { accessKeyId: key.text('AccessKeyId') ?? '', secretAccessKey: key.text('SecretAccessKey') ?? '' };
}

for (const service of ['iam', 'sts'] as const) {
  test(`${service}: no request that the model allows is refused as unlawful`, shared, async (t) => {
    const { operations, shapes } = read<Model>(`botocore/${service}/service-2.json`);
    const served = Object.entries(operations).filter(([name]) => services.get(service)?.operations.has(name));
    const road = await testRoad();
    const keys = await administrator(road);
    const failures: string[] = [];
    const answers = new Map<string, number>();
    let all = 0;
    for (const [name, { input }] of served) {
      const inputs = lawfulInputs(shapes, input, readings);
      const mended = broken
        .filter((one) => one.service === service && one.operation === name)
        .map(({ member, params }) => mend(params, inputs, member));
      for (const one of [...inputs, ...mended]) {
        all += 1;
        const { status, code = 'none', message } = await road.query(service, name, parametersOf(one), { keys });
        answers.set(code, (answers.get(code) ?? 0) + 1);
        if (status < 500 && !unlawful.includes(code)) continue;
        failures.push(`${name} ${JSON.stringify(one).replace(/(.)\1{9,}/g, '$1…')}: ${status} ${code} ${message}`);
      }
    }
    t.diagnostic(`${all - failures.length} of ${all} requests to ${served.length} operations`);
    t.diagnostic(`answers: ${[...answers].map(([code, count]) => `${code} ${count}`).join(', ')}`);
    assert.deepEqual(failures, []);
  });
}

/** The request of the corpus with a lawful value for the member that it broke, or none where no value is known. */
function mend(params: Input, inputs: readonly Input[], path: string): Input {
  const broke = path.split(/[.[]/)[0] ?? '';
  const value = inputs.find((input) => broke in input)?.[broke];
  const all = { ...inputs[0], ...params, [broke]: value };
  return Object.fromEntries(Object.entries(all).filter(([, member]) => member !== undefined));
}
