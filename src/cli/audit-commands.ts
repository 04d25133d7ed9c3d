// The commands of the audit log, with their flags. They look at a data directory or at files, never at a running server, and
// may run beside it.
import { type Command, Option } from 'commander';
import { defaultDataDir } from '../config.ts';

export function auditCommands(anyrole: Command): void {
  const audit = anyrole
    .command('audit')
    .description('look at the audit log: whether it is whole, what is in it')
    .exitOverride();
  const looking = (name: string, description: string) =>
    audit
      .command(name)
      .description(description)
      .option('--data-dir <dir>', 'the data directory, of a server that may run', defaultDataDir)
      .allowExcessArguments(false)
      .exitOverride();
  const filtered = (command: Command) =>
    command
      .option('--account <id>', 'only events of this account')
      .option('--event-name <name>', 'only events of this operation, e.g. CreateSession')
      .option('--since <time>', 'only requests from then on: ISO 8601, or as 90s, 15m, 2h, 7d before now');

  looking('verify', 'find every record that was changed, removed, reordered, inserted or cut off; exit status 1 if any')
    .option(
      '--checkpoints <file...>',
      'hold the log against checkpoints that were kept elsewhere: lines of JSON, or of the log',
    )
    .addOption(
      new Option('--file <file>', 'verify an export in the place of a data directory; needs --key').conflicts(
        'checkpoints',
      ),
    )
    .option(
      '--key <file>',
      'PEM of the public keys, as `anyrole audit key` prints them; without it the keyring has them',
    )
    .option('--json', 'findings and verdict as lines of JSON')
    .action(async (flags) => (await import('./audit-verify.ts')).auditVerify(flags));
  filtered(looking('tail', 'print the last events as lines of JSON'))
    .option('--follow', 'go on printing what is written, until SIGINT')
    .option('--lines <n>', 'how many where no --since is given', '10')
    .action(async (flags) => (await import('./audit-tail.ts')).auditTail(flags));
  filtered(looking('export', 'print events as lines of JSON, by account and time'))
    .option('--until <time>', 'only requests from before then')
    .addOption(
      new Option('--chain', 'print the chain itself, signed: it verifies without the database').conflicts([
        'account',
        'eventName',
        'until',
      ]),
    )
    .action(async (flags) => (await import('./audit-export.ts')).auditExport(flags));
  looking('key', 'print the public key that checkpoints and exports are signed with').action(async (flags) =>
    (await import('./audit-key.ts')).auditKey(flags),
  );
}
