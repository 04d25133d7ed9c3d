// What the hot path has worked out before: questions and their inputs, compiled policies, parsed certificates, derived signing keys, validated paths.
// All of it is a function of its input alone, a path also of the clock, and the holder of a key of records that are looked at each
// time, so that nothing here can be out of date.
import { hash } from 'node:crypto';
import { type Policy, type PolicyKind, parsePolicy } from '../core/policy/document.ts';
import { askedBefore, bounded, remember, rememberAgain } from '../core/remember.ts';
import { certificateBytes, MAX_CHAIN_CERTIFICATES } from '../core/signature/x509.ts';
import { type Certificate, type ParsedCertificate, parseCertificate } from '../core/x509/certificate.ts';
import { type Crl, parseCrl } from '../core/x509/crl.ts';
import { type PathQuestion, type PathVerdict, validatePath } from '../core/x509/path.ts';
import { parsePemCertificates } from '../core/x509/pem.ts';
import { type KeyHolders, keyHolders } from './key-holders.ts';
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
  /** Whose key it is. */
  readonly keyHolderOf: KeyHolders;
  /** Accounts that were found to exist; none ever ceases to. */
  readonly knownAccounts: Set<string>;
};

/** Things remembered of each kind, at most. */
const room = 4096;
/** Characters of the texts of one kind of policies remembered, and of bundles, at most: a few may be as long as thousands of others. */
const roomOfTexts = 4 * 1024 * 1024;
/** Characters of the texts of certificates remembered, at most: strangers choose how long theirs are. */
const roomOfCertificates = 16 * 1024 * 1024;
/** Digests of certificates that came, to know those that come again: more than are remembered, in 64 KiB. */
const roomOfDigests = 16 * 1024;
/** As many certificates as one request may bring: its own and its chain's. */
const roomOfLatest = 1 + MAX_CHAIN_CERTIFICATES;
/** Paths remembered of a leaf: by the anchors and the intermediates it came with. */
const roomOfPaths = 4;
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
  const bundle = rememberedTexts((pem) => bundleOf(pem, certificateOf));
  return {
    knownAccounts: new Set(),
    certificatesOf: bundle,
    questions: questions(),
    keyHolderOf: keyHolders(),
    validatePath: rememberedPaths(),
    crlOf: rememberedCrls(),
    policyOf: (text, kind) => policies[kind](text),
    certificateBytes: bytesOf,
    certificateOf,
    ...knownSecrets(),
  };
}

function rememberedTexts<T>(read: (text: string) => T): (text: string) => T {
  return remember(room, (text: string) => text, read, { most: roomOfTexts, sizeOf: (text) => text.length });
}

/** By their text alone, and so a memory for each kind: a key put together would be digested anew at every look. */
function rememberedPolicies(kind: PolicyKind): (text: string) => Policy {
  return rememberedTexts((text) => {
    const parsed = parsePolicy(text, kind);
    if (!parsed.ok) throw new Error(`a stored ${kind} policy does not parse: ${parsed.message}`);
    return parsed.policy;
  });
}

/**
 * Certificates by their base64, as a header has them: one that comes again is neither decoded nor digested. It is remembered
 * from the second time on. Many come once before they end: to keep each would cost more than to read a few once more, and
 * they would drive out those that come again.
 */
function rememberedCertificates() {
  const ofText = bounded<Uint8Array>(room, roomOfCertificates);
  const ofBytes = parsedBytes();
  const comesAgain = askedBefore(roomOfDigests);
  const bytesOf = (text: string) => {
    const known = ofText.get(text);
    if (known !== undefined) return known;
    const decoded = certificateBytes(text);
    if (decoded === undefined) return undefined;
    const parsed = parseCertificate(decoded);
    // Never `decoded` itself: what a Buffer is decoded into is part of something larger.
    const der = parsed.ok ? parsed.certificate.der : new Uint8Array(decoded);
    const isKept = comesAgain(parsed.ok ? parsed.certificate.fingerprint : hash('sha256', der, 'hex'));
    if (isKept) ofText.set(text, der, text.length);
    ofBytes.set(der, parsed, isKept);
    return der;
  };
  return {
    bytesOf,
    certificateOf(der: Uint8Array): ParsedCertificate {
      const known = ofBytes.get(der) ?? ofBytes.get(bytesOf(Buffer.from(der).toString('base64')) ?? der);
      // Longer than any that a header may have.
      return known ?? parseCertificate(der);
    },
  };
}

