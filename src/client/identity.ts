// Who asks for a session: the end-entity certificate, what signs for it, and the certificates that lead to the trust anchor.
// Files are read anew each time, and the key is held against the certificate at once: the official helper sends what does
// not match, and the server's "Invalid signature" names no cause.
import { createPublicKey, KeyObject } from 'node:crypto';
import { algorithmFor, X509_ALGORITHMS, type X509Algorithm } from '../core/signature/algorithms.ts';
import { type Certificate, isSelfIssued, parseCertificate } from '../core/x509/certificate.ts';
import { failure, RolesAnywhereError } from './errors.ts';
import { type Holdings, holdingsOf } from './holdings.ts';
import { isReread, readMaterial } from './material.ts';
import type { IdentityOptions, Material, Signer } from './options.ts';
import type { ReadableKey } from './private-key.ts';
import type { World } from './world.ts';

/** A certificate and what signs for it: they belong together, as far as that can be known without a signature. */
export type Identity = {
  readonly certificate: Certificate;
  /** DER of what else was given, without the certificate itself, doubles and self-signed roots. */
  readonly chainDer: readonly Uint8Array[];
  readonly algorithm: X509Algorithm;
  /** The algorithm's signature of the bytes. Throws RolesAnywhereError: `SignerFailed`, `KeyMismatch`. */
  readonly sign: (data: Uint8Array) => Promise<Uint8Array>;
  /** Absent: the key is a signer's. */
  readonly privateKey?: KeyObject;
};

/** How messages name a certificate: its subject, or its serial number where that is empty. */
export function subjectOf({ subject, serialHex }: Certificate): string {
  const parts = subject.attributes.map(({ type, oid, value }) => `${type ?? oid}=${value}`);
  return parts.join(',') || `serial number ${serialHex}`;
}

/** Milliseconds between readings of files that do not belong together: half of a rotation has been seen. */
const rotationPauses = [50, 200];

/** Reads the identity. Throws RolesAnywhereError. Files that are being replaced are read again, twice. */
export async function loadIdentity(options: IdentityOptions, { sleep }: Pick<World, 'sleep'>): Promise<Identity> {
  for (const pause of [...rotationPauses, undefined]) {
    try {
      return await readIdentity(options);
    } catch (error) {
      if (pause === undefined || !mayBeHalfRotated(options, error)) throw error;
      await sleep(pause);
    }
  }
  throw new Error('unreachable: the last reading returns or throws');
}

function mayBeHalfRotated({ certificate, privateKey }: IdentityOptions, error: unknown): boolean {
  if (!(error instanceof RolesAnywhereError)) return false;
  const isTorn = error.code === 'KeyMismatch' || error.code === 'IdentityUnreadable';
  return isTorn && [certificate, privateKey].some(isReread);
}

async function readIdentity(options: IdentityOptions): Promise<Identity> {
  const { certificate, privateKey, intermediates = [] } = options;
  const password = await passwordOf(options);
  const holdings = holdingsOf(await readMaterial('certificate', certificate), password);
  const more = await Promise.all([intermediates].flat().map((material) => chainOf(material)));
  const pool = [...holdings.certificates, ...more.flat()].map(parsed);
  if (holdings.certificates.length === 0)
    throw failure('IdentityUnreadable', 'the certificate file holds no certificate');
  if (isSigner(privateKey)) return signedElsewhere(pool, privateKey);
  const keys = await keysOf(privateKey, holdings, password);
  return signedHere(pool.slice(0, holdings.certificates.length), pool, keys);
}

async function passwordOf({ password }: IdentityOptions): Promise<string | undefined> {
  return typeof password === 'function' ? await password() : password;
}

async function chainOf(material: Material): Promise<readonly Uint8Array[]> {
  const { certificates, keys } = holdingsOf(await readMaterial('intermediates', material));
  if (keys.length > 0) throw failure('InvalidOptions', 'the intermediates hold a private key');
  return certificates;
}

function parsed(der: Uint8Array, index: number): Certificate {
  const outcome = parseCertificate(der);
  if (outcome.ok) return outcome.certificate;
  throw failure('IdentityUnreadable', `certificate ${index + 1} is malformed: ${outcome.detail}`);
}

function isSigner(key: IdentityOptions['privateKey']): key is Signer {
  return typeof key === 'object' && 'sign' in key && typeof key.sign === 'function';
}

async function keysOf(
  privateKey: Material | KeyObject | undefined,
  { keys: beside }: Holdings,
  password: string | undefined,
): Promise<readonly KeyObject[]> {
  if (privateKey instanceof KeyObject) return [privateKey];
  const keys: readonly ReadableKey[] =
    privateKey === undefined ? beside : holdingsOf(await readMaterial('private key', privateKey), password).keys;
  if (keys.length > 0) return keys.map((key) => key.read(password));
  const hint = privateKey === undefined ? 'give a private key or a signer' : undefined;
  throw failure('IdentityUnreadable', `there is no private key where it was looked for`, { hint });
}

