// The container credentials endpoint: the roles that one server gives out, each at a path of its own and behind a token of
// its own that lies in a file. The file is read at every request, so that a new token holds at once.
// AWS doc: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
import { createHash, timingSafeEqual } from 'node:crypto';
import { open } from 'node:fs/promises';
import { type Answer, type Asked, header, seconds } from './answer.ts';
import type { RoleState } from './role-state.ts';

export type ContainerBinding = {
  readonly role: () => Promise<RoleState>;
  /** Path of the file that holds the authorization token. */
  readonly tokenFile: string;
};

/** By the name that ends the path. */
export type ContainerBindings = ReadonlyMap<string, ContainerBinding>;

/** Where the roles stand: `/v2/credentials/NAME`. The prefix is that of the container agent of ECS. */
export const containerPrefix = '/v2/credentials/';

/** Bytes that a token file may hold. A token shorter than the minimum can be guessed; nobody is let in by it. */
export const tokenFileBounds = { min: 16, max: 4096 } as const;

/** Answers one request below the prefix. Who shows no right token learns nothing but whether a binding has the name. */
export async function answerContainer(bindings: ContainerBindings, asked: Asked): Promise<Answer> {
  if (asked.method !== 'GET')
    return { ...refusal(405, 'MethodNotAllowed', 'only GET is answered'), reason: 'Not Allowed' };
  const binding = bindings.get(asked.path.slice(containerPrefix.length));
  if (binding === undefined) return refusal(404, 'InvalidIdInRequest', 'no credentials stand at this path');
  const shown = header(asked, 'authorization');
  if (shown === undefined) return refusal(401, 'AuthorizationRequired', 'the Authorization header is missing');
  const expected = await authorizationToken(binding.tokenFile);
  if (!expected.ok) return refusal(500, 'InternalServerError', 'the authorization token file cannot be used');
  if (!equal(shown, expected.token))
    return refusal(403, 'AccessDenied', 'the authorization token is not the right one');
  return credentialsAnswer(await binding.role());
}

/** The JSON of the container agent. */
function credentialsAnswer(state: RoleState): Answer {
  switch (state.kind) {
    case 'granted': {
      const { role, credentials } = state;
      return json(200, {
        RoleArn: role.arn,
        AccessKeyId: credentials.accessKeyId,
        SecretAccessKey: credentials.secretAccessKey,
        Token: credentials.sessionToken,
        Expiration: seconds(credentials.expiration),
      });
    }
    case 'unauthorized':
      return refusal(403, 'AssumeRoleUnauthorizedAccess', `the role ${state.role.name} cannot be assumed`);
    case 'withoutRole':
    case 'profileNotFound':
      return refusal(404, 'NoAssociatedRole', 'the instance profile has no role');
    case 'unavailable':
      return refusal(503, 'CredentialsUninitialized', 'there are no credentials for the moment');
  }
}

export type AuthorizationToken =
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly reason: string };

/** The token in a file, without the line end; a clause why there is none. */
export async function authorizationToken(path: string): Promise<AuthorizationToken> {
  try {
    return judged(await beginning(path, tokenFileBounds.max + 1));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    return { ok: false, reason: `cannot be read (${code})` };
  }
}

/** At most so many bytes of a file: a device or a log that was named by mistake is not read to its end. */
async function beginning(path: string, size: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(size), 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function judged(bytes: Buffer): AuthorizationToken {
  const { min, max } = tokenFileBounds;
  const token = bytes.toString('latin1').trim();
  if (bytes.length > max) return { ok: false, reason: `holds more than ${max} bytes` };
  if (token.length < min) return { ok: false, reason: `holds a token of fewer than ${min} characters` };
  if (/[^!-~ ]/.test(token))
    return { ok: false, reason: 'holds what cannot stand in a header: one line of ASCII is expected' };
  return { ok: true, token };
}

/** Constant-time, over digests: neither length nor beginning shows. */
function equal(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

/** An error as the agent of ECS words it. */
function refusal(status: number, code: string, message: string): Answer {
  return json(status, { code, message, HTTPErrorCode: status });
}

function json(status: number, members: Readonly<Record<string, string | number>>): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(members) };
}
