// Settings that cannot be used: one line each, that names the flag, file or variable and repeats no secret.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeSelfSigned } from '../test/pki.ts';
import {
  ConfigError,
  defaultDataDir,
  defaultListen,
  type Environment,
  type Flags,
  isLoopback,
  readConfig,
} from './config.ts';

const directory = mkdtempSync(join(tmpdir(), 'anyrole-config-'));
after(() => rmSync(directory, { recursive: true }));
function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}
const [mine, other] = [makeSelfSigned(), makeSelfSigned()];
const cert = file('cert.pem', mine.pem);
const key = file('key.pem', mine.keyPem);
const otherKey = file('other.pem', other.keyPem);
const noPem = file('text', 'hello');
const hollow = file('hollow.pem', '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n');
const absent = join(directory, 'absent');

const flags: Flags = { listen: defaultListen, dataDir: defaultDataDir };

test('the defaults serve loopback over plain HTTP', () => {
  assert.deepEqual(readConfig(flags, {}), { host: '127.0.0.1', port: 4747, dataDir: './anyrole-data' });
});

for (const [listen, host, port] of [
  ['localhost:0', 'localhost', 0],
  ['127.9.9.9:65535', '127.9.9.9', 65_535],
  ['[::1]:4747', '::1', 4747],
] as const) {
  test(`--listen ${listen} is loopback`, () => {
    const config = readConfig({ ...flags, listen }, {});
    assert.deepEqual([config.host, config.port], [host, port]);
  });
}

test('what only resembles loopback is not', () => {
  for (const host of ['127.0.0.1.example', '0.0.0.0', '::', '::ffff:127.0.0.1', 'localhost.example', '128.0.0.1', '']) {
    assert.equal(isLoopback(host), false, host);
  }
});

test('beyond loopback TLS or a word is needed', () => {
  const listen = '0.0.0.0:443';
  assert.equal(readConfig({ ...flags, listen, allowPlainHttp: true }, {}).tls, undefined);
  const { tls } = readConfig({ ...flags, listen, tlsCert: cert, tlsKey: key }, {});
  assert.deepEqual(tls, { cert: mine.pem, key: mine.keyPem });
});

test('metrics are off unless an address is given, and TLS says nothing about them', () => {
  assert.equal(readConfig(flags, {}).metrics, undefined);
  const { metrics } = readConfig({ ...flags, metricsListen: '[::1]:9464' }, {});
  assert.deepEqual(metrics, { host: '::1', port: 9464 });
  const beyond = { ...flags, metricsListen: '0.0.0.0:9464' };
  assert.deepEqual(readConfig({ ...beyond, allowPlainHttp: true }, {}).metrics, { host: '0.0.0.0', port: 9464 });
  assert.throws(() => readConfig({ ...beyond, tlsCert: cert, tlsKey: key }, {}), ConfigError);
});

test('--config names the settings file, which is not read yet', () => {
  assert.equal(readConfig({ ...flags, config: absent }, {}).settingsFile, absent);
});

const keyId = 'ANYROLE_ROOT_ACCESS_KEY_ID';
const secret = 'ANYROLE_ROOT_SECRET_ACCESS_KEY';
const account = 'ANYROLE_ACCOUNT_ID';

test('the root key and the account come from the environment, and empty is absent', () => {
  const config = readConfig(flags, {
    [keyId]: 'AKIAEXAMPLEEXAMPLE00',
    [secret]: 's'.repeat(40),
    [account]: '123456789012',
  });
  assert.deepEqual(config.rootKey, { accessKeyId: 'AKIAEXAMPLEEXAMPLE00', secretAccessKey: 's'.repeat(40) });
  assert.equal(config.accountId, '123456789012');
  const empty = readConfig(flags, { [keyId]: '', [secret]: '', [account]: '' });
  assert.deepEqual(empty, readConfig(flags, {}));
});

