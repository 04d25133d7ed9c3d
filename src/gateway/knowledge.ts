// What the hot path has worked out before: questions and their inputs, compiled policies, parsed certificates, derived signing keys, validated paths.
// All of it is a function of its input alone, and a path also of the clock, so that nothing here can be out of date.
import { hash } from 'node:crypto';
import { type Policy, type PolicyKind, parsePolicy } from '../core/policy/document.ts';
import { remember } from '../core/remember.ts';
import { certificateBytes } from '../core/signature/x509.ts';
import { type Certificate, type ParsedCertificate, parseCertificate } from '../core/x509/certificate.ts';
import { type Crl, parseCrl } from '../core/x509/crl.ts';
import { type PathQuestion, type PathVerdict, validatePath } from '../core/x509/path.ts';
import { parsePemCertificates } from '../core/x509/pem.ts';
import { type KnownSecrets, knownSecrets } from './known-secrets.ts';
import { type Questions, questions } from './questions.ts';

export type Knowledge = KnownSecrets & {
  /** What was asked before, in the same words. */
  readonly questions: Questions;
  /**
   * The policy of a stored document. Throws when it does not parse: a stored document did parse when it was written, and
   * what cannot be read must not be taken for an empty policy.
   */
  policyOf(text: string, kind: PolicyKind): Policy;
  /** The bytes of a certificate's base64. What it gives is shared: nobody changes it. */
  readonly certificateBytes: typeof certificateBytes;
  readonly certificateOf: typeof parseCertificate;
  /** The certificates of a stored PEM bundle; throws when it is none. */
  certificatesOf(pem: string): readonly Certificate[];
  /** The CRL of stored bytes with this digest; throws when they are none. */
  crlOf(digest: string, bytes: () => Promise<Uint8Array>): Promise<Crl>;
  /**
   * Remembers the paths that were found, each while all of its certificates are valid. A leaf below an issuer that was on
   * such a path has its signature verified on another thread where that takes long, and only then there is a promise. Never
   * rejects.
   */
  validatePath(question: PathQuestion): PathVerdict | Promise<PathVerdict>;
  /** Accounts that were found to exist; none ever ceases to. */
  readonly knownAccounts: Set<string>;
};

/** Things remembered of each kind, at most. */
const room = 4096;
/** Bytes of the certificates remembered, and characters of their texts, at most: strangers choose how long theirs are. */
const roomOfCertificates = 16 * 1024 * 1024;
/** CRLs remembered at most: each may have thousands of entries. */
const roomOfCrls = 256;

export function knowledge(): Knowledge {
  const policies = {
    identity: rememberedPolicies('identity'),
    trust: rememberedPolicies('trust'),
    session: rememberedPolicies('session'),
    resource: rememberedPolicies('resource'),
  } as const;
  const { bytesOf, certificateOf } = rememberedCertificates();
  const bundle = remember(
    room,
    (pem: string) => pem,
    (pem) => bundleOf(pem, certificateOf),
  );
  return {
    knownAccounts: new Set(),
    certificatesOf: bundle,
    questions: questions(),
    validatePath: rememberedPaths(),
    crlOf: rememberedCrls(),
    policyOf: (text, kind) => policies[kind](text),
    certificateBytes: bytesOf,
    certificateOf,
    ...knownSecrets(),
  };
}

/** By their text alone, and so a memory for each kind: a key put together would be digested anew at every look. */
function rememberedPolicies(kind: PolicyKind): (text: string) => Policy {
  return remember(
    room,
    (text: string) => text,
    (text) => {
      const parsed = parsePolicy(text, kind);
      if (!parsed.ok) throw new Error(`a stored ${kind} policy does not parse: ${parsed.message}`);
      return parsed.policy;
    },
  );
}

/**
 * Certificates by the digest of their bytes; and those of a header by its text alone, so that one that comes again is
 * neither decoded nor digested.
 */
