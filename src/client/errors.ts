// What goes wrong on the way to credentials, as one kind of error: AWS's code and request id where the server answered, a
// code of ours where nothing reached it, and what to do about it. No message holds a key, a password or a token.

/** Codes of ours: what went wrong before, beside or after AWS's answer. AWS's own codes end in `Exception`. */
export type LocalCode =
  | 'InvalidOptions'
  | 'RegionMismatch'
  | 'IdentityUnreadable'
  | 'PasswordMissing'
  | 'PasswordWrong'
  | 'UnsupportedEncryption'
  | 'UnsupportedKey'
  | 'KeyMismatch'
  | 'CertificateExpired'
  | 'CertificateNotYetValid'
  | 'SignerFailed'
  | 'NotReached'
  | 'TimedOut'
  | 'UnusableAnswer';

/** What is known of a failure beyond its sentence. */
export type Circumstances = {
  /** What to do about it: a clause, lower case. */
  readonly hint?: string | undefined;
  /** HTTP status of the answer, the server's or a proxy's. Absent: there was none. */
  readonly status?: number | undefined;
  /** AWS's request id of the answer. */
  readonly requestId?: string | undefined;
  /** What the server said to wait before the next attempt. */
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
};

/** Why there are no credentials. The message is the whole story in one line: code, sentence, status, request id, hint. */
export class RolesAnywhereError extends Error {
  override readonly name = 'RolesAnywhereError';
  /** {@link LocalCode}, or AWS's code, as `AccessDeniedException`. */
  readonly code: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly hint: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: string, sentence: string, circumstances: Circumstances = {}) {
    const { hint, status, requestId, retryAfterSeconds, cause } = circumstances;
    const answer = [status && `status ${status}`, requestId && `request ${requestId}`].filter(Boolean).join(', ');
    super(`${code}: ${sentence}${answer && ` (${answer})`}${hint === undefined ? '' : `; ${hint}`}`, { cause });
    this.code = code;
    this.status = status;
    this.requestId = requestId;
    this.hint = hint;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The error for one of our own codes. */
export function failure(code: LocalCode, sentence: string, circumstances?: Circumstances): RolesAnywhereError {
  return new RolesAnywhereError(code, sentence, circumstances);
}

/** Milliseconds that the server said to wait before the next attempt; 0 where it said nothing. */
export function saidToWaitMilliseconds(error: unknown): number {
  return error instanceof RolesAnywhereError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
}
