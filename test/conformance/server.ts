// A server for the clients of others: loopback, plain HTTP, a data directory of its own, one account with a known root
// key, and a PKI whose certificates and keys lie in files.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../../src/main.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { type Authority, type KeyName, type Minted, makeCa } from '../pki.ts';

export const accountId = '123456789012';
export const region = 'eu-central-1';
export const rootKey = {
  accessKeyId: 'AKIACONFORMANCE00001',
  secretAccessKey: 'conformance/conformance+conformance/0001',
};

/** A leaf and the files that hold it. */
export type LeafFiles = Minted & { readonly certificatePath: string; readonly privateKeyPath: string };

export type ConformanceServer = Awaited<ReturnType<typeof conformanceServer>>;

/** What the log says of a request: `rolesanywhere.GetProfile`, and the code of a refusal. */
export type Visited = { readonly operation: string; readonly code?: string };

/**
 * Starts a server; stop it with `await using`. `settings` are the members of a settings file; absent, AWS's own. `tls`: PEM
 * of its certificate and key; absent, it speaks plain HTTP.
 */
export async function conformanceServer({
  settings,
  tls,
}: {
  readonly settings?: object;
  readonly tls?: { readonly cert: string; readonly key: string };
} = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'anyrole-conformance-'));
  const dataDir = join(directory, 'data');
  const visited: Visited[] = [];
  const log: typeof silentLog = {
    ...silentLog,
    info({ requestId, code }, _message, shared) {
      if (requestId === undefined) return; // the server tells of other things, too
      const { service, operation } = shared?.facts ?? {};
      const refusal = code === undefined ? {} : { code: String(code) };
      visited.push({ operation: `${service ?? 'unknown'}.${operation ?? 'Unknown'}`, ...refusal });
    },
  };
  const settingsFile = join(directory, 'settings.json');
  if (settings !== undefined) writeFileSync(settingsFile, JSON.stringify(settings));
  const config = {
    ...{ host: '127.0.0.1', port: 0, dataDir, rootKey, accountId },
    ...(settings && { settingsFile }),
    ...(tls && { tls }),
  };
  const server = await startServer(config, log);
  const ca = makeCa({ subject: 'CN=Conformance Root CA,O=Anyrole' });
  return {
    url: server.url,
    directory,
    ca,
    /** Every request so far, in the order of the answers. */
    visited: visited as readonly Visited[],
    /** A leaf of the CA or of another issuer, its certificate and PKCS #8 key in PEM files. */
    leaf(name: string, key: KeyName, issuer: Authority = ca): LeafFiles {
      const leaf = issuer.issue({ subject: `CN=${name},OU=Conformance`, key, san: { dns: [`${name}.example`] } });
      const certificatePath = join(directory, `${name}.pem`);
      const privateKeyPath = join(directory, `${name}-key.pem`);
      writeFileSync(certificatePath, leaf.pem);
      writeFileSync(privateKeyPath, leaf.keyPem, { mode: 0o600 });
      return { ...leaf, certificate: leaf.certificate, certificatePath, privateKeyPath };
    },
    /** The environment of a child process: this server, the root key, and nothing of the person who runs the tests. */
    environment: {
      PATH: process.env.PATH,
      HOME: directory,
      // Where a version manager keeps the interpreters that PATH names.
      PYENV_ROOT: process.env.PYENV_ROOT,
      PYENV_VERSION: process.env.PYENV_VERSION,
      PYTHONDONTWRITEBYTECODE: '1',
      NO_PROXY: '*',
      AWS_ENDPOINT_URL: server.url,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: rootKey.accessKeyId,
      AWS_SECRET_ACCESS_KEY: rootKey.secretAccessKey,
      AWS_CONFIG_FILE: join(directory, 'no-config'),
      AWS_SHARED_CREDENTIALS_FILE: join(directory, 'no-credentials'),
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_PAGER: '',
    } as Readonly<Record<string, string | undefined>>,
    async [Symbol.asyncDispose]() {
      await server.close(1000);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A trust policy that lets Roles Anywhere assume the role. */
export const trustPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'rolesanywhere.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
    },
  ],
});
