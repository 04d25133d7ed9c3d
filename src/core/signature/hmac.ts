// AWS4-HMAC-SHA256: verifies what hmac-parse.ts read, and signs, with a secret access key. This file is the room's door
// for secret-key signatures.
import { timingSafeEqual } from 'node:crypto';
import {
  type ExpectedScope,
  formatAmzDate,
  type ScopeProblem,
  type SkewProblem,
  scopeFor,
  scopeProblems,
  signableHeaders,
  skewProblem,
} from './authorization.ts';
import {
  canonicalHeaderValue,
  canonicalRequest,
  type HeaderIndex,
  type HeaderPair,
  headerIndex,
  percentEncode,
  type SignableRequest,
  scopeText,
  sha256Hex,
  stringToSign,
} from './canonical.ts';
import { HMAC_ALGORITHM, MAX_EXPIRES_SECONDS, type ParsedSignature } from './hmac-parse.ts';
import { type KeyedHash, keyedHash } from './keyed-hash.ts';

export {
  HMAC_ALGORITHM,
  type ParsedSignature,
  type ParseFailure,
  type ParseResult,
  parseSignature,
} from './hmac-parse.ts';

/** Seconds a signature may be old or early unless told otherwise. Ours: fifteen minutes, the window of IAM's and STS's own sentence. */
export const SKEW_SECONDS = 900;

/** The HMAC under a derived key: it stands in for the secret access key that the key comes from. */
export type DerivedKey = KeyedHash;

/** What {@link verifySignature} judges with. */
export type Verification = ExpectedScope & {
  readonly request: SignableRequest;
  readonly parsed: ParsedSignature;
  /** The secret, or what {@link derivedKey} makes of it for the parsed scope. */
  readonly secretAccessKey: string | DerivedKey;
  readonly now: Date;
  /** Default 900, both ways. A presigned URL that states its expiry is judged by that instead, backwards. */
  readonly skewSeconds?: number;
  /** Default true; false is S3's rule. */
  readonly normalizePath?: boolean;
  /** Default false. True: the session token was added after signing and is not part of what was signed. */
  readonly omitToken?: boolean;
  /** Absent: built from the request. */
  readonly headers?: HeaderIndex;
  /** Lower-case hex SHA-256 of the body. Absent: computed. */
  readonly payloadHash?: string | undefined;
};

/** Why a signature is refused, with the facts AWS's sentence needs. */
export type VerifyFailure = {
  readonly ok: false;
} /** `problems` holds all that is wrong with the scope, `reason` the first. */ & (
  | { readonly reason: ScopeProblem['reason']; readonly problems: readonly ScopeProblem[] }
  | SkewProblem
  | { readonly reason: 'hostUnsigned' }
  /** A header that must be covered by the signature and is not: the date header or an `x-amz-*`. */
  | { readonly reason: 'unsignedHeader'; readonly name: string }
  /** SignedHeaders names a header that the request lacks. */
  | { readonly reason: 'signedHeaderMissing'; readonly name: string }
  /** `x-amz-content-sha256` is not the hash of the body. */
  | { readonly reason: 'payloadMismatch'; readonly expected: string; readonly got: string }
  /** Both texts as we computed them, for the caller alone, as AWS's sentence repeats them: they may hold its session token. */
  | { readonly reason: 'mismatch'; readonly canonicalRequest: string; readonly stringToSign: string }
);

/** Outcome of {@link verifySignature}. */
export type VerifyResult = { readonly ok: true } | VerifyFailure;

// CloudFront adds its header to what the client signed.
const ADDED_BY_PROXIES: readonly string[] = ['x-amz-cf-id'];
const TOKEN_HEADER = 'x-amz-security-token';
const PAYLOAD_HEADER = 'x-amz-content-sha256';
/** Of a signature: SHA-256 in hex. */
const DIGITS = 64;

/**
 * The derived key: HMAC-SHA256 over date, region, service and `aws4_request` in turn. 32 bytes; as secret as the secret
 * it comes from, for one day, region and service.
 */
export function signingKey(secretAccessKey: string, date: string, region: string, service: string): Buffer {
  return [date, region, service, 'aws4_request'].reduce<Buffer>(
    (key, text) => Buffer.from(keyedHash(key)(text), 'hex'),
    Buffer.from(`AWS4${secretAccessKey}`, 'utf8'),
  );
}

