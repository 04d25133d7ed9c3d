// Keys on a PKCS #11 token: SoftHSM's, where it and the package `pkcs11js` are there. Debian has the first (softhsm2); the
// second is found where NODE_PATH points. ANYROLE_SOFTHSM_MODULE names a module that is elsewhere.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createVerify, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run as runAnyrole } from '../command.ts';
import { fixedString } from './fixed-string.ts';
import { type ConformanceServer, conformanceServer, type LeafFiles } from './server.ts';
import { makeResources, type Resources } from './session-resources.ts';

const softHsm = process.env.ANYROLE_SOFTHSM_MODULE ?? '/usr/lib/softhsm/libsofthsm2.so';
const pin = '123456';

/** Options of the tests: `skip` with what is missing. */
function present(): { readonly skip?: string } {
  if (!existsSync(softHsm)) return { skip: `there is no SoftHSM at ${softHsm}` };
  if (spawnSync('softhsm2-util', ['--version']).status !== 0) return { skip: 'softhsm2-util does not run here' };
  try {
    // Loaded, not only found: without its native build it is of no use.
    createRequire(import.meta.url)('pkcs11js');
    return {};
  } catch {
    return { skip: 'the package pkcs11js is not installed, or not built' };
  }
}

test('without the package the refusal says how to get it', async () => {
  const uri = 'pkcs11:object=absent';
  // A NODE_PATH of nothing.
  const ended = await runAnyrole(['sign-string', '--certificate', uri], { NODE_PATH: '/nowhere' });
  assert.equal(ended.status, 1);
  assert.equal(ended.stdout, '');
  assert.match(
    ended.stderr,
    /the package `pkcs11js`.* is not installed; install it beside anyrole with `npm install pkcs11js`/,
  );
});

