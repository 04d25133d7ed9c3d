// Passwords as they are kept: scrypt digests of the one in force and of those before it. One salt serves all passwords of
// one user, so that one computation tells whether a password is, or ever was, among them; no two users share a salt.
// Spec: RFC 7914.
import { scrypt, timingSafeEqual } from 'node:crypto';

/** What scrypt is run with. */
export type ScryptParameters = { readonly N: number; readonly r: number; readonly p: number };

/** The passwords of one user. Base64 throughout. */
export type PasswordDigests = ScryptParameters & {
  /** 16 bytes. */
  readonly salt: string;
  /** 32 bytes each: the password in force first, then those before it, the latest first. */
  readonly digests: readonly string[];
};

export const saltBytes = 16;
const digestBytes = 32;

/**
 * Ours: 32 MiB and about a tenth of a second of one thread. Node runs scrypt on its four threads for such work, so that
 * many passwords at once wait for each other and not the server for them.
 */
export const scryptParameters: ScryptParameters = Object.freeze({ N: 2 ** 15, r: 8, p: 3 });

/** Digests that are kept: as many passwords as a policy can forbid to use again. */
export const maxDigests = 24;

/** The digests of a user whose first password it is. `salt`: 16 fresh random bytes. */
export async function firstDigests(
  password: string,
  salt: Uint8Array,
  parameters: ScryptParameters = scryptParameters,
): Promise<PasswordDigests> {
  const empty = { ...parameters, salt: Buffer.from(salt).toString('base64'), digests: [] };
  return withPassword(empty, await digestOf(empty, password));
}

/** The digest of a password as this user's are. Fails only where memory does. */
export function digestOf({ N, r, p, salt }: PasswordDigests, password: string): Promise<Buffer> {
  const options = { N, r, p, maxmem: 256 * r * (N + p) };
  return new Promise((resolve, reject) => {
    scrypt(Buffer.from(password, 'utf8'), Buffer.from(salt, 'base64'), digestBytes, options, (error, digest) =>
      error === null ? resolve(digest) : reject(error),
    );
  });
}

/** Whether the digest is that of the password in force. In constant time. */
export function isInForce({ digests: [current] }: PasswordDigests, digest: Uint8Array): boolean {
  return current !== undefined && isSame(current, digest);
}

/** Whether the digest is among the latest so many, the one in force counted. In constant time. */
export function isAmongLatest({ digests }: PasswordDigests, digest: Uint8Array, count: number): boolean {
  return digests.slice(0, count).filter((kept) => isSame(kept, digest)).length > 0;
}

/** The digests with another password in force. */
export function withPassword(held: PasswordDigests, digest: Uint8Array): PasswordDigests {
  return { ...held, digests: [Buffer.from(digest).toString('base64'), ...held.digests].slice(0, maxDigests) };
}

function isSame(kept: string, digest: Uint8Array): boolean {
  const bytes = Buffer.from(kept, 'base64');
  return bytes.length === digest.length && timingSafeEqual(bytes, digest);
}
