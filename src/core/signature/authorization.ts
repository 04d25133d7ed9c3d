// What HMAC and X.509 signatures state in the same words: the Authorization header's grammar, the credential scope, the
// signed header list, the signing time. Parsing is strict and bounded; nothing here knows a key.
import { type HeaderIndex, type SignableRequest, scopeText } from './canonical.ts';

/** The three pairs of an Authorization header; an empty or absent one is undefined. */
export type AuthorizationPairs = {
  readonly algorithm: string;
  readonly credential: string | undefined;
  readonly signedHeaders: string | undefined;
  readonly signature: string | undefined;
};

/** `identity/date/region/service/terminator`, split, none of it judged. */
export type Credential = {
  /** Access key id, or certificate serial number in decimal. */
  readonly identity: string;
  /** Meant to be `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** Meant to be `aws4_request`. */
  readonly terminator: string;
};

/** What the scope must name. An absent member is not compared. */
export type ExpectedScope = { readonly region?: string | undefined; readonly service?: string | undefined };

/** Why a scope does not fit; `expected` and `got` are what AWS's sentence quotes. */
export type ScopeProblem = {
  readonly reason: 'scopeRegion' | 'scopeService' | 'scopeTerminator' | 'scopeDate';
  readonly expected: string;
  readonly got: string;
};

/** A clock outside the window; `limit` is the last instant that would have passed. Inclusive bounds. */
export type SkewProblem = {
  readonly reason: 'expired' | 'notYetCurrent';
  readonly signatureTime: Date;
  readonly serverTime: Date;
  readonly limit: Date;
};

/** The last piece of every credential scope. */
export const TERMINATOR = 'aws4_request';

/** Ours: characters of an Authorization header; an ML-DSA-87 signature alone is 9,254. */
export const MAX_AUTHORIZATION_CHARS = 32_768;

const MAX_SIGNED_HEADERS = 200;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const PAIR_NAMES: readonly string[] = ['Credential', 'SignedHeaders', 'Signature'];
const AMZ_DATE = /^\d{8}T\d{6}Z$/;

/**
 * Splits `ALGORITHM Credential=…, SignedHeaders=…, Signature=…`; white space after the commas is optional. `pair` names
 * the piece that has no `=`, an unknown name or a second value. The header's length is the caller's to bound.
 */
export function parseAuthorization(
  value: string,
): { readonly ok: true; readonly pairs: AuthorizationPairs } | { readonly ok: false; readonly pair: string } {
  const text = value.trim();
  const space = text.indexOf(' ');
  const algorithm = space < 0 ? text : text.slice(0, space);
  const found = new Map<string, string>();
  for (const raw of space < 0 ? [] : text.slice(space + 1).split(',')) {
    const piece = raw.trim();
    const equals = piece.indexOf('=');
    const name = equals < 0 ? '' : piece.slice(0, equals);
    if (!PAIR_NAMES.includes(name) || found.has(name)) return { ok: false, pair: piece };
    found.set(name, piece.slice(equals + 1));
  }
  const member = (name: string) => found.get(name) || undefined;
  return {
    ok: true,
    pairs: {
      algorithm,
      credential: member('Credential'),
      signedHeaders: member('SignedHeaders'),
      signature: member('Signature'),
    },
  };
}

/** Splits a credential; undefined unless it has exactly five non-empty pieces. */
export function parseCredential(text: string): Credential | undefined {
  const [identity, date, region, service, terminator, ...rest] = text.split('/', 6);
  if (!identity || !date || !region || !service || !terminator || rest.length > 0) return undefined;
  return { identity, date, region, service, terminator };
}

/**
 * The names of `a;b;c`; undefined unless all are lower-case header names in strictly ascending order, at most 200.
 * Ours: every AWS signer sorts and lower-cases; a list that says a name twice or out of order is not a signature we judge.
 */
export function parseSignedHeaders(text: string): readonly string[] | undefined {
  const names = text.split(';', MAX_SIGNED_HEADERS + 1);
  if (names.length > MAX_SIGNED_HEADERS) return undefined;
  let previous = '';
  for (const name of names) {
    if (!TOKEN.test(name) || name <= previous) return undefined;
    previous = name;
  }
  return names;
}

