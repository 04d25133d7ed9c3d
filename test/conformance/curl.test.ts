// The operator's own operations by curl, which signs requests itself: no AWS client knows them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AccessKey, sendWithCertificate, sendWithKey } from '../../src/client/send.ts';
import { makeCa } from '../pki.ts';
import { type ConformanceServer, conformanceServer, region, rootKey } from './server.ts';
import { makeResources, roleName } from './session-resources.ts';
import { needs, run } from './tools.ts';

const curlIsHere = needs('curl', '--aws-sigv4', 'aws:amz', '--version');

/** Runs curl as docs/operations.md shows it; gives what it printed. */
async function curl(service: string, key: AccessKey, ...args: readonly string[]): Promise<string> {
  const user = `${key.accessKeyId}:${key.secretAccessKey}`;
  const token = key.sessionToken === undefined ? [] : ['-H', `x-amz-security-token: ${key.sessionToken}`];
  const signing = ['--aws-sigv4', `aws:amz:${region}:${service}`, '--user', user, ...token];
  const { stdout, stderr, exitCode } = await run('curl', ['-sS', ...signing, ...args]);
  assert.equal(exitCode, 0, stderr);
  return stdout;
}

const dayMs = 24 * 60 * 60 * 1000;

/** The tenth day before its end is half over. */
async function anchorThatExpires({ url }: ConformanceServer): Promise<void> {
  const x509CertificateData = makeCa({ subject: 'CN=Soon', notAfter: new Date(Date.now() + 10.5 * dayMs) }).pem;
  const body = { name: 'soon', source: { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData } } };
  const json = ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)];
  assert.match(await curl('rolesanywhere', rootKey, ...json, `${url}/trustanchors`), /"trustAnchorArn"/);
}

test('curl --aws-sigv4 lists the certificates that expire soon', curlIsHere, async () => {
  await using server = await conformanceServer();
  await anchorThatExpires(server);
  const ask = (query: string, ...args: string[]) =>
    curl('anyrole', rootKey, ...args, `${server.url}/expiring-certificates?${query}`);
  const { certificates } = JSON.parse(await ask('days=45'));
  const facts = ({ trustAnchorName, subject, daysLeft, state }: Record<string, unknown>) =>
    [trustAnchorName, subject, daysLeft, state].join(' ');
  assert.deepEqual(certificates.map(facts), ['soon CN=Soon 10 expiringSoon']);
  assert.deepEqual(JSON.parse(await ask('days=7')), { certificates: [], crls: [] });
  assert.match(await ask('days=0', '-w', '%{http_code}'), /^\{"message":"1 validation error detected.*\}400$/);
});

test('curl with the credentials of a session may what the role may', curlIsHere, async () => {
  await using server = await conformanceServer();
  await anchorThatExpires(server);
  const key = await sessionKey(server);
  const ask = () => curl('anyrole', key, `${server.url}/expiring-certificates?days=45`);
  assert.match(
    await ask(),
    /not authorized to perform: anyrole:ListExpiringCertificates on resource: arn:aws:anyrole:/,
  );
  const Statement = [{ Effect: 'Allow', Action: 'anyrole:List*', Resource: '*' }];
  const form = new URLSearchParams({
    Action: 'PutRolePolicy',
    Version: '2010-05-08',
    RoleName: roleName,
    PolicyName: 'operator',
    PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
  });
  const contentType = 'application/x-www-form-urlencoded';
  const body = form.toString();
  await sendWithKey({ ...outgoing(server), path: '/', contentType, body }, 'iam', rootKey);
  assert.equal(JSON.parse(await ask()).certificates.length, 1);
});

function outgoing({ url }: ConformanceServer) {
  return { endpoint: url, method: 'POST', region, now: new Date() };
}

/** Credentials that a certificate earned. */
async function sessionKey(server: ConformanceServer): Promise<AccessKey> {
  const resources = await makeResources(server);
  const { certificate, privateKey } = server.leaf('operator', 'p256');
  const answer = await sendWithCertificate(
    { ...outgoing(server), path: '/sessions', contentType: 'application/json', body: JSON.stringify(resources) },
    { certificateDer: certificate.der, serialNumber: certificate.serialNumber, privateKey },
  );
  return JSON.parse(answer).credentialSet[0].credentials;
}
