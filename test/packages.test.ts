// The packages as npm ships them: packed, installed without a network, run by the Node of the repository and, the client, by
// the oldest that is served, where there is one.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { conformanceServer } from './conformance/server.ts';
import { makeResources, roleName } from './conformance/session-resources.ts';
import { run } from './conformance/tools.ts';
import { forwardProxy } from './forward-proxy.ts';
import { pkcs12Of } from './pkcs12.ts';
import { makeCa } from './pki.ts';
import { filledIn, recipeBlocks } from './recipe-blocks.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'anyrole-packages-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** Nodes of this machine that the client serves: the repository's, and others on the way to commands. */
function nodes(): readonly string[] {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const others = folders.map((folder) => join(folder, 'node')).filter((path) => isServed(path));
  return [process.execPath, ...new Set(others.map((path) => realpathSync(path)))];
}

function isServed(node: string): boolean {
  const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  const [major = 0, minor = 0] = status === 0 ? stdout.slice(1).split('.').map(Number) : [];
  return major > 20 || (major === 20 && minor >= 12);
}

/** Packs the package of a folder; the path of the tarball. */
function packed(folder: string): string {
  const text = execFileSync('npm', ['pack', '--json', '--pack-destination', directory], {
    cwd: folder,
    encoding: 'utf8',
  });
  const [{ filename }] = JSON.parse(text.slice(text.indexOf('[\n')));
  return join(directory, filename);
}

