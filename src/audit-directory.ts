// The audit log of a data directory, for whoever looks at it: no lock is taken, so that a server may run meanwhile.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditSource } from './audit/source.ts';
import { type Verdict, type Verification, verifyAudit } from './audit/verify.ts';
import { auditFileName, namedChain } from './audit-file.ts';
import { ConfigError } from './config.ts';
import { type Keyring, parseKeyring } from './keyring.ts';
import { openGlance } from './store/sqlite-glance.ts';

export type AuditDirectory = {
  readonly source: AuditSource;
  /** Absent where keyring.json is. */
  readonly keyring?: Keyring;
  /** The chain that audit.json names. Absent where that is. */
  readonly named?: string;
  close(): void;
};

/** Throws ConfigError where there is no store, or where a file cannot be read. */
export function openAuditDirectory(dataDir: string): AuditDirectory {
  const keyring = keyringIn(join(dataDir, 'keyring.json'));
  const named = namedChain(join(dataDir, auditFileName));
  try {
    const { read, close } = openGlance(dataDir);
    return { source: { read }, ...(keyring && { keyring }), ...(named !== undefined && { named }), close };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`--data-dir \`${dataDir}\`: expected the data directory of a server (${why})`);
  }
}

/** Whether the log of the data directory is whole: with its own keyring, unless the options bring another key. */
export async function verifyDirectory(dataDir: string, options: Verification = {}): Promise<Verdict> {
  const { source, close, ...own } = openAuditDirectory(dataDir);
  try {
    return await verifyAudit(source, { ...own, ...options });
  } finally {
    close();
  }
}

function keyringIn(path: string): Keyring | undefined {
  if (!existsSync(path)) return undefined;
  const parsed = parseKeyring(readFileSync(path, 'utf8'));
  if (parsed.ok) return parsed.keyring;
  throw new ConfigError(`\`${path}\`: expected a keyring (${parsed.reason})`);
}
