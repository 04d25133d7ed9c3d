// What the fetched CRLs add to a trust anchor's imported ones: the sources that the operator configured, and distribution
// points of the path's certificates on hosts that the operator allows.
import { rememberOf } from '../../core/remember.ts';
import type { Certificate } from '../../core/x509/certificate.ts';
import { distributionPointUrls } from '../../core/x509/crl-distribution-points.ts';
import type { RevocationList } from '../../core/x509/crl-status.ts';
import type { Reader } from '../../store/store.ts';
import {
  crlSourceKey,
  crlSourcesOf,
  placeOfSource,
  type RevocationPolicyRecord,
  revocationPolicyOf,
} from '../anyrole/records.ts';
import type { Call } from '../call.ts';
import type { CrlPlace } from '../fetched-crls.ts';
import { type TrustAnchorRecord, underAnchor } from './records.ts';

/** What a trust anchor demands of its CRLs, and where those that are fetched come from. */
export type RevocationDemands = {
  readonly policy: RevocationPolicyRecord;
  /** Enabled. */
  readonly sources: readonly CrlPlace[];
};

export async function revocationDemands(
  reader: Reader,
  anchor: TrustAnchorRecord,
  call: Call,
): Promise<RevocationDemands> {
  const policy = await revocationPolicyOf(reader, call, anchor.id);
  const sources = await crlSourcesOf(reader, call, anchor.id);
  const enabled = sources.filter((source) => source.enabled);
  return { policy, sources: enabled.map((source) => placeOfSource(crlSourceKey(call, source), source)) };
}

/** The allowed places that a certificate of a path names. */
export type FollowedCertificate = { readonly certificate: Certificate; readonly places: readonly CrlPlace[] };

/**
 * Follows the distribution points of a path, as far as the operator allows their hosts; a place that is seen for the first
 * time is waited for. INVARIANT: called when the path is trusted and the key is proved, so that no stranger makes this
 * server ask another. Never throws: what cannot be had is missed when the path is judged. A promise where there is a place to
 * wait for.
 */
export function followPoints(
  path: readonly Certificate[],
  anchor: TrustAnchorRecord,
  call: Call,
): readonly FollowedCertificate[] | Promise<readonly FollowedCertificate[]> {
  const followed: FollowedCertificate[] = [];
  for (const certificate of path) {
    // Most certificates name no point, and nobody asks where a list of the anchor's own issuer would be.
    if (certificate.extensions.cRLDistributionPoints === undefined || certificate === path.at(-1)) continue;
    const urls = urlsOf(certificate);
    const places = urls.length === 0 ? [] : placesOf(urls, anchor.id, call);
    if (places.length > 0) followed.push({ certificate, places });
  }
  return followed.length === 0 ? followed : fetched(followed, path, call);
}

async function fetched(followed: readonly FollowedCertificate[], path: readonly Certificate[], call: Call) {
  const places = followed.flatMap((one) => one.places);
  await call.fetchedCrls.follow(places, path.slice(1));
  return followed;
}

/** The URLs follow from the certificate; whether they may be followed, from settings. */
const urlsOf = rememberOf(distributionPointUrls);

function placesOf(urls: readonly string[], trustAnchorId: string, call: Call): readonly CrlPlace[] {
  return urls.flatMap((url) => {
    const verdict = call.fetchedCrls.judge(url, 'distributionPoint');
    if (!verdict.ok || verdict.url.kind !== 'http') return [];
    const { href, host } = verdict.url;
    const key = `${underAnchor(call, trustAnchorId)}${href}`;
    return [{ key, kind: 'distributionPoint', url: href, trustAnchorId, name: host } as const];
  });
}

/** A list under the name that an audit event gives it. */
export type NamedList = { readonly list: RevocationList; readonly name: Readonly<Record<string, string>> };

/** Why a source has nothing to say. */
export type UnreadySource = { readonly reason: 'crlUnavailable' | 'staleCrl'; readonly crlSourceId: string };

export type FetchedLists = {
  readonly lists: readonly NamedList[];
  /** Sources without a list, or with one past its nextUpdate. */
  readonly unready: readonly UnreadySource[];
  /** URLs of distribution points without a list. */
  readonly missed: readonly string[];
};

/** The fetched lists, from memory. `signers` are the trusted certificates of the path and the anchor. */
export function fetchedLists(
  { policy, sources }: RevocationDemands,
  followed: readonly FollowedCertificate[],
  signers: readonly Certificate[],
  call: Call,
): FetchedLists {
  const stale = policy.fetchedCrls === 'accept' ? 'ignore' : 'refuse';
  const lists: NamedList[] = [];
  const unready: UnreadySource[] = [];
  const missed: string[] = [];
  for (const { key, name: crlSourceId } of sources) {
    const crl = call.fetchedCrls.listOf(key, signers);
    if (crl === undefined) unready.push({ reason: 'crlUnavailable', crlSourceId });
    else if (crl.nextUpdate !== undefined && crl.nextUpdate < call.now)
      unready.push({ reason: 'staleCrl', crlSourceId });
    if (crl !== undefined) lists.push({ list: { id: crlSourceId, crl, stale }, name: { crlSourceId } });
  }
  for (const [key, url] of new Map(followed.flatMap(({ places }) => places.map((place) => [place.key, place.url])))) {
    const crl = call.fetchedCrls.listOf(key, signers);
    if (crl === undefined) missed.push(url);
    else lists.push({ list: { id: url, crl, stale }, name: { distributionPoint: url } });
  }
  return { lists, unready, missed };
}
