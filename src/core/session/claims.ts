// What a session token carries, sealed: everything a node needs to know a session again without looking anything up.

/** The content of a session token. Short member names are not used: the token is compressed by nobody and read by people in tests. */
export type SessionClaims = {
  readonly version: 1;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly account: string;
  readonly partition: string;
  /** `arn:aws:iam::ACCOUNT:role/PATH/NAME`. */
  readonly roleArn: string;
  readonly roleName: string;
  /** `AROA…`: a role deleted and made again under its name is another role. */
  readonly roleId: string;
  readonly roleSessionName: string;
  readonly sourceIdentity?: string;
  /** Session tags. */
  readonly tags: Readonly<Record<string, string>>;
  /** Inline session policies, as JSON text. */
  readonly policies: readonly string[];
  readonly managedPolicyArns: readonly string[];
  /** Seconds since 1970. */
  readonly issuedAt: number;
  /** Seconds since 1970; the session is over from this second on. */
  readonly expiresAt: number;
  /** The operation that issued it, e.g. `rolesanywhere:CreateSession`. */
  readonly issuedBy: string;
};

/** Bytes of the claims, to be sealed. */
export function encodeClaims(claims: SessionClaims): Uint8Array {
  return Buffer.from(JSON.stringify(claims));
}

/** The claims of bytes that were sealed by this server, or undefined when they are of another version. */
export function decodeClaims(bytes: Uint8Array): SessionClaims | undefined {
  // The seal guarantees that encodeClaims wrote these bytes; only the version can differ.
  const claims = JSON.parse(Buffer.from(bytes).toString()) as SessionClaims;
  return claims.version === 1 ? claims : undefined;
}
