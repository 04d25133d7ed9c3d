// `anyrole credential-process`: one session, as one JSON object on standard output, for `credential_process` of a profile.
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { homeOf } from '../client/arns.ts';
import { createSession } from '../client/create-session.ts';
import { endpointOf } from '../client/endpoint.ts';
import { readMaterial } from '../client/material.ts';
import type { RolesAnywhereOptions } from '../client/options.ts';
import type { Session } from '../client/session.ts';
import type { ProcessCredentials } from '../client/session-cache.ts';
import type { Environment } from '../config.ts';
import { askingForPassword, sessionOptions } from './binding.ts';
import { givenFlags } from './binding-flags.ts';

export type CredentialProcessFlags = { readonly cache?: boolean; readonly debug?: boolean };

/** Prints the credentials. Throws ConfigError and RolesAnywhereError; standard output stays empty then. */
export async function credentialProcess(
  { cache, debug }: CredentialProcessFlags,
  command: Command,
  environment: Environment,
): Promise<void> {
  const options = sessionOptions(givenFlags(command));
  // What few calls use is loaded for them alone: this process starts each time that an SDK wants credentials.
  const telling = debug ? await import('./debug.ts') : undefined;
  await telling?.tellIdentity(options, environment);
  const ask = async () => processCredentials(await askingForPassword(options, createSession));
  const credentials = cache ? await cached(options, environment, ask) : await ask();
  telling?.tellSession(credentials);
  process.stdout.write(JSON.stringify(credentials));
}

/** The session in the form and the order of members that the official helper prints. */
function processCredentials(session: Session): ProcessCredentials {
  return {
    Version: 1,
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    SessionToken: session.sessionToken,
    Expiration: session.expirationText,
  };
}

async function cached(options: RolesAnywhereOptions, environment: Environment, ask: () => Promise<ProcessCredentials>) {
  const { throughCache } = await import('../client/session-cache.ts');
  const { bytes } = await readMaterial('certificate', options.certificate);
  const { trustAnchorArn, profileArn, roleArn, durationSeconds, roleSessionName } = options;
  const { url, region } = endpointOf(options, homeOf(options), environment);
  const certificate = createHash('sha256').update(bytes).digest('hex');
  return throughCache(
    {
      directory: join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'anyrole'),
      key: [certificate, trustAnchorArn, profileArn, roleArn, durationSeconds, roleSessionName, region, url.href],
      now: () => new Date(),
      warn: (failure) =>
        void process.stderr.write(
          `anyrole: kept credentials are given, since ${failure instanceof Error ? failure.message : failure}\n`,
        ),
    },
    ask,
  );
}
