// `anyrole metadata`: credentials for programs of this host by EC2's metadata service and by the container credentials
// endpoint. It ends at once where the first credentials cannot be had: systemd or Kubernetes starts it again.
import { createHash, randomBytes } from 'node:crypto';
import { arch, hostname } from 'node:os';
import type { Command } from 'commander';
import { createSession } from '../client/create-session.ts';
import { RolesAnywhereError } from '../client/errors.ts';
import { authorizationToken, type ContainerBinding } from '../client/metadata/container.ts';
import { type Door, openDoor, type Place } from '../client/metadata/door.ts';
import type { Imds } from '../client/metadata/imds.ts';
import { profileChoice, profileLoader } from '../client/metadata/instance-profile.ts';
import { type KeptRole, keepRole } from '../client/metadata/kept-role.ts';
import { answerOperator, answerWorkload, type MetadataServer } from '../client/metadata/metadata-server.ts';
import { type MetadataMetrics, metadataMetrics } from '../client/metadata/metrics.ts';
import { readProfileOver } from '../client/metadata/read-profile.ts';
import { type Role, type RoleState, roleOf } from '../client/metadata/role-state.ts';
import { handedSockets, notifier } from '../client/metadata/systemd.ts';
import { imdsTokens } from '../client/metadata/tokens.ts';
import type { RolesAnywhereOptions } from '../client/options.ts';
import { type Address, ConfigError, type Environment, isLoopback, listenAddress } from '../config.ts';
import { sessionOptions } from './binding.ts';
import { givenFlags, givenOfBinding } from './binding-flags.ts';
import { askedToStop } from './stopping.ts';

export type MetadataFlags = {
  readonly port?: string;
  readonly listen?: string;
  readonly metricsListen?: string;
  readonly allowPlainHttp?: boolean;
  readonly allowHost?: readonly string[];
  readonly hopLimit?: string;
  readonly instanceProfile?: string;
  readonly imds: boolean;
  readonly authorizationTokenFile?: string;
  readonly container?: readonly string[];
  readonly config?: string;
};

/** Milliseconds between two looks at whether a refresh is due. */
const tickMs = 2000;
const graceMs = 5000;

type Kept = { readonly name: string; readonly options: RolesAnywhereOptions; readonly role: KeptRole };

/** Resolves after SIGTERM or SIGINT. Throws ConfigError, and what the first CreateSession throws. */
export async function metadata(flags: MetadataFlags, command: Command, environment: Environment): Promise<void> {
  if (flags.hopLimit !== undefined) {
    throw new ConfigError(
      '--hop-limit is not supported: Node cannot set the IP TTL of a TCP socket; let systemd open the socket and say IPTTL= in its unit',
    );
  }
  const places = placesOf(flags, environment);
  const operators = flags.metricsListen === undefined ? undefined : metricsPlace(flags, flags.metricsListen);
  const stop = askedToStop();
  const metrics = metadataMetrics();
  const own = await keptOf('default', sessionOptions(givenFlags(command)), metrics, flags.instanceProfile);
  const more = await containersOf(flags, metrics);
  const server = serverOf(flags, own, more, metrics);
  const ticking = setInterval(() => {
    for (const { role } of [own, ...more.map(({ kept }) => kept)]) role.tick();
  }, tickMs);
  const doors = await Promise.all([
    ...places.map((place) => openDoor(place, (asked) => answerWorkload(server, asked), failed)),
    ...(operators
      ? [openDoor(operators, (asked) => answerOperator(server, asked, process.memoryUsage.rss()), failed)]
      : []),
  ]);
  tellWhere(doors, places.length);
  const watch = await tellSystemd(environment);
  await stop;
  clearInterval(ticking);
  clearInterval(watch);
  await Promise.all(doors.map((door) => door.close(graceMs)));
  process.exit(0);
}

function placesOf(flags: MetadataFlags, environment: Environment): readonly Place[] {
  const handed = handedSockets(environment, process.pid).map((fd) => ({ fd }));
  if (handed.length > 0) return handed;
  if (flags.listen !== undefined && flags.port !== undefined)
    throw new ConfigError('--port and --listen: give one of them');
  const place = listenAddress('--listen', flags.listen ?? `127.0.0.1:${flags.port ?? 9911}`);
  return [onLoopback('--listen', place, flags)];
}

function metricsPlace(flags: MetadataFlags, text: string): Address {
  return onLoopback('--metrics-listen', listenAddress('--metrics-listen', text), flags);
}

function onLoopback(flag: string, place: Address, { allowPlainHttp }: MetadataFlags): Address {
  if (isLoopback(place.host) || allowPlainHttp) return place;
  throw new ConfigError(
    `${flag} \`${place.host}\`: credentials over plain HTTP are for this machine only; give --allow-plain-http where the network keeps strangers out`,
  );
}

