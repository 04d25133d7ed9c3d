// `anyrole metadata`: credentials for programs of this host by EC2's metadata service and by the container credentials
// endpoint. It ends at once where the first credentials cannot be had: systemd or Kubernetes starts it again.
import { createHash, randomBytes } from 'node:crypto';
import { arch, hostname } from 'node:os';
import type { Command } from 'commander';
import type { Answer, Asked } from '../client/metadata/answer.ts';
import type { ContainerBinding } from '../client/metadata/container.ts';
import { type Door, openDoor, type Place } from '../client/metadata/door.ts';
import type { Imds } from '../client/metadata/imds.ts';
import { answerOperator, answerWorkload, type MetadataServer } from '../client/metadata/metadata-server.ts';
import { type MetadataMetrics, metadataMetrics } from '../client/metadata/metrics.ts';
import { handedSockets, type Notifier, notifier } from '../client/metadata/systemd.ts';
import { imdsTokens } from '../client/metadata/tokens.ts';
import { type Address, ConfigError, type Environment, isLoopback, listenAddress } from '../config.ts';
import { type FlagName, givenFlags } from './binding-flags.ts';
import {
  checkTokenFile,
  defaultName,
  type Kept,
  type KeptContainer,
  keptContainers,
  keptDefault,
  type Telling,
} from './metadata-roles.ts';
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
  readonly debug?: boolean;
};

/** Milliseconds between two looks at whether a refresh is due. */
const tickMs = 2000;
const graceMs = 5000;

/** Who is given what. */
type Roles = { readonly own: Kept | undefined; readonly containers: readonly KeptContainer[] };

/** Ends the process after SIGTERM or SIGINT. Throws ConfigError, and what the first CreateSession throws. */
export async function metadata(flags: MetadataFlags, command: Command, environment: Environment): Promise<void> {
  if (flags.hopLimit !== undefined) {
    throw new ConfigError(
      '--hop-limit is not supported: Node cannot set the IP TTL of a TCP socket; let systemd open the socket and say IPTTL= in its unit',
    );
  }
  const stop = askedToStop();
  const doors = await Promise.race([opened(flags, command, environment), stop]);
  // Told to stop while it waited for the first credentials, it has nothing to finish.
  if (doors === undefined) process.exit(0);
  const systemd = notifier(environment, process.pid);
  const watch = systemd && (await tellReady(systemd));
  await stop;
  clearInterval(watch);
  if (systemd) await notify(systemd, 'STOPPING=1');
  await Promise.all(doors.map((door) => door.close(graceMs)));
  process.exit(0);
}

/** Gets the first credentials, then lets requests in. */
async function opened(flags: MetadataFlags, command: Command, environment: Environment): Promise<readonly Door[]> {
  const places = placesOf(flags, environment);
  const operators = flags.metricsListen === undefined ? undefined : metricsPlace(flags, flags.metricsListen);
  const debug = flags.debug ? await import('./debug.ts') : undefined;
  const metrics = metadataMetrics();
  const tellIdentity: Telling['tellIdentity'] = (options) => debug?.tellIdentity(options, environment);
  const roles = await rolesOf(flags, command, { metrics, say, tellIdentity, tellSession: debug?.tellRoleState });
  const server = serverOf(flags, roles, metrics);
  const answerOne = async (asked: Asked): Promise<Answer> => {
    const answer = await answerWorkload(server, asked);
    debug?.tellRequest(asked, answer);
    return answer;
  };
  const metricsDoor = (place: Address) =>
    openDoor(place, (asked) => answerOperator(server, asked, process.memoryUsage.rss()), failed);
  const opening = [
    ...places.map((place) => openDoor(place, answerOne, failed)),
    ...(operators ? [operators] : []).map(metricsDoor),
  ];
  const doors = await Promise.all(opening).catch(endedBy);
  tellWhere(doors, places.length);
  setInterval(() => {
    for (const { role } of allOf(roles)) role.tick();
  }, tickMs);
  return doors;
}

/** The doors that did open would keep the process. */
function endedBy(cause: unknown): never {
  say(message(cause));
  process.exit(1);
}

/** Flags that say who the role of `--no-imds` alone would be. */
const ofDefault: readonly (FlagName | 'binding' | 'instance-profile')[] = [
  ...(['certificate', 'private-key', 'trust-anchor-arn', 'profile-arn', 'role-arn'] as const),
  ...(['binding', 'instance-profile'] as const),
];

/** Throws ConfigError, and what the first sessions throw. */
async function rolesOf(flags: MetadataFlags, command: Command, telling: Telling): Promise<Roles> {
  const { authorizationTokenFile: tokenFile, container = [], config, imds } = flags;
  if (tokenFile !== undefined) await checkTokenFile('--authorization-token-file', tokenFile);
  const isOwnGiven = imds || tokenFile !== undefined;
  if (!isOwnGiven && container.length === 0)
    throw new ConfigError('--no-imds: give --container or --authorization-token-file, or nothing is served');
  const idle = ofDefault.find((flag) => command.getOptionValueSource(attributeOf(flag)) === 'cli');
  if (!isOwnGiven && idle !== undefined)
    throw new ConfigError(`--${idle}: with --no-imds nobody gets this role; give --authorization-token-file, too`);
  const own = isOwnGiven ? await keptDefault(givenFlags(command), flags.instanceProfile, telling) : undefined;
  return { own, containers: await keptContainers(container, config, telling) };
}

function attributeOf(flag: string): string {
  return flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function allOf({ own, containers }: Roles): readonly Kept[] {
  return [...(own ? [own] : []), ...containers.map(({ kept }) => kept)];
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

function serverOf(flags: MetadataFlags, roles: Roles, metrics: MetadataMetrics): MetadataServer {
  const { authorizationTokenFile: tokenFile } = flags;
  const { own, containers } = roles;
  const bindings = new Map<string, ContainerBinding>();
  if (own && tokenFile !== undefined) bindings.set(defaultName, { role: () => own.role.current(), tokenFile });
  for (const { kept, tokenFile } of containers) bindings.set(kept.name, { role: () => kept.role.current(), tokenFile });
  const watched = allOf(roles).map(({ name, role }) => ({ name, held: () => role.held() }));
  const imds = own && flags.imds && { imds: imdsOf(own) };
  return { ...imds, containers: bindings, hostNames: flags.allowHost ?? [], watched, metrics };
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
  return { tokens: imdsTokens({ now: () => new Date(), randomBytes }), instance, role: () => role.current() };
}

function tellWhere(doors: readonly Door[], workloads: number): void {
  doors.forEach(({ host, port }, index) => {
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    process.stdout.write(`anyrole: ${index < workloads ? 'metadata' : 'metrics'} on ${url}\n`);
  });
}

/** Tells systemd that the service is ready and keeps its watchdog quiet; gives the timer. */
async function tellReady(systemd: Notifier): Promise<NodeJS.Timeout | undefined> {
  await notify(systemd, 'READY=1');
  const { watchdogMs } = systemd;
  return watchdogMs === undefined ? undefined : setInterval(() => void notify(systemd, 'WATCHDOG=1'), watchdogMs);
}

function notify(systemd: Notifier, text: string): Promise<void> {
  return systemd
    .send(text)
    .catch((cause) => say(`systemd-notify ${text} failed, say Type=exec in the unit: ${message(cause)}`));
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
