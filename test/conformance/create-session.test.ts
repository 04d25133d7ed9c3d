// CreateSession with signatures that none of our code made: Python's `cryptography`, and OpenSSL's command line.
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { accountId, type ConformanceServer, conformanceServer, type LeafFiles, region } from './server.ts';
import { makeResources, type Resources, roleName } from './session-resources.ts';
import { needs, python, run } from './tools.ts';

describe('CreateSession', () => {
  let server: ConformanceServer;
  let resources: Resources;
  before(async () => {
    server = await conformanceServer();
    resources = await makeResources(server);
  });
  after(() => server[Symbol.asyncDispose]());

  describe('signed by python cryptography', needs('python3', '-c', 'import boto3, cryptography'), () => {
    for (const key of ['rsa2048', 'p256', 'p384'] as const) {
      test(`a ${key} certificate earns credentials that boto3 can use, and only for what the role may do`, async () => {
        const { certificatePath, privateKeyPath, certificate } = server.leaf(`python-${key}`, key);
        const input = { ...resources, certificatePath, privateKeyPath, durationSeconds: 900 };
        const seen = await python(server, 'certificate_session', input);
        assert.equal(seen.session.status, 201, JSON.stringify(seen.session));
        const [given, ...others] = seen.session.answer.credentialSet;
        assert.deepEqual(others, []);
        const sessionName = certificate.serialNumber.toString(16).padStart(2, '0');
        assert.equal(given.roleArn, resources.roleArn);
        assert.match(given.assumedRoleUser.arn, new RegExp(`:assumed-role/${roleName}/0*${sessionName}$`));
        assert.match(given.credentials.accessKeyId, /^ASIA[A-Z2-7]{16}$/);
        assert.match(given.credentials.expiration, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        assert.ok(given.credentials.secretAccessKey.length === 40);
        assert.match(
          seen.session.answer.subjectArn,
          new RegExp(`^arn:aws:rolesanywhere:${region}:${accountId}:subject/`),
        );
        assert.equal(seen.byQuery.status, 201);
        assert.equal(seen.byQuery.answer.subjectArn, seen.session.answer.subjectArn);
        const { use } = seen;
        assert.equal(use.identity.Arn, given.assumedRoleUser.arn);
        assert.equal(use.identity.UserId, given.assumedRoleUser.assumedRoleId);
        assert.equal(use.identity.Account, accountId);
        // The first trust anchor made the service-linked role.
        assert.deepEqual(use.allowed, ['AWSServiceRoleForRolesAnywhere', roleName]);
        assert.equal(use.denied.code, 'AccessDenied');
        assert.equal(use.denied.status, 403);
        assert.match(
          use.denied.message,
          /^User: arn:aws:sts::.* is not authorized to perform: iam:DeleteRole on resource: /,
        );
        assert.equal(use.deniedAnywhere.class, 'AccessDeniedException');
        assert.equal(use.withoutToken.code, 'InvalidClientTokenId');
        assert.equal(use.bentToken.code, 'InvalidClientTokenId');
        assert.deepEqual(refused(seen.bentBody), [403, 'AccessDeniedException', 'Invalid signature']);
        const otherRole = "Requested Role isn't one of those listed in the Profile.";
        assert.deepEqual(refused(seen.otherRole), [403, 'AccessDeniedException', otherRole]);
      });
    }

    test('a certificate of an intermediate CA needs the intermediate in X-Amz-X509-Chain', async () => {
      const intermediate = server.ca.issueCa({ subject: 'CN=Conformance Intermediate CA', key: 'rsa2048' });
      const { certificatePath, privateKeyPath } = server.leaf('python-chain', 'p256', intermediate);
      const input = { ...resources, certificatePath, privateKeyPath, durationSeconds: 900 };
      const { session } = await python(server, 'certificate_session', { ...input, chainPem: intermediate.pem });
      assert.equal(session.status, 201, JSON.stringify(session));
      const without = await python(server, 'certificate_session', input);
      assert.deepEqual(refused(without.session), [403, 'AccessDeniedException', 'Untrusted signing certificate']);
    });
  });

  describe('signed by the openssl command line', needs('openssl', 'version'), () => {
    for (const [key, algorithm] of [
      ['rsa2048', 'AWS4-X509-RSA-SHA256'],
      ['p256', 'AWS4-X509-ECDSA-SHA256'],
    ] as const) {
      test(`a ${key} certificate earns credentials with \`openssl dgst -sha256 -sign\``, async () => {
        const leaf = server.leaf(`openssl-${key}`, key);
        const { status, body } = await opensslSession(server, leaf, algorithm, resources);
        assert.equal(status, 201, body);
        assert.match(JSON.parse(body).credentialSet[0].credentials.accessKeyId, /^ASIA/);
      });
    }

    test('a key that is not the certificate’s is refused', async () => {
      const { privateKeyPath } = server.leaf('openssl-stranger', 'p256');
      const leaf = { ...server.leaf('openssl-victim', 'p256'), privateKeyPath };
      const { status, body } = await opensslSession(server, leaf, 'AWS4-X509-ECDSA-SHA256', resources);
      assert.equal(status, 403);
      assert.match(body, /Invalid signature/);
    });
  });
});

function refused({ status, code, answer }: { status: number; code: string; answer: { message: string } }) {
  return [status, code, answer.message];
}

/** What a shell script would do: text files, `openssl dgst`, one HTTP request. */
async function opensslSession(server: ConformanceServer, leaf: LeafFiles, algorithm: string, resources: Resources) {
  const { certificatePath, privateKeyPath } = leaf;
  const certificate = new X509Certificate(readFileSync(certificatePath));
  const body = JSON.stringify({ ...resources, durationSeconds: 900 });
  const amzDate = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const headers = {
    host: new URL(server.url).host,
    'x-amz-date': amzDate,
    'x-amz-x509': certificate.raw.toString('base64'),
  };
  const signedHeaders = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = `POST\n/sessions\n\n${lines.join('')}\n${signedHeaders}\n${sha256(body)}`;
  const scope = `${amzDate.slice(0, 8)}/${region}/rolesanywhere/aws4_request`;
  const textPath = join(server.directory, 'string-to-sign');
  writeFileSync(textPath, `${algorithm}\n${amzDate}\n${scope}\n${sha256(canonical)}`);
  const signed = await run('openssl', ['dgst', '-sha256', '-hex', '-sign', privateKeyPath, textPath]);
  assert.equal(signed.exitCode, 0, signed.stderr);
  const signature = signed.stdout.trim().split(' ').at(-1);
  const credential = `${BigInt(`0x${certificate.serialNumber}`)}/${scope}`;
  const authorization = `${algorithm} Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  return send(`${server.url}/sessions`, { ...headers, authorization, 'content-type': 'application/json' }, body);
}

function send(url: string, headers: Readonly<Record<string, string>>, body: string) {
  return new Promise<{ readonly status: number | undefined; readonly body: string }>((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers }, async (answer) => {
      resolve({ status: answer.statusCode, body: (await answer.setEncoding('utf8').toArray()).join('') });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