function rememberedCertificates() {
  const byDigest = remember(room, (der: Uint8Array) => hash('sha256', der, 'base64'), parseCertificate, {
    most: roomOfCertificates,
    sizeOf: (der) => der.length,
  });
  /** INVARIANT: the bytes that `bytesOf` gave, which nobody changes, and what they were parsed to. */
  const ofText = new WeakMap<Uint8Array, { parsed?: ParsedCertificate }>();
  const bytesOf = remember(
    room,
    (text: string) => text,
    (text) => {
      const decoded = certificateBytes(text);
      // A copy: what a Buffer is decoded into is part of something larger.
      const der = decoded && new Uint8Array(decoded);
      if (der !== undefined) ofText.set(der, {});
      return der;
    },
    { most: roomOfCertificates, sizeOf: (text) => text.length },
  );
  return {
    bytesOf,
    certificateOf(der: Uint8Array) {
      const known = ofText.get(der);
      if (known === undefined) return byDigest(der);
      known.parsed ??= byDigest(der);
      return known.parsed;
    },
  };
}

function bundleOf(pem: string, certificateOf: typeof parseCertificate): readonly Certificate[] {
  const parsed = parsePemCertificates(pem);
  const certificates = (parsed.ok ? parsed.certificates : []).map(certificateOf);
  const good = certificates.flatMap((one) => (one.ok ? [one.certificate] : []));
  if (good.length === 0 || good.length < certificates.length)
    throw new Error('a stored certificate bundle does not parse');
  return good;
}

function rememberedCrls(): Knowledge['crlOf'] {
  const known = new Map<string, Crl>();
  return async (digest, bytes) => {
    const remembered = known.get(digest);
    if (remembered !== undefined) return remembered;
    const parsed = parseCrl(await bytes());
    // What cannot be read must not be taken for a list of nothing.
    if (!parsed.ok) throw new Error(`a stored CRL does not parse: ${parsed.detail}`);
    forgetEldest(known, roomOfCrls);
    known.set(digest, parsed.crl);
    return parsed.crl;
  };
}

function forgetEldest(known: Map<string, unknown>, most: number): void {
  const eldest = known.size >= most ? known.keys().next().value : undefined;
  if (eldest !== undefined) known.delete(eldest);
}

/** Path validation with a memory of successes: the same certificates lead to the same path while all of it is valid. */
function rememberedPaths(): Knowledge['validatePath'] {
  const known = new Map<string, PathVerdict & { readonly ok: true }>();
  /** INVARIANT: the path is judged whole whoever stands here; this spares the search nothing but the wait. */
  const issuers = new WeakSet<Certificate>();
  const likelyIssuer = ({ leaf, intermediates, anchors }: PathQuestion) =>
    [...anchors, ...intermediates].find((one) => issuers.has(one) && one.subject.key === leaf.issuer.key);
  const judged = (question: PathQuestion, key: string) => {
    const verdict = validatePath(question);
    if (!verdict.ok) return verdict;
    const [, above] = verdict.path;
    if (above !== undefined) issuers.add(above);
    forgetEldest(known, room);
    known.set(key, verdict);
    return verdict;
  };
  return (question) => {
    const key = keyOf(question);
    const remembered = known.get(key);
    if (remembered?.path.every((certificate) => isValidAt(certificate, question.now))) return remembered;
    const issuer = likelyIssuer(question);
    if (issuer === undefined) return judged(question, key);
    const judging = question.leaf.judgeSignatureBy(issuer);
    return judging === undefined ? judged(question, key) : judging.then(() => judged(question, key));
  };
}

function keyOf({ leaf, intermediates, anchors, now: _now, ...demands }: PathQuestion): string {
  // Fingerprints have one length and none of these signs in them.
  let key = JSON.stringify(demands) + leaf.fingerprint;
  for (const { fingerprint } of intermediates) key += `,${fingerprint}`;
  for (const { fingerprint } of anchors) key += `;${fingerprint}`;
  return key;
}

function isValidAt({ notBefore, notAfter }: Certificate, now: Date): boolean {
  const at = now.getTime();
  return notBefore.getTime() <= at && at <= notAfter.getTime();
}
