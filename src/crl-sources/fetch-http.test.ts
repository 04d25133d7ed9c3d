// Lists over HTTP from servers that mean no good: endless, slow, broken off, leading astray.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import test, { after } from 'node:test';
import { setDefaultCACertificates } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { makeCa } from '../../test/pki.ts';
import { crlHostOf, judgeCrlUrl } from '../core/x509/crl-url.ts';
import { fetchHttp } from './fetch-http.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const answers = new Map<string, Answer>();
const asked: string[] = [];
const listener = (request: IncomingMessage, response: ServerResponse) => {
  asked.push(`${request.headers.host} ${request.url}`);
  const answer = answers.get(request.url ?? '');
  if (answer) answer(request, response);
  else response.writeHead(404).end();
};
const server = createServer(listener);
const ca = makeCa();
const { pem: cert, keyPem: key } = ca.issue({ subject: 'CN=localhost', san: { dns: ['localhost'] } });
const tlsServer = createTlsServer({ cert, key }, listener);
await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
await new Promise<void>((resolve) => void tlsServer.listen(0, '127.0.0.1', resolve));
after(() => {
  server.closeAllConnections();
  server.close();
  tlsServer.close();
});
// Listening on a TCP port guarantees the form of the address.
const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
const tlsHost = `localhost:${(tlsServer.address() as AddressInfo).port}`;

async function fetched(
  path: string,
  { maxBytes = 1000, signal = new AbortController().signal, base = `http://${host}` } = {},
) {
  const hosts = [host, tlsHost].flatMap((one) => crlHostOf(one) ?? []);
  const places = { hosts, directories: ['/etc'] };
  const verdict = judgeCrlUrl(base + path, places);
  assert.ok(verdict.ok && verdict.url.kind === 'http');
  const answer = await fetchHttp(verdict.url, places, { maxBytes, signal });
  if (answer.ok) return Buffer.from(answer.bytes).toString();
  return answer.detail === undefined ? answer.reason : `${answer.reason} ${answer.detail}`;
}
const to =
  (location: string, status = 302): Answer =>
  (_, response) =>
    void response.writeHead(status, { location }).end('x');

test('a body is read whole, asked for without compression and without a word about who asks', async () => {
  let headers: IncomingMessage['headers'] = {};
  answers.set('/a', (request, response) => {
    headers = request.headers;
    response.end('list');
  });
  assert.equal(await fetched('/a'), 'list');
  assert.deepEqual(Object.keys(headers).sort(), ['accept', 'accept-encoding', 'connection', 'host', 'user-agent']);
  assert.deepEqual([headers['accept-encoding'], headers.connection], ['identity', 'close']);
});

test('no proxy of the environment is asked', async () => {
  answers.set('/direct', (_, response) => void response.end('direct'));
  const before = process.env.http_proxy;
  process.env.http_proxy = 'http://127.0.0.1:1';
  process.env.NODE_USE_ENV_PROXY = '1';
  try {
    assert.equal(await fetched('/direct'), 'direct');
  } finally {
    delete process.env.NODE_USE_ENV_PROXY;
    if (before === undefined) delete process.env.http_proxy;
    else process.env.http_proxy = before;
  }
});

test('only 200 is an answer', async () => {
  for (const status of [201, 204, 206, 304, 300, 404, 500]) {
    answers.set('/status', (_, response) => void response.writeHead(status).end());
    assert.equal(await fetched('/status'), `badStatus ${status}`);
  }
});

test('a body is bounded, whether or not its length is said', async () => {
  answers.set('/exact', (_, response) => void response.end('x'.repeat(1000)));
  assert.equal((await fetched('/exact')).length, 1000);
  answers.set('/said', (_, response) => void response.writeHead(200, { 'content-length': 1001 }).write('x'));
  assert.equal(await fetched('/said'), 'tooLarge');
  const gone = new Promise<void>((resolve) => {
    answers.set('/endless', (_, response) => {
      const more = () => void (response.write('x'.repeat(100)) ? setImmediate(more) : response.once('drain', more));
      response.once('close', resolve);
      more();
    });
  });
  assert.equal(await fetched('/endless'), 'tooLarge');
  await gone; // The connection was given up, not read on.
});

test('a body that is compressed all the same is not unpacked', async () => {
  const body = gzipSync(Buffer.alloc(10_000_000)).subarray(0, 900);
  for (const encoding of ['gzip', 'deflate', 'br', 'zstd', 'GZIP', 'identity, gzip']) {
    answers.set('/bomb', (_, response) => void response.writeHead(200, { 'content-encoding': encoding }).end(body));
    assert.equal(await fetched('/bomb'), 'compressed');
  }
  answers.set('/plain', (_, response) => void response.writeHead(200, { 'content-encoding': 'identity' }).end('plain'));
  assert.equal(await fetched('/plain'), 'plain');
});

