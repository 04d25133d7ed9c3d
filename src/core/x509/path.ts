// Path building and validation: from a leaf through an unordered pool of intermediates to a trust anchor. A depth-first
// search with bounded work finds candidate paths; what concerns one issuer is judged before its signature is checked, what
// concerns the whole path (names, policies, purposes) only when an anchor has vouched for all of it.
// Spec: RFC 5280 §6.1 (validation), RFC 4158 (building).
import { Buffer } from 'node:buffer';
import { type Certificate, isSelfIssued } from './certificate.ts';
import { leafViolation } from './constraints.ts';
import { criticalProblem, keyPurposes } from './extensions.ts';
import {
  countedIntermediates,
  issuerProblem,
  lapsed,
  type PathCause,
  type PathProblem,
  pending,
  type Requirements,
} from './issuer-rules.ts';
import { forbiddenName, maxComparisons } from './name-constraints.ts';
import { type PolicyInputs, policyFailure } from './policies.ts';
import { keyWeakness, unsupportedKey, verificationWork } from './public-key.ts';
import type { SignatureVerdict } from './signature-algorithms.ts';

/** A validation to do. */
export interface PathQuestion {
  readonly leaf: Certificate;
  /** In any order; may hold the leaf, duplicates, roots and strangers. */
  readonly intermediates: readonly Certificate[];
  /** Trusted by name and key: their own signatures are not checked, their validity and constraints are. */
  readonly anchors: readonly Certificate[];
  readonly now: Date;
  /** The most intermediates of a path that are not self-issued. 5 when not given. */
  readonly maxIntermediates?: number;
  /**
   * With `rolesanywhere` the most certificates that may be sent besides the leaf, whose repetitions are not counted. 5 when
   * not given.
   */
  readonly maxSent?: number;
  /** `rolesanywhere` (when not given) adds what Roles Anywhere asks of leaf and anchor; `generic` does not. */
  readonly requirements?: Requirements;
  /** A purpose that every extendedKeyUsage below the anchor must allow; not given: none is asked for. */
  readonly eku?: Exclude<keyof typeof keyPurposes, 'any'>;
  /** What is asked of certificate policies; not given: any will do, and one is required only where a CA says so. */
  readonly policies?: PolicyInputs;
}

/** Whom a failed validation blames: the chain, the leaf's form, the leaf's time, or the number of certificates. */
export type PathReason = 'untrusted' | 'insufficientLeaf' | 'leafExpired' | 'leafNotYetValid' | 'chainTooLong';

/** Why no path is trusted: what was wrong with the path that came furthest. */
export interface PathFailure {
  readonly ok: false;
  readonly reason: PathReason;
  readonly cause: PathCause;
  /** The certificate at fault. */
  readonly certificate?: Certificate;
  /** Who asks for it: `RFC 5280 §6.1.4(k)`. */
  readonly rule: string;
  /** A clause for the operator. */
  readonly detail: string;
}

/** A trusted path, leaf first and anchor last, or why there is none. */
export type PathVerdict = { readonly ok: true; readonly path: readonly Certificate[] } | PathFailure;

// Ours: what one validation may cost. More than any honest chain needs: 64 verifications with P-256, 14 with P-521, and
// never more than some tens of milliseconds.
const limits = { verificationWork: 256, steps: 2048, policies: 2 ** 16 };

interface Search {
  readonly question: PathQuestion & Required<Pick<PathQuestion, 'maxIntermediates' | 'maxSent' | 'requirements'>>;
  /** Intermediates worth trying, by the comparison key of their subject. */
  readonly pool: ReadonlyMap<string, readonly Certificate[]>;
  /** Signatures already judged, by the fingerprints of issuer and subject. */
  readonly verdicts: Map<string, Map<string, SignatureVerdict>>;
  readonly comparisons: { left: number };
  readonly left: { verificationWork: number; steps: number; policies: number };
  failure: PathProblem;
  /** How far the path of `failure` came. */
  reached: number;
}

