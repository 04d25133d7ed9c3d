// The roles that `anyrole metadata` gives out: of the flags and the file of bindings, each kept from its first credentials on.
import { createSession } from '../client/create-session.ts';
import { loadIdentity } from '../client/identity.ts';
import { authorizationToken } from '../client/metadata/container.ts';
import { type KeptRole, keepRole, type Refresh } from '../client/metadata/kept-role.ts';
import type { MetadataMetrics } from '../client/metadata/metrics.ts';
import { type Role, type RoleState, roleOf } from '../client/metadata/role-state.ts';
import { isSessionRefusal, sessionLoader } from '../client/metadata/session-role.ts';
import type { RolesAnywhereOptions } from '../client/options.ts';
import { worldOf } from '../client/world.ts';
import { ConfigError } from '../config.ts';
import { askingForPassword, sessionOptions } from './binding.ts';
import { type Given, givenOfBinding } from './binding-flags.ts';

/** A role and its binding. `name` is what the operator calls it: in the path of containers, in metrics, on standard error. */
export type Kept = { readonly name: string; readonly options: RolesAnywhereOptions; readonly role: KeptRole };

/** A role of the container endpoint and the file that holds its token. */
export type KeptContainer = { readonly kept: Kept; readonly tokenFile: string };

export type Telling = {
  readonly metrics: MetadataMetrics;
  /** Tells the operator a line. */
  readonly say: (line: string) => void;
  /** Tells who a binding is, before its first session is asked for. */
  readonly tellIdentity: (options: RolesAnywhereOptions) => Promise<void> | undefined;
  /** Tells of each new session. Absent: nobody wants to know. */
  readonly tellSession: ((name: string, state: RoleState) => void) | undefined;
};

/** The name of the role that the flags of the command describe. */
export const defaultName = 'default';

/**
 * The role that the flags give, or the one of their instance profile. Throws ConfigError, and what the first CreateSession and
 * GetInstanceProfile throw. Where the key has a password that nobody gave, the person at the terminal is asked once, now.
 */
export function keptDefault(given: Given, instanceProfile: string | undefined, telling: Telling): Promise<Kept> {
  return keptOf(defaultName, sessionOptions(given), telling, instanceProfile);
}

/** `--container NAME=FILE`: bindings of the file of bindings, each with the file of its token. Throws as {@link keptDefault}. */
export async function keptContainers(
  texts: readonly string[],
  config: string | undefined,
  telling: Telling,
): Promise<readonly KeptContainer[]> {
  const made: KeptContainer[] = [];
  for (const text of texts) {
    const [, name = '', tokenFile = ''] = /^([\w.-]{1,64})=(.+)$/.exec(text) ?? [];
    if (name === '' || config === undefined)
      throw new ConfigError(`--container \`${text}\`: expected NAME=FILE, and --config with a binding of the name`);
    if (name === defaultName || made.some(({ kept }) => kept.name === name))
      throw new ConfigError(`--container \`${text}\`: something else stands at /v2/credentials/${name}`);
    await checkTokenFile('--container', tokenFile);
    made.push({ kept: await keptOf(name, sessionOptions(givenOfBinding(config, name)), telling), tokenFile });
  }
  return made;
}

/** Throws ConfigError where nobody could ever show the token of the file. */
export async function checkTokenFile(flag: string, tokenFile: string): Promise<void> {
  const token = await authorizationToken(tokenFile);
  if (!token.ok) throw new ConfigError(`${flag} \`${tokenFile}\`: ${token.reason}`);
}

async function keptOf(
  name: string,
  said: RolesAnywhereOptions,
  { metrics, say, tellIdentity, tellSession }: Telling,
  instanceProfile?: string,
): Promise<Kept> {
  const role = roleOf(said.roleArn);
  if (role === undefined) throw new ConfigError(`--role-arn \`${said.roleArn}\`: expected the ARN of a role`);
  const options = await withPassword(name, said);
  await tellIdentity(options);
  const report = (refresh: Refresh) => {
    metrics.refreshed(name, refresh.kind);
    if (refresh.kind === 'refreshFailed') return say(failed(name, refresh));
    if (refresh.state.kind !== 'granted') say(`binding ${name}: ${refresh.state.kind}`);
    tellSession?.(name, refresh.state);
  };
  const load =
    instanceProfile === undefined
      ? sessionLoader(options, role, now)
      : await profileLoaderOf(options, role, instanceProfile);
  const kept = await keepRole({ load, isRefusal: isSessionRefusal, role, report }, { now, random: Math.random });
  const first = kept.held();
  if (first.kind !== 'granted') throw new Error(`--instance-profile \`${instanceProfile}\`: ${without(first)}`);
  return { name, options, role: kept };
}

/** Asks at the start alone: later nobody may sit there, and a refresh must not wait for them. */
async function withPassword(name: string, options: RolesAnywhereOptions): Promise<RolesAnywhereOptions> {
  const purpose = name === defaultName ? undefined : `password of the private key of binding ${name}`;
  return askingForPassword(
    options,
    async (given) => {
      await loadIdentity(given, worldOf());
      return given;
    },
    purpose,
  );
}

function failed(name: string, { cause, retryAt }: Extract<Refresh, { kind: 'refreshFailed' }>): string {
  const why = cause instanceof Error ? cause.message : String(cause);
  return `binding ${name}: no new credentials: ${why}; asked again at ${retryAt.toISOString()}`;
}

function without({ kind }: RoleState): string {
  switch (kind) {
    case 'unauthorized':
      return 'its role does not trust `ec2.amazonaws.com`';
    case 'withoutRole':
      return 'it has no role; add one with AddRoleToInstanceProfile';
    case 'profileNotFound':
      return 'there is none of this name or ARN';
    case 'unavailable':
    case 'granted':
      return 'there are no credentials';
  }
}

/** Loads what reads IAM's answers and judges trust policies: the other servers do without. */
async function profileLoaderOf(options: RolesAnywhereOptions, lookupRole: Role, text: string) {
  const [{ profileChoice, profileLoader }, { readProfileOver }] = await Promise.all([
    import('../client/metadata/instance-profile.ts'),
    import('../client/metadata/read-profile.ts'),
  ]);
  const choice = profileChoice(text);
  if (choice === undefined) throw new ConfigError(`--instance-profile \`${text}\`: expected a name or an ARN`);
  return profileLoader(choice, {
    lookupRole,
    createSession: (roleArn) => createSession({ ...options, roleArn }),
    getInstanceProfile: readProfileOver(options, worldOf()),
    now,
  });
}

function now(): Date {
  return new Date();
}
