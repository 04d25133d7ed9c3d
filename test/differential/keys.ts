// Key pairs that are the same in every run, so that a certificate's bytes depend on a seed alone: private numbers are
// hashes of a label. For tests only: whoever knows the label knows the key.
import { checkPrimeSync, createECDH, createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { integer, octets, oid, sequence, tlv } from '../der.ts';
import type { KeyPair } from '../pki.ts';

/** Kinds of key that a chain may be made of. */
export type KeyKind = keyof typeof makers;

const makers = {
  rsa: (label: string) => rsaKey(label, 2048, '1.2.840.113549.1.1.1'),
  rsa1024: (label: string) => rsaKey(label, 1024, '1.2.840.113549.1.1.1'),
  rsaPss: (label: string) => rsaKey(label, 2048, '1.2.840.113549.1.1.10'),
  p256: (label: string) => ecKey(label, 'P-256', 'prime256v1', 32),
  p384: (label: string) => ecKey(label, 'P-384', 'secp384r1', 48),
  p521: (label: string) => ecKey(label, 'P-521', 'secp521r1', 66),
  secp256k1: (label: string) => ecKey(label, 'secp256k1', 'secp256k1', 32),
  ed25519: (label: string) => pkcs8('1.3.101.112', undefined, octets(digits(label, 32))),
  mlDsa44: (label: string) => pkcs8('2.16.840.1.101.3.4.3.17', undefined, tlv(0x80, digits(label, 32))),
};

const made = new Map<string, KeyPair>();

/** The key pair of this kind and label. */
export function keysOf(kind: KeyKind, label: string): KeyPair {
  const name = `${kind} ${label}`;
  let pair = made.get(name);
  if (!pair) {
    const privateKey = makers[kind](name);
    pair = { privateKey, publicKey: createPublicKey(privateKey) };
    made.set(name, pair);
  }
  return pair;
}

/** The key pair of this folder, made before, that has this SubjectPublicKeyInfo (DER). */
export function keysWithPublic(spki: Uint8Array): KeyPair | undefined {
  return [...made.values()].find(({ publicKey }) => spkiOf(publicKey).equals(spki));
}

const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });

function digits(label: string, length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update(label).digest();
}

function pkcs8(algorithm: string, parameters: Uint8Array | undefined, key: Uint8Array): KeyObject {
  const der = sequence(integer(0), sequence(oid(algorithm), ...(parameters ? [parameters] : [])), octets(key));
  return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
}

function ecKey(label: string, crv: string, curve: string, length: number): KeyObject {
  const secret = digits(label, length);
  secret[0] = length === 66 ? 0 : (secret[0] ?? 0) & 0x7f; // Below the order of every one of the curves.
  const exchange = createECDH(curve);
  exchange.setPrivateKey(secret);
  const point = exchange.getPublicKey();
  const [x, y] = [point.subarray(1, length + 1), point.subarray(length + 1)].map((half) => half.toString('base64url'));
  return createPrivateKey({ key: { kty: 'EC', crv, d: secret.toString('base64url'), x, y }, format: 'jwk' });
}

function rsaKey(label: string, bits: number, algorithm: string): KeyObject {
  const e = 65537n;
  const [p, q] = [primeOf(`${label} p`, bits / 2, e), primeOf(`${label} q`, bits / 2, e)];
  const d = inverse(e, (p - 1n) * (q - 1n));
  const numbers = [0n, p * q, e, d, p, q, d % (p - 1n), d % (q - 1n), inverse(q, p)];
  const isPss = algorithm.endsWith('.10');
  return pkcs8(algorithm, isPss ? undefined : tlv(0x05), sequence(...numbers.map(integer)));
}

/** The first prime from a hash upwards whose predecessor has no factor in common with `e`. */
function primeOf(label: string, bits: number, e: bigint): bigint {
  const start = BigInt(`0x${digits(label, bits / 8).toString('hex')}`);
  const top = 3n << BigInt(bits - 2); // Both top bits: the product has its full length.
  for (let candidate = start | top | 1n; ; candidate += 2n)
    if (candidate % e !== 1n && checkPrimeSync(candidate)) return candidate;
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [previous, rest, before, now] = [modulus, value % modulus, 0n, 1n];
  while (rest > 1n) {
    const quotient = previous / rest;
    [previous, rest] = [rest, previous % rest];
    [before, now] = [now, before - quotient * now];
  }
  return ((now % modulus) + modulus) % modulus;
}
