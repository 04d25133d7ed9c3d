// Reads an AWS4-HMAC-SHA256 signature off a request: from the Authorization header, or from the query of a presigned URL.
// Every refusal names what AWS's own sentence would name; nothing is verified here.
import { remember } from '../remember.ts';
import {
  algorithmOf,
  type Credential,
  duplicateHeader,
  formatAmzDate,
  MAX_AUTHORIZATION_CHARS,
  parseAmzDate,
  parseAuthorization,
  parseCredential,
  parseHttpDate,
  parseSignedHeaders,
} from './authorization.ts';
import {
  canonicalHeaderValue,
  type HeaderIndex,
  headerIndex,
  percentDecode,
  queryParameters,
  type SignableRequest,
} from './canonical.ts';

/** The one algorithm name of secret-key signatures. */
export const HMAC_ALGORITHM = 'AWS4-HMAC-SHA256';

/** A signature as stated by the request; nothing in it is proved. */
export type ParsedSignature = {
  readonly algorithm: typeof HMAC_ALGORITHM;
  /** True: from the query string; false: from the Authorization header. */
  readonly presigned: boolean;
  readonly accessKeyId: string;
  /** `YYYYMMDD` of the scope, as given. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** As given; `aws4_request` is not yet checked. */
  readonly terminator: string;
  /** Lower case, ascending. */
  readonly signedHeaders: readonly string[];
  /** 64 lower-case hex digits. */
  readonly signature: string;
  /** Whole seconds. */
  readonly requestTime: Date;
  /** {@link requestTime} as `YYYYMMDDTHHMMSSZ`, as the string to sign has it. */
  readonly amzDate: string;
  /** `x-amz-date`, or `date` when the request has only that; undefined when presigned. */
  readonly dateHeader: 'x-amz-date' | 'date' | undefined;
  /** Seconds 1–604800; presigned only, absent when the URL states none. */
  readonly expiresSeconds: number | undefined;
  /** Session token as given, decoded; not compared with anything here. */
  readonly sessionToken: string | undefined;
};

/** Why a request carries no readable signature. */
export type ParseFailure = {
  readonly ok: false;
  /** Which form the request attempted. */
  readonly presigned: boolean;
} & (
  | { readonly reason: 'missing' }
  /** An Authorization header and `X-Amz-*` query parameters at once. */
  | { readonly reason: 'bothForms' }
  | { readonly reason: 'duplicateHeader' | 'duplicateParameter'; readonly name: string }
  | { readonly reason: 'unsupportedAlgorithm'; readonly got: string }
  /** Lacks the parts named: `Credential`, `Signature`, `SignedHeaders`, `X-Amz-Date`, or their query names. */
  | { readonly reason: 'malformedAuthorization'; readonly missing: readonly string[] }
  /** A piece of the header that is not one of the three `Name=value` pairs, or repeats one. */
  | { readonly reason: 'malformedPair'; readonly got: string }
  | {
      readonly reason: 'malformedCredential' | 'malformedDate' | 'malformedSignedHeaders' | 'malformedExpires';
      readonly got: string;
    }
  /** Not 64 lower-case hex digits; the value is not repeated. */
  | { readonly reason: 'malformedSignature' }
  | { readonly reason: 'oversized'; readonly maxChars: number }
);

/** Outcome of {@link parseSignature}. */
export type ParseResult = { readonly ok: true; readonly signature: ParsedSignature } | ParseFailure;

/** Spec: SigV4 query authentication, `X-Amz-Expires` in seconds, at most seven days. */
export const MAX_EXPIRES_SECONDS = 604_800;

const SINGLE_VALUED = ['authorization', 'host', 'x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256'];
const REQUIRED_QUERY = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders', 'X-Amz-Date'];
const OPTIONAL_QUERY = ['X-Amz-Expires', 'X-Amz-Security-Token'];
// Any of these makes the request a presigned one: the others also occur as ordinary parameters.
const PRESIGNED_MARKS = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature'];
const SCOPE_DATE = /^\d{8}$/;
const EXPIRES = /^\d{1,6}$/;

/**
 * Finds and reads the signature. Never throws; cost is linear in the header block and query. AWS's other carriers
 * (form fields of a POST policy, SigV4A) are not read: they come out as `missing` or `unsupportedAlgorithm`.
 */
export function parseSignature(request: SignableRequest, headers = headerIndex(request.headers)): ParseResult {
  const query = request.rawQuery.includes('X-Amz-') ? presignedQuery(request.rawQuery) : undefined;
  const presigned = query !== undefined && PRESIGNED_MARKS.some((name) => query.has(name));
  const authorization = headers.get('authorization');
  const repeated = duplicateHeader(headers, SINGLE_VALUED);
  if (repeated !== undefined) return { ok: false, presigned, reason: 'duplicateHeader', name: repeated };
  if (presigned && authorization !== undefined) return { ok: false, presigned, reason: 'bothForms' };
  if (presigned) return fromQuery(query, headers);
  const raw = authorization?.[0] ?? '';
  const known = fromKnownStatement(raw, headers);
  if (known !== undefined) return known;
  const value = canonicalHeaderValue(raw);
  return value === '' ? { ok: false, presigned, reason: 'missing' } : fromHeader(value, headers);
}

