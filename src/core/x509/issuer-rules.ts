// What a certificate must be to stand above another one in a path: one row per rule, in the order they are asked. All are
// cheap, so that a signature is verified only under an issuer who may issue.
// Spec: RFC 5280 §6.1.3(a)(2), §6.1.4(k)–(o).
import { type Certificate, isSelfIssued } from './certificate.ts';
import {
  type AnchorViolationReason,
  anchorViolation,
  asked as askedByAws,
  type LeafViolationReason,
  undocumentedKey,
} from './constraints.ts';
import { hexOf } from './der.ts';
import { criticalProblem } from './extensions.ts';
import { isWrittenAlike } from './name.ts';
import { keyWeakness, unsupportedKey } from './public-key.ts';

/** `rolesanywhere`: RFC 5280 and what AWS asks of leaf and anchor; `generic`: nothing but the RFC. */
export type Requirements = 'rolesanywhere' | 'generic';

/** What exactly can be wrong with a path. */
export type PathCause =
  | LeafViolationReason
  | AnchorViolationReason
  | 'tooManyCertificates'
  | 'noIssuer'
  | 'unknownCriticalExtension'
  | 'expired'
  | 'notYetValid'
  | 'pathLenConstraint'
  | 'authorityKeyIdentifierMismatch'
  | 'badSignature'
  | 'unreadableKey'
  | 'nameConstraints'
  | 'policies'
  | 'extendedKeyUsage'
  | 'tooMuchWork';

/** One thing that is wrong, with the certificate it is wrong with, the rule that says so and a clause for the operator. */
export interface PathProblem {
  readonly cause: PathCause;
  readonly certificate: Certificate;
  readonly rule: string;
  readonly detail: string;
}

/** The place in which a certificate is judged. */
export interface IssuerPlace {
  /** The path under it, leaf first. */
  readonly below: readonly Certificate[];
  readonly isAnchor: boolean;
  readonly now: Date;
  readonly requirements: Requirements;
}

type Row = readonly [
  cause: PathCause,
  rule: string,
  /** Anchors are trusted by name and key: only some of the rules are asked of them. */
  asked: 'intermediates' | 'all',
  fails: (issuer: Certificate, place: IssuerPlace) => string | undefined,
];

// Ours: validity, pathLenConstraint and critical extensions of an anchor's own certificate count, although RFC 5280 leaves
// them open: an operator who uploads a certificate means what it says. AWS doc: expiry of a trust anchor ends sessions.
const rows: readonly Row[] = [
  ['noIssuer', 'RFC 5280 §6.1.3(a)(4)', 'all', writtenOtherwise],
  ['expired', 'RFC 5280 §6.1.3(a)(2)', 'all', ({ notAfter }, { now }) => lapsed(notAfter, now)],
  ['notYetValid', 'RFC 5280 §6.1.3(a)(2)', 'all', ({ notBefore }, { now }) => pending(notBefore, now)],
  ['unknownCriticalExtension', 'RFC 5280 §6.1.4(o)', 'all', ({ extensions }) => criticalProblem(extensions)],
  [
    'notVersion3',
    'RFC 5280 §6.1.4(k)',
    'intermediates',
    ({ version }) => (version === 3 ? undefined : 'not an X.509 v3 certificate'),
  ],
  [
    'notCa',
    'RFC 5280 §6.1.4(k)',
    'intermediates',
    ({ extensions }) => (extensions.basicConstraints?.ca ? undefined : 'not a CA'),
  ],
  ['noKeyCertSign', 'RFC 5280 §6.1.4(n)', 'intermediates', noKeyCertSign],
  ['pathLenConstraint', 'RFC 5280 §6.1.4(m)', 'all', pathTooLong],
  ['authorityKeyIdentifierMismatch', 'RFC 5280 §4.2.1.1', 'all', otherIssuerNamed],
  ['unsupportedKey', 'Ours: algorithms of keys', 'all', ({ keyType }) => unsupportedKey(keyType)],
  [
    'unsupportedKey',
    askedByAws,
    'all',
    (issuer, { requirements }) => (requirements === 'rolesanywhere' ? undocumentedKey(issuer) : undefined),
  ],
  ['weakKey', 'Ours: key strength', 'all', ({ keyType }) => keyWeakness(keyType)],
];

