// One place that is watched: its list, the certificates that may sign it, and how the attempts went.
import type { Certificate } from '../core/x509/certificate.ts';
import type { Crl } from '../core/x509/crl.ts';
import type { CrlPlace, CrlPlaceState } from '../services/fetched-crls.ts';
import { type KeptCrl, signatureOf } from './replacement.ts';
import { nextAttempt } from './schedule.ts';

/** Why an attempt failed, in words of our own code. */
export type Failure = { readonly reason: string; readonly detail?: string };

export type Watched = {
  readonly place: CrlPlace;
  scheduled: boolean;
  /** Certificates that the operator configured. */
  configured: readonly Certificate[];
  /** Certificates that trusted paths showed, the last one last. */
  readonly shown: Map<string, Certificate>;
  /** Watched no longer: nothing is kept of it. */
  forgotten?: boolean;
  /** Reading what is kept on disk, from the first time on. */
  loading?: Promise<void>;
  flight?: Promise<void>;
  kept?: KeptCrl;
  /** SHA-256 of the bytes that the list came in. */
  digest?: string;
  askedAt: Date;
  lastAttemptAt?: Date;
  lastSuccessAt?: Date;
  nextAttemptAt?: Date;
  failures: number;
  lastError?: Failure;
};

/** Certificates of trusted paths that are remembered for a place. */
const maxShown = 16;

export function newlyWatched(place: CrlPlace, askedAt: Date): Watched {
  return { place, scheduled: false, configured: [], shown: new Map(), failures: 0, askedAt };
}

export function signersOf({ configured, shown }: Watched): readonly Certificate[] {
  return [...configured, ...shown.values()];
}

/** Remembers trusted certificates, the newest at the cost of the eldest. */
export function showSigners({ shown }: Watched, signers: readonly Certificate[]): void {
  for (const signer of signers) {
    shown.delete(signer.fingerprint);
    shown.set(signer.fingerprint, signer);
  }
  for (const [eldest] of shown) {
    if (shown.size <= maxShown) return;
    shown.delete(eldest);
  }
}

/** The place's list, unless a certificate that is known by now says that it is not its issuer's. */
export function listOf(watched: Watched): Crl | undefined {
  const { kept } = watched;
  if (kept === undefined || kept.verified) return kept?.crl;
  const signature = signatureOf(kept.crl, signersOf(watched));
  if (signature === undefined) return kept.crl;
  if (signature.ok) {
    watched.kept = { ...kept, verified: true };
    return kept.crl;
  }
  delete watched.kept;
  delete watched.digest;
  delete watched.nextAttemptAt;
  watched.lastError = { reason: signature.reason };
  return undefined;
}

/** Notes how an attempt went; says whether that is news. */
export function settle(
  watched: Watched,
  outcome: { readonly ok: true } | ({ readonly ok: false } & Failure),
  now: Date,
  refreshMs: number,
): 'failed' | 'recovered' | undefined {
  const failedBefore = watched.failures > 0;
  watched.failures = outcome.ok ? 0 : watched.failures + 1;
  if (outcome.ok) {
    watched.lastSuccessAt = now;
    delete watched.lastError;
  } else {
    watched.lastError = { reason: outcome.reason, ...(outcome.detail === undefined ? {} : { detail: outcome.detail }) };
  }
  const { failures, kept, place } = watched;
  const nextUpdate = kept?.crl.nextUpdate?.getTime();
  watched.nextAttemptAt = new Date(nextAttempt({ key: place.key, at: now.getTime(), failures, nextUpdate }, refreshMs));
  if (outcome.ok) return failedBefore ? 'recovered' : undefined;
  return failedBefore ? undefined : 'failed';
}

/** Whether an attempt may be made. */
export function isDue({ nextAttemptAt, flight }: Watched, now: Date): boolean {
  return flight === undefined && (nextAttemptAt === undefined || nextAttemptAt <= now);
}

export function stateOf({ place, kept, failures, ...watched }: Watched): CrlPlaceState {
  const { lastAttemptAt, lastSuccessAt, nextAttemptAt, lastError } = watched;
  return {
    place,
    failures,
    ...(kept && { list: kept }),
    ...(lastAttemptAt && { lastAttemptAt }),
    ...(lastSuccessAt && { lastSuccessAt }),
    ...(nextAttemptAt && { nextAttemptAt }),
    ...(lastError && { lastError }),
  };
}
