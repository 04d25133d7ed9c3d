// PKCS #12: certificates and private keys under one password. The MAC is verified before anything is decrypted; the work
// that a file may ask for is bounded.
// Spec: RFC 7292 §4, RFC 9579 (PBMAC1).
import { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  children,
  DerError,
  type Element,
  expectTag,
  explicit,
  fieldsOf,
  oidOf,
  readElement,
  refuse,
  sequenceOf,
  smallInteger,
  tags,
} from '../x509/der.ts';
import { decrypted } from './encryption.ts';
import { bmpPassword, type Hash, hmacHash, iterationsOf, passwordKey, pkcs12Key } from './key-derivation.ts';
import { Unsupported, unsupported, WrongPassword } from './refusals.ts';

/** What the file holds, each in the order of the file, or why that cannot be had. */
export type Pkcs12 =
  | {
      readonly ok: true;
      /** DER. */
      readonly certificates: readonly Uint8Array[];
      /** DER of PKCS #8, decrypted. */
      readonly keys: readonly Uint8Array[];
    }
  | {
      readonly ok: false;
      readonly reason: 'malformed' | 'unsupported' | 'wrongPassword';
      /** A clause, lower case, no secret. */
      readonly detail: string;
    };

/** Whether the bytes begin as a PFX does: a SEQUENCE that begins with version 3. */
export function looksLikePkcs12(der: Uint8Array): boolean {
  try {
    return smallInteger(fieldsOf(readElement(der)).next()) === 3;
  } catch {
    return false;
  }
}

/** Opens a PKCS #12 file in DER. Never throws; at most a few seconds of work. */
export function parsePkcs12(der: Uint8Array, password: string): Pkcs12 {
  try {
    return { ok: true, ...contentsOf(readElement(new Uint8Array(der)), password) };
  } catch (error) {
    if (error instanceof DerError) return { ok: false, reason: 'malformed', detail: error.message };
    if (error instanceof Unsupported) return { ok: false, reason: 'unsupported', detail: error.message };
    if (error instanceof WrongPassword) return { ok: false, reason: 'wrongPassword', detail: 'the password is wrong' };
    throw error;
  }
}

type Found = { readonly certificates: Uint8Array[]; readonly keys: Uint8Array[] };

/** Ours: parts that are decrypted at most, each with a derivation of its own, and bags. */
const limits = { encrypted: 8, bags: 200 };

type Opening = Found & { readonly password: string; encrypted: number; bags: number };

const ids = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  crlBag: '1.2.840.113549.1.12.10.1.4',
  secretBag: '1.2.840.113549.1.12.10.1.5',
  safeContentsBag: '1.2.840.113549.1.12.10.1.6',
  x509Certificate: '1.2.840.113549.1.9.22.1',
};

function contentsOf(pfx: Element, password: string): Found {
  const fields = fieldsOf(pfx);
  if (smallInteger(fields.next()) !== 3) refuse('version is not 3');
  const safe = contentInfo(fields.next());
  if (safe.oid !== ids.data) unsupported('integrity by signature');
  const content = expectTag(safe.content, tags.octetString).content;
  const mac = fields.optional(tags.sequence) ?? unsupported('no MAC');
  fields.end();
  if (!isMacOf(mac, content, password)) throw new WrongPassword();
  const opening: Opening = { certificates: [], keys: [], password, encrypted: 0, bags: 0 };
  for (const part of sequenceOf(readElement(content))) openPart(part, opening);
  return { certificates: opening.certificates, keys: opening.keys };
}

function contentInfo(element: Element): { readonly oid: string; readonly content: Element } {
  const fields = fieldsOf(element);
  const oid = oidOf(fields.next());
  const content = explicit(fields.next(0xa0));
  fields.end();
  return { oid, content };
}

