// Private keys as files hold them: PKCS #8, plain or encrypted, PKCS #1 and SEC 1, in PEM or DER. node:crypto reads them; what
// it cannot read is told apart here, because its own words say nothing to whoever has to mend it.
import { createPrivateKey, type KeyObject, type PrivateKeyInput } from 'node:crypto';
import { fieldsOf, readElement, smallInteger, tags } from '../core/x509/der.ts';
import type { PemBlock } from '../core/x509/pem.ts';
import { failure } from './errors.ts';

/** A private key that is not yet read: reading an encrypted one takes the password. */
export type ReadableKey = {
  readonly isEncrypted: boolean;
  /** Throws RolesAnywhereError. */
  readonly read: (password: string | undefined) => KeyObject;
};

const keyLabels = ['PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY'];

/** Labels of private keys that are refused, and what to do instead. */
const otherLabels: Readonly<Record<string, string>> = {
  'TSS2 PRIVATE KEY': 'give a signer that asks the TPM',
  'OPENSSH PRIVATE KEY': 'write it as PKCS #8 with `ssh-keygen -p -m PKCS8`',
  'DSA PRIVATE KEY': 'AWS takes RSA, ECDSA and ML-DSA keys',
};

/** The key of a PEM block; undefined when the block is none. Throws RolesAnywhereError for keys of other kinds. */
export function pemKey(name: string, { label, lines, isTerminated }: PemBlock): ReadableKey | undefined {
  const hint = Object.hasOwn(otherLabels, label) ? otherLabels[label] : undefined;
  if (hint !== undefined) throw failure('UnsupportedKey', `the ${name} holds a block \`${label}\``, { hint });
  if (!keyLabels.includes(label)) return undefined;
  if (!isTerminated) throw failure('IdentityUnreadable', `the ${name} ends inside its block \`${label}\``);
  const key = [`-----BEGIN ${label}-----`, ...lines.map((line) => line.trimEnd()), `-----END ${label}-----`].join('\n');
  // Encryption of OpenSSL's own, from before PKCS #8. Spec: RFC 1421 §4.6.1.1
  const isEncrypted = label === 'ENCRYPTED PRIVATE KEY' || lines.some((line) => /^Proc-Type:.*ENCRYPTED/.test(line));
  return { isEncrypted, read: (password) => keyOf(name, { key, format: 'pem' }, isEncrypted, password) };
}

/** The key in DER; undefined when the bytes are none. Of a kind that is not known here it is one that cannot be read. */
export function derKey(name: string, der: Uint8Array): ReadableKey | undefined {
  const key = Buffer.from(der);
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    const input: PrivateKeyInput = { key, format: 'der', type };
    try {
      const read = createPrivateKey(input);
      return { isEncrypted: false, read: () => read };
    } catch (error) {
      if (!isPassphraseMissing(error)) continue;
      return { isEncrypted: true, read: (password) => keyOf(name, input, true, password) };
    }
  }
  if (!looksLikePkcs8(der)) return undefined;
  return { isEncrypted: false, read: () => keyOf(name, { key, format: 'der', type: 'pkcs8' }, false, undefined) };
}

/** Spec: RFC 5958 §2: version, algorithm, private key. */
function looksLikePkcs8(der: Uint8Array): boolean {
  try {
    const fields = fieldsOf(readElement(new Uint8Array(der)));
    const version = smallInteger(fields.next());
    fields.next(tags.sequence);
    fields.next(tags.octetString);
    return version === 0 || version === 1;
  } catch {
    return false;
  }
}

function isPassphraseMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MISSING_PASSPHRASE';
}

function keyOf(name: string, input: PrivateKeyInput, isEncrypted: boolean, password: string | undefined): KeyObject {
  if (isEncrypted && password === undefined)
    throw failure('PasswordMissing', `the ${name} is encrypted`, { hint: 'give its password' });
  try {
    return createPrivateKey(isEncrypted ? { ...input, passphrase: password } : input);
  } catch (cause) {
    throw isEncrypted ? unopened(name, cause) : unread(name, cause);
  }
}

function unopened(name: string, cause: unknown) {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (!/UNSUPPORTED|UNKNOWN/.test(code))
    return failure('PasswordWrong', `the password does not open the ${name}`, { cause });
  const anew = 'write it anew with `openssl pkcs8 -topk8 -v2 aes-256-cbc`';
  const hint = `${anew}, or look whether the password is right; ML-DSA keys are read from Node 24.7 on`;
  return failure('UnsupportedEncryption', `OpenSSL here does not open the ${name}`, { hint, cause });
}

function unread(name: string, cause: unknown) {
  const hint = 'RSA, ECDSA and ML-DSA keys are read, ML-DSA from Node 24.7 on';
  return failure('UnsupportedKey', `the ${name} is no private key that OpenSSL here can read`, { hint, cause });
}
