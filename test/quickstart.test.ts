import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run, start } from './command.ts';

const place = mkdtempSync(join(tmpdir(), 'anyrole-quickstart-'));
after(() => rmSync(place, { recursive: true, force: true }));

const anyPort = ['--listen', '127.0.0.1:0'];
const proof = (stdout: string) => JSON.parse(/\n({\n[\s\S]*?\n})\n/.exec(stdout)?.[1] ?? 'null');

test('the first run makes everything, proves it and says how to go on; the second reuses it', async () => {
  const dataDir = join(place, 'data');
  const first = await run(['quickstart', '--once', ...anyPort, '--data-dir', dataDir]);
  assert.equal(first.status, 0, first.stderr);
  assert.equal(first.stderr, '');
  for (const step of [
    'server',
    'account',
    'PKI',
    'root key',
    'trust anchor',
    'role',
    'profile',
    'session',
    'identity',
  ]) {
    assert.match(first.stdout, new RegExp(`^${step} `, 'm'));
  }
  const identity = proof(first.stdout);
  assert.match(identity.Account, /^\d{12}$/);
  assert.match(identity.Arn, new RegExp(`^arn:aws:sts::${identity.Account}:assumed-role/AnyroleQuickstart/[0-9a-f]+$`));
  for (const command of [
    'export AWS_ENDPOINT_URL=http://127.0.0.1:',
    'aws_signing_helper credential-process --endpoint',
    'rm -rf ',
  ]) {
    assert.ok(first.stdout.includes(command), command);
  }
  const secret = /AWS_SECRET_ACCESS_KEY=(\S+)/.exec(first.stdout)?.[1] ?? 'absent';
  for (const file of readdirSync(dataDir)) {
    if (statSync(join(dataDir, file)).isFile()) assert.ok(!readFileSync(join(dataDir, file)).includes(secret), file);
  }

  const second = await run(['quickstart', '--once', ...anyPort, '--data-dir', dataDir]);
  assert.equal(second.status, 0, second.stderr);
  assert.match(second.stdout, /^reused /m);
  assert.doesNotMatch(second.stdout, /root key|^trust anchor/m);
  assert.deepEqual(proof(second.stdout), identity);
});

test('the demonstration PKI is a P-256 root and a leaf with CN, OU, a DNS and a URI name', async () => {
  const dataDir = join(place, 'pki');
  await run(['quickstart', '--once', ...anyPort, '--data-dir', dataDir]);
  const read = (name: string) => new X509Certificate(readFileSync(join(dataDir, 'quickstart', name)));
  const [root, leaf] = [read('root-ca.pem'), read('leaf.pem')];
  assert.equal(root.ca, true);
  assert.equal(root.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  assert.equal(leaf.ca, false);
  assert.equal(leaf.verify(root.publicKey), true);
  assert.match(leaf.subject, /CN=quickstart-workload/);
  assert.match(leaf.subject, /OU=Quickstart/);
  assert.match(leaf.subjectAltName ?? '', /DNS:workload\.quickstart\.example, URI:spiffe:/);
  for (const key of ['root-ca-key.pem', 'leaf-key.pem']) {
    assert.equal(statSync(join(dataDir, 'quickstart', key)).mode & 0o777, 0o600);
  }
});

test('a run that was cut short is made whole by the next one', async () => {
  const dataDir = join(place, 'cut');
  const first = await run(['quickstart', '--once', ...anyPort, '--data-dir', dataDir]);
  rmSync(join(dataDir, 'quickstart', 'quickstart.json'));
  const second = await run(['quickstart', '--once', ...anyPort, '--data-dir', dataDir]);
  assert.equal(second.status, 0, second.stderr);
  assert.match(second.stdout, /^root key /m);
  assert.equal(proof(second.stdout).Account, proof(first.stdout).Account);
});

test('without --once it serves until a signal, and then ends with 0', async () => {
  const running = start(['quickstart', ...anyPort, '--data-dir', join(place, 'serving')]);
  const [, url] = await running.printed(/^server +(http:\S+),/m);
  await running.printed(/Serving until Ctrl-C/);
  assert.equal((await fetch(`${url}/readyz`)).status, 200);
  running.process.kill('SIGINT');
  assert.equal((await running.ended).status, 0);
});

test('a demonstration refuses an address beyond loopback, with or without TLS', async () => {
  for (const more of [[], ['--allow-plain-http']]) {
    const ended = await run(['quickstart', '--listen', '0.0.0.0:0', '--data-dir', join(place, 'beyond'), ...more]);
    assert.equal(ended.status, 2);
    assert.match(ended.stderr, /^anyrole: /);
  }
});
