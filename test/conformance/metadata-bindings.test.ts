// `anyrole metadata` with several bindings behind the container endpoint and none of its own; what it writes with --debug; and
// the password of a key.
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, watch, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { hasTerminal } from '../../src/cli/ask-secret.ts';
import { start } from '../command.ts';
import {
  bareEnvironment,
  bindingOf,
  documentAt,
  flagsOf,
  type Metadata,
  securityCredentials,
  startMetadata,
  stopMetadata,
} from './metadata-rig.ts';
import {
  accountId,
  type ConformanceServer,
  conformanceServer,
  type LeafFiles,
  region,
  rootKey,
  trustPolicy,
} from './server.ts';
import { makeResources, type Resources, roleName, rolesAnywhereClient } from './session-resources.ts';
import { needs, python, run } from './tools.ts';

const bin = fileURLToPath(new URL('../../bin/anyrole.mjs', import.meta.url));
const sdkV3 = fileURLToPath(new URL('sdk-v3-identity.ts', import.meta.url));

describe('anyrole metadata with several bindings', () => {
  let server: ConformanceServer;
  let resources: Resources;
  let leaf: LeafFiles;
  let config: string;
  let metadata: Metadata;

  const file = (name: string, content: string) => {
    const path = join(server.directory, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const tokenOf = (name: string) => `the-token-of-the-binding-${name}`;
  const tokenFile = (name: string) => file(`token-${name}`, tokenOf(name));
  const containerFlags = (...names: readonly string[]) =>
    names.flatMap((name) => ['--container', `${name}=${tokenFile(name)}`]);

  before(async () => {
    server = await conformanceServer();
    resources = await makeResources(server);
    leaf = server.leaf('host', 'p256');
    const web = bindingOf(server, leaf, resources);
    const batch = bindingOf(server, server.leaf('batch', 'rsa2048'), await batchResources());
    config = file('bindings.json', JSON.stringify({ bindings: { web, batch, unused: { certificate: '/nowhere' } } }));
    const flags = ['--no-imds', '--config', config, '--metrics-listen', '127.0.0.1:0'];
    metadata = await startMetadata([...flags, ...containerFlags('web', 'batch')]);
  });
  after(async () => {
    const { status } = await stopMetadata(metadata);
    await server[Symbol.asyncDispose]();
    assert.equal(status, 0);
  });

  async function batchResources(): Promise<Resources> {
    const iam = new IAMClient({ endpoint: server.url, region, credentials: rootKey });
    const asked = { RoleName: 'Batch', Path: '/jobs/', AssumeRolePolicyDocument: trustPolicy };
    const { Role } = await iam.send(new CreateRoleCommand(asked));
    iam.destroy();
    const roleArn = Role?.Arn ?? '';
    const made = await rolesAnywhereClient(server)
      .createProfile({ name: 'batch', roleArns: [roleArn], enabled: true })
      .promise();
    return { ...resources, roleArn, profileArn: made.profile?.profileArn ?? '' };
  }

  const environmentOf = (name: string, token = tokenOf(name)) =>
    bareEnvironment(server, {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadata.url}/v2/credentials/${name}`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file(`shown-${name}`, token),
    });
  const aws = needs('aws', '--version');
  const boto3 = needs('python3', '-c', 'import boto3');
  const clients = [
    ['the AWS CLI', aws, 'aws', ['sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text']],
    ['boto3', boto3, 'python3', ['-c', 'import boto3; print(boto3.client("sts").get_caller_identity()["Arn"])']],
    ['SDK v3', {}, process.execPath, [sdkV3]],
  ] as const;
  for (const [client, skip, command, args] of clients) {
    test(`${client} is the role of the binding whose path and token file it has`, skip, async () => {
      const is = async (name: string, role: string) => {
        const { stdout, stderr } = await run(command, args, { environment: environmentOf(name) });
        assert.match(stdout, new RegExp(`arn:aws:sts::${accountId}:assumed-role/${role}/`), stderr);
      };
      await Promise.all([is('web', roleName), is('batch', 'Batch')]);
    });
  }

  test('it serves these bindings and nothing else', async () => {
    const put = { method: 'PUT', headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' } };
    assert.equal((await fetch(`${metadata.url}/latest/api/token`, put)).status, 404);
    for (const name of ['default', 'unused', '']) {
      const headers = { authorization: tokenOf('web') };
      assert.equal((await fetch(`${metadata.url}/v2/credentials/${name}`, { headers })).status, 404, name);
    }
    const others = { headers: { authorization: tokenOf('web') } };
    assert.equal((await fetch(`${metadata.url}/v2/credentials/batch`, others)).status, 403);
    assert.equal((await fetch(`${metadata.url}/healthz`)).status, 200);
    const metrics = await (await fetch(`${metadata.metricsUrl}/metrics`)).text();
    assert.deepEqual(
      [...metrics.matchAll(/^anyrole_metadata_credentials_expire_seconds\{binding="(\w+)"\} [1-9]/gm)].map(
        ([, n]) => n,
      ),
      ['web', 'batch'],
    );
  });

  test('what cannot be served is refused at the start, by name', async () => {
    const refusals: readonly (readonly [readonly string[], RegExp])[] = [
      [['--no-imds'], /^anyrole: --no-imds: give --container or --authorization-token-file/],
      [
        ['--no-imds', '--container', `web=${tokenFile('web')}`],
        /--container `web=.*: expected NAME=FILE, and --config/,
      ],
      [['--no-imds', '--config', config, '--container', 'web'], /--container `web`: expected NAME=FILE/],
      [['--no-imds', '--config', config, ...containerFlags('other')], /--binding `other`: .* has web, batch, unused/],
      [['--no-imds', '--config', config, '--container', `web=${file('short', 'short')}`], /fewer than 16 characters/],
      [
        ['--no-imds', '--config', config, ...containerFlags('web', 'web')],
        /something else stands at \/v2\/credentials\/web/,
      ],
      [['--config', config, '--binding', 'web', ...containerFlags('default')], /stands at \/v2\/credentials\/default/],
      [
        ['--no-imds', '--config', config, '--binding', 'web', ...containerFlags('batch')],
        /--binding: with --no-imds nobody/,
      ],
      [['--config', config, ...containerFlags('web')], /give --binding with one of web, batch, unused/],
    ];
    const all = await Promise.all(refusals.map(([flags]) => start(['metadata', '--port', '0', ...flags]).ended));
    all.forEach(({ status, stdout, stderr }, at) => {
      assert.match(stderr, refusals[at]?.[1] ?? /^$/);
      assert.deepEqual([status, stdout], [2, '']);
    });
  });

  test('an address that is taken ends it', async () => {
    const { status, stderr } = await start([
      ...['metadata', '--listen', new URL(metadata.url).host, '--metrics-listen', '127.0.0.1:0'],
      ...flagsOf(server, leaf, resources),
    ]).ended;
    assert.equal(status, 1);
    assert.match(stderr, /EADDRINUSE/);
  });

  test('told to stop while it waits for the first credentials, it ends', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    // A TCP server's address is one.
    const { port } = silent.address() as AddressInfo;
    const nowhere = { url: `http://127.0.0.1:${port}` };
    const child = start(['metadata', '--port', '0', ...flagsOf(nowhere, leaf, resources)]);
    const [socket]: Socket[] = await once(silent, 'connection');
    child.process.kill('SIGTERM');
    const { status, stdout } = await child.ended;
    assert.deepEqual([status, stdout], [0, '']);
    socket?.destroy();
    silent.close();
  });

  test('--debug tells who asks for what, and no secret', async () => {
    const secret = 'very secret';
    const debugged = await startMetadata([...flagsOf(server, leaf, resources), '--debug', '--pkcs8-password', secret]);
    const headers = { 'user-agent': 'a "program"/1', authorization: 'Bearer 0123456789' };
    const asked = await documentAt(debugged.url, `${securityCredentials}${roleName}?key=hidden`);
    const { SecretAccessKey, Token } = JSON.parse(asked.text);
    await fetch(`${debugged.url}/latest/${encodeURI('ü')}`, {
      headers: { ...headers, 'x-aws-ec2-metadata-token': 'AQAAAmine' },
    });
    const { stdout, stderr } = await stopMetadata(debugged);
    for (const pattern of [
      /debug: certificate: CN=host,OU=Conformance, serial number \d+\n/,
      new RegExp(`debug: binding default: session of ${resources.roleArn}, ASIA\\w+, lasts until `),
      /debug: request: PUT "\/latest\/api\/token" → 200 \(host: "127\.0\.0\.1:\d+"; user-agent: ".*"; x-aws-ec2-metadata-token-ttl-seconds: "60"\)\n/,
      /debug: request: GET "\/latest\/meta-data\/iam\/security-credentials\/Worker" → 200 \(.*x-aws-ec2-metadata-token: \[redacted\]\)\n/,
      /debug: request: GET "\/latest\/%C3%BC" → 401 \(.*user-agent: "a \\"program\\"\/1".*authorization: \[redacted\]\)\n/,
    ])
      assert.match(stderr, pattern);
    for (const hidden of [SecretAccessKey, Token, secret, 'PRIVATE KEY', 'hidden', 'AQAAA', '0123456789'])
      assert.equal(`${stdout}${stderr}`.includes(hidden), false, hidden);
  });

  describe('a key under a password', () => {
    const passphrase = 'correct horse';
    const encryptedFlags = () => {
      const key = createPrivateKey(leaf.keyPem);
      const cipher = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
      // The last one counts.
      return [
        ...flagsOf(server, leaf, resources),
        '--private-key',
        file('encrypted.pem', key.export(cipher).toString()),
      ];
    };

    test('without a terminal the start fails and says what is missing', {
      skip: hasTerminal() && 'a person would be asked',
    }, async () => {
      const { status, stdout, stderr } = await start(['metadata', '--port', '0', ...encryptedFlags()]).ended;
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, /^anyrole: PasswordMissing: .*; give its password/);
    });
    test('a wrong one ends it, too', async () => {
      const wrong = [...encryptedFlags(), '--pkcs8-password', 'wrong'];
      const { status, stderr } = await start(['metadata', '--port', '0', ...wrong]).ended;
      assert.equal(status, 1);
      assert.match(stderr, /^anyrole: PasswordWrong/);
    });
    test('the person at the terminal is asked at the start, and nothing is shown', boto3, async () => {
      const output = file('printed', '');
      // `exec` keeps the number that the shell tells first.
      const shell = ['/bin/sh', '-c', 'echo "pid $$"; exec "$@"', 'sh'];
      const command = [...shell, process.execPath, bin, 'metadata', '--port', '0', ...encryptedFlags()];
      const atTerminal = python(server, 'at_terminal', { command, output, line: passphrase });
      const [, pid = '', url = ''] = await contentOf(output, /^pid (\d+)\n[\s\S]*metadata on (\S+)\n/);
      const { status, text } = await documentAt(url, securityCredentials + roleName);
      assert.deepEqual([status, JSON.parse(text).Code], [200, 'Success']);
      process.kill(Number(pid), 'SIGTERM');
      const { seen, status: ended } = await atTerminal;
      assert.equal(ended, 0, seen);
      assert.match(seen, /^anyrole: password of the private key: /);
      assert.equal(seen.includes('horse'), false);
    });
  });
});

/** Waits until the file matches. */
function contentOf(path: string, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve) => {
    const watcher = watch(path, () => look());
    const look = () => {
      const found = pattern.exec(readFileSync(path, 'utf8'));
      if (found === null) return;
      watcher.close();
      resolve(found);
    };
    look();
  });
}
