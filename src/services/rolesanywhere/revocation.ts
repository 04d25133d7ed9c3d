// Whether a certificate on the way to the trust anchor was revoked, by the CRLs that were imported for it and enabled, and by
// those that the operator has fetched.
// AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html: no CRL is fetched, no OCSP asked.
import type { Reason, ServiceError } from '../../contract/error.ts';
import type { RevocationList } from '../../core/x509/crl-status.ts';
import {
  judgePathRevocation,
  type PathRevocation,
  type RevocationFailure,
  type SignerQuestion,
  signersBeside,
} from '../../core/x509/path-revocation.ts';
import type { Reader } from '../../store/store.ts';
import { defaultRevocationPolicy } from '../anyrole/records.ts';
import type { Call } from '../call.ts';
import { certificateFacts } from '../certificate-facts.ts';
import { AccessDeniedException } from './errors.ts';
import {
  type FollowedCertificate,
  fetchedLists,
  type NamedList,
  type RevocationDemands,
  revocationDemands,
} from './fetched-revocation.ts';
import { crls, crlsOfTrustAnchors, maxCrls, placeOf, type TrustAnchorRecord, underAnchor } from './records.ts';

/** What the trust anchor's holders are judged by. */
export type RevocationBasis = {
  readonly demands: RevocationDemands;
  /** Its enabled CRLs. */
  readonly imported: readonly RevocationList[];
};

/** Reads it; of a trust anchor that is not there, nothing. */
export async function revocationBasis(
  reader: Reader,
  anchor: TrustAnchorRecord | undefined,
  call: Call,
): Promise<RevocationBasis> {
  if (anchor === undefined) return { demands: { policy: defaultRevocationPolicy, sources: [] }, imported: [] };
  const demands = await revocationDemands(reader, anchor, call);
  return { demands, imported: await enabledCrls(reader, anchor, demands, call) };
}

/** The trust anchor's enabled CRLs, each under the id of its resource; their bytes are read only where no earlier request did. */
async function enabledCrls(
  reader: Reader,
  anchor: TrustAnchorRecord,
  { policy }: RevocationDemands,
  call: Call,
): Promise<readonly RevocationList[]> {
  const prefix = underAnchor(call, anchor.id);
  const entries = await crlsOfTrustAnchors.list(reader, { prefix, limit: maxCrls });
  if (entries.length === 0) return [];
  const stale = policy.importedCrls === 'accept' ? 'ignore' : 'refuse';
  const enabled: RevocationList[] = [];
  for (const { key, document: record } of entries) {
    if (!record.enabled) continue;
    const id = key.slice(prefix.length);
    const bytes = async () => Buffer.from((await crls.get(reader, placeOf(call) + id))?.crlData ?? '', 'base64');
    enabled.push({ id, crl: await call.crlOf(record.digest, bytes), stale });
  }
  return enabled;
}

/** A path to the trust anchor, with what was sent beside it and what the anchor trusts. */
export type TrustedHolder = Pick<SignerQuestion, 'path' | 'intermediates' | 'anchors'>;

/** What a path is judged by. */
export type RevocationEvidence = RevocationBasis & { readonly followed: readonly FollowedCertificate[] };

/**
 * Throws AccessDeniedException when revocation does not leave the path standing. AWS seen: the sentence for a revoked one.
 * Ours: the trust anchor's policy says whether an imported list past its nextUpdate still speaks (it does, if nobody said
 * anything), and whether fetched lists must be there (they must): then a source without one, or with an old one, refuses
 * everybody, and a certificate whose distribution points are followed must be good by a list. An imported list that cannot
 * be used says nothing, as if it were not there; which ones, and why, stands in the audit event.
 */
