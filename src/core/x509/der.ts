// A strict DER reader: definite and minimal lengths, low tag numbers, bounded depth, no trailing bytes. It throws DerError,
// and nothing else, inside core; the exported parsers of certificates and of PKCS #12 catch it. Only what is read is checked, so
// an unknown extension's content is never walked.
// Spec: ITU-T X.690 §10, §11; RFC 5280 appendix B.

import { Buffer } from 'node:buffer';

/** Why some bytes are not the DER that was expected. Private to core: parsers turn it into a reason. */
export class DerError extends Error {}

/**
 * One element: its whole identifier octet, its content octets, and the element itself with its header. A class for the views
 * alone: most elements are only looked into where they stand, and a view costs more than to read one.
 */
export class Element {
  /** Identifier octet: class, constructed bit and tag number below 31. */
  readonly tag: number;
  /** Constructed elements around this one, at most `maxDepth`. */
  readonly depth: number;
  /** In what it stands, and where: itself, its content, and what comes behind it. A Buffer reads texts without a view each. */
  readonly bytes: Buffer;
  readonly at: number;
  readonly start: number;
  readonly end: number;

  constructor(tag: number, depth: number, bytes: Buffer, at: number, start: number, end: number) {
    this.tag = tag;
    this.depth = depth;
    this.bytes = bytes;
    this.at = at;
    this.start = start;
    this.end = end;
  }

  /** Content octets: a view of the bytes. */
  get content(): Uint8Array {
    return viewOf(this.bytes, this.start, this.end);
  }

  /** The element with its header: a view of the bytes. */
  get raw(): Uint8Array {
    return viewOf(this.bytes, this.at, this.end);
  }
}

/** Some of the bytes: a view, of no more than a Uint8Array. */
function viewOf(bytes: Buffer, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

/** Identifier octets of the universal types a certificate is made of. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

const maxDepth = 32;

/** Refuses: throws DerError with what is wrong, lower case, no full stop. */
export function refuse(problem: string): never {
  throw new DerError(problem);
}

/** The element at this place, all of which must stand before `limit`. */
function elementAt(bytes: Buffer, at: number, limit: number, depth: number): Element {
  if (depth > maxDepth) refuse('nested too deeply');
  if (at + 2 > limit) refuse('truncated element');
  const tag = octetAt(bytes, at);
  if ((tag & 0x1f) === 0x1f) refuse('high tag number');
  const first = octetAt(bytes, at + 1);
  let length = first;
  let start = at + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0) refuse('indefinite length');
    if (count > 4) refuse('length too long');
    if (start + count > limit) refuse('truncated length');
    length = 0;
    for (const end = start + count; start < end; start++) length = length * 256 + octetAt(bytes, start);
    if (length < 0x80 || length < 256 ** (count - 1)) refuse('length not minimal');
  }
  const end = start + length;
  if (end > limit) refuse('length beyond the end');
  return new Element(tag, depth, bytes, at, start, end);
}

/** The octet at a place within the bytes. */
function octetAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

/** The one element that fills `bytes`; with `tag`, of that type. */
export function readElement(bytes: Uint8Array, tag?: number): Element {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return onlyElement(buffer, 0, buffer.length, tag);
}

/** The one element that fills the content of a primitive one, as {@link readElement} reads it of the content's bytes. */
export function elementIn({ bytes, start, end }: Element): Element {
  return onlyElement(bytes, start, end);
}

function onlyElement(bytes: Buffer, start: number, end: number, tag?: number): Element {
  const element = elementAt(bytes, start, end, 0);
  if (element.end !== end) refuse('bytes after the element');
  return tag === undefined ? element : expectTag(element, tag);
}

/** The element itself when its identifier octet is `tag`. */
export function expectTag(element: Element, tag: number): Element {
  return element.tag === tag
    ? element
    : refuse(`tag 0x${element.tag.toString(16)} where 0x${tag.toString(16)} belongs`);
}

