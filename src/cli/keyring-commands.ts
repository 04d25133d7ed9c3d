// The commands of the keyring, with their flags. They look at a data directory and change its keyring, and may run beside a
// server.
import type { Command } from 'commander';
import { defaultDataDir } from '../config.ts';

type Flags = { readonly dataDir: string };

export function keyringCommands(anyrole: Command): void {
  const keyring = anyrole
    .command('keyring')
    .description('look after the keys that seal sessions and stored secrets')
    .exitOverride();
  const keeping = (name: string, description: string) =>
    keyring
      .command(name)
      .description(description)
      .option('--data-dir <dir>', 'the data directory, of a server that may run', defaultDataDir)
      .allowExcessArguments(false)
      .exitOverride();

  keeping('list', 'print the keys, without their secrets').action(async ({ dataDir }: Flags) =>
    (await import('./keyring-work.ts')).list(dataDir),
  );
  keeping('rotate', 'add a key that seals from now on; a running server takes it up').action(
    async ({ dataDir }: Flags) => (await import('./keyring-work.ts')).rotate(dataDir),
  );
  keeping('remove <key-id>', 'remove an old key that nothing stored needs')
    .option('--end-sessions', 'even if sessions that it sealed are valid: they end')
    .action(async (keyId: string, flags: Flags & { readonly endSessions?: boolean }) =>
      (await import('./keyring-work.ts')).remove(flags.dataDir, keyId, flags.endSessions ?? false),
    );
}
