// The source of a trust anchor: which certificates become trusted, and which are refused in AWS's words.
// AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
import type { ValueOf } from '../../contract/shape.ts';
import { parseCertificate, parsePemCertificates } from '../../core/x509/certificate.ts';
import { anchorViolations } from '../../core/x509/constraints.ts';
import { parseArn } from '../arn.ts';
import type { Call } from '../call.ts';
import { ValidationException } from './errors.ts';
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

function checkBundle(pem: string, maxCertificates: number): void {
  const bundle = parsePemCertificates(pem);
  if (!bundle.ok || bundle.certificates.length === 0) throw ValidationException(badData);
  if (bundle.certificates.length > maxCertificates) {
    throw ValidationException(`A trust anchor holds at most ${maxCertificates} certificates.`);
  }
  for (const der of bundle.certificates) {
    const parsed = parseCertificate(der);
    if (!parsed.ok) throw ValidationException(badData, { reason: 'malformedCertificate', detail: parsed.detail });
    const [violation] = anchorViolations(parsed.certificate);
    if (violation === undefined) continue;
    if (violation.reason === 'notCa')
      throw ValidationException('Incorrect basic constraints for CA certificate', { ...violation });
    throw ValidationException(`${badData}: ${violation.detail}`, { ...violation });
  }
}
