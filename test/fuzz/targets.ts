// What is fuzzed: one row per reader of bytes from strangers, with what must hold of whatever it is given. A row returns
// what does not hold; an exception that gets out of it is a failure too.
import { Buffer } from 'node:buffer';
import { parseX509Authorization } from '../../src/core/signature/x509.ts';
import { certificatePem, parsePemCertificates } from '../../src/core/x509/certificate.ts';
import {
  bitsOf,
  booleanOf,
  children,
  DerError,
  type Element,
  integerBytes,
  oidOf,
  readElement,
  smallInteger,
} from '../../src/core/x509/der.ts';
import { generalNameOf } from '../../src/core/x509/general-name.ts';
import { isWithin, nameOf, namesEqual, rfc2253 } from '../../src/core/x509/name.ts';
import { keyTypeOf } from '../../src/core/x509/public-key.ts';
import { signatureAlgorithmOf } from '../../src/core/x509/signature-algorithms.ts';
import { stringOf } from '../../src/core/x509/strings.ts';
import { timeOf } from '../../src/core/x509/time.ts';
import { certificate, crl } from './certificates.ts';

/** What does not hold of an input, in a clause; undefined when all does. */
export type Holds = (input: Uint8Array) => string | undefined;

/** Runs a reader that may refuse in its own alcove, with a DerError and nothing else; undefined when it did. */
function read<T>(reader: () => T): T | undefined {
  try {
    return reader();
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

const readers: readonly ((element: Element) => unknown)[] = [
  bitsOf,
  booleanOf,
  (element) => integerBytes(element),
  (element) => smallInteger(element),
  (element) => oidOf(element),
  stringOf,
  timeOf,
  (element) => generalNameOf(element),
  (element) => generalNameOf(element, 'addressAndMask'),
  keyTypeOf,
  signatureAlgorithmOf,
  nameOf,
];

/** Elements that one input is walked to, and bytes of the biggest on which every reader is tried. */
const walk = { elements: 200, bytes: 8192 };

/** Every reader at every element, whatever it is. */
function der(input: Uint8Array): string | undefined {
  const root = read(() => readElement(input));
  const queue = root ? [root] : [];
  for (const element of queue) {
    if (element.content.length >= element.raw.length) return 'an element without a header';
    if (element.raw.length <= walk.bytes) for (const reader of readers) read(() => reader(element));
    const inside = read(() => children(element)) ?? [];
    queue.push(...inside.slice(0, walk.elements - queue.length));
  }
  return undefined;
}

function name(input: Uint8Array): string | undefined {
  const parsed = read(() => nameOf(readElement(input)));
  if (!parsed) return undefined;
  rfc2253(parsed);
  if (nameOf(readElement(parsed.raw)).key !== parsed.key) return 'a name read again has another key';
  return isWithin(parsed, parsed) && namesEqual(parsed, parsed) ? undefined : 'a name is not within itself';
}

function generalNames(input: Uint8Array): string | undefined {
  for (const element of read(() => children(readElement(input))) ?? []) {
    read(() => generalNameOf(element));
    read(() => generalNameOf(element, 'addressAndMask'));
  }
  return undefined;
}

function algorithm(input: Uint8Array): string | undefined {
  read(() => signatureAlgorithmOf(readElement(input)));
  read(() => keyTypeOf(readElement(input)));
  return undefined;
}

function pem(input: Uint8Array): string | undefined {
  crl(input);
  const parsed = parsePemCertificates(Buffer.from(input).toString('latin1'));
  if (!parsed.ok) return undefined;
  const again = parsePemCertificates(parsed.certificates.map(certificatePem).join(''));
  const hexes = (list: readonly Uint8Array[]) => list.map((one) => Buffer.from(one).toString('hex')).join();
  return again.ok && hexes(again.certificates) === hexes(parsed.certificates)
    ? undefined
    : 'PEM that is written again reads otherwise';
}

/** Headers of a signed request: the values that an input holds, one a line. */
export const headerNames = ['Authorization', 'X-Amz-Date', 'X-Amz-X509', 'X-Amz-X509-Chain', 'Host'];

function headers(input: Uint8Array): string | undefined {
  const lines = Buffer.from(input).toString('latin1').split('\n').slice(0, headerNames.length);
  const pairs = lines.map((line, at) => [headerNames[at] ?? '', line] as const);
  const result = parseX509Authorization({
    method: 'POST',
    path: '/sessions',
    rawQuery: '',
    body: new Uint8Array(),
    headers: pairs,
  });
  return result.ok && result.parsed.chainDer.length > 20 ? 'a chain longer than may be sent' : undefined;
}

/** The rows, by name. */
export const targets: Readonly<Record<string, Holds>> = {
  der,
  certificate,
  name,
  generalNames,
  algorithm,
  crl,
  pem,
  headers,
};
