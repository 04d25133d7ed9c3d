// The two biggest rows of what is fuzzed: certificates and revocation lists, read, compared with node:crypto, and put
// through all that is made of them.
import { X509Certificate } from 'node:crypto';
import { type Certificate, parseCertificate } from '../../src/core/x509/certificate.ts';
import { anchorViolations, leafViolations } from '../../src/core/x509/constraints.ts';
import { parseCrl } from '../../src/core/x509/crl.ts';
import { distributionPointsOf, distributionPointUrls } from '../../src/core/x509/crl-distribution-points.ts';
import { judgeRevocation } from '../../src/core/x509/crl-status.ts';
import { rfc2253 } from '../../src/core/x509/name.ts';
import { validatePath } from '../../src/core/x509/path.ts';
import { authority, client } from './corpus.ts';

const now = new Date('2026-11-22T00:00:00Z');

/** A certificate, what is made of one, and itself as its whole chain under both sets of requirements. */
export function certificate(input: Uint8Array): string | undefined {
  const parsed = parseCertificate(input);
  if (!parsed.ok) return parsed.detail === '' ? 'a refusal without a detail' : undefined;
  const { certificate: one } = parsed;
  const again = parseCertificate(one.der);
  if (!again.ok || again.certificate.fingerprint !== one.fingerprint) return 'its own DER is another certificate';
  leafViolations(one);
  anchorViolations(one);
  rfc2253(one.subject);
  distributionPointsOf(one);
  distributionPointUrls(one);
  for (const requirements of ['generic', 'rolesanywhere'] as const) {
    validatePath({ leaf: one, intermediates: [one], anchors: [one], now, requirements });
    validatePath({ leaf: client.certificate, intermediates: [one], anchors: [one], now, requirements });
  }
  return disagreement(one);
}

/** Dates of node:crypto are text, and Date reads the years before this one as others. */
const firstComparableYear = 1000;

/** Where node:crypto reads something else in a certificate that both accept. */
function disagreement(one: Certificate): string | undefined {
  let peer: X509Certificate;
  try {
    peer = new X509Certificate(one.der);
  } catch {
    return undefined;
  }
  const [, sign, hex] = /^(-?)(.*)$/.exec(peer.serialNumber) ?? [];
  if (BigInt(`0x${hex}`) * (sign === '-' ? -1n : 1n) !== one.serialNumber)
    return `serial number ${one.serialHex}, by node:crypto ${peer.serialNumber}`;
  for (const [ours, written] of [
    [one.notBefore, peer.validFrom],
    [one.notAfter, peer.validTo],
  ] as const)
    if (ours.getUTCFullYear() >= firstComparableYear && ours.getTime() !== new Date(written).getTime())
      return `${ours.toISOString()}, by node:crypto ${written}`;
  return keyDisagreement(one, peer);
}

function keyDisagreement(one: Certificate, peer: X509Certificate): string | undefined {
  const ours = one.publicKey();
  let theirs: typeof ours;
  try {
    theirs = peer.publicKey;
  } catch {
    return ours ? 'a public key that node:crypto does not read' : undefined;
  }
  return ours?.equals(theirs) === false ? 'another public key than node:crypto reads' : undefined;
}

/** A list, DER or PEM, and what it says about certificates, one of its issuer's among them. */
export function crl(input: Uint8Array): string | undefined {
  const parsed = parseCrl(input);
  if (!parsed.ok) return parsed.detail === '' ? 'a refusal without a detail' : undefined;
  const { crl: list } = parsed;
  const again = parseCrl(list.der);
  if (!again.ok || again.crl.fingerprint !== list.fingerprint) return 'its own DER is another list';
  if (again.crl.entryCount !== list.entryCount) return 'its own DER has another number of entries';
  for (const serial of [0n, 1n, -1n, 0x80n, 2n ** 159n]) list.entryOf(serial);
  const lists = [{ crl: list, stale: 'refuse' }] as const;
  judgeRevocation({ certificate: client.certificate, issuers: [authority.certificate], lists, now });
  return undefined;
}
