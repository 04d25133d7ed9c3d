// The canonical request and the string to sign: the bytes both sides of a Signature Version 4 signature agree on.
// One implementation serves HMAC and X.509 signatures, signing and verifying, so that they cannot drift apart.
// Everything here is total: malformed percent escapes, lone surrogates and absent headers never throw, cost is linear.
import { hash } from 'node:crypto';
import { remember, rememberOf } from '../remember.ts';

/** One header as received: the name in any case, the value as Unicode text (wire bytes decoded as UTF-8), untrimmed. */
export type HeaderPair = readonly [name: string, value: string];

/**
 * A request in the form signatures need. Whoever serves behind a path prefix strips it before building this: the
 * official credential helper signs the literal `/sessions` whatever prefix its endpoint has. Over HTTP/2 `:authority`
 * stands in as `host`.
 */
export type SignableRequest = {
  /** Upper case, as on the request line. */
  readonly method: string;
  /** Raw, percent escapes untouched, without the query. */
  readonly path: string;
  /** Raw, without the `?`; empty when there is none. */
  readonly rawQuery: string;
  /** In wire order, duplicates kept. */
  readonly headers: readonly HeaderPair[];
  readonly body: Uint8Array;
};

/** Header values by lower-case name, in wire order. Built once per request by {@link headerIndex}. */
export type HeaderIndex = ReadonlyMap<string, readonly string[]>;

/** What {@link canonicalRequest} needs beyond the request. */
export type CanonicalOptions = {
  /** Lower-case names, ascending. A name the request lacks contributes an empty value. */
  readonly signedHeaders: readonly string[];
  /**
   * True for every service but S3: dot segments and repeated slashes are removed, then the path *as on the wire* is
   * encoded once more (`%20` becomes `%2520`). False: no normalisation, and each byte is encoded exactly once.
   */
  readonly normalizePath: boolean;
  /** Lower-case hex SHA-256 of the body. Absent: computed from `request.body`. */
  readonly payloadHash?: string | undefined;
  /** Decoded names of query parameters left out: `X-Amz-Signature`, and a token added after signing. */
  readonly omitQuery?: readonly string[];
  /** Absent: built from the request. */
  readonly headers?: HeaderIndex;
};

/** One query parameter, name and value in canonical encoding. */
export type QueryParameter = { readonly name: string; readonly value: string };

const PLAIN = /^[A-Za-z0-9\-._~]*$/;
// What a canonical spelling never has: a character that must be escaped, or an escape that is malformed, in lower case or of
// an unreserved character. Looked for rather than matched whole: one pass, and no memory of where it was.
const UNCANONICAL = /[^A-Za-z0-9\-._~%]|%(?!(?:[0189A-F][0-9A-F]|2[0-9A-CF]|3[A-F]|40|5[B-E]|60|7[B-DF]))/;
/** Paths that are their own canonical form: no segment is empty, begins with a dot or holds what must be escaped. */
const PLAIN_PATH = /^(?:\/[A-Za-z0-9\-_~][A-Za-z0-9\-._~]*)*\/?$/;
const UNTIDY_SPACE = /^ | $| {2}|[\t\n\v\f\r]/;
const ESCAPED = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return byte < 0x80 && PLAIN.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

const SHA256_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Lower-case hex SHA-256 of text (as UTF-8) or bytes. */
export function sha256Hex(data: string | Uint8Array): string {
  return data.length === 0 ? SHA256_OF_NOTHING : hash('sha256', data, 'hex');
}

/**
 * Percent-encodes every byte of the UTF-8 text outside `A-Za-z0-9-_.~`, upper-case hex. Lone surrogates become U+FFFD.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (UriEncode)
 */
export function percentEncode(text: string): string {
  return PLAIN.test(text) ? text : encodeBytes(Buffer.from(text, 'utf8'));
}

/** Undoes percent escapes; a `%` not followed by two hex digits stands for itself; `+` is a plus. Invalid UTF-8 becomes U+FFFD. */
export function percentDecode(text: string): string {
  return text.includes('%') ? decodedBytes(text).toString('utf8') : text;
}

/** Decodes, then encodes: every spelling of the same bytes gets the one canonical spelling. */
export function canonicalEncode(text: string): string {
  // Signers mostly send what is canonical already.
  if (!UNCANONICAL.test(text)) return text;
  return text.includes('%') ? encodeBytes(decodedBytes(text)) : percentEncode(text);
}

/** The parameters of a raw query in wire order, canonically encoded; empty pieces (`&&`) are nothing. */
export function queryParameters(rawQuery: string): QueryParameter[] {
  const parameters: QueryParameter[] = [];
  for (const piece of rawQuery.split('&')) {
    if (piece === '') continue;
    const equals = piece.indexOf('=');
    const name = canonicalEncode(equals < 0 ? piece : piece.slice(0, equals));
    const value = equals < 0 ? '' : canonicalEncode(piece.slice(equals + 1));
    parameters.push({ name, value });
  }
  return parameters;
}