// Both compare so that an invalid Date is outside every period.

/** The instant is after the last one of validity: a clause. Spec: RFC 5280 §4.1.2.5: both ends belong to the period. */
export function lapsed(notAfter: Date, now: Date): string | undefined {
  return now.getTime() <= notAfter.getTime() ? undefined : `not valid after ${notAfter.toISOString()}`;
}

/** The instant is before the first one of validity: a clause. */
export function pending(notBefore: Date, now: Date): string | undefined {
  return now.getTime() >= notBefore.getTime() ? undefined : `not valid before ${notBefore.toISOString()}`;
}

// Ours: the search compares names by RFC 4518; that alone makes no issuer.
function writtenOtherwise({ subject }: Certificate, { below }: IssuerPlace): string | undefined {
  const named = below.at(-1)?.issuer;
  return named && !isWrittenAlike(named, subject)
    ? 'its subject and the issuer of the certificate under it are equal only by what is not seen'
    : undefined;
}

function noKeyCertSign({ extensions: { keyUsage } }: Certificate): string | undefined {
  return keyUsage && !keyUsage.includes('keyCertSign') ? 'keyUsage does not include keyCertSign' : undefined;
}

function pathTooLong({ extensions }: Certificate, { below }: IssuerPlace): string | undefined {
  const allowed = extensions.basicConstraints?.pathLenConstraint ?? Infinity;
  const counted = countedIntermediates(below);
  return counted > allowed ? `pathLenConstraint ${allowed} with ${counted} intermediates below` : undefined;
}

// Ours: RFC 5280 §6.1 does not compare them, and RFC 4158 §3.5.12 only orders attempts by them. Yet the issuer who signed says
// by which key: what it says of another one is a mistake or a forgery, and others refuse it, too. Issuer and serial number name
// one certificate of a key, which may have been renewed since: equal key identifiers go before them.
function otherIssuerNamed({ extensions, serialHex, issuer }: Certificate, { below }: IssuerPlace): string | undefined {
  const named = below.at(-1)?.extensions.authorityKeyIdentifier;
  if (named === undefined) return undefined;
  const { keyIdentifier, issuer: names = [], serialNumber } = named;
  const own = extensions.subjectKeyIdentifier;
  if (keyIdentifier !== undefined && own !== undefined)
    return keyIdentifier === own ? undefined : 'the certificate under it names another key identifier for its issuer';
  if (serialNumber && hexOf(serialNumber) !== serialHex)
    return 'the certificate under it names another serial number for its issuer';
  return names.some((name) => name.form === 'directoryName' && !isWrittenAlike(name.value, issuer))
    ? "the certificate under it names another issuer for its issuer's certificate"
    : undefined;
}

/** Intermediates of a path, leaf first, that are not self-issued: those that pathLenConstraint counts. */
export function countedIntermediates(path: readonly Certificate[]): number {
  let counted = 0;
  for (let at = 1; at < path.length; at++) {
    const certificate = path[at];
    if (certificate !== undefined && !isSelfIssued(certificate)) counted += 1;
  }
  return counted;
}

/** Why this certificate may not issue in this place: the first rule that fails. */
export function issuerProblem(issuer: Certificate, place: IssuerPlace): PathProblem | undefined {
  for (const row of rows) {
    if (place.isAnchor && row[2] === 'intermediates') continue;
    const detail = row[3](issuer, place);
    if (detail !== undefined) return { cause: row[0], certificate: issuer, rule: row[1], detail };
  }
  if (!place.isAnchor || place.requirements === 'generic') return undefined;
  const violation = anchorViolation(issuer);
  return violation && { cause: violation.reason, certificate: issuer, rule: violation.rule, detail: violation.detail };
}
