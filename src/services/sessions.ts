// What all sessions are made of: the credentials of a new one, and the token that its claims are sealed in.
import { encodeClaims, type SessionClaims } from '../core/session/claims.ts';
import { accessKeyIdOf, identifierBytes, secretAccessKeyOf, secretBytes } from '../core/session/credentials.ts';
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

/** The session token: the claims under the server's seal, base64. */
export function sessionToken(call: Call, claims: SessionClaims): string {
  return call.sealed(purposes.sessionToken, encodeClaims(claims)).toString('base64');
}
