// What operations see of the revocation lists that the server fetches: places, what is known of each, and the lists. How
// they are fetched is the business of the room that implements this.
import type { Certificate } from '../core/x509/certificate.ts';
import type { Crl } from '../core/x509/crl.ts';
import type { CrlUrlVerdict } from '../core/x509/crl-url.ts';

/** Where a URL comes from: written through the API, or a certificate's distribution point. Each has an allow-list. */
export type CrlPlaceKind = 'source' | 'distributionPoint';

/** A place that a list is fetched from, for one trust anchor: what one anchor's holders show changes nothing for another's. */
export type CrlPlace = {
  /** Unique, and never used again for another place. */
  readonly key: string;
  readonly kind: CrlPlaceKind;
  readonly url: string;
  readonly trustAnchorId: string;
  /** The source's id, or the distribution point's host: what logs and metrics show. */
  readonly name: string;
};

/** A place that the operator configured. */
export type WatchedPlace = CrlPlace & {
  /** Whether it is asked on schedule, or on demand alone. */
  readonly scheduled: boolean;
  /** Trusted certificates that may have signed its list. */
  readonly signers: readonly Certificate[];
};

/** What is known of a place. Instants that never were are absent. */
export type CrlPlaceState = {
  readonly place: CrlPlace;
  readonly lastAttemptAt?: Date;
  readonly lastSuccessAt?: Date;
  readonly nextAttemptAt?: Date;
  /** Failed attempts since the last success. */
  readonly failures: number;
  /** Of the last attempt, where it failed: words of our own code. */
  readonly lastError?: { readonly reason: string; readonly detail?: string };
  /** The last good list, and whether the signature of a trusted certificate on it was verified yet. */
  readonly list?: { readonly crl: Crl; readonly verified: boolean };
};

export type FetchedCrls = {
  /** Whether the settings allow the URL. */
  judge(url: string, kind: CrlPlaceKind): CrlUrlVerdict;
  /**
   * The last good list of the place, from memory. `signers` are trusted certificates: a list in the name of one that it did
   * not sign is forgotten.
   */
  listOf(key: string, signers: readonly Certificate[]): Crl | undefined;
  /**
   * Brings places of certificates into memory: from the disk, or where nothing is kept and an attempt is due, from the
   * network, at most as long as the settings allow.
   */
  follow(places: readonly CrlPlace[], signers: readonly Certificate[]): Promise<void>;
  /** Asks the place now, or waits for the attempt that is under way. */
  refresh(place: WatchedPlace): Promise<CrlPlaceState>;
  stateOf(key: string): CrlPlaceState | undefined;
  states(): readonly CrlPlaceState[];
  /** Says that the configured places may be others now. */
  changed(): void;
};
