// sigv4x509-verify: did the key of the certificate in X-Amz-X509 sign this CreateSession request? Path validation is not
// exercised: the certificate is taken as it comes.
import { X509Certificate } from 'node:crypto';
import { parseX509Authorization, verifyX509Signature } from '../../src/core/signature/x509.ts';
import { requestOf } from './request.ts';
import { instant, invalid, type JsonObject, optionalText, type Verdict } from './subcommand.ts';

/** Members read: `now, region?, request`. */
export function sigv4x509Verify(line: JsonObject): Verdict {
  const request = requestOf(line);
  const now = instant(line, 'now');
  const region = optionalText(line, 'region');
  const found = parseX509Authorization(request);
  if (!found.ok) return invalid(found.reason);
  const holder = holderOf(found.parsed.certificateDer);
  if (holder === undefined) return invalid('malformedCertificate');
  const verdict = verifyX509Signature({
    request,
    parsed: found.parsed,
    ...holder,
    now,
    ...(region === undefined ? {} : { region }),
  });
  return verdict.ok ? { result: 'valid' } : invalid(verdict.reason);
}

function holderOf(der: Uint8Array) {
  try {
    const certificate = new X509Certificate(Buffer.from(der));
    return { publicKey: certificate.publicKey, serialNumber: BigInt(`0x${certificate.serialNumber}`) };
  } catch {
    return undefined;
  }
}
