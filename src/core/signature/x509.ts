// AWS4-X509-*: a request signed with the private key of the certificate it carries, the proof behind CreateSession.
// Whether that certificate is to be trusted is judged elsewhere, and its public key and serial number come from there.
import type { KeyObject } from 'node:crypto';
import type { KeyType } from '../x509/public-key.ts';
import {
  algorithmFor,
  isX509Algorithm,
  type Scheme,
  verifyRaw,
  X509_ALGORITHMS,
  type X509Algorithm,
} from './algorithms.ts';
import {
  algorithmOf,
  duplicateHeader,
  formatAmzDate,
  MAX_AUTHORIZATION_CHARS,
  parseAmzDate,
  parseAuthorization,
  parseCredential,
  parseSignedHeaders,
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
  type SignableRequest,
  scopeText,
  stringToSign,
} from './canonical.ts';

/** A signature and its certificates as stated by the request; nothing in it is proved. */
export type ParsedX509Signature = {
  readonly algorithm: X509Algorithm;
  /** Decimal digits, as given; not covered by the signature, so it must be compared with the certificate. */
  readonly serialNumber: string;
  /** `YYYYMMDD` of the scope, as given. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** As given; `aws4_request` is not yet checked. */
  readonly terminator: string;
  /** Lower case, ascending. */
  readonly signedHeaders: readonly string[];
  /** Raw signature: PKCS#1 block, ECDSA DER or ML-DSA bytes; 1–5,000. */
  readonly signature: Uint8Array;
  /** `YYYYMMDDTHHMMSSZ`, as given. */
  readonly amzDate: string;
  readonly requestTime: Date;
  /** From X-Amz-X509: claimed to be DER of the end-entity certificate, 1 byte–32 KiB. */
  readonly certificateDer: Uint8Array;
  /** From X-Amz-X509-Chain, in wire order, at most 20: an unordered pool that may hold the leaf, roots and strangers. */
  readonly chainDer: readonly Uint8Array[];
};

/** Why a request carries no readable certificate signature. */
export type X509ParseFailure = { readonly ok: false } /** No Authorization header at all. */ & (
  | { readonly reason: 'missing' }
  | { readonly reason: 'duplicateHeader'; readonly name: string }
  | { readonly reason: 'unsupportedAlgorithm'; readonly got: string }
  /** Lacks the parts named: `Credential`, `Signature`, `SignedHeaders`, `X-Amz-Date`, `X-Amz-X509`. */
  | { readonly reason: 'malformedAuthorization'; readonly missing: readonly string[] }
  | {
      readonly reason: 'malformedPair' | 'malformedCredential' | 'malformedDate' | 'malformedSignedHeaders';
      readonly got: string;
    }
  | { readonly reason: 'malformedSignature' | 'malformedCertificate' | 'malformedChain' }
  | { readonly reason: 'oversized'; readonly maxChars: number }
);

/** Outcome of {@link parseX509Authorization}. */
export type X509ParseResult = { readonly ok: true; readonly parsed: ParsedX509Signature } | X509ParseFailure;

/** The service every credential scope of CreateSession names. */
export const ROLESANYWHERE = 'rolesanywhere';

/** Ours: certificates in X-Amz-X509-Chain that are decoded at all; the service's own depth limit is stricter. */
export const MAX_CHAIN_CERTIFICATES = 20;

const MAX_CERTIFICATE_CHARS = 43_692;
const MAX_CHAIN_CHARS = 262_144;
const MAX_SIGNATURE_CHARS = 10_000;
const SINGLE_VALUED = ['authorization', 'host', 'x-amz-date', 'x-amz-x509', 'x-amz-x509-chain'];
// Spec: the Roles Anywhere user guide for x-amz-x509; host and x-amz-date by the rule of Signature Version 4.
const MUST_BE_SIGNED = ['host', 'x-amz-date', 'x-amz-x509'];
const CHAIN_HEADER = 'x-amz-x509-chain';
const MUST_BE_SIGNED_WITH_CHAIN = [...MUST_BE_SIGNED, CHAIN_HEADER];
// RFC 5280 §4.1.2.2 allows 20 octets, 49 digits; certificates that break it are for the certificate's judge to refuse.
const SERIAL = /^\d{1,100}$/;
const SCOPE_DATE = /^\d{8}$/;

/**
 * Reads Authorization, X-Amz-Date, X-Amz-X509 and X-Amz-X509-Chain. Certificates are strict base64 (standard alphabet,
 * padded, no white space inside), white space allowed around the commas. The signature is hex of either case: only its
 * bytes count. Never throws; cost is linear and bounded. `bytesOf`: a memory of {@link certificateBytes} may stand in.
 */
