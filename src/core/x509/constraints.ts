// What Roles Anywhere asks of a certificate beyond RFC 5280: of the end entity that authenticates, and of the CA that is
// made a trust anchor. One row per rule; every violation is listed, the first one decides.
// AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
import type { Certificate } from './certificate.ts';
import { criticalProblem } from './extensions.ts';
import { isEmpty } from './name.ts';
import { type KeyType, keyWeakness, unsupportedKey } from './public-key.ts';

/** What an end entity's certificate can fail. */
export type LeafViolationReason =
  | 'notVersion3'
  | 'isCa'
  | 'noDigitalSignature'
  | 'weakSignatureAlgorithm'
  | 'emptySubject'
  | 'unsupportedSignatureAlgorithm'
  | 'weakKey'
  | 'unsupportedKey';

/** What a trust anchor's certificate can fail. */
export type AnchorViolationReason =
  | 'notVersion3'
  | 'notCa'
  | 'noKeyCertSign'
  | 'weakSignatureAlgorithm'
  | 'unsupportedSignatureAlgorithm'
  | 'weakKey'
  | 'unsupportedKey';

/** One rule that a certificate fails; `detail` is a clause for the operator, `rule` says who asks for it. */
export interface Violation<Reason extends string> {
  readonly reason: Reason;
  readonly detail: string;
  readonly rule: string;
}

/** What a certificate can fail when it is made a trust anchor: also what would keep every path from it. */
export type ImportViolationReason = AnchorViolationReason | 'unknownCriticalExtension' | 'unusableKey';

type Row<Reason extends string> = readonly [
  reason: Reason,
  rule: string,
  fails: (certificate: Certificate) => string | undefined,
];

/** Who asks for what stands here. */
export const asked = 'Roles Anywhere user guide, trust model';

const version3 = ({ version }: Certificate) => (version === 3 ? undefined : `X.509 version ${version}, not 3`);

const strongSignature = ({ signatureAlgorithm: { refusal, name, oid } }: Certificate) =>
  refusal === 'weak' ? `signed with ${name ?? oid}, which is too weak` : undefined;

const knownSignature = ({ signatureAlgorithm: { refusal, name, oid } }: Certificate) =>
  refusal === 'unsupported' || name === 'ed25519' ? `signed with ${name ?? oid}, which is not supported` : undefined;

/**
 * Why Roles Anywhere knows no key of this kind, as a clause. AWS doc: the trust model names RSA, EC and ML-DSA; Ed25519,
 * which RFC 5280 allows, is not among them.
 */
export function undocumentedKey({ keyType }: Pick<Certificate, 'keyType'>): string | undefined {
  return keyType.type === 'ed25519' ? 'an Ed25519 key, which is not supported' : unsupportedKey(keyType);
}

// Ours: requests are signed with PKCS #1 v1.5 (`AWS4-X509-RSA-SHA256`), which such a key must not make.
const pssOnly = ({ type }: KeyType) => (type === 'rsa-pss' ? 'an RSA key restricted to PSS' : undefined);

// Ours: keyUsage must be present, because AWS says "must include", and there is nothing to include it in otherwise.
const leafRows: readonly Row<LeafViolationReason>[] = [
  ['notVersion3', asked, version3],
  ['isCa', asked, ({ extensions }) => (extensions.basicConstraints?.ca ? 'basicConstraints says CA: true' : undefined)],
  [
    'noDigitalSignature',
    asked,
    ({ extensions }) =>
      extensions.keyUsage?.includes('digitalSignature') ? undefined : 'keyUsage does not include digitalSignature',
  ],
  ['weakSignatureAlgorithm', asked, strongSignature],
  ['unsupportedSignatureAlgorithm', asked, knownSignature],
  ['emptySubject', asked, ({ subject }) => (isEmpty(subject) ? 'the subject is empty' : undefined)],
  ['unsupportedKey', asked, (certificate) => undocumentedKey(certificate) ?? pssOnly(certificate.keyType)],
  ['weakKey', 'Ours: key strength', ({ keyType }) => keyWeakness(keyType)],
];

const anchorRows: readonly Row<AnchorViolationReason>[] = [
  ['notVersion3', asked, version3],
  [
    'notCa',
    asked,
    ({ extensions }) => (extensions.basicConstraints?.ca ? undefined : 'basicConstraints does not say CA: true'),
  ],
  [
    'noKeyCertSign',
    asked,
    ({ extensions }) =>
      extensions.keyUsage?.includes('keyCertSign') ? undefined : 'keyUsage does not include keyCertSign',
  ],
  ['weakSignatureAlgorithm', asked, strongSignature],
  ['unsupportedSignatureAlgorithm', asked, knownSignature],
  ['unsupportedKey', asked, undocumentedKey],
  ['weakKey', 'Ours: key strength', ({ keyType }) => keyWeakness(keyType)],
];

// Ours: with one of these no path would ever be found, and who imports it should be told rather than who asks for a session.
const importRows: readonly Row<ImportViolationReason>[] = [
  ...anchorRows,
  ['unknownCriticalExtension', 'RFC 5280 §4.2', ({ extensions }) => criticalProblem(extensions)],
  [
    'unusableKey',
    'Ours: a key that verifies nothing',
    (certificate) => (certificate.publicKey() ? undefined : 'a public key that cannot be used'),
  ],
];

function violations<Reason extends string>(
  rows: readonly Row<Reason>[],
  certificate: Certificate,
): Violation<Reason>[] {
  return rows.flatMap(([reason, rule, fails]) => {
    const detail = fails(certificate);
    return detail === undefined ? [] : [{ reason, detail, rule }];
  });
}

/** The first of the violations: a certificate that can has none, and that is what nearly all are asked for. */
function firstViolation<Reason extends string>(
  rows: readonly Row<Reason>[],
  certificate: Certificate,
): Violation<Reason> | undefined {
  for (const row of rows) {
    const detail = row[2](certificate);
    if (detail !== undefined) return { reason: row[0], detail, rule: row[1] };
  }
  return undefined;
}

/** The first of the {@link leafViolations}; undefined when there is none. */
export function leafViolation(certificate: Certificate): Violation<LeafViolationReason> | undefined {
  return firstViolation(leafRows, certificate);
}

/** The first of the {@link anchorViolations}; undefined when there is none. */
export function anchorViolation(certificate: Certificate): Violation<AnchorViolationReason> | undefined {
  return firstViolation(anchorRows, certificate);
}

/** Why this certificate cannot authenticate a workload: empty when it can. Validity in time and trust are not judged. */
export function leafViolations(certificate: Certificate): readonly Violation<LeafViolationReason>[] {
  return violations(leafRows, certificate);
}

/** Why this certificate cannot be a trust anchor: empty when it can. Validity in time is not judged. */
export function anchorViolations(certificate: Certificate): readonly Violation<AnchorViolationReason>[] {
  return violations(anchorRows, certificate);
}

/** Why this certificate cannot be made a trust anchor: empty when it can. Validity in time is not judged. */
export function importViolations(certificate: Certificate): readonly Violation<ImportViolationReason>[] {
  return violations(importRows, certificate);
}
