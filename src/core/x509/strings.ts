// The character string types of X.509, each with its alphabet: one row per type, decoded to a JavaScript string.
// Spec: RFC 5280 §4.1.2.4 (DirectoryString), X.680 §41.
import { Buffer, isAscii, isUtf8 } from 'node:buffer';
import { type Element, refuse, tags } from './der.ts';

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const latin1 = (bytes: Buffer): string => bytes.toString('latin1');

function matching(alphabet: RegExp, type: string): (bytes: Buffer) => string {
  return (bytes) => {
    const value = latin1(bytes);
    return alphabet.test(value) ? value : refuse(`${type} with a character outside its alphabet`);
  };
}

function utf8(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : refuse('UTF8String that is not UTF-8');
}

function codePoints(width: 2 | 4): (bytes: Uint8Array) => string {
  return (bytes) => {
    if (bytes.length % width !== 0) refuse('string of wide characters with a broken one');
    let value = '';
    for (let at = 0; at < bytes.length; at += width) {
      const code = bytes.subarray(at, at + width).reduce((sum, byte) => sum * 256 + byte, 0);
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) refuse('string with an impossible character');
      value += String.fromCodePoint(code);
    }
    return value;
  };
}

/** 7-bit text, as in IA5String and in the general names. */
export function ia5(bytes: Uint8Array): string {
  return isAscii(bytes) ? latin1(bufferOf(bytes)) : refuse('IA5String with a byte above 7F');
}

// Ours: `*` and `&` pass in a PrintableString, because certificates in use carry them; TeletexString is read as latin-1,
// because nobody writes T.61.
const decoders: Readonly<Record<number, (bytes: Buffer) => string>> = {
  [tags.utf8String]: utf8,
  [tags.numericString]: matching(/^[0-9 ]*$/, 'NumericString'),
  [tags.printableString]: matching(/^[A-Za-z0-9 '()+,\-./:=?*&]*$/, 'PrintableString'),
  [tags.teletexString]: latin1,
  [tags.ia5String]: ia5,
  [tags.universalString]: codePoints(4),
  [tags.bmpString]: codePoints(2),
};

/** The text of a string element, or undefined when its type is no character string; refuses characters the type lacks. */
export function stringOf(element: Element): string | undefined {
  const { tag, bytes, start, end } = element;
  return decoders[tag]?.(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start));
}
