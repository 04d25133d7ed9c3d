// `anyrole session`: one session for people: a table that says who the credentials are, or lines for a shell.
import type { Command } from 'commander';
import { createSession } from '../client/create-session.ts';
import type { Session } from '../client/session.ts';
import type { Environment } from '../config.ts';
import { askingForPassword, sessionOptions } from './binding.ts';
import { givenFlags } from './binding-flags.ts';
import { tellIdentity } from './debug.ts';

export type SessionFlags = { readonly export?: boolean; readonly json?: boolean; readonly debug?: boolean };

/** Prints the session. The table, which people show each other, has no secret. Throws ConfigError and RolesAnywhereError. */
export async function session(flags: SessionFlags, command: Command, environment: Environment): Promise<void> {
  const options = sessionOptions(givenFlags(command));
  if (flags.debug) await tellIdentity(options, environment);
  const made = await askingForPassword(options, createSession);
  process.stdout.write(flags.export ? exportLines(made) : flags.json ? json(made) : table(made));
}

function exportLines(made: Session): string {
  const variables = {
    AWS_ACCESS_KEY_ID: made.accessKeyId,
    AWS_SECRET_ACCESS_KEY: made.secretAccessKey,
    AWS_SESSION_TOKEN: made.sessionToken,
    AWS_CREDENTIAL_EXPIRATION: made.expirationText,
  };
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join('');
}

function json({ expiration: _date, expirationText: expiration, ...members }: Session): string {
  return `${JSON.stringify({ ...members, expiration }, null, 2)}\n`;
}

function table(made: Session): string {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['role', made.roleArn],
    ['session', made.assumedRoleArn],
    ['subject', made.subjectArn],
    ['source identity', made.sourceIdentity],
    ['access key', made.accessKeyId],
    ['lasts until', `${made.expirationText} (${minutesLeft(made)} minutes)`],
    ['secret, token', 'with --export or --json'],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(16)}${value}\n`])).join('');
}

function minutesLeft({ expiration }: Session): number {
  return Math.floor((expiration.getTime() - Date.now()) / 60_000);
}
