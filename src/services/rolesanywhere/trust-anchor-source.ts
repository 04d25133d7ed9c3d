// The source of a trust anchor: which certificates become trusted, and which are refused in AWS's words.
// AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
import { holdsPrivateKey } from '../../contract/private-key.ts';
import type { ValueOf } from '../../contract/shape.ts';
import { type Certificate, parseCertificate, parsePemCertificates } from '../../core/x509/certificate.ts';
import { importViolations } from '../../core/x509/constraints.ts';
import { daysLeft, expiryState } from '../../core/x509/expiry.ts';
import { rfc2253 } from '../../core/x509/name.ts';
import { parseArn } from '../arn.ts';
import type { Call } from '../call.ts';
import { ValidationException } from './errors.ts';
import type { TrustAnchorRecord } from './records.ts';
import type { Source } from './shapes.ts';

const badData = 'Error creating TrustAnchor. Bad certificate data';

/** What is stored of a lawful source; throws ValidationException for any other. AWS seen: the sentences; the stored PEM ends with a newline. */
export function trusted({ sourceType, sourceData }: ValueOf<typeof Source>, call: Call) {
  switch (sourceType) {
    case undefined:
      throw ValidationException('source.sourceType is required.');
    case 'SELF_SIGNED_REPOSITORY':
      throw ValidationException('Source type SELF_SIGNED_REPOSITORY is not supported.');
    case 'AWS_ACM_PCA': {
      const acmPcaArn = sourceData?.acmPcaArn;
      if (acmPcaArn === undefined) throw ValidationException('source.sourceData.acmPcaArn is required.');
      return { sourceType, acmPcaArn, x509CertificateData: privateCaPem(acmPcaArn, call) } as const;
    }
    case 'CERTIFICATE_BUNDLE': {
      const pem = sourceData?.x509CertificateData;
      if (pem === undefined) throw ValidationException('source.sourceData.x509CertificateData is required.');
      checkBundle(pem, call.settings.quotas.certificatesPerTrustAnchor);
      return { sourceType, x509CertificateData: `${pem.trim()}\n` } as const;
    }
  }
}

/** AWS doc: the CA stands in the Region of the trust anchor. Ours: the CAs that the operator's settings list can be read. */
function privateCaPem(acmPcaArn: string, { settings, region }: Call): string {
  const ca = settings.privateCas.get(acmPcaArn);
  if (ca !== undefined && parseArn(ca.arn)?.region === region) return ca.certificatePem;
  const reason = ca === undefined ? 'noPrivateCa' : 'privateCaElsewhere';
  const sentence = 'Error creating TrustAnchor. Given AWS PCA did not allow get request.';
  throw ValidationException(sentence, { reason, acmPcaArn: acmPcaArn.slice(0, 1024) });
}

/**
 * AWS seen: the two sentences. Ours: their order, the whole text before any certificate in it, and what follows the first
 * sentence where AWS's own words are not known. A private key is refused wherever it stands in the text, which is stored
 * and shown whole; neither the answer nor the record repeats it.
 */
function checkBundle(pem: string, maxCertificates: number): void {
  if (holdsPrivateKey(pem)) throw ValidationException(badData, { reason: 'privateKey' });
  const bundle = parsePemCertificates(pem);
  if (!bundle.ok) throw ValidationException(badData, { reason: bundle.reason });
  if (bundle.certificates.length > maxCertificates) {
    throw ValidationException(`A trust anchor holds at most ${maxCertificates} certificates.`, {
      reason: 'tooManyCertificates',
      count: bundle.certificates.length,
    });
  }
  for (const certificate of bundle.certificates.map(parsed)) checkAuthority(certificate);
}

function parsed(der: Uint8Array): Certificate {
  const read = parseCertificate(der);
  if (read.ok) return read.certificate;
  throw ValidationException(badData, { reason: 'malformedCertificate', detail: read.detail });
}

function checkAuthority(certificate: Certificate): void {
  const [violation] = importViolations(certificate);
  if (violation === undefined) return;
  const facts = { ...violation, certificate: certificate.fingerprint };
  if (violation.reason === 'notCa') throw ValidationException('Incorrect basic constraints for CA certificate', facts);
  throw ValidationException(`${badData}: ${violation.detail}`, facts);
}

/**
 * Tells the operator which certificates of a source have expired, are not valid yet, or expire within the threshold of the
 * trust anchor's notifications; with these switched off, only the first two. Ours: none of it is refused, as AWS's answer is
 * not known, and a clock or a renewal may be about to make it good.
 */
export function explainExpiry(
  {
    x509CertificateData,
    notificationSettings,
  }: Pick<TrustAnchorRecord, 'x509CertificateData' | 'notificationSettings'>,
  call: Call,
): void {
  const setting = notificationSettings.find(({ event }) => event === 'CA_CERTIFICATE_EXPIRY');
  const days = setting?.enabled ? (setting.threshold ?? 0) : 0;
  for (const certificate of call.certificatesOf(x509CertificateData)) {
    const state = expiryState(certificate, call.now, days);
    if (state !== 'valid') call.explain(explained(state, certificate, call.now));
  }
}

const words = {
  expired: 'trustAnchorCertificateExpired',
  notYetValid: 'trustAnchorCertificateNotYetValid',
  expiringSoon: 'trustAnchorCertificateExpiringSoon',
} as const;

function explained(state: keyof typeof words, { fingerprint, subject, notBefore, notAfter }: Certificate, now: Date) {
  return {
    reason: words[state],
    certificate: fingerprint,
    subject: rfc2253(subject).slice(0, 1024),
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    daysLeft: daysLeft({ notAfter }, now),
  };
}
