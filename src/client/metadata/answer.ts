// What the metadata server says to one request: a status, headers, a text. Shaped here, sent by door.ts.

/** A request as the answers see it. Names of headers are in lower case; `path` is raw and has no query. */
export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
};

export type Answer = {
  readonly status: number;
  /** The text of the status line. Absent: the usual one. */
  readonly reason?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** The one value of a header; undefined where it is absent, empty or repeated. */
export function header({ headers }: Asked, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A date as metadata documents write it, `2026-01-02T03:04:05Z`: clients parse it without fractions of a second. */
export function seconds(instant: Date): string {
  return instant.toISOString().replace(/\.\d+Z$/, 'Z');
}