test('a body that breaks off is none', async () => {
  answers.set('/short', (_, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half', () => response.destroy());
  });
  assert.match(await fetched('/short'), /^notReached (ECONNRESET|truncated)$/);
  answers.set('/chunks', (_, response) => void response.write('half', () => response.destroy()));
  assert.match(await fetched('/chunks'), /^notReached (ECONNRESET|truncated)$/);
});

test('when the time is over, whatever is slow is given up', async () => {
  const over = new AbortController();
  answers.set('/silent', () => over.abort());
  assert.equal(await fetched('/silent', { signal: over.signal }), 'timeout');
  const midway = new AbortController();
  answers.set('/slow', (_, response) => void response.write('x', () => setImmediate(() => midway.abort())));
  assert.equal(await fetched('/slow', { signal: midway.signal }), 'timeout');
  assert.equal(await fetched('/a', { signal: AbortSignal.abort() }), 'timeout');
});

test('what does not listen or speaks another protocol is not reached', async () => {
  answers.set('/bad', (request) => void request.socket.end('HELLO\r\n\r\n'));
  assert.match(await fetched('/bad'), /^notReached HPE_/);
  answers.set('/long', (request) => void request.socket.end(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`));
  assert.equal(await fetched('/long'), 'notReached HPE_HEADER_OVERFLOW');
});

test('a redirect is followed three times, to allowed hosts', async () => {
  answers.set('/end', (_, response) => void response.end('end'));
  for (const [path, location] of [
    ['/1', '/end'],
    ['/2', `http://${host}/1`],
    ['/3', '2'],
  ] as const)
    answers.set(path, to(location, 301));
  answers.set('/4', to('/3', 308));
  assert.equal(await fetched('/3'), 'end');
  assert.equal(await fetched('/4'), 'tooManyRedirects');
  answers.set('/round', to('/round'));
  asked.length = 0;
  assert.equal(await fetched('/round'), 'tooManyRedirects');
  assert.equal(asked.length, 4);
});

test('a redirect that leads astray is refused before anything is asked there', async () => {
  for (const [location, because] of [
    ['http://169.254.169.254/latest/meta-data/iam/', 'redirectNotAllowed hostNotAllowed'],
    ['//169.254.169.254/', 'redirectNotAllowed hostNotAllowed'],
    ['http://2852039166/', 'redirectNotAllowed hostNotAllowed'],
    [`http://localhost:${host.split(':')[1]}/end`, 'redirectNotAllowed hostNotAllowed'],
    ['http://127.0.0.1:22/', 'redirectNotAllowed hostNotAllowed'],
    [`http://user:secret@${host}/end`, 'redirectNotAllowed credentials'],
    [`http://${host}\\@evil.test/`, 'badStatus 404'],
    ['file:///etc/passwd', 'redirectNotAllowed unsupportedScheme'],
    ['ftp://127.0.0.1/', 'redirectNotAllowed unsupportedScheme'],
    ['data:text/plain,x', 'redirectNotAllowed notUrl'],
    ['http://[', 'badRedirect'],
  ] as const) {
    answers.set('/away', to(location));
    assert.equal(await fetched('/away'), because, location);
  }
  answers.set('/nowhere', (_, response) => void response.writeHead(302).end());
  assert.equal(await fetched('/nowhere'), 'badRedirect');
});

test('TLS is verified, even where the environment says otherwise', async () => {
  answers.set('/tls', (_, response) => void response.end('tls'));
  const base = `https://${tlsHost}`;
  assert.match(await fetched('/tls', { base }), /^notReached (UNABLE_TO_|SELF_SIGNED)/);
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  try {
    assert.match(await fetched('/tls', { base }), /^notReached (UNABLE_TO_|SELF_SIGNED)/);
  } finally {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  }
});

test('a list is read over TLS, and not led from there to plain HTTP', async () => {
  setDefaultCACertificates([ca.pem]);
  const base = `https://${tlsHost}`;
  assert.equal(await fetched('/tls', { base }), 'tls');
  answers.set('/down', to(`http://${host}/end`));
  assert.equal(await fetched('/down', { base }), 'redirectNotAllowed insecure');
  answers.set('/up', to(`${base}/tls`));
  assert.equal(await fetched('/up'), 'tls');
});
