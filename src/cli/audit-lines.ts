// Lines in and out for the commands of the audit log: files read line by line, output that waits for its reader, and
// what is asked for in the words of flags.
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { Filter } from '../audit/walking.ts';
import { ConfigError } from '../config.ts';

export type FilterFlags = {
  readonly account?: string;
  readonly eventName?: string;
  readonly since?: string;
  readonly until?: string;
};

/** Prints a line; resolves when whoever reads can take more. Ends the process where nobody reads any more, as after `| head`. */
export async function print(line: string): Promise<void> {
  const { stdout } = process;
  if (!stdout.writable) process.exit();
  if (!stdout.write(`${line}\n`)) await once(stdout, 'drain').catch(() => process.exit());
}

/** The lines of a file. Throws ConfigError where it cannot be read. */
export async function* linesOf(flag: string, path: string): AsyncGenerator<string> {
  const file = await open(path).catch((cause) => {
    throw new ConfigError(`${flag} \`${path}\`: expected a readable file (${cause.code})`);
  });
  try {
    yield* file.readLines();
  } finally {
    await file.close();
  }
}

/** Throws ConfigError for what is no account, and for what is no time. */
export function filterOf({ account, eventName, since, until }: FilterFlags, now: Date): Filter {
  if (account !== undefined && !/^\d{12}$/.test(account)) {
    throw new ConfigError(`--account \`${account}\`: expected twelve digits`);
  }
  return {
    ...(account !== undefined && { account }),
    ...(eventName !== undefined && { eventName }),
    ...(since !== undefined && { since: instantOf('--since', since, now) }),
    ...(until !== undefined && { until: instantOf('--until', until, now) }),
  };
}

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** ISO 8601 with milliseconds, as keys have it. A time without a zone is UTC. */
function instantOf(flag: string, text: string, now: Date): string {
  const [, digits, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  // The pattern gives no other unit.
  const ms =
    digits === undefined
      ? Date.parse(/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?)?$/.test(text) && text.length > 10 ? `${text}Z` : text)
      : now.getTime() - Number(digits) * unitMs[unit as keyof typeof unitMs];
  const isIso = digits !== undefined || /^\d{4}-\d\d-\d\d/.test(text);
  if (!isIso || Number.isNaN(ms) || ms < 0 || ms > Date.UTC(9999, 0)) {
    throw new ConfigError(`${flag} \`${text}\`: expected a time such as 2026-11-22T12:00:00Z, or 15m for so long ago`);
  }
  return new Date(ms).toISOString();
}
