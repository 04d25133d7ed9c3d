// What all sessions are made of: the credentials of a new one, and the token that its claims are sealed in.
import { rememberOf } from '../core/remember.ts';
import { encodeClaims, type RoleClaims, type SessionClaims } from '../core/session/claims.ts';
import { accessKeyIdOf, identifierBytes, secretAccessKeyOf, secretBytes } from '../core/session/credentials.ts';
import type { Baggage } from '../core/session/limits.ts';
import { parseArn } from './arn.ts';
import { type Call, purposes } from './call.ts';

/** The members that every new session of the account has, `seconds` long from now. `issuedBy`: `service:Operation`. */
export function issued(call: Call, account: string, seconds: number, issuedBy: string) {
  const issuedAt = Math.floor(call.now.getTime() / 1000);
  const random = call.randomBytes(identifierBytes + secretBytes);
  return {
    version: 2,
    account,
    accessKeyId: accessKeyIdOf('ASIA', account, random),
    secretAccessKey: secretAccessKeyOf(random.subarray(identifierBytes)),
    issuedAt,
    expiresAt: issuedAt + seconds,
    issuedBy,
  } as const;
}

type Session = Pick<
  RoleClaims,
  'roleSessionName' | 'transitiveTagKeys' | 'sourceIdentity' | 'webIdentity' | 'issuedBy'
>;

/** What a session's claims say of its role; a record of one, which never changes. */
type Role = { readonly arn: string; readonly roleName: string; readonly roleId: string };

/** Whose the role is. */
const ownerOf = rememberOf(({ arn }: Role) => parseArn(arn));

/** The claims of a new session of the role: member by member, for a copy of a copy costs more than all of it. */
export function roleClaims(call: Call, role: Role, seconds: number, session: Session, baggage: Baggage): RoleClaims {
  const owner = ownerOf(role);
  const account = owner?.account ?? call.account;
  const { version, accessKeyId, secretAccessKey, issuedAt, expiresAt } = issued(
    call,
    account,
    seconds,
    session.issuedBy,
  );
  return {
    version,
    account,
    accessKeyId,
    secretAccessKey,
    issuedAt,
    expiresAt,
    issuedBy: session.issuedBy,
    kind: 'role',
    partition: owner?.partition ?? call.partition,
    roleArn: role.arn,
    roleName: role.roleName,
    roleId: role.roleId,
    roleSessionName: session.roleSessionName,
    transitiveTagKeys: session.transitiveTagKeys,
    sourceIdentity: session.sourceIdentity,
    webIdentity: session.webIdentity,
    policies: baggage.policies,
    managedPolicyArns: [...baggage.managedPolicyArns], // not frozen: see encodeClaims
    tags: baggage.tags,
  };
}

/** The session token: the claims under the server's seal, base64. */
export function sessionToken(call: Call, claims: SessionClaims): string {
  return call.sealed(purposes.sessionToken, encodeClaims(claims)).toString('base64');
}
