// One CreateSession from options to credentials: read the identity, find the endpoint, sign, send, again where that may help,
// read the answer.
import type { HeaderPair } from '../core/signature/canonical.ts';
import { refusalOf } from './answers.ts';
import { homeOf } from './arns.ts';
import { attempted, attemptsOf } from './attempts.ts';
import { type Endpoint, endpointOf } from './endpoint.ts';
import { failure, RolesAnywhereError } from './errors.ts';
import { hintFor, validityHint } from './hints.ts';
import { exchange, type Way } from './http.ts';
import { type Identity, loadIdentity, subjectOf } from './identity.ts';
import type { RolesAnywhereOptions, SessionOptions } from './options.ts';
import { type Session, sessionOf } from './session.ts';
import { sessionRequest, signedHeaders } from './session-request.ts';
import { wayOf } from './way.ts';
import { worldOf } from './world.ts';

/** One session. Reads files anew; asks again after 429, 5xx and broken connections. Throws RolesAnywhereError. */
export async function createSession(options: RolesAnywhereOptions): Promise<Session> {
  const world = worldOf(options.world);
  const endpoint = endpointOf(options, homeOf(options), world.environment);
  checkWishes(options);
  const maxAttempts = attemptsOf(options, world.environment);
  const way = await wayOf(options, endpoint.url, world.environment);
  const identity = await loadIdentity(options, world);
  checkValidity(identity, world.now());
  const invocation = world.newId();
  return attempted(maxAttempts, world, (attempt) => {
    const told: readonly HeaderPair[] = [
      ['Amz-Sdk-Invocation-Id', invocation],
      ['Amz-Sdk-Request', `attempt=${attempt}; max=${maxAttempts}`],
    ];
    return askOnce(options, { identity, endpoint, way, told, now: world.now() });
  });
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
