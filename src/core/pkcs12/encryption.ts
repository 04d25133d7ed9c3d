// What a password encrypts: PBES2 with AES or triple DES, and the one old scheme of PKCS #12 that is still met and still
// holds, SHA-1 with three-key triple DES. What is weaker is refused by name.
// Spec: RFC 8018 §6.2, RFC 7292 appendix C.
import { Buffer } from 'node:buffer';
import { createDecipheriv } from 'node:crypto';
import { type Element, fieldsOf, oidOf, refuse, tags } from '../x509/der.ts';
import { bmpPassword, iterationsOf, passwordKey, pkcs12Key } from './key-derivation.ts';
import { unsupported, WrongPassword } from './refusals.ts';

type Cipher = { readonly name: string; readonly keyBytes: number; readonly ivBytes: number };

const tripleDes: Cipher = { name: 'des-ede3-cbc', keyBytes: 24, ivBytes: 8 };

const ciphers: Readonly<Record<string, Cipher>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16, ivBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24, ivBytes: 16 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyBytes: 32, ivBytes: 16 },
  '1.2.840.113549.3.7': tripleDes,
};

/** Schemes that are known and refused. */
const refused: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.12.1.1': '128-bit RC4',
  '1.2.840.113549.1.12.1.2': '40-bit RC4',
  '1.2.840.113549.1.12.1.4': 'two-key triple DES',
  '1.2.840.113549.1.12.1.5': '128-bit RC2',
  '1.2.840.113549.1.12.1.6': '40-bit RC2',
  '1.2.840.113549.1.5.3': 'MD5 with DES',
  '1.2.840.113549.1.5.10': 'SHA-1 with DES',
};

const pbes2 = '1.2.840.113549.1.5.13';
const pbeSha1TripleDes = '1.2.840.113549.1.12.1.3';

/** The bytes that an AlgorithmIdentifier and a password decrypt. Throws DerError, Unsupported, WrongPassword. */
export function decrypted(algorithm: Element, encrypted: Uint8Array, password: string): Uint8Array {
  const fields = fieldsOf(algorithm);
  const oid = oidOf(fields.next());
  if (oid !== pbes2 && oid !== pbeSha1TripleDes) return unsupported(`encryption with ${refused[oid] ?? oid}`);
  const parameters = fields.next(tags.sequence);
  fields.end();
  return oid === pbes2 ? byPbes2(parameters, encrypted, password) : byTripleDes(parameters, encrypted, password);
}

function byPbes2(parameters: Element, encrypted: Uint8Array, password: string): Uint8Array {
  const fields = fieldsOf(parameters);
  const derivation = fields.next(tags.sequence);
  const scheme = fieldsOf(fields.next(tags.sequence));
  fields.end();
  const oid = oidOf(scheme.next());
  const cipher = ciphers[oid] ?? unsupported(`the cipher ${oid}`);
  const iv = scheme.next(tags.octetString).content;
  if (iv.length !== cipher.ivBytes) refuse('an initial value of impossible length');
  return opened(cipher, passwordKey(derivation, password, cipher.keyBytes), iv, encrypted);
}

function byTripleDes(parameters: Element, encrypted: Uint8Array, text: string): Uint8Array {
  const fields = fieldsOf(parameters);
  const [salt, iterations] = [fields.next(tags.octetString).content, iterationsOf(fields.next())];
  fields.end();
  const derivation = { password: bmpPassword(text), salt, iterations };
  const key = pkcs12Key('sha1', { ...derivation, purpose: 1 }, tripleDes.keyBytes);
  const iv = pkcs12Key('sha1', { ...derivation, purpose: 2 }, tripleDes.ivBytes);
  return opened(tripleDes, key, iv, encrypted);
}

function opened({ name }: Cipher, key: Uint8Array, iv: Uint8Array, encrypted: Uint8Array): Uint8Array {
  try {
    const decipher = createDecipheriv(name, key, iv);
    return Buffer.concat([decipher.update(encrypted), decipher.final()]);
  } catch {
    // Padding that is none. The MAC has been verified before, so this betrays nothing that matters.
    throw new WrongPassword();
  }
}