/** The instant of `YYYYMMDDTHHMMSSZ`; undefined for another form or a time that does not exist. */
export function parseAmzDate(text: string): Date | undefined {
  if (!AMZ_DATE.test(text)) return undefined;
  const part = (from: number, to: number) => Number(text.slice(from, to));
  const [year, month, day] = [part(0, 4), part(4, 6) - 1, part(6, 8)];
  const [hour, minute, second] = [part(9, 11), part(11, 13), part(13, 15)];
  const time = new Date(Date.UTC(year, month, day, hour, minute, second));
  // What does not exist has become another time: the 30th of February, a 61st second, years that count from 1900.
  const exists =
    time.getUTCFullYear() === year &&
    time.getUTCMonth() === month &&
    time.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  return exists ? time : undefined;
}

/** The instant of an HTTP `Date` header, `Sun, 30 Aug 2015 12:36:00 GMT`; undefined for any other form. Spec: RFC 9110 §5.6.7 */
export function parseHttpDate(text: string): Date | undefined {
  if (text.length !== 29) return undefined;
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toUTCString() === text ? time : undefined;
}

/** `YYYYMMDDTHHMMSSZ`, fractions of a second dropped. The date must be valid. */
export function formatAmzDate(time: Date): string {
  const text = time.toISOString();
  const [date, clock] = [text.slice(0, 10), text.slice(11, 19)];
  return `${date.replaceAll('-', '')}T${clock.replaceAll(':', '')}Z`;
}

/** The first of these single-valued headers that the request has more than once. */
export function duplicateHeader(headers: HeaderIndex, singleValued: readonly string[]): string | undefined {
  return singleValued.find((name) => (headers.get(name)?.length ?? 0) > 1);
}

/** Every respect in which the scope is wrong, in the order in which AWS strings its sentences together. */
export function scopeProblems(
  scope: Omit<Credential, 'identity'>,
  amzDate: string,
  expected: ExpectedScope,
): readonly ScopeProblem[] {
  const rows: readonly [ScopeProblem['reason'], string | undefined, string][] = [
    ['scopeRegion', expected.region, scope.region],
    ['scopeService', expected.service, scope.service],
    ['scopeTerminator', TERMINATOR, scope.terminator],
    ['scopeDate', amzDate.slice(0, 8), scope.date],
  ];
  return rows.flatMap(([reason, wanted, got]) =>
    wanted === undefined || wanted === got ? [] : [{ reason, expected: wanted, got }],
  );
}

/** Whether the request was signed within `beforeSeconds` before and `aheadSeconds` after now; undefined when it was. */
export function skewProblem(
  signatureTime: Date,
  serverTime: Date,
  window: { readonly beforeSeconds: number; readonly aheadSeconds: number },
): SkewProblem | undefined {
  const earliest = new Date(serverTime.getTime() - window.beforeSeconds * 1000);
  const latest = new Date(serverTime.getTime() + window.aheadSeconds * 1000);
  if (signatureTime < earliest) return { reason: 'expired', signatureTime, serverTime, limit: earliest };
  if (signatureTime > latest) return { reason: 'notYetCurrent', signatureTime, serverTime, limit: latest };
  return undefined;
}

/** The scope a signer writes: today's date, the region and service, the terminator. */
export function scopeFor(amzDate: string, region: string, service: string): { date: string; text: string } {
  const date = amzDate.slice(0, 8);
  return { date, text: scopeText({ date, region, service, terminator: TERMINATOR }) };
}

// Hop-by-hop, rewritten by proxies or set by HTTP clients after signing. The list of botocore and @smithy/signature-v4.
const UNSIGNABLE: ReadonlySet<string> = new Set([
  'accept-encoding',
  'authorization',
  'cache-control',
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'x-amzn-trace-id',
]);

/** The headers a signer covers unless told otherwise: all that proxies and HTTP clients leave alone, ascending. */
export function signableHeaders(request: Pick<SignableRequest, 'headers'>): readonly string[] {
  const names = new Set(request.headers.map(([name]) => name.toLowerCase()));
  return [...names].filter((name) => !UNSIGNABLE.has(name)).sort();
}
