// What `anyrole backup` and `anyrole restore` do and say.
import { backUp, restore, type Whole } from '../backup.ts';

/** Throws ConfigError, and Error where the copy is not whole. */
export async function backup(flags: {
  readonly dataDir: string;
  readonly to: string;
  readonly withoutKeyring?: boolean;
}): Promise<void> {
  const whole = await backUp(flags.dataDir, flags.to, !flags.withoutKeyring, new Date());
  process.stdout.write(`${flags.to} has all of ${flags.dataDir} as of ${whole.createdAt}: ${summary(whole)}\n`);
  if (!whole.withKeyring) {
    process.stdout.write('it has no keyring: without keyring.json, kept elsewhere, nothing can be restored from it\n');
  }
}

/** Throws ConfigError, and Error where what comes out is not whole. */
export async function restoreFrom(flags: {
  readonly from: string;
  readonly dataDir: string;
  readonly keyring?: string;
}): Promise<void> {
  const whole = await restore(flags.from, flags.dataDir, flags.keyring);
  process.stdout.write(`${flags.dataDir} is as of ${whole.createdAt}: ${summary(whole)}\n`);
}

function summary({ files, events }: Whole): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return `${files.length} files, ${bytes} bytes, ${events} audit events, verified`;
}
