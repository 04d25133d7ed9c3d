// Whether a certificate on the way to the trust anchor was revoked, by the CRLs that were imported for it and enabled.
// AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html: no CRL is fetched, no OCSP asked.
import type { Certificate } from '../../core/x509/certificate.ts';
import type { Crl } from '../../core/x509/crl.ts';
import { judgeRevocation } from '../../core/x509/crl-status.ts';
import { namesEqual } from '../../core/x509/name.ts';
import type { Reader } from '../../store/store.ts';
import type { Call } from '../call.ts';
import { AccessDeniedException } from './errors.ts';
import { crls, crlsOfTrustAnchors, maxCrls, placeOf, type TrustAnchorRecord, underAnchor } from './records.ts';

/** A CRL that CreateSession asks. */
export type EnabledCrl = { readonly id: string; readonly crl: Crl };

/** The trust anchor's enabled CRLs; their bytes are read only where no earlier request did. */
export async function enabledCrls(
  reader: Reader,
  anchor: TrustAnchorRecord | undefined,
  call: Call,
): Promise<readonly EnabledCrl[]> {
  if (anchor === undefined) return [];
  const prefix = underAnchor(call, anchor.id);
  const entries = await crlsOfTrustAnchors.list(reader, { prefix, limit: maxCrls });
  const enabled: EnabledCrl[] = [];
  for (const { key, record } of entries.filter((entry) => entry.record.enabled)) {
    const id = key.slice(prefix.length);
    const bytes = async () => Buffer.from((await crls.get(reader, placeOf(call) + id))?.crlData ?? '', 'base64');
    enabled.push({ id, crl: await call.crlOf(record.digest, bytes) });
  }
  return enabled;
}

/**
 * Throws AccessDeniedException when a certificate below the anchor is on a list of its issuer's. AWS seen: the sentence.
 * Ours: a list past its nextUpdate still speaks, and one that cannot be used says nothing, as if it were not there; which
 * ones could not be used, and why, stands in the audit event.
 */
export function checkRevocation(
  path: readonly Certificate[],
  anchors: readonly Certificate[],
  enabled: readonly EnabledCrl[],
  call: Call,
): void {
  for (const [at, certificate] of path.slice(0, -1).entries()) {
    const issuers = [
      ...path.slice(at + 1, at + 2),
      ...anchors.filter((anchor) => namesEqual(anchor.subject, certificate.issuer)),
    ];
    for (const { id, crl } of enabled) {
      const verdict = judgeRevocation({ certificate, issuers, crls: [crl], now: call.now, stale: 'ignore' });
      for (const { reason } of verdict.unusable) {
        if (reason === 'otherIssuer') continue;
        call.explain({ reason: 'unusableCrl', crlId: id, because: reason, certificate: certificate.fingerprint });
      }
      if (verdict.status !== 'revoked') continue;
      throw AccessDeniedException('Certificate revoked', {
        reason: 'revoked',
        certificate: certificate.fingerprint,
        serialNumber: certificate.serialHex,
        crlId: id,
        revokedAt: verdict.revokedAt.toISOString(),
        crlReason: verdict.crlReason ?? 'unspecified',
      });
    }
  }
}
