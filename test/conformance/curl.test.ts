// The operator's own operations by curl, which signs requests itself: no AWS client knows them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCa } from '../pki.ts';
import { conformanceServer, region, rootKey } from './server.ts';
import { needs, run } from './tools.ts';

const { accessKeyId, secretAccessKey } = rootKey;

test(
  'curl --aws-sigv4 lists the certificates that expire soon',
  needs('curl', '--aws-sigv4', 'aws:amz', '--version'),
  async () => {
    await using server = await conformanceServer();
    const soon = makeCa({ subject: 'CN=Soon', notAfter: new Date(Date.now() + 10.5 * 24 * 60 * 60 * 1000) });
    const curl = (service: string, ...args: string[]) =>
      run('curl', [
        '-sS',
        '--aws-sigv4',
        `aws:amz:${region}:${service}`,
        '--user',
        `${accessKeyId}:${secretAccessKey}`,
        ...args,
      ]);
    const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: soon.pem } };
    const made = await curl(
      'rolesanywhere',
      '-H',
      'Content-Type: application/json',
      '-d',
      JSON.stringify({ name: 'soon', source }),
      `${server.url}/trustanchors`,
    );
    assert.match(made.stdout, /"trustAnchorArn"/, made.stderr);

    const listed = await curl('anyrole', `${server.url}/expiring-certificates?days=45`);
    const { certificates } = JSON.parse(listed.stdout);
    assert.deepEqual(
      certificates.map(({ trustAnchorName, subject, daysLeft, state }: Record<string, unknown>) => [
        trustAnchorName,
        subject,
        daysLeft,
        state,
      ]),
      [['soon', 'CN=Soon', 10, 'expiringSoon']],
    );
    const none = await curl('anyrole', `${server.url}/expiring-certificates?days=7`);
    assert.deepEqual(JSON.parse(none.stdout), { certificates: [] });
    const refused = await curl('anyrole', '-w', '%{http_code}', `${server.url}/expiring-certificates?days=0`);
    assert.match(refused.stdout, /^\{"message":"1 validation error detected.*\}400$/);
  },
);