export function parseX509Authorization(
  request: SignableRequest,
  headers = headerIndex(request.headers),
  bytesOf: typeof certificateBytes = certificateBytes,
): X509ParseResult {
  const repeated = duplicateHeader(headers, SINGLE_VALUED);
  if (repeated !== undefined) return { ok: false, reason: 'duplicateHeader', name: repeated };
  const one = (name: string) => canonicalHeaderValue(headers.get(name)?.[0] ?? '');
  const value = one('authorization');
  if (value === '') return { ok: false, reason: 'missing' };
  if (value.length > MAX_AUTHORIZATION_CHARS)
    return { ok: false, reason: 'oversized', maxChars: MAX_AUTHORIZATION_CHARS };
  const algorithm = algorithmOf(value);
  if (!isX509Algorithm(algorithm)) return { ok: false, reason: 'unsupportedAlgorithm', got: algorithm };
  const split = parseAuthorization(value);
  if (!split.ok) return { ok: false, reason: 'malformedPair', got: split.pair };
  const { credential, signedHeaders, signature } = split.pairs;
  const amzDate = one('x-amz-date');
  const certificate = one('x-amz-x509');
  if (!credential || !signature || !signedHeaders || !amzDate || !certificate) {
    const parts = {
      Credential: credential,
      Signature: signature,
      SignedHeaders: signedHeaders,
      'X-Amz-Date': amzDate,
      'X-Amz-X509': certificate,
    };
    const missing = Object.entries(parts).flatMap(([name, part]) => (part ? [] : [name]));
    return { ok: false, reason: 'malformedAuthorization', missing };
  }
  const chain = headers.has(CHAIN_HEADER) ? one(CHAIN_HEADER) : undefined;
  return assemble({ algorithm, credential, signedHeaders, signature, amzDate, certificate, chain }, bytesOf);
}

type Stated = {
  readonly algorithm: X509Algorithm;
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly amzDate: string;
  readonly certificate: string;
  readonly chain: string | undefined;
};

function assemble(stated: Stated, bytesOf: typeof certificateBytes): X509ParseResult {
  const { algorithm, amzDate } = stated;
  const credential = parseCredential(stated.credential);
  if (credential === undefined || !SERIAL.test(credential.identity) || !SCOPE_DATE.test(credential.date))
    return { ok: false, reason: 'malformedCredential', got: stated.credential };
  const requestTime = parseAmzDate(amzDate);
  if (requestTime === undefined) return { ok: false, reason: 'malformedDate', got: amzDate };
  const signedHeaders = parseSignedHeaders(stated.signedHeaders);
  if (signedHeaders === undefined) return { ok: false, reason: 'malformedSignedHeaders', got: stated.signedHeaders };
  const signature = decodedHex(stated.signature);
  if (signature === undefined) return { ok: false, reason: 'malformedSignature' };
  const certificateDer = bytesOf(stated.certificate);
  if (certificateDer === undefined) return { ok: false, reason: 'malformedCertificate' };
  const chainDer = stated.chain === undefined ? [] : decodedChain(stated.chain, bytesOf);
  if (chainDer === undefined) return { ok: false, reason: 'malformedChain' };
  return {
    ok: true,
    parsed: {
      algorithm,
      serialNumber: credential.identity,
      date: credential.date,
      region: credential.region,
      service: credential.service,
      terminator: credential.terminator,
      signedHeaders,
      signature,
      amzDate,
      requestTime,
      certificateDer,
      chainDer,
    },
  };
}

/** What {@link verifyX509Signature} judges with. */
export type X509Verification = {
  readonly request: SignableRequest;
  readonly parsed: ParsedX509Signature;
  /** Of the certificate in X-Amz-X509. */
  readonly publicKey: KeyObject;
  /** What the certificate says of that key. Absent: the key is asked, which takes longer. */
  readonly keyType?: KeyType;
  /** Of the certificate in X-Amz-X509. */
  readonly serialNumber: bigint;
  readonly now: Date;
  /** Default 900, both ways. AWS names no number; thirty minutes off is refused, about ten were seen accepted. */
  readonly skewSeconds?: number;
  /** Absent: any region is taken. */
  readonly region?: string;
  /** Absent: built from the request. */
  readonly headers?: HeaderIndex;
  /** Lower-case hex SHA-256 of the body. Absent: computed. */
  readonly payloadHash?: string | undefined;
};

