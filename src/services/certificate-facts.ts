// How a certificate is named to the operator: by what finds it again, and by what people know it by.
import type { Certificate } from '../core/x509/certificate.ts';
import { rfc2253 } from '../core/x509/name.ts';

/** Longest subject that is repeated, in characters. */
const maxSubject = 1024;

/** The fingerprint (SHA-256, lower-case hex) as `certificate`, and the subject as RFC 2253 writes it. */
export function certificateFacts({ fingerprint, subject }: Certificate) {
  return { certificate: fingerprint, subject: rfc2253(subject).slice(0, maxSubject) };
}
