// Whether a certificate on the way to the trust anchor was revoked, by the CRLs that were imported for it and enabled.
// AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html: no CRL is fetched, no OCSP asked.
import type { Reason } from '../../contract/error.ts';
import type { RevocationList } from '../../core/x509/crl-status.ts';
import {
  judgePathRevocation,
  type RevocationDemand,
  type RevocationFailure,
  type SignerQuestion,
  signersBeside,
} from '../../core/x509/path-revocation.ts';
import type { Reader } from '../../store/store.ts';
import type { Call } from '../call.ts';
import { AccessDeniedException } from './errors.ts';
import { crls, crlsOfTrustAnchors, maxCrls, placeOf, type TrustAnchorRecord, underAnchor } from './records.ts';

/** The trust anchor's enabled CRLs, each under the id of its resource; their bytes are read only where no earlier request did. */
export async function enabledCrls(
  reader: Reader,
  anchor: TrustAnchorRecord | undefined,
  call: Call,
): Promise<readonly RevocationList[]> {
  if (anchor === undefined) return [];
  const prefix = underAnchor(call, anchor.id);
  const entries = await crlsOfTrustAnchors.list(reader, { prefix, limit: maxCrls });
  const enabled: RevocationList[] = [];
  for (const { key, record } of entries.filter((entry) => entry.record.enabled)) {
    const id = key.slice(prefix.length);
    const bytes = async () => Buffer.from((await crls.get(reader, placeOf(call) + id))?.crlData ?? '', 'base64');
    enabled.push({ id, crl: await call.crlOf(record.digest, bytes), stale: 'ignore' });
  }
  return enabled;
}

/** A path to the trust anchor, with what was sent beside it and what the anchor trusts. */
export type TrustedHolder = Pick<SignerQuestion, 'path' | 'intermediates' | 'anchors'>;

/**
 * Throws AccessDeniedException when revocation does not leave the path standing. AWS seen: the sentence for a revoked one.
 * Ours: an imported list past its nextUpdate still speaks, and one that cannot be used says nothing, as if it were not there;
 * which ones could not be used, and why, stands in the audit event.
 */
export function checkRevocation(
  holder: TrustedHolder,
  lists: readonly RevocationList[],
  call: Call,
  demand: RevocationDemand = 'soft',
): void {
  if (lists.length === 0 && demand === 'soft') return;
  const { now } = call;
  const signers = signersBeside({ ...holder, lists, now });
  const verdict = judgePathRevocation({ path: holder.path, signers, lists, now, demand });
  for (const { list, certificate, reason: because } of verdict.silent)
    call.explain({ reason: 'unusableCrl', crlId: list.id, because, certificate: certificate.fingerprint });
  if (!verdict.ok) throw AccessDeniedException(sentences[verdict.reason], reasonOf(verdict));
}

// Ours: AWS fetches no list and asks for none; a caller whose certificate cannot be judged is told no more than a stranger.
const sentences: Readonly<Record<RevocationFailure['reason'], string>> = {
  revoked: 'Certificate revoked',
  staleCrl: 'Untrusted signing certificate',
  unknown: 'Untrusted signing certificate',
};

function reasonOf(failure: RevocationFailure): Reason {
  const { reason, rule, detail, certificate } = failure;
  const blamed = { reason, rule, detail, certificate: certificate.fingerprint, serialNumber: certificate.serialHex };
  switch (failure.reason) {
    case 'revoked': {
      const { revocationDate, reason: crlReason = 'unspecified' } = failure.entry;
      return { ...blamed, cause: 'listed', crlId: failure.list.id, revokedAt: revocationDate.toISOString(), crlReason };
    }
    case 'staleCrl':
      return { ...blamed, cause: 'stale', crlId: failure.list.id };
    case 'unknown':
      return { ...blamed, cause: failure.cause };
  }
}
