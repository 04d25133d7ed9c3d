// The signature algorithms of certificates: one table, OID → how to verify, or the name under which to refuse.
// Spec: RFC 4055 (RSA), RFC 5758 (ECDSA), RFC 8410 (Ed25519), RFC 9881 (ML-DSA). AWS doc: SHA-256 or stronger, or ML-DSA;
// MD5 and SHA-1 are refused (https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html).
import { constants, type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';
import { rememberOf } from '../remember.ts';
import { verifyAside } from '../verify-aside.ts';
import { type Element, explicit, fieldsOf, oidOf, refuse, smallInteger, tags } from './der.ts';

/** Hashes a signature may use. */
export type SignatureHash = 'sha256' | 'sha384' | 'sha512';

/** A certificate's signature algorithm. */
export interface SignatureAlgorithm {
  /** Dotted. */
  readonly oid: string;
  /** Name, for an algorithm in the table: `sha256WithRSAEncryption`. */
  readonly name: string | undefined;
  /** Undefined for Ed25519 and ML-DSA (which hash inside) and for what is not accepted. */
  readonly hash: SignatureHash | undefined;
  /** DER of the parameters, when present. */
  readonly parameters: Uint8Array | undefined;
  /** Why no signature of this algorithm counts: weak, or not understood. */
  readonly refusal: 'weak' | 'unsupported' | undefined;
  /** Salt length in bytes, RSA-PSS only. */
  readonly saltLength: number | undefined;
}

type Reading = Pick<SignatureAlgorithm, 'hash' | 'refusal' | 'saltLength'>;

interface Row {
  readonly name: string;
  /** `asymmetricKeyType` of the keys that can make this signature. */
  readonly keys: readonly string[];
  read(parameters: Element | undefined): Reading;
  /** What node:crypto is asked with; undefined: no signature of this algorithm verifies. */
  ask(key: KeyObject, algorithm: SignatureAlgorithm): Question | undefined;
}

type Question = { readonly hash: SignatureHash | null; readonly key: KeyObject | VerifyKeyObjectInput };

const accepted = (hash: SignatureHash | undefined, saltLength?: number): Reading => ({
  hash,
  refusal: undefined,
  saltLength,
});
const refused = (refusal: 'weak' | 'unsupported'): Reading => ({ hash: undefined, refusal, saltLength: undefined });

function withHash(key: KeyObject, { hash }: SignatureAlgorithm): Question | undefined {
  return hash && { hash, key };
}

const rsa = (name: string, hash: SignatureHash): Row => ({
  name,
  keys: ['rsa'],
  // Spec: RFC 4055 §5: NULL, and absent must be accepted too.
  read: (parameters) =>
    parameters === undefined || isNull(parameters) ? accepted(hash) : refuse('RSA signature with parameters'),
  ask: withHash,
});

const ecdsa = (name: string, hash: SignatureHash): Row => ({
  name,
  keys: ['ec'],
  read: (parameters) => (parameters === undefined ? accepted(hash) : refuse('ECDSA signature with parameters')),
  ask: withHash,
});

/** An algorithm that is named like its keys and hashes inside. Spec: RFC 8410 §3, RFC 9881 §2: no parameters */
const bare = (name: string): Row => ({
  name,
  keys: [name],
  read: (parameters) => (parameters === undefined ? accepted(undefined) : refuse(`${name} signature with parameters`)),
  ask: (key) => ({ hash: null, key }),
});

const never =
  (refusal: 'weak' | 'unsupported') =>
  (name: string): Row => ({
    name,
    keys: [],
    read: () => refused(refusal),
    ask: () => undefined,
  });
const weak = never('weak');
const unsupported = never('unsupported');

const rows: Readonly<Record<string, Row>> = {
  '1.2.840.113549.1.1.11': rsa('sha256WithRSAEncryption', 'sha256'),
  '1.2.840.113549.1.1.12': rsa('sha384WithRSAEncryption', 'sha384'),
  '1.2.840.113549.1.1.13': rsa('sha512WithRSAEncryption', 'sha512'),
  '1.2.840.113549.1.1.10': {
    name: 'RSASSA-PSS',
    keys: ['rsa', 'rsa-pss'],
    read: readPss,
    ask: (key, { hash, saltLength = 0 }) =>
      hash && { hash, key: { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength } },
  },
  '1.2.840.10045.4.3.2': ecdsa('ecdsa-with-SHA256', 'sha256'),
  '1.2.840.10045.4.3.3': ecdsa('ecdsa-with-SHA384', 'sha384'),
  '1.2.840.10045.4.3.4': ecdsa('ecdsa-with-SHA512', 'sha512'),
  '1.3.101.112': bare('ed25519'),
  '2.16.840.1.101.3.4.3.17': bare('ml-dsa-44'),
  '2.16.840.1.101.3.4.3.18': bare('ml-dsa-65'),
  '2.16.840.1.101.3.4.3.19': bare('ml-dsa-87'),
  '1.2.840.113549.1.1.2': weak('md2WithRSAEncryption'),
  '1.2.840.113549.1.1.4': weak('md5WithRSAEncryption'),
  '1.2.840.113549.1.1.5': weak('sha1WithRSAEncryption'),
  '1.3.14.3.2.29': weak('sha1WithRSA'),
  '1.2.840.113549.1.1.14': weak('sha224WithRSAEncryption'),
  '1.2.840.10045.4.1': weak('ecdsa-with-SHA1'),
  '1.2.840.10045.4.3.1': weak('ecdsa-with-SHA224'),
  '1.2.840.10040.4.3': weak('dsa-with-SHA1'),
  '2.16.840.1.101.3.4.3.1': weak('dsa-with-SHA224'),
  '2.16.840.1.101.3.4.3.2': unsupported('dsa-with-SHA256'),
  '1.3.101.113': unsupported('ed448'),
};

const hashes: Readonly<Record<string, SignatureHash | 'weak'>> = {
  '1.2.840.113549.2.5': 'weak', // MD5
  '1.3.14.3.2.26': 'weak', // SHA-1
  '2.16.840.1.101.3.4.2.4': 'weak', // SHA-224
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

const mgf1 = '1.2.840.113549.1.1.8';
const maxSaltLength = 512;

function isNull(element: Element): boolean {
  return element.tag === tags.null && element.content.length === 0;
}

function hashIn(algorithm: Element): SignatureHash | 'weak' | undefined {
  const fields = fieldsOf(algorithm);
  const hash = hashes[oidOf(fields.next())];
  const parameters = fields.optional(tags.null);
  fields.end();
  return parameters && !isNull(parameters) ? refuse('hash algorithm with parameters') : hash;
}

// Spec: RFC 4055 §3.1. Every default is SHA-1, so an absent hash or mask is weak. Ours: one hash for both, as RFC 4055
// recommends and node:crypto supports.
function readPss(parameters: Element | undefined): Reading {
  if (!parameters) return refuse('RSASSA-PSS signature without parameters');
  const fields = fieldsOf(parameters);
  const [hashField, maskField, salt, trailer] = [0xa0, 0xa1, 0xa2, 0xa3].map((tag) => fields.optional(tag));
  fields.end();
  if (!hashField || !maskField) return refused('weak');
  const mask = fieldsOf(explicit(maskField));
  const isMgf1 = oidOf(mask.next()) === mgf1;
  const maskHash = isMgf1 ? hashIn(mask.next()) : undefined;
  if (isMgf1) mask.end();
  const hash = hashIn(explicit(hashField));
  const saltLength = salt ? smallInteger(explicit(salt)) : 20;
  const hasOddTrailer = trailer !== undefined && smallInteger(explicit(trailer)) !== 1;
  if (hash === 'weak' || maskHash === 'weak') return refused('weak');
  if (!hash || hash !== maskHash || saltLength > maxSaltLength || hasOddTrailer) return refused('unsupported');
  return accepted(hash, saltLength);
}

/** Reads an AlgorithmIdentifier in the place of a signature algorithm; throws DerError. */
export function signatureAlgorithmOf(element: Element): SignatureAlgorithm {
  const fields = fieldsOf(element);
  const oid = oidOf(fields.next());
  const parameters = fields.optional();
  fields.end();
  const row = rows[oid];
  const reading = row ? row.read(parameters) : refused('unsupported');
  return Object.freeze({ oid, name: row?.name, parameters: parameters?.raw, ...reading });
}

/** What `verifyCertificateSignature` needs of a certificate (or of a CRL). */
export interface Signed {
  /** DER of the part that is signed. */
  readonly tbs: Uint8Array;
  readonly signature: Uint8Array;
  readonly signatureAlgorithm: SignatureAlgorithm;
}

/** Whether a signature verifies, or why not. */
export type SignatureVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'weak' | 'unsupported' | 'keyMismatch' | 'badSignature' };

/** Whether the issuer's key made the signature on this certificate. Says nothing about the strength of the key. */
export function verifyCertificateSignature(certificate: Signed, issuerPublicKey: KeyObject): SignatureVerdict {
  const question = questionOf(certificate, issuerPublicKey);
  if ('ok' in question) return question;
  try {
    return verdictOf(verify(question.hash, certificate.tbs, question.key, certificate.signature));
  } catch {
    // OpenSSL throws for what cannot be a signature at all: a wrong length, an impossible salt.
    return verdictOf(false);
  }
}

/** As {@link verifyCertificateSignature}, with the arithmetic on another thread. Never rejects. */
function judgeAside(certificate: Signed, issuerPublicKey: KeyObject): SignatureVerdict | Promise<SignatureVerdict> {
  const question = questionOf(certificate, issuerPublicKey);
  if ('ok' in question) return question;
  return verifyAside(question.hash, certificate.tbs, question.key, certificate.signature).then(verdictOf);
}

function questionOf(
  { signatureAlgorithm, signature }: Signed,
  issuerPublicKey: KeyObject,
): Question | SignatureVerdict {
  if (signatureAlgorithm.refusal) return { ok: false, reason: signatureAlgorithm.refusal };
  const row = rows[signatureAlgorithm.oid];
  if (!row?.keys.includes(issuerPublicKey.asymmetricKeyType ?? '')) return { ok: false, reason: 'keyMismatch' };
  // Spec: RFC 8017 §8.1.2 and §8.2.2, step 1. OpenSSL does without the zeros that an RSASSA-PSS signature may begin with.
  const { modulusBytes } = lengthOf(issuerPublicKey);
  if (modulusBytes !== undefined && signature.length !== modulusBytes) return verdictOf(false);
  return row.ask(issuerPublicKey, signatureAlgorithm) ?? verdictOf(false);
}

/** How long an RSA key's signatures are. OpenSSL is asked once for each key: it takes long to describe one. */
const lengthOf = rememberOf(({ asymmetricKeyDetails: { modulusLength } = {} }: KeyObject) => {
  return { modulusBytes: modulusLength === undefined ? undefined : Math.ceil(modulusLength / 8) };
});

function verdictOf(isValid: boolean): SignatureVerdict {
  return isValid ? { ok: true } : { ok: false, reason: 'badSignature' };
}

/** Who may have made a signature: a certificate. */
export interface Signer {
  readonly fingerprint: string;
  publicKey(): KeyObject | undefined;
}

/** What is known of one thing's signature. */
export interface SignatureMemory {
  signatureBy(issuer: Signer): SignatureVerdict;
  /**
   * Judges, where that takes long on another thread: only then there is a promise. `signatureBy` knows the verdict
   * afterwards. Never rejects.
   */
  judgeSignatureBy(issuer: Signer): Promise<void> | undefined;
}

/**
 * Whether a signer's key made the signature of one thing, judged on first use and remembered: both are what their digests
 * say for ever. Many leaves come below one intermediate, whose own signature is then verified once.
 */
export function signatureMemory(signed: Signed): SignatureMemory {
  // A list: all but a few things have one signer.
  const judged: { readonly by: string; readonly verdict: SignatureVerdict }[] = [];
  const verdictBy = ({ fingerprint }: Signer) => judged.find(({ by }) => by === fingerprint)?.verdict;
  const keep = ({ fingerprint }: Signer, verdict: SignatureVerdict) => {
    if (judged.length >= maxVerdicts) judged.length = 0;
    judged.push({ by: fingerprint, verdict });
    return verdict;
  };
  return {
    signatureBy(issuer) {
      const known = verdictBy(issuer);
      if (known) return known;
      const key = issuer.publicKey();
      return keep(issuer, key ? verifyCertificateSignature(signed, key) : { ok: false, reason: 'keyMismatch' });
    },
    judgeSignatureBy(issuer) {
      const key = verdictBy(issuer) === undefined ? issuer.publicKey() : undefined;
      const verdict = key && judgeAside(signed, key);
      if (verdict instanceof Promise) return verdict.then((late) => void (verdictBy(issuer) ?? keep(issuer, late)));
      if (verdict !== undefined) keep(issuer, verdict);
      return undefined;
    },
  };
}

const maxVerdicts = 64;