/** Why a certificate signature is refused. */
export type X509VerifyFailure = {
  readonly ok: false;
} /** `problems` holds all that is wrong with the scope, `reason` the first. */ & (
  | { readonly reason: ScopeProblem['reason']; readonly problems: readonly ScopeProblem[] }
  /** A header that must be covered by the signature and is not. */
  | { readonly reason: 'unsignedHeader'; readonly name: string }
  /** SignedHeaders names a header that the request lacks. */
  | { readonly reason: 'signedHeaderMissing'; readonly name: string }
  | { readonly reason: 'serialMismatch'; readonly expected: string; readonly got: string }
  /** The algorithm does not take the certificate's kind of key. */
  | { readonly reason: 'algorithmMismatch'; readonly algorithm: X509Algorithm; readonly keyType: string | undefined }
  | { readonly reason: 'skew'; readonly skew: SkewProblem }
  | { readonly reason: 'mismatch'; readonly canonicalRequest: string; readonly stringToSign: string }
);

/** Outcome of {@link verifyX509Signature}. */
export type X509Verdict = { readonly ok: true } | X509VerifyFailure;

/**
 * Whether the certificate's key signed this request, for this scope, now. Host, x-amz-date, x-amz-x509 and, when sent,
 * x-amz-x509-chain must be covered. The body is always hashed here; X-Amz-Content-Sha256 is no substitute.
 */
export function verifyX509Signature(given: X509Verification): X509Verdict {
  const question = questionOf(given);
  return question.ok ? verdictOf(question, isSigned(question)) : question;
}

/**
 * As {@link verifyX509Signature}, with the arithmetic on another thread, where there is any: only then there is a promise. Never
 * rejects.
 */
export function verifyX509SignatureAside(given: X509Verification): X509Verdict | Promise<X509Verdict> {
  const question = questionOf(given);
  if (!question.ok) return question;
  const { scheme, publicKey, message, signature } = question;
  if (publicKey.type !== 'public') return verdictOf(question, isSigned(question));
  return scheme.verifyAside(publicKey, message, signature).then((isValid) => verdictOf(question, isValid));
}

/** What is left to ask when all else is in order: whether the key signed the message. */
type SignatureQuestion = {
  readonly ok: true;
  readonly scheme: Scheme;
  readonly publicKey: KeyObject;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly canonicalRequest: string;
  readonly stringToSign: string;
};

function isSigned({ scheme, publicKey, message, signature }: SignatureQuestion): boolean {
  return verifyRaw(scheme, publicKey, message, signature).ok;
}

function verdictOf({ canonicalRequest, stringToSign }: SignatureQuestion, isValid: boolean): X509Verdict {
  return isValid ? { ok: true } : { ok: false, reason: 'mismatch', canonicalRequest, stringToSign };
}

function questionOf(given: X509Verification): SignatureQuestion | X509VerifyFailure {
  const { request, parsed, publicKey, now } = given;
  const headers = given.headers ?? headerIndex(request.headers);
  const problems = scopeProblems(parsed, parsed.amzDate, { region: given.region, service: ROLESANYWHERE });
  const [problem] = problems;
  if (problem !== undefined) return { ok: false, reason: problem.reason, problems };
  const uncovered = coverage(headers, parsed.signedHeaders);
  if (uncovered !== undefined) return uncovered;
  if (BigInt(parsed.serialNumber) !== given.serialNumber)
    return { ok: false, reason: 'serialMismatch', expected: String(given.serialNumber), got: parsed.serialNumber };
  const scheme = X509_ALGORITHMS[parsed.algorithm];
  const isTaken = given.keyType !== undefined && scheme.takes(given.keyType);
  if (!isTaken && !scheme.accepts(publicKey)) {
    const keyType = publicKey.asymmetricKeyType;
    return { ok: false, reason: 'algorithmMismatch', algorithm: parsed.algorithm, keyType };
  }
  const seconds = given.skewSeconds ?? 900;
  const skew = skewProblem(parsed.requestTime, now, { beforeSeconds: seconds, aheadSeconds: seconds });
  if (skew !== undefined) return { ok: false, reason: 'skew', skew };
  const { signedHeaders } = parsed;
  const { payloadHash } = given;
  const canonical = canonicalRequest(request, { signedHeaders, normalizePath: true, headers, payloadHash });
  const text = stringToSign(parsed.algorithm, parsed.amzDate, scopeText(parsed), canonical);
  return {
    ok: true,
    scheme,
    publicKey,
    message: Buffer.from(text, 'utf8'),
    signature: parsed.signature,
    canonicalRequest: canonical,
    stringToSign: text,
  };
}

/** Whose signature {@link signableX509Request} prepares. */
export type X509SigningCertificate = {
  readonly algorithm: X509Algorithm;
  readonly certificateDer: Uint8Array;
  /** Of the certificate; never negative. */
  readonly serialNumber: bigint;
  /** DER of intermediates; absent or empty: no chain header. */
  readonly chainDer?: readonly Uint8Array[];
  readonly region: string;
  readonly now: Date;
  /** What is covered: lower case, ascending, host and what is added among them. Absent: all that proxies leave alone. */
  readonly signedHeaders?: readonly string[];
};

