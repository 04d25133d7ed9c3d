// What a material holds, whatever its form: certificates in their order, and private keys.
import { looksLikePkcs12, parsePkcs12 } from '../core/pkcs12/pkcs12.ts';
import { parseCertificate } from '../core/x509/certificate.ts';
import { isCertificateLabel, pemBlocks, pemBytes } from '../core/x509/pem.ts';
import { failure, type RolesAnywhereError } from './errors.ts';
import type { Read } from './material.ts';
import { derKey, pemKey, type ReadableKey } from './private-key.ts';

export type Holdings = {
  /** DER, in the order of the file, none judged yet. */
  readonly certificates: readonly Uint8Array[];
  readonly keys: readonly ReadableKey[];
};

/** Certificates a material may hold at most: a chain of more is a bundle of authorities, given by mistake. */
const maxCertificates = 50;

/** What the bytes hold; `password` opens PKCS #12, keys are opened later. Throws RolesAnywhereError when that is nothing. */
export function holdingsOf(read: Read, password?: string): Holdings {
  const holdings = isDer(read.bytes) ? derHoldings(read, password) : pemHoldings(read);
  if (holdings.certificates.length > maxCertificates)
    throw failure('IdentityUnreadable', `the ${read.name} holds more than ${maxCertificates} certificates`);
  return holdings;
}

/** DER begins with a SEQUENCE; text that begins with the digit 0 is no PEM that anybody writes. */
function isDer(bytes: Uint8Array): boolean {
  return bytes[0] === 0x30 && bytes.indexOf(0) >= 0;
}

function derHoldings({ name, bytes }: Read, password: string | undefined): Holdings {
  if (looksLikePkcs12(bytes)) return pkcs12Holdings(name, bytes, password);
  if (parseCertificate(bytes).ok) return { certificates: [bytes], keys: [] };
  const key = derKey(name, bytes);
  if (key !== undefined) return { certificates: [], keys: [key] };
  throw failure('IdentityUnreadable', `the ${name} is neither a certificate nor a private key in DER`);
}

/** Without a password the empty one is tried, as the official helper does. */
function pkcs12Holdings(name: string, bytes: Uint8Array, password: string | undefined): Holdings {
  const pfx = parsePkcs12(bytes, password ?? '');
  if (!pfx.ok) throw pkcs12Failure(name, pfx.reason, pfx.detail, password);
  const keys = pfx.keys.map((der) => derKey(name, der) ?? unread(name));
  return { certificates: pfx.certificates, keys };
}

function unread(name: string): never {
  throw failure('UnsupportedKey', `the ${name} holds a private key that OpenSSL here cannot read`, {
    hint: 'RSA, ECDSA and ML-DSA keys are read, ML-DSA from Node 24.7 on',
  });
}

function pkcs12Failure(
  name: string,
  reason: 'malformed' | 'unsupported' | 'wrongPassword',
  detail: string,
  password: string | undefined,
): RolesAnywhereError {
  switch (reason) {
    case 'malformed':
      return failure('IdentityUnreadable', `the ${name} begins as PKCS #12 and is malformed: ${detail}`);
    case 'unsupported':
      return failure('UnsupportedEncryption', `the ${name} is PKCS #12 with what is not read here: ${detail}`, {
        hint: 'open it with `openssl pkcs12 -legacy -nodes` and write it anew with `openssl pkcs12 -export`',
      });
    case 'wrongPassword':
      return password === undefined
        ? failure('PasswordMissing', `the ${name} is PKCS #12 under a password`, { hint: 'give its password' })
        : failure('PasswordWrong', `the password does not open the ${name}`);
  }
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
