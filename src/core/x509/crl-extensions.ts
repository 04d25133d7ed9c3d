// The extensions of a revocation list and of its entries that are understood: one table row each. A critical one without a
// row is listed in `unknownCritical`, and the list must not be used.
// Spec: RFC 5280 §5.2 (lists), §5.3 (entries).
import { pointNameKeys, type ReasonFlags, reasonFlagsOf } from './crl-distribution-points.ts';
import {
  asTag,
  booleanOf,
  DerError,
  type Element,
  fieldsOf,
  hexOf,
  integerBytes,
  nonEmptySequenceOf,
  oidOf,
  readElement,
  refuse,
  sequenceOf,
  smallInteger,
  tags,
} from './der.ts';
import { type AuthorityKeyIdentifier, extensionsOf } from './extensions.ts';
import { generalNameOf } from './general-name.ts';
import type { Name } from './name.ts';
import { timeOf } from './time.ts';

/** Which certificates and reasons a list is about. Spec: RFC 5280 §5.2.5 */
export interface IssuingDistributionPoint {
  /** Comparison keys of its names; undefined when it has none. */
  readonly names: readonly string[] | undefined;
  readonly onlyContainsUserCerts: boolean;
  readonly onlyContainsCACerts: boolean;
  readonly onlyContainsAttributeCerts: boolean;
  /** Undefined: all reasons. */
  readonly onlySomeReasons: ReasonFlags | undefined;
  readonly indirectCRL: boolean;
}

/** What the understood extensions of a list say; an absent extension is an absent property. */
interface KnownCrlExtensions {
  readonly cRLNumber?: bigint;
  /** The number of the list that this one, a delta, completes. */
  readonly deltaCRLIndicator?: bigint;
  readonly issuingDistributionPoint?: IssuingDistributionPoint;
  /** DER of the value; nothing is fetched. */
  readonly freshestCRL?: Uint8Array;
}

/** The extensions of a list. */
export interface CrlExtensions extends KnownCrlExtensions {
  readonly authorityKeyIdentifier?: AuthorityKeyIdentifier;
  /** OIDs in the order of the list. */
  readonly oids: readonly string[];
  /** OIDs of critical extensions, of the list or of an entry, that are not understood: the list must not be used. Spec: RFC 5280 §5.2, §5.3 */
  readonly unknownCritical: readonly string[];
}

type Row = {
  [K in keyof KnownCrlExtensions]-?: {
    readonly is: K;
    read(value: Element, issuer: Name): Required<KnownCrlExtensions>[K];
  };
};

const rows: Readonly<Record<string, Row[keyof Row]>> = {
  '2.5.29.20': { is: 'cRLNumber', read: (value) => countOf(value) },
  '2.5.29.27': { is: 'deltaCRLIndicator', read: (value) => countOf(value) },
  '2.5.29.28': { is: 'issuingDistributionPoint', read: issuingDistributionPoint },
  '2.5.29.46': { is: 'freshestCRL', read: (value) => nonEmptySequenceOf(value) && value.raw },
};

const authorityKeyIdentifier = '2.5.29.35';

/** Reads the SEQUENCE of a list's extensions; throws DerError. `issuer` completes relative names. */
export function crlExtensionsOf(element: Element, issuer: Name): CrlExtensions {
  // The frame (repetitions, criticality, key identifier) is that of a certificate's extensions; its other rows do not apply.
  const frame = extensionsOf(element);
  const known: Record<string, unknown> = {};
  for (const { oid, value } of nonEmptySequenceOf(element).map(extensionOf)) {
    const row = rows[oid];
    if (row) known[row.is] = readable(oid, () => row.read(readElement(value), issuer));
  }
  return {
    ...known,
    ...(frame.authorityKeyIdentifier ? { authorityKeyIdentifier: frame.authorityKeyIdentifier } : {}),
    oids: frame.oids,
    unknownCritical: frame.critical.filter((oid) => !(oid in rows) && oid !== authorityKeyIdentifier),
  };
}

/** The value of an extension of the list is not what its OID promises; the list around it may be well formed. */
export class UnreadableExtension extends DerError {}

function readable<T>(oid: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof DerError ? new UnreadableExtension(`extension ${oid}: ${error.message}`) : error;
  }
}

function extensionOf(element: Element) {
  const fields = fieldsOf(element);
  const oid = oidOf(fields.next());
  const criticalField = fields.optional(tags.boolean);
  const value = fields.next(tags.octetString).content;
  fields.end();
  return { oid, isCritical: criticalField !== undefined && booleanOf(criticalField), value };
}

