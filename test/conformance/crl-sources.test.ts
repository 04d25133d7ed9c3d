// Fetched revocation lists from end to end: a real server, lists behind real URLs, the operator's calls by curl as
// docs/revocation.md shows them, and sessions with the certificate's key.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sendWithCertificate } from '../../src/client/send.ts';
import { distributionPoints } from '../pki.ts';
import { type ConformanceServer, conformanceServer, type LeafFiles, region, rootKey } from './server.ts';
import { makeResources, type Resources } from './session-resources.ts';
import { needs, run } from './tools.ts';

const curlIsHere = needs('curl', '--aws-sigv4', 'aws:amz', '--version');

/** Lists behind paths, until `down`. */
async function listServer(t: TestContext) {
  const lists = new Map<string, Uint8Array>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const list = lists.get(request.url ?? '');
    if (list === undefined) response.writeHead(404).end();
    else response.end(list);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  // Listening on a TCP port guarantees the form of the address.
  return { lists, asked, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function directoryOf(t: TestContext): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'anyrole-lists-')));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** One call of the operator's; gives the JSON of the answer. */
async function call({ url }: ConformanceServer, method: string, path: string, body?: object) {
  const json = body === undefined ? [] : ['-H', 'content-type: application/json', '-d', JSON.stringify(body)];
  const user = `${rootKey.accessKeyId}:${rootKey.secretAccessKey}`;
  const signing = ['--aws-sigv4', `aws:amz:${region}:anyrole`, '--user', user];
  const { stdout, stderr } = await run('curl', ['-sS', '-X', method, ...signing, ...json, `${url}${path}`]);
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout);
}

async function session(server: ConformanceServer, resources: Resources, leaf: LeafFiles): Promise<string> {
  const { certificate, privateKey } = leaf;
  const body = JSON.stringify(resources);
  const outgoing = { endpoint: server.url, method: 'POST', region, now: new Date(), path: '/sessions' };
  try {
    await sendWithCertificate(
      { ...outgoing, contentType: 'application/json', body },
      { certificateDer: certificate.der, serialNumber: certificate.serialNumber, privateKey },
    );
    return 'granted';
  } catch (cause) {
    return String(cause).replace(/^\w+: \w+: | \(.*$/g, '');
  }
}

test('a list behind an http URL refuses whom it names, and everybody when it cannot be had', curlIsHere, async (t) => {
  const { lists, host } = await listServer(t);
  await using server = await conformanceServer({ settings: { crlSources: { hosts: [host] } } });
  const resources = await makeResources(server);
  const [bad, good] = [server.leaf('bad', 'p256'), server.leaf('good', 'p256')];
  const anchor = resources.trustAnchorArn.split('/').at(-1);
  const sources = `/trust-anchors/${anchor}/crl-sources`;
  const { crlSource } = await call(server, 'POST', sources, { url: `http://${host}/ca.crl`, name: 'http' });
  assert.deepEqual([crlSource.enabled, crlSource.status], [false, 'unavailable']);
  const one = `${sources}/${crlSource.crlSourceId}`;
  const failed = await call(server, 'POST', `${one}/refresh`);
  assert.equal(failed.crlSource.lastError, 'badStatus: 404');
  await call(server, 'PATCH', one, { enabled: true });
  assert.equal(await session(server, resources, good), 'Untrusted signing certificate');

  lists.set('/ca.crl', server.ca.crl({ revoked: [{ serial: bad.certificate.serialNumber }] }).der);
  const fetched = await call(server, 'POST', `${one}/refresh`);
  assert.deepEqual([fetched.crlSource.status, fetched.crlSource.crl.entryCount], ['current', 1]);
  assert.equal(await session(server, resources, good), 'granted');
  assert.equal(await session(server, resources, bad), 'Certificate revoked');
  const { crlSources } = await call(server, 'GET', '/crl-sources');
  assert.deepEqual([crlSources.length, crlSources[0].failures], [1, 0]);
  const elsewhere = await call(server, 'POST', sources, { url: 'http://169.254.169.254/latest/meta-data/' });
  assert.match(elsewhere.message, /^The settings of this server do not allow the URL/);
});

test('a list in a file is taken, and no file elsewhere, whatever links say', curlIsHere, async (t) => {
  const top = directoryOf(t);
  const directory = join(top, 'lists');
  mkdirSync(directory);
  await using server = await conformanceServer({ settings: { crlSources: { directories: [directory] } } });
  const resources = await makeResources(server);
  const leaf = server.leaf('bad', 'p256');
  const list = server.ca.crl({ revoked: [{ serial: leaf.certificate.serialNumber }] }).pem;
  writeFileSync(join(directory, 'ca.crl'), list);
  writeFileSync(join(top, 'outside.crl'), list);
  symlinkSync('../outside.crl', join(directory, 'way-out.crl'));
  const sources = `/trust-anchors/${resources.trustAnchorArn.split('/').at(-1)}/crl-sources`;
  const refreshed = async (name: string) => {
    const { crlSource } = await call(server, 'POST', sources, { url: `file://${directory}/${name}` });
    const path = `${sources}/${crlSource.crlSourceId}`;
    return { path, source: (await call(server, 'POST', `${path}/refresh`)).crlSource };
  };
  assert.equal((await refreshed('way-out.crl')).source.lastError, 'outsideDirectories');
  const { path, source } = await refreshed('ca.crl');
  assert.equal(source.status, 'current');
  assert.equal(await session(server, resources, leaf), 'granted');
  await call(server, 'PATCH', path, { enabled: true });
  assert.equal(await session(server, resources, leaf), 'Certificate revoked');
  const kept = join(server.directory, 'data', 'crl-sources');
  assert.equal(readdirSync(kept).length, 1);
  await call(server, 'DELETE', path);
  assert.equal(await session(server, resources, leaf), 'granted');
});

test('a distribution point on an allowed host is followed by a real server', async (t) => {
  const { lists, asked, host } = await listServer(t);
  await using server = await conformanceServer({ settings: { crlSources: { distributionPointHosts: [host] } } });
  const resources = await makeResources(server);
  const point = distributionPoints({ names: { uri: [`http://${host}/ca.crl`] } });
  const leaf = { ...server.leaf('unused', 'p256'), ...server.ca.issue({ extensions: [point] }) };
  assert.equal(await session(server, resources, leaf), 'Untrusted signing certificate');
  assert.deepEqual(asked, ['/ca.crl']);
  const other = { ...leaf, ...server.ca.issue({ extensions: [point] }) };
  lists.set('/other.crl', server.ca.crl().der);
  const elsewhere = distributionPoints({ names: { uri: [`http://${host}/other.crl`] } });
  const fine = { ...leaf, ...server.ca.issue({ extensions: [elsewhere] }) };
  assert.equal(await session(server, resources, fine), 'granted');
  assert.equal(await session(server, resources, other), 'Untrusted signing certificate', 'by its own points alone');
});
