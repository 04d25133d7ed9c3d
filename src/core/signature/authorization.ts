// What HMAC and X.509 signatures state in the same words: the Authorization header's grammar, the credential scope, the
// signed header list, the signing time. Parsing is strict and bounded; nothing here knows a key.
import { remember } from '../remember.ts';
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
// Header names in lower case, joined.
const SIGNED_HEADERS = /^[!#$%&'*+\-.^_`|~0-9a-z]+(?:;[!#$%&'*+\-.^_`|~0-9a-z]+)*$/;
const AMZ_DATE_LENGTH = 16;

/** The first word of an Authorization header. */
export function algorithmOf(value: string): string {
  const space = value.indexOf(' ');
  return space < 0 ? value : value.slice(0, space);
}

/**
 * Splits `ALGORITHM Credential=…, SignedHeaders=…, Signature=…`; white space after the commas is optional. `pair` names
 * the piece that has no `=`, an unknown name or a second value. The header's length is the caller's to bound.
 */
export function parseAuthorization(
  value: string,
): { readonly ok: true; readonly pairs: AuthorizationPairs } | { readonly ok: false; readonly pair: string } {
  const text = value.trim();
  const algorithm = algorithmOf(text);
  const found: { [name in PairName]: string | undefined } = { ...NO_PAIRS };
  for (let from = algorithm.length + 1; from <= text.length; ) {
    const comma = text.indexOf(',', from);
    const end = comma < 0 ? text.length : comma;
    const piece = text.slice(from, end).trim();
    const name = pairName(piece);
    if (name === undefined || found[name] !== undefined) return { ok: false, pair: piece };
    found[name] = piece.slice(name.length + 1);
    from = end + 1;
  }
  const { credential, signedHeaders, signature } = found;
  return {
    ok: true,
    pairs: {
      algorithm,
      credential: credential || undefined,
      signedHeaders: signedHeaders || undefined,
      signature: signature || undefined,
    },
  };
}

type PairName = 'credential' | 'signedHeaders' | 'signature';

const NO_PAIRS = { credential: undefined, signedHeaders: undefined, signature: undefined };

/** Whose value the piece states, by its beginning. */
function pairName(piece: string): PairName | undefined {
  if (piece.startsWith('Credential=')) return 'credential';
  if (piece.startsWith('SignedHeaders=')) return 'signedHeaders';
  return piece.startsWith('Signature=') ? 'signature' : undefined;
}

/** Splits a credential; undefined unless it has exactly five non-empty pieces. */
export function parseCredential(text: string): Credential | undefined {
  const date = text.indexOf('/') + 1;
  const region = text.indexOf('/', date) + 1;
  const service = text.indexOf('/', region) + 1;
  const terminator = text.indexOf('/', service) + 1;
  // In order, for a piece that is not there is looked for at 0 again; each has a character before its slash, and none follows.
  const isWhole = date > 1 && region > date + 1 && service > region + 1 && terminator > service + 1;
  if (!isWhole || terminator === text.length || text.includes('/', terminator)) return undefined;
  return {
    identity: text.slice(0, date - 1),
    date: text.slice(date, region - 1),
    region: text.slice(region, service - 1),
    service: text.slice(service, terminator - 1),
    terminator: text.slice(terminator),
  };
}

/**
 * The names of `a;b;c`; undefined unless all are lower-case header names in strictly ascending order, at most 200.
 * Ours: every AWS signer sorts and lower-cases; a list that says a name twice or out of order is not a signature we judge.
 */
export function parseSignedHeaders(text: string): readonly string[] | undefined {
  return text.length <= MAX_REMEMBERED_CHARS ? knownNames(text) : namesOf(text);
}

// Clients have few such lists, and what is worked out of one is remembered by it.
const MAX_REMEMBERED_CHARS = 512;
const knownNames = remember(256, (text: string) => text, namesOf);

function namesOf(text: string): readonly string[] | undefined {
  if (!SIGNED_HEADERS.test(text)) return undefined;
  const names = text.split(';', MAX_SIGNED_HEADERS + 1);
  if (names.length > MAX_SIGNED_HEADERS) return undefined;
  let previous = '';
  for (const name of names) {
    if (name <= previous) return undefined;
    previous = name;
  }
  return Object.freeze(names);
}

/** The instant of `YYYYMMDDTHHMMSSZ`; undefined for another form or a time that does not exist. */
export function parseAmzDate(text: string): Date | undefined {
  if (text.length !== AMZ_DATE_LENGTH || text[8] !== 'T' || text[15] !== 'Z') return undefined;
  const [year, month, day] = [digits(text, 0, 4), digits(text, 4, 6), digits(text, 6, 8)];
  const [hour, minute, second] = [digits(text, 9, 11), digits(text, 11, 13), digits(text, 13, 15)];
  // Years that count from 1900 to Date are none of ours.
  const isClock = year >= 100 && month >= 1 && day >= 1 && hour >= 0 && minute >= 0 && second >= 0;
  if (!isClock || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
  const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // A day that the month does not have has become another month's.
  return time.getUTCDate() === day ? time : undefined;
}

/** The number of these decimal digits; negative where one of them is none. */
function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
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
  for (const name of singleValued) {
    const values = headers.get(name);
    if (values !== undefined && values.length > 1) return name;
  }
  return undefined;
}

/** Every respect in which the scope is wrong, in the order in which AWS strings its sentences together. */
export function scopeProblems(
  scope: Omit<Credential, 'identity'>,
  amzDate: string,
  expected: ExpectedScope,
): readonly ScopeProblem[] {
  const { region = scope.region, service = scope.service } = expected;
  const date = amzDate.slice(0, 8);
  const isRight =
    region === scope.region && service === scope.service && TERMINATOR === scope.terminator && date === scope.date;
  if (isRight) return NO_PROBLEMS;
  const rows: readonly ScopeProblem[] = [
    { reason: 'scopeRegion', expected: region, got: scope.region },
    { reason: 'scopeService', expected: service, got: scope.service },
    { reason: 'scopeTerminator', expected: TERMINATOR, got: scope.terminator },
    { reason: 'scopeDate', expected: date, got: scope.date },
  ];
  return rows.filter((row) => row.expected !== row.got);
}

const NO_PROBLEMS: readonly ScopeProblem[] = Object.freeze([]);

/** Whether the request was signed within `beforeSeconds` before and `aheadSeconds` after now; undefined when it was. */
export function skewProblem(
  signatureTime: Date,
  serverTime: Date,
  window: { readonly beforeSeconds: number; readonly aheadSeconds: number },
): SkewProblem | undefined {
  const [signed, now] = [signatureTime.getTime(), serverTime.getTime()];
  const earliest = now - window.beforeSeconds * 1000;
  const latest = now + window.aheadSeconds * 1000;
  if (signed < earliest) return { reason: 'expired', signatureTime, serverTime, limit: new Date(earliest) };
  if (signed > latest) return { reason: 'notYetCurrent', signatureTime, serverTime, limit: new Date(latest) };
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
