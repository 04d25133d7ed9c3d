// The entries of a revocation list: checked one by one in a single pass that allocates next to nothing, then kept as sorted
// positions in the DER, four bytes each. A million entries cost seconds and some megabytes; a look-up is a binary search.
// Sorting, not hashing: no choice of serial numbers makes it slow.
// Spec: RFC 5280 §5.1.2.6, §5.3.
import { Buffer } from 'node:buffer';
import { type CrlEntryExtensions, type CrlReason, entryExtensionsOf } from './crl-extensions.ts';
import { type Element, expectTag, readElement, refuse, tags } from './der.ts';
import type { Name } from './name.ts';
import { timeOf } from './time.ts';

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
  readonly unknownCritical: ReadonlySet<string>;
  /** The entry by serial number and by the comparison key of the certificate issuer's name; the first, should it be listed twice. */
  find(serialNumber: bigint, issuerKey: string): CrlEntry | undefined;
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
  serialBytes: 64,
  entryBytes: 16 * 1024,
  issuers: 1024,
  unknownOids: 64,
  remembered: 1024,
  rememberedBytes: 256,
};

/** The entries of a list without any. */
export const noEntries: CrlEntries = { count: 0, unknownCritical: new Set(), find: () => undefined };

/** Reads revokedCertificates; throws DerError. Ours: an empty SEQUENCE is taken, though RFC 5280 wants it left out. */
export function entriesOf(element: Element, rules: EntryRules): CrlEntries {
  const bytes = expectTag(element, tags.sequence).content;
  const ownKey = rules.issuer.key;
  const positions = new Map<string, number[]>();
  const unknownCritical = new Set<string>();
  const extensionsAt = remembering();
  const span: Span = { start: 0, end: 0 };
  let current: number[] = [];
  positions.set(ownKey, current);
  let count = 0;
  for (let at = 0; at < bytes.length; at = span.end) {
    const { extensions } = readEntry(bytes, at, span, extensionsAt);
    if (extensions) {
      if (rules.version === 1) refuse('entry extensions in a version 1 list');
      const { certificateIssuer, unknownCritical: oid } = extensions;
      if (oid !== undefined && unknownCritical.size < limits.unknownOids) unknownCritical.add(oid);
      if (certificateIssuer) current = listOf(positions, certificateIssuer, rules);
    }
    current.push(at);
    count++;
  }
  const tables = new Map(Array.from(positions, ([key, list]) => [key, sorted(bytes, list)] as const));
  return {
    count,
    unknownCritical,
    find(serialNumber, issuerKey) {
      const at = search(bytes, tables.get(issuerKey), integerContent(serialNumber));
      if (at === undefined) return undefined;
      const { revocationDate, extensions } = readEntry(bytes, at, { start: 0, end: 0 }, extensionsAt);
      return Object.freeze({
        revocationDate,
        reason: extensions?.reason,
        invalidityDate: extensions?.invalidityDate,
      });
    },
  };
}

/** Where an element's content starts and ends. */
export interface Span {
  start: number;
  end: number;
}

/** Reads one entry strictly and leaves its content in `span`. */
function readEntry(
  bytes: Uint8Array,
  at: number,
  span: Span,
  extensionsAt: (bytes: Uint8Array) => CrlEntryExtensions,
): { readonly revocationDate: Date; readonly extensions: CrlEntryExtensions | undefined } {
  open(bytes, at, bytes.length, tags.sequence, span);
  const { start, end } = span;
  if (end - at > limits.entryBytes) refuse('entry too long');
  open(bytes, start, end, tags.integer, span);
  const length = span.end - span.start;
  const [first = 0, second = 0] = [bytes[span.start], bytes[span.start + 1]];
  if (length === 0 || length > limits.serialBytes) refuse('serial number of impossible length');
  if (length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
    refuse('integer not minimal');
  const timeAt = span.end;
  locate(bytes, timeAt, end, span);
  const revocationDate = timeOf(readElement(bytes.subarray(timeAt, span.end)));
  const extensionsStart = span.end;
  span.start = start;
  span.end = end;
  const extensions = extensionsStart === end ? undefined : extensionsAt(bytes.subarray(extensionsStart, end));
  return { revocationDate, extensions };
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

/** Reads entry extensions, remembering those seen: most entries of a list carry one of a few reasons and nothing else. */
function remembering(): (bytes: Uint8Array) => CrlEntryExtensions {
  const known = new Map<string, CrlEntryExtensions>();
  return (bytes) => {
    if (bytes.length > limits.rememberedBytes) return entryExtensionsOf(readElement(bytes));
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    let extensions = known.get(key);
    if (!extensions) {
      extensions = entryExtensionsOf(readElement(bytes));
      if (known.size < limits.remembered) known.set(key, extensions);
    }
    return extensions;
  };
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

/** Where the length octet of the entry's serial number stands. It has the short form: `limits.serialBytes`. */
function serialAt(bytes: Uint8Array, entry: number): number {
  const length = bytes[entry + 1] ?? 0;
  return entry + (length < 0x80 ? 3 : 3 + (length & 0x7f));
}

/** Positions of entries in the order of their serial numbers, equal ones in the order of the list. */
function sorted(bytes: Uint8Array, positions: readonly number[]): Uint32Array {
  const compare = (a: number, b: number): number => {
    const [atA, atB] = [serialAt(bytes, a), serialAt(bytes, b)];
    const length = bytes[atA] ?? 0;
    if (length !== bytes[atB]) return length - (bytes[atB] ?? 0);
    for (let i = 1; i <= length; i++) {
      const difference = (bytes[atA + i] ?? 0) - (bytes[atB + i] ?? 0);
      if (difference !== 0) return difference;
    }
    return a - b;
  };
  return Uint32Array.from(positions).sort(compare);
}

/** The first position in `table` with this serial number. */
function search(bytes: Uint8Array, table: Uint32Array | undefined, serial: Uint8Array): number | undefined {
  if (!table) return undefined;
  let low = 0;
  let high = table.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (serialOrder(bytes, table[middle] ?? 0, serial) < 0) low = middle + 1;
    else high = middle;
  }
  const found = table[low];
  return found !== undefined && serialOrder(bytes, found, serial) === 0 ? found : undefined;
}

function serialOrder(bytes: Uint8Array, entry: number, serial: Uint8Array): number {
  const at = serialAt(bytes, entry);
  const length = bytes[at] ?? 0;
  if (length !== serial.length) return length - serial.length;
  for (let i = 0; i < length; i++) {
    const difference = (bytes[at + 1 + i] ?? 0) - (serial[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The content octets of the INTEGER: two's complement, minimal. */
function integerContent(value: bigint): Uint8Array {
  const magnitude = (value < 0n ? -value - 1n : value).toString(16);
  const even = magnitude.length % 2 === 0 ? magnitude : `0${magnitude}`;
  const bytes = Buffer.from(even < '8' ? even : `00${even}`, 'hex');
  return value < 0n ? bytes.map((byte) => ~byte) : bytes;
}
