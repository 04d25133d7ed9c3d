import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sendWithKey } from '../src/client/send.ts';
import { run, start } from './command.ts';

const place = mkdtempSync(join(tmpdir(), 'anyrole-serve-'));
after(() => rmSync(place, { recursive: true, force: true }));

const serving = /listening on (http:\/\/127\.0\.0\.1:(\d+))/;
const given = {
  ANYROLE_ROOT_ACCESS_KEY_ID: 'AKIAGIVENGIVENGIVEN1',
  ANYROLE_ROOT_SECRET_ACCESS_KEY: 'a-secret-that-was-given-by-the-operator',
  ANYROLE_ACCOUNT_ID: '210987654321',
};

test('the first start shows a root key once; a second server on the same data refuses and says why', async () => {
  const args = ['serve', '--listen', '127.0.0.1:0', '--data-dir', join(place, 'one')];
  const first = start(args);
  const [, url] = await first.printed(serving);
  await first.printed(/AWS_SECRET_ACCESS_KEY=\S{40}\n/);
  assert.equal(await (await fetch(`${url}/livez`)).text(), 'ok\n');

  const second = await run(args);
  assert.equal(second.status, 2);
  assert.match(second.stderr, /^anyrole: --data-dir `[^`]+`: another server uses it[^\n]*\n$/);

  first.process.kill('SIGTERM');
  assert.equal((await first.ended).status, 0);
  const third = start(args);
  await third.printed(serving);
  third.process.kill('SIGTERM');
  const ended = await third.ended;
  assert.equal(ended.status, 0);
  assert.doesNotMatch(ended.stdout, /SECRET/);
});

test('a given root key and account are used and never shown', async () => {
  const server = start(['serve', '--listen', '127.0.0.1:0', '--data-dir', join(place, 'given')], given);
  await server.printed(/account 210987654321, listening/);
  server.process.kill('SIGTERM');
  const { status, stdout, stderr } = await server.ended;
  assert.equal(status, 0);
  assert.ok(!(stdout + stderr).includes(given.ANYROLE_ROOT_SECRET_ACCESS_KEY));
});

test('a settings file is in force from the start', async () => {
  const config = join(place, 'settings.json');
  writeFileSync(config, '{"rates": {"default": {"perSecond": 0.01, "burst": 1}}}');
  const args = ['serve', '--listen', '127.0.0.1:0', '--data-dir', join(place, 'settings'), '--config', config];
  const server = start(args, given);
  const [, url = ''] = await server.printed(serving);
  const ask = () =>
    sendWithKey(
      {
        endpoint: url,
        method: 'POST',
        path: '/',
        contentType: 'application/x-www-form-urlencoded',
        body: 'Action=GetCallerIdentity&Version=2011-06-15',
        region: 'eu-central-1',
        now: new Date(),
      },
      'sts',
      {
        accessKeyId: given.ANYROLE_ROOT_ACCESS_KEY_ID,
        secretAccessKey: given.ANYROLE_ROOT_SECRET_ACCESS_KEY,
      },
    );
  assert.match(await ask(), /<Account>210987654321</);
  await assert.rejects(ask(), /Rate exceeded/);
  server.process.kill('SIGTERM');
  assert.equal((await server.ended).status, 0);
});

const listed = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8')
  .split('\n')
  .flatMap((line) => /^\| `(\w+)` \| (gauge|counter|histogram) \| ([^|]+) \|/.exec(line)?.slice(1, 4).join(' ') ?? []);

test('--metrics-listen serves what docs/operations.md lists to a scraper, and to nobody at the main address', async () => {
  const args = ['serve', '--listen', '127.0.0.1:0', '--data-dir', join(place, 'metrics')];
  const server = start([...args, '--metrics-listen', '127.0.0.1:0'], given);
  const [, url] = await server.printed(serving);
  const [, metrics = '', port] = await server.printed(/metrics on (http:\/\/127\.0\.0\.1:(\d+)\/metrics)/);
  assert.notEqual((await fetch(`${url}/metrics`)).status, 200);
  const answer = await fetch(metrics);
  assert.equal(answer.status, 200);
  const body = await answer.text();
  assert.match(body, /^anyrole_requests_total\{.*status="4xx",code="\w+"\} 1$/m);
  const types = [...body.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name, type] as const);
  const helps = new Map([...body.matchAll(/^# HELP (\w+) (.*)$/gm)].map(([, name, help]) => [name, help]));
  assert.deepEqual(listed, types.map(([name, type]) => `${name} ${type} ${helps.get(name)}`).sort());
  server.process.kill('SIGTERM');
  await refusedAt(Number(port));
  assert.equal((await server.ended).status, 0);
});

test('a metrics address that is taken stops the start with one line', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo; // listening on a TCP port guarantees the form
  const args = ['serve', '--listen', '127.0.0.1:0', '--data-dir', join(place, 'taken')];
  const { status, stderr } = await run([...args, '--metrics-listen', `127.0.0.1:${port}`], given);
  taken.close();
  assert.equal(status, 2);
  const said = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /^anyrole: --metrics-listen `127\.0\.0\.1:\d+`: cannot listen there \(EADDRINUSE\)$/);
});

test('SIGTERM answers the request that is under way', async () => {
  const server = start(['serve', '--listen', '127.0.0.1:0', '--data-dir', join(place, 'drain')]);
  const [, , port] = await server.printed(serving);
  const socket = connect(Number(port), '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n');
  await once(socket, 'data');
  assert.match(answer, /100 Continue/);
  server.process.kill('SIGTERM');
  await refusedAt(Number(port));
  socket.write('a=b&');
  await once(socket, 'close');
  assert.match(answer, /HTTP\/1\.1 400 Bad Request\r\n(.+\r\n)*connection: close/i);
  assert.match(answer, /<Code>\w+<\/Code>/);
  assert.equal((await server.ended).status, 0);
});

/** Resolves when nobody listens on the port any more. */
async function refusedAt(port: number): Promise<void> {
  for (;;) {
    const probe = connect(port, '127.0.0.1');
    const open = await Promise.race([
      once(probe, 'connect').then(() => true),
      once(probe, 'error').then(() => false),
    ]).catch(() => false);
    probe.destroy();
    if (!open) return;
  }
}

const wrong: readonly (readonly [what: string, args: readonly string[], environment?: Record<string, string>])[] = [
  ['an unknown flag', ['serve', '--lisen', 'x']],
  ['an unknown command', ['sevre']],
  ['an address without a port', ['serve', '--listen', 'localhost']],
  ['a port that is none', ['serve', '--listen', '127.0.0.1:99999']],
  ['metrics beyond loopback', ['serve', '--metrics-listen', '0.0.0.0:0']],
  ['an address beyond loopback without TLS', ['serve', '--listen', '0.0.0.0:0']],
  ['a certificate without its key', ['serve', '--tls-cert', 'x.pem']],
  ['a certificate file that is not there', ['serve', '--tls-cert', '/nowhere.pem', '--tls-key', '/nowhere.pem']],
  ['a certificate file that is no PEM', ['serve', '--tls-cert', join(place, 'text'), '--tls-key', join(place, 'text')]],
  ['a data directory that is a file', ['serve', '--listen', '127.0.0.1:0', '--data-dir', join(place, 'text')]],
  ['a data directory that cannot be made', ['serve', '--listen', '127.0.0.1:0', '--data-dir', '/proc/anyrole']],
  ['a settings file that is not there', ['serve', '--config', '/nowhere.json']],
  ['a settings file that is no JSON', ['serve', '--config', join(place, 'text')]],
  ['a settings file with a wrong key', ['quickstart', '--config', join(place, 'wrong.json')]],
  ['half a root key', ['serve'], { ANYROLE_ROOT_ACCESS_KEY_ID: 'AKIAGIVENGIVENGIVEN1' }],
  ['an account that is none', ['serve'], { ANYROLE_ACCOUNT_ID: '12345' }],
];
writeFileSync(join(place, 'text'), 'no PEM');
writeFileSync(join(place, 'wrong.json'), '{"quotas": {"profiles": "many"}}');

for (const [what, args, environment] of wrong) {
  test(`${what}: one line says so, and the status is 2`, async () => {
    const { status, stdout, stderr } = await run(args, environment);
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^anyrole: [^\n]+\n(\(Did you mean [^\n]+\n)?$/);
  });
}

const oldNode = ['/usr/local/bin/node', '/usr/bin/node'].find(
  (path) => existsSync(path) && /^v(1\d|2[0-3])\./.test(execFileSync(path, ['--version']).toString()),
);

test('an older Node says so in one line and ends with 2', {
  skip: oldNode ? false : 'no older Node here',
}, async () => {
  const { status, stdout, stderr } = await run(['serve'], {}, oldNode);
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /^anyrole: Node \S+ is too old, expected 24\.7 or newer[^\n]*\n$/);
});
