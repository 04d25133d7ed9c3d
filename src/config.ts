// Flags and environment → one checked Config. The only reader of the environment; what is wrong is said in one line that
// names the flag or variable, its value and what was expected.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';

/** Where to listen; port 0 is any that is free. */
export type Address = { readonly host: string; readonly port: number };

export type Config = Address & {
  /** Where metrics are scraped, over plain HTTP. Absent: nowhere. */
  readonly metrics?: Address;
  /** Where the embedded store and the keyring stand. */
  readonly dataDir: string;
  /** PEM texts. Absent: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** A given root key. Absent: one is made at the first start. */
  readonly rootKey?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Twelve digits. Absent: the account that exists, or a new one. */
  readonly accountId?: string;
  /** Makes a root key even where the account exists already: the old one's secret is not to be had again. */
  readonly makeRootKey?: boolean;
  /** A JSON file with settings of services/settings.ts, read at the start. Absent: AWS's own. */
  readonly settingsFile?: string;
  /** A file that every checkpoint of the audit log is added to. Absent: the store and the log alone have them. */
  readonly auditCheckpoints?: string;
};

/** What the command line gave, as text. */
export type Flags = {
  readonly listen: string;
  readonly dataDir: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly allowPlainHttp?: boolean;
  readonly config?: string;
  readonly metricsListen?: string;
  readonly auditCheckpoints?: string;
};

export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that cannot be used; the message is one line for the person who set it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export const defaultListen = '127.0.0.1:4747';
export const defaultDataDir = './anyrole-data';

/** Throws ConfigError. */
export function readConfig(flags: Flags, environment: Environment): Config {
  const { host, port } = listenAddress('--listen', flags.listen);
  const tls = tlsFiles(flags);
  if (tls === undefined && !isLoopback(host) && !flags.allowPlainHttp) {
    throw new ConfigError(
      `--listen \`${flags.listen}\`: without TLS only a loopback address is served; give --tls-cert and --tls-key, or --allow-plain-http behind a proxy that adds TLS`,
    );
  }
  return {
    host,
    port,
    dataDir: flags.dataDir,
    ...(tls && { tls }),
    ...metricsAddress(flags),
    ...settingsFile(flags),
    ...checkpointFile(flags),
    ...rootKey(environment),
    ...accountId(environment),
  };
}

/** Whether nobody but this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function metricsAddress({ metricsListen: text, allowPlainHttp }: Flags): Pick<Config, 'metrics'> {
  if (text === undefined) return {};
  const metrics = listenAddress('--metrics-listen', text);
  if (isLoopback(metrics.host) || allowPlainHttp) return { metrics };
  throw new ConfigError(
    `--metrics-listen \`${text}\`: metrics are plain HTTP and served on a loopback address only; give --allow-plain-http where the network keeps strangers out`,
  );
}

/** `HOST:PORT`; an IPv6 address stands in brackets. Throws ConfigError. */
export function listenAddress(flag: string, text: string): Address {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65535 || (bracketed !== undefined && isIP(bracketed) !== 6)) {
    throw new ConfigError(`${flag} \`${text}\`: expected HOST:PORT, e.g. ${defaultListen} or [::1]:4747`);
  }
  return { host, port };
}

function settingsFile({ config }: Flags): Pick<Config, 'settingsFile'> {
  if (config === '') throw new ConfigError('--config ``: expected the name of a JSON file');
  return config === undefined ? {} : { settingsFile: config };
}

function checkpointFile({ auditCheckpoints }: Flags): Pick<Config, 'auditCheckpoints'> {
  if (auditCheckpoints === '') throw new ConfigError('--audit-checkpoints ``: expected the name of a file');
  return auditCheckpoints === undefined ? {} : { auditCheckpoints };
}

function tlsFiles({ tlsCert, tlsKey }: Flags): Config['tls'] {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    const [given, missing] = tlsCert === undefined ? ['--tls-key', '--tls-cert'] : ['--tls-cert', '--tls-key'];
    throw new ConfigError(`${given} is given without ${missing}: TLS takes both`);
  }
  const tls = { cert: pem('--tls-cert', tlsCert, 'CERTIFICATE'), key: pem('--tls-key', tlsKey, 'PRIVATE KEY') };
  try {
    createSecureContext(tls);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new ConfigError(
      `--tls-cert \`${tlsCert}\` and --tls-key \`${tlsKey}\`: expected a certificate and its own private key, without a password (${code})`,
    );
  }
  return tls;
}

function pem(flag: string, path: string, label: string): string {
  const text = fileText(flag, path);
  if (!text.includes(`${label}-----`)) throw new ConfigError(`${flag} \`${path}\`: expected PEM with a ${label} block`);
  return text;
}

function fileText(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new ConfigError(`${flag} \`${path}\`: expected a readable file (${code})`);
  }
}

const names = {
  accessKeyId: 'ANYROLE_ROOT_ACCESS_KEY_ID',
  secretAccessKey: 'ANYROLE_ROOT_SECRET_ACCESS_KEY',
  account: 'ANYROLE_ACCOUNT_ID',
} as const;

function rootKey(environment: Environment): Pick<Config, 'rootKey'> {
  const accessKeyId = environment[names.accessKeyId] || undefined;
  const secretAccessKey = environment[names.secretAccessKey] || undefined;
  if (accessKeyId === undefined && secretAccessKey === undefined) return {};
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new ConfigError(`${names.accessKeyId} and ${names.secretAccessKey} go together: only one of them is set`);
  }
  if (!/^\w{16,128}$/.test(accessKeyId)) {
    throw new ConfigError(
      `${names.accessKeyId} \`${accessKeyId.slice(0, 128)}\`: expected 16–128 letters, digits or _`,
    );
  }
  // The value itself is a secret and is not repeated.
  if (secretAccessKey.length < 16) throw new ConfigError(`${names.secretAccessKey}: expected at least 16 characters`);
  return { rootKey: { accessKeyId, secretAccessKey } };
}

function accountId(environment: Environment): Pick<Config, 'accountId'> {
  const text = environment[names.account] || undefined;
  if (text === undefined) return {};
  if (!/^\d{12}$/.test(text))
    throw new ConfigError(`${names.account} \`${text.slice(0, 128)}\`: expected twelve digits`);
  return { accountId: text };
}
