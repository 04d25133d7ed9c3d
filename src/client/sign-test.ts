// A signature over a fixed string: shows that a key can be used, before anything depends on it. The string is the official
// helper's, so that either's signature can be held against the other's.
import { Buffer } from 'node:buffer';
import { createHash, type KeyObject, sign } from 'node:crypto';
import type { HashName } from '../core/signature/algorithms.ts';
import { failure } from './errors.ts';
import type { Identity } from './identity.ts';
import type { IdentityOptions } from './options.ts';

/**
 * The bytes that are signed: the text, the version `1`, and SHA-256 of `IAM RA` and the public key: PKCS #1 of an RSA key,
 * the uncompressed point of an EC key, the bytes themselves of an ML-DSA key.
 * AWS seen: the official helper v1.8.0 for RSA and EC. Ours: the same rule for ML-DSA.
 */
export function testBytes({ certificate }: Pick<Identity, 'certificate'>): Uint8Array {
  const publicKey = certificate.publicKey();
  if (publicKey === undefined) throw failure('UnsupportedKey', 'this Node does not know the kind of the key');
  const digest = createHash('sha256').update('IAM RA').update(publicKeyBytes(publicKey)).digest();
  return Buffer.concat([Buffer.from('AWS Roles Anywhere Credential Helper Signing Test1'), digest]);
}

const mlDsaBytes: Readonly<Record<string, number>> = { 'ml-dsa-44': 1312, 'ml-dsa-65': 1952, 'ml-dsa-87': 2592 };

function publicKeyBytes(publicKey: KeyObject): Uint8Array {
  const type = publicKey.asymmetricKeyType ?? '';
  if (type === 'rsa') return publicKey.export({ type: 'pkcs1', format: 'der' });
  if (type === 'ec') {
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    return Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  }
  // Spec: RFC 9881 §4: the key ends its SubjectPublicKeyInfo.
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return spki.subarray(spki.length - (mlDsaBytes[type] ?? spki.length));
}

/** RSASSA-PKCS1-v1_5, ECDSA in DER, or ML-DSA, which hashes by itself. Throws RolesAnywhereError. */
export async function testSignature(
  identity: Identity,
  { privateKey: given }: IdentityOptions,
  hash: HashName,
): Promise<Uint8Array> {
  const bytes = testBytes(identity);
  if (hash === 'sha256' || identity.algorithm === 'AWS4-X509-MLDSA') return identity.sign(bytes);
  if (identity.privateKey !== undefined) return sign(hash, bytes, identity.privateKey);
  if (hasOtherHashes(given)) return given.signHashed(hash, bytes);
  throw failure('InvalidOptions', `the signer does not hash with ${hash}`);
}

type OtherHashes = { readonly signHashed: (hash: HashName, data: Uint8Array) => Promise<Uint8Array> };

function hasOtherHashes(given: IdentityOptions['privateKey']): given is IdentityOptions['privateKey'] & OtherHashes {
  return typeof given === 'object' && 'signHashed' in given && typeof given.signHashed === 'function';
}
