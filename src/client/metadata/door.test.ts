// The doors over real sockets: what hostile and slow clients get, and what is not said.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { Answer } from './answer.ts';
import { type Door, openDoor } from './door.ts';
import { answerOperator, answerWorkload, type MetadataServer } from './metadata-server.ts';
import { metadataMetrics } from './metrics.ts';
import type { RoleState } from './role-state.ts';
import { imdsTokens } from './tokens.ts';

const lastUpdated = new Date('2026-01-02T03:04:05Z');
const role = { arn: 'arn:aws:iam::123456789012:role/web', name: 'web' };
const credentials = {
  accessKeyId: 'ASIA1',
  secretAccessKey: 'secret',
  sessionToken: 'token',
  expiration: new Date(2e12),
};
const granted: RoleState = { kind: 'granted', role, credentials, lastUpdated };
const unavailable: RoleState = { kind: 'unavailable', role, lastUpdated };

function server(state: RoleState = granted): MetadataServer {
  return {
    imds: {
      tokens: imdsTokens({ now: () => lastUpdated, randomBytes }),
      instance: { region: 'eu-central-1', accountId: '123456789012', instanceId: 'i-0', architecture: 'arm64' },
      role: async () => state,
    },
    containers: new Map(),
    hostNames: ['metadata.internal'],
    watched: [{ name: 'web "1"', held: () => state }],
    metrics: metadataMetrics(),
  };
}

async function opened(of = server(), failed: (cause: unknown) => void = assert.ifError) {
  const door = await openDoor({ host: '127.0.0.1', port: 0 }, (asked) => answerWorkload(of, asked), failed);
  return { door, [Symbol.asyncDispose]: () => door.close(0) };
}

/** Everything the server says to these bytes until it hangs up. */
async function said(door: Door, text: string): Promise<string> {
  const socket = connect(door.port, door.host);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  socket.on('error', () => {});
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

function ask(door: Door, method: string, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number | undefined; headers: Record<string, unknown>; body: string }>(
    (resolve, reject) => {
      const sent = request({ host: door.host, port: door.port, method, path, headers }, (response) => {
        let body = '';
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
      });
      sent.on('error', reject);
      sent.end();
    },
  );
}

const ttl = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' };

test('a token and then a document, as a client asks for them', async () => {
  await using it = await opened();
  const { body: token } = await ask(it.door, 'PUT', '/latest/api/token', ttl);
  const shown = { 'x-aws-ec2-metadata-token': token };
  const answer = await ask(it.door, 'GET', '/latest/meta-data/placement/region?x=/', shown);
  assert.deepEqual([answer.status, answer.headers.server, answer.body], [200, 'EC2ws', 'eu-central-1']);
  const head = await ask(it.door, 'HEAD', '/latest/meta-data/placement/region', shown);
  assert.deepEqual([head.status, head.headers['content-length'], head.body], [200, '12', '']);
});

for (const [host, status] of [
  ['127.0.0.1:9911', 200],
  ['localhost:9911', 200],
  ['LOCALHOST', 200],
  ['[::1]:9911', 200],
  ['169.254.169.254', 200],
  ['metadata.internal:80', 200],
  ['Metadata.Internal.', 200],
  ['evil.example', 403],
  ['evil.example:9911', 403],
  ['127.0.0.1.evil.example', 403],
  ['localhost.evil.example', 403],
  ['127.0.0.1@evil.example', 403],
  ['0x7f000001', 403],
  ['[evil.example]', 403],
  ['[::1', 403],
  ['localhost:port', 403],
] as const) {
  test(`Host ${host} gets ${status}: a name that may be pointed here is refused`, async () => {
    await using it = await opened();
    const { status: got, body } = await ask(it.door, 'PUT', '/latest/api/token', { ...ttl, host });
    assert.equal(got, status);
    if (status === 403) assert.doesNotMatch(body, /^AQAAA/);
  });
}

