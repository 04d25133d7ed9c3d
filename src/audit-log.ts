// The audit log of a running server: its chain, checkpoints now and then, a file elsewhere that keeps them, and retention.
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { checkpointer } from './audit/checkpoints.ts';
import { type OpenChain, openChain } from './audit/opening.ts';
import { type RetentionBounds, retention } from './audit/retention.ts';
import { auditFileName, nameChain, namedChain } from './audit-file.ts';
import { type Config, ConfigError } from './config.ts';
import type { Keyring, RandomBytes } from './keyring.ts';
import type { Store } from './store/store.ts';
import type { Log } from './telemetry/log.ts';
import type { Collected } from './telemetry/metrics.ts';

export type AuditLog = {
  readonly chain: OpenChain['chain'];
  readonly metrics: readonly Collected[];
  /** Signs and removes from now on. */
  start(): void;
  /** Signs the last place, after all was written. */
  close(): Promise<void>;
};

type Means = {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly randomBytes: RandomBytes;
  readonly log: Log;
  readonly retained: RetentionBounds;
  now(): Date;
  later(work: () => void, ms: number): () => void;
};

/** The log of the data directory. Throws ConfigError where its chain is not whole, and where the file cannot be written. */
export async function openAuditLog(
  config: Pick<Config, 'dataDir' | 'auditCheckpoints'>,
  means: Means,
): Promise<AuditLog> {
  const { store, log, now, later } = means;
  const { chain, signer } = await openedChain(config.dataDir, means);
  const file = config.auditCheckpoints === undefined ? undefined : await checkpointFile(config.auditCheckpoints);
  const checkpoints = checkpointer({
    store,
    chain,
    signer,
    now,
    later,
    async written(checkpoint) {
      log.info({ checkpoint }, 'audit checkpoint');
      await file?.appendFile(`${JSON.stringify(checkpoint)}\n`);
      await file?.datasync();
    },
    failed: (cause) => log.error({ cause: String(cause) }, 'an audit checkpoint was not kept'),
  });
  const removing = retention({
    store,
    chain,
    signer,
    bounds: means.retained,
    now,
    later,
    failed: (cause) => log.error({ cause: String(cause) }, 'retention removed nothing'),
  });
  const isRetaining = Object.keys(means.retained).length > 0;
  return {
    chain,
    metrics: [
      {
        kind: 'counter',
        name: 'anyrole_audit_events_removed_total',
        help: 'Audit events that retention removed.',
        labels: [],
        collect: () => [{ value: removing.removed() }],
      },
    ],
    start() {
      checkpoints.start();
      if (isRetaining) removing.start();
    },
    async close() {
      await removing.close();
      await checkpoints.close().catch((cause) => log.error({ cause: String(cause) }, 'the last checkpoint is missing'));
      await file?.close();
    },
  };
}

/** A file that is only added to, for its owner alone. */
async function checkpointFile(path: string): Promise<FileHandle> {
  return open(path, 'a', 0o600).catch((cause) => {
    throw new ConfigError(`--audit-checkpoints \`${path}\`: expected a file that can be added to (${cause.code})`);
  });
}

/** The chain that the data directory names, or one that is named now. */
async function openedChain(dataDir: string, { store, keyring, randomBytes, now, log }: Means): Promise<OpenChain> {
  const file = join(dataDir, auditFileName);
  const named = namedChain(file);
  const opened = await openChain({ store, keyring, randomBytes, now: now() }, named);
  if (!opened.ok) throw new ConfigError(`--data-dir \`${dataDir}\`: ${faults[opened.reason]}; see docs/audit.md`);
  if (named === undefined) {
    nameChain(file, opened.chain.id);
    log.info({ chain: opened.chain.id }, 'the audit chain is named');
  }
  return opened;
}

const faults = {
  chainMissing: 'the audit chain that audit.json names is not in the store',
  headAltered: 'the head of the audit chain is not as the server left it',
  keyLost: 'no key of keyring.json opens the signing key of the audit chain',
} as const;
