// The recipes of docs/client.md as a new user runs them: words, files and commands are taken from the page, and only what the
// reader has to fill in is filled in. The recipe of a real account is in aws-hosts.test.ts, that of the SDK in packages.test.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { folderOfCommand, start } from '../command.ts';
import { forwardProxy } from '../forward-proxy.ts';
import { type Authority, makeCa } from '../pki.ts';
import { filledIn, recipeBlocks } from '../recipe-blocks.ts';
import { passOn } from './pass-on.ts';
import { accountId, type ConformanceServer, conformanceServer } from './server.ts';
import { makeResources, type Resources, roleName } from './session-resources.ts';
import { needs, python, run } from './tools.ts';

const arnsOfThePage = {
  trustAnchorArn: `arn:aws:rolesanywhere:us-east-1:${accountId}:trust-anchor/TRUST-ANCHOR-ID`,
  profileArn: `arn:aws:rolesanywhere:us-east-1:${accountId}:profile/PROFILE-ID`,
  roleArn: `arn:aws:iam::${accountId}:role/Worker`,
};
const aws = needs('aws', '--version');
const worker = new RegExp(`:assumed-role/${roleName}/`);

describe('the recipe', () => {
  let server: ConformanceServer;
  let resources: Resources;
  before(async () => {
    server = await conformanceServer();
    resources = await makeResources(server, 'us-east-1');
    server.leaf('leaf', 'p256');
    server.leaf('worker', 'p256');
    writeFileSync(join(server.directory, 'bindings.json'), bindings());
    writeFileSync(join(server.directory, 'config'), withPaths(ini?.text));
  });
  after(() => server[Symbol.asyncDispose]());

  const [look, ini, json, use] = recipeBlocks('client.md', 'Recipe: the AWS CLI and boto3');
  const withPaths = (text = '') => filledIn(text, { '/etc/anyrole': server.directory });
  const withArns = (text: string) =>
    filledIn(text, {
      [arnsOfThePage.trustAnchorArn]: resources.trustAnchorArn,
      [arnsOfThePage.profileArn]: resources.profileArn,
      [arnsOfThePage.roleArn]: resources.roleArn,
    });
  const bindings = () => withArns(filledIn(withPaths(json?.text), { 'http://127.0.0.1:4747': server.url }));
  /** A user with `anyrole` and `aws`, and no key. */
  const environment = (more: Readonly<Record<string, string>> = {}) => {
    const { AWS_ACCESS_KEY_ID: _1, AWS_SECRET_ACCESS_KEY: _2, ...rest } = server.environment;
    return { ...rest, PATH: [folderOfCommand(server.directory), rest.PATH].join(delimiter), ...more };
  };
  const inDirectory = (script: string, more?: Readonly<Record<string, string>>) =>
    run('sh', ['-c', `set -eu; cd "$HOME"; ${script}`], { environment: environment(more) });

  describe('of the AWS CLI and boto3', () => {
    test('shows a session', async () => {
      const words = { ROLE: resources.roleArn, TRUST_ANCHOR: resources.trustAnchorArn, PROFILE: resources.profileArn };
      const script = filledIn(look?.text ?? '', { 'http://127.0.0.1:4747': server.url });
      const { exitCode, stdout, stderr } = await inDirectory(script, words);
      assert.equal(exitCode, 0, stderr);
      assert.match(stdout, /^role +arn:aws:iam::/);
    });

    test('gives the AWS CLI the role', aws, async () => {
      const seen = await inDirectory(use?.text ?? '', { AWS_CONFIG_FILE: join(server.directory, 'config') });
      assert.match(seen.stdout, worker, seen.stderr);
    });

    test('gives boto3 the role', needs('python3', '-c', 'import boto3'), async () => {
      const more = { AWS_CONFIG_FILE: join(server.directory, 'config'), AWS_PROFILE: 'worker' };
      const { method, arn } = await python({ environment: environment(more) }, 'profile_identity');
      assert.equal(method, 'custom-process');
      assert.match(arn, worker);
    });
  });

  describe('of a systemd host', () => {
    const [unit] = recipeBlocks('client.md', 'Recipe: a systemd host');
    const installed = () =>
      filledIn(withPaths(unit?.text), { '/usr/bin/anyrole': join(folderOfCommand(server.directory), 'anyrole') });

    test('has a unit that systemd takes', needs('systemd-analyze', '--version'), async () => {
      const path = join(server.directory, 'anyrole-update.service');
      writeFileSync(path, installed());
      const { exitCode, stderr } = await run('systemd-analyze', ['verify', '--man=no', path]);
      assert.deepEqual([exitCode, stderr.split('\n').filter((line) => line.includes('anyrole-update'))], [0, []]);
    });

    test('has a command that keeps the profile', aws, async () => {
      const home = join(server.directory, 'home');
      const command = /^ExecStart=(.*)$/m.exec(installed())?.[1] ?? '';
      const [, ...args] = command.split(' ');
      const updated = start(args, { HOME: home });
      await updated.printed(/profile `worker` of .* lasts until .*; next refresh at /);
      updated.process.kill('SIGTERM');
      assert.equal((await updated.ended).status, 0);
      const credentials = join(home, '.aws', 'credentials');
      const more = { AWS_SHARED_CREDENTIALS_FILE: credentials, AWS_PROFILE: 'worker' };
      assert.match((await inDirectory('aws sts get-caller-identity', more)).stdout, worker);
    });
  });

  test('of Kubernetes', needs('python3', '-c', 'import yaml'), async (t) => {
    if (aws.skip !== undefined) return t.skip(aws.skip);
    const [yaml] = recipeBlocks('client.md', 'Recipe: a Kubernetes side-car');
    const [certificate, pod] = await python(server, 'yaml_documents', { text: withArns(yaml?.text ?? '') });
    await using cluster = await clusterOf(server);
    const containers = new Map<string, Container>(
      [...pod.spec.initContainers, ...pod.spec.containers].map((one: Container) => [one.name, one]),
    );
    const container = (name: string) => cluster.process(containers.get(name) ?? assert.fail(name));
    // The volumes that a mount names, and the Secret that cert-manager writes.
    const [, tls] = pod.spec.volumes;
    assert.deepEqual(
      pod.spec.volumes.map(({ name }: { readonly name: string }) => name),
      ['token', 'tls'],
    );
    assert.equal(tls.secret.secretName, certificate.spec.secretName);
    assert.deepEqual(certificate.spec.usages, ['digital signature', 'client auth']);
    assert.equal(certificate.spec.privateKey.algorithm, 'ECDSA');

    const [sh = '', ...script] = container('token').words;
    assert.equal((await run(sh, script)).exitCode, 0);
    assert.match(readFileSync(cluster.file('token', 'token'), 'utf8'), /^[0-9a-f]{64}$/);
    assert.equal(statSync(cluster.file('token', 'token')).mode & 0o777, 0o600);

    cluster.renew();
    const sidecar = start(
      container('credentials').words.map((word) => filledPort(word)),
      { ...cluster.environment, HOME: server.directory },
    );
    const [, door = ''] = await sidecar.printed(/metadata on http:\/\/127\.0\.0\.1:(\d+)/);
    const [, metrics] = await sidecar.printed(/metrics on (\S+)/);
    assert.equal((await fetch(`${metrics}/healthz`)).status, 200);

    const application = container('application');
    const uri = filledIn(application.environment.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? '', { 9911: door });
    const session = async () => {
      const { PATH, PYENV_ROOT, PYENV_VERSION, HOME } = server.environment;
      const own = { PATH, PYENV_ROOT, PYENV_VERSION, HOME, ...cluster.environment };
      const environment = { ...own, ...application.environment, AWS_CONTAINER_CREDENTIALS_FULL_URI: uri };
      const { stdout, stderr } = await run('aws', application.words, { environment });
      assert.match(stdout, worker, stderr);
      return JSON.parse(stdout).Arn;
    };
    assert.ok((await session()).endsWith(`/${cluster.serial()}`));

    cluster.renew();
    await cluster.isAskedBy(cluster.serial(), () => fetch(uri, { headers: { authorization: cluster.token() } }));
    assert.ok((await session()).endsWith(`/${cluster.serial()}`), 'the session is of the renewed certificate');
    sidecar.process.kill('SIGTERM');
    assert.equal((await sidecar.ended).status, 0);
  });
});