/** Finds a trusted path from the leaf to an anchor at an instant, or says why there is none. Pure, bounded, never throws. */
export function validatePath(asked: PathQuestion): PathVerdict {
  const { leaf, now, maxIntermediates = 5, maxSent = 5, requirements = 'rolesanywhere' } = asked;
  const question = {
    leaf,
    intermediates: asked.intermediates,
    anchors: asked.anchors,
    now,
    maxIntermediates,
    maxSent,
    requirements,
    eku: asked.eku,
    policies: asked.policies,
  };
  const sent = question.intermediates.filter(({ fingerprint }) => fingerprint !== leaf.fingerprint);
  const refusal = refusedUnsearched(question, sent);
  if (refusal) return refusal;
  const search = newSearch(question, sent);
  const path = extend(search, [leaf], leaf);
  if (!path) {
    const reason = search.failure.cause === 'tooManyCertificates' ? 'chainTooLong' : 'untrusted';
    return { ok: false, reason, ...search.failure };
  }
  // Judged last, so that only the holder of a trusted certificate learns that it is out of its time.
  const blame = { ok: false, certificate: leaf, rule: 'RFC 5280 §6.1.3(a)(2)' } as const;
  const early = pending(leaf.notBefore, now);
  if (early !== undefined) return { ...blame, reason: 'leafNotYetValid', cause: 'notYetValid', detail: early };
  const late = lapsed(leaf.notAfter, now);
  if (late !== undefined) return { ...blame, reason: 'leafExpired', cause: 'expired', detail: late };
  if (leaf.publicKey()) return { ok: true, path };
  // What a path is for: a leaf without a key to hand on vouches for nobody.
  const detail = 'OpenSSL cannot read its public key';
  return { ...blame, reason: 'untrusted', cause: 'unreadableKey', rule: 'RFC 5280 §6.1.5(c)', detail };
}

// AWS doc: MD5 and SHA-1 are refused. Ours: in every certificate that is sent, on the path or beside it, so that no order of
// attempts decides; only a self-issued one, whose signature nobody needs, is let pass.
function refusedUnsearched(
  { leaf, maxSent, requirements }: Search['question'],
  sent: readonly Certificate[],
): PathFailure | undefined {
  if (requirements === 'rolesanywhere') {
    if (sent.length > maxSent) {
      const detail = `${sent.length} certificates besides the leaf, more than ${maxSent}`;
      return { ok: false, reason: 'chainTooLong', cause: 'tooManyCertificates', rule: 'Roles Anywhere quotas', detail };
    }
    const violation = leafViolation(leaf);
    if (violation) {
      const { reason: cause, rule, detail } = violation;
      return { ok: false, reason: 'insufficientLeaf', cause, certificate: leaf, rule, detail };
    }
    const weak = sent.find(
      (certificate) => certificate.signatureAlgorithm.refusal === 'weak' && !isSelfIssued(certificate),
    );
    if (weak) return { ok: false, reason: 'untrusted', ...signatureFault(weak, 'weak') };
  }
  const problem = leafProblem(leaf);
  return problem && { ok: false, reason: 'untrusted', ...problem };
}

/** What is asked of every leaf. Ours: its key must be strong, too, as whoever breaks it holds the certificate. */
function leafProblem(leaf: Certificate): PathProblem | undefined {
  const critical = criticalProblem(leaf.extensions);
  if (critical !== undefined)
    return { cause: 'unknownCriticalExtension', certificate: leaf, rule: 'RFC 5280 §6.1.5(f)', detail: critical };
  const unsupported = unsupportedKey(leaf.keyType);
  if (unsupported !== undefined)
    return { cause: 'unsupportedKey', certificate: leaf, rule: 'Ours: algorithms of keys', detail: unsupported };
  const weak = keyWeakness(leaf.keyType);
  if (weak === undefined) return undefined;
  return { cause: 'weakKey', certificate: leaf, rule: 'Ours: key strength', detail: weak };
}