for (const [what, part, environment, names] of [
  ['no port', { listen: '127.0.0.1' }, {}, /^--listen `127\.0\.0\.1`: /],
  ['no host', { listen: ':80' }, {}, /^--listen `:80`: /],
  ['an IPv6 address without brackets', { listen: '::1:80' }, {}, /^--listen /],
  ['a name in brackets', { listen: '[localhost]:80' }, {}, /^--listen /],
  ['a port too high', { listen: '127.0.0.1:65536' }, {}, /^--listen /],
  ['a port that is none', { listen: '127.0.0.1:-1' }, {}, /^--listen /],
  ['a URL', { listen: 'http://127.0.0.1:80' }, {}, /^--listen /],
  [
    'every address without TLS',
    { listen: '0.0.0.0:80' },
    {},
    /^--listen `0\.0\.0\.0:80`: .*--tls-cert.*--allow-plain-http/,
  ],
  ['every IPv6 address without TLS', { listen: '[::]:80' }, {}, /^--listen `\[::\]:80`: /],
  ['a name without TLS', { listen: 'anyrole.example:80' }, {}, /^--listen /],
  ['a certificate without a key', { tlsCert: cert }, {}, /^--tls-cert is given without --tls-key/],
  ['a key without a certificate', { tlsKey: key }, {}, /^--tls-key is given without --tls-cert/],
  ['an absent certificate file', { tlsCert: absent, tlsKey: key }, {}, /^--tls-cert `.*absent`: .*ENOENT/],
  ['an absent key file', { tlsCert: cert, tlsKey: absent }, {}, /^--tls-key `.*absent`: .*ENOENT/],
  ['a directory', { tlsCert: directory, tlsKey: key }, {}, /^--tls-cert `.*`: .*EISDIR/],
  ['a text that is no PEM', { tlsCert: noPem, tlsKey: key }, {}, /^--tls-cert `.*text`: expected PEM/],
  [
    'a certificate for a key',
    { tlsCert: cert, tlsKey: cert },
    {},
    /^--tls-key `.*`: expected PEM with a PRIVATE KEY block/,
  ],
  ['a certificate that is none', { tlsCert: hollow, tlsKey: key }, {}, /^--tls-cert `.*hollow\.pem`/],
  [
    "another certificate's key",
    { tlsCert: cert, tlsKey: otherKey },
    {},
    /^--tls-cert .*--tls-key `.*other\.pem`: .*KEY_VALUES_MISMATCH/,
  ],
  [
    'metrics beyond loopback',
    { metricsListen: '0.0.0.0:80' },
    {},
    /^--metrics-listen `0\.0\.0\.0:80`: .*--allow-plain-http/,
  ],
  ['metrics without a port', { metricsListen: 'localhost' }, {}, /^--metrics-listen `localhost`: expected HOST:PORT/],
  ['metrics nowhere', { metricsListen: '' }, {}, /^--metrics-listen ``: expected HOST:PORT/],
  ['a settings file without a name', { config: '' }, {}, /^--config ``: expected the name of a JSON file/],
  [
    'a key id without its secret',
    {},
    { [keyId]: 'AKIAEXAMPLEEXAMPLE00' },
    /^ANYROLE_ROOT_ACCESS_KEY_ID and .*only one/,
  ],
  ['a secret without its key id', {}, { [secret]: 'SECRET0123456789' }, /only one of them is set/],
  ['a key id too short', {}, { [keyId]: 'AKIA', [secret]: 'SECRET0123456789' }, /^ANYROLE_ROOT_ACCESS_KEY_ID `AKIA`: /],
  [
    'a key id with a slash',
    {},
    { [keyId]: 'AKIA/EXAMPLEEXAMPLE', [secret]: 'SECRET0123456789' },
    /^ANYROLE_ROOT_ACCESS_KEY_ID /,
  ],
  [
    'a secret too short',
    {},
    { [keyId]: 'AKIAEXAMPLEEXAMPLE00', [secret]: 'SECRET' },
    /^ANYROLE_ROOT_SECRET_ACCESS_KEY: /,
  ],
  ['an account too short', {}, { [account]: '12345678901' }, /^ANYROLE_ACCOUNT_ID `12345678901`: /],
  ['an account with a line after it', {}, { [account]: '123456789012\n' }, /^ANYROLE_ACCOUNT_ID /],
] as const satisfies readonly (readonly [string, Partial<Flags>, Environment, RegExp])[]) {
  test(`${what} is refused in one line that names it`, () => {
    assert.throws(
      () => readConfig({ ...flags, ...part }, environment),
      (thrown) => {
        assert.ok(thrown instanceof ConfigError);
        assert.match(thrown.message, names);
        assert.doesNotMatch(thrown.message, /SECRET[^_]|[.]$/);
        return true;
      },
    );
  });
}