describe('keys on a token', present(), () => {
  let server: ConformanceServer;
  let resources: Resources;
  const leaves = new Map<string, LeafFiles>();
  let environment: Readonly<Record<string, string>>;
  before(async () => {
    server = await conformanceServer();
    resources = await makeResources(server);
    const conf = join(server.directory, 'softhsm2.conf');
    mkdirSync(join(server.directory, 'tokens'));
    writeFileSync(conf, `directories.tokendir = ${join(server.directory, 'tokens')}\nlog.level = ERROR\n`);
    const { NODE_PATH = '', LD_LIBRARY_PATH = '' } = process.env;
    environment = { HOME: server.directory, SOFTHSM2_CONF: conf, NODE_PATH, LD_LIBRARY_PATH };
    softHsmUtil('--init-token', '--free', '--label', 'any token', '--so-pin', pin, '--pin', pin);
    for (const [at, key] of (['rsa2048', 'p256', 'p384'] as const).entries()) {
      const leaf = server.leaf(`token-${key}`, key);
      leaves.set(key, leaf);
      const id = `0${at + 1}`;
      softHsmUtil('--token', 'any token', '--import', leaf.privateKeyPath, '--label', key, '--id', id, '--pin', pin);
      writeCertificate(leaf, key, id);
    }
  });
  after(() => server[Symbol.asyncDispose]());

  function softHsmUtil(...args: readonly string[]): void {
    const { status, stderr } = spawnSync('softhsm2-util', ['--module', softHsm, ...args], {
      env: { ...process.env, ...environment },
    });
    assert.equal(status, 0, String(stderr));
  }

  function writeCertificate(leaf: LeafFiles, label: string, id: string): void {
    const script = `
      const { PKCS11 } = require('pkcs11js');
      const library = new PKCS11();
      library.load(process.argv[1]);
      library.C_Initialize();
      const slot = library.C_GetSlotList(true).find((one) => library.C_GetTokenInfo(one).label.startsWith('any token'));
      const session = library.C_OpenSession(slot, 6);
      library.C_Login(session, 1, process.argv[2]);
      library.C_CreateObject(session, [
        { type: 0, value: 1 }, { type: 1, value: true }, { type: 2, value: false }, { type: 0x80, value: 0 },
        { type: 3, value: process.argv[3] }, { type: 0x102, value: Buffer.from(process.argv[4], 'hex') },
        { type: 0x101, value: Buffer.alloc(0) }, { type: 0x11, value: Buffer.from(process.argv[5], 'base64') },
      ]);
      library.C_Finalize();`;
    const der = Buffer.from(leaf.der).toString('base64');
    const { status, stderr } = spawnSync(process.execPath, ['-e', script, softHsm, pin, label, id, der], {
      env: { ...process.env, ...environment },
    });
    assert.equal(status, 0, String(stderr));
  }

  const anyrole = (command: string, ...args: readonly string[]) =>
    runAnyrole([command, '--pkcs11-lib', softHsm, ...args], environment);
  const session = () => [
    ...['--endpoint', server.url, '--role-arn', resources.roleArn],
    ...['--profile-arn', resources.profileArn, '--trust-anchor-arn', resources.trustAnchorArn],
  ];
  const uriOf = (key: string, secret = pin) => `pkcs11:token=any%20token;object=${key}?pin-value=${secret}`;

  for (const key of ['rsa2048', 'p256', 'p384']) {
    test(`a ${key} certificate and the key beside it earn credentials`, async () => {
      const ended = await anyrole('credential-process', '--certificate', uriOf(key), ...session());
      assert.equal(ended.status, 0, ended.stderr);
      assert.match(JSON.parse(ended.stdout).AccessKeyId, /^ASIA/);
    });

    test(`the ${key} key signs for a certificate in a file, with every hash`, async () => {
      const leaf = leaves.get(key);
      assert.ok(leaf);
      const flags = ['--certificate', leaf.certificatePath, '--private-key', uriOf(key)];
      assert.equal((await anyrole('credential-process', ...flags, ...session())).status, 0);
      const { publicKey } = new X509Certificate(leaf.pem);
      const signed = async (digest: string) => {
        const { stdout, stderr } = await anyrole('sign-string', ...flags, '--digest', digest, '--format', 'text');
        assert.equal(stderr, '');
        return Buffer.from(stdout, 'hex');
      };
      const plain = await runAnyrole([
        'sign-string',
        '--certificate',
        leaf.certificatePath,
        '--private-key',
        leaf.privateKeyPath,
      ]);
      // RSA signatures of one key and text are one.
      if (key === 'rsa2048') assert.equal((await signed('SHA256')).toString('hex'), JSON.parse(plain.stdout));
      for (const digest of ['SHA384', 'SHA512']) {
        const signature = await signed(digest);
        assert.ok(createVerify(digest).update(fixedString(publicKey)).verify(publicKey, signature), digest);
      }
    });
  }

  test('a PIN may stand in a file', async () => {
    const path = join(server.directory, 'pin');
    writeFileSync(path, `${pin}\n`, { mode: 0o600 });
    const uri = `pkcs11:token=any%20token;id=%02?pin-source=file:${path}`;
    assert.equal((await anyrole('sign-string', '--certificate', uri)).status, 0);
  });

  test('the certificates of a token are listed, without a PIN', async () => {
    const { stdout, stderr } = await anyrole('read-certificate-data', '--certificate', 'pkcs11:token=any%20token');
    assert.match(stdout, /^Matching identities\n1\) [0-9a-f]{40} "/, stderr);
    assert.equal(stdout.match(/Subject: .*CN=token-/g)?.length, 3);
    assert.match(stdout, /URI: pkcs11:object=p256;id=%02\n/);
  });

  test('what is wrong is said, and no PIN is shown', async () => {
    for (const [uri, pattern] of [
      [uriOf('p256', '999999'), /CKR_PIN_INCORRECT; give the right PIN/],
      [uriOf('absent'), /0 certificates on the token match the URI/],
      ['pkcs11:token=any%20token', /3 certificates on the token match/],
      ['pkcs11:token=other', /0 tokens match the PKCS #11 URI/],
      ['pkcs11:objekt=p256', /its attribute `objekt` is not known/],
    ] as const) {
      const ended = await anyrole('credential-process', '--certificate', uri, ...session());
      assert.equal(ended.status, 1, ended.stderr);
      assert.equal(ended.stdout, '');
      assert.match(ended.stderr, pattern);
      assert.doesNotMatch(ended.stderr, /999999|123456(?!\d)/);
    }
  });

  test('a module that is none is told', async () => {
    const ended = await runAnyrole(
      ['sign-string', '--pkcs11-lib', '/no/module.so', '--certificate', uriOf('p256')],
      environment,
    );
    assert.match(
      ended.stderr,
      /module `\/no\/module.so` cannot be loaded; give the path of the module with --pkcs11-lib/,
    );
  });
});
