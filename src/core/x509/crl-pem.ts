// A revocation list in PEM. Read as bytes and decoded piece by piece: a list may be hundreds of megabytes, which are not to be
// held once more as text.
// Spec: RFC 7468 §2, §6.
import { Buffer } from 'node:buffer';

const begin = /^-----BEGIN ([A-Z0-9 ]{1,64})-----[ \t]*$/;
const end = /^-----END X509 CRL-----[ \t]*$/;

/** The DER in the one block of a PEM text with nothing but text around it, or what is wrong. */
export function derOfPem(bytes: Uint8Array): Uint8Array | string {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const block = lineLike(data, 0, '-----BEGIN ', begin);
  if (!block) return 'neither DER nor PEM';
  if (lineLike(data, block.end, '-----BEGIN ', begin)) return 'more than one PEM block';
  const [, label] = block.match;
  if (label !== 'X509 CRL') return `a PEM block of ${label}, not of X509 CRL`;
  const close = lineLike(data, block.end, '-----END ', end);
  if (!close) return 'the PEM block does not end';
  const der = decoded(data.subarray(block.end, close.start));
  return der && der.length > 0 ? der : 'bad base64';
}

/** The first line from `from` on that has this form; it begins with `opening`. */
function lineLike(data: Buffer, from: number, opening: string, form: RegExp) {
  for (let start = data.indexOf(opening, from); start >= 0; start = data.indexOf(opening, start + 1)) {
    if (start > 0 && !isLineEnd(data[start - 1])) continue;
    let end = start;
    while (end < data.length && !isLineEnd(data[end])) end++;
    const match = form.exec(data.toString('latin1', start, end));
    if (match) return { start, end, match };
  }
  return undefined;
}

const [tab, newline, carriageReturn, space] = [0x09, 0x0a, 0x0d, 0x20] as const;
const isLineEnd = (byte: number | undefined) => byte === newline || byte === carriageReturn;

/** Characters decoded at a time; a multiple of four. */
const pieceLength = 65_536;

/** Strict base64 with white space in it; undefined when it is none. The comparison refuses bits that do not count. */
function decoded(text: Buffer): Uint8Array | undefined {
  const der = Buffer.alloc(Math.ceil(text.length / 4) * 3);
  const piece = Buffer.alloc(pieceLength);
  let length = 0;
  let used = 0;
  const decodes = () => {
    const characters = piece.toString('latin1', 0, used);
    const written = der.write(characters, length, 'base64');
    length += written;
    return der.toString('base64', length - written, length) === characters;
  };
  for (let at = 0; at < text.length; at++) {
    const byte = text[at] ?? 0;
    if (byte === newline || byte === carriageReturn || byte === space || byte === tab) continue;
    if (used === pieceLength) {
      // Whole groups of four, and more to come: three octets each.
      if (!decodes() || length % 3 !== 0) return undefined;
      used = 0;
    }
    piece[used++] = byte;
  }
  return decodes() ? new Uint8Array(der.buffer, der.byteOffset, length) : undefined;
}
