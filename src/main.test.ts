// The real server, in process and over HTTP: it starts, serves, stops and starts again on what it left.
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { makeCa } from '../test/pki.ts';
import { verifyDirectory } from './audit-directory.ts';
import { type Config, ConfigError } from './config.ts';
import { signRequest } from './core/signature/hmac.ts';
import { type RunningServer, startServer } from './main.ts';
import type { HeaderPair } from './protocols/protocol.ts';
import { sqliteStore } from './store/sqlite.ts';

const root = mkdtempSync(join(tmpdir(), 'anyrole-main-'));
const running = new Set<RunningServer>();
after(async () => {
  await Promise.all([...running].map((server) => server.close(0)));
  rmSync(root, { recursive: true });
});
let count = 0;
const freshDirectory = () => join(root, String(++count));
const freshDirectoryMade = () => {
  const directory = freshDirectory();
  mkdirSync(directory);
  return directory;
};

const key = { accessKeyId: 'AKIAGIVENGIVENGIVEN0', secretAccessKey: 'first-secret-first-secret' };
const accountId = '123456789012';
async function start(dataDir: string, part: Partial<Config> = {}): Promise<RunningServer> {
  const server = await startServer({ host: '127.0.0.1', port: 0, dataDir, ...part });
  running.add(server);
  return server;
}
async function stop(server: RunningServer): Promise<void> {
  running.delete(server);
  await server.close(1000);
}

