// What a session token carries, sealed: everything a node needs to know a session again without looking anything up. What
// a session may do is not in it: that is looked up at each call, so that whom it stands for can lose it.

/** What every session has. */
type Issued = {
  readonly version: 2;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Twelve digits: the account whose session it is. */
  readonly account: string;
  readonly partition: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  /** Seconds since 1970; the session is over from this second on. */
  readonly expiresAt: number;
  /** The operation that issued it, e.g. `rolesanywhere:CreateSession`. */
  readonly issuedBy: string;
};

/** What limits a session besides the policies of whom it stands for. */
type Limited = {
  /** Inline session policies, as JSON text. */
  readonly policies: readonly string[];
  readonly managedPolicyArns: readonly string[];
  /** Session tags. No two keys differ in case alone. */
  readonly tags: Readonly<Record<string, string>>;
};

/** The identity provider behind a session, and whom it vouched for. */
export type WebIdentity = {
  /** ARN of the OpenID Connect provider. */
  readonly provider: string;
  /** The issuer without its scheme: what condition keys begin with. */
  readonly issuer: string;
  readonly audience: string;
  readonly subject: string;
};

/** A session of a role. */
export type RoleClaims = Issued &
  Limited & {
    readonly kind: 'role';
    /** `arn:aws:iam::ACCOUNT:role/PATH/NAME`. */
    readonly roleArn: string;
    readonly roleName: string;
    /** `AROA…`: a role deleted and made again under its name is another role. */
    readonly roleId: string;
    readonly roleSessionName: string;
    /** Once set, no session that is made with this one can change it. */
    readonly sourceIdentity?: string;
    /** Keys of `tags`, in its case, that a session made with this one inherits. */
    readonly transitiveTagKeys: readonly string[];
    readonly webIdentity?: WebIdentity;
  };

/** A user as a session remembers it. */
export type UserIdentity = {
  readonly userName: string;
  /** `AIDA…`: a user deleted and made again under its name is another user. */
  readonly userId: string;
  /** `arn:aws:iam::ACCOUNT:user/PATH/NAME`. */
  readonly userArn: string;
};

/** A session of a user or of the account itself. `sourceAccessKeyId`: the key that asked for it; it ends with that key. */
export type UserClaims = Issued & UserIdentity & { readonly kind: 'user'; readonly sourceAccessKeyId: string };
export type RootClaims = Issued & { readonly kind: 'root'; readonly sourceAccessKeyId: string };

/** A federated user: somebody whom a user, or the account itself (`user` absent), vouched for. */
export type FederatedUserClaims = Issued &
  Limited & {
    readonly kind: 'federatedUser';
    readonly name: string;
    readonly user?: UserIdentity;
    readonly sourceAccessKeyId: string;
  };

/** The content of a session token. */
export type SessionClaims = RoleClaims | UserClaims | RootClaims | FederatedUserClaims;

/** A token of version 1: a session of a role, before there were others. */
type Claims1 = Omit<RoleClaims, 'version' | 'kind' | 'transitiveTagKeys' | 'webIdentity'> & { readonly version: 1 };

/**
 * Bytes of the claims, to be sealed. Lists that are not frozen are written twice as fast, and with them all the rest: what is
 * stored is frozen, so that who makes claims of it gives copies.
 */
export function encodeClaims(claims: SessionClaims): Uint8Array {
  return Buffer.from(JSON.stringify(claims));
}

/** The claims of bytes that were sealed by this server, or undefined when they are of an unknown version. */
export function decodeClaims(bytes: Uint8Array): SessionClaims | undefined {
  // The seal guarantees that encodeClaims wrote these bytes, here or in an older or newer server; only the version differs.
  const claims = JSON.parse(Buffer.from(bytes).toString()) as SessionClaims | Claims1;
  if (claims.version === 1) return { ...claims, version: 2, kind: 'role', transitiveTagKeys: [] };
  return claims.version === 2 ? claims : undefined;
}