/** What stands before the digits of a signature: the same in every request of a client in a day, Region and service. */
type Statement = { readonly scope: Credential; readonly signedHeaders: readonly string[] };

const SIGNATURE_DIGITS = 64;
/** Characters before the digits, and how many such texts are remembered: strangers may write them, too. */
const MAX_STATEMENT_CHARS = 512;
const KNOWN_STATEMENTS = 512;

/** Undefined where the text with a signature's digits behind it is not a header that {@link fromHeader} reads. */
const statementOf = remember(
  KNOWN_STATEMENTS,
  (text: string) => text,
  (text): Statement | undefined => {
    const value = text + '0'.repeat(SIGNATURE_DIGITS);
    const parsed = parseAuthorization(value);
    if (canonicalHeaderValue(value) !== value || algorithmOf(value) !== HMAC_ALGORITHM || !parsed.ok) return undefined;
    const { credential = '', signedHeaders: names = '', signature } = parsed.pairs;
    const scope = scopeOf(credential);
    const signedHeaders = parseSignedHeaders(names);
    // Behind the text stands the signature, and nothing else that ends so.
    return signature?.length === SIGNATURE_DIGITS ? scope && signedHeaders && { scope, signedHeaders } : undefined;
  },
);

/** The same as {@link fromHeader}, in fewer steps, for what begins as another header did. */
function fromKnownStatement(raw: string, headers: HeaderIndex): ParseResult | undefined {
  const cut = raw.length - SIGNATURE_DIGITS;
  // Requests that a certificate signs come here, too, each with a text of its own.
  if (cut <= 0 || cut > MAX_STATEMENT_CHARS || !raw.startsWith(HMAC_ALGORITHM)) return undefined;
  const signature = raw.slice(cut);
  if (!isDigest(signature)) return undefined;
  const statement = statementOf(raw.slice(0, cut));
  const dateHeader = dateHeaderOf(headers);
  const date = headers.get(dateHeader)?.[0];
  if (statement === undefined || !date) return undefined;
  const time = timeOf(date, dateHeader);
  if (time === undefined) return undefined;
  const sessionToken = headers.get('x-amz-security-token')?.[0];
  return read(statement, { presigned: false, signature, dateHeader, sessionToken }, time, undefined);
}

function fromHeader(value: string, headers: HeaderIndex): ParseResult {
  const presigned = false;
  if (value.length > MAX_AUTHORIZATION_CHARS)
    return { ok: false, presigned, reason: 'oversized', maxChars: MAX_AUTHORIZATION_CHARS };
  const algorithm = algorithmOf(value);
  if (algorithm !== HMAC_ALGORITHM) return { ok: false, presigned, reason: 'unsupportedAlgorithm', got: algorithm };
  const parsed = parseAuthorization(value);
  if (!parsed.ok) return { ok: false, presigned, reason: 'malformedPair', got: parsed.pair };
  const { credential, signedHeaders, signature } = parsed.pairs;
  const dateHeader = dateHeaderOf(headers);
  const date = headers.get(dateHeader)?.[0];
  if (!credential || !signature || !signedHeaders || !date) {
    // AWS seen: one sentence for each absent part, in this order (recorded by dynalite's tests against DynamoDB).
    const parts = { Credential: credential, Signature: signature, SignedHeaders: signedHeaders, 'X-Amz-Date': date };
    return { ok: false, presigned, reason: 'malformedAuthorization', missing: absent(parts) };
  }
  const sessionToken = headers.get('x-amz-security-token')?.[0];
  return assemble({
    presigned,
    credential,
    signature,
    signedHeaders,
    date,
    dateHeader,
    expires: undefined,
    sessionToken,
  });
}

function fromQuery(query: ReadonlyMap<string, readonly string[]>, headers: HeaderIndex): ParseResult {
  const presigned = true;
  for (const [name, values] of query)
    if (values.length > 1) return { ok: false, presigned, reason: 'duplicateParameter', name };
  const one = (name: string) => query.get(name)?.[0];
  const algorithm = one('X-Amz-Algorithm');
  if (algorithm && algorithm !== HMAC_ALGORITHM)
    return { ok: false, presigned, reason: 'unsupportedAlgorithm', got: algorithm };
  const parts = Object.fromEntries(REQUIRED_QUERY.map((name) => [name, one(name)]));
  const credential = one('X-Amz-Credential');
  const signature = one('X-Amz-Signature');
  const signedHeaders = one('X-Amz-SignedHeaders');
  const date = one('X-Amz-Date');
  if (!algorithm || !credential || !signature || !signedHeaders || !date)
    return { ok: false, presigned, reason: 'malformedAuthorization', missing: absent(parts) };
  const sessionToken = one('X-Amz-Security-Token') ?? headers.get('x-amz-security-token')?.[0];
  const expires = one('X-Amz-Expires');
  return assemble({
    presigned,
    credential,
    signature,
    signedHeaders,
    date,
    dateHeader: undefined,
    expires,
    sessionToken,
  });
}

