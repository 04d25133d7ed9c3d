// A protocol turns bytes into values and values into bytes. It walks shapes and knows no operation by name.
import type { ServiceError } from '../contract/error.ts';
import type { Operation, Service } from '../contract/operation.ts';
import type { AnswerBody } from './answer-body.ts';

export type HeaderPair = readonly [name: string, value: string];

/** A request as it arrived: nothing decoded, nothing merged. */
export type WireRequest = {
  readonly method: string;
  /** The path of the request line, percent-encoding and all. */
  readonly path: string;
  /** The query of the request line, without the question mark. */
  readonly rawQuery: string;
  /** In order of arrival, repeated headers kept apart. */
  readonly headers: readonly HeaderPair[];
  readonly body: Uint8Array;
};

export type WireResponse = {
  readonly status: number;
  readonly headers: readonly HeaderPair[];
  readonly body: AnswerBody;
};

/** The answer to what is refused. */
export type Refusal = WireResponse & { readonly body: string };

/** The path's label values, percent-decoded. */
export type Labels = Readonly<Record<string, string>>;

export type Protocol = {
  /** Syntax only: throws the protocol's serialization error when the bytes do not have the input's form. */
  parse(operation: Operation<never>, request: WireRequest, labels: Labels): object;
  respond(service: Service<never>, operation: Operation<never>, output: object, requestId: string): WireResponse;
  refuse(error: ServiceError, requestId: string, xmlNamespace: string): Refusal;
};

/** The first value of the header `name` (lower case), or undefined. */
export function header(request: WireRequest, name: string): string | undefined {
  return request.headers.find(([key]) => key.length === name.length && key.toLowerCase() === name)?.[1];
}

/**
 * Says when a retry may succeed, where the error knows it. Spec: RFC 9110 §10.2.3. AWS's SDKs also know a header of their
 * own, in milliseconds; botocore 1.43 and newer read that one alone.
 */
export function retryAfter({ retryAfterSeconds: seconds }: ServiceError): readonly HeaderPair[] {
  if (seconds === undefined) return [];
  return [
    ['retry-after', String(seconds)],
    ['x-amz-retry-after', String(seconds * 1000)],
  ];
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes as text, or undefined when they are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Percent-decoded text, or undefined when an escape is malformed or not UTF-8. */
export function percentDecoded(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Parameters at most in one query or form. Ours: a stranger's form is read before anything is known of him. */
const maxParameters = 5000;

/** Name and value pairs of a query or form (`+` is a space), or undefined when an escape is malformed or there are too many. */
export function formPairs(text: string): readonly HeaderPair[] | undefined {
  const pairs: HeaderPair[] = [];
  const parts = text.split('&', maxParameters + 1);
  if (parts.length > maxParameters) return undefined;
  for (const part of parts) {
    if (part === '') continue;
    const cut = part.indexOf('=');
    const name = percentDecoded((cut < 0 ? part : part.slice(0, cut)).replaceAll('+', ' '));
    const value = percentDecoded(cut < 0 ? '' : part.slice(cut + 1).replaceAll('+', ' '));
    if (name === undefined || value === undefined) return undefined;
    pairs.push([name, value]);
  }
  return pairs;
}

/** The 32-bit integer that `text` writes in decimal, or undefined. */
export function integerOf(text: string): number | undefined {
  const value = /^-?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return isInt32(value) ? value : undefined;
}

/** Whether AWS's Integer type can hold the number. */
export function isInt32(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) <= 2_147_483_647;
}

/** The bytes that `text` writes in padded standard base64, or undefined. */
export function bytesOf(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** The instant of ISO 8601 text in UTC, or undefined. */
export function instantOf(text: string): Date | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text)) return undefined;
  const instant = new Date(text.replace(/(\.\d{3})\d+Z$/, '$1Z'));
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}