/** The first certificate that a key belongs to is the end entity's, wherever it stands in the file. */
function signedHere(
  candidates: readonly Certificate[],
  pool: readonly Certificate[],
  keys: readonly KeyObject[],
): Identity {
  for (const certificate of candidates) {
    const privateKey = keys.find((key) => belongsTo(key, certificate));
    if (privateKey === undefined) continue;
    const algorithm = algorithmFor(privateKey) ?? unsupported(String(privateKey.asymmetricKeyType));
    const sign = async (data: Uint8Array) => X509_ALGORITHMS[algorithm].sign(privateKey, data);
    return { certificate, chainDer: chainDerOf(certificate, pool), algorithm, sign, privateKey };
  }
  throw mismatch(candidates);
}

function belongsTo(key: KeyObject, certificate: Certificate): boolean {
  if (key.type !== 'private') throw failure('InvalidOptions', `the private key is a ${key.type} key`);
  const [own, certified] = [createPublicKey(key), certificate.publicKey()];
  // Comparing keys of two kinds leaves an error in OpenSSL's queue, which Node throws at the next key that is read.
  return certified !== undefined && kindOf(own) === kindOf(certified) && own.equals(certified);
}

function kindOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  return `${asymmetricKeyType} ${asymmetricKeyDetails?.namedCurve ?? ''}`;
}

function mismatch([certificate]: readonly Certificate[]) {
  const hint = 'give the key that the certificate was issued for, or the certificate of this key';
  return failure(
    'KeyMismatch',
    `the private key does not belong to the certificate${certificate ? ` \`${subjectOf(certificate)}\`` : ''}`,
    { hint },
  );
}

function unsupported(type: string): never {
  const hint = 'RSA of 2048 to 8192 bits, ECDSA on P-256, P-384 or P-521 and ML-DSA sign for Roles Anywhere';
  throw failure('UnsupportedKey', `a key of the kind \`${type}\` cannot sign the request`, { hint });
}

/** What the end entity's key is, read off its certificate: the key itself is out of reach. */
function signedElsewhere(pool: readonly Certificate[], signer: Signer): Identity {
  const [certificate] = pool;
  if (certificate === undefined) throw new Error('unreachable: an empty pool is refused before');
  const algorithm = algorithmOf(certificate);
  const sign = async (data: Uint8Array) =>
    proved(certificate, algorithm, data, await signatureOf(signer, algorithm, data));
  return { certificate, chainDer: chainDerOf(certificate, pool), algorithm, sign };
}

function algorithmOf({ keyType }: Certificate): X509Algorithm {
  switch (keyType.type) {
    case 'rsa':
      return 'AWS4-X509-RSA-SHA256';
    case 'ec':
      return keyType.curve === undefined ? unsupported('ec') : 'AWS4-X509-ECDSA-SHA256';
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
      return 'AWS4-X509-MLDSA';
    case 'rsa-pss':
    case 'ed25519':
    case 'other':
      return unsupported(keyType.type);
  }
}

async function signatureOf(signer: Signer, algorithm: X509Algorithm, data: Uint8Array): Promise<Uint8Array> {
  try {
    const signature: unknown = await signer.sign(algorithm, data);
    if (signature instanceof Uint8Array && signature.length > 0) return signature;
  } catch (cause) {
    // A signer that knows why says so itself.
    if (cause instanceof RolesAnywhereError) throw cause;
    throw failure('SignerFailed', 'the signer failed', { cause });
  }
  throw failure('SignerFailed', 'the signer returned no signature');
}

/** Held against the certificate before it is sent. A Node that does not know ML-DSA leaves that to the server. */
function proved(
  certificate: Certificate,
  algorithm: X509Algorithm,
  data: Uint8Array,
  signature: Uint8Array,
): Uint8Array {
  const publicKey = certificate.publicKey();
  if (publicKey === undefined) return signature;
  const scheme = X509_ALGORITHMS[algorithm];
  if (scheme.accepts(publicKey) && scheme.verify(publicKey, data, signature)) return signature;
  const hint = "the signer's key must be the certificate's, and hash as the algorithm says";
  throw failure('KeyMismatch', `the signer's signature is not that of \`${subjectOf(certificate)}\``, { hint });
}

function chainDerOf(certificate: Certificate, pool: readonly Certificate[]): readonly Uint8Array[] {
  const chain = new Map<string, Uint8Array>();
  for (const other of pool) if (other !== certificate && !isRoot(other)) chain.set(other.fingerprint, other.der);
  chain.delete(certificate.fingerprint);
  return [...chain.values()];
}

/** A self-signed root is the trust anchor or leads nowhere: the server has it, and headers are bounded. */
function isRoot(certificate: Certificate): boolean {
  return isSelfIssued(certificate) && certificate.signatureBy(certificate).ok;
}