/** The element read as one of another type: what an implicit tag stands for. */
export function asTag(element: Element, tag: number): Element {
  return new Element(tag, element.depth, element.bytes, element.at, element.start, element.end);
}

/** The elements inside a constructed element, in order. */
export function children(element: Element): Element[] {
  if ((element.tag & 0x20) === 0) refuse('primitive where constructed belongs');
  const found: Element[] = [];
  for (let at = element.start; at < element.end; ) {
    const child = elementAt(element.bytes, at, element.end, element.depth + 1);
    found.push(child);
    at = child.end;
  }
  return found;
}

/** The elements of a SEQUENCE OF. */
export function sequenceOf(element: Element): Element[] {
  return children(expectTag(element, tags.sequence));
}

/** The elements of a SEQUENCE OF that must have at least one. */
export function nonEmptySequenceOf(element: Element): Element[] {
  const found = sequenceOf(element);
  return found.length > 0 ? found : refuse('empty sequence');
}

/** Takes the fields of a SEQUENCE one after another. A class, since most of a certificate is read by one. */
export class Fields {
  private readonly list: readonly Element[];
  private at = 0;

  constructor(list: readonly Element[]) {
    this.list = list;
  }

  /** The next field; refuses its absence, and another tag when one is given. */
  next(tag?: number): Element {
    const field = this.list[this.at++] ?? refuse('missing field');
    return tag === undefined ? field : expectTag(field, tag);
  }

  /** The next field if there is one, with this tag when one is given. */
  optional(tag?: number): Element | undefined {
    return tag === undefined || this.list[this.at]?.tag === tag ? this.list[this.at++] : undefined;
  }

  /** Refuses fields nobody took. */
  end(): void {
    if (this.at < this.list.length) refuse('unexpected field');
  }
}

/** The fields of a SEQUENCE, or of `tag` in its place (implicit tagging). */
export function fieldsOf(element: Element, tag: number = tags.sequence): Fields {
  return new Fields(children(expectTag(element, tag)));
}

/** The one element inside an explicit tag. */
export function explicit(element: Element, tag?: number): Element {
  const [inner, more] = children(element);
  if (!inner || more) return refuse('explicit tag must hold one element');
  return tag === undefined ? inner : expectTag(inner, tag);
}

/** A BOOLEAN: 00 or FF. */
export function booleanOf(element: Element): boolean {
  const { bytes, start, end } = expectTag(element, tags.boolean);
  const octet = octetAt(bytes, start);
  if (end !== start + 1 || (octet !== 0 && octet !== 0xff)) refuse('boolean is neither 00 nor FF');
  return octet === 0xff;
}

