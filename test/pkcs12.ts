// Writes PKCS #12, for keys that the OpenSSL of the machine does not know: certificates as they are, the key under the password.
// Spec: RFC 7292 §4, RFC 9579 §4 (PBMAC1, which needs nothing but PBKDF2).
import { createHmac, type KeyObject, pbkdf2Sync } from 'node:crypto';
import { integer, octets, oid, sequence, tlv } from './der.ts';

const [data, certBag, shroudedKeyBag] = [
  '1.2.840.113549.1.7.1',
  '1.2.840.113549.1.12.10.1.3',
  '1.2.840.113549.1.12.10.1.2',
];
const [pbmac1, pbkdf2, hmacSha256] = ['1.2.840.113549.1.5.14', '1.2.840.113549.1.5.12', '1.2.840.113549.2.9'];

/** DER of a file with these certificates, in their order, and the key. */
export function pkcs12Of(certificates: readonly Uint8Array[], privateKey: KeyObject, password: string): Uint8Array {
  const cipher = { cipher: 'aes-256-cbc', passphrase: password };
  const shrouded = privateKey.export({ type: 'pkcs8', format: 'der', ...cipher });
  const certBags = certificates.map((der) => tagged(certBag, tagged('1.2.840.113549.1.9.22.1', octets(der))));
  const content = sequence(safe(certBags), safe([tagged(shroudedKeyBag, shrouded)]));
  return sequence(integer(3), tagged(data, octets(content)), macOf(content, password));
}

/** A ContentInfo, and everything else that is an identifier with a value in [0]. */
function tagged(id: string, value: Uint8Array): Uint8Array {
  return sequence(oid(id), tlv(0xa0, value));
}

function safe(bags: readonly Uint8Array[]): Uint8Array {
  return tagged(data, octets(sequence(...bags)));
}

function macOf(content: Uint8Array, password: string): Uint8Array {
  const salt = Buffer.from('0123456789abcdef', 'hex');
  const key = pbkdf2Sync(password, salt, 2048, 32, 'sha256');
  const hmac = sequence(oid(hmacSha256), tlv(0x05));
  const derivation = sequence(oid(pbkdf2), sequence(octets(salt), integer(2048), integer(32), hmac));
  const digest = createHmac('sha256', key).update(content).digest();
  // Salt and iterations behind the digest say nothing here.
  return sequence(
    sequence(sequence(oid(pbmac1), sequence(derivation, hmac)), octets(digest)),
    octets(salt),
    integer(1),
  );
}
