// What comes of asking a place for a list, whatever kind of place it is.

/** Why there are no bytes. `detail` is a word: a status, a code of the system, never a text of the other side's. */
export type FetchProblem =
  | 'timeout'
  | 'notReached'
  | 'badStatus'
  | 'badRedirect'
  | 'redirectNotAllowed'
  | 'tooManyRedirects'
  | 'compressed'
  | 'tooLarge'
  | 'notFound'
  | 'notRegularFile'
  | 'outsideDirectories';

export type FetchFailure = { readonly ok: false; readonly reason: FetchProblem; readonly detail?: string };

/** The bytes, and their SHA-256 in lower-case hex. */
export type Fetched = { readonly ok: true; readonly bytes: Uint8Array; readonly digest: string } | FetchFailure;

export type FetchLimits = {
  readonly maxBytes: number;
  /** Aborts when the time is over. */
  readonly signal: AbortSignal;
};

export function failed(reason: FetchProblem, detail?: string): FetchFailure {
  return { ok: false, reason, ...(detail === undefined ? {} : { detail }) };
}
