// A certificate revocation list: PEM or DER in, one frozen value out, parsed once and strictly. Nothing is judged here but
// who signed it: whether a list may speak about a certificate, and what it says, stands in crl-status.ts.
// Spec: RFC 5280 §5.1.
import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import { type CrlEntry, type EntryTables, entriesOf, locate, noEntries } from './crl-entries.ts';
import { type CrlExtensions, crlExtensionsOf, UnreadableExtension } from './crl-extensions.ts';
import { derOfPem } from './crl-pem.ts';
import {
  DerError,
  type Element,
  explicit,
  type Fields,
  fieldsOf,
  readElement,
  refuse,
  smallInteger,
  tags,
  wholeOctets,
} from './der.ts';
import { isEmpty, type Name, nameOf, namesEqual } from './name.ts';
import { type SignatureVerdict, type Signed, signatureAlgorithmOf, signatureMemory } from './signature-algorithms.ts';
import { timeOf } from './time.ts';

/** A parsed list. Frozen; byte arrays are views of `der`. */
export interface Crl extends Signed {
  readonly der: Uint8Array;
  /** Lower-case hex of the SHA-256 of `der`. */
  readonly fingerprint: string;
  readonly version: 1 | 2;
  readonly issuer: Name;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  readonly extensions: CrlExtensions;
  /** Revoked certificates on the list. */
  readonly entryCount: number;
  /** What `parseCrl` needs not to pass over all entries again. */
  readonly entryTables: EntryTables;
  /** The entry of a certificate by its serial number and its issuer (the list's own issuer when not given). */
  entryOf(serialNumber: bigint, certificateIssuer?: Name): CrlEntry | undefined;
  /** Whether this certificate's key made the signature: nothing else about it. Judged on first use and remembered. */
  signatureBy(issuer: Certificate): SignatureVerdict;
}

/** A list, or what is wrong: with the PEM around it or with its encoding (lower case, for the operator). */
export type ParsedCrl =
  | { readonly ok: true; readonly crl: Crl }
  | { readonly ok: false; readonly reason: CrlFault; readonly detail: string };

/** `unreadableExtension`: a well-formed list, but an extension of it that is understood does not hold what it should. */
export type CrlFault = 'badPem' | 'malformed' | 'unreadableExtension';

/** Lists longer than this, armour included, are refused unread, in bytes. Callers have limits of their own, far below. */
export const maxCrlBytes = 256 * 1024 * 1024;

/**
 * Parses one list: DER, or PEM with one `X509 CRL` block and nothing but text around it. What begins with the octet of a
 * SEQUENCE is DER. Never throws. Copies `data`, so that later changes to it do not matter. `tables` spare the pass over all
 * entries. INVARIANT: they are the entryTables of a list that was parsed from the same bytes.
 */
export function parseCrl(data: Uint8Array, tables?: EntryTables): ParsedCrl {
  if (data.length > maxCrlBytes) return { ok: false, reason: 'malformed', detail: `longer than ${maxCrlBytes} bytes` };
  const der = data[0] === tags.sequence ? new Uint8Array(data) : derOfPem(data);
  if (typeof der === 'string') return { ok: false, reason: 'badPem', detail: der };
  try {
    return { ok: true, crl: crlOf(readElement(der, tags.sequence), tables) };
  } catch (error) {
    if (error instanceof UnreadableExtension)
      return { ok: false, reason: 'unreadableExtension', detail: error.message };
    if (error instanceof DerError) return { ok: false, reason: 'malformed', detail: error.message };
    throw error;
  }
}

/** `fieldsOf`, but at most `most` of them: counted before they are collected, as a list may be megabytes of nothing. */
function fewFields(element: Element, most: number): Fields {
  const { content } = element;
  const span = { start: 0, end: 0 };
  for (let at = 0, count = 0; at < content.length; at = span.end, count++) {
    if (count >= most) refuse('unexpected field');
    locate(content, at, content.length, span);
  }
  return fieldsOf(element);
}