test('a header block of more than eight kilobytes is refused and the connection closed', async () => {
  await using it = await opened();
  const answer = await said(it.door, `GET /latest/ HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 431 /);
});

for (const [what, bytes] of [
  ['what is no HTTP', '\x16\x03\x01\x02\x00'.repeat(10)],
  ['a request without a Host', 'GET /latest/ HTTP/1.1\r\n\r\n'],
  ['two lengths', 'PUT /latest/api/token HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
  [
    'a length and chunks',
    'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a header with a line feed alone', 'GET / HTTP/1.1\nHost: localhost\n\n'],
] as const) {
  test(`${what} is a bad request`, async () => {
    await using it = await opened();
    assert.match(await said(it.door, bytes), /^HTTP\/1\.1 400 /);
  });
}

for (const [what, request, head] of [
  [
    'POST for a token',
    'POST /latest/api/token',
    'HTTP/1.1 405 Not Allowed\r\nserver: EC2ws\r\ncontent-type: text/plain\r\nallow: OPTIONS, PUT\r\n',
  ],
  [
    'HEAD for a token',
    'HEAD /latest/api/token',
    'HTTP/1.1 405 Not Allowed\r\nserver: EC2ws\r\ncontent-type: text/plain\r\nallow: OPTIONS, PUT\r\n',
  ],
  [
    'a token for no time',
    'PUT /latest/api/token',
    'HTTP/1.1 400 Bad Request\r\nserver: EC2ws\r\ncontent-type: text/html\r\n',
  ],
  ['a document without a token', 'GET /latest/meta-data/', 'HTTP/1.1 401 Unauthorized\r\nserver: EC2ws\r\n'],
] as const) {
  test(`${what} gets EC2's status line and headers on the wire`, async () => {
    await using it = await opened();
    const answer = await said(it.door, `${request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    assert.equal(answer.slice(0, head.length), head);
  });
}

test('a whole URL as the target, as proxies send it, is not there', async () => {
  await using it = await opened();
  const text = 'PUT http://169.254.169.254/latest/api/token HTTP/1.1\r\nHost: 169.254.169.254\r\nConnection: close\r\n';
  assert.match(await said(it.door, `${text}x-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n`), /^HTTP\/1\.1 403 /);
});

test('clients that begin and do not go on keep nobody else from an answer', async () => {
  await using it = await opened();
  const slow = Array.from({ length: 100 }, () => connect(it.door.port, it.door.host).on('error', () => {}));
  for (const socket of slow) socket.write('GET /latest/ HTTP/1.1\r\nHost: loc');
  assert.equal((await ask(it.door, 'PUT', '/latest/api/token', ttl)).status, 200);
  for (const socket of slow) socket.destroy();
});

test('an answer that fails is told to the operator alone', async () => {
  const causes: unknown[] = [];
  const broken = { ...server(), imds: { ...server().imds, role: () => Promise.reject(new Error('a secret')) } };
  // Only `role` differs, and `server()` has an imds.
  await using it = await opened(broken as MetadataServer, (cause) => causes.push(cause));
  const own = broken.imds.tokens?.issue(60) ?? '';
  const answer = await ask(it.door, 'GET', '/latest/', { 'x-aws-ec2-metadata-token': own });
  assert.deepEqual([answer.status, answer.body], [500, '']);
  assert.equal(String(causes[0]), 'Error: a secret');
});

test('an address that is taken is told at the start', async () => {
  await using it = await opened();
  const { host, port } = it.door;
  await assert.rejects(
    openDoor({ host, port }, () => assert.fail(), assert.ifError),
    /EADDRINUSE/,
  );
});

test('health is 200 with credentials and 503 with the names of what has none', async () => {
  const asked = { method: 'GET', path: '/healthz', headers: { host: 'localhost' } };
  assert.equal((await answerWorkload(server(), asked)).status, 200);
  const ill = await answerWorkload(server(unavailable), asked);
  assert.deepEqual([ill.status, ill.body], [503, 'no credentials: web "1"\n']);
  assert.equal((await answerWorkload(server(), { ...asked, method: 'POST' })).status, 405);
});

test('metrics stand at the door of the operators alone, and hold no secret', async () => {
  const of = server();
  const headers = { host: 'localhost' };
  await answerWorkload(of, { method: 'GET', path: '/latest/', headers });
  of.metrics.refreshed('web "1"', 'refreshed');
  of.metrics.refreshed('web "1"', 'refreshFailed');
  const operator = (path: string, method = 'GET'): Answer => answerOperator(of, { method, path, headers }, 1234);
  const { status, body } = operator('/metrics');
  assert.equal(status, 200);
  for (const line of [
    'anyrole_metadata_requests_total{endpoint="imds",status="401"} 1',
    'anyrole_metadata_refreshes_total{binding="web \\"1\\"",outcome="success"} 1',
    'anyrole_metadata_refreshes_total{binding="web \\"1\\"",outcome="failure"} 1',
    'anyrole_metadata_credentials_expire_seconds{binding="web \\"1\\""} 2000000000',
    'process_resident_memory_bytes 1234',
  ]) {
    assert.ok(body.split('\n').includes(line), `${line}\n${body}`);
  }
  assert.doesNotMatch(body, /ASIA|secret|token"/);
  assert.equal(operator('/metrics', 'POST').status, 405);
  assert.equal(operator('/latest/api/token', 'PUT').status, 404);
  assert.equal((await answerWorkload(of, { method: 'GET', path: '/metrics', headers })).status, 401);
});

test('without an instance metadata service and without bindings nothing is there', async () => {
  const { imds: _, ...none } = server();
  const answer = await answerWorkload(none, { method: 'PUT', path: '/latest/api/token', headers: ttl });
  assert.equal(answer.status, 404);
});
