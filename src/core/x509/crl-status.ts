// Whether a certificate is revoked, by the lists at hand. A list that may not speak about the certificate is passed over, and
// the answer says why; one that may and names it revokes it, whatever the others say.
// Ours: what a delta names is revoked, whatever it completes; it ends a hold of the lists it completes, and never makes a
// certificate good. Indirect lists are read where the certificate's own cRLIssuer names them. Whether the signers given are
// themselves trusted and in time is the caller's to know.
// Spec: RFC 5280 §6.3.
import type { Certificate } from './certificate.ts';
import { type Crl, type CrlSignatureVerdict, verifyCrlSignature } from './crl.ts';
import {
  allReasons,
  type DistributionPoint,
  directoryNameKey,
  distributionPointsOf,
  type ReasonFlags,
} from './crl-distribution-points.ts';
import type { CrlEntry, CrlReason } from './crl-entries.ts';
import type { IssuingDistributionPoint } from './crl-extensions.ts';
import { namesEqual } from './name.ts';

/** A list to ask, under its own policy. */
export interface RevocationList {
  readonly crl: Crl;
  /** Whether the list, once past its nextUpdate, still speaks: `ignore` the date, or `refuse` to. Without nextUpdate it does. */
  readonly stale: 'ignore' | 'refuse';
  /** Under which the caller knows it. */
  readonly id?: string;
}

/** A certificate and what is known of its revocation. */
export interface RevocationQuestion {
  readonly certificate: Certificate;
  /** Who may have signed a list: the issuer on the path first, then trusted certificates of the same name. */
  readonly issuers: readonly Certificate[];
  readonly lists: readonly RevocationList[];
  readonly now: Date;
}

/**
 * Why a list says nothing about the certificate. `noSigner`: nobody among the issuers has its issuer's name; `delta`: it
 * does not name the certificate, and only a complete list makes it good.
 */
export type CrlProblem =
  | 'otherIssuer'
  | 'unknownCriticalExtension'
  | 'delta'
  | 'outOfScope'
  | 'notYetValid'
  | 'stale'
  | 'noSigner'
  | 'otherKey'
  | 'noCrlSign'
  | 'weakSignature'
  | 'unsupportedSignature'
  | 'badSignature';

/** A list that could not be used, and why. */
export interface UnusableCrl {
  readonly list: RevocationList;
  readonly reason: CrlProblem;
}

/** Revoked by one list, good by all of them (`list` is the first that says so), or not known. */
export type RevocationVerdict =
  | {
      readonly status: 'good';
      readonly reason: 'notListed';
      readonly list: RevocationList;
      readonly unusable: readonly UnusableCrl[];
    }
  | {
      readonly status: 'revoked';
      readonly reason: 'listed';
      readonly list: RevocationList;
      readonly revokedAt: Date;
      /** Undefined when the entry gives none. */
      readonly crlReason: CrlReason | undefined;
      readonly unusable: readonly UnusableCrl[];
    }
  | {
      readonly status: 'unknown';
      /** No list was given; none is usable; or those that are leave out some reasons of revocation. */
      readonly reason: 'noCrl' | 'noUsableCrl' | 'someReasonsOnly';
      readonly unusable: readonly UnusableCrl[];
    };

/** Whether the certificate is revoked. Pure, never throws; costs at most one signature for each list and issuer of its name. */
export function judgeRevocation(question: RevocationQuestion): RevocationVerdict {
  const { certificate, lists } = question;
  const points = distributionPointsOf(certificate);
  const unusable: UnusableCrl[] = [];
  const usable: RevocationList[] = [];
  for (const list of lists) {
    const reason = problemOf(list, question, points);
    if (reason) unusable.push({ list, reason });
    else usable.push(list);
  }
  const deltas = usable.filter(({ crl }) => isDelta(crl));
  let covered: ReasonFlags = 0;
  let silent: RevocationList | undefined;
  for (const list of usable) {
    const { crl } = list;
    const entry = crl.entryOf(certificate.serialNumber, certificate.issuer);
    if (entry && !isLifted(entry, crl, certificate, deltas)) {
      const { revocationDate: revokedAt, reason: crlReason } = entry;
      return { status: 'revoked', reason: 'listed', list, revokedAt, crlReason, unusable };
    }
    if (isDelta(crl)) {
      unusable.push({ list, reason: 'delta' });
      continue;
    }
    covered |= coveredReasons(crl, certificate, points);
    silent ??= list;
  }
  if (silent && covered === allReasons) return { status: 'good', reason: 'notListed', list: silent, unusable };
  const reason = silent ? 'someReasonsOnly' : lists.length === 0 ? 'noCrl' : 'noUsableCrl';
  return { status: 'unknown', reason, unusable };
}

function isDelta({ extensions }: Crl): boolean {
  return extensions.deltaCRLIndicator !== undefined;
}

/**
 * Whether an entry does not count: it is the delta's word for the end of a hold, or a hold that a delta of this list has
 * ended. Spec: RFC 5280 §5.3.1: removeFromCRL belongs in deltas. Ours: in a complete list it is an entry like any other.
 */
