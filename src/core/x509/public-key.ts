// What kind of key a SubjectPublicKeyInfo holds, and whether it is strong enough to count. One row per algorithm.
// Spec: RFC 5280 §4.1.2.7, RFC 3279 §2.3.1 and RFC 4055 §1.2 (RSA), RFC 5480 (EC), RFC 8410 (Ed25519), RFC 9881 (ML-DSA).
import { Buffer } from 'node:buffer';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { type Element, fieldsOf, integerBytes, oidOf, readElement, refuse, tags, wholeOctets } from './der.ts';

/** The kind of a public key, with its strength: RSA in bits of the modulus and of the public exponent. */
export type KeyType =
  | {
      readonly type: 'rsa' | 'rsa-pss';
      readonly modulusBits: number;
      readonly exponentBits: number;
      /** Modulus and exponent are odd, and the exponent is not 1. */
      readonly isSound: boolean;
    }
  | { readonly type: 'ec'; readonly curve: Curve | undefined; readonly curveOid: string | undefined }
  | { readonly type: 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87' | 'ed25519' }
  | { readonly type: 'other'; readonly oid: string };

/** NIST curves that are accepted. */
export type Curve = 'P-256' | 'P-384' | 'P-521';

const curves: Readonly<Record<string, Curve>> = {
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
};

type Read = (parameters: Element | undefined, key: Uint8Array) => KeyType;

const readers: Readonly<Record<string, Read>> = {
  '1.2.840.113549.1.1.1': (parameters, key) => {
    // Ours: absent is taken for NULL, as in signatures.
    if (parameters && (parameters.tag !== tags.null || parameters.content.length > 0))
      refuse('RSA key with parameters');
    return { type: 'rsa', ...rsaNumbers(key) };
  },
  '1.2.840.113549.1.1.10': (_, key) => ({ type: 'rsa-pss', ...rsaNumbers(key) }),
  '1.2.840.10045.2.1': (parameters, key) => {
    const curveOid = parameters?.tag === tags.oid ? oidOf(parameters) : undefined;
    // Spec: RFC 5480 §2.2: uncompressed or compressed, never hybrid.
    if (![2, 3, 4].includes(key[0] ?? 0)) refuse('EC point of unknown form');
    return { type: 'ec', curve: curves[curveOid ?? ''], curveOid };
  },
  '1.3.101.112': bare('ed25519', 32),
  '2.16.840.1.101.3.4.3.17': bare('ml-dsa-44', 1312),
  '2.16.840.1.101.3.4.3.18': bare('ml-dsa-65', 1952),
  '2.16.840.1.101.3.4.3.19': bare('ml-dsa-87', 2592),
};

/** A key of one length in bytes, whose algorithm has no parameters. Spec: RFC 8410 §3, RFC 9881 §2 */
function bare(type: 'ed25519' | 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87', length: number): Read {
  return (parameters, key) => {
    if (parameters) refuse(`${type} key with parameters`);
    return key.length === length ? { type } : refuse(`${type} key of impossible length`);
  };
}

/** Reads the kind of key out of a SubjectPublicKeyInfo; throws DerError. */
export function keyTypeOf(spki: Element): KeyType {
  const fields = fieldsOf(spki);
  const algorithm = fieldsOf(fields.next());
  const oid = oidOf(algorithm.next());
  const parameters = algorithm.optional();
  algorithm.end();
  const key = wholeOctets(fields.next());
  fields.end();
  return Object.freeze(readers[oid]?.(parameters, key) ?? { type: 'other', oid });
}

function rsaNumbers(key: Uint8Array) {
  const fields = fieldsOf(readElement(key));
  const [modulus, exponent] = [integerBytes(fields.next()), integerBytes(fields.next())];
  fields.end();
  const [modulusBits, exponentBits] = [bitLength(modulus), bitLength(exponent)];
  const isOdd = (integer: Uint8Array) => ((integer.at(-1) ?? 0) & 1) === 1;
  return { modulusBits, exponentBits, isSound: isOdd(modulus) && isOdd(exponent) && exponentBits > 1 };
}

function bitLength(integer: Uint8Array): number {
  const [first = 0, second = 0] = integer;
  if (first >= 0x80) return refuse('negative RSA number');
  return first === 0
    ? Math.max(integer.length - 1, 0) * 8 - Math.clz32(second) + 24
    : integer.length * 8 - Math.clz32(first) + 24;
}

/** The key as node:crypto holds it, or undefined when OpenSSL refuses it. */
export function publicKeyOf(spki: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

const rsaBits = { min: 2048, max: 8192, maxExponent: 64 };

/** Why this key is too weak or too costly to be trusted, as a clause; undefined when it is fine. */
// Ours: RSA from 2048 bits (NIST SP 800-131A) to 8192 with an exponent of at most 64 bits, which bounds the work of a
// verification. Whoever likes signs for a key with exponent 1.
export function keyWeakness(key: KeyType): string | undefined {
  if (key.type !== 'rsa' && key.type !== 'rsa-pss') return undefined;
  if (key.modulusBits < rsaBits.min) return `an RSA key of ${key.modulusBits} bits, fewer than ${rsaBits.min}`;
  if (key.modulusBits > rsaBits.max) return `an RSA key of ${key.modulusBits} bits, more than ${rsaBits.max}`;
  if (!key.isSound) return 'an RSA key with impossible numbers';
  return key.exponentBits > rsaBits.maxExponent ? 'an RSA key with a huge public exponent' : undefined;
}

/** Keys that are known and not accepted. */
const names: Readonly<Record<string, string>> = {
  '1.2.840.10040.4.1': 'DSA',
  '1.2.840.10046.2.1': 'Diffie-Hellman',
  '1.3.101.110': 'X25519',
  '1.3.101.111': 'X448',
  '1.3.101.113': 'Ed448',
};

/** Why no key of this kind can be used, as a clause; undefined when its algorithm is accepted. */
// Ours: curves P-256, P-384 and P-521; Ed448 is in no profile of the web or of AWS.
export function unsupportedKey(key: KeyType): string | undefined {
  switch (key.type) {
    case 'ec':
      return key.curve
        ? undefined
        : `an EC key on a curve that is not accepted (${key.curveOid ?? 'explicit parameters'})`;
    case 'other':
      return `a key of an algorithm that is not accepted (${names[key.oid] ?? key.oid})`;
    case 'rsa':
    case 'rsa-pss':
    case 'ed25519':
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
      return undefined;
  }
}

const ecWork: Readonly<Record<Curve, number>> = { 'P-256': 4, 'P-384': 9, 'P-521': 18 };

/** What a verification with this key costs, at least 4; a unit is at most about 0.1 ms. */
// Ours: measured with OpenSSL 3.5. A stranger chooses the keys of what is sent, and would choose the dearest. RSA costs the
// square of its modulus times its public exponent.
export function verificationWork(key: KeyType): number {
  switch (key.type) {
    case 'ec':
      return key.curve ? ecWork[key.curve] : ecWork['P-521'];
    case 'rsa':
    case 'rsa-pss':
      return Math.max(4, Math.ceil(((key.modulusBits / 2048) ** 2 * key.exponentBits) / 50));
    case 'ed25519':
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
    case 'other':
      return 4;
  }
}
