// What kind of key a SubjectPublicKeyInfo holds, and whether it is strong enough to count. One row per algorithm.
// Spec: RFC 5280 §4.1.2.7, RFC 3279 §2.3, RFC 5480, RFC 9881 (ML-DSA).
import { Buffer } from 'node:buffer';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { type Element, fieldsOf, integerBytes, oidOf, readElement, refuse, tags, wholeOctets } from './der.ts';

/** The kind of a public key, with its strength: RSA in bits of the modulus and of the public exponent. */
export type KeyType =
  | { readonly type: 'rsa' | 'rsa-pss'; readonly modulusBits: number; readonly exponentBits: number }
  | { readonly type: 'ec'; readonly curve: Curve | undefined; readonly curveOid: string | undefined }
  | { readonly type: 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87' }
  | { readonly type: 'other'; readonly oid: string };

/** NIST curves that are accepted. */
export type Curve = 'P-256' | 'P-384' | 'P-521';

const curves: Readonly<Record<string, Curve>> = {
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
};

const readers: Readonly<Record<string, (parameters: Element | undefined, key: Uint8Array) => KeyType>> = {
  '1.2.840.113549.1.1.1': (_, key) => ({ type: 'rsa', ...rsaSize(key) }),
  '1.2.840.113549.1.1.10': (_, key) => ({ type: 'rsa-pss', ...rsaSize(key) }),
  '1.2.840.10045.2.1': (parameters) => {
    const curveOid = parameters?.tag === tags.oid ? oidOf(parameters) : undefined;
    return { type: 'ec', curve: curves[curveOid ?? ''], curveOid };
  },
  '2.16.840.1.101.3.4.3.17': () => ({ type: 'ml-dsa-44' }),
  '2.16.840.1.101.3.4.3.18': () => ({ type: 'ml-dsa-65' }),
  '2.16.840.1.101.3.4.3.19': () => ({ type: 'ml-dsa-87' }),
};

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

function rsaSize(key: Uint8Array): { modulusBits: number; exponentBits: number } {
  const fields = fieldsOf(readElement(key));
  const [modulus, exponent] = [integerBytes(fields.next()), integerBytes(fields.next())];
  fields.end();
  return { modulusBits: bitLength(modulus), exponentBits: bitLength(exponent) };
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

/** Why this key is too weak, too strange or too costly to be trusted, as a clause; undefined when it is fine. */
// AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html names RSA, EC and ML-DSA.
// Ours: RSA from 2048 bits (NIST SP 800-131A) to 8192 with an exponent of at most 64 bits, which bounds the work of a
// verification; curves P-256, P-384 and P-521.
export function keyWeakness(key: KeyType): string | undefined {
  switch (key.type) {
    case 'rsa':
    case 'rsa-pss':
      if (key.modulusBits < rsaBits.min) return `an RSA key of ${key.modulusBits} bits, fewer than ${rsaBits.min}`;
      if (key.modulusBits > rsaBits.max) return `an RSA key of ${key.modulusBits} bits, more than ${rsaBits.max}`;
      return key.exponentBits > rsaBits.maxExponent ? 'an RSA key with a huge public exponent' : undefined;
    case 'ec':
      return key.curve
        ? undefined
        : `an EC key on a curve that is not accepted (${key.curveOid ?? 'explicit parameters'})`;
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
      return undefined;
    case 'other':
      return `a key of an algorithm that is not accepted (${key.oid})`;
  }
}
