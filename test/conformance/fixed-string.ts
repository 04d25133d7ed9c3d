// What `sign-string` signs, written down apart from the command.
import { createHash, type KeyObject } from 'node:crypto';

/** The official helper's string: text, version, digest of a prefix and the public key. */
export function fixedString(publicKey: KeyObject): Buffer {
  const digest = createHash('sha256').update('IAM RA').update(bytesOf(publicKey)).digest();
  return Buffer.concat([Buffer.from('AWS Roles Anywhere Credential Helper Signing Test1'), digest]);
}

/** PKCS #1, the uncompressed point, or the bytes of an ML-DSA key. */
function bytesOf(publicKey: KeyObject): Buffer {
  if (publicKey.asymmetricKeyType === 'rsa') return publicKey.export({ type: 'pkcs1', format: 'der' });
  const { x = '', y = '', pub } = publicKey.export({ format: 'jwk' });
  if (typeof pub === 'string') return Buffer.from(pub, 'base64url');
  return Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
}
