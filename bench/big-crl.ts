// The entries of a large revocation list, written straight into one buffer, the same in every process that asks for them.
import { createCipheriv } from 'node:crypto';
import { der } from '../test/pki.ts';

/** `reasons`: every second entry gives a reason. `dates`: every entry does, and an invalidity date that no other has. */
export type ListKind = 'reasons' | 'dates';

const serialBytes = 16;

/** `count` serial numbers of 16 octets each, positive, that look random; those of another `seed` are others. */
export function serialOctets(count: number, seed: number): Buffer {
  const key = Buffer.alloc(16, seed);
  const octets = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(count * serialBytes));
  for (let at = 0; at < octets.length; at += serialBytes) octets[at] = ((octets[at] ?? 0) & 0x3f) | 0x40;
  return octets;
}

/** The serial number at this place of `serialOctets`. */
export function serialAt(octets: Buffer, at: number): bigint {
  return BigInt(`0x${octets.toString('hex', at * serialBytes, (at + 1) * serialBytes)}`);
}

/** DER of all entries, one after the other, with the serial numbers of seed 1. */
export function entriesDer(kind: ListKind, count: number): Uint8Array {
  const serials = serialOctets(count, 1);
  const date = der.time('2026-06-01T00:00:00Z');
  const out = Buffer.alloc(count * 80);
  let end = 0;
  for (let n = 0; n < count; n++) {
    const extensions = kind === 'dates' ? withDate(n) : n % 2 === 0 ? reason : none;
    end = out.writeUInt8(0x30, end);
    end = out.writeUInt8(2 + serialBytes + date.length + extensions.length, end);
    end = out.writeUInt16BE(0x0200 + serialBytes, end);
    end += serials.copy(out, end, n * serialBytes, (n + 1) * serialBytes);
    for (const part of [date, extensions]) {
      out.set(part, end);
      end += part.length;
    }
  }
  return out.subarray(0, end);
}

const none = Buffer.alloc(0);
const reasonCode = der.sequence(der.oid('2.5.29.21'), der.octets(der.tlv(0x0a, Buffer.from([1]))));
const reason = der.sequence(reasonCode);
const dated = Buffer.from(
  der.sequence(reasonCode, der.sequence(der.oid('2.5.29.24'), der.octets(der.text(0x18, '20260101000000Z')))),
);

/** A second of its own for each of a million: its last ten digits are overwritten. */
function withDate(n: number): Uint8Array {
  const day = 1 + (Math.floor(n / 86_400) % 28);
  const two = (value: number) => String(value % 60).padStart(2, '0');
  const digits = `${two(day)}${String(Math.floor(n / 3600) % 24).padStart(2, '0')}${two(Math.floor(n / 60))}${two(n)}Z`;
  dated.write(digits, dated.length - digits.length, 'latin1');
  return dated;
}
