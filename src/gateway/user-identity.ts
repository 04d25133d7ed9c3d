// The `userIdentity` of an audit event, as CloudTrail writes it for each kind of caller: JSON text.
// AWS doc: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
import { rememberAgain, rememberOf } from '../core/remember.ts';
import type { FederatedUserClaims, RoleClaims, SessionClaims } from '../core/session/claims.ts';
import type { Certificate } from '../core/x509/certificate.ts';
import { formatArn } from '../services/arn.ts';
import { type Caller, isSigner, type Signer } from '../services/call.ts';
import { certificateFacts } from '../services/certificate-facts.ts';
import type { Document } from '../store/store.ts';

type Members = { readonly [member: string]: Document };

export function userIdentity(caller: Caller): string {
  switch (caller.kind) {
    case 'root':
    case 'user':
    case 'assumedRole':
    case 'federatedUser':
      return signerIdentity(caller);
    case 'certificate':
      return certificateIdentity(caller.certificate);
    case 'stranger': {
      const { vouchedFor } = caller;
      if (vouchedFor === undefined) return '{"type":"Unknown"}';
      const { provider, audience, subject } = vouchedFor;
      return JSON.stringify({
        type: 'WebIdentityUser',
        principalId: `${provider}:${audience}:${subject}`,
        userName: subject,
        identityProvider: provider,
      });
    }
  }
}

/** What an account learns of a caller from another: its account and unique id, neither name nor session. */
export function foreignIdentity(caller: Caller): string {
  if (!isSigner(caller)) return userIdentity(caller);
  return JSON.stringify({ type: 'AWSAccount', principalId: caller.userId, accountId: caller.account });
}

/** A certificate is frozen, and may come again with each session that its holder asks for. */
const certificateIdentity = rememberAgain((certificate: Certificate) =>
  JSON.stringify({ type: 'Unknown', principalId: certificate.serialHex, ...certificateFacts(certificate) }),
);

const types = {
  root: 'Root',
  user: 'IAMUser',
  assumedRole: 'AssumedRole',
  federatedUser: 'FederatedUser',
} as const satisfies Readonly<Record<Signer['kind'], string>>;

/** A caller is the same object while the records or the claims behind it are, and nobody changes it. */
const signerIdentity = rememberOf((caller: Signer) => {
  const { kind, userId, arn, account, accessKeyId, session } = caller;
  return JSON.stringify({
    type: types[kind],
    principalId: userId,
    arn,
    accountId: account,
    accessKeyId,
    userName: kind === 'user' ? caller.userName : undefined,
    sessionContext: session && sessionContext(session),
  });
});

function sessionContext(session: SessionClaims): Members {
  const attributes = { creationDate: new Date(session.issuedAt * 1000).toISOString(), mfaAuthenticated: 'false' };
  switch (session.kind) {
    case 'root':
    case 'user':
      return { attributes };
    case 'federatedUser':
      return { sessionIssuer: federatedIssuer(session), attributes };
    case 'role':
      return {
        sessionIssuer: roleIssuer(session),
        ...(session.webIdentity === undefined
          ? {}
          : { webIdFederationData: { federatedProvider: session.webIdentity.provider, attributes: {} } }),
        attributes,
        ...(session.sourceIdentity === undefined ? {} : { sourceIdentity: session.sourceIdentity }),
      };
  }
}

function roleIssuer({ roleId, roleArn, account, roleName }: RoleClaims): Members {
  return { type: 'Role', principalId: roleId, arn: roleArn, accountId: account, userName: roleName };
}

function federatedIssuer({ user, account, partition }: FederatedUserClaims): Members {
  if (user === undefined) {
    const arn = formatArn({ partition, service: 'iam', region: '', account, resource: 'root' });
    return { type: 'Root', principalId: account, arn, accountId: account };
  }
  const { userId, userArn, userName } = user;
  return { type: 'IAMUser', principalId: userId, arn: userArn, accountId: account, userName };
}