export function checkRevocation(holder: TrustedHolder, evidence: RevocationEvidence, call: Call): void {
  const { demands, followed, imported } = evidence;
  // Nobody has anything to say, and nobody must.
  if (imported.length === 0 && demands.sources.length === 0 && followed.length === 0) return;
  const signers = [...holder.path.slice(1), ...holder.anchors];
  const { lists, unready, missed } = fetchedLists(demands, followed, signers, call);
  const asked = new Map<RevocationList, NamedList['name']>(lists.map(({ list, name }) => [list, name]));
  for (const list of imported) asked.set(list, { crlId: list.id ?? '' });
  const strict = demands.policy.fetchedCrls === 'refuse';
  for (const distributionPoint of missed) call.explain({ reason: 'crlUnavailable', distributionPoint });
  if (!strict) for (const source of unready) call.explain(source);
  const verdict = judged(holder, [...asked.keys()], strict ? followed : [], call);
  for (const { list, certificate, reason: because } of verdict.silent)
    call.explain({ reason: 'unusableCrl', ...asked.get(list), because, certificate: certificate.fingerprint });
  if (!verdict.ok && verdict.reason === 'revoked') throw refusal(verdict, asked);
  const [unreadySource = unusableSource(verdict, lists)] = unready;
  if (strict && unreadySource !== undefined) throw AccessDeniedException(unjudged, ofSource(unreadySource, holder));
  if (!verdict.ok) throw refusal(verdict, asked);
}

function judged(
  holder: TrustedHolder,
  lists: readonly RevocationList[],
  followed: readonly FollowedCertificate[],
  { now }: Call,
): PathRevocation {
  if (lists.length === 0 && followed.length === 0) return { ok: true, silent: [] };
  const mustBeGood = new Set(followed.map(({ certificate }) => certificate));
  return judgePathRevocation({
    path: holder.path,
    signers: signersBeside({ ...holder, lists, now }),
    lists,
    now,
    demand: (certificate) => (mustBeGood.has(certificate) ? 'hard' : 'soft'),
  });
}

/** A source whose list is in the name of the path's issuer and cannot be used: no better than none. */
function unusableSource({ silent }: PathRevocation, lists: readonly NamedList[]) {
  for (const { list, reason: because } of silent) {
    const { crlSourceId } = lists.find((one) => one.list === list)?.name ?? {};
    // A list about other certificates of the issuer's is as it should be.
    if (crlSourceId !== undefined && because !== 'outOfScope')
      return { reason: 'crlUnavailable', crlSourceId, because };
  }
  return undefined;
}

/** Why nobody passes while a source cannot speak; the certificate that asked is named, no certificate is at fault. */
function ofSource(source: Reason, { path: [leaf] }: TrustedHolder): Reason {
  const rule = 'Ours: the revocation policy of the trust anchor, RFC 5280 §6.3.3';
  const detail = `the CRL source has ${source.reason === 'staleCrl' ? 'a list past its nextUpdate' : 'no list that can be used'}`;
  return { ...source, step: 'revocation', rule, detail, ...(leaf && certificateFacts(leaf)) };
}

const unjudged = 'Untrusted signing certificate';

// Ours: AWS fetches no list and asks for none; a caller whose certificate cannot be judged is told no more than a stranger.
const sentences: Readonly<Record<RevocationFailure['reason'], string>> = {
  revoked: 'Certificate revoked',
  staleCrl: unjudged,
  unknown: unjudged,
};

function refusal(failure: RevocationFailure, names: ReadonlyMap<RevocationList, NamedList['name']>): ServiceError {
  return AccessDeniedException(sentences[failure.reason], reasonOf(failure, names));
}

function reasonOf(failure: RevocationFailure, names: ReadonlyMap<RevocationList, NamedList['name']>): Reason {
  const { reason, rule, detail, certificate } = failure;
  const { serialHex: serialNumber } = certificate;
  const blamed = { reason, step: 'revocation', rule, detail, ...certificateFacts(certificate), serialNumber };
  switch (failure.reason) {
    case 'revoked': {
      const { revocationDate, reason: crlReason = 'unspecified' } = failure.entry;
      return {
        ...blamed,
        cause: 'listed',
        ...names.get(failure.list),
        revokedAt: revocationDate.toISOString(),
        crlReason,
      };
    }
    case 'staleCrl':
      return { ...blamed, cause: 'stale', ...names.get(failure.list) };
    case 'unknown':
      return { ...blamed, cause: failure.cause };
  }
}
