// Keys from passwords: PKCS #12's own derivation, PBKDF2 and scrypt, each bounded, because the work is stated by the file.
// Spec: RFC 7292 appendix B, RFC 8018 §5.2 and A.2, RFC 7914 §7.
import { Buffer } from 'node:buffer';
import { hash, pbkdf2Sync, scryptSync } from 'node:crypto';
import { type Element, fieldsOf, oidOf, refuse, smallInteger, tags } from '../x509/der.ts';
import { unsupported } from './refusals.ts';

/** Hashes a derivation may use, with the length of their block in bytes. */
const blockBytes = { sha1: 64, sha224: 64, sha256: 64, sha384: 128, sha512: 128 } as const;

export type Hash = keyof typeof blockBytes;

/** Ours: rounds of a derivation at most. OpenSSL writes 2,048, careful people a few hundred thousand. */
export const maxIterations = 1_000_000;

/** Ours: bytes that scrypt may take at most. */
const maxScryptBytes = 64 * 1024 * 1024;

/** The INTEGER as a number of rounds. */
export function iterationsOf(element: Element): number {
  const iterations = smallInteger(element);
  if (iterations < 1) refuse('no iterations');
  return iterations > maxIterations ? unsupported(`${iterations} iterations, more than ${maxIterations}`) : iterations;
}

/** What is derived, by RFC 7292 B.3: encryption key, initial value, MAC key. */
export type Purpose = 1 | 2 | 3;

/** The derivation of PKCS #12 itself. `password` is what {@link bmpPassword} makes. */
export function pkcs12Key(
  algorithm: Hash,
  { purpose, password, salt, iterations }: Pkcs12Derivation,
  length: number,
): Uint8Array {
  const block = blockBytes[algorithm];
  const input = Buffer.concat([filled(salt, block), filled(password, block)]);
  const key: Buffer[] = [];
  for (let size = 0; size < length; size += key.at(-1)?.length ?? length) {
    let digest = hash(algorithm, Buffer.concat([Buffer.alloc(block, purpose), input]), 'buffer');
    for (let round = 1; round < iterations; round++) digest = hash(algorithm, digest, 'buffer');
    key.push(digest);
    const addend = filled(digest, block).subarray(0, block);
    for (let at = 0; at < input.length; at += block) addPlusOne(input.subarray(at, at + block), addend);
  }
  return Buffer.concat(key).subarray(0, length);
}

export type Pkcs12Derivation = {
  readonly purpose: Purpose;
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  readonly iterations: number;
};

/** The password as PKCS #12 takes it: UTF-16, big end first, two zero bytes at the end. Spec: RFC 7292 B.1 */
export function bmpPassword(password: string): Uint8Array {
  return Buffer.from(`${password}\0`, 'utf16le').swap16();
}

/** Copies of the bytes up to a multiple of the block; nothing of nothing. */
function filled(bytes: Uint8Array, block: number): Uint8Array {
  const length = Math.ceil(bytes.length / block) * block;
  return Buffer.alloc(length, bytes);
}

/** `target + addend + 1` as one big number, the overflow dropped. */
function addPlusOne(target: Uint8Array, addend: Uint8Array): void {
  let carry = 1;
  for (let at = target.length - 1; at >= 0; at--) {
    carry += (target[at] ?? 0) + (addend[at] ?? 0);
    target[at] = carry & 0xff;
    carry >>= 8;
  }
}

/** Pseudo-random functions of PBKDF2. Spec: RFC 8018 B.1 */
const prfs: Readonly<Record<string, Hash>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

/** The hash of an HMAC's AlgorithmIdentifier. */
export function hmacHash(algorithm: Element): Hash {
  const oid = oidOf(fieldsOf(algorithm).next());
  return prfs[oid] ?? unsupported(`the HMAC ${oid}`);
}

/** The key of an AlgorithmIdentifier of PBKDF2 or scrypt; `length` in bytes must be the one it states, if it does. */
export function passwordKey(algorithm: Element, password: string, length: number): Uint8Array {
  const fields = fieldsOf(algorithm);
  const oid = oidOf(fields.next());
  const parameters = fields.next(tags.sequence);
  if (oid === '1.2.840.113549.1.5.12') return pbkdf2Key(parameters, password, length);
  if (oid === '1.3.6.1.4.1.11591.4.11') return scryptKey(parameters, password, length);
  return unsupported(`the key derivation ${oid}`);
}

function pbkdf2Key(parameters: Element, password: string, length: number): Uint8Array {
  const fields = fieldsOf(parameters);
  const salt = fields.next(tags.octetString).content;
  const iterations = iterationsOf(fields.next());
  checkLength(fields.optional(tags.integer), length);
  const prf = fields.optional(tags.sequence);
  fields.end();
  return pbkdf2Sync(Buffer.from(password), salt, iterations, length, prf === undefined ? 'sha1' : hmacHash(prf));
}

function scryptKey(parameters: Element, password: string, length: number): Uint8Array {
  const fields = fieldsOf(parameters);
  const salt = fields.next(tags.octetString).content;
  const [N, r, p] = [smallInteger(fields.next()), smallInteger(fields.next()), smallInteger(fields.next())];
  checkLength(fields.optional(tags.integer), length);
  fields.end();
  const isPower = N > 1 && (N & (N - 1)) === 0;
  if (!isPower || r < 1 || p < 1) refuse('impossible scrypt parameters');
  if (128 * N * r > maxScryptBytes || p > 16) unsupported('scrypt of more than 64 MiB or sixteen passes');
  return scryptSync(Buffer.from(password), salt, length, { N, r, p, maxmem: 2 * maxScryptBytes });
}

function checkLength(stated: Element | undefined, length: number): void {
  if (stated !== undefined && smallInteger(stated) !== length) refuse("a key length that is not the cipher's");
}
