// `anyrole update`: keeps a profile of the shared credentials file filled, for programs that can read nothing else.
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createSession } from '../client/create-session.ts';
import { isProfileName } from '../client/profile-text.ts';
import type { Session } from '../client/session.ts';
import { keepProfileUpdated, type UpdatedProfile, updateProfile } from '../client/updated-profile.ts';
import { worldOf } from '../client/world.ts';
import { ConfigError, type Environment } from '../config.ts';
import { askingForPassword, sessionOptions } from './binding.ts';
import { givenFlags } from './binding-flags.ts';
import { tellIdentity } from './debug.ts';

export type UpdateFlags = { readonly profile: string; readonly once?: boolean; readonly debug?: boolean };

/** Resolves after one update with `once`, else after SIGTERM or SIGINT. Throws ConfigError and RolesAnywhereError. */
export async function update(
  { profile, once, debug }: UpdateFlags,
  command: Command,
  environment: Environment,
): Promise<void> {
  if (!isProfileName(profile)) {
    throw new ConfigError(`--profile \`${profile}\`: expected a name without brackets and outer spaces`);
  }
  let options = sessionOptions(givenFlags(command));
  if (debug) await tellIdentity(options, environment);
  const create = () =>
    askingForPassword(options, (given) => {
      // A person is asked once, not at each refresh.
      options = given;
      return createSession(given);
    });
  const path = environment.AWS_SHARED_CREDENTIALS_FILE || join(homedir(), '.aws', 'credentials');
  const asked: UpdatedProfile = { path, profile, create, world: worldOf(), ...told(profile, path) };
  if (once) return tellOnce(await updateProfile(asked), profile, path);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
  await keepProfileUpdated(asked, () => true);
}

function tellOnce({ expirationText }: Session, profile: string, path: string): void {
  process.stdout.write(`anyrole: profile \`${profile}\` of ${path} lasts until ${expirationText}\n`);
}

function told(profile: string, path: string): Pick<UpdatedProfile, 'updated' | 'failed'> {
  return {
    updated({ expirationText }, next) {
      process.stdout.write(
        `anyrole: profile \`${profile}\` of ${path} lasts until ${expirationText}; next refresh at ${next.toISOString()}\n`,
      );
    },
    failed(failure, pauseSeconds) {
      const said = failure instanceof Error ? failure.message : String(failure);
      process.stderr.write(`anyrole: ${said}; trying again in ${Math.round(pauseSeconds)} s\n`);
    },
  };
}