/** Sorted by name, then by value, in byte order, joined with `&`. */
export function canonicalQuery(rawQuery: string, omit: readonly string[] = []): string {
  if (rawQuery === '') return '';
  return omit.length === 0 && rawQuery.length <= MAX_REMEMBERED_CHARS ? sortedQuery(rawQuery) : sorted(rawQuery, omit);
}

// A client asks the same again and again: one profile, one role. Whoever asks otherwise each time is sorted each time.
const MAX_REMEMBERED_CHARS = 1024;
const sortedQuery = remember(
  256,
  (rawQuery: string) => rawQuery,
  (rawQuery) => sorted(rawQuery, []),
);

function sorted(rawQuery: string, omit: readonly string[]): string {
  const omitted = new Set(omit.map(percentEncode));
  return queryParameters(rawQuery)
    .filter(({ name }) => !omitted.has(name))
    .sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join('&');
}

/**
 * The canonical path; see {@link CanonicalOptions.normalizePath}. `/a/b/..` is `/a`, without the slash RFC 3986 would
 * leave: botocore, aws-c-auth and the JavaScript SDK agree on that.
 */
export function canonicalPath(path: string, normalizePath: boolean): string {
  if (!normalizePath) return path === '' ? '/' : path.split('/').map(canonicalEncode).join('/');
  if (path !== '' && PLAIN_PATH.test(path)) return path;
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(percentEncode(segment));
  }
  const trailing = kept.length > 0 && path.endsWith('/') ? '/' : '';
  return `/${kept.join('/')}${trailing}`;
}

/** The values of each header by lower-case name. */
export function headerIndex(headers: readonly HeaderPair[]): HeaderIndex {
  const index = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const values = index.get(key);
    if (values === undefined) index.set(key, [value]);
    else values.push(value);
  }
  return index;
}

/** Trimmed; each run of white space, line folds included, is one space. Only ASCII white space counts. */
export function canonicalHeaderValue(value: string): string {
  if (!UNTIDY_SPACE.test(value)) return value;
  return value
    .split(/[ \t\n\v\f\r]+/)
    .filter(Boolean)
    .join(' ');
}

/**
 * Method, path, query, `name:value` lines of the signed headers (duplicates joined with `,` in wire order), the signed
 * names joined with `;`, and the payload hash, joined with line feeds.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function canonicalRequest(request: SignableRequest, options: CanonicalOptions): string {
  const { signedHeaders, normalizePath, omitQuery, payloadHash = sha256Hex(request.body) } = options;
  const headers = options.headers ?? headerIndex(request.headers);
  let lines = '';
  for (const name of signedHeaders) lines += `${name}:${canonicalHeaderValues(headers.get(name))}\n`;
  const path = canonicalPath(request.path, normalizePath);
  const query = canonicalQuery(request.rawQuery, omitQuery);
  return `${request.method}\n${path}\n${query}\n${lines}\n${joinedNames(signedHeaders)}\n${payloadHash}`;
}

/** A verifier is given the same list for the same client. */
const joinedNames = rememberOf((names: readonly string[]) => names.join(';'));

function canonicalHeaderValues(values: readonly string[] = []): string {
  const [value] = values;
  return value !== undefined && values.length === 1
    ? canonicalHeaderValue(value)
    : values.map(canonicalHeaderValue).join(',');
}

/** `date/region/service/terminator`, the scope as it stands in the string to sign. */
export function scopeText(scope: { date: string; region: string; service: string; terminator: string }): string {
  return `${scope.date}/${scope.region}/${scope.service}/${scope.terminator}`;
}

/** Algorithm, time (`YYYYMMDDTHHMMSSZ`), scope text and the hash of the canonical request, joined with line feeds. */
export function stringToSign(algorithm: string, amzDate: string, scope: string, canonical: string): string {
  return `${algorithm}\n${amzDate}\n${scope}\n${sha256Hex(canonical)}`;
}

function decodedBytes(text: string): Buffer {
  const source = Buffer.from(text, 'utf8');
  const bytes = Buffer.alloc(source.length);
  let length = 0;
  for (let at = 0; at < source.length; at += 1) {
    const high = source[at] === 0x25 ? hexDigit(source[at + 1]) : -1;
    const low = high < 0 ? -1 : hexDigit(source[at + 2]);
    if (low >= 0) {
      bytes[length] = high * 16 + low;
      at += 2;
    } else bytes[length] = source[at] ?? 0;
    length += 1;
  }
  return bytes.subarray(0, length);
}

/** What the ASCII character is worth as a hex digit; -1 for any other and for none. */
function hexDigit(character = 0): number {
  if (character >= 0x30 && character <= 0x39) return character - 0x30;
  const letter = character | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function encodeBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += ESCAPED[byte];
  return text;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