/** A request that lacks nothing but its signature. */
export type SignableX509Request = {
  /** The string to sign, as UTF-8: what the algorithm of {@link X509_ALGORITHMS} takes as its message. */
  readonly message: Uint8Array;
  /** The headers to add: X-Amz-Date, X-Amz-X509, X-Amz-X509-Chain with a chain, Authorization with this signature. */
  readonly signedBy: (signature: Uint8Array) => readonly HeaderPair[];
};

/**
 * What is to be signed, for keys that sign elsewhere: in a KMS, a TPM, a smart card. Throws TypeError when the request has no Host header.
 */
export function signableX509Request(request: SignableRequest, signing: X509SigningCertificate): SignableX509Request {
  const { algorithm, certificateDer, serialNumber, chainDer, region, now } = signing;
  const amzDate = formatAmzDate(now);
  const added: HeaderPair[] = [
    ['X-Amz-Date', amzDate],
    ['X-Amz-X509', base64(certificateDer)],
  ];
  if (chainDer?.length) added.push(['X-Amz-X509-Chain', chainDer.map(base64).join(',')]);
  const full = { ...request, headers: [...request.headers, ...added] };
  const signedHeaders = signing.signedHeaders ?? signableHeaders(full);
  if (!signedHeaders.includes('host')) throw new TypeError('a request without a Host header cannot be signed');
  const scope = scopeFor(amzDate, region, ROLESANYWHERE).text;
  const text = stringToSign(algorithm, amzDate, scope, canonicalRequest(full, { signedHeaders, normalizePath: true }));
  const stated = `${algorithm} Credential=${serialNumber}/${scope}, SignedHeaders=${signedHeaders.join(';')}`;
  return {
    message: Buffer.from(text, 'utf8'),
    signedBy: (signature) => [
      ...added,
      ['Authorization', `${stated}, Signature=${Buffer.from(signature).toString('hex')}`],
    ],
  };
}

/** With what {@link signX509Request} signs: the algorithm is its key's. */
export type X509SigningKeys = Omit<X509SigningCertificate, 'algorithm'> & { readonly privateKey: KeyObject };

/** The headers to add, signed. Throws TypeError when no algorithm takes the key or the request has no Host header. */
export function signX509Request(request: SignableRequest, keys: X509SigningKeys): readonly HeaderPair[] {
  const { privateKey } = keys;
  const algorithm = algorithmFor(privateKey);
  if (algorithm === undefined) throw new TypeError(`no algorithm takes a \`${privateKey.asymmetricKeyType}\` key`);
  const { message, signedBy } = signableX509Request(request, { ...keys, algorithm });
  return signedBy(X509_ALGORITHMS[algorithm].sign(privateKey, message));
}

function coverage(headers: HeaderIndex, signedHeaders: readonly string[]): X509VerifyFailure | undefined {
  for (const name of headers.has(CHAIN_HEADER) ? MUST_BE_SIGNED_WITH_CHAIN : MUST_BE_SIGNED)
    if (!signedHeaders.includes(name)) return { ok: false, reason: 'unsignedHeader', name };
  for (const name of signedHeaders) if (!headers.has(name)) return { ok: false, reason: 'signedHeaderMissing', name };
  return undefined;
}

function decodedHex(text: string): Uint8Array | undefined {
  if (text === '' || text.length > MAX_SIGNATURE_CHARS) return undefined;
  // Node reads up to the first pair that is no hex: all of it was hex if all of it was read.
  const bytes = Buffer.from(text, 'hex');
  return bytes.length * 2 === text.length ? bytes : undefined;
}

/** The bytes of one certificate's strict base64, 1 byte to 32 KiB; undefined where the text is something else. */
export function certificateBytes(text: string): Uint8Array | undefined {
  if (text === '' || text.length > MAX_CERTIFICATE_CHARS) return undefined;
  const der = Buffer.from(text, 'base64');
  // Node reads base64 leniently: only what it writes back identically was strict.
  return der.toString('base64') === text ? der : undefined;
}

function decodedChain(text: string, bytesOf: typeof certificateBytes): readonly Uint8Array[] | undefined {
  if (text.length > MAX_CHAIN_CHARS) return undefined;
  const pieces = text.split(',', MAX_CHAIN_CERTIFICATES + 1);
  if (pieces.length > MAX_CHAIN_CERTIFICATES) return undefined;
  const chain: Uint8Array[] = [];
  for (const piece of pieces) {
    const der = bytesOf(piece.trim());
    if (der === undefined) return undefined;
    chain.push(der);
  }
  return chain;
}

function base64(der: Uint8Array): string {
  return Buffer.from(der).toString('base64');
}
