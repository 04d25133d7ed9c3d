// An X.509 certificate: DER in, one frozen value out, everything parsed once and strictly. Nothing is judged here: what a
// leaf or an anchor must be stands in leaf.ts, and trust in path.ts.
// Spec: RFC 5280 §4.1.
import { hash, type KeyObject } from 'node:crypto';
import { remember } from '../remember.ts';
import {
  bitsOf,
  children,
  DerError,
  type Element,
  expectTag,
  explicit,
  type Fields,
  fieldsOf,
  hexIn,
  integerBytes,
  isSameElement,
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
    return { ok: true, certificate: certificateOf(new Uint8Array(der)) };
  } catch (error) {
    if (error instanceof DerError) return { ok: false, reason: 'malformed', detail: error.message };
    throw error;
  }
}

/** Whether a certificate names itself as its issuer (self-signed, or a renewal of a CA's key). Spec: RFC 5280 §3.2 */
export function isSelfIssued({ issuer, subject }: Pick<Certificate, 'issuer' | 'subject'>): boolean {
  return namesEqual(issuer, subject);
}

// Member by member: every new certificate comes through here, and copies of copies cost as much as to read it.
function certificateOf(der: Uint8Array): Certificate {
  const fields = fieldsOf(readElement(der, tags.sequence));
  const tbs = fields.next();
  const algorithm = fields.next();
  const signature = wholeOctets(fields.next());
  fields.end();
  const parts = tbsOf(tbs);
  // Spec: RFC 5280 §4.1.1.2: both must be the same, or the one that is signed says nothing about the one that is used.
  if (!isSameElement(parts.algorithm, algorithm)) refuse('the two signature algorithms differ');
  const signed = { tbs: tbs.raw, signature, signatureAlgorithm: knownAlgorithmOf(algorithm) };
  const { signatureBy, judgeSignatureBy } = signatureMemory(signed);
  let key: KeyObject | null | undefined = null;
  return Object.freeze({
    version: parts.version,
    serialNumber: parts.serialNumber,
    serialHex: parts.serialHex,
    issuer: parts.issuer,
    subject: parts.subject,
    notBefore: parts.notBefore,
    notAfter: parts.notAfter,
    spki: parts.spki,
    keyType: parts.keyType,
    extensions: parts.extensions,
    der,
    fingerprint: hash('sha256', der, 'hex'),
    tbs: signed.tbs,
    signature,
    signatureAlgorithm: signed.signatureAlgorithm,
    signatureBy,
    judgeSignatureBy,
    publicKey() {
      if (key === null) key = publicKeyOf(parts.spki);
      return key;
    },
  });
}

function tbsOf(tbs: Element) {
  const fields = fieldsOf(tbs);
  const version = versionOf(fields.optional(0xa0));
  const serialHex = serialHexOf(fields.next());
  const algorithm = fields.next(tags.sequence);
  const issuer = issuerOf(fields.next());
  if (isEmpty(issuer)) refuse('empty issuer'); // Spec: RFC 5280 §4.1.2.4
  const validity = validityOf(fields.next());
  const subject = nameOf(fields.next());
  const spki = fields.next();
  const hasUniqueId = readUniqueId(fields, 0x81);
  const hasOtherUniqueId = readUniqueId(fields, 0x82);
  const extensions = fields.optional(0xa3);
  fields.end();
  if (version === 1 && (hasUniqueId || hasOtherUniqueId)) refuse('unique identifiers in a version 1 certificate');
  if (version !== 3 && extensions) refuse(`extensions in a version ${version} certificate`);
  return {
    algorithm,
    version,
    serialNumber: bigIntOf(serialHex),
    serialHex,
    issuer,
    subject,
    notBefore: validity.notBefore,
    notAfter: validity.notAfter,
    spki: spki.raw,
    keyType: keyTypeOf(spki),
    extensions: extensions ? extensionsOf(explicit(extensions)) : noExtensions,
  };
}

function serialHexOf(element: Element): string {
  integerBytes(element);
  return hexIn(element);
}

/** Reads a unique identifier, which means nothing to anybody; whether it is there. */
function readUniqueId(fields: Fields, tag: number): boolean {
  const id = fields.optional(tag);
  if (id !== undefined) bitsOf(id, tag);
  return id !== undefined;
}

/** Many certificates have one issuer, whose name is read and kept once. Its bytes are its own: it outlives the certificate. */
const issuerOf = remember(
  roomOfIssuers,
  (element: Element) => latin1Of(element),
  (element) => nameOf(readElement(element.raw.slice())),
  { most: roomOfIssuerBytes, sizeOf: ({ at, end }) => end - at },
);

/** Algorithms of signatures remembered, and their bytes: certificates have but a few. */
const roomOfAlgorithms = 64;
const roomOfAlgorithmBytes = 8 * 1024;

const knownAlgorithmOf = remember(
  roomOfAlgorithms,
  (element: Element) => latin1Of(element),
  (element) => signatureAlgorithmOf(readElement(element.raw.slice())),
  { most: roomOfAlgorithmBytes, sizeOf: ({ at, end }) => end - at },
);

function versionOf(element: Element | undefined): 1 | 2 | 3 {
  if (!element) return 1;
  const version = smallInteger(explicit(element, tags.integer));
  return version === 1 ? 2 : version === 2 ? 3 : refuse('impossible version'); // Version 1 is the default: it is not written.
}

function validityOf(element: Element) {
  const times = children(expectTag(element, tags.sequence));
  const [notBefore, notAfter] = [times[0], times[1]];
  if (!notBefore || !notAfter || times.length > 2) return refuse('validity must be two times');
  return { notBefore: timeOf(notBefore), notAfter: timeOf(notAfter) };
}

/** The number whose two's complement this is, in hex. */
function bigIntOf(hex: string): bigint {
  const magnitude = BigInt(`0x${hex}`);
  return hex < '8' ? magnitude : magnitude - (1n << BigInt(hex.length * 4));
}

export { certificatePem, type PemCertificates, parsePemCertificates } from './pem.ts';
