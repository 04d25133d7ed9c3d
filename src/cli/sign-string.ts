// `anyrole sign-string`: signs a fixed string, to see that the key can be used and is the certificate's.
import type { Command } from 'commander';
import { loadIdentity } from '../client/identity.ts';
import { testSignature } from '../client/sign-test.ts';
import { worldOf } from '../client/world.ts';
import type { Environment } from '../config.ts';
import { askingForPassword, identityOptions } from './binding.ts';
import { givenFlags } from './binding-flags.ts';
import { tellIdentity } from './debug.ts';

/** Of `--digest`, and what the library calls them. */
export const digests = { SHA256: 'sha256', SHA384: 'sha384', SHA512: 'sha512' } as const;

export type SignStringFlags = {
  readonly digest: keyof typeof digests;
  readonly format: 'json' | 'text' | 'bin';
  readonly debug?: boolean;
};

/** Prints the signature: hexadecimal in quotes, plain, or the bytes. Throws ConfigError and RolesAnywhereError. */
export async function signString(
  { digest, format, debug }: SignStringFlags,
  command: Command,
  environment: Environment,
): Promise<void> {
  const options = identityOptions(givenFlags(command));
  if (debug) await tellIdentity(options, environment);
  const signature = await askingForPassword(options, async (given) =>
    testSignature(await loadIdentity(given, worldOf()), given, digests[digest]),
  );
  const hex = Buffer.from(signature).toString('hex');
  process.stdout.write(format === 'bin' ? signature : format === 'json' ? JSON.stringify(hex) : hex);
}
