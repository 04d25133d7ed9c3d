// The commands of the client as users run them: the AWS CLI and boto3 get their identity through `credential_process` and
// through a profile that `update` keeps; faults of the network and of the disk.
import assert from 'node:assert/strict';
import { createPrivateKey, createVerify, verify, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { type Ended, run as runAnyrole, start } from '../command.ts';
import { type KeyName, makeCa } from '../pki.ts';
import { fixedString } from './fixed-string.ts';
import { passOn } from './pass-on.ts';
import { type ConformanceServer, conformanceServer, type LeafFiles, region } from './server.ts';
import { makeResources, type Resources, roleName } from './session-resources.ts';
import { needs, python, run } from './tools.ts';

const bin = fileURLToPath(new URL('../../bin/anyrole.mjs', import.meta.url));
const boto3 = needs('python3', '-c', 'import boto3');

describe('the client commands', () => {
  let server: ConformanceServer;
  let resources: Resources;
  let leaf: LeafFiles;
  let session: readonly string[];
  before(async () => {
    server = await conformanceServer();
    resources = await makeResources(server);
    leaf = server.leaf('command', 'p256');
    session = ['--endpoint', server.url, ...arnFlags(resources)];
  });
  after(() => server[Symbol.asyncDispose]());

  const anyrole = (command: string, ...args: readonly string[]) => runAnyrole([command, ...args], home());
  const home = () => ({ HOME: server.directory, TMPDIR: server.directory });
  const asking = (command: string, ...args: readonly string[]) =>
    anyrole(command, ...identityFlags(leaf), ...session, ...args);
  /** The environment of a client that has a profile and no key of its own. */
  const withProfile = (files: Readonly<Record<string, string>>): ConformanceServer['environment'] => {
    const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...rest } = server.environment;
    return { ...rest, ...files };
  };
  const isWorker = (arn: string) => assert.match(arn, new RegExp(`:assumed-role/${roleName}/`));

  describe('credential-process', () => {
    const kinds = [
      'rsa2048',
      'rsa3072',
      'rsa4096',
      'p256',
      'p384',
      'p521',
      'ml-dsa-44',
      'ml-dsa-65',
      'ml-dsa-87',
    ] as const;
    for (const key of kinds satisfies readonly KeyName[]) {
      test(`prints one JSON object for a ${key} key, and it is the role's`, async () => {
        const files = server.leaf(`process-${key}`, key);
        const ended = await anyrole('credential-process', ...identityFlags(files), ...session);
        assert.equal(ended.status, 0, ended.stderr);
        assert.equal(ended.stderr, '');
        assert.equal(ended.stdout.includes('\n'), false);
        const printed = JSON.parse(ended.stdout);
        const members = ['Version', 'AccessKeyId', 'SecretAccessKey', 'SessionToken', 'Expiration'];
        assert.deepEqual(Object.keys(printed), members);
        assert.equal(printed.Version, 1);
        assert.match(printed.Expiration, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        isWorker(await arnOf(server, printed));
      });
    }

    test('loads nothing of the server', async () => {
      const told = [
        "import { registerHooks } from 'node:module';",
        "registerHooks({ load(url, context, next) { process._rawDebug('loaded ' + url); return next(url, context); } });",
      ].join('');
      const flags = ['--import', `data:text/javascript,${encodeURIComponent(told)}`, bin, 'credential-process'];
      const ended = await run(process.execPath, [...flags, ...identityFlags(leaf), ...session], {
        environment: { PATH: process.env.PATH, ...home() },
      });
      assert.equal(ended.exitCode, 0, ended.stderr);
      const loaded = [...ended.stderr.matchAll(/^loaded (\S+)$/gm)].map(([, url = '']) => url);
      assert.ok(loaded.some((url) => url.endsWith('/cli/credential-process.ts')));
      const others =
        /\/src\/(?:main\.ts|gateway|services|store|telemetry|protocols|contract)|\/node_modules\/(?!commander)/;
      assert.deepEqual(
        loaded.filter((url) => others.test(url) || url === 'node:sqlite'),
        [],
      );
    });

    test('keeps a session with --cache, for its owner alone, and shows it again without a CreateSession', async () => {
      const one = await asking('credential-process', '--cache');
      const asked = sessionsOf(server);
      const two = await asking('credential-process', '--cache');
      assert.equal(one.status, 0, one.stderr);
      assert.equal(two.stdout, one.stdout);
      assert.equal(sessionsOf(server), asked);
      const other = await asking('credential-process', '--cache', '--session-duration', '900');
      assert.notEqual(other.stdout, one.stdout);
    });

    test('of many at once with --cache one asks', async () => {
      const asked = sessionsOf(server);
      const all = await Promise.all(
        Array.from({ length: 4 }, () => asking('credential-process', '--cache', '--session-duration', '1000')),
      );
      assert.equal(new Set(all.map(({ stdout }) => stdout)).size, 1, all.map(({ stderr }) => stderr).join());
      assert.equal(sessionsOf(server), asked + 1);
    });

    test('takes a binding of a file', async () => {
      const config = join(server.directory, 'bindings.json');
      const binding = {
        certificate: 'command.pem',
        'private-key': 'command-key.pem',
        'role-arn': resources.roleArn,
        'profile-arn': resources.profileArn,
        'trust-anchor-arn': resources.trustAnchorArn,
        endpoint: server.url,
      };
      writeFileSync(config, JSON.stringify({ bindings: { web: binding, other: {} } }));
      const ended = await anyrole('credential-process', '--config', config, '--binding', 'web');
      assert.equal(ended.status, 0, ended.stderr);
      isWorker(await arnOf(server, JSON.parse(ended.stdout)));
    });

    test('asks again after 429, 500 and a broken connection, and gives up after the third', async () => {
      await using flaky = await flakyServer(server.url);
      const args = [...identityFlags(leaf), '--endpoint', flaky.url, ...arnFlags(resources)];
      for (const faults of [[429, 500], ['broken']] as const) {
        flaky.next(faults);
        const ended = await anyrole('credential-process', ...args);
        assert.equal(ended.status, 0, ended.stderr);
      }
      flaky.next([500, 500, 500]);
      refused(await anyrole('credential-process', ...args), /status 500/);
    });

    test('says what is wrong and what to do, prints nothing and ends with 1', async () => {
      const others = server.leaf('others', 'p256');
      refused(
        await asking('credential-process', '--private-key', others.privateKeyPath),
        /KeyMismatch: the private key does not belong to the certificate `CN=command/,
      );
      const elsewhere = resources.profileArn.replace(region, 'us-east-1');
      refused(await asking('credential-process', '--profile-arn', elsewhere), /the trust anchor is in .* both must be/);
      refused(await asking('credential-process', '--certificate', '/no/such.pem'), /there is no such file/);
      refused(await asking('credential-process', '--endpoint', 'http://127.0.0.1:9'), /is the server up/);
      refused(await asking('credential-process', '--role-arn', `${resources.roleArn}X`), /AccessDeniedException/);
    });

    test('says when the certificate expired, and by how much the clock is off', async () => {
      const dayMs = 86_400_000;
      const old = server.ca.issue({ subject: 'CN=old', key: 'p256', notAfter: new Date(Date.now() - dayMs) });
      const certificate = join(server.directory, 'old.pem');
      writeFileSync(certificate, old.keyPem + old.pem);
      const expired = await anyrole('credential-process', '--certificate', certificate, ...session);
      refused(expired, /CertificateExpired: the certificate `CN=old` expired yesterday \(\d{4}-.*\); renew it\n/);
      // A server that is seven minutes ahead and minds.
      const strict = createServer((_, answer) => {
        const date = new Date(Date.now() + 7 * 60_000).toUTCString();
        answer.writeHead(403, { date, 'x-amzn-errortype': 'AccessDeniedException', 'x-amzn-requestid': 'a-request' });
        answer.end('{"message":"Invalid signature"}');
      });
      strict.listen(0, '127.0.0.1');
      await once(strict, 'listening');
      // A TCP server's address is one.
      const { port } = strict.address() as AddressInfo;
      const late = await asking('credential-process', '--endpoint', `http://127.0.0.1:${port}`);
      refused(late, /\(status 403, request a-request\); the clock here is 7 minutes behind the server's: set it\n/);
      strict.close();
    });

    test('says that the key is encrypted where nobody can be asked', needs('setsid', '--wait', 'true'), async () => {
      const cipher = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'correct horse' } as const;
      const encrypted = join(server.directory, 'locked-key.pem');
      writeFileSync(encrypted, createPrivateKey(leaf.keyPem).export(cipher));
      const flags = [
        'credential-process',
        '--certificate',
        leaf.certificatePath,
        '--private-key',
        encrypted,
        ...session,
      ];
      const environment = { PATH: process.env.PATH, ...home() };
      // A session of its own has no terminal.
      const asked = (more: readonly string[]) =>
        run('setsid', ['--wait', process.execPath, bin, ...flags, ...more], { environment });
      const { exitCode, stdout, stderr } = await asked([]);
      refused(
        { status: exitCode, stdout, stderr },
        /PasswordMissing: the private key `.*` is encrypted; give its password\n/,
      );
      const wrong = await asked(['--pkcs8-password', 'open sesame']);
      assert.match(wrong.stderr, /^anyrole: PasswordWrong: [^\n]*\n$/);
      assert.equal(wrong.stderr.includes('sesame'), false);
      assert.equal((await asked(['--pkcs8-password', 'correct horse'])).exitCode, 0);
    });

    test('never shows a secret with --debug', async () => {
      const ended = await asking('credential-process', '--debug', '--pkcs8-password', 'very secret');
      assert.equal(ended.status, 0, ended.stderr);
      const { SecretAccessKey, SessionToken } = JSON.parse(ended.stdout);
      assert.match(ended.stderr, /debug: certificate: CN=command.*\n/);
      for (const secret of [SecretAccessKey, SessionToken, 'very secret', 'PRIVATE KEY']) {
        assert.equal(ended.stderr.includes(secret), false);
      }
    });

    test('asks the person at the terminal for a password, and shows none', boto3, async () => {
      const key = createPrivateKey(leaf.keyPem);
      const encrypted = join(server.directory, 'encrypted-key.pem');
      const cipher = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'correct horse' } as const;
      writeFileSync(encrypted, key.export(cipher));
      const output = join(server.directory, 'typed.json');
      const flags = ['--certificate', leaf.certificatePath, '--private-key', encrypted, ...session];
      const command = [process.execPath, bin, 'credential-process', ...flags];
      const { seen, status } = await python(server, 'at_terminal', { command, output, line: 'correct horse' });
      assert.equal(status, 0, seen);
      assert.match(seen, /^anyrole: password of the private key: /);
      assert.equal(seen.includes('horse'), false);
      isWorker(await arnOf(server, JSON.parse(readFileSync(output, 'utf8'))));
    });

    test('believes a server with a certificate of its own only with --no-verify-ssl', async () => {
      const own = makeCa({ subject: 'CN=Some Other CA' }).issue({ subject: 'CN=localhost', eku: ['serverAuth'] });
      const tls = createTlsServer({ cert: own.pem, key: own.keyPem }, (incoming, answer) =>
        passOn(server.url, incoming, answer),
      );
      tls.listen(0, '127.0.0.1');
      await once(tls, 'listening');
      // A TCP server's address is one.
      const { port } = tls.address() as AddressInfo;
      const flags = ['--endpoint', `https://127.0.0.1:${port}`];
      refused(await asking('credential-process', ...flags), /NotReached: .*certificate leads to no authority/);
      const ended = await asking('credential-process', ...flags, '--no-verify-ssl');
      assert.equal(ended.status, 0, ended.stderr);
      tls.close();
      tls.closeAllConnections();
    });

    test('gives the AWS CLI its identity', needs('aws', '--version'), async () => {
      const environment = withProfile({ AWS_CONFIG_FILE: processProfile() });
      const seen = await run('aws', ['sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text'], {
        environment,
      });
      assert.equal(seen.exitCode, 0, seen.stderr);
      isWorker(seen.stdout.trim());
    });

    test('gives boto3 its identity', boto3, async () => {
      const environment = withProfile({ AWS_CONFIG_FILE: processProfile() });
      const seen = await python({ ...server, environment }, 'profile_identity');
      assert.equal(seen.method, 'custom-process');
      isWorker(seen.arn);
    });

    function processProfile(): string {
      const path = join(server.directory, 'process-config');
      const words = [process.execPath, bin, 'credential-process', ...identityFlags(leaf), ...session];
      writeFileSync(path, `[default]\ncredential_process = ${words.join(' ')}\n`);
      return path;
    }
  });

  describe('update', () => {
    const updating = (path: string, args: readonly string[], endpoint = server.url) => {
      const flags = ['update', ...identityFlags(leaf), '--endpoint', endpoint, ...arnFlags(resources), ...args];
      return start(flags, { ...home(), AWS_SHARED_CREDENTIALS_FILE: path });
    };
    const odd =
      '# mine\r\n[default]\r\nregion = nowhere-1\r\n[other]\r\ns3 =\r\n  max = 10\r\n[worker]\r\naws_session_token = old\r\n  older\r\naws_security_token = stale\r\noutput = json';

    test(
      'fills a profile in a file with odd content, which the AWS CLI then uses',
      needs('aws', '--version'),
      async () => {
        const path = join(server.directory, 'odd-credentials');
        writeFileSync(path, odd, { mode: 0o640 });
        const ended = await updating(path, ['--once', '--profile', 'worker']).ended;
        assert.equal(ended.status, 0, ended.stderr);
        const text = readFileSync(path, 'utf8');
        for (const kept of ['# mine\r\n', '  max = 10\r\n', 'output = json']) assert.ok(text.includes(kept), kept);
        const environment = withProfile({ AWS_SHARED_CREDENTIALS_FILE: path, AWS_PROFILE: 'worker' });
        const seen = await run('aws', ['sts', 'get-caller-identity'], { environment });
        assert.equal(seen.exitCode, 0, seen.stderr);
        isWorker(JSON.parse(seen.stdout).Arn);
      },
    );

    test('fills a file that was not there, which boto3 then uses', boto3, async () => {
      const ended = await asking('update', '--once');
      assert.equal(ended.status, 0, ended.stderr);
      const path = join(server.directory, '.aws', 'credentials');
      const environment = withProfile({ AWS_SHARED_CREDENTIALS_FILE: path });
      const seen = await python({ ...server, environment }, 'profile_identity');
      assert.equal(seen.method, 'shared-credentials-file');
      isWorker(seen.arn);
    });

    test('of two profiles at once both are filled', async () => {
      const path = join(server.directory, 'both-credentials');
      const ended = await Promise.all(
        ['a', 'b', 'c'].map((name) => updating(path, ['--once', '--profile', name]).ended),
      );
      assert.deepEqual(
        ended.map(({ status }) => status),
        [0, 0, 0],
      );
      const text = readFileSync(path, 'utf8');
      for (const name of ['a', 'b', 'c']) assert.match(text, new RegExp(`\\[${name}\\]\naws_access_key_id = ASIA`));
      assert.equal(text.match(/aws_session_token/g)?.length, 3);
    });

    test('waits for a server that is down at start, and ends with 1 when asked once', async () => {
      await using flaky = await flakyServer(server.url);
      const path = join(server.directory, 'late-credentials');
      flaky.next(['broken', 'broken', 'broken']);
      const once = await updating(path, ['--once'], flaky.url).ended;
      refused(once, /NotReached/);
      flaky.next(['broken', 'broken', 'broken']);
      const updated = updating(path, [], flaky.url);
      await updated.printed(/lasts until .*; next refresh at /);
      updated.process.kill('SIGTERM');
      const { status, stderr } = await updated.ended;
      assert.equal(status, 0);
      assert.match(stderr, /NotReached: .*; trying again in [45] s\n/);
      assert.match(readFileSync(path, 'utf8'), /^\[default\]\naws_access_key_id = ASIA/);
    });

    test('refuses at once what no waiting mends', async () => {
      const path = join(server.directory, 'never-credentials');
      refused(await updating(path, ['--session-duration', '10']).ended, /durationSeconds is 10/);
      const brackets = await updating(path, ['--profile', 'a]b']).ended;
      assert.equal(brackets.status, 2);
    });

    test(
      'leaves the old file when the disk is full',
      needs('unshare', '--map-root-user', '--mount', 'true'),
      async () => {
        const place = join(server.directory, 'small');
        mkdirSync(place);
        const old = `[default]\nregion = x\n# ${'x'.repeat(3000)}\n`;
        const outside = join(server.directory, 'small-old');
        writeFileSync(outside, old);
        // Two pages: one for the old file, and not two for the new one.
        const script = [
          'mount -t tmpfs -o size=8k none "$PLACE" && cp "$OLD" "$PLACE/credentials" || exit 99',
          '"$@"; status=$?',
          'cmp "$OLD" "$PLACE/credentials" && ls "$PLACE" && exit $status',
        ].join('\n');
        const flags = ['update', '--once', ...identityFlags(leaf), ...session];
        const seen = await run(
          'unshare',
          ['--map-root-user', '--mount', 'sh', '-c', script, 'sh', process.execPath, bin, ...flags],
          {
            environment: {
              PATH: process.env.PATH,
              ...home(),
              PLACE: place,
              OLD: outside,
              AWS_SHARED_CREDENTIALS_FILE: join(place, 'credentials'),
            },
          },
        );
        assert.equal(seen.exitCode, 1, seen.stderr + seen.stdout);
        assert.match(seen.stderr, /ENOSPC/);
        assert.equal(seen.stdout, 'credentials\ncredentials.lock\n');
      },
    );

    test(
      'leaves the old file when it is killed in the middle of a write',
      needs('bash', '-c', 'ulimit -f 1'),
      async () => {
        const path = join(server.directory, 'limited', 'credentials');
        mkdirSync(join(server.directory, 'limited'));
        const old = `[default]\nregion = x\n# ${'x'.repeat(3000)}\n`;
        writeFileSync(path, old);
        const flags = ['update', '--once', ...identityFlags(leaf), ...session];
        // No file may grow beyond a kibibyte: the system ends whoever tries, or refuses.
        const seen = await run('bash', ['-c', 'ulimit -f 1; exec "$@"', 'bash', process.execPath, bin, ...flags], {
          environment: { PATH: process.env.PATH, ...home(), AWS_SHARED_CREDENTIALS_FILE: path },
        });
        assert.notEqual(seen.exitCode, 0);
        assert.equal(readFileSync(path, 'utf8'), old);
        rmSync(`${path}.new`, { force: true });
        assert.equal((await updating(path, ['--once']).ended).status, 0);
        assert.deepEqual(readdirSync(join(server.directory, 'limited')).sort(), ['credentials', 'credentials.lock']);
      },
    );
  });

  describe('sign-string, read-certificate-data and session', () => {
    for (const [key, digest] of [
      ['rsa2048', 'SHA256'],
      ['rsa2048', 'SHA512'],
      ['p384', 'SHA384'],
      ['p521', 'SHA512'],
    ] as const) {
      test(`a ${digest} signature of the fixed string is the ${key} certificate's`, async () => {
        const files = server.leaf(`sign-${key}-${digest}`, key);
        const flags = ['sign-string', ...identityFlags(files), '--digest', digest];
        const [json, text] = [await runAnyrole(flags), await runAnyrole([...flags, '--format', 'text'])];
        assert.equal(json.status, 0, json.stderr);
        const { publicKey } = new X509Certificate(files.pem);
        const verified = (hex: string) =>
          createVerify(digest).update(fixedString(publicKey)).verify(publicKey, Buffer.from(hex, 'hex'));
        assert.ok(verified(JSON.parse(json.stdout)));
        assert.ok(verified(text.stdout));
      });
    }

    test('an ML-DSA signature is of the same string, and hashes by itself', async () => {
      const files = server.leaf('sign-ml-dsa', 'ml-dsa-65');
      const { stdout, stderr } = await runAnyrole(['sign-string', ...identityFlags(files), '--format', 'text']);
      assert.equal(stderr, '');
      const { publicKey } = new X509Certificate(files.pem);
      assert.ok(verify(null, fixedString(publicKey), publicKey, Buffer.from(stdout, 'hex')));
    });

    test('a certificate is told as the official helper tells it', async () => {
      const { stdout } = await anyrole('read-certificate-data', '--certificate', leaf.certificatePath);
      assert.deepEqual(JSON.parse(stdout), {
        keyType: 'EC',
        certificateData: Buffer.from(leaf.der).toString('base64'),
        serialNumber: String(leaf.certificate.serialNumber),
        supportedAlgorithms: ['ECSHA256', 'ECSHA384', 'ECSHA512'],
      });
    });

    test('the table has no secret, the lines for a shell have all, JSON too', async () => {
      const table = await asking('session');
      assert.match(table.stdout, /^role +arn:aws:iam::.*\nsession +arn:aws:sts::.*\n/);
      const lines = await asking('session', '--export');
      const words = await run('sh', ['-c', `${lines.stdout}printf '%s ' "$AWS_ACCESS_KEY_ID" "$AWS_SESSION_TOKEN"`]);
      assert.match(words.stdout, /^ASIA\w{16} \S{100,} $/);
      const json = JSON.parse((await asking('session', '--json')).stdout);
      assert.equal(json.roleArn, resources.roleArn);
      assert.equal(table.stdout.includes('SecretAccessKey'), false);
      assert.equal((await asking('session', '--json', '--export')).status, 2);
    });
  });
});

function identityFlags({ certificatePath, privateKeyPath }: LeafFiles): readonly string[] {
  return ['--certificate', certificatePath, '--private-key', privateKeyPath];
}

function arnFlags({ roleArn, profileArn, trustAnchorArn }: Resources): readonly string[] {
  return ['--role-arn', roleArn, '--profile-arn', profileArn, '--trust-anchor-arn', trustAnchorArn];
}

function sessionsOf({ visited }: ConformanceServer): number {
  return visited.filter(({ operation }) => operation === 'rolesanywhere.CreateSession').length;
}

function refused({ status, stdout, stderr }: Ended, pattern: RegExp): void {
  assert.equal(status, 1, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, pattern);
  assert.match(stderr, /^anyrole: [^\n]*\n$/);
}

type Printed = { readonly AccessKeyId: string; readonly SecretAccessKey: string; readonly SessionToken: string };

async function arnOf({ url }: ConformanceServer, printed: Printed): Promise<string> {
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = printed;
  const client = new STSClient({
    endpoint: url,
    region,
    credentials: { accessKeyId, secretAccessKey, sessionToken },
  });
  const { Arn } = await client.send(new GetCallerIdentityCommand());
  client.destroy();
  return Arn ?? '';
}

/** What stands before the server has faults, as many as it is told, then passes on what comes. */
async function flakyServer(target: string) {
  const faults: (number | 'broken')[] = [];
  const server = createServer((incoming, answer) => {
    const fault = faults.shift();
    if (fault === 'broken') incoming.destroy();
    else if (fault === undefined) passOn(target, incoming, answer);
    else answer.writeHead(fault, { 'content-type': 'application/json' }).end('{"message":"not now"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server's address is one.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    next(given: readonly (number | 'broken')[]) {
      faults.splice(0, faults.length, ...given);
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
