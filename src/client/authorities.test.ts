// Whom the client believes over TLS: the authorities of the bundle and nobody else, for the name that was asked, in their time.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { makeCa } from '../../test/pki.ts';
import { createSession } from './create-session.ts';
import { RolesAnywhereError } from './errors.ts';
import type { RolesAnywhereOptions } from './options.ts';
import { credentials, goodOptions, scripted, scriptedTls, stillWorld, success } from './rig.test.ts';

const place = mkdtempSync(join(tmpdir(), 'anyrole-authorities-'));
after(() => rmSync(place, { recursive: true, force: true }));
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(place, name), content);
  return join(place, name);
};

const webCa = makeCa({ subject: 'CN=Web CA' });
const san = { ip: [Uint8Array.of(127, 0, 0, 1)] };
const web = webCa.issue({ subject: 'CN=here', san, eku: ['serverAuth'] });
const stranger = makeCa({ subject: 'CN=Stranger' });

/** By the environment, as commands say it. */
const bundled = (url: string, AWS_CA_BUNDLE: string) => goodOptions(url, stillWorld({ AWS_CA_BUNDLE }));

async function refusalOf(options: RolesAnywhereOptions): Promise<RolesAnywhereError> {
  const outcome = await createSession({ ...options, maxAttempts: 1 }).catch((error) => error);
  assert.ok(outcome instanceof RolesAnywhereError, String(outcome));
  return outcome;
}

describe('an authority of the bundle is believed', () => {
  const many = `# roots\n${stranger.pem}text between\n${webCa.pem}`;
  for (const [what, ca] of [
    ['a path', file('ca.pem', webCa.pem)],
    ['a path of many', file('many.pem', many)],
    ['PEM text', webCa.pem],
    ['bytes', Buffer.from(many)],
    ['DER', webCa.der],
    ['a function', async () => webCa.pem],
    [
      'one behind what is no certificate in its block',
      `-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n${webCa.pem}`,
    ],
  ] as const) {
    test(`given as ${what}`, async () => {
      await using server = await scriptedTls(web, success);
      const session = await createSession({ ...goodOptions(server.url), ca });
      assert.equal(session.accessKeyId, credentials.accessKeyId);
    });
  }

  test('named by AWS_CA_BUNDLE, which what is said precedes', async () => {
    await using server = await scriptedTls(web, success);
    await createSession(bundled(server.url, join(place, 'ca.pem')));
    await createSession({ ...bundled(server.url, '/no/such.pem'), ca: webCa.pem });
    assert.equal(server.asked.length, 2);
  });

  test('and read anew for each session', async () => {
    await using server = await scriptedTls(web, success);
    const options = bundled(server.url, file('changing.pem', stranger.pem));
    assert.equal((await refusalOf(options)).code, 'NotReached');
    file('changing.pem', webCa.pem);
    await createSession(options);
  });

  test('and is not read where there is no TLS', async () => {
    await using server = await scripted(success);
    await createSession(bundled(server.url, '/no/such.pem'));
  });
});

describe('nobody else is, and nothing is sent', () => {
  const expired = webCa.issue({ san, eku: ['serverAuth'], notAfter: '2026-01-02T00:00:00Z' });
  const elsewhere = webCa.issue({ san: { dns: ['other.example'] }, eku: ['serverAuth'] });
  const client = webCa.issue({ san, eku: ['clientAuth'] });
  const own = makeCa({ subject: 'CN=Some Other CA' }).issue({ san, eku: ['serverAuth'] });
  for (const [what, certificate, ca, message] of [
    ['an authority that is not of the bundle', web, stranger.pem, /leads to no authority of the CA bundle/],
    [
      'an authority that Node does not know',
      web,
      undefined,
      /no authority that Node knows: name its authority in AWS_CA_BUNDLE/,
    ],
    ['a stranger', own, webCa.pem, /leads to no authority of the CA bundle/],
    [
      'a certificate for another name',
      elsewhere,
      webCa.pem,
      /ERR_TLS_CERT_ALTNAME_INVALID; the server's certificate is for another name/,
    ],
    ['a certificate that has expired', expired, webCa.pem, /CERT_HAS_EXPIRED; the server's certificate has expired/],
    ['a certificate of a client', client, webCa.pem, /NotReached: `127\.0\.0\.1:\d+` cannot be reached: \w+/],
  ] as const) {
    test(what, async () => {
      await using server = await scriptedTls(certificate, success);
      const error = await refusalOf({ ...goodOptions(server.url), ...(ca && { ca }) });
      assert.equal(error.code, 'NotReached');
      assert.match(error.message, message);
      assert.equal(server.asked.length, 0);
      if (what === 'a certificate of a client') return;
      const believed = await createSession({ ...goodOptions(server.url), verifySsl: false });
      assert.equal(believed.accessKeyId, credentials.accessKeyId, 'unless it is told not to look');
    });
  }

  test('a server that speaks TLS where plain HTTP is asked, and the other way round', async () => {
    await using plain = await scripted(success);
    await using tls = await scriptedTls(web, success);
    for (const url of [plain.url.replace('http', 'https'), tls.url.replace('https', 'http')])
      assert.match((await refusalOf({ ...goodOptions(url), ca: webCa.pem })).code, /NotReached|HttpStatus400/);
  });
});

describe('a bundle that cannot be used is named', () => {
  for (const [what, bundle, message] of [
    ['absent', join(place, 'absent.pem'), /the CA bundle `.*absent\.pem` cannot be read: there is no such file/],
    ['a directory', place, /the CA bundle `.*` cannot be read: it is a directory/],
    ['empty', file('empty.pem', ''), /the CA bundle `.*` is empty/],
    [
      'garbage',
      file('garbage.pem', 'not a certificate\n'),
      /the CA bundle `.*` holds no certificate; give PEM of the authorities/,
    ],
    ['a key', file('key.pem', web.keyPem), /holds no certificate/],
    ['bytes', file('bytes.pem', Buffer.from([0x30, 0x82, 0, 0, 1])), /holds no certificate/],
    ['cut off', file('cut.pem', webCa.pem.slice(0, 200)), /has a certificate that is cut off or no base64/],
    ['no base64', file('base64.pem', webCa.pem.replace(/^M/m, '*')), /has a certificate that is cut off or no base64/],
  ] as const) {
    test(what, async () => {
      await using server = await scriptedTls(web, success);
      const error = await refusalOf(bundled(server.url, bundle));
      assert.equal(error.code, 'IdentityUnreadable');
      assert.match(error.message, message);
      assert.equal(server.asked.length, 0);
    });
  }
});