/** The content octets of an INTEGER (or of an implicitly tagged one), two's complement, minimal. */
export function integerBytes(element: Element, tag: number = tags.integer): Uint8Array {
  const { content } = expectTag(element, tag);
  if (content.length === 0) refuse('empty integer');
  const [first, second] = [octetAt(content, 0), octetAt(content, 1)];
  if (content.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
    refuse('integer not minimal');
  return content;
}

/** A small non-negative INTEGER, at most 2^31 − 1: a bigger one is a refusal. */
export function smallInteger(element: Element, tag: number = tags.integer): number {
  const bytes = integerBytes(element, tag);
  if ((bytes[0] ?? 0) >= 0x80) refuse('negative integer');
  if (bytes.length > 4) refuse('integer too big');
  let sum = 0;
  for (let at = 0; at < bytes.length; at++) sum = sum * 256 + octetAt(bytes, at);
  return sum;
}

/** Bits of a BIT STRING (or of an implicitly tagged one): the octets and how many low bits of the last are unused (those are zero). */
export function bitsOf(
  element: Element,
  tag: number = tags.bitString,
): { readonly bytes: Uint8Array; readonly unusedBits: number } {
  const { bytes: all, start, end } = expectTag(element, tag);
  if (start === end) refuse('empty bit string');
  const unusedBits = octetAt(all, start);
  if (unusedBits > 7 || (end === start + 1 && unusedBits > 0)) refuse('bit string with impossible unused bits');
  const bytes = viewOf(all, start + 1, end);
  if (unusedBits > 0 && (octetAt(all, end - 1) & ((1 << unusedBits) - 1)) !== 0)
    refuse('bit string with unused bits set');
  return { bytes, unusedBits };
}

/** The octets of a BIT STRING that holds whole octets: keys and signatures. */
export function wholeOctets(element: Element): Uint8Array {
  const { bytes, unusedBits } = bitsOf(element);
  return unusedBits === 0 ? bytes : refuse('bit string is not whole octets');
}

/** An OBJECT IDENTIFIER in dotted form, at most 64 content octets. */
export function oidOf(element: Element, tag: number = tags.oid): string {
  const { bytes, start, end } = expectTag(element, tag);
  if (start === end || end - start > 64) refuse('object identifier of impossible length');
  let mark = 0;
  for (let at = start; at < end; at++) mark = (mark * 31 + octetAt(bytes, at)) & 0xffffff;
  const place = mark % roomOfOids;
  const known = knownOids[place];
  if (known !== undefined && isSame(known.octets, 0, known.octets.length, bytes, start, end)) return known.dotted;
  const dotted = dottedOf(bytes, start, end);
  knownOids[place] = { octets: viewOf(bytes, start, end).slice(), dotted };
  return dotted;
}

/**
 * The identifiers read last, each at a place that follows from its octets: certificates are full of the same few, and to
 * write one takes longer than to find it.
 */
const roomOfOids = 256;
const knownOids: { readonly octets: Uint8Array; readonly dotted: string }[] = [];

/** Whether the same octets stand in two places. Few: for these a loop is faster than to ask for a comparison. */
function isSame(
  one: Uint8Array,
  start: number,
  end: number,
  other: Uint8Array,
  otherStart: number,
  otherEnd: number,
): boolean {
  if (end - start !== otherEnd - otherStart) return false;
  for (let at = start; at < end; at++) if (one[at] !== other[otherStart + at - start]) return false;
  return true;
}

function dottedOf(bytes: Buffer, start: number, end: number): string {
  if (octetAt(bytes, end - 1) >= 0x80) refuse('truncated object identifier');
  let dotted = '';
  let arc: number | bigint = 0;
  let fresh = true;
  for (let at = start; at < end; at++) {
    const byte = octetAt(bytes, at);
    if (fresh && byte === 0x80) refuse('object identifier not minimal');
    // Past 2^45 plain numbers would lose bits: UUID arcs have 128.
    if (typeof arc === 'number' && arc >= 2 ** 45) arc = BigInt(arc);
    arc = typeof arc === 'number' ? arc * 128 + (byte & 0x7f) : arc * 128n + BigInt(byte & 0x7f);
    fresh = byte < 0x80;
    if (!fresh) continue;
    dotted = dotted === '' ? firstArcs(arc) : `${dotted}.${arc}`;
    arc = 0;
  }
  return dotted;
}

/** The first two arcs, which are written as one number. */
function firstArcs(head: number | bigint): string {
  const root = head < 40 ? 0 : head < 80 ? 1 : 2;
  return `${root}.${typeof head === 'number' ? head - root * 40 : head - BigInt(root * 40)}`;
}

/** Whether two elements are the same octets. */
export function isSameElement(one: Element, other: Element): boolean {
  return isSame(one.bytes, one.at, one.end, other.bytes, other.at, other.end);
}

/** The content octets as lower-case hex. */
export function hexIn({ bytes, start, end }: Element): string {
  return bytes.toString('hex', start, end);
}

/** Lower-case hex. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** The element's bytes as text, one character each: a key for what was read of them. */
export function latin1Of({ bytes, at, end }: Element): string {
  return bytes.toString('latin1', at, end);
}