function newSearch(question: Search['question'], sent: readonly Certificate[]): Search {
  const seen = new Set(question.anchors.map(({ fingerprint }) => fingerprint));
  const distinct = sent.filter(({ fingerprint }) => !seen.has(fingerprint) && seen.add(fingerprint));
  return {
    question,
    pool: Map.groupBy(distinct, ({ subject }) => subject.key),
    verdicts: new Map(),
    comparisons: { left: maxComparisons },
    left: { ...limits },
    failure: noIssuer(question.leaf),
    reached: 0,
  };
}

function noIssuer(certificate: Certificate): PathProblem {
  const detail = 'neither an anchor nor a certificate that was sent has the name of its issuer';
  return { cause: 'noIssuer', certificate, rule: 'RFC 5280 §6.1.3(a)(4)', detail };
}

/** The path, leaf first, extended to an anchor; undefined when there is no way. `top` is its last certificate. */
function extend(search: Search, path: readonly Certificate[], top: Certificate): readonly Certificate[] | undefined {
  const { anchors, maxIntermediates } = search.question;
  for (const anchor of anchors) {
    if (anchor.subject.key !== top.issuer.key) continue;
    if (!mayIssue(search, anchor, path, top, true)) continue;
    const whole = [...path, anchor];
    const problem = wholePathProblem(search, whole);
    if (!problem) return whole;
    note(search, whole.length + 1, problem);
  }
  const candidates = (search.pool.get(top.issuer.key) ?? []).filter((candidate) => !repeats(path, candidate));
  for (const candidate of candidates.sort((a, b) => keyHint(top, a) - keyHint(top, b))) {
    if (!mayIssue(search, candidate, path, top, false)) continue;
    const longer = [...path, candidate];
    if (countedIntermediates(longer) > maxIntermediates) {
      const detail = `more than ${maxIntermediates} intermediates`;
      note(search, path.length, {
        cause: 'tooManyCertificates',
        certificate: candidate,
        rule: 'Ours: length of a path',
        detail,
      });
      continue;
    }
    const found = extend(search, longer, candidate);
    if (found) return found;
  }
  note(search, path.length - 1, noIssuer(top));
  return undefined;
}

/** Remembers the failure of the path that came furthest; among equals the first. */
function note(search: Search, reached: number, problem: PathProblem): void {
  if (reached <= search.reached) return;
  search.failure = problem;
  search.reached = reached;
}

// Spec: RFC 4158 §2.4.1: a path that comes back to the same name and key only goes in circles.
function repeats(path: readonly Certificate[], candidate: Certificate): boolean {
  return path.some(
    ({ subject, spki }) => subject.key === candidate.subject.key && Buffer.compare(spki, candidate.spki) === 0,
  );
}

// Equal key identifiers go first. Spec: RFC 4158 §3.5.12
function keyHint(
  { extensions: { authorityKeyIdentifier } }: Certificate,
  { extensions: { subjectKeyIdentifier } }: Certificate,
): number {
  const wanted = authorityKeyIdentifier?.keyIdentifier;
  return wanted !== undefined && wanted === subjectKeyIdentifier ? 0 : 1;
}

function mayIssue(
  search: Search,
  issuer: Certificate,
  path: readonly Certificate[],
  top: Certificate,
  isAnchor: boolean,
): boolean {
  const { now, requirements } = search.question;
  const problem =
    search.left.steps-- <= 0
      ? tooMuchWork(issuer)
      : (issuerProblem(issuer, { below: path, isAnchor, now, requirements }) ?? signatureProblem(search, top, issuer));
  // A good signature under a bad issuer cannot be told from a bad one yet: both came as far as this issuer. One who is named
  // otherwise is a stranger of the same name, and came not so far.
  const reached = problem?.cause === 'authorityKeyIdentifierMismatch' ? path.length - 0.5 : path.length;
  if (problem) note(search, reached, problem);
  return !problem;
}