/** Spec: RFC 7292 §4 and A: DigestInfo, salt, iterations (1 when absent). */
function isMacOf(mac: Element, content: Uint8Array, password: string): boolean {
  const fields = fieldsOf(mac);
  const digestInfo = fieldsOf(fields.next());
  const [algorithm, digest] = [digestInfo.next(tags.sequence), digestInfo.next(tags.octetString).content];
  const salt = fields.next(tags.octetString).content;
  const stated = fields.optional(tags.integer);
  fields.end();
  const iterations = stated === undefined ? 1 : iterationsOf(stated);
  const identifier = fieldsOf(algorithm);
  const oid = oidOf(identifier.next());
  if (oid === '1.2.840.113549.1.5.14') return isPbmac1(identifier.next(tags.sequence), digest, content, password);
  const hash = digests[oid] ?? unsupported(`a MAC with the hash ${oid}`);
  // An empty password is written in two ways: as two zero bytes, and as nothing at all.
  const forms = password === '' ? [bmpPassword(''), Buffer.alloc(0)] : [bmpPassword(password)];
  return forms.some((form) => {
    const key = pkcs12Key(hash, { purpose: 3, password: form, salt, iterations }, digestBytes[hash]);
    return isHmac(hash, key, content, digest);
  });
}

const digests: Readonly<Record<string, Hash>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

const digestBytes: Readonly<Record<Hash, number>> = { sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 };

/** Spec: RFC 9579 §4: PBKDF2 makes the key, as long as it states; salt and iterations beside it say nothing. */
function isPbmac1(parameters: Element, digest: Uint8Array, content: Uint8Array, password: string): boolean {
  const fields = fieldsOf(parameters);
  const derivation = fields.next(tags.sequence);
  const hash = hmacHash(fields.next(tags.sequence));
  fields.end();
  return isHmac(hash, passwordKey(derivation, password, digestBytes[hash]), content, digest);
}

function isHmac(hash: Hash, key: Uint8Array, content: Uint8Array, expected: Uint8Array): boolean {
  const digest = createHmac(hash, key).update(content).digest();
  return digest.length === expected.length && timingSafeEqual(digest, expected);
}

function openPart(part: Element, opening: Opening): void {
  const { oid, content } = contentInfo(part);
  if (oid === ids.data) return openBags(readElement(expectTag(content, tags.octetString).content), opening);
  if (oid !== ids.encryptedData) unsupported(`content of the kind ${oid}`);
  const fields = fieldsOf(content);
  if (smallInteger(fields.next()) !== 0) refuse('version of EncryptedData is not 0');
  const info = fieldsOf(fields.next(tags.sequence));
  fields.end();
  if (oidOf(info.next()) !== ids.data) refuse('what is encrypted is not data');
  const algorithm = info.next(tags.sequence);
  // [0] IMPLICIT OCTET STRING, in one piece: DER.
  openBags(readElement(decryptedIn(opening, algorithm, info.next(0x80).content)), opening);
}

function decryptedIn(opening: Opening, algorithm: Element, encrypted: Uint8Array): Uint8Array {
  if (++opening.encrypted > limits.encrypted) unsupported(`more than ${limits.encrypted} encrypted parts`);
  return decrypted(algorithm, encrypted, opening.password);
}

function openBags(contents: Element, opening: Opening): void {
  for (const bag of sequenceOf(contents)) {
    if (++opening.bags > limits.bags) unsupported(`more than ${limits.bags} bags`);
    // The attributes behind the value, names for people, are not read.
    const [id, value] = children(expectTag(bag, tags.sequence));
    if (id === undefined || value === undefined) return refuse('a bag without a value');
    openBag(oidOf(id), explicit(expectTag(value, 0xa0)), opening);
  }
}

function openBag(id: string, value: Element, opening: Opening): void {
  if (id === ids.keyBag) opening.keys.push(value.raw);
  else if (id === ids.shroudedKeyBag) opening.keys.push(unshrouded(value, opening));
  else if (id === ids.certBag) opening.certificates.push(...certificateIn(value));
  else if (id === ids.safeContentsBag) openBags(value, opening);
  else if (id !== ids.crlBag && id !== ids.secretBag) unsupported(`a bag of the kind ${id}`);
}

function unshrouded(value: Element, opening: Opening): Uint8Array {
  const fields = fieldsOf(value);
  const [algorithm, encrypted] = [fields.next(tags.sequence), fields.next(tags.octetString)];
  fields.end();
  return decryptedIn(opening, algorithm, encrypted.content);
}

/** Certificates of other kinds than X.509 (SDSI) are nothing to anybody here. */
function certificateIn(value: Element): readonly Uint8Array[] {
  const { oid, content } = contentInfo(value);
  return oid === ids.x509Certificate ? [expectTag(content, tags.octetString).content] : [];
}
