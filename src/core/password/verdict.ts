// What a password that somebody signs in with is worth.
import { digestOf, isInForce, type PasswordDigests, scryptParameters } from './digests.ts';

/** A user's password as it is kept. */
export type KeptPassword = {
  readonly digests: PasswordDigests;
  readonly lastChanged: Date;
  /** Good for one sign-in, at which another is chosen. */
  readonly resetRequired: boolean;
};

/** How long passwords last, by the account's policy. */
export type PasswordLifetime = {
  /** Days; null: for ever. */
  readonly maxAgeDays: number | null;
  /** Whether an expired password is good for nothing, not even to choose another. */
  readonly hardExpiry: boolean;
};

export type PasswordVerdict =
  /** `mustChange`: the one thing that may be done now is to choose another password. */
  | { readonly ok: true; readonly mustChange: boolean }
  | { readonly ok: false; readonly reason: 'wrongPassword' | 'expired' };

/** When a password expires, or undefined where none does. */
export function expiryOf(lastChanged: Date, { maxAgeDays }: PasswordLifetime): Date | undefined {
  return maxAgeDays === null ? undefined : new Date(lastChanged.getTime() + maxAgeDays * 86_400_000);
}

/**
 * The verdict on a password at `now`. `kept` undefined: there is no such user, or no password; it takes as long, so that
 * nobody learns from the time who is there. Whoever asks counts the failures: this neither counts nor waits.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
 */
export async function passwordVerdict(
  kept: KeptPassword | undefined,
  password: string,
  lifetime: PasswordLifetime,
  now: Date,
): Promise<PasswordVerdict> {
  const digests = kept?.digests ?? nobodys;
  const isRight = isInForce(digests, await digestOf(digests, password));
  if (kept === undefined || !isRight) return { ok: false, reason: 'wrongPassword' };
  const expiry = expiryOf(kept.lastChanged, lifetime);
  const isExpired = expiry !== undefined && now >= expiry;
  if (isExpired && lifetime.hardExpiry) return { ok: false, reason: 'expired' };
  return { ok: true, mustChange: isExpired || kept.resetRequired };
}

/** No password has these digests: there are none. */
const nobodys: PasswordDigests = Object.freeze({ ...scryptParameters, salt: 'AAAAAAAAAAAAAAAAAAAAAA==', digests: [] });
