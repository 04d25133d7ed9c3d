// The entries of a revocation list: checked one by one in a single pass that allocates next to nothing, then kept as their
// positions in the DER. A million entries cost half a second and some megabytes; a look-up reads its entry once more.
// Spec: RFC 5280 §5.1.2.6, §5.3.
import {
  type CrlEntryExtensions,
  type CrlReason,
  type EntryExtension,
  entryExtensionOf,
  entryExtensionsOf,
  maxEntryExtensions,
} from './crl-extensions.ts';
import { maxSerialBytes, serialIndex, sortedBySerial } from './crl-serials.ts';
import { type Element, expectTag, readElement, refuse, tags } from './der.ts';
import type { Name } from './name.ts';
import { millisecondsOf } from './time.ts';

export type { CrlReason } from './crl-extensions.ts';

/** What a list says about one certificate. */
export interface CrlEntry {
  readonly revocationDate: Date;
  /** Undefined when the entry gives none. */
  readonly reason: CrlReason | undefined;
  readonly invalidityDate: Date | undefined;
}

/** The entries of one list. */
export interface CrlEntries {
  readonly count: number;
  /** OIDs of critical entry extensions that are not understood, at most 64 of them. */
  readonly unknownCritical: readonly string[];
  readonly tables: EntryTables;
  /** The entry by serial number and by the comparison key of the certificate issuer's name; the first, should it be listed twice. */
  find(serialNumber: bigint, issuerKey: string): CrlEntry | undefined;
}

/** What a pass over the entries found: plain memory, so that one thread may make it for another. */
export interface EntryTables {
  readonly count: number;
  readonly unknownCritical: readonly string[];
  /** By comparison key of the certificate issuer: positions in the order of serial numbers. */
  readonly positions: ReadonlyMap<string, Uint32Array>;
}

/** What the rest of the list allows its entries. */
export interface EntryRules {
  readonly issuer: Name;
  readonly version: 1 | 2;
  /** Whether entries may name another certificate issuer. */
  readonly isIndirect: boolean;
}

// Ours: bounds that no honest list comes near. A serial number has at most 20 octets by RFC 5280.
const limits = {
  entryBytes: 16 * 1024,
  issuers: 1024,
  unknownOids: 64,
  remembered: 16,
  // A reason has 12.
  rememberedBytes: 16,
};

const noTables: EntryTables = { count: 0, unknownCritical: [], positions: new Map() };

/** The entries of a list without any. */
export const noEntries: CrlEntries = { count: 0, unknownCritical: [], tables: noTables, find: () => undefined };

/**
 * Reads revokedCertificates; throws DerError. `tables` are those of an earlier reading of the same bytes by the same rules,
 * which spare the pass over all entries.
 */
export function entriesOf(element: Element, rules: EntryRules, tables = entryTablesOf(element, rules)): CrlEntries {
  const bytes = expectTag(element, tags.sequence).content;
  const extensionsAt = remembering();
  const indexes = new Map(Array.from(tables.positions, ([key, table]) => [key, serialIndex(bytes, table)] as const));
  return {
    count: tables.count,
    unknownCritical: tables.unknownCritical,
    tables,
    find(serialNumber, issuerKey) {
      const at = indexes.get(issuerKey)?.find(serialNumber);
      return at === undefined ? undefined : entryAt(bytes, at, extensionsAt);
    },
  };
}

function entryTablesOf(element: Element, rules: EntryRules): EntryTables {
  const bytes = expectTag(element, tags.sequence).content;
  const ownKey = rules.issuer.key;
  const positions = new Map<string, number[]>();
  const unknownCritical = new Set<string>();
  const extensionsAt = remembering();
  const entry: Entry = { start: 0, end: 0, revokedAt: 0, extensionsAt: 0 };
  let current: number[] = [];
  positions.set(ownKey, current);
  let count = 0;
  for (let at = 0; at < bytes.length; at = entry.end) {
    readEntry(bytes, at, entry);
    if (entry.extensionsAt < entry.end) {
      if (rules.version === 1) refuse('entry extensions in a version 1 list');
      const { certificateIssuer, unknownCritical: oid } = extensionsAt(bytes, entry.extensionsAt, entry.end);
      if (oid !== undefined && unknownCritical.size < limits.unknownOids) unknownCritical.add(oid);
      if (certificateIssuer) current = listOf(positions, certificateIssuer, rules);
    }
    current.push(at);
    count++;
  }
  const sorted = new Map(Array.from(positions, ([key, list]) => [key, sortedBySerial(bytes, list)] as const));
  return { count, unknownCritical: [...unknownCritical], positions: sorted };
}