function isLifted(
  entry: CrlEntry,
  crl: Crl,
  { serialNumber, issuer }: Certificate,
  deltas: readonly RevocationList[],
): boolean {
  if (entry.reason === 'removeFromCRL') return isDelta(crl);
  if (entry.reason !== 'certificateHold') return false;
  const completing = deltas.filter((delta) => completes(delta.crl, crl));
  return completing.some((delta) => delta.crl.entryOf(serialNumber, issuer)?.reason === 'removeFromCRL');
}

/** Whether a delta says what changed since this list. Spec: RFC 5280 §5.2.4, §6.3.3(c) */
function completes(delta: Crl, { extensions, issuer }: Crl): boolean {
  const { cRLNumber: since, issuingDistributionPoint: scope, authorityKeyIdentifier: key } = extensions;
  const {
    deltaCRLIndicator: from,
    cRLNumber: until,
    issuingDistributionPoint,
    authorityKeyIdentifier,
  } = delta.extensions;
  return (
    from !== undefined &&
    until !== undefined &&
    since !== undefined &&
    from <= since &&
    since < until &&
    namesEqual(delta.issuer, issuer) &&
    JSON.stringify(issuingDistributionPoint) === JSON.stringify(scope) &&
    authorityKeyIdentifier?.keyIdentifier === key?.keyIdentifier
  );
}

/**
 * Why the list says nothing about the certificate. The signature, which is dear, is judged late; only a list that would speak
 * were it not for its age is `stale`.
 */
function problemOf(
  { crl, stale }: RevocationList,
  { certificate, issuers, now }: RevocationQuestion,
  points: readonly DistributionPoint[],
): CrlProblem | undefined {
  const { extensions, nextUpdate, thisUpdate } = crl;
  if (!points.some((point) => isIssuedFor(crl, certificate, point))) return 'otherIssuer';
  if (extensions.unknownCritical.length > 0) return 'unknownCriticalExtension';
  if (coveredReasons(crl, certificate, points) === 0) return 'outOfScope';
  // Both compare so that an invalid Date is outside every period.
  if (!(now.getTime() >= thisUpdate.getTime())) return 'notYetValid';
  const isStale = stale === 'refuse' && nextUpdate !== undefined && !(now.getTime() <= nextUpdate.getTime());
  return signerProblem(crl, issuers) ?? (isStale ? 'stale' : undefined);
}

/** The reasons for which this list would name the certificate; none when it is about others. Spec: RFC 5280 §6.3.3(b), (d) */
function coveredReasons(crl: Crl, certificate: Certificate, points: readonly DistributionPoint[]): ReasonFlags {
  const scope = crl.extensions.issuingDistributionPoint;
  if (scope && !isKindOf(scope, certificate)) return 0;
  const reasons = points
    .filter((point) => isIssuedFor(crl, certificate, point) && isNamedBy(scope, point))
    .reduce((sum, point) => sum | point.reasons, 0);
  return reasons & (scope?.onlySomeReasons ?? allReasons);
}

// Spec: RFC 5280 §6.3.3(b)(1).
function isIssuedFor(crl: Crl, { issuer }: Certificate, { cRLIssuer }: DistributionPoint): boolean {
  if (!cRLIssuer) return namesEqual(crl.issuer, issuer);
  const isIndirect = crl.extensions.issuingDistributionPoint?.indirectCRL ?? false;
  return isIndirect && cRLIssuer.includes(directoryNameKey(crl.issuer));
}

// Spec: RFC 5280 §6.3.3(b)(2)(i).
function isNamedBy(scope: IssuingDistributionPoint | undefined, { names, cRLIssuer }: DistributionPoint): boolean {
  return !scope?.names || (names ?? cRLIssuer ?? []).some((name) => scope.names?.includes(name));
}

// Spec: RFC 5280 §6.3.3(b)(2)(ii)-(iv). Ours: a certificate before version 3 does not say which kind it is.
function isKindOf(scope: IssuingDistributionPoint, { version, extensions }: Certificate): boolean {
  const isCa = extensions.basicConstraints?.ca ?? false;
  if (scope.onlyContainsAttributeCerts || (scope.onlyContainsCACerts && !isCa)) return false;
  return !scope.onlyContainsUserCerts || (!isCa && version === 3);
}

type SignatureFault = Exclude<CrlSignatureVerdict, { ok: true }>['reason'];

/** What each fault is called here, the farthest from a good signature first. */
const signatureFaults: Readonly<Record<SignatureFault, CrlProblem>> = {
  otherIssuer: 'noSigner',
  otherKey: 'otherKey',
  noCrlSign: 'noCrlSign',
  keyMismatch: 'badSignature',
  badSignature: 'badSignature',
  unsupported: 'unsupportedSignature',
  weak: 'weakSignature',
};

/** Why none of the issuers signed the list: the fault of the one that came closest. */
function signerProblem(crl: Crl, issuers: readonly Certificate[]): CrlProblem | undefined {
  const faults = new Set<SignatureFault>();
  for (const issuer of issuers) {
    const verdict = verifyCrlSignature(crl, issuer);
    if (verdict.ok) return undefined;
    faults.add(verdict.reason);
  }
  const [closest = 'otherIssuer'] = [...faults].sort((a, b) => rank(b) - rank(a));
  return signatureFaults[closest];
}

const ranks = Object.keys(signatureFaults);
const rank = (fault: SignatureFault): number => ranks.indexOf(fault);
