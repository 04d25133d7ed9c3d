// `anyrole explain` as people run it: against a server in a process of its own, a denial and a session that was refused.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type AccessKey, AnswerError, sendWithCertificate, sendWithKey, xmlText } from '../src/client/send.ts';
import { run, start } from './command.ts';
import { makeCa } from './pki.ts';

const place = mkdtempSync(join(tmpdir(), 'anyrole-explain-'));
const given = {
  ANYROLE_ROOT_ACCESS_KEY_ID: 'AKIAGIVENGIVENGIVEN1',
  ANYROLE_ROOT_SECRET_ACCESS_KEY: 'a-secret-that-was-given-by-the-operator',
  ANYROLE_ACCOUNT_ID: '210987654321',
};
const root: AccessKey = {
  accessKeyId: given.ANYROLE_ROOT_ACCESS_KEY_ID,
  secretAccessKey: given.ANYROLE_ROOT_SECRET_ACCESS_KEY,
};
const region = 'eu-central-1';
const server = start(['serve', '--listen', '127.0.0.1:0', '--data-dir', place], given);
let endpoint = '';

before(async () => {
  endpoint = (await server.printed(/listening on (http:\/\/127\.0\.0\.1:\d+)/))[1] ?? '';
});
after(async () => {
  server.process.kill('SIGTERM');
  await server.ended;
  rmSync(place, { recursive: true, force: true });
});

const outgoing = (method: string, path: string, contentType: string, body: string) => ({
  endpoint,
  method,
  path,
  contentType,
  body,
  region,
  now: new Date(),
});

function iam(Action: string, parameters: Readonly<Record<string, string>>, key = root): Promise<string> {
  const form = new URLSearchParams({ Action, Version: '2010-05-08', ...parameters }).toString();
  return sendWithKey(outgoing('POST', '/', 'application/x-www-form-urlencoded', form), 'iam', key);
}

const rolesAnywhere = async (path: string, body: object) =>
  JSON.parse(
    await sendWithKey(outgoing('POST', path, 'application/json', JSON.stringify(body)), 'rolesanywhere', root),
  );

/** The id of the request that is refused. */
async function refusedId(request: Promise<unknown>): Promise<string> {
  try {
    await request;
  } catch (cause) {
    if (cause instanceof AnswerError) return cause.requestId;
    throw cause;
  }
  throw new Error('it was not refused');
}

const asRoot = () => ({
  AWS_ACCESS_KEY_ID: root.accessKeyId,
  AWS_SECRET_ACCESS_KEY: root.secretAccessKey,
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: region,
});

test('a denial is explained to people and to machines', async () => {
  await iam('CreateUser', { UserName: 'ann' });
  const Condition = { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } };
  const Statement = [{ Sid: 'Office', Effect: 'Allow', Action: 'iam:ListUsers', Resource: '*', Condition }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam('PutUserPolicy', { UserName: 'ann', PolicyName: 'own', PolicyDocument });
  const made = await iam('CreateAccessKey', { UserName: 'ann' });
  const ann = {
    accessKeyId: xmlText(made, 'AccessKeyId') ?? '',
    secretAccessKey: xmlText(made, 'SecretAccessKey') ?? '',
  };
  const id = await refusedId(iam('ListUsers', {}, ann));
  const { status, stdout, stderr } = await run(['explain', id], asRoot());
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^by +arn:aws:iam::210987654321:user\/ann, from 127\.0\.0\.1$/m);
  assert.match(stdout, /Allow, statement 1 \(Office\) of user policy own: would have applied but for/);
  assert.match(stdout, /IpAddress aws:SourceIp: 192\.0\.2\.0\/24; the request has 127\.0\.0\.1/);
  const json = await run(['explain', id, '--json', '--endpoint', endpoint], { ...asRoot(), AWS_ENDPOINT_URL: '' });
  assert.equal(JSON.parse(json.stdout).denial.action, 'iam:ListUsers');
});

test('a refused session is explained: the step, the certificate, the attribute that is no tag', async () => {
  const ca = makeCa();
  const leaf = ca.issue({ subject: 'O=A*B,CN=client' });
  const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: ca.pem } };
  const { trustAnchor } = await rolesAnywhere('/trustanchors', { name: 'a', enabled: true, source });
  const trust = { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] });
  const roleArn = xmlText(await iam('CreateRole', { RoleName: 'app', AssumeRolePolicyDocument }), 'Arn') ?? '';
  const { profile } = await rolesAnywhere('/profiles', { name: 'p', enabled: true, roleArns: [roleArn] });
  const body = { trustAnchorArn: trustAnchor.trustAnchorArn, profileArn: profile.profileArn, roleArn };
  const { certificate, privateKey } = leaf;
  const id = await refusedId(
    sendWithCertificate(outgoing('POST', '/sessions', 'application/json', JSON.stringify(body)), {
      privateKey,
      certificateDer: certificate.der,
      serialNumber: certificate.serialNumber,
    }),
  );
  const { status, stdout, stderr } = await run(['explain', id], asRoot());
  assert.equal(status, 0, stderr);
  assert.ok(stdout.includes(`by         the holder of CN=client,O=A*B (SHA-256 ${certificate.fingerprint})`), stdout);
  assert.match(stdout, /^outcome +AccessDeniedException: Unable to assume role for /m);
  assert.match(stdout, /^unmapped attribute\n +key +x509Subject\/O\n +because +illegalCharacters$/m);
  assert.match(stdout, /step +trustPolicy/);
  assert.match(stdout, /the role's trust policy must allow sts:AssumeRole on /);
});

for (const [name, args, environment, status, pattern] of [
  ['an id that is not kept', ['019abcde-0000-7000-8000-000000000000'], {}, 1, /^anyrole: ResourceNotFoundException: /],
  [
    'no credentials',
    ['x'],
    { AWS_ACCESS_KEY_ID: '' },
    2,
    /^anyrole: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: expected/,
  ],
  ['wrong credentials', ['x'], { AWS_SECRET_ACCESS_KEY: 'wrong' }, 1, /^anyrole: InvalidSignatureException: /],
  [
    'an endpoint that is none',
    ['x', '--endpoint', 'ftp://a'],
    {},
    2,
    /^anyrole: --endpoint `ftp:\/\/a`: expected a URL/,
  ],
  [
    'nobody there',
    ['x', '--endpoint', 'http://127.0.0.1:9'],
    {},
    1,
    /^anyrole: http:\/\/127\.0\.0\.1:9 does not answer/,
  ],
  ['no id', [], {}, 2, /^anyrole: missing required argument/],
] as const) {
  test(`${name} is said in one line`, async () => {
    const ended = await run(['explain', ...args], { ...asRoot(), ...environment });
    assert.equal(ended.status, status, ended.stderr);
    assert.match(ended.stderr, pattern);
    assert.equal(ended.stderr.trim().split('\n').length, 1);
    assert.ok(!ended.stderr.includes(root.secretAccessKey));
  });
}