/** The {@link signingKey} as what verifies with it again and again. */
export function derivedKey(secretAccessKey: string, date: string, region: string, service: string): DerivedKey {
  return keyedHash(signingKey(secretAccessKey, date, region, service));
}

/**
 * Whether the parsed signature was made with the secret, over this request, for this scope, now. Checks run from the
 * scope (which names the key) over coverage and clock to the signature itself, compared in constant time.
 * Ours: every `x-amz-*` header must be signed, as AWS's documentation demands of signers, for an unsigned one could be
 * added by anybody; `x-amz-content-sha256`, where present, must be the body's hash, so `UNSIGNED-PAYLOAD` is refused: no
 * service here takes it. The session token's value is the caller's to judge.
 */
export function verifySignature(given: Verification): VerifyResult {
  const { request, parsed, now } = given;
  const headers = given.headers ?? headerIndex(request.headers);
  const problems = scopeProblems(parsed, parsed.amzDate, given);
  const [problem] = problems;
  if (problem !== undefined) return { ok: false, reason: problem.reason, problems };
  const payloadHash = given.payloadHash ?? sha256Hex(request.body);
  const failure = coverage(headers, given) ?? payload(headers, payloadHash);
  if (failure !== undefined) return failure;
  const skewSeconds = given.skewSeconds ?? SKEW_SECONDS;
  const window = { beforeSeconds: parsed.expiresSeconds ?? skewSeconds, aheadSeconds: skewSeconds };
  const skew = skewProblem(parsed.requestTime, now, window);
  if (skew !== undefined) return { ok: false, ...skew };
  return compared(given, headers, payloadHash);
}

function compared(given: Verification, headers: HeaderIndex, payloadHash: string): VerifyResult {
  const { parsed } = given;
  const canonical = canonicalRequest(given.request, {
    signedHeaders: parsed.signedHeaders,
    normalizePath: given.normalizePath ?? true,
    payloadHash,
    omitQuery: parsed.presigned ? omittedQuery(given.omitToken ?? false) : NOTHING_OMITTED,
    headers,
  });
  const text = stringToSign(parsed.algorithm, parsed.amzDate, scopeText(parsed), canonical);
  const { secretAccessKey: secret } = given;
  const key = typeof secret === 'string' ? derivedKey(secret, parsed.date, parsed.region, parsed.service) : secret;
  if (isSameDigest(parsed.signature, key(text))) return { ok: true };
  return { ok: false, reason: 'mismatch', canonicalRequest: canonical, stringToSign: text };
}

// INVARIANT: overwritten at each use, in one synchronous step.
const presentedDigits = Buffer.allocUnsafeSlow(DIGITS);
const expectedDigits = Buffer.allocUnsafeSlow(DIGITS);

/** Constant-time: what the signature should have been is not to be guessed digit by digit. */
function isSameDigest(presented: string, expected: string): boolean {
  if (presented.length !== DIGITS || expected.length !== DIGITS) return false;
  presentedDigits.write(presented, 'latin1');
  expectedDigits.write(expected, 'latin1');
  return timingSafeEqual(presentedDigits, expectedDigits);
}

function coverage(headers: HeaderIndex, { parsed, omitToken = false }: Verification): VerifyFailure | undefined {
  const { signedHeaders: signed, dateHeader } = parsed;
  if (!signed.includes('host')) return { ok: false, reason: 'hostUnsigned' };
  for (const name of signed) if (!headers.has(name)) return { ok: false, reason: 'signedHeaderMissing', name };
  for (const name of headers.keys()) {
    const mustBeSigned = name === dateHeader || name.startsWith('x-amz-');
    if (!mustBeSigned || signed.includes(name) || ADDED_BY_PROXIES.includes(name)) continue;
    if (omitToken && name === TOKEN_HEADER) continue;
    return { ok: false, reason: 'unsignedHeader', name };
  }
  return undefined;
}

function payload(headers: HeaderIndex, expected: string): VerifyFailure | undefined {
  const stated = headers.get(PAYLOAD_HEADER)?.[0];
  const got = stated === undefined ? expected : canonicalHeaderValue(stated);
  return got === expected ? undefined : { ok: false, reason: 'payloadMismatch', expected, got };
}

