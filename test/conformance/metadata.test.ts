// `anyrole metadata` before a real server: the AWS CLI, boto3, SDK v3 and curl get their identity through EC2's metadata service and
// through the container endpoint, and an instance profile decides the role.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { type Running, start } from '../command.ts';
import { accountId, type ConformanceServer, conformanceServer, region, rootKey } from './server.ts';
import { makeResources, type Resources, roleName } from './session-resources.ts';
import { needs, run } from './tools.ts';

const sdkV3 = fileURLToPath(new URL('sdk-v3-identity.ts', import.meta.url));
const token = 'a-token-for-the-container-endpoint';

describe('anyrole metadata', () => {
  let server: ConformanceServer;
  let resources: Resources;
  let tokenFile: string;
  let flags: readonly string[];
  let running: Running;
  let url: string;

  const started = async (...more: readonly string[]) => {
    const child = start(['metadata', '--port', '0', ...flags, ...more]);
    const [, at = ''] = await child.printed(/metadata on (\S+)/);
    return { child, at };
  };

  before(async () => {
    server = await conformanceServer();
    resources = await makeResources(server);
    const leaf = server.leaf('metadata', 'p256');
    tokenFile = join(server.directory, 'container-token');
    writeFileSync(tokenFile, token);
    flags = [
      ...['--certificate', leaf.certificatePath, '--private-key', leaf.privateKeyPath, '--endpoint', server.url],
      ...['--role-arn', resources.roleArn, '--profile-arn', resources.profileArn],
      ...['--trust-anchor-arn', resources.trustAnchorArn],
    ];
    const { child, at } = await started('--authorization-token-file', tokenFile);
    running = child;
    url = at;
  });
  after(async () => {
    running.process.kill('SIGTERM');
    assert.equal((await running.ended).status, 0);
    await server[Symbol.asyncDispose]();
  });

  /** The environment of a client without any key of its own. */
  const bare = (more: Record<string, string>) => {
    const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...rest } = server.environment;
    return { ...rest, AWS_ENDPOINT_URL: server.url, AWS_REGION: region, ...more };
  };
  const imds = () =>
    bare({
      AWS_EC2_METADATA_DISABLED: 'false',
      AWS_EC2_METADATA_V1_DISABLED: 'true',
      AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
    });
  const container = (shown: Record<string, string>) =>
    bare({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/v2/credentials/default`, ...shown });
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
    const { status, stdout, stderr } = await start([
      'metadata',
      '--port',
      '0',
      ...flags,
      '--endpoint',
      'http://127.0.0.1:9',
    ]).ended;
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /NotReached/);
  });

  test('flags that Node cannot keep or that nobody should give are refused by name', async () => {
    const hop = await start(['metadata', '--hop-limit', '1', ...flags]).ended;
    assert.deepEqual([hop.status, /IPTTL=/.test(hop.stderr)], [2, true]);
    const open = await start(['metadata', '--listen', '0.0.0.0:0', ...flags]).ended;
    assert.deepEqual([open.status, /--allow-plain-http/.test(open.stderr)], [2, true]);
  });

  test('an instance profile decides the role, by the rules of EC2', async () => {
    const iam = new IAMClient({ endpoint: server.url, region, credentials: rootKey });
    const trust = (...services: string[]) =>
      iam.send(
        new UpdateAssumeRolePolicyCommand({
          RoleName: roleName,
          PolicyDocument: JSON.stringify({
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { Service: services },
                Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
              },
            ],
          }),
        }),
      );
    const refused = async (pattern: RegExp) => {
      const { status, stderr } = await start(['metadata', '--port', '0', ...flags, '--instance-profile', 'web']).ended;
      assert.equal(status, 1);
      assert.match(stderr, pattern);
    };
    await refused(/not authorized to perform: iam:GetInstanceProfile/);
    const Statement = [{ Effect: 'Allow', Action: 'iam:GetInstanceProfile', Resource: '*' }];
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.send(new PutRolePolicyCommand({ RoleName: roleName, PolicyName: 'profile', PolicyDocument }));
    await refused(/there is none of this name/);
    const { InstanceProfile } = await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'web' }));
    await refused(/it has no role/);
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'web', RoleName: roleName }));
    await refused(/does not trust `ec2\.amazonaws\.com`/);
    await trust('rolesanywhere.amazonaws.com', 'ec2.amazonaws.com');
    iam.destroy();
    const { child, at } = await started('--instance-profile', InstanceProfile?.Arn ?? '');
    const put = { method: 'PUT', headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' } };
    const shown = { 'x-aws-ec2-metadata-token': await (await fetch(`${at}/latest/api/token`, put)).text() };
    const info = JSON.parse(await (await fetch(`${at}/latest/meta-data/iam/info`, { headers: shown })).text());
    assert.equal(info.InstanceProfileArn, InstanceProfile?.Arn);
    assert.equal(info.InstanceProfileId, InstanceProfile?.InstanceProfileId);
    child.process.kill('SIGTERM');
    await child.ended;
  });
});
