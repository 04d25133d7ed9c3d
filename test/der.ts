// A small DER writer for what tests mint: certificates, names and revocation lists, the lawful and the bent. It writes what
// it is told and refuses nothing.
import { attributeOids } from '../src/core/x509/attribute-types.ts';

/** General names by form; `raw` takes whole GeneralName elements (`der.tlv(0x82, …)`). */
export interface GeneralNames {
  readonly dns?: readonly string[];
  readonly uri?: readonly string[];
  readonly email?: readonly string[];
  /** Address bytes; in name constraints address and mask together. */
  readonly ip?: readonly Uint8Array[];
  readonly directoryName?: string | readonly string[];
  readonly raw?: readonly Uint8Array[];
}

const typeOids: Readonly<Record<string, string>> = attributeOids;

export function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const hex = length.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length]), bytes, content]);
}

export function integer(value: bigint | number): Uint8Array {
  let n = BigInt(value);
  const bytes: number[] = [];
  do {
    bytes.unshift(Number(n & 0xffn));
    n >>= 8n;
  } while (!((n === 0n && (bytes[0] ?? 0) < 0x80) || (n === -1n && (bytes[0] ?? 0) >= 0x80)));
  return tlv(0x02, Buffer.from(bytes));
}

export function oid(dotted: string): Uint8Array {
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt);
  const base128 = (n: bigint): number[] => {
    const out = [Number(n & 0x7fn)];
    for (let more = n >> 7n; more > 0n; more >>= 7n) out.unshift(Number(more & 0x7fn) | 0x80);
    return out;
  };
  return tlv(0x06, Buffer.from([first * 40n + second, ...rest].flatMap(base128)));
}

export function time(instant: Date | string): Uint8Array {
  const digits = new Date(instant).toISOString().replace(/[-:T]|\.\d+/g, '');
  const year = Number(digits.slice(0, 4));
  return year >= 1950 && year < 2050 ? tlv(0x17, Buffer.from(digits.slice(2))) : tlv(0x18, Buffer.from(digits));
}

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => tlv(0x30, ...parts);
export const boolean = (value: boolean): Uint8Array => tlv(0x01, Buffer.from([value ? 0xff : 0]));
export const octets = (value: Uint8Array): Uint8Array => tlv(0x04, value);
export const bits = (value: Uint8Array, unused = 0): Uint8Array => tlv(0x03, Buffer.from([unused]), value);
export const text = (tag: number, value: string): Uint8Array =>
  tlv(tag, Buffer.from(value, tag === 0x0c ? 'utf8' : 'latin1'));

/** The DER writer, for what the options cannot say. */
export const der = { tlv, integer, oid, time, sequence, boolean, octets, bits, text, name };

/** DER of the Name written as `CN=client,OU=A`; `stringTag` sets the string type of every value but C, DC and emailAddress. */
export function name(written: string | Uint8Array, stringTag = 0x0c): Uint8Array {
  if (typeof written !== 'string') return written;
  const parts = (source: string, separator: string): string[] =>
    source.split(new RegExp(`(?<!\\\\)\\${separator}`)).filter((part) => part !== '');
  const attribute = (source: string): Uint8Array => {
    const at = source.indexOf('=');
    const type = source.slice(0, at).trim();
    const value = source.slice(at + 1).replace(/\\(.)/g, '$1');
    const tag = type === 'C' ? 0x13 : type === 'DC' || type === 'emailAddress' ? 0x16 : stringTag;
    return sequence(oid(typeOids[type] ?? type), text(tag, value));
  };
  return sequence(
    ...parts(written, ',').map((rdn) => tlv(0x31, ...parts(rdn, '+').map(attribute).sort(Buffer.compare))),
  );
}

export function generalNames(names: GeneralNames): Uint8Array[] {
  const directory = names.directoryName ?? [];
  return [
    ...(names.email ?? []).map((value) => text(0x81, value)),
    ...(names.dns ?? []).map((value) => text(0x82, value)),
    ...(typeof directory === 'string' ? [directory] : directory).map((value) => tlv(0xa4, name(value))),
    ...(names.uri ?? []).map((value) => text(0x86, value)),
    ...(names.ip ?? []).map((value) => tlv(0x87, value)),
    ...(names.raw ?? []),
  ];
}
