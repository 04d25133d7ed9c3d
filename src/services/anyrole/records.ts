// What the operator's operations keep, and the names of what they are about. `Ours:` AWS has no such resources, and these
// ARNs stand in policies alone.
import type { Certificate } from '../../core/x509/certificate.ts';
import type { Reader, Writer } from '../../store/store.ts';
import { formatArn } from '../arn.ts';
import type { Call } from '../call.ts';
import type { CrlPlace, WatchedPlace } from '../fetched-crls.ts';
import { collection } from '../records.ts';
import { placeOf, type TrustAnchorRecord, trustAnchors, underAnchor } from '../rolesanywhere/records.ts';

/** `arn:…:anyrole:REGION:ACCOUNT:` and the resource, e.g. `certificate/*`. */
export function arnOf({ partition, region, account }: Call, resource: string): string {
  return formatArn({ partition, service: 'anyrole', region, account, resource });
}

/** A URL that a trust anchor's CRL is fetched from, as stored under the anchor's id and its own. */
export type CrlSourceRecord = {
  readonly id: string;
  readonly arn: string;
  readonly trustAnchorId: string;
  readonly trustAnchorArn: string;
  readonly name: string | null;
  /** In the normal form of the URL Standard. */
  readonly url: string;
  readonly enabled: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
};

/**
 * What a CRL past its nextUpdate means: `accept`, it still speaks; `refuse`, who it could speak about is refused. For fetched
 * ones `refuse` also asks that there be a list.
 */
export type StalePolicy = 'accept' | 'refuse';

/** What a trust anchor demands of its CRLs, as stored under the anchor's id. */
export type RevocationPolicyRecord = { readonly importedCrls: StalePolicy; readonly fetchedCrls: StalePolicy };

/** `Ours:` nobody renews an imported CRL but people, as in AWS; one that is fetched has no reason to be old. */
export const defaultRevocationPolicy: RevocationPolicyRecord = { importedCrls: 'accept', fetchedCrls: 'refuse' };

export const crlSources = collection<CrlSourceRecord>('anyrole/crl-sources');
export const revocationPolicies = collection<RevocationPolicyRecord>('anyrole/revocation-policies');

/** Sources of one trust anchor, at most. Ours: CreateSession asks every one of them. */
export const maxCrlSources = 16;

/** The trust anchor's sources, in the order of their creation. */
export async function crlSourcesOf(
  reader: Reader,
  call: Pick<Call, 'account' | 'region'>,
  trustAnchorId: string,
): Promise<readonly CrlSourceRecord[]> {
  const query = { prefix: underAnchor(call, trustAnchorId), limit: maxCrlSources };
  return (await crlSources.list(reader, query)).map(({ document: record }) => record);
}

/** The trust anchor's policy, or the default. */
export async function revocationPolicyOf(
  reader: Reader,
  call: Pick<Call, 'account' | 'region'>,
  trustAnchorId: string,
): Promise<RevocationPolicyRecord> {
  return (await revocationPolicies.get(reader, placeOf(call) + trustAnchorId)) ?? defaultRevocationPolicy;
}

/** Deletes what is kept of a trust anchor that is deleted. */
export async function deleteRevocationOf(writer: Writer, anchor: TrustAnchorRecord, call: Call): Promise<void> {
  const prefix = underAnchor(call, anchor.id);
  for (const { key } of await crlSources.list(writer, { prefix, limit: maxCrlSources }))
    await crlSources.delete(writer, key);
  await revocationPolicies.delete(writer, placeOf(call) + anchor.id);
}

/** The key of a source's record. */
export function crlSourceKey(
  call: Pick<Call, 'account' | 'region'>,
  { trustAnchorId, id }: Pick<CrlSourceRecord, 'trustAnchorId' | 'id'>,
): string {
  return underAnchor(call, trustAnchorId) + id;
}

/** The place of a source, which has the key of its record: ids are never used again. */
export function placeOfSource(key: string, { url, trustAnchorId, id }: CrlSourceRecord): CrlPlace {
  return { key, kind: 'source', url, trustAnchorId, name: id };
}

/** The place of a source as the server watches it; `anchor` is its trust anchor. */
export function watchedPlace(
  key: string,
  source: CrlSourceRecord,
  anchor: TrustAnchorRecord | undefined,
  certificatesOf: (pem: string) => readonly Certificate[],
): WatchedPlace {
  const signers = anchor === undefined ? [] : certificatesOf(anchor.x509CertificateData);
  return { ...placeOfSource(key, source), scheduled: source.enabled && anchor !== undefined, signers };
}

/** Every source of every account, as the server watches it. */
export async function configuredPlaces(
  reader: Reader,
  certificatesOf: (pem: string) => readonly Certificate[],
): Promise<readonly WatchedPlace[]> {
  const limit = 1000;
  const places: WatchedPlace[] = [];
  for (let after: string | undefined; ; ) {
    const query = { prefix: '', limit, ...(after === undefined ? {} : { after }) };
    const entries = await crlSources.list(reader, query);
    for (const { key, document: record } of entries) {
      const anchor = await trustAnchors.get(reader, key.slice(0, key.lastIndexOf('/')));
      places.push(watchedPlace(key, record, anchor, certificatesOf));
    }
    if (entries.length < limit) return places;
    after = entries.at(-1)?.key;
  }
}

/** What an answer shows of the trust anchor that something belongs to. */
export function trustAnchorShown({ arn, id, name, enabled }: TrustAnchorRecord) {
  return { trustAnchorArn: arn, trustAnchorId: id, trustAnchorName: name, trustAnchorEnabled: enabled };
}