const NOTHING_OMITTED: readonly string[] = Object.freeze([]);

function omittedQuery(omitToken: boolean): readonly string[] {
  return omitToken ? ['X-Amz-Signature', 'X-Amz-Security-Token'] : ['X-Amz-Signature'];
}

/** With what {@link signRequest} and {@link presignRequest} sign. */
export type SigningKeys = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly region: string;
  readonly service: string;
  readonly now: Date;
  /** Default true; false is S3's rule. */
  readonly normalizePath?: boolean;
};

/**
 * The headers to add: X-Amz-Date, X-Amz-Security-Token with a session token, Authorization. `signedHeaders`, lower case,
 * narrows what is covered; host, date and token always are. Throws TypeError when the request has no Host header.
 */
export function signRequest(
  request: SignableRequest,
  keys: SigningKeys & { readonly signedHeaders?: readonly string[] },
): HeaderPair[] {
  const amzDate = formatAmzDate(keys.now);
  const added: HeaderPair[] = [['X-Amz-Date', amzDate]];
  if (keys.sessionToken !== undefined) added.push(['X-Amz-Security-Token', keys.sessionToken]);
  const full = { ...request, headers: [...request.headers, ...added] };
  const always = ['host', ...added.map(([name]) => name.toLowerCase())];
  const signedHeaders = coveredHeaders(full, always, keys.signedHeaders);
  const scope = scopeFor(amzDate, keys.region, keys.service);
  const signature = signed(full, keys, signedHeaders, amzDate);
  const credential = `${keys.accessKeyId}/${scope.text}`;
  const value = `${HMAC_ALGORITHM} Credential=${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
  return [...added, ['Authorization', value]];
}

/**
 * The raw query of a presigned URL: the request's own, then the `X-Amz-*` parameters, the signature last. `expiresSeconds`
 * 1–604800, RangeError otherwise. Covers the request's headers, normally Host alone; the body must be sent as given.
 * Throws TypeError when the request has no Host header.
 */
export function presignRequest(
  request: SignableRequest,
  keys: SigningKeys & { readonly expiresSeconds: number },
): string {
  if (!Number.isInteger(keys.expiresSeconds) || keys.expiresSeconds < 1 || keys.expiresSeconds > MAX_EXPIRES_SECONDS)
    throw new RangeError(`expiresSeconds must be an integer from 1 to ${MAX_EXPIRES_SECONDS}`);
  const amzDate = formatAmzDate(keys.now);
  const signedHeaders = coveredHeaders(request, ['host']);
  const parameters: HeaderPair[] = [
    ['X-Amz-Algorithm', HMAC_ALGORITHM],
    ['X-Amz-Credential', `${keys.accessKeyId}/${scopeFor(amzDate, keys.region, keys.service).text}`],
    ['X-Amz-Date', amzDate],
    ['X-Amz-Expires', String(keys.expiresSeconds)],
    ['X-Amz-SignedHeaders', signedHeaders.join(';')],
  ];
  if (keys.sessionToken !== undefined) parameters.push(['X-Amz-Security-Token', keys.sessionToken]);
  const stated = parameters.map(([name, value]) => `${name}=${percentEncode(value)}`);
  const rawQuery = [...(request.rawQuery === '' ? [] : [request.rawQuery]), ...stated].join('&');
  return `${rawQuery}&X-Amz-Signature=${signed({ ...request, rawQuery }, keys, signedHeaders, amzDate)}`;
}

function coveredHeaders(
  request: SignableRequest,
  always: readonly string[],
  chosen?: readonly string[],
): readonly string[] {
  const present = signableHeaders(request);
  if (!present.includes('host')) throw new TypeError('a request without a Host header cannot be signed');
  return chosen === undefined ? present : present.filter((name) => always.includes(name) || chosen.includes(name));
}

function signed(
  request: SignableRequest,
  keys: SigningKeys,
  signedHeaders: readonly string[],
  amzDate: string,
): string {
  const canonical = canonicalRequest(request, { signedHeaders, normalizePath: keys.normalizePath ?? true });
  const scope = scopeFor(amzDate, keys.region, keys.service);
  const text = stringToSign(HMAC_ALGORITHM, amzDate, scope.text, canonical);
  return derivedKey(keys.secretAccessKey, scope.date, keys.region, keys.service)(text);
}