type Sent = { readonly method?: string; readonly body?: string; readonly ca?: string; readonly keys?: typeof key };
type Got = { readonly status: number; readonly body: string };
/** One signed request over a real socket, with a User-Agent and a header beyond ASCII. */
function ask(server: RunningServer, service: string, path: string, sent: Sent = {}): Promise<Got> {
  const { method = 'GET', body = '', ca, keys = key } = sent;
  const url = new URL(path, server.url);
  const headers: HeaderPair[] = [
    ['Host', url.host],
    ['X-Amz-Meta-Who', 'jürgen 😀'],
  ];
  const wire = { method, path: url.pathname, rawQuery: url.search.slice(1), headers, body: Buffer.from(body) };
  const added = signRequest(wire, { ...keys, region: 'eu-central-1', service, now: new Date() });
  const bytes = [...headers, ...added].map(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
  const options = { method, headers: Object.fromEntries(bytes), agent: false as const };
  return new Promise((resolve, reject) => {
    const request = ca ? httpsRequest(url, { ...options, ca }) : httpRequest(url, options);
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    // A string would be joined to the headers and make UTF-8 of their bytes once more.
    request.end(Buffer.from(body));
  });
}
const posted = (body: object): Sent => ({ method: 'POST', body: JSON.stringify(body) });
const whoAmI = (server: RunningServer, sent?: Sent) =>
  ask(server, 'sts', '/?Action=GetCallerIdentity&Version=2011-06-15', sent);

const refused = (names: RegExp) => (thrown: unknown) => {
  assert.ok(thrown instanceof ConfigError, String(thrown));
  assert.match(thrown.message, names);
  assert.doesNotMatch(thrown.message, /\n/);
  return true;
};

describe('a server', () => {
  test('makes an account and a root key once, and keeps both over a restart', async () => {
    const dataDir = freshDirectory();
    const first = await start(dataDir);
    const keys = first.newRootKey;
    assert.ok(keys);
    const identity = await whoAmI(first, { keys });
    assert.equal(identity.status, 200);
    assert.match(identity.body, new RegExp(`<Account>${first.accountId}</Account>`));
    await stop(first);
    const second = await start(dataDir);
    assert.deepEqual([second.accountId, second.newRootKey], [first.accountId, undefined]);
    assert.equal((await whoAmI(second, { keys })).status, 200);
    await stop(second);
  });

  test('keeps what it acknowledged, and the events of what it answered', async () => {
    const dataDir = freshDirectory();
    const first = await start(dataDir, { rootKey: key, accountId });
    const body = JSON.stringify({ name: 'p', roleArns: [] });
    const made = await ask(first, 'rolesanywhere', '/profiles', { method: 'POST', body });
    assert.equal(made.status, 201, made.body);
    assert.equal((await whoAmI(first)).status, 200);
    await stop(first);
    const { sqliteStore } = await import('./store/sqlite.ts');
    const store = sqliteStore({ path: dataDir });
    const events = await store.read((reader) => reader.list('audit', { limit: 10 }));
    await store.close();
    assert.deepEqual(
      events.map(({ document }) => Object(document).eventName),
      ['CreateProfile', 'GetCallerIdentity'],
    );
    const { findings, chains } = await verifyDirectory(dataDir);
    assert.deepEqual([findings, chains.length, chains[0]?.lastSequence, chains[0]?.checkpointSequence], [0, 1, 2, 2]);
    const second = await start(dataDir, { rootKey: key });
    assert.match((await ask(second, 'rolesanywhere', '/profiles')).body, /"name":"p"/);
    await stop(second);
  });

  test('takes a given root key, and its changed secret at the next start', async () => {
    const dataDir = freshDirectory();
    const first = await start(dataDir, { rootKey: key, accountId });
    assert.deepEqual([first.accountId, first.newRootKey], [accountId, undefined]);
    assert.equal((await whoAmI(first)).status, 200);
    await stop(first);
    const changed = { ...key, secretAccessKey: 'second-secret-second-secret' };
    const second = await start(dataDir, { rootKey: changed });
    assert.equal((await whoAmI(second)).status, 403);
    assert.equal((await whoAmI(second, { keys: changed })).status, 200);
    await stop(second);
  });

  test('keeps its files for its owner alone', async () => {
    const dataDir = freshDirectory();
    const server = await start(dataDir);
    assert.equal(statSync(dataDir).mode & 0o777, 0o700);
    const names = readdirSync(dataDir);
    assert.ok(names.includes('keyring.json') && names.includes('anyrole.db'));
    for (const name of names) assert.equal(statSync(join(dataDir, name)).mode & 0o777, 0o600, name);
    await stop(server);
  });

  test('answers probes without a signature', async () => {
    const server = await start(freshDirectory());
    for (const [path, body] of [
      ['livez', 'ok\n'],
      ['readyz', 'ok\n'],
    ] as const) {
      const answer = await fetch(`${server.url}/${path}`);
      assert.deepEqual([answer.status, await answer.text()], [200, body]);
    }
    await stop(server);
    await assert.rejects(fetch(`${server.url}/livez`));
  });

  test('serves TLS, and nobody without it', async () => {
    const ca = makeCa();
    const leaf = ca.issue({ subject: 'CN=anyrole', san: { ip: [Uint8Array.of(127, 0, 0, 1)] }, eku: ['serverAuth'] });
    const server = await start(freshDirectory(), {
      rootKey: key,
      accountId,
      tls: { cert: leaf.pem, key: leaf.keyPem },
    });
    assert.match(server.url, /^https:\/\/127\.0\.0\.1:\d+$/);
    assert.equal((await whoAmI(server, { ca: ca.pem })).status, 200);
    await assert.rejects(whoAmI(server, { ca: makeCa({ subject: 'CN=Other' }).pem }));
    await assert.rejects(fetch(`${server.url.replace('https', 'http')}/livez`));
    await stop(server);
  });

  test('on an IPv6 address says so in its URL', async (context) => {
    try {
      const server = await start(freshDirectory(), { host: '::1' });
      assert.match(server.url, /^http:\/\/\[::1\]:\d+$/);
      await stop(server);
    } catch (cause) {
      if (/EADDRNOTAVAIL|EAFNOSUPPORT/.test(String(cause))) return context.skip('no IPv6 here');
      throw cause;
    }
  });
});

describe('a start is refused in one line', () => {
  test('on the data directory of a running server, which is not disturbed', async () => {
    const dataDir = freshDirectory();
    const server = await start(dataDir, { rootKey: key, accountId });
    await assert.rejects(start(dataDir), refused(/^--data-dir `.*`: another server uses it /));
    assert.equal((await whoAmI(server)).status, 200);
    await stop(server);
  });

  test('without the keyring of what is there, and makes none', async () => {
    const dataDir = freshDirectory();
    await stop(await start(dataDir));
    rmSync(join(dataDir, 'keyring.json'));
    await assert.rejects(
      start(dataDir),
      refused(/^--data-dir `.*`: keyring\.json is missing.*restore it from a backup$/),
    );
    assert.equal(readdirSync(dataDir).includes('keyring.json'), false);
  });

  test('but not where it was killed at its first start, before it had a keyring', async () => {
    const dataDir = freshDirectory();
    await sqliteStore({ path: dataDir }).close();
    const server = await start(dataDir);
    await stop(server);
    assert.ok(existsSync(join(dataDir, 'keyring.json')));
  });

  test('with a damaged keyring, and the directory is free again', async () => {
    const dataDir = freshDirectory();
    await stop(await start(dataDir));
    writeFileSync(join(dataDir, 'keyring.json'), '{}');
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await assert.rejects(start(dataDir), refused(/keyring\.json`: expected a keyring \(/));
    }
  });

  test('on a file in place of the directory', async () => {
    const path = freshDirectory();
    writeFileSync(path, '');
    await assert.rejects(start(path), refused(/^--data-dir `.*`: /));
  });

  test('on a database that is none', async () => {
    const dataDir = freshDirectory();
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'anyrole.db'), 'x'.repeat(10_000));
    writeFileSync(join(dataDir, 'keyring.json'), '{}');
    await assert.rejects(start(dataDir), refused(/^--data-dir `.*`: /));
  });

  test('on an address that is taken or not ours, and the directory is free again', async () => {
    const [dataDir, server] = [freshDirectory(), await start(freshDirectory())];
    const port = Number(new URL(server.url).port);
    await assert.rejects(start(dataDir, { port }), refused(/^--listen `127\.0\.0\.1:\d+`: .*EADDRINUSE/));
    await assert.rejects(start(dataDir, { host: '192.0.2.1' }), refused(/^--listen `192\.0\.2\.1:0`: .*EADDRNOTAVAIL/));
    await stop(await start(dataDir));
    await stop(server);
  });
});

describe('a settings file', () => {
  const arn = 'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/ca';
  function settingsFile(settings: string | object): string {
    const directory = freshDirectory();
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'ca.pem'), makeCa().pem);
    const path = join(directory, 'settings.json');
    writeFileSync(path, typeof settings === 'string' ? settings : JSON.stringify(settings));
    return path;
  }
  const createProfile = (server: RunningServer) =>
    ask(server, 'rolesanywhere', '/profiles', { method: 'POST', body: JSON.stringify({ name: 'p', roleArns: [] }) });

  test('bounds what is made, and names its files relative to itself', async () => {
    const server = await start(freshDirectory(), {
      rootKey: key,
      accountId,
      settingsFile: settingsFile({
        quotas: { profiles: 1 },
        privateCertificateAuthorities: [{ arn, certificateFile: 'ca.pem' }],
      }),
    });
    assert.equal((await createProfile(server)).status, 201);
    assert.match((await createProfile(server)).body, /The quota is reached/);
    const source = { sourceType: 'AWS_ACM_PCA', sourceData: { acmPcaArn: arn } };
    const body = JSON.stringify({ name: 'a', source });
    assert.equal((await ask(server, 'rolesanywhere', '/trustanchors', { method: 'POST', body })).status, 201);
    await stop(server);
  });

  test('lets a CRL be fetched, and the last good one is there after a restart without its place', async () => {
    const [dataDir, lists] = [freshDirectory(), realpathSync(freshDirectoryMade())];
    const ca = makeCa();
    writeFileSync(join(lists, 'ca.crl'), ca.crl({ thisUpdate: '2020-01-01T00:00:00Z', nextUpdate: false }).pem);
    const part = { rootKey: key, accountId, settingsFile: settingsFile({ crlSources: { directories: [lists] } }) };
    const first = await start(dataDir, part);
    const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: ca.pem } };
    const anchor = await ask(first, 'rolesanywhere', '/trustanchors', posted({ name: 'anchor', source }));
    const sources = `/trust-anchors/${JSON.parse(anchor.body).trustAnchor.trustAnchorId}/crl-sources`;
    const made = await ask(first, 'anyrole', sources, posted({ url: `file://${lists}/ca.crl`, enabled: true }));
    const path = `${sources}/${JSON.parse(made.body).crlSource.crlSourceId}`;
    const shown = (answer: Got) => {
      const { status, failures, lastError } = JSON.parse(answer.body).crlSource;
      return [status, failures, lastError];
    };
    const refreshed = await ask(first, 'anyrole', `${path}/refresh`, { method: 'POST' });
    assert.deepEqual(shown(refreshed), ['current', 0, undefined]);
    await stop(first);
    rmSync(lists, { recursive: true });
    const second = await start(dataDir, part);
    assert.equal(shown(await ask(second, 'anyrole', path))[0], 'current');
    const again = await ask(second, 'anyrole', `${path}/refresh`, { method: 'POST' });
    assert.deepEqual([shown(again)[0], shown(again)[2]], ['current', 'notFound']);
    await stop(second);
  });

  test('gives each operation a rate by its name, of whichever service', async () => {
    const rates = { GetCallerIdentity: { perSecond: 0.01, burst: 1 }, CreateSession: 10, CreateRole: 1, default: 100 };
    const server = await start(freshDirectory(), { rootKey: key, accountId, settingsFile: settingsFile({ rates }) });
    assert.equal((await whoAmI(server)).status, 200);
    const throttled = await whoAmI(server);
    assert.equal(throttled.status, 400);
    assert.match(throttled.body, /<Code>Throttling<\/Code><Message>Rate exceeded</);
    await stop(server);
  });

  for (const [what, settings, names] of [
    [
      'a key that is unknown',
      { quotas: { roles: 1 } },
      /settings\.json`: quotas\.roles: expected one of trustAnchors, /,
    ],
    [
      'a rate of an operation that is not served',
      { rates: { CreateVirtualMFADevice: 1 } },
      /: rates\.CreateVirtualMFADevice: expected the name/,
    ],
    [
      'a CA file that is elsewhere',
      { privateCertificateAuthorities: [{ arn, certificateFile: '../ca.pem' }] },
      /: privateCertificateAuthorities\[0\]\.certificateFile "\.\.\/ca\.pem": expected a readable file/,
    ],
    ['what is no JSON', 'quotas:\n  profiles: 1', /settings\.json`: expected well-formed JSON/],
  ] as const) {
    test(`with ${what} is refused before anything is made`, async () => {
      const dataDir = freshDirectory();
      await assert.rejects(start(dataDir, { settingsFile: settingsFile(settings) }), refused(/^--config `/));
      await assert.rejects(start(dataDir, { settingsFile: settingsFile(settings) }), refused(names));
      assert.equal(existsSync(dataDir), false);
    });
  }

  test('that cannot be read is refused with the reason', async () => {
    const settingsFile = join(root, 'absent.json');
    await assert.rejects(
      start(freshDirectory(), { settingsFile }),
      refused(/^--config `.*absent\.json`: expected a readable file \(ENOENT\)$/),
    );
  });
});