/** What a test machine cannot have: the port of the page, and a door to others. */
function filledPort(word: string): string {
  return word.replace('--port=9911', '--port=0').replace('0.0.0.0:9912', '127.0.0.1:0');
}

type Container = {
  readonly name: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
};

/** Volumes as folders, filled as the kubelet fills them, and the network of the cluster, in which `anyrole.example` is Anyrole. */
async function clusterOf(server: ConformanceServer) {
  const webCa = makeCa({ subject: 'CN=Cluster Web CA' });
  const web = webCa.issue({ subject: 'CN=anyrole', san: { dns: ['anyrole.example'] }, eku: ['serverAuth'] });
  const issuer = server.ca.issueCa({ subject: 'CN=Workloads', key: 'p256' });
  const askedBy = new Set<string>();
  const state = { renewals: 0, serial: '' };
  // Sessions of the first certificate end after some seconds, so that the next is asked for while the test looks.
  const shortened = (body: string) =>
    state.renewals > 1
      ? body
      : body.replace(/"expiration":"[^"]*"/, () => {
          const end = new Date(Date.now() + 12_000).toISOString().replace(/\.\d+/, '');
          return `"expiration":"${end}"`;
        });
  const front = createTlsServer({ cert: web.pem, key: web.keyPem }, (incoming, answer) => {
    const serial = /Credential=(\d+)\//.exec(incoming.headers.authorization ?? '')?.[1];
    if (serial !== undefined) askedBy.add(BigInt(serial).toString(16));
    passOn(server.url, incoming, answer, shortened);
  }).listen(0, '127.0.0.1');
  await once(front, 'listening');
  // A TCP server's address is one.
  const { port } = front.address() as AddressInfo;
  const proxy = await forwardProxy({ routes: { 'anyrole.example:443': port } });
  const volumes = join(server.directory, 'volumes');
  for (const name of ['token', 'tls']) mkdirSync(join(volumes, name), { recursive: true });
  const bundle = join(server.directory, 'cluster-ca.pem');
  writeFileSync(bundle, webCa.pem);
  return {
    file: (volume: string, name: string) => join(volumes, volume, name),
    token: () => readFileSync(join(volumes, 'token', 'token'), 'utf8'),
    serial: () => state.serial,
    environment: { HTTPS_PROXY: proxy.url, AWS_CA_BUNDLE: bundle },
    /** The words and variables of a container, its mounts leading to the volumes. */
    process({ command = [], args = [], env = [], volumeMounts }: Container) {
      const mounted = (text: string) =>
        volumeMounts.reduce(
          (one, { name, mountPath }) => one.replaceAll(`${mountPath}/`, `${join(volumes, name)}/`),
          text,
        );
      const environment: Record<string, string> = {};
      for (const { name, value } of env) environment[name] = mounted(value);
      return { words: [...command, ...args].map(mounted), environment };
    },
    /** cert-manager issues, and the kubelet swaps the whole folder at once. */
    renew() {
      state.serial = filled(join(volumes, 'tls'), issuer, ++state.renewals);
    },
    /** Until Anyrole was asked with this certificate; `use` is what an application does meanwhile. */
    async isAskedBy(serial: string, use: () => Promise<unknown>) {
      for (let at = 0; !askedBy.has(serial); at++) {
        assert.ok(at < 100, 'the renewed certificate was not used');
        await use();
        await sleep(200);
      }
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      front.close();
      front.closeAllConnections();
    },
  };
}

/** A Secret's folder with a new certificate; its serial number, hexadecimal. */
function filled(folder: string, issuer: Authority, at: number): string {
  const leaf = issuer.issue({ subject: 'CN=workload', key: 'p256', eku: ['clientAuth'] });
  const files = { 'tls.crt': leaf.pem + issuer.pem, 'tls.key': leaf.keyPem };
  mkdirSync(join(folder, `..${at}`));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, `..${at}`, name), content);
    if (at === 1) symlinkSync(join('..data', name), join(folder, name));
  }
  symlinkSync(`..${at}`, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  if (at > 1) rmSync(join(folder, `..${at - 1}`), { recursive: true });
  return leaf.certificate.serialNumber.toString(16);
}
