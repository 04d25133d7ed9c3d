// `anyrole backup` and `anyrole restore`, with their flags.
import type { Command } from 'commander';
import { defaultDataDir } from '../config.ts';

export function backupCommands(anyrole: Command): void {
  anyrole
    .command('backup')
    .description('copy a data directory, whose server may run, and verify the copy')
    .requiredOption('--to <dir>', 'a directory that is not there or empty')
    .option('--data-dir <dir>', 'the data directory', defaultDataDir)
    .option('--without-keyring', 'leave the keys out: keep them elsewhere, nothing can be restored without them')
    .allowExcessArguments(false)
    .exitOverride()
    .action(async (flags) => (await import('./backup-work.ts')).backup(flags));
  anyrole
    .command('restore')
    .description('make a new data directory of a backup, and verify it')
    .requiredOption('--from <dir>', 'the backup')
    .requiredOption('--data-dir <dir>', 'a directory that is not there or empty')
    .option('--keyring <file>', 'the keyring, in the place of the one of the backup')
    .allowExcessArguments(false)
    .exitOverride()
    .action(async (flags) => (await import('./backup-work.ts')).restoreFrom(flags));
}
