// The public-key signature algorithms, one row each: which keys they take, how they sign, how they verify.
// To add one, add a row; nothing outside this table names a curve or a hash. The arithmetic is node:crypto's.
import { createPublicKey, sign as cryptoSign, verify as cryptoVerify, type KeyObject } from 'node:crypto';
import { rememberOf } from '../remember.ts';
import { verifyAside } from '../verify-aside.ts';
import type { Curve, KeyType } from '../x509/public-key.ts';

/** How one family of signatures works. */
export type Scheme = {
  /** Whether this key, public or private, is of the scheme's type, size and curve. */
  readonly accepts: (key: KeyObject) => boolean;
  /** Whether it accepts keys of this type, as far as a certificate says it. OpenSSL is not asked, which takes long. */
  readonly takes: (type: KeyType) => boolean;
  /** False for any bytes that are not a signature of `message`. The key must be one that `accepts` lets in. */
  readonly verify: (key: KeyObject, message: Uint8Array, signature: Uint8Array) => boolean;
  /** The same, on another thread. Never rejects. */
  readonly verifyAside: (key: KeyObject, message: Uint8Array, signature: Uint8Array) => Promise<boolean>;
  /** Throws when the key is not a private key of the scheme. */
  readonly sign: (key: KeyObject, message: Uint8Array) => Uint8Array;
};

/** The hashes a scheme may be built with. */
export type HashName = 'sha256' | 'sha384' | 'sha512';

/** OpenSSL names of the NIST curves AWS lists for certificates. */
export const NIST_CURVES: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1'];

/** The same by their own names. */
const OPENSSL_NAMES: Readonly<Record<Curve, string>> = {
  'P-256': 'prime256v1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
};

const ML_DSA_TYPES: readonly string[] = ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'];

// Ours: below 2048 bits a key is too weak to trust, above 8192 one verification costs milliseconds on the hot path.
const RSA_BITS = { min: 2048, max: 8192 };

/** OpenSSL takes as long to describe a key as for a tenth of a verification: asked once for each. */
const rememberedOf: (accepts: Scheme['accepts']) => Scheme['accepts'] = rememberOf;

/** RSASSA-PKCS1-v1_5; the signature is as long as the modulus. Keys of 2048–8192 bits. */
export function rsaPkcs1(hash: HashName): Scheme {
  return {
    accepts: rememberedOf((key) => {
      const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
      return key.asymmetricKeyType === 'rsa' && bits >= RSA_BITS.min && bits <= RSA_BITS.max;
    }),
    takes: (key) => key.type === 'rsa' && key.modulusBits >= RSA_BITS.min && key.modulusBits <= RSA_BITS.max,
    verify: (key, message, signature) => cryptoVerify(hash, message, key, signature),
    verifyAside: (key, message, signature) => verifyAside(hash, message, key, signature),
    sign: (key, message) => cryptoSign(hash, message, key),
  };
}

/**
 * ECDSA; the signature is the strict DER of `SEQUENCE { r INTEGER, s INTEGER }` (OpenSSL refuses BER and IEEE P1363).
 * `curves` undefined: any curve OpenSSL knows.
 */
export function ecdsaDer(hash: HashName, curves?: readonly string[]): Scheme {
  return {
    accepts: rememberedOf((key) => {
      const curve = key.asymmetricKeyDetails?.namedCurve;
      return key.asymmetricKeyType === 'ec' && curve !== undefined && (curves?.includes(curve) ?? true);
    }),
    takes: (key) =>
      key.type === 'ec' && key.curve !== undefined && (curves?.includes(OPENSSL_NAMES[key.curve]) ?? true),
    verify: (key, message, signature) => cryptoVerify(hash, message, { key, dsaEncoding: 'der' }, signature),
    // As above: `der` is what Node takes a signature for when nobody says otherwise, and to say it costs a copy of the options.
    verifyAside: (key, message, signature) => verifyAside(hash, message, key, signature),
    sign: (key, message) => cryptoSign(hash, message, { key, dsaEncoding: 'der' }),
  };
}

/** Pure ML-DSA over the message itself, empty context; 2420, 3309 or 4627-byte signatures. Spec: FIPS 204 §5.2–5.3 */
export function mlDsa(types: readonly string[] = ML_DSA_TYPES): Scheme {
  return {
    accepts: (key) => types.includes(key.asymmetricKeyType ?? ''),
    takes: ({ type }) => types.includes(type),
    verify: (key, message, signature) => cryptoVerify(null, message, key, signature),
    verifyAside: (key, message, signature) => verifyAside(null, message, key, signature),
    sign: (key, message) => cryptoSign(null, message, key),
  };
}

/**
 * The algorithms CreateSession takes, by their name in the Authorization header. ECDSA hashes with SHA-256 whatever the
 * curve. AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
 */
export const X509_ALGORITHMS = {
  'AWS4-X509-RSA-SHA256': rsaPkcs1('sha256'),
  'AWS4-X509-ECDSA-SHA256': ecdsaDer('sha256', NIST_CURVES),
  'AWS4-X509-MLDSA': mlDsa(),
} as const satisfies Readonly<Record<string, Scheme>>;

/** A name in the table above. */
export type X509Algorithm = keyof typeof X509_ALGORITHMS;

/** Whether the name stands in the table; exact case. */
export function isX509Algorithm(name: string): name is X509Algorithm {
  return Object.hasOwn(X509_ALGORITHMS, name);
}

/** The algorithm that signs with this key; undefined when none takes it. */
export function algorithmFor(key: KeyObject): X509Algorithm | undefined {
  for (const name in X509_ALGORITHMS) if (isX509Algorithm(name) && X509_ALGORITHMS[name].accepts(key)) return name;
  return undefined;
}

/** Outcome of {@link verifyRaw}. */
export type RawVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'malformedKey' | 'keyMismatch' | 'mismatch' };

/**
 * Whether `signature` is the key's signature of `message` under the scheme. The key is a KeyObject or the DER of
 * SubjectPublicKeyInfo. `malformedKey`: not a public key; `keyMismatch`: not of the scheme's type, size or curve.
 */
export function verifyRaw(
  scheme: Scheme,
  publicKey: KeyObject | Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): RawVerdict {
  const key = publicKey instanceof Uint8Array ? importedKey(publicKey) : publicKey;
  if (key === undefined || key.type !== 'public') return { ok: false, reason: 'malformedKey' };
  if (!scheme.accepts(key)) return { ok: false, reason: 'keyMismatch' };
  return verified(scheme, key, message, signature) ? { ok: true } : { ok: false, reason: 'mismatch' };
}

function importedKey(spki: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

function verified(scheme: Scheme, key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return scheme.verify(key, message, signature);
  } catch {
    // OpenSSL reports some unusable keys and sizes by throwing: whatever the cause, nothing was verified.
    return false;
  }
}
