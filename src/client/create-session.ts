// One CreateSession from options to credentials: read the identity, find the endpoint, sign, send, again where that may help,
// read the answer.
import type { HeaderPair } from '../core/signature/canonical.ts';
import { refusalOf } from './answers.ts';
import { homeOf } from './arns.ts';
import { authoritiesOf } from './authorities.ts';
import { type Endpoint, endpointOf } from './endpoint.ts';
import { failure, RolesAnywhereError } from './errors.ts';
import { hintFor, validityHint } from './hints.ts';
import { exchange, type Way } from './http.ts';
import { type Identity, loadIdentity, subjectOf } from './identity.ts';
import type { ConnectionOptions, RolesAnywhereOptions, SessionOptions } from './options.ts';
import { proxyFor } from './proxy.ts';
import { type Session, sessionOf } from './session.ts';
import { sessionRequest, signedHeaders } from './session-request.ts';
import { type Environment, worldOf } from './world.ts';

const defaultTimeoutMilliseconds = 10_000;
const defaultMaxAttempts = 3;

/** One session. Reads files anew; asks again after 429, 5xx and broken connections. Throws RolesAnywhereError. */
export async function createSession(options: RolesAnywhereOptions): Promise<Session> {
  const world = worldOf(options.world);
  const endpoint = endpointOf(options, homeOf(options), world.environment);
  checkWishes(options);
  const maxAttempts = attemptsOf(options, world.environment);
  const way = await wayOf(options, endpoint, world.environment);
  const identity = await loadIdentity(options, world);
  checkValidity(identity, world.now());
  const invocation = world.newId();
  for (let attempt = 1; ; attempt++) {
    const told: readonly HeaderPair[] = [
      ['Amz-Sdk-Invocation-Id', invocation],
      ['Amz-Sdk-Request', `attempt=${attempt}; max=${maxAttempts}`],
    ];
    try {
      return await askOnce(options, { identity, endpoint, way, told, now: world.now() });
    } catch (error) {
      if (attempt === maxAttempts || !mayPass(error)) throw error;
      await world.sleep(pauseMilliseconds(attempt, world.random(), error));
    }
  }
}

type Ask = {
  readonly identity: Identity;
  readonly endpoint: Endpoint;
  readonly way: Way;
  /** Headers that tell the server which attempt this is. */
  readonly told: readonly HeaderPair[];
  readonly now: Date;
};

async function askOnce(options: SessionOptions, { identity, endpoint, way, told, now }: Ask): Promise<Session> {
  const { region, url: base } = endpoint;
  const request = sessionRequest(options, base.host, told);
  const headers = await signedHeaders(request, identity, { region, now });
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, '')}${request.path}`;
  url.search = request.rawQuery;
  const agent: HeaderPair = ['User-Agent', `anyrole-client (node ${process.version})`];
  const { method, body } = request;
  const answer = await exchange({ method, url, headers: [...headers, agent], body }, way);
  const { roleArn } = options;
  if (answer.status >= 200 && answer.status < 300) return unexpired(sessionOf(answer, { roleArn, region }), now);
  const refusal = refusalOf(answer);
  const hint = hintFor(refusal, { signedAt: now, date: answer.header('date'), roleArn });
  throw new RolesAnywhereError(refusal.code, refusal.message, { ...refusal, hint });
}

function unexpired(session: Session, now: Date): Session {
  if (session.expiration > now) return session;
  const hint = 'look whether the clock here is right';
  throw failure('UnusableAnswer', `the session expired at ${session.expirationText}, before it came`, { hint });
}

function checkValidity({ certificate }: Identity, now: Date): void {
  const problem = validityHint(certificate, now);
  if (problem === undefined) return;
  const hint = problem.code === 'CertificateExpired' ? 'renew it' : 'look whether the clock here is right';
  throw failure(problem.code, `the certificate \`${subjectOf(certificate)}\` ${problem.said}`, { hint });
}

/** Whether asking again may bring another answer. AWS seen: the helper asks again after just these. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof RolesAnywhereError)) return false;
  const { code, status } = error;
  if (code === 'TimedOut') return true;
  // A proxy's refusal has a status.
  if (code === 'NotReached') return status === undefined || status >= 500;
  if (code === 'UnusableAnswer') return false;
  return status !== undefined && (status === 429 || status >= 500 || /^Throttl|^TooManyRequests/.test(code));
}

const longestPauseMilliseconds = 20_000;

/**
 * Between an eighth of a second and one, then twice, four times … as long; as long as the server says to wait where that is
 * longer; at most twenty seconds.
 */
function pauseMilliseconds(attempt: number, random: number, error: unknown): number {
  const said = error instanceof RolesAnywhereError ? (error.retryAfterSeconds ?? 0) : 0;
  const own = 1000 * 2 ** (attempt - 1) * (0.125 + 0.875 * random);
  return Math.min(longestPauseMilliseconds, Math.max(own, said * 1000));
}

async function wayOf(options: ConnectionOptions, { url }: Endpoint, environment: Environment): Promise<Way> {
  const { timeoutMilliseconds = defaultTimeoutMilliseconds } = options;
  if (!(timeoutMilliseconds >= 1 && timeoutMilliseconds <= 600_000))
    throw failure('InvalidOptions', `timeoutMilliseconds is ${timeoutMilliseconds}, expected 1 to 600,000`);
  const bundle = options.ca ?? (environment.AWS_CA_BUNDLE || undefined);
  const proxy = proxyFor(url, options.proxy, environment);
  const isTls = [url, proxy].some((party) => party?.protocol === 'https:');
  return {
    proxy,
    ca: bundle && isTls ? await authoritiesOf(bundle) : undefined,
    timeoutMilliseconds,
    verifySsl: options.verifySsl ?? true,
  };
}

function attemptsOf({ maxAttempts }: ConnectionOptions, { AWS_MAX_ATTEMPTS }: Environment): number {
  const attempts = maxAttempts ?? Number(AWS_MAX_ATTEMPTS || defaultMaxAttempts);
  if (Number.isInteger(attempts) && attempts >= 1 && attempts <= 10) return attempts;
  throw failure('InvalidOptions', `maxAttempts is ${maxAttempts ?? `\`${AWS_MAX_ATTEMPTS}\``}, expected 1 to 10`);
}

/** AWS doc: the bounds of CreateSession's members. */
function checkWishes({ durationSeconds, roleSessionName }: SessionOptions): void {
  const isWhole = durationSeconds === undefined || Number.isInteger(durationSeconds);
  if (!isWhole || (durationSeconds ?? 900) < 900 || (durationSeconds ?? 900) > 43_200)
    throw failure(
      'InvalidOptions',
      `durationSeconds is ${durationSeconds}, expected a whole number from 900 to 43,200`,
    );
  if (roleSessionName !== undefined && !/^[\w+=,.@-]{2,64}$/.test(roleSessionName))
    throw failure('InvalidOptions', 'roleSessionName is not 2 to 64 letters, digits or `_+=,.@-`');
}
