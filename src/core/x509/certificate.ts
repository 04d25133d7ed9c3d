// An X.509 certificate: DER in, one frozen value out, everything parsed once and strictly. Nothing is judged here: what a
// leaf or an anchor must be stands in leaf.ts, and trust in path.ts.
// Spec: RFC 5280 §4.1.
import { Buffer } from 'node:buffer';
import { hash, type KeyObject } from 'node:crypto';
import { remember } from '../remember.ts';
import {
  bitsOf,
  children,
  DerError,
  type Element,
  expectTag,
  explicit,
  fieldsOf,
  hexOf,
  integerBytes,
  latin1Of,
  readElement,
  refuse,
  smallInteger,
  tags,
  wholeOctets,
} from './der.ts';
import { type Extensions, extensionsOf, noExtensions } from './extensions.ts';
import { isEmpty, type Name, nameOf, namesEqual } from './name.ts';
import { type KeyType, keyTypeOf, publicKeyOf } from './public-key.ts';
import {
  type SignatureAlgorithm,
  type SignatureVerdict,
  signatureAlgorithmOf,
  signatureMemory,
} from './signature-algorithms.ts';
import { timeOf } from './time.ts';

/** A parsed certificate. Frozen; byte arrays are views of `der`, but for the issuer's. */
export interface Certificate {
  readonly der: Uint8Array;
  /** Lower-case hex of the SHA-256 of `der`. */
  readonly fingerprint: string;
  /** DER of the TBSCertificate: the bytes that are signed. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2 | 3;
  readonly serialNumber: bigint;
  /**
   * Lower-case hex of the serial number's DER bytes: 291 is `0123`, and a number whose first bit is set keeps its sign
   * byte, `00936e…`. AWS doc: the session names and serial numbers of the user guide's samples.
   */
  readonly serialHex: string;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
  readonly issuer: Name;
  readonly subject: Name;
  /** First and last instant of validity, both included. */
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** DER of SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly keyType: KeyType;
  readonly extensions: Extensions;
  /** The subject's key, made on first use; undefined when OpenSSL refuses it. */
  publicKey(): KeyObject | undefined;
  /** Whether this certificate's key made the signature: nothing else about it. Judged on first use and remembered. */
  signatureBy(issuer: Certificate): SignatureVerdict;
  /** Judges that where it takes long on another thread: only then there is a promise. Never rejects. */
  judgeSignatureBy(issuer: Certificate): Promise<void> | undefined;
}

/** A certificate, or what is wrong with its encoding (lower case, for the operator). */
export type ParsedCertificate =
  | { readonly ok: true; readonly certificate: Certificate }
  | { readonly ok: false; readonly reason: 'malformed'; readonly detail: string };

/** Certificates longer than this are refused unread, in bytes. Ours: an ML-DSA-87 certificate has about 7.5 KiB. */
export const maxCertificateBytes = 64 * 1024;

/** Names of issuers remembered, and their bytes. */
const roomOfIssuers = 256;
const roomOfIssuerBytes = 64 * 1024;

/** Parses one DER certificate. Never throws. Copies `der`, so that later changes to it do not matter. */
export function parseCertificate(der: Uint8Array): ParsedCertificate {
  if (der.length > maxCertificateBytes) {
    return { ok: false, reason: 'malformed', detail: `longer than ${maxCertificateBytes} bytes` };
  }
  try {
    return { ok: true, certificate: certificateOf(readElement(new Uint8Array(der), tags.sequence)) };
  } catch (error) {
    if (error instanceof DerError) return { ok: false, reason: 'malformed', detail: error.message };
    throw error;
  }
}

/** Whether a certificate names itself as its issuer (self-signed, or a renewal of a CA's key). Spec: RFC 5280 §3.2 */
export function isSelfIssued({ issuer, subject }: Pick<Certificate, 'issuer' | 'subject'>): boolean {
  return namesEqual(issuer, subject);
}

function certificateOf(element: Element): Certificate {
  const fields = fieldsOf(element);
  const tbs = fields.next();
  const algorithm = fields.next();
  const signature = wholeOctets(fields.next());
  fields.end();
  const parts = tbsOf(tbs);
  // Spec: RFC 5280 §4.1.1.2: both must be the same, or the one that is signed says nothing about the one that is used.
  if (Buffer.compare(parts.algorithm.raw, algorithm.raw) !== 0) refuse('the two signature algorithms differ');
  const signed = { tbs: tbs.raw, signature, signatureAlgorithm: signatureAlgorithmOf(algorithm) };
  let key: KeyObject | null | undefined = null;
  return Object.freeze({
    ...parts.certificate,
    der: element.raw,
    fingerprint: hash('sha256', element.raw, 'hex'),
    ...signed,
    ...signatureMemory(signed),
    publicKey() {
      if (key === null) key = publicKeyOf(parts.certificate.spki);
      return key;
    },
  });
}

function tbsOf(tbs: Element) {
  const fields = fieldsOf(tbs);
  const version = versionOf(fields.optional(0xa0));
  const serial = integerBytes(fields.next());
  const algorithm = fields.next(tags.sequence);
  const issuer = issuerOf(fields.next());
  if (isEmpty(issuer)) refuse('empty issuer'); // Spec: RFC 5280 §4.1.2.4
  const [notBefore, notAfter] = validityOf(fields.next());
  const subject = nameOf(fields.next());
  const spki = fields.next();
  const uniqueIds = [0x81, 0x82].map((tag) => {
    const id = fields.optional(tag);
    return id && bitsOf(id, tag);
  });
  const extensions = fields.optional(0xa3);
  fields.end();
  if (version === 1 && uniqueIds.some((id) => id !== undefined))
    refuse('unique identifiers in a version 1 certificate');
  if (version !== 3 && extensions) refuse(`extensions in a version ${version} certificate`);
  const serialHex = hexOf(serial);
  const certificate = {
    version,
    serialNumber: bigIntOf(serialHex),
    serialHex,
    issuer,
    subject,
    notBefore,
    notAfter,
    spki: spki.raw,
    keyType: keyTypeOf(spki),
    extensions: extensions ? extensionsOf(explicit(extensions)) : noExtensions,
  };
  return { algorithm, certificate };
}

/** Many certificates have one issuer, whose name is read and kept once. Its bytes are its own: it outlives the certificate. */
const issuerOf = remember(
  roomOfIssuers,
  (element: Element) => latin1Of(element),
  (element) => nameOf(readElement(new Uint8Array(element.raw))),
  { most: roomOfIssuerBytes, sizeOf: ({ at, end }) => end - at },
);

function versionOf(element: Element | undefined): 1 | 2 | 3 {
  if (!element) return 1;
  const version = smallInteger(explicit(element, tags.integer));
  return version === 1 ? 2 : version === 2 ? 3 : refuse('impossible version'); // Version 1 is the default: it is not written.
}

function validityOf(element: Element): [Date, Date] {
  const [notBefore, notAfter, more] = children(expectTag(element, tags.sequence));
  if (!notBefore || !notAfter || more) return refuse('validity must be two times');
  return [timeOf(notBefore), timeOf(notAfter)];
}

/** The number whose two's complement this is, in hex. */
function bigIntOf(hex: string): bigint {
  const magnitude = BigInt(`0x${hex}`);
  return hex < '8' ? magnitude : magnitude - (1n << BigInt(hex.length * 4));
}

export { certificatePem, type PemCertificates, parsePemCertificates } from './pem.ts';
