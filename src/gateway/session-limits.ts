// What sessions of each kind may not even ask, whatever their policies say.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
import { commonError, type ProtocolName } from '../contract/error.ts';
import type { SessionClaims } from '../core/session/claims.ts';
import type { Caller } from '../services/call.ts';

type Limits = {
  /** Whether IAM is closed to it. */
  readonly noIam: boolean;
  /** The operations of STS that are open to it, or all but those that are closed. */
  readonly sts: { readonly open: readonly string[] } | { readonly closed: readonly string[] };
};

/** AWS opens IAM to sessions of users that were made with MFA; there is none here. */
const limits: Readonly<Record<SessionClaims['kind'], Limits>> = {
  role: { noIam: false, sts: { closed: ['GetFederationToken', 'GetSessionToken'] } },
  user: { noIam: true, sts: { open: ['AssumeRole', 'GetCallerIdentity'] } },
  root: { noIam: true, sts: { open: ['AssumeRole', 'GetCallerIdentity'] } },
  federatedUser: { noIam: true, sts: { open: ['GetCallerIdentity'] } },
};

/** Throws where the caller's session may not ask this. */
export function checkSession(caller: Caller, protocol: ProtocolName, service: string, operation: string): void {
  if (!('session' in caller) || caller.session === undefined) return;
  const { noIam, sts } = limits[caller.session.kind];
  if (service === 'iam' && noIam) {
    // AWS seen: the sentence of an unknown key.
    throw commonError('unknownKey', protocol, 'The security token included in the request is invalid.', {
      reason: 'sessionCredentials',
    });
  }
  const isOpen = 'open' in sts ? sts.open.includes(operation) : !sts.closed.includes(operation);
  if (service !== 'sts' || isOpen) return;
  // AWS seen: the sentence, for GetSessionToken. Ours: it stands for every operation that is closed.
  throw commonError('accessDenied', protocol, `Cannot call ${operation} with session credentials`, {
    reason: 'sessionCredentials',
  });
}
