// Whom operations ask whether an identity token holds. The answer needs the network; its maker is given to the gateway.
import type { TokenPayload } from '../core/session/web-identity.ts';

/** What is known of an issuer: a provider of an account. */
export type Issuer = {
  /** The issuer as tokens name it, `https://issuer.example/path`. */
  readonly url: string;
  /** SHA-1 of certificates that its TLS may lead to besides the well-known ones, lower-case hex. */
  readonly thumbprints: readonly string[];
};

/** Why a token does not hold. `unreachable`: the issuer's keys cannot be had. */
export type TokenProblem =
  | 'malformed'
  | 'unsupportedAlgorithm'
  | 'unreachable'
  | 'unusableKeys'
  | 'noKey'
  | 'badSignature'
  | 'otherIssuer'
  | 'expired'
  | 'notYetValid'
  | 'missingClaim'
  | 'badClaim';

export type TokenVerdict =
  | { readonly ok: true; readonly payload: TokenPayload }
  | {
      readonly ok: false;
      readonly reason: TokenProblem;
      /** A claim's name, or a word about what went wrong: never a text of the token's or the issuer's. */
      readonly detail?: string;
      /** Seconds since 1970: of an expired token, when it ended. */
      readonly expiredAt?: number;
    };

export type Issuers = {
  /** The issuer that a token names, unverified; undefined where the text is no signed JWT. */
  issuerNamed(token: string): string | undefined;
  /** Whether the issuer signed the token and it holds now. Never rejects. */
  verify(token: string, issuer: Issuer, now: Date): Promise<TokenVerdict>;
};
