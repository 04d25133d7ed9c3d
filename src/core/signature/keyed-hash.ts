// HMAC-SHA256 under a key that is used again and again. Two hashes of one call each over blocks prepared once: making an Hmac
// object of node:crypto costs several times what it computes. Spec: RFC 2104; FIPS 198-1
import { hash } from 'node:crypto';

/**
 * The HMAC of a text (as UTF-8) or of bytes under one key: 64 lower-case hex digits. A function, so that no log prints the
 * key that it holds.
 */
export type KeyedHash = (message: string | Uint8Array) => string;

/** Bytes that SHA-256 takes in at once, and that it gives. */
const blockBytes = 64;
const digestBytes = 32;
/** Bytes of messages that need no memory of their own: a string to sign is some 140 characters. */
const roomBytes = 512;
/** Bytes of a character in UTF-8, at most. */
const mostBytesOfCharacter = 4;

/** A function of the key, of any length, whose bytes are copied. */
export function keyedHash(key: Uint8Array): KeyedHash {
  const short = key.length > blockBytes ? hash('sha256', key, 'buffer') : key;
  // INVARIANT: each begins with its padded block; what stands behind is overwritten at each use, in one synchronous step.
  const inner = padded(short, 0x36, blockBytes + roomBytes);
  const outer = padded(short, 0x5c, blockBytes + digestBytes);
  return (message) => {
    outer.write(hash('sha256', withMessage(inner, message), 'hex'), blockBytes, 'hex');
    return hash('sha256', outer, 'hex');
  };
}

function padded(key: Uint8Array, pad: number, size: number): Buffer {
  // As its own: what is cut from a pool lies beside what others read.
  const block = Buffer.allocUnsafeSlow(size).fill(pad, 0, blockBytes);
  for (let at = 0; at < key.length; at += 1) block[at] = (key[at] ?? 0) ^ pad;
  return block;
}

/** The first block of `inner` and the message, where there is room for it in place. */
function withMessage(inner: Buffer, message: string | Uint8Array): Uint8Array {
  if (typeof message !== 'string') return Buffer.concat([inner.subarray(0, blockBytes), message]);
  // What ends a whole character before the end of the room was not cut off there.
  const length = message.length < roomBytes ? inner.write(message, blockBytes, 'utf8') : roomBytes;
  if (length > roomBytes - mostBytesOfCharacter) return withMessage(inner, Buffer.from(message, 'utf8'));
  return inner.subarray(0, blockBytes + length);
}
