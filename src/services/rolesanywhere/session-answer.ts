// What a session is made of, and how CreateSession shows it: claims, and the credential set of the answer.
import { integer, list, required, string, structure, timestampInSeconds } from '../../contract/shape.ts';
import type { RoleClaims } from '../../core/session/claims.ts';
import type { Baggage } from '../../core/session/limits.ts';
import { formatArn } from '../arn.ts';
import type { Call } from '../call.ts';
import type { RoleRecord } from '../iam/records.ts';
import { roleClaims, sessionToken } from '../sessions.ts';

const secret = { sensitive: true } as const;
const Credentials = structure({
  accessKeyId: required(string(), { doc: '`ASIA` and 16 characters.' }),
  expiration: required(timestampInSeconds, { doc: 'When the credentials end.' }),
  secretAccessKey: required(string(secret), { doc: '40 characters.' }),
  sessionToken: required(string(secret), { doc: 'Goes with every request, opaque.' }),
});
const CredentialSet = structure({
  assumedRoleUser: required(
    structure({
      arn: required(string(), { doc: 'The ARN of the session.' }),
      assumedRoleId: required(string(), { doc: 'The unique id of the role, a colon, the session name.' }),
    }),
    { doc: 'Who the credentials are.' },
  ),
  credentials: required(Credentials, { doc: 'The credentials.' }),
  packedPolicySize: required(integer(), { doc: 'Percent of what policies and tags may take.' }),
  roleArn: required(string(), { doc: 'The role.' }),
  sourceIdentity: required(string(), { doc: 'The source identity of the session.' }),
});

/** What CreateSession answers. */
export const SessionAnswer = structure({
  credentialSet: required(list(CredentialSet), { doc: 'One set of credentials.' }),
  subjectArn: required(string(), {
    doc: "The subject: the certificate's distinguished name in this account and Region.",
  }),
});

/** Who a session is. */
export type Identity = { readonly sourceIdentity: string; readonly roleSessionName: string };

/** The claims of a new session of the role, `seconds` long from now. Ours: no tag is transitive; nothing says that AWS makes any so. */
export function issue(session: Identity, baggage: Baggage, seconds: number, role: RoleRecord, call: Call): RoleClaims {
  const { sourceIdentity, roleSessionName } = session;
  const issuedBy = 'rolesanywhere:CreateSession';
  const identity = { issuedBy, roleSessionName, sourceIdentity, transitiveTagKeys: [], webIdentity: undefined };
  return roleClaims(call, role, seconds, identity, baggage);
}

/** The answer that gives the session's credentials away, its claims sealed in the token. */
export function answer(session: RoleClaims, packedPolicySize: number, subjectArn: string, call: Call) {
  const { partition, account, roleName, roleId, roleSessionName } = session;
  const resource = `assumed-role/${roleName}/${roleSessionName}`;
  return {
    credentialSet: [
      {
        assumedRoleUser: {
          arn: formatArn({ partition, service: 'sts', region: '', account, resource }),
          assumedRoleId: `${roleId}:${roleSessionName}`,
        },
        credentials: {
          accessKeyId: session.accessKeyId,
          expiration: new Date(session.expiresAt * 1000),
          secretAccessKey: session.secretAccessKey,
          sessionToken: sessionToken(call, session),
        },
        packedPolicySize,
        roleArn: session.roleArn,
        sourceIdentity: session.sourceIdentity ?? '',
      },
    ],
    subjectArn,
  };
}