async function keptOf(
  name: string,
  options: RolesAnywhereOptions,
  metrics: MetadataMetrics,
  instanceProfile?: string,
): Promise<Kept> {
  const role = roleOf(options.roleArn);
  if (role === undefined) throw new ConfigError(`--role-arn \`${options.roleArn}\`: expected the ARN of a role`);
  const report: Parameters<typeof keepRole>[0]['report'] = (refresh) => {
    metrics.refreshed(name, refresh.kind);
    if (refresh.kind === 'refreshFailed')
      say(
        `binding ${name}: no new credentials: ${message(refresh.cause)}; asked again at ${refresh.retryAt.toISOString()}`,
      );
    else if (refresh.state.kind !== 'granted') say(`binding ${name}: ${refresh.state.kind}`);
  };
  const load =
    instanceProfile === undefined ? plainLoader(options, role) : profileLoaderOf(options, role, instanceProfile);
  const isRefusal = (cause: unknown) => cause instanceof RolesAnywhereError && cause.status === 403;
  const kept = await keepRole({ load, isRefusal, role, report }, { now, random: Math.random });
  const first = kept.held();
  if (first.kind !== 'granted') throw new Error(`--instance-profile \`${instanceProfile}\`: ${without(first)}`);
  return { name, options, role: kept };
}

function without({ kind }: RoleState): string {
  switch (kind) {
    case 'unauthorized':
      return 'its role does not trust `ec2.amazonaws.com`';
    case 'withoutRole':
      return 'it has no role; add one with AddRoleToInstanceProfile';
    case 'profileNotFound':
      return 'there is none of this name';
    case 'unavailable':
    case 'granted':
      return 'there are no credentials';
  }
}

function plainLoader(options: RolesAnywhereOptions, role: Role): () => Promise<RoleState> {
  return async () => ({ kind: 'granted', role, credentials: await createSession(options), lastUpdated: now() });
}

function profileLoaderOf(options: RolesAnywhereOptions, lookupRole: Role, text: string): () => Promise<RoleState> {
  const choice = profileChoice(text);
  if (choice === undefined) throw new ConfigError(`--instance-profile \`${text}\`: expected a name or an ARN`);
  return profileLoader(choice, {
    lookupRole,
    createSession: (roleArn) => createSession({ ...options, roleArn }),
    getInstanceProfile: readProfileOver({ ...options, environment: process.env, now }),
    now,
  });
}

/** `--container NAME=FILE`: a binding of the file of bindings and the file of its token. */
async function containersOf({ container = [], config }: MetadataFlags, metrics: MetadataMetrics) {
  const made: { readonly kept: Kept; readonly tokenFile: string }[] = [];
  for (const text of container) {
    const [, name = '', tokenFile = ''] = /^([\w.-]{1,64})=(.+)$/.exec(text) ?? [];
    if (name === '' || config === undefined)
      throw new ConfigError(`--container \`${text}\`: expected NAME=FILE, and --config with a binding of the name`);
    await usable('--container', tokenFile);
    made.push({ kept: await keptOf(name, sessionOptions(givenOfBinding(config, name)), metrics), tokenFile });
  }
  return made;
}

async function usable(flag: string, tokenFile: string): Promise<void> {
  const token = await authorizationToken(tokenFile);
  if (!token.ok) throw new ConfigError(`${flag} \`${tokenFile}\`: ${token.reason}`);
}

function serverOf(
  flags: MetadataFlags,
  own: Kept,
  more: readonly { readonly kept: Kept; readonly tokenFile: string }[],
  metrics: MetadataMetrics,
): MetadataServer {
  const { authorizationTokenFile: tokenFile } = flags;
  const containers = new Map<string, ContainerBinding>();
  if (tokenFile !== undefined) containers.set('default', { role: () => own.role.current(), tokenFile });
  for (const { kept, tokenFile } of more) containers.set(kept.name, { role: () => kept.role.current(), tokenFile });
  const watched = [own, ...more.map(({ kept }) => kept)].map(({ name, role }) => ({ name, held: () => role.held() }));
  const imds = flags.imds && { imds: imdsOf(own) };
  return { ...imds, containers, hostNames: flags.allowHost ?? [], watched, metrics };
}

function imdsOf({ options, role }: Kept): Imds {
  const [, , , region = '', accountId = ''] = options.trustAnchorArn.split(':');
  // Ours: the same for a host for as long as it has its name, whatever its certificate.
  const digest = createHash('sha256').update(`anyrole instance\n${accountId}\n${hostname()}`).digest('hex');
  const architecture = arch() === 'x64' ? 'x86_64' : arch();
  const instance = {
    region: options.region ?? region,
    accountId,
    instanceId: `i-${digest.slice(0, 17)}`,
    architecture,
  };
  return { tokens: imdsTokens({ now, randomBytes }), instance, role: () => role.current() };
}

function tellWhere(doors: readonly Door[], workloads: number): void {
  doors.forEach(({ host, port }, index) => {
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    process.stdout.write(`anyrole: ${index < workloads ? 'metadata' : 'metrics'} on ${url}\n`);
  });
}

/** Tells systemd that the service is ready and keeps its watchdog quiet; gives the timer. */
async function tellSystemd(environment: Environment): Promise<NodeJS.Timeout | undefined> {
  const systemd = notifier(environment, process.pid);
  if (systemd === undefined) return undefined;
  const send = (text: string) =>
    systemd
      .send(text)
      .catch((cause) => say(`systemd-notify ${text} failed, say Type=exec in the unit: ${message(cause)}`));
  await send('READY=1');
  return systemd.watchdogMs === undefined ? undefined : setInterval(() => void send('WATCHDOG=1'), systemd.watchdogMs);
}

function now(): Date {
  return new Date();
}

function failed(cause: unknown): void {
  say(`a request failed: ${message(cause)}`);
}

function message(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function say(line: string): void {
  process.stderr.write(`anyrole: ${line}\n`);
}