/** Unpacks as an installation does, below node_modules; what the package depends on is linked beside it. */
function installed(name: string, tarball: string, dependencies: readonly string[]): string {
  const modules = join(directory, `with-${name}`, 'node_modules');
  mkdirSync(join(modules, name), { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', join(modules, name), '--strip-components=1']);
  for (const dependency of dependencies) {
    mkdirSync(join(modules, dependency, '..'), { recursive: true });
    symlinkSync(join(root, 'node_modules', dependency), join(modules, dependency));
  }
  return join(modules, '..');
}

function write(folder: string, name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const arns = {
  trustAnchorArn: 'arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/4d6e1ab8-0000-4000-8000-000000000000',
  profileArn: 'arn:aws:rolesanywhere:eu-central-1:123456789012:profile/4d6e1ab8-0000-4000-8000-000000000001',
  roleArn: 'arn:aws:iam::123456789012:role/Worker',
};
const credentials = { accessKeyId: 'ASIAPACKAGES00000001', secretAccessKey: 'secret', sessionToken: 'token' };

/** A program that prints the access key id it is given. */
const program = (module: string) => `
import { fromRolesAnywhere, RolesAnywhereError } from '${module}';
const options = JSON.parse(process.argv[2]);
const provider = fromRolesAnywhere(options);
const [first, second] = await Promise.all([provider(), provider()]);
if (first.accessKeyId !== second.accessKeyId) throw new Error('two sessions');
const refused = await fromRolesAnywhere({ ...options, privateKey: '/no/such/key' })().catch((error) => error);
if (!(refused instanceof RolesAnywhereError)) throw refused;
console.log(first.accessKeyId, first.expiration instanceof Date, refused.code);
`;

let tarballs: { readonly server: string; readonly client: string };
before(() => {
  tarballs = { server: packed(root), client: packed(join(root, 'packages/client')) };
});

/** Answers as CreateSession does, by the clock of the child that asks, and tells how often it is asked. */
async function answering(tls?: { readonly cert: string; readonly key: string }) {
  let asked = 0;
  const server: Server = tls ? createTlsServer(tls) : createServer();
  server.on('request', (_, response) => {
    asked++;
    const expiration = new Date(Date.now() + 3_600_000).toISOString();
    response.writeHead(201).end(JSON.stringify({ credentialSet: [{ credentials: { ...credentials, expiration } }] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const { port } = address;
  return { port, url: `http://127.0.0.1:${port}`, asked: () => asked, close: () => server.close() };
}

async function gives(node: string, folder: string, module: string): Promise<void> {
  const server = await answering();
  const leaf = makeCa().issue({ subject: 'CN=packed', key: 'p256' });
  const options = { ...arns, endpoint: server.url, certificate: leaf.pem, privateKey: leaf.keyPem };
  const path = write(folder, 'program.mjs', program(module));
  const { promise, resolve } = Promise.withResolvers<string>();
  execFile(node, [path, JSON.stringify(options)], (error, stdout, stderr) =>
    resolve(`${stdout}${error ? stderr : ''}`),
  );
  assert.equal(await promise, `${credentials.accessKeyId} true IdentityUnreadable\n`);
  assert.equal(server.asked(), 1);
  server.close();
}

test('the client is small and depends on nothing', () => {
  const { size } = statSync(tarballs.client);
  assert.ok(size <= 150_000, `${size} bytes`);
  const folder = installed('anyrole-client', tarballs.client, []);
  const own = join(folder, 'node_modules/anyrole-client');
  const description = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'));
  for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies', 'bundleDependencies'])
    assert.equal(description[kind], undefined, kind);
  const versions = ['', 'packages/client/'].map(
    (at) => JSON.parse(readFileSync(`${root}${at}package.json`, 'utf8')).version,
  );
  assert.equal(versions[0], versions[1], 'both packages have one version');
  const files = readdirSync(own, { recursive: true }).map(String);
  assert.deepEqual(
    files.filter((file) => /(?<!\.d)\.ts$|\.test\./.test(file)),
    [],
  );
  assert.ok(files.includes('LICENSE') && files.includes('README.md'));
});

test('npm installs the client without a network, and every Node that is served runs it', async () => {
  const folder = join(directory, 'installed');
  mkdirSync(folder);
  write(folder, 'package.json', '{"private":true}');
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', tarballs.client], { cwd: folder });
  for (const node of nodes()) await gives(node, folder, 'anyrole-client');
});

test('behind a proxy every Node that is served reaches the host of AWS, by the environment alone', async () => {
  const host = 'rolesanywhere.eu-central-1.amazonaws.com';
  const webCa = makeCa({ subject: 'CN=Web CA' });
  const web = webCa.issue({ subject: `CN=${host}`, san: { dns: [host] }, eku: ['serverAuth'] });
  const server = await answering({ cert: web.pem, key: web.keyPem });
  await using proxy = await forwardProxy({ routes: { [`${host}:443`]: server.port } });
  const leaf = makeCa().issue({ subject: 'CN=packed', key: 'p256' });
  const options = JSON.stringify({ ...arns, certificate: leaf.pem, privateKey: leaf.keyPem });
  const path = write(
    installed('anyrole-client-proxied', tarballs.client, []),
    'program.mjs',
    program('anyrole-client-proxied'),
  );
  const environment = { HTTPS_PROXY: proxy.url, AWS_CA_BUNDLE: write(directory, 'web-ca.pem', webCa.pem) };
  for (const node of nodes()) {
    const { stdout, stderr } = await run(node, [path, options], { environment });
    assert.deepEqual([stdout, stderr], [`${credentials.accessKeyId} true IdentityUnreadable\n`, ''], node);
    assert.deepEqual(proxy.passed.at(-1), { line: `CONNECT ${host}:443`, authorization: undefined, sni: host });
  }
  assert.equal(server.asked(), nodes().length);
  server.close();
});

/** A program that prints, for each of many identities, the session's name or the code of the refusal. */
const identities = (module: string) => `
import { readFileSync } from 'node:fs';
import { sign } from 'node:crypto';
import { createSession } from '${module}';
const { arns, rows } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const bytes = ({ base64, ...options }) =>
  Object.assign(options, ...Object.entries(base64).map(([name, text]) => ({ [name]: Buffer.from(text, 'base64') })));
for (const [name, row, key] of rows) {
  const privateKey = key && { sign: async (_, data) => sign('sha256', data, key) };
  const session = await createSession({ ...arns, ...bytes(row), ...(key && { privateKey }) }).catch(({ code }) => ({ code }));
  console.log(name, session.code ?? session.assumedRoleArn.split('/').at(-1));
}
`;

test('every Node that is served reads every form of RSA and ECDSA keys, and says what it lacks for ML-DSA', async () => {
  await using server = await conformanceServer();
  const resources = await makeResources(server);
  const password = 'correct horse';
  const expected: string[] = [];
  const rows = (['rsa2048', 'p256', 'p384', 'p521', 'ml-dsa-65'] as const).flatMap((kind) => {
    const intermediate = server.ca.issueCa({ subject: `CN=For ${kind}`, key: 'p256' });
    const { der, pem, keyPem, privateKey, certificate } = intermediate.issue({ subject: `CN=${kind}`, key: kind });
    const encryption = { type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: password } as const;
    const chained = pem + intermediate.pem;
    const p12 = pkcs12Of([der, intermediate.der], privateKey, password);
    const base64 = (content: Uint8Array) => Buffer.from(content).toString('base64');
    const forms: readonly (readonly [string, object, string?])[] = [
      ['PEM', { certificate: chained, privateKey: keyPem, base64: {} }],
      [
        'encrypted',
        { certificate: chained, privateKey: privateKey.export({ ...encryption, format: 'pem' }), password, base64: {} },
      ],
      [
        'DER',
        {
          intermediates: intermediate.pem,
          base64: { certificate: base64(der), privateKey: base64(privateKey.export({ type: 'pkcs8', format: 'der' })) },
        },
      ],
      ['PKCS12', { password, base64: { certificate: base64(p12) } }],
      ...(kind === 'ml-dsa-65' ? [] : [['signer', { certificate: chained, base64: {} }, keyPem] as const]),
    ];
    return forms.map(([form, ...rest]) => {
      expected.push(`${kind}/${form} ${certificate.serialNumber.toString(16).padStart(2, '0')}`);
      return [`${kind}/${form}`, ...rest];
    });
  });
  const folder = installed('anyrole-client-forms', tarballs.client, []);
  const input = write(folder, 'rows.json', JSON.stringify({ arns: { ...resources, endpoint: server.url }, rows }));
  const path = write(folder, 'identities.mjs', identities('anyrole-client-forms'));
  for (const node of nodes()) {
    const { stdout, stderr } = await run(node, [path, input]);
    const knows = spawnSync(node, ['-e', "crypto.generateKeyPairSync('ml-dsa-65')"], { stdio: 'ignore' }).status === 0;
    const unknown = (line: string) =>
      // What is under a password cannot be told from what it is written with.
      line.replace(/^(ml-dsa-\S+) .*/, `$1 ${line.includes('encrypted') ? 'UnsupportedEncryption' : 'UnsupportedKey'}`);
    const lines = knows ? expected : expected.map(unknown);
    assert.deepEqual(stdout.trim().split('\n'), lines, stderr);
  }
});

test('the recipe for the SDK runs as it stands on the page, on every Node that is served', async () => {
  await using server = await conformanceServer();
  const resources = await makeResources(server, 'us-east-1');
  const [recipe] = recipeBlocks('client.md', 'Recipe: the AWS SDK for JavaScript');
  const folder = installed('recipe', tarballs.client, ['@aws-sdk/client-sts']);
  symlinkSync('recipe', join(folder, 'node_modules', 'anyrole-client'));
  const leaf = server.ca.issue({ subject: 'CN=recipe', key: 'p256' });
  write(folder, 'leaf.pem', leaf.pem);
  write(folder, 'leaf-key.pem', leaf.keyPem);
  write(folder, 'recipe.mjs', filledIn(recipe?.text ?? '', { 'http://127.0.0.1:4747': server.url }));
  const environment = {
    PATH: process.env.PATH,
    TRUST_ANCHOR: resources.trustAnchorArn,
    PROFILE: resources.profileArn,
    ROLE: resources.roleArn,
  };
  for (const node of nodes()) {
    const { stdout, stderr } = await run('sh', ['-c', `cd '${folder}' && exec '${node}' recipe.mjs`], { environment });
    assert.match(stdout, new RegExp(`Arn: 'arn:aws:sts::\\d+:assumed-role/${roleName}/`), stderr);
  }
});

test('the types of the client compile in a program that is strict, and are those of SDK v3', () => {
  const folder = installed('anyrole-client-typed', tarballs.client, ['@types/node', '@aws-sdk/client-sts']);
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    target: 'es2022',
    noEmit: true,
    types: ['node'],
    skipLibCheck: true,
  };
  write(folder, 'tsconfig.json', JSON.stringify({ compilerOptions, files: ['program.ts'] }));
  write(folder, 'package.json', '{"type":"module"}');
  const text = `
import { STSClient } from '@aws-sdk/client-sts';
import { createSession, fromRolesAnywhere, type RolesAnywhereOptions, type Session } from 'anyrole-client-typed';
declare const options: RolesAnywhereOptions;
export const sts = new STSClient({ credentials: fromRolesAnywhere(options) });
export const session: Promise<Session> = createSession({ ...options, privateKey: { sign: async (_, data) => data } });
// @ts-expect-error: a duration is a number
createSession({ ...options, durationSeconds: '900' });
`;
  write(folder, 'program.ts', text);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});

test('the server runs from its package, with the client in it', async () => {
  const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  const folder = installed('anyrole', tarballs.server, Object.keys(dependencies));
  const bin = join(folder, 'node_modules/anyrole/bin/anyrole.mjs');
  const flags = ['--once', '--listen', '127.0.0.1:0', '--data-dir', join(folder, 'data')];
  const run = spawnSync(process.execPath, [bin, 'quickstart', ...flags], { encoding: 'utf8', cwd: folder });
  assert.equal(run.status, 0, run.stderr);
  assert.match(run.stdout, /assumed-role/);
  const text = "import { startServer } from 'anyrole'; console.log(typeof startServer);";
  const path = write(folder, 'server.mjs', text);
  assert.equal(execFileSync(process.execPath, [path], { encoding: 'utf8' }), 'function\n');
  for (const node of nodes()) await gives(node, folder, 'anyrole/client');
});