type Stated = {
  readonly presigned: boolean;
  readonly credential: string;
  readonly signature: string;
  readonly signedHeaders: string;
  readonly date: string;
  readonly dateHeader: ParsedSignature['dateHeader'];
  readonly expires: string | undefined;
  readonly sessionToken: string | undefined;
};

function assemble(stated: Stated): ParseResult {
  const { presigned, dateHeader } = stated;
  const scope = scopeOf(stated.credential);
  if (scope === undefined) return { ok: false, presigned, reason: 'malformedCredential', got: stated.credential };
  const time = timeOf(stated.date, dateHeader);
  if (time === undefined) return { ok: false, presigned, reason: 'malformedDate', got: stated.date };
  const signedHeaders = parseSignedHeaders(stated.signedHeaders);
  if (signedHeaders === undefined)
    return { ok: false, presigned, reason: 'malformedSignedHeaders', got: stated.signedHeaders };
  if (!isDigest(stated.signature)) return { ok: false, presigned, reason: 'malformedSignature' };
  const expiresSeconds = stated.expires === undefined ? undefined : seconds(stated.expires);
  if (expiresSeconds !== undefined && !(expiresSeconds >= 1 && expiresSeconds <= MAX_EXPIRES_SECONDS))
    return { ok: false, presigned, reason: 'malformedExpires', got: stated.expires ?? '' };
  return read({ scope, signedHeaders }, stated, time, expiresSeconds);
}

function read(
  { scope, signedHeaders }: Statement,
  {
    presigned,
    signature,
    dateHeader,
    sessionToken,
  }: Pick<Stated, 'presigned' | 'signature' | 'dateHeader' | 'sessionToken'>,
  { requestTime, amzDate }: StatedTime,
  expiresSeconds: number | undefined,
): ParseResult {
  const { identity: accessKeyId, date, region, service, terminator } = scope;
  return {
    ok: true,
    signature: {
      algorithm: HMAC_ALGORITHM,
      presigned,
      accessKeyId,
      date,
      region,
      service,
      terminator,
      signedHeaders,
      signature,
      requestTime,
      amzDate,
      dateHeader,
      expiresSeconds,
      sessionToken,
    },
  };
}

function dateHeaderOf(headers: HeaderIndex): 'x-amz-date' | 'date' {
  return headers.has('x-amz-date') ? 'x-amz-date' : 'date';
}

/** The scope, whose date has the form of one. */
function scopeOf(credential: string): Credential | undefined {
  const scope = parseCredential(credential);
  return scope !== undefined && SCOPE_DATE.test(scope.date) ? scope : undefined;
}

type StatedTime = Pick<ParsedSignature, 'requestTime' | 'amzDate'>;

const AMZ_DATE_CHARS = 16;
/** What was signed in one second mostly comes in one, too. INVARIANT: nobody changes the date. */
const amzTimeOf = remember(
  256,
  (text: string) => text,
  (amzDate): StatedTime | undefined => {
    const requestTime = parseAmzDate(amzDate);
    return requestTime && { requestTime, amzDate };
  },
);

/** When the request says it was signed; undefined where that is no time. */
function timeOf(date: string, dateHeader: ParsedSignature['dateHeader']): StatedTime | undefined {
  const text = canonicalHeaderValue(date);
  const amzTime = text.length === AMZ_DATE_CHARS ? amzTimeOf(text) : undefined;
  if (amzTime !== undefined) return amzTime;
  const requestTime = dateHeader === 'date' ? parseHttpDate(text) : undefined;
  return requestTime && { requestTime, amzDate: formatAmzDate(requestTime) };
}

/** Whether it is 64 lower-case hex digits. A loop, since every request has them: a regular expression takes thrice as long. */
function isDigest(text: string): boolean {
  if (text.length !== SIGNATURE_DIGITS) return false;
  for (let at = 0; at < SIGNATURE_DIGITS; at += 1) {
    const unit = text.charCodeAt(at);
    const isDigit = unit >= 0x30 && unit <= 0x39;
    if (!isDigit && (unit < 0x61 || unit > 0x66)) return false;
  }
  return true;
}

function seconds(text: string): number {
  return EXPIRES.test(text) ? Number(text) : Number.NaN;
}

function absent(parts: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.keys(parts).filter((name) => !parts[name]);
}

/** The parameters of a presigned URL that the query has. */
function presignedQuery(rawQuery: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { name, value } of queryParameters(rawQuery)) {
    if (!REQUIRED_QUERY.includes(name) && !OPTIONAL_QUERY.includes(name)) continue;
    const values = found.get(name);
    if (values === undefined) found.set(name, [percentDecode(value)]);
    else values.push(percentDecode(value));
  }
  return found;
}