// Spec: RFC 5280 §5.2.3: a number, at most 20 octets.
function countOf(value: Element): bigint {
  const bytes = integerBytes(value);
  if (bytes.length > 20 || (bytes[0] ?? 0) >= 0x80) refuse('impossible CRL number');
  return BigInt(`0x${hexOf(bytes)}`);
}

function issuingDistributionPoint(value: Element, issuer: Name): IssuingDistributionPoint {
  const fields = fieldsOf(value);
  const [names, user, ca, reasons, indirect, attribute] = [0xa0, 0x81, 0x82, 0x83, 0x84, 0x85].map((tag) =>
    fields.optional(tag),
  );
  fields.end();
  if (value.content.length === 0) refuse('empty issuing distribution point');
  const point = {
    names: names && pointNameKeys(names, issuer),
    onlyContainsUserCerts: isTrue(user),
    onlyContainsCACerts: isTrue(ca),
    onlyContainsAttributeCerts: isTrue(attribute),
    onlySomeReasons: reasons && reasonFlagsOf(reasons),
    indirectCRL: isTrue(indirect),
  };
  const kinds = [point.onlyContainsUserCerts, point.onlyContainsCACerts, point.onlyContainsAttributeCerts];
  if (kinds.filter((only) => only).length > 1) refuse('issuing distribution point only for several kinds at once');
  return point;
}

function isTrue(field: Element | undefined): boolean {
  return field !== undefined && booleanOf(asTag(field, tags.boolean));
}

/** Reasons of revocation by their number; 7 was never given. Spec: RFC 5280 §5.3.1 */
const reasons = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
] as const;

/** Why a certificate was revoked. */
export type CrlReason = NonNullable<(typeof reasons)[number]>;

/** What the extensions of an entry say. */
export interface CrlEntryExtensions {
  readonly reason?: CrlReason;
  readonly invalidityDate?: Date;
  /** The issuer of this entry's certificate and of those of the entries after it; indirect lists only. */
  readonly certificateIssuer?: Name;
  /** The first critical extension that is not understood. */
  readonly unknownCritical?: string;
}

type EntryRow = { readonly is: keyof CrlEntryExtensions; read(value: Element): CrlReason | Date | Name };

const entryRows: Readonly<Record<string, EntryRow>> = {
  '2.5.29.21': { is: 'reason', read: reasonOf },
  '2.5.29.24': { is: 'invalidityDate', read: (value) => timeOf(asTag(value, generalizedOnly(value.tag))) },
  '2.5.29.29': { is: 'certificateIssuer', read: certificateIssuerOf },
};

/** One extension of an entry, and what it says. */
export interface EntryExtension {
  /** Dotted. */
  readonly oid: string;
  readonly says: CrlEntryExtensions;
}

/** Reads one Extension of an entry; throws DerError. */
export function entryExtensionOf(element: Element): EntryExtension {
  const { oid, isCritical, value } = extensionOf(element);
  const row = entryRows[oid];
  if (row) return { oid, says: { [row.is]: row.read(readElement(value)) } };
  return { oid, says: isCritical ? { unknownCritical: oid } : {} };
}

/** What the extensions of one entry say together, at most `maxEntryExtensions`; refuses repetition and an empty list. */
export function entryExtensionsOf(list: readonly EntryExtension[]): CrlEntryExtensions {
  const [only, more] = list;
  if (!only) return refuse('empty sequence');
  if (!more) return only.says;
  for (const [at, { oid }] of list.entries())
    if (list.findIndex((other) => other.oid === oid) < at) refuse(`entry extension ${oid} appears twice`);
  // Backwards, so that the first critical extension that is not understood is the one that stays.
  return Object.assign({}, ...list.map(({ says }) => says).reverse());
}

/** More than these are refused. */
export const maxEntryExtensions = 16;

const enumerated = 0x0a;

function reasonOf(value: Element): CrlReason {
  return reasons[smallInteger(value, enumerated)] ?? refuse('reason that does not exist');
}

function generalizedOnly(tag: number): number {
  return tag === tags.generalizedTime ? tag : refuse('invalidity date is no GeneralizedTime');
}

// Spec: RFC 5280 §5.3.3. Ours: exactly one distinguished name, as certificates have one issuer.
function certificateIssuerOf(value: Element): Name {
  const names = sequenceOf(value)
    .map((name) => generalNameOf(name))
    .filter((name) => name.form === 'directoryName');
  const [only, more] = names;
  return only && !more ? only.value : refuse('certificate issuer must be one distinguished name');
}
