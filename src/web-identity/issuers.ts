// Whether an identity token is its issuer's and holds now: the signature by the `jose` library, with the issuer's own keys
// and no other algorithm than the two families that STS takes.
// AWS doc: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
} from 'jose';
import type { Issuer, Issuers, TokenVerdict } from '../services/web-identity.ts';
import type { KeySets, KeySetVerdict } from './key-sets.ts';

const algorithms: readonly string[] = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];
/** How far clocks may be apart, in seconds. */
const skewSeconds = 300;

export function issuers(sets: KeySets): Issuers {
  return {
    issuerNamed(token) {
      try {
        const { iss } = decodeJwt(token);
        return typeof iss === 'string' ? iss : undefined;
      } catch {
        return undefined;
      }
    },
    async verify(token, issuer, now) {
      const alg = algorithmOf(token);
      if (alg === undefined) return { ok: false, reason: 'malformed' };
      if (!algorithms.includes(alg)) return { ok: false, reason: 'unsupportedAlgorithm' };
      const known = await sets.keysOf(issuer, now);
      if (!known.ok) return unusable(known);
      const verdict = await verified(token, issuer, known, now);
      if (verdict.ok || verdict.reason !== 'noKey') return verdict;
      const newer = await sets.newerThan(issuer, known.fetchedAt, now);
      if (!newer.ok) return unusable(newer);
      return newer === known ? verdict : verified(token, issuer, newer, now);
    },
  };
}

function algorithmOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).alg;
  } catch {
    return undefined;
  }
}

/** What the other side wrote is unusable keys; that it did not answer, or not well, may pass. */
function unusable({ reason }: KeySetVerdict & { readonly ok: false }): TokenVerdict {
  switch (reason) {
    case 'timeout':
    case 'notReached':
    case 'badStatus':
      return { ok: false, reason: 'unreachable', detail: reason };
    case 'redirected':
    case 'tooLarge':
    case 'compressed':
    case 'untrustedTls':
    case 'notJson':
    case 'noKeysAddress':
    case 'otherIssuer':
    case 'noKeys':
    case 'tooManyKeys':
    case 'badIssuer':
      return { ok: false, reason: 'unusableKeys', detail: reason };
  }
}

async function verified(
  token: string,
  issuer: Issuer,
  { keySet }: KeySetVerdict & { readonly ok: true },
  now: Date,
): Promise<TokenVerdict> {
  try {
    // jose checks the form of the one key that it picks; the set was read as a list of objects.
    const keys = createLocalJWKSet(keySet as unknown as JSONWebKeySet);
    const { payload } = await jwtVerify(token, keys, {
      algorithms: [...algorithms],
      issuer: issuer.url,
      currentDate: now,
      clockTolerance: skewSeconds,
      requiredClaims: ['exp', 'iat'],
    });
    return issuedInTime(payload, now);
  } catch (thrown) {
    return problemOf(thrown);
  }
}

/** Ours: the issuer's clock may be five minutes ahead of ours; no token is good after its end. */
function issuedInTime(payload: JWTPayload, now: Date): TokenVerdict {
  const { iat = 0, exp = 0 } = payload;
  const seconds = now.getTime() / 1000;
  if (seconds >= exp) return { ok: false, reason: 'expired', expiredAt: exp };
  return iat > seconds + skewSeconds ? { ok: false, reason: 'notYetValid', detail: 'iat' } : { ok: true, payload };
}

function problemOf(thrown: unknown): TokenVerdict {
  if (thrown instanceof errors.JWTExpired) {
    const { exp } = thrown.payload;
    return { ok: false, reason: 'expired', ...(exp === undefined ? {} : { expiredAt: exp }) };
  }
  if (thrown instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = thrown;
    if (claim === 'iss') return { ok: false, reason: 'otherIssuer' };
    if (reason === 'missing') return { ok: false, reason: 'missingClaim', detail: claim };
    return {
      ok: false,
      reason: claim === 'nbf' && reason === 'check_failed' ? 'notYetValid' : 'badClaim',
      detail: claim,
    };
  }
  if (thrown instanceof errors.JWKSNoMatchingKey || thrown instanceof errors.JWKSMultipleMatchingKeys) {
    return { ok: false, reason: 'noKey' };
  }
  if (thrown instanceof errors.JWSSignatureVerificationFailed) return { ok: false, reason: 'badSignature' };
  if (thrown instanceof errors.JOSEAlgNotAllowed) return { ok: false, reason: 'unsupportedAlgorithm' };
  // A malformed token, or a key of the issuer's that is none for the algorithm: too short, off its curve.
  return { ok: false, reason: thrown instanceof errors.JOSEError ? 'malformed' : 'badSignature' };
}