/**
 * What bytes were parsed to: for as long as somebody holds them where they are kept, else until so many others came that the
 * request which brought them has asked. INVARIANT: nobody changes them.
 */
function parsedBytes() {
  const kept = new WeakMap<Uint8Array, ParsedCertificate>();
  // No WeakMap for these: what it holds would live through every collection of young objects, see `rememberAgain`.
  const latest: { readonly der: Uint8Array; readonly parsed: ParsedCertificate }[] = [];
  let next = 0;
  return {
    get: (der: Uint8Array) => kept.get(der) ?? latest.find((one) => one.der === der)?.parsed,
    set(der: Uint8Array, parsed: ParsedCertificate, isKept: boolean) {
      if (isKept) kept.set(der, parsed);
      else latest[next++ % roomOfLatest] = { der, parsed };
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

/** A path that was found, and the first and last instant at which all of it is valid, both included. */
type KnownPath = {
  readonly question: PathQuestion;
  readonly verdict: PathVerdict & { readonly ok: true };
  readonly from: number;
  readonly until: number;
};

/**
 * Path validation with a memory of successes: the same certificates lead to the same path while all of it is valid. It is
 * kept with the leaf, which has one nearly always, and goes with it; of a leaf that is seen once none is kept.
 */
function rememberedPaths(): Knowledge['validatePath'] {
  const pathsOf = rememberAgain((_leaf: Certificate): KnownPath[] => []);
  /** INVARIANT: the path is judged whole whoever stands here; this spares the search nothing but the wait. */
  const issuers = new WeakSet<Certificate>();
  const judged = (question: PathQuestion, paths: KnownPath[]) => {
    const verdict = validatePath(question);
    if (!verdict.ok) return verdict;
    const [, above] = verdict.path;
    if (above !== undefined) issuers.add(above);
    if (paths.length >= roomOfPaths) paths.shift();
    paths.push(knownPath(question, verdict));
    return verdict;
  };
  return (question) => {
    const { leaf, intermediates, anchors } = question;
    const now = question.now.getTime();
    const paths = pathsOf(leaf);
    for (const path of paths)
      if (path.from <= now && now <= path.until && isSameQuestion(path.question, question)) return path.verdict;
    const isLikely = (one: Certificate) => one.subject.key === leaf.issuer.key && issuers.has(one);
    const issuer = anchors.find(isLikely) ?? intermediates.find(isLikely);
    const judging = issuer && leaf.judgeSignatureBy(issuer);
    return judging === undefined ? judged(question, paths) : judging.then(() => judged(question, paths));
  };
}

function knownPath(question: PathQuestion, verdict: PathVerdict & { readonly ok: true }): KnownPath {
  let from = -Infinity;
  let until = Infinity;
  for (const { notBefore, notAfter } of verdict.path) {
    from = Math.max(from, notBefore.getTime());
    until = Math.min(until, notAfter.getTime());
  }
  return { question, verdict, from, until };
}

/** What a question demands, by name: the compiler misses a demand that is not listed. */
const demands: Readonly<Record<Exclude<keyof PathQuestion, 'leaf' | 'intermediates' | 'anchors' | 'now'>, true>> = {
  maxIntermediates: true,
  maxSent: true,
  requirements: true,
  eku: true,
  policies: true,
};
// Object.keys widens the names of the table above; they are its own.
const demandNames = Object.keys(demands) as (keyof typeof demands)[];

/** Whether all but the leaf and the instant is the same value: what is only equal is judged again, at little cost. */
function isSameQuestion(one: PathQuestion, other: PathQuestion): boolean {
  return (
    isSameList(one.anchors, other.anchors) &&
    isSameList(one.intermediates, other.intermediates) &&
    demandNames.every((name) => one[name] === other[name])
  );
}

function isSameList(one: readonly Certificate[], other: readonly Certificate[]): boolean {
  return one === other || (one.length === other.length && one.every((certificate, at) => certificate === other[at]));
}