/** Reads once more what was found to be in order. */
function entryAt(bytes: Uint8Array, at: number, extensionsAt: ReadExtensions): CrlEntry {
  const entry: Entry = { start: 0, end: 0, revokedAt: 0, extensionsAt: 0 };
  readEntry(bytes, at, entry);
  const hasExtensions = entry.extensionsAt < entry.end;
  const extensions = hasExtensions ? extensionsAt(bytes, entry.extensionsAt, entry.end) : undefined;
  const revocationDate = new Date(entry.revokedAt);
  return Object.freeze({ revocationDate, reason: extensions?.reason, invalidityDate: extensions?.invalidityDate });
}

/** Where an element's content starts and ends. */
export interface Span {
  start: number;
  end: number;
}

/** One entry: its date, and where its extensions and it end. Filled anew for each, so that a pass allocates nothing. */
interface Entry extends Span {
  /** Milliseconds since 1970. */
  revokedAt: number;
  /** Where its extensions start: at its end when it has none. */
  extensionsAt: number;
}

/** Reads all but the extensions of the entry at `at`, strictly, into `entry`. */
function readEntry(bytes: Uint8Array, at: number, entry: Entry): void {
  open(bytes, at, bytes.length, tags.sequence, entry);
  const { end } = entry;
  if (end - at > limits.entryBytes) refuse('entry too long');
  open(bytes, entry.start, end, tags.integer, entry);
  checkSerial(bytes, entry);
  const timeAt = entry.end;
  locate(bytes, timeAt, end, entry);
  entry.revokedAt = millisecondsOf(bytes, entry.start, entry.end, bytes[timeAt] ?? 0);
  entry.extensionsAt = entry.end;
  entry.end = end;
}

function checkSerial(bytes: Uint8Array, { start, end }: Span): void {
  const length = end - start;
  if (length === 0 || length > maxSerialBytes) refuse('serial number of impossible length');
  const first = bytes[start] ?? 0;
  const second = bytes[start + 1] ?? 0;
  if (length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
    refuse('integer not minimal');
}

/** Finds the content of the element at `at`, without allocating; throws DerError when it does not end by `limit`. */
export function locate(bytes: Uint8Array, at: number, limit: number, span: Span): void {
  if (at + 2 > limit) refuse('truncated element');
  let length = bytes[at + 1] ?? 0;
  span.start = at + 2;
  if (length >= 0x80) {
    const octets = length & 0x7f;
    if (octets < 1 || octets > 4) refuse('length of an impossible form');
    length = 0;
    for (const end = span.start + octets; span.start < end; span.start++)
      length = length * 256 + (bytes[span.start] ?? 0);
    if (length < 0x80 || length < 256 ** (octets - 1)) refuse('length not minimal');
  }
  span.end = span.start + length;
  if (span.end > limit) refuse('length beyond the end');
}

function open(bytes: Uint8Array, at: number, limit: number, tag: number, span: Span): void {
  locate(bytes, at, limit, span);
  if (bytes[at] !== tag) refuse('element of the wrong type in an entry');
}

/** Reads the SEQUENCE of an entry's extensions. */
type ReadExtensions = (bytes: Uint8Array, start: number, end: number) => CrlEntryExtensions;

/** Remembers single extensions that are short: most entries of a list carry one of a few reasons. */
function remembering(): ReadExtensions {
  const known: { readonly raw: Uint8Array; readonly extension: EntryExtension }[] = [];
  const read = (bytes: Uint8Array, start: number, end: number) => {
    for (const { raw, extension } of known) if (isAt(bytes, start, end, raw)) return extension;
    const raw = bytes.subarray(start, end);
    const extension = entryExtensionOf(readElement(raw));
    if (raw.length <= limits.rememberedBytes && known.length < limits.remembered) known.push({ raw, extension });
    return extension;
  };
  return (bytes, start, end) => {
    const span: Span = { start, end };
    locate(bytes, start, end, span);
    if (span.end !== end) refuse('bytes after the element');
    if (bytes[start] !== tags.sequence) refuse('element of the wrong type in an entry');
    const list: EntryExtension[] = [];
    for (let at = span.start; at < end; at = span.end) {
      if (list.length >= maxEntryExtensions) refuse('too many entry extensions');
      locate(bytes, at, end, span);
      list.push(read(bytes, at, span.end));
    }
    return entryExtensionsOf(list);
  };
}

// Backwards: extensions of one kind differ in their last octets.
function isAt(bytes: Uint8Array, start: number, end: number, raw: Uint8Array): boolean {
  if (end - start !== raw.length) return false;
  for (let at = raw.length - 1; at >= 0; at--) if (bytes[start + at] !== raw[at]) return false;
  return true;
}

function listOf(positions: Map<string, number[]>, { key }: Name, { isIndirect }: EntryRules): number[] {
  if (!isIndirect) refuse('certificate issuer in a list that is not indirect');
  const known = positions.get(key);
  if (known) return known;
  if (positions.size >= limits.issuers) refuse('too many certificate issuers');
  const list: number[] = [];
  positions.set(key, list);
  return list;
}
