// `anyrole metadata` before a real server: the AWS CLI, boto3, SDK v3 and curl get their identity through EC2's metadata service and
// through the container endpoint.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { start } from '../command.ts';
import { bareEnvironment, flagsOf, type Metadata, startMetadata, stopMetadata } from './metadata-rig.ts';
import { accountId, type ConformanceServer, conformanceServer, region } from './server.ts';
import { makeResources, type Resources, roleName } from './session-resources.ts';
import { needs, run } from './tools.ts';

const sdkV3 = fileURLToPath(new URL('sdk-v3-identity.ts', import.meta.url));
const token = 'a-token-for-the-container-endpoint';

describe('anyrole metadata', () => {
  let server: ConformanceServer;
  let resources: Resources;
  let tokenFile: string;
  let flags: readonly string[];
  let metadata: Metadata;
  let url: string;

  before(async () => {
    server = await conformanceServer();
    resources = await makeResources(server);
    tokenFile = join(server.directory, 'container-token');
    writeFileSync(tokenFile, token);
    flags = flagsOf(server, server.leaf('metadata', 'p256'), resources);
    metadata = await startMetadata([...flags, '--authorization-token-file', tokenFile]);
    url = metadata.url;
  });
  after(async () => {
    const { status } = await stopMetadata(metadata);
    await server[Symbol.asyncDispose]();
    assert.equal(status, 0);
  });

  const imds = () =>
    bareEnvironment(server, {
      AWS_EC2_METADATA_DISABLED: 'false',
      AWS_EC2_METADATA_V1_DISABLED: 'true',
      AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
    });
  const container = (shown: Record<string, string>) =>
    bareEnvironment(server, { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/v2/credentials/default`, ...shown });
  const ways = [
    ['the metadata service', imds],
    ['the container endpoint and a token', () => container({ AWS_CONTAINER_AUTHORIZATION_TOKEN: token })],
    ['the container endpoint and a file', () => container({ AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile })],
  ] as const;
  const session = new RegExp(`arn:aws:sts::${accountId}:assumed-role/${roleName}/`);
  const boto3 = 'import boto3; print(boto3.client("sts").get_caller_identity()["Arn"])';

  for (const [way, environment] of ways) {
    test(`the AWS CLI is the role by ${way}`, needs('aws', '--version'), async () => {
      const { stdout, stderr } = await run('aws', ['sts', 'get-caller-identity'], { environment: environment() });
      assert.match(stdout, session, stderr);
    });
    test(`boto3 is the role by ${way}`, needs('python3', '-c', 'import boto3'), async () => {
      const { stdout, stderr } = await run('python3', ['-c', boto3], { environment: environment() });
      assert.match(stdout, session, stderr);
    });
    test(`SDK v3 is the role by ${way}`, async () => {
      const { stdout, stderr } = await run(process.execPath, [sdkV3], { environment: environment() });
      assert.match(stdout, session, stderr);
    });
  }

  test('boto3 with a wrong token gets nothing', needs('python3', '-c', 'import boto3'), async () => {
    const environment = container({ AWS_CONTAINER_AUTHORIZATION_TOKEN: `${token}x` });
    const { exitCode, stderr } = await run('python3', ['-c', boto3], { environment });
    assert.notEqual(exitCode, 0);
    assert.match(stderr, /403/);
  });

  test('curl asks for a token and then for the documents', needs('curl', '--version'), async () => {
    const curl = async (...args: readonly string[]) => (await run('curl', ['-sS', ...args])).stdout;
    const put = ['-X', 'PUT', `${url}/latest/api/token`, '-H', 'X-aws-ec2-metadata-token-ttl-seconds: 60'];
    const shown = ['-H', `X-aws-ec2-metadata-token: ${await curl(...put)}`];
    assert.equal(await curl(...shown, `${url}/latest/meta-data/iam/security-credentials/`), roleName);
    assert.equal(await curl(...shown, `${url}/latest/meta-data/placement/region`), region);
    const status = ['-o', '/dev/null', '-w', '%{http_code}'];
    assert.equal(await curl(...status, `${url}/latest/meta-data/`), '401');
    assert.equal(await curl(...status, ...put, '-H', 'X-Forwarded-For: 10.0.0.1'), '403');
    assert.equal(await curl(...status, ...put, '-H', 'Host: evil.example'), '403');
    assert.equal(await curl(...status, `${url}/healthz`), '200');
  });

  test('who cannot have credentials does not start', async () => {
    const nowhere = ['metadata', '--port', '0', ...flags, '--endpoint', 'http://127.0.0.1:9'];
    const { status, stdout, stderr } = await start(nowhere, { AWS_MAX_ATTEMPTS: '1' }).ended;
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /NotReached/);
  });

  test('flags that Node cannot keep or that nobody should give are refused by name', async () => {
    const hop = await start(['metadata', '--hop-limit', '1', ...flags]).ended;
    assert.deepEqual([hop.status, /IPTTL=/.test(hop.stderr)], [2, true]);
    const open = await start(['metadata', '--listen', '0.0.0.0:0', ...flags]).ended;
    assert.deepEqual([open.status, /--allow-plain-http/.test(open.stderr)], [2, true]);
  });
});
