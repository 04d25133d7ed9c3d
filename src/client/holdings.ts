// What a material holds, whatever its form: certificates in their order, and private keys.
import { parseCertificate } from '../core/x509/certificate.ts';
import { isCertificateLabel, pemBlocks, pemBytes } from '../core/x509/pem.ts';
import { failure } from './errors.ts';
import type { Read } from './material.ts';
import { derKey, pemKey, type ReadableKey } from './private-key.ts';

export type Holdings = {
  /** DER, in the order of the file, none judged yet. */
  readonly certificates: readonly Uint8Array[];
  readonly keys: readonly ReadableKey[];
};

/** Certificates a material may hold at most: a chain of more is a bundle of authorities, given by mistake. */
const maxCertificates = 50;

/** What the bytes hold. Throws RolesAnywhereError when that is nothing. */
export function holdingsOf(read: Read): Holdings {
  const holdings = isDer(read.bytes) ? derHoldings(read) : pemHoldings(read);
  if (holdings.certificates.length > maxCertificates)
    throw failure('IdentityUnreadable', `the ${read.name} holds more than ${maxCertificates} certificates`);
  return holdings;
}

/** DER begins with a SEQUENCE; text that begins with the digit 0 is no PEM that anybody writes. */
function isDer(bytes: Uint8Array): boolean {
  return bytes[0] === 0x30 && bytes.indexOf(0) >= 0;
}

function derHoldings({ name, bytes }: Read): Holdings {
  if (parseCertificate(bytes).ok) return { certificates: [bytes], keys: [] };
  const key = derKey(name, bytes);
  if (key !== undefined) return { certificates: [], keys: [key] };
  throw failure('IdentityUnreadable', `the ${name} is neither a certificate nor a private key in DER`);
}

function pemHoldings({ name, bytes }: Read): Holdings {
  const certificates: Uint8Array[] = [];
  const keys: ReadableKey[] = [];
  for (const block of pemBlocks(Buffer.from(bytes).toString('utf8'))) {
    const key = pemKey(name, block);
    if (key !== undefined) keys.push(key);
    if (!isCertificateLabel(block.label)) continue;
    const der = block.isTerminated ? pemBytes(block.lines) : undefined;
    if (der === undefined)
      throw failure('IdentityUnreadable', `the ${name} has a certificate that is cut off or no base64`);
    certificates.push(der);
  }
  if (certificates.length + keys.length === 0)
    throw failure('IdentityUnreadable', `the ${name} holds no certificate and no private key`);
  return { certificates, keys };
}
