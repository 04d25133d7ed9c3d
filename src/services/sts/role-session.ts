// A new session of a role, as AssumeRole and its like answer it.
import { remember } from '../../core/remember.ts';
import type { RoleClaims, SessionClaims } from '../../core/session/claims.ts';
import { formatArn, parseArn } from '../arn.ts';
import type { Call } from '../call.ts';
import { findRole, type RoleRecord } from '../iam/records.ts';
import { sessionToken } from '../sessions.ts';
import { invalid } from './errors.ts';

/** The account and the name of a role's ARN; undefined where it is the ARN of something else. */
type RoleName = { readonly account: string; readonly roleName: string | undefined };

/**
 * AWS seen: 2025-07-21, a text that is no ARN is refused with itself, an ARN of no role goes on to be denied. Remembered, since a
 * role is asked for again and again, and several times by one request.
 */
export const roleNamed = remember(256, (roleArn: string) => roleArn, readRoleArn, {
  most: 64 * 1024,
  sizeOf: (roleArn) => roleArn.length,
});

function readRoleArn(roleArn: string): RoleName {
  const arn = parseArn(roleArn);
  if (arn === undefined || arn.resource === '') throw invalid(`${roleArn} is invalid`);
  const isRole = arn.service === 'iam' && /^\d{12}$/.test(arn.account) && arn.resource.startsWith('role/');
  return { account: arn.account, roleName: isRole ? arn.resource.slice(arn.resource.lastIndexOf('/') + 1) : undefined };
}

/** The role of this very ARN, or undefined. */
export async function roleOf(call: Call, roleArn: string): Promise<RoleRecord | undefined> {
  const { account, roleName } = roleNamed(roleArn);
  if (!roleName) return undefined;
  const role = await call.read((reader) => findRole(reader, account, roleName));
  return role?.arn === roleArn ? role : undefined;
}

/** AWS seen: the sentences. `chained`: the caller has a session already; AWS doc: such a one lasts an hour at most. */
export function secondsOf(asked: number | undefined, role: RoleRecord, chained: boolean): number {
  const seconds = asked ?? 3600;
  if (chained && seconds > 3600) {
    throw invalid('The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.');
  }
  if (seconds > role.maxSessionDuration) {
    throw invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  }
  return seconds;
}

/** The members of the answer that every new session of a role has. */
export function roleSessionAnswer(call: Call, claims: RoleClaims, packedPolicySize: number) {
  const { partition, account, roleName, roleId, roleSessionName, sourceIdentity } = claims;
  const resource = `assumed-role/${roleName}/${roleSessionName}`;
  return {
    Credentials: credentialsOf(call, claims),
    AssumedRoleUser: {
      AssumedRoleId: `${roleId}:${roleSessionName}`,
      Arn: formatArn({ partition, service: 'sts', region: '', account, resource }),
    },
    // AWS seen: absent where nothing was passed.
    PackedPolicySize: packedPolicySize === 0 ? undefined : packedPolicySize,
    SourceIdentity: sourceIdentity,
  };
}

/** The credentials of a new session, as an answer's member. */
export function credentialsAnswer(call: Call, claims: SessionClaims) {
  return { Credentials: credentialsOf(call, claims) };
}

function credentialsOf(call: Call, claims: SessionClaims) {
  return {
    AccessKeyId: claims.accessKeyId,
    SecretAccessKey: claims.secretAccessKey,
    SessionToken: sessionToken(call, claims),
    Expiration: new Date(claims.expiresAt * 1000),
  };
}