function crlOf(element: Element, tables: EntryTables | undefined): Crl {
  const fields = fewFields(element, 3);
  const tbs = fields.next();
  const algorithm = fields.next();
  const signature = wholeOctets(fields.next());
  fields.end();
  const { algorithm: signedAlgorithm, entries, ...list } = tbsOf(tbs, element.raw.length, tables);
  // Spec: RFC 5280 §5.1.1.2: both must be the same.
  if (Buffer.compare(signedAlgorithm.raw, algorithm.raw) !== 0) refuse('the two signature algorithms differ');
  const signed = { tbs: tbs.raw, signature, signatureAlgorithm: signatureAlgorithmOf(algorithm) };
  return Object.freeze({
    ...list,
    ...signed,
    der: element.raw,
    fingerprint: hash('sha256', element.raw, 'hex'),
    entryCount: entries.count,
    entryTables: entries.tables,
    entryOf: (serialNumber: bigint, certificateIssuer = list.issuer) =>
      entries.find(serialNumber, certificateIssuer.key),
    signatureBy: signatureMemory(signed).signatureBy,
  });
}

function tbsOf(tbs: Element, wholeLength: number, tables: EntryTables | undefined) {
  const fields = fewFields(tbs, 7);
  const version = versionOf(fields.optional(tags.integer));
  const algorithm = fields.next(tags.sequence);
  const issuerField = fields.next(tags.sequence);
  const thisUpdate = timeOf(fields.next());
  const nextUpdate = fields.optional(tags.utcTime) ?? fields.optional(tags.generalizedTime);
  const revoked = fields.optional(tags.sequence);
  const extensionsField = fields.optional(0xa0);
  fields.end();
  // Spec: RFC 5280 §5.1.2.6: where nothing is revoked, the list of entries is absent.
  if (revoked?.content.length === 0) refuse('an empty list of entries');
  if (wholeLength - (revoked?.raw.length ?? 0) > maxFrameBytes) refuse('too much besides the entries');
  const issuer = nameOf(issuerField);
  if (isEmpty(issuer)) refuse('empty issuer'); // Spec: RFC 5280 §5.1.2.3
  if (version === 1 && extensionsField) refuse('extensions in a version 1 list');
  const own = extensionsField ? crlExtensionsOf(explicit(extensionsField), issuer) : noExtensions;
  const isIndirect = own.issuingDistributionPoint?.indirectCRL ?? false;
  const entries = revoked ? entriesOf(revoked, { issuer, version, isIndirect }, tables) : noEntries;
  const unknownCritical = [...own.unknownCritical, ...entries.unknownCritical];
  return {
    version,
    algorithm,
    issuer,
    thisUpdate,
    nextUpdate: nextUpdate && timeOf(nextUpdate),
    extensions: Object.freeze({ ...own, unknownCritical }),
    entries,
  };
}

/** What a list may hold besides its entries, in bytes: as much as a certificate. */
const maxFrameBytes = 64 * 1024;

const noExtensions: CrlExtensions = { oids: [], unknownCritical: [] };

// Spec: RFC 5280 §5.1.2.1: absent, or version 2, which is written as 1.
function versionOf(element: Element | undefined): 1 | 2 {
  if (!element) return 1;
  return smallInteger(element) === 1 ? 2 : refuse('impossible version');
}

/** Whether this certificate's key signed the list, and may. */
export type CrlSignatureVerdict =
  | SignatureVerdict
  | { readonly ok: false; readonly reason: 'otherIssuer' | 'otherKey' | 'noCrlSign' };

/**
 * Whether `issuer` signed the list: it has the name of the list's issuer, the key the list names (when both say), the right
 * to sign lists (when it has a keyUsage), and its key verifies. Whether `issuer` is trusted is the caller's to know.
 * Spec: RFC 5280 §6.3.3(f), (g).
 */
export function verifyCrlSignature(crl: Crl, issuer: Certificate): CrlSignatureVerdict {
  const { keyUsage, subjectKeyIdentifier } = issuer.extensions;
  const keyIdentifier = crl.extensions.authorityKeyIdentifier?.keyIdentifier ?? subjectKeyIdentifier;
  if (!namesEqual(crl.issuer, issuer.subject)) return { ok: false, reason: 'otherIssuer' };
  if (subjectKeyIdentifier !== undefined && keyIdentifier !== subjectKeyIdentifier)
    return { ok: false, reason: 'otherKey' };
  if (keyUsage && !keyUsage.includes('cRLSign')) return { ok: false, reason: 'noCrlSign' };
  return crl.signatureBy(issuer);
}