function tooMuchWork(certificate: Certificate): PathProblem {
  return {
    cause: 'tooMuchWork',
    certificate,
    rule: 'Ours: bounded work',
    detail: 'the search for a path takes too long',
  };
}

function signatureProblem(search: Search, certificate: Certificate, issuer: Certificate): PathProblem | undefined {
  const judged = search.verdicts.get(issuer.fingerprint) ?? new Map<string, SignatureVerdict>();
  let verdict = judged.get(certificate.fingerprint);
  if (!verdict) {
    search.left.verificationWork -= verificationWork(issuer.keyType);
    if (search.left.verificationWork < 0) return tooMuchWork(issuer);
    verdict = certificate.signatureBy(issuer);
    search.verdicts.set(issuer.fingerprint, judged.set(certificate.fingerprint, verdict));
  }
  return verdict.ok ? undefined : signatureFault(certificate, verdict.reason);
}

const signatureFaults = {
  weak: ['weakSignatureAlgorithm', 'is too weak'],
  unsupported: ['unsupportedSignatureAlgorithm', 'is not supported'],
  keyMismatch: ['badSignature', "does not go with the issuer's key"],
  badSignature: ['badSignature', "does not verify with the issuer's key"],
} as const;

function signatureFault(certificate: Certificate, reason: keyof typeof signatureFaults): PathProblem {
  const { name, oid } = certificate.signatureAlgorithm;
  const [cause, clause] = signatureFaults[reason];
  return { cause, certificate, rule: 'RFC 5280 §6.1.3(a)(1)', detail: `its signature (${name ?? oid}) ${clause}` };
}

function wholePathProblem(search: Search, path: readonly Certificate[]): PathProblem | undefined {
  return nameProblem(search, path) ?? policyProblem(search, path) ?? purposeProblem(path, search.question.eku);
}

// Spec: RFC 5280 §6.1.3(b), (c): the names of a self-issued certificate count only when it is the leaf.
function nameProblem(search: Search, path: readonly Certificate[]): PathProblem | undefined {
  for (let at = 1; at < path.length; at++) {
    const nameConstraints = path[at]?.extensions.nameConstraints;
    if (!nameConstraints) continue;
    for (const [below, certificate] of path.slice(0, at).entries()) {
      if (below > 0 && isSelfIssued(certificate)) continue;
      const detail = forbiddenName(certificate, nameConstraints, search.comparisons);
      if (detail !== undefined)
        return { cause: 'nameConstraints', certificate, rule: 'RFC 5280 §6.1.3(b), (c)', detail };
    }
  }
  return undefined;
}

function policyProblem(search: Search, path: readonly Certificate[]): PathProblem | undefined {
  for (const certificate of path) {
    const { certificatePolicies, policyMappings } = certificate.extensions;
    search.left.policies -= (certificatePolicies?.policies.length ?? 0) + (policyMappings?.length ?? 0);
    if (search.left.policies < 0) return tooMuchWork(certificate);
  }
  const failure = policyFailure(path, search.question.policies);
  return failure && { cause: 'policies', ...failure };
}

// Spec: RFC 5280 §4.2.1.12 for the leaf. Ours: CAs above it that carry the extension are held to it, as everybody does.
function purposeProblem(path: readonly Certificate[], eku: PathQuestion['eku']): PathProblem | undefined {
  if (eku === undefined) return undefined;
  const allowed: readonly string[] = [keyPurposes.any, keyPurposes[eku]];
  const certificate = path
    .slice(0, -1)
    .find(({ extensions: { extKeyUsage } }) => extKeyUsage && !extKeyUsage.some((use) => allowed.includes(use)));
  if (!certificate) return undefined;
  return {
    cause: 'extendedKeyUsage',
    certificate,
    rule: 'RFC 5280 §4.2.1.12',
    detail: `extKeyUsage does not allow ${eku}`,
  };
}
