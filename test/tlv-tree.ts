// DER as a tree that may be bent: read leniently from well-formed bytes, written as told. OCTET STRINGs and BIT STRINGs that
// hold DER are opened too, so that a change inside an extension keeps every length around it right.
import { tlv } from './der.ts';

/** One element of the tree; either `children` or `content` says what is inside. */
export interface TlvNode {
  tag: number;
  /** Octets of a primitive element, without what `children` hold. */
  content: Uint8Array;
  /** Elements of a constructed element, or of the DER inside a string. */
  children: TlvNode[] | undefined;
  /** Octets between header and children: the unused-bits octet of a BIT STRING. */
  prefix: Uint8Array;
  /** How the length is written; minimal when undefined. */
  length: 'padded' | 'indefinite' | 'tooLong' | 'tooShort' | undefined;
}

/** The elements of some bytes, or undefined when they are no row of whole elements. */
export function treesOf(bytes: Uint8Array, depth = 0): TlvNode[] | undefined {
  const nodes: TlvNode[] = [];
  for (let at = 0; at < bytes.length; ) {
    const header = headerAt(bytes, at);
    if (!header || depth > 24) return undefined;
    const content = bytes.subarray(header.start, header.end);
    nodes.push(nodeOf(bytes[at] ?? 0, content, depth));
    at = header.end;
  }
  return nodes;
}

function headerAt(bytes: Uint8Array, at: number): { start: number; end: number } | undefined {
  const first = bytes[at + 1];
  if (first === undefined || ((bytes[at] ?? 0) & 0x1f) === 0x1f) return undefined;
  const octets = first < 0x80 ? 0 : first & 0x7f;
  if (octets > 4 || first === 0x80) return undefined;
  const start = at + 2 + octets;
  let length = octets === 0 ? first : 0;
  for (const byte of bytes.subarray(at + 2, start)) length = length * 256 + byte;
  return start + length <= bytes.length ? { start, end: start + length } : undefined;
}

function nodeOf(tag: number, content: Uint8Array, depth: number): TlvNode {
  const none = new Uint8Array();
  const leaf = { tag, content, children: undefined, prefix: none, length: undefined };
  if ((tag & 0x20) !== 0) {
    const children = treesOf(content, depth + 1);
    return children ? { ...leaf, content: none, children } : leaf;
  }
  const prefixLength = tag === 0x03 ? 1 : tag === 0x04 ? 0 : undefined;
  if (prefixLength === undefined || content.length < prefixLength + 2) return leaf;
  const inner = treesOf(content.subarray(prefixLength), depth + 1);
  const opened = inner?.length === 1 && [0x30, 0x03, 0x04, 0x02].includes(inner[0]?.tag ?? 0) ? inner : undefined;
  if (!opened) return leaf;
  return { ...leaf, content: none, children: opened, prefix: content.subarray(0, prefixLength) };
}

/** The bytes of a tree. */
export function bytesOf(node: TlvNode): Uint8Array {
  const content = node.children
    ? Buffer.concat([node.prefix, ...node.children.map(bytesOf)])
    : Buffer.from(node.content);
  const { length } = content;
  switch (node.length) {
    case undefined:
      return tlv(node.tag, content);
    case 'indefinite':
      return Buffer.concat([Buffer.from([node.tag, 0x80]), content, Buffer.from([0, 0])]);
    case 'padded':
      return Buffer.concat([
        Buffer.from([node.tag, 0x83, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff]),
        content,
      ]);
    case 'tooLong':
      return Buffer.concat([tlv(node.tag, content).subarray(0, 1), lengthOctets(length + 1), content]);
    case 'tooShort':
      return Buffer.concat([tlv(node.tag, content).subarray(0, 1), lengthOctets(Math.max(length - 1, 0)), content]);
  }
}

function lengthOctets(length: number): Uint8Array {
  return length < 0x80 ? Buffer.from([length]) : Buffer.from([0x82, (length >> 8) & 0xff, length & 0xff]);
}

/** A copy that shares nothing that can be bent. */
export function copyOf(node: TlvNode): TlvNode {
  return { ...node, children: node.children?.map(copyOf) };
}

/** An element, and the list and place it stands in. */
export interface Place {
  readonly node: TlvNode;
  readonly siblings: TlvNode[];
  readonly at: number;
}

/** Every element below `node`, with its place. */
export function placesIn(node: TlvNode): Place[] {
  const siblings = node.children ?? [];
  return siblings.flatMap((child, at) => [{ node: child, siblings, at }, ...placesIn(child)]);
}
