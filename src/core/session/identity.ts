// Who the session says it is: its source identity and its name, both from the certificate.
// AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
import type { Certificate } from '../x509/certificate.ts';

export type IdentityText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: 'illegalSourceIdentity' | 'illegalSessionName'; readonly text: string };

// AWS doc: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, SourceIdentity and RoleSessionName.
const lawful = /^[\w+=,.@-]{2,64}$/;

/**
 * `CN=` and the subject's common name; a name of 62–64 characters stands alone; without one, `ID=` and the serial number
 * in hex. A common name that STS cannot carry fails, as it most likely does at AWS. Of several the most specific counts.
 */
export function sourceIdentityOf(certificate: Certificate): IdentityText {
  const commonName = certificate.subject.attributes.findLast(({ type }) => type === 'CN')?.value;
  const text =
    commonName === undefined
      ? `ID=${certificate.serialHex}`
      : commonName.length <= 61
        ? `CN=${commonName}`
        : commonName;
  return lawful.test(text) ? { ok: true, text } : { ok: false, reason: 'illegalSourceIdentity', text };
}

/** The name that was asked for, or the serial number in lower-case hex, whole bytes. */
export function roleSessionNameOf(certificate: Certificate, asked: string | undefined): IdentityText {
  const text = asked ?? certificate.serialHex;
  return lawful.test(text) ? { ok: true, text } : { ok: false, reason: 'illegalSessionName', text };
}
