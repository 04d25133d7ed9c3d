// The serial numbers of a list's entries in order, so that one of them is found by halving: a table of positions in the DER,
// four bytes for each entry, and a table of every sixteenth serial number's beginning, so that most halvings stay in a small
// piece of memory. Sorted a few octets at a time as plain numbers: no choice of serial numbers makes that slow.
import { Buffer } from 'node:buffer';

/** The most octets a serial number may have. Ours: RFC 5280 allows 20; no honest list comes near this. */
export const maxSerialBytes = 64;

// INVARIANT: a digit and a position together stay below 2^53, where a double is exact. A list has at most 2^28 bytes.
const octetsPerDigit = 3;
const digitRange = 2 ** (octetsPerDigit * 8);
const positionRange = 2 ** 28;
/** The last digit is the length: it tells apart what differs in zeros at the end. */
const lastLevel = Math.ceil(maxSerialBytes / octetsPerDigit);
/** Up to so many entries are put in order one by one. */
const few = 16;
/** Of so many entries one has its beginning in the small table. */
const stride = 16;

/** Finds an entry by its serial number. */
export interface SerialIndex {
  /** The position of the entry; of the first in the list, should there be several. */
  find(serialNumber: bigint): number | undefined;
}

/** `table` is what `sortedBySerial` made of the same bytes; both are kept. */
export function serialIndex(bytes: Uint8Array, table: Uint32Array): SerialIndex {
  const heads = Float64Array.from({ length: Math.ceil(table.length / stride) }, (_, at) => {
    const lengthAt = lengthOctetAt(bytes, table[at * stride] ?? 0);
    return headOf(bytes, lengthAt + 1, bytes[lengthAt] ?? 0);
  });
  return {
    find(serialNumber) {
      const serial = integerContent(serialNumber);
      const compare = (at: number) => order(bytes, table[at] ?? 0, serial, 0, serial.length, 0);
      const head = headOf(serial, 0, serial.length);
      const first = firstWhere(0, heads.length, (at) => (heads[at] ?? 0) >= head);
      const after = firstWhere(first, heads.length, (at) => (heads[at] ?? 0) > head);
      const from = Math.max(first - 1, 0) * stride;
      const at = firstWhere(from, Math.min(after * stride, table.length), (middle) => compare(middle) >= 0);
      return at < table.length && compare(at) === 0 ? table[at] : undefined;
    },
  };
}

/** The first number from `low` that holds, or `high`; what holds for one holds for all after it. */
function firstWhere(low: number, high: number, holds: (at: number) => boolean): number {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Entries that agree in the digits before `level`. */
interface Run {
  readonly from: number;
  readonly to: number;
  readonly level: number;
}

/**
 * The positions in the order of the octets of their serial numbers, equal ones in the order of the list. `positions`
 * ascends; at each an entry begins, with a serial number of at most `maxSerialBytes`.
 */
export function sortedBySerial(bytes: Uint8Array, positions: readonly number[]): Uint32Array {
  const table = Uint32Array.from(positions);
  // A list of what is left to do, not recursion: one array of keys at a time.
  const runs: Run[] = [{ from: 0, to: table.length, level: 0 }];
  for (let run = runs.pop(); run; run = runs.pop()) {
    if (run.to - run.from <= few) insertionSort(bytes, table, run);
    else sortRun(bytes, table, run, runs);
  }
  return table;
}

/** Sorts a run by its next digit that differs, and adds what still agrees to `runs`. */
function sortRun(bytes: Uint8Array, table: Uint32Array, { from, to, level }: Run, runs: Run[]): void {
  const keys = new Float64Array(to - from);
  let at = level;
  while (at <= lastLevel && !fillKeys(bytes, table, from, keys, at)) at++;
  if (at > lastLevel) return;
  keys.sort();
  let start = 0;
  let digit = -1;
  const close = (end: number) => {
    if (end - start > 1) runs.push({ from: from + start, to: from + end, level: at + 1 });
    start = end;
  };
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? 0;
    const next = Math.floor(key / positionRange);
    table[from + i] = key - next * positionRange;
    if (next !== digit) close(i);
    digit = next;
  }
  close(keys.length);
}

/** A key for each entry: its digit, then its position. False when all digits are the same. */
function fillKeys(bytes: Uint8Array, table: Uint32Array, from: number, keys: Float64Array, level: number): boolean {
  let first = -1;
  let differs = false;
  for (let i = 0; i < keys.length; i++) {
    const position = table[from + i] ?? 0;
    const at = lengthOctetAt(bytes, position);
    const length = bytes[at] ?? 0;
    const digit = level === lastLevel ? length : digitOf(bytes, at + 1, length, level);
    if (i === 0) first = digit;
    else if (digit !== first) differs = true;
    keys[i] = digit * positionRange + position;
  }
  return differs;
}

/** Octets of a serial number as a number, zeros where it has no more. */
function digitOf(bytes: Uint8Array, start: number, length: number, level: number): number {
  const at = start + level * octetsPerDigit;
  const left = start + length - at;
  const high = left > 0 ? (bytes[at] ?? 0) : 0;
  const middle = left > 1 ? (bytes[at + 1] ?? 0) : 0;
  const low = left > 2 ? (bytes[at + 2] ?? 0) : 0;
  return (high << 16) | (middle << 8) | low;
}

/** The beginning of a serial number, two digits. */
function headOf(bytes: Uint8Array, start: number, length: number): number {
  return digitOf(bytes, start, length, 0) * digitRange + digitOf(bytes, start, length, 1);
}

function insertionSort(bytes: Uint8Array, table: Uint32Array, { from, to, level }: Run): void {
  const skipped = level * octetsPerDigit;
  for (let next = from + 1; next < to; next++) {
    const entry = table[next] ?? 0;
    const lengthAt = lengthOctetAt(bytes, entry);
    const length = bytes[lengthAt] ?? 0;
    let at = next;
    for (; at > from && order(bytes, table[at - 1] ?? 0, bytes, lengthAt + 1, length, skipped) > 0; at--)
      table[at] = table[at - 1] ?? 0;
    table[at] = entry;
  }
}

/**
 * Below 0, 0 or above: an entry's serial number against `length` octets of `other` from `start`; a beginning stands before
 * what continues it. The first `skipped` octets are known to agree, as far as there are so many.
 */
function order(
  bytes: Uint8Array,
  entry: number,
  other: Uint8Array,
  start: number,
  length: number,
  skipped: number,
): number {
  const at = lengthOctetAt(bytes, entry);
  const own = bytes[at] ?? 0;
  const shared = Math.min(own, length);
  for (let i = skipped; i < shared; i++) {
    const difference = (bytes[at + 1 + i] ?? 0) - (other[start + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return own - length;
}

/** Where the length octet of the entry's serial number stands: behind the entry's header and a tag. It has the short form. */
function lengthOctetAt(bytes: Uint8Array, entry: number): number {
  const length = bytes[entry + 1] ?? 0;
  return entry + (length < 0x80 ? 3 : 3 + (length & 0x7f));
}

/** The content octets of the INTEGER: two's complement, minimal. */
function integerContent(value: bigint): Uint8Array {
  const magnitude = (value < 0n ? -value - 1n : value).toString(16);
  const even = magnitude.length % 2 === 0 ? magnitude : `0${magnitude}`;
  const bytes = Buffer.from(even < '8' ? even : `00${even}`, 'hex');
  return value < 0n ? bytes.map((byte) => ~byte) : bytes;
}
