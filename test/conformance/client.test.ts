// The client library against a server: every kind of key in every form a file may have, and SDK v3 with its credentials.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import {
  createSession,
  fromRolesAnywhere,
  type IdentityOptions,
  type RolesAnywhereOptions,
  type Signer,
} from '../../src/client/index.ts';
import { pkcs12Of } from '../pkcs12.ts';
import type { KeyName } from '../pki.ts';
import { accountId, type ConformanceServer, conformanceServer, region } from './server.ts';
import { makeResources, type Resources, roleName } from './session-resources.ts';
import { needs } from './tools.ts';

const kinds: readonly KeyName[] = [
  ...(['rsa2048', 'rsa3072', 'rsa4096', 'p256', 'p384', 'p521', 'ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const),
];
const password = 'correct horse';

/** Skips where openssl is older than 3.5. */
function opensslKnows(algorithm: string) {
  const { status } = spawnSync('openssl', ['genpkey', '-algorithm', algorithm], { stdio: 'ignore' });
  return status === 0 ? {} : { skip: `openssl here does not know ${algorithm}` };
}

describe('the client library', () => {
  let server: ConformanceServer;
  let resources: Resources;
  const optionsFor = (identity: IdentityOptions): RolesAnywhereOptions => ({
    ...identity,
    ...resources,
    endpoint: server.url,
    world: { environment: {} },
  });
  const file = (name: string, content: string | Uint8Array) => {
    const path = join(server.directory, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  before(async () => {
    server = await conformanceServer();
    resources = await makeResources(server);
  });
  after(() => server[Symbol.asyncDispose]());

  async function earns(identity: IdentityOptions): Promise<void> {
    const session = await createSession(optionsFor(identity));
    assert.match(session.assumedRoleArn ?? '', new RegExp(`^arn:aws:sts::${accountId}:assumed-role/${roleName}/`));
    assert.deepEqual([session.accountId, session.region], [accountId, region]);
  }

  for (const key of kinds) {
    test(`a ${key} key signs from PEM, encrypted PKCS #8, DER and a combined file with its chain`, async () => {
      const intermediate = server.ca.issueCa({ subject: `CN=Intermediate for ${key}`, key: 'p256' });
      const leaf = server.leaf(`client-${key}`, key);
      const below = server.leaf(`client-below-${key}`, key, intermediate);
      await earns({ certificate: leaf.certificatePath, privateKey: leaf.privateKeyPath });
      const encrypted = leaf.privateKey.export({
        type: 'pkcs8',
        format: 'pem',
        cipher: 'aes-256-cbc',
        passphrase: password,
      });
      await earns({ certificate: leaf.certificatePath, privateKey: file(`${key}-enc.pem`, encrypted), password });
      const der = leaf.privateKey.export({ type: 'pkcs8', format: 'der' });
      await earns({ certificate: leaf.der, privateKey: der });
      const fullChain = `${below.pem}${intermediate.pem}${server.ca.pem}`;
      await earns({ certificate: file(`${key}-full.pem`, fullChain), privateKey: below.privateKeyPath });
      await earns({ certificate: `${below.keyPem}${fullChain}` });
      const [certificate, intermediates] = [below.pem, () => intermediate.pem];
      await earns({ certificate, privateKey: () => readFileSync(below.privateKeyPath), intermediates });
      await assert.rejects(earns({ certificate, privateKey: below.privateKey }), {
        code: 'AccessDeniedException',
        status: 403,
        hint: 'give the intermediates, or look whether the trust anchor is of this CA',
      });
    });
  }

  for (const key of kinds) {
    const knows = key.startsWith('ml-dsa') ? opensslKnows(key) : needs('openssl', 'version');
    test(`a ${key} key signs from PKCS #12 of openssl, its chain beside it`, knows, async () => {
      const intermediate = server.ca.issueCa({ subject: `CN=PKCS 12 for ${key}`, key: 'p256' });
      const leaf = server.leaf(`p12-${key}`, key, intermediate);
      const chain = file(`p12-${key}-chain.pem`, intermediate.pem + server.ca.pem);
      const out = join(server.directory, `${key}.p12`);
      const pem = ['-in', leaf.certificatePath, '-inkey', leaf.privateKeyPath, '-certfile', chain];
      execFileSync('openssl', ['pkcs12', '-export', ...pem, '-out', out, '-passout', `pass:${password}`]);
      await earns({ certificate: out, password });
      await earns({ certificate: readFileSync(out), password: async () => password });
      await assert.rejects(earns({ certificate: out }), { code: 'PasswordMissing', hint: 'give its password' });
      await assert.rejects(earns({ certificate: out, password: 'wrong' }), { code: 'PasswordWrong' });
    });
  }

  for (const key of kinds) {
    test(`a ${key} key signs from PKCS #12 with the leaf behind its chain`, async () => {
      const intermediate = server.ca.issueCa({ subject: `CN=PKCS 12 of ours for ${key}`, key: 'p256' });
      const leaf = intermediate.issue({ subject: `CN=own-p12-${key}`, key });
      const chain = [server.ca.der, intermediate.der, leaf.der];
      const path = file(`own-${key}.p12`, pkcs12Of(chain, leaf.privateKey, password));
      await earns({ certificate: path, password });
      await assert.rejects(earns({ certificate: path, password: 'wrong' }), { code: 'PasswordWrong' });
    });
  }

  for (const key of ['rsa2048', 'p384', 'ml-dsa-65'] as const) {
    test(`a function signs for a ${key} certificate, and its key never comes here`, async () => {
      const leaf = server.leaf(`signer-${key}`, key);
      const asked: string[] = [];
      const signer: Signer = {
        sign: async (algorithm, data) => {
          asked.push(algorithm);
          return sign(algorithm === 'AWS4-X509-MLDSA' ? null : 'sha256', data, leaf.privateKey);
        },
      };
      await earns({ certificate: leaf.pem, privateKey: signer });
      const scheme = { rsa2048: 'RSA-SHA256', p384: 'ECDSA-SHA256', 'ml-dsa-65': 'MLDSA' }[key];
      assert.deepEqual(asked, [`AWS4-X509-${scheme}`]);
    });
  }

  test('a thousand callers at once are one CreateSession of the server', async () => {
    const leaf = server.leaf('many', 'p256');
    const provider = fromRolesAnywhere(
      optionsFor({ certificate: leaf.certificatePath, privateKey: leaf.privateKeyPath }),
    );
    const before = server.visited.length;
    const all = await Promise.all(Array.from({ length: 1000 }, () => provider()));
    assert.equal(new Set(all.map(({ accessKeyId }) => accessKeyId)).size, 1);
    assert.deepEqual(server.visited.slice(before), [{ operation: 'rolesanywhere.CreateSession' }]);
  });

  test('SDK v3 calls as the role, with credentials of the provider', async () => {
    const leaf = server.leaf('sdk', 'p256');
    const credentials = fromRolesAnywhere(
      optionsFor({ certificate: leaf.certificatePath, privateKey: leaf.privateKeyPath }),
    );
    const sts = new STSClient({ region, endpoint: server.url, credentials });
    const identity = await sts.send(new GetCallerIdentityCommand({}));
    sts.destroy();
    assert.match(identity.Arn ?? '', new RegExp(`^arn:aws:sts::${accountId}:assumed-role/${roleName}/`));
    assert.equal(
      server.visited.filter(({ operation }) => operation === 'rolesanywhere.CreateSession').length > 0,
      true,
    );
  });
});
