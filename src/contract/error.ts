// Errors as the wire knows them: a code, a status and a sentence. Operations declare the ones they may answer; the
// errors that any call may meet stand in one table with the spelling of each protocol.

/** The two wire protocols' names. */
export type ProtocolName = 'rest-json' | 'query';

/** An answer that is an error: what the caller is told, and for the operator alone, why. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  /** AWS's error code, as it travels. */
  readonly code: string;
  /** HTTP status, 400–599. */
  readonly status: number;
  /** The reason for the audit event and the operator; never sent to the caller. */
  readonly reason: Reason | undefined;
  /** Whole seconds after which the same call may succeed; undefined where nobody knows. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: string, status: number, message: string, reason?: Reason, retryAfterSeconds?: number) {
    super(message);
    this.code = code;
    this.status = status;
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Why a call was refused, in words a program can read: `reason` names the rule, the rest is what it met. */
export type Reason = { readonly reason: string; readonly [fact: string]: unknown };

/** Makes errors of one code: `const NoSuchEntity = error('NoSuchEntity', 404)`, then `throw NoSuchEntity('…')`. */
export type ErrorMaker = {
  (message: string, reason?: Reason): ServiceError;
  readonly code: string;
  readonly status: number;
};

export function error(code: string, status: number): ErrorMaker {
  const make = (message: string, reason?: Reason) => new ServiceError(code, status, message, reason);
  return Object.freeze(Object.assign(make, { code, status }));
}

type Spelling = readonly [code: string, status: number];
type CommonRow = { readonly [P in ProtocolName]: Spelling };

// AWS doc: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html (query) and
// https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/CommonErrors.html (rest-json).
const common = {
  accessDenied: { 'rest-json': ['AccessDeniedException', 403], query: ['AccessDenied', 403] },
  expiredToken: { 'rest-json': ['ExpiredTokenException', 403], query: ['ExpiredToken', 403] },
  incompleteSignature: { 'rest-json': ['IncompleteSignatureException', 403], query: ['IncompleteSignature', 403] },
  invalidSignature: { 'rest-json': ['InvalidSignatureException', 403], query: ['SignatureDoesNotMatch', 403] },
  unknownKey: { 'rest-json': ['UnrecognizedClientException', 403], query: ['InvalidClientTokenId', 403] },
  missingAuthentication: {
    'rest-json': ['MissingAuthenticationTokenException', 403],
    query: ['MissingAuthenticationToken', 403],
  },
  missingAction: { 'rest-json': ['MissingAction', 400], query: ['MissingAction', 400] },
  unknownOperation: { 'rest-json': ['UnknownOperationException', 404], query: ['InvalidAction', 400] },
  // Ours: known to AWS and not served here; 400 and not 501, so that no client retries it.
  notServed: { 'rest-json': ['NotImplementedException', 400], query: ['NotImplemented', 400] },
  serialization: { 'rest-json': ['SerializationException', 400], query: ['MalformedQueryString', 400] },
  validation: { 'rest-json': ['ValidationException', 400], query: ['ValidationError', 400] },
  invalidParameter: { 'rest-json': ['ValidationException', 400], query: ['InvalidParameterValue', 400] },
  tooLarge: { 'rest-json': ['RequestEntityTooLargeException', 413], query: ['RequestEntityTooLarge', 413] },
  // Each with the status at which botocore's legacy retries know it: `Throttling` only with 400, and 429 by itself.
  throttled: { 'rest-json': ['ThrottlingException', 429], query: ['Throttling', 400] },
  unavailable: { 'rest-json': ['ServiceUnavailableException', 503], query: ['ServiceUnavailable', 503] },
  internal: { 'rest-json': ['InternalFailure', 500], query: ['InternalFailure', 500] },
} as const satisfies Record<string, CommonRow>;

export type CommonError = keyof typeof common;

/** The common error `kind` in the spelling of `protocol`. */
export function commonError(
  kind: CommonError,
  protocol: ProtocolName,
  message: string,
  reason?: Reason,
  retryAfterSeconds?: number,
): ServiceError {
  const [code, status] = common[kind][protocol];
  return new ServiceError(code, status, message, reason, retryAfterSeconds);
}
