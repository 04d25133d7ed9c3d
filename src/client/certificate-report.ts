// What a certificate is, in the official helper's words.
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { type Certificate, parseCertificate } from '../core/x509/certificate.ts';
import { rfc2253 } from '../core/x509/name.ts';
import { failure } from './errors.ts';
import { holdingsOf } from './holdings.ts';
import { readMaterial } from './material.ts';
import type { IdentityOptions } from './options.ts';

/** The helper's `read-certificate-data` of a file, in the order of its members. AWS seen: v1.8.0 */
export type CertificateReport = {
  readonly keyType: string;
  /** base64 of the DER. */
  readonly certificateData: string;
  /** Decimal. */
  readonly serialNumber: string;
  readonly supportedAlgorithms: readonly string[];
};

/** The first certificate of the file. Needs no key. Throws RolesAnywhereError. */
export async function certificateReport({ certificate: material }: IdentityOptions): Promise<CertificateReport> {
  const read = await readMaterial('certificate', material);
  const [der] = holdingsOf(read).certificates;
  if (der === undefined) throw failure('IdentityUnreadable', `the ${read.name} holds no certificate`);
  const certificate = parsedCertificate(der);
  const keyType = keyTypeOf(certificate);
  return {
    keyType,
    certificateData: Buffer.from(der).toString('base64'),
    serialNumber: String(certificate.serialNumber),
    // Ours: ML-DSA has no hashes to choose of.
    supportedAlgorithms: keyType.startsWith('ML-DSA')
      ? [keyType]
      : ['256', '384', '512'].map((n) => `${keyType}SHA${n}`),
  };
}

/** Lines that tell certificates of a token apart. */
export function matchingIdentities(
  found: readonly { readonly der: Uint8Array; readonly id: Uint8Array; readonly label: string }[],
): string {
  if (found.length === 0) return 'No matching identities\n';
  const lines = found.map(({ der, id, label }, at) => {
    const { subject, issuer, serialNumber } = parsedCertificate(der);
    const fingerprint = createHash('sha1').update(der).digest('hex');
    const escaped = [...id].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
    return [
      `${at + 1}) ${fingerprint} "${label}"`,
      `\tSubject: ${rfc2253(subject)}`,
      `\tIssuer: ${rfc2253(issuer)}`,
      `\tSerial: ${serialNumber.toString(16).toUpperCase()}`,
      `\tURI: pkcs11:object=${encodeURIComponent(label)};id=${escaped}`,
      '',
    ].join('\n');
  });
  return `Matching identities\n${lines.join('')}`;
}

function parsedCertificate(der: Uint8Array): Certificate {
  const parsed = parseCertificate(der);
  if (parsed.ok) return parsed.certificate;
  throw failure('IdentityUnreadable', `the certificate is malformed: ${parsed.detail}`);
}

function keyTypeOf({ keyType: { type } }: Certificate): string {
  if (type === 'rsa' || type === 'rsa-pss') return 'RSA';
  if (type === 'ec') return 'EC';
  return type === 'other' ? '' : type.toUpperCase();
}
