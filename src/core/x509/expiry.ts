// How a certificate stands to the clock: what an operator must know before a path fails for it.

/** A certificate's place in its own time. */
export type ExpiryState = 'expired' | 'notYetValid' | 'expiringSoon' | 'valid';

type Validity = { readonly notBefore: Date; readonly notAfter: Date };

export const dayMs = 24 * 60 * 60 * 1000;

/**
 * The state at `now`; `expiringSoon` when at most `days` days of validity are left. The last instant of validity belongs
 * to it. Spec: RFC 5280 §4.1.2.5
 */
export function expiryState({ notBefore, notAfter }: Validity, now: Date, days: number): ExpiryState {
  if (now > notAfter) return 'expired';
  if (now < notBefore) return 'notYetValid';
  return notAfter.getTime() - now.getTime() <= days * dayMs ? 'expiringSoon' : 'valid';
}

/** Whole days until the last instant of validity, rounded down: 0 on the last day, negative afterwards. */
export function daysLeft({ notAfter }: Pick<Validity, 'notAfter'>, now: Date): number {
  return Math.floor((notAfter.getTime() - now.getTime()) / dayMs);
}
