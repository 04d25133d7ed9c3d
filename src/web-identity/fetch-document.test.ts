// Documents from issuers that mean no good: slow, endless, leading astray, with TLS that nobody vouches for.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import test, { after } from 'node:test';
import { makeCa, makeKeys } from '../../test/pki.ts';
import { documentFetcher } from './fetch-document.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const answers: Readonly<Record<string, Answer>> = {
  '/good': (_, response) => void response.end('{"a":1}'),
  '/redirect': (_, response) => void response.writeHead(302, { location: '/good' }).end(),
  '/error': (_, response) => void response.writeHead(503).end('{}'),
  '/declared': (_, response) => void response.writeHead(200, { 'content-length': '1001' }).end('x'.repeat(1001)),
  '/chunked': (_, response) => {
    const more = () => {
      while (response.write('x'.repeat(1000)) && !response.destroyed);
      response.once('drain', more);
    };
    more();
  },
  '/packed': (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
  '/silent': () => {},
  '/slow': (_, response) => void response.writeHead(200).write('{'),
  '/broken': (_, response) => {
    response.writeHead(200, { 'content-length': '10' });
    response.write('x', () => response.destroy());
  },
};
const listener: Answer = (request, response) => {
  const answer = answers[request.url ?? ''];
  if (answer) answer(request, response);
  else response.writeHead(404).end();
};

const ca = makeCa();
const other = makeCa({ keys: makeKeys('p256#other') });
const named = { subject: 'CN=localhost', san: { dns: ['localhost'] } };
const leaf = ca.issue(named);
const plain = createServer(listener);
const open: { close(): unknown; closeAllConnections(): void }[] = [plain];
await new Promise<void>((resolve) => void plain.listen(0, '127.0.0.1', resolve));
after(() => {
  for (const server of open) {
    server.closeAllConnections();
    server.close();
  }
});

/** Starts a TLS server that shows these certificates; gives its port. */
async function tlsServer(key: string, shown: readonly string[]): Promise<number> {
  const server: Server = createTlsServer({ key, cert: shown.join('\n') }, listener);
  open.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return portOf(server);
}

// Listening on a TCP port guarantees the form of the address.
const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
const sha1 = ({ der }: { readonly der: Uint8Array }) => createHash('sha1').update(der).digest('hex');

async function fetched(url: string, thumbprints: readonly string[] = [], patienceMs = 5000): Promise<string> {
  const answer = await documentFetcher(patienceMs)(new URL(url), { maxBytes: 1000, thumbprints });
  return answer.ok ? Buffer.from(answer.bytes).toString() : answer.reason;
}

for (const [path, expected] of [
  ['/good', '{"a":1}'],
  ['/redirect', 'redirected'],
  ['/error', 'badStatus'],
  ['/nothing', 'badStatus'],
  ['/declared', 'tooLarge'],
  ['/chunked', 'tooLarge'],
  ['/packed', 'compressed'],
  ['/broken', 'notReached'],
] as const) {
  test(`${path}: ${expected}`, async () => {
    assert.equal(await fetched(`http://127.0.0.1:${portOf(plain)}${path}`), expected);
  });
}

for (const path of ['/silent', '/slow']) {
  test(`${path}: patience ends`, async () => {
    assert.equal(await fetched(`http://127.0.0.1:${portOf(plain)}${path}`, [], 50), 'timeout');
  });
}

test('an address where nobody listens', async () => {
  assert.equal(await fetched('http://127.0.0.1:1/good'), 'notReached');
  assert.equal(await fetched('https://127.0.0.1:1/good', ['0'.repeat(40)]), 'notReached');
});

test('TLS that leads to nobody known is believed where its authority is listed', async () => {
  const url = `https://localhost:${await tlsServer(leaf.keyPem, [leaf.pem, ca.pem])}/good`;
  assert.equal(await fetched(url), 'untrustedTls');
  assert.equal(await fetched(url, [sha1(other)]), 'untrustedTls');
  assert.equal(await fetched(url, [sha1(other), sha1(ca)]), '{"a":1}');
});

test('its own certificate may be listed, and an intermediate without its root', async () => {
  const intermediate = ca.issueCa({ subject: 'CN=intermediate' });
  const below = intermediate.issue(named);
  const url = `https://localhost:${await tlsServer(below.keyPem, [below.pem, intermediate.pem])}/good`;
  assert.equal(await fetched(url, [sha1(below)]), '{"a":1}');
  assert.equal(await fetched(url, [sha1(intermediate)]), '{"a":1}');
});

test('a listed certificate that is shown beside a path of another is not believed', async () => {
  const forged = other.issue(named);
  const url = `https://localhost:${await tlsServer(forged.keyPem, [forged.pem, ca.pem])}/good`;
  assert.equal(await fetched(url, [sha1(ca)]), 'untrustedTls');
});

test('a listed authority vouches for no other name and for nothing that has ended', async () => {
  const port = await tlsServer(leaf.keyPem, [leaf.pem, ca.pem]);
  assert.notEqual(await fetched(`https://127.0.0.1:${port}/good`, [sha1(ca)]), '{"a":1}');
  const ended = ca.issue({ ...named, notBefore: '2020-01-01T00:00:00Z', notAfter: '2021-01-01T00:00:00Z' });
  const url = `https://localhost:${await tlsServer(ended.keyPem, [ended.pem, ca.pem])}/good`;
  assert.notEqual(await fetched(url, [sha1(ca)]), '{"a":1}');
});
