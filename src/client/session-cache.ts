// Credentials kept on disk between runs of a command that lives for one answer: without them each call of the AWS CLI would
// be a CreateSession. Off unless asked for: what lies there is good for whoever can read it, so nobody else may.
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { failure } from './errors.ts';
import { isAbsent, locked, replace } from './replaced-file.ts';

/** What a credential process prints. AWS doc: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html */
export type ProcessCredentials = {
  readonly Version: 1;
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  /** RFC 3339, UTC, as the server wrote it. */
  readonly Expiration: string;
};

type Kept = { readonly IssuedAt: string; readonly credentials: ProcessCredentials };

export type SessionCache = {
  readonly directory: string;
  /** All that a session depends on: digest of the certificate, ARNs, Region, endpoint, duration, name. */
  readonly key: readonly unknown[];
  readonly now: () => Date;
  /** Told of a failure that did no harm: the kept credentials are good yet. */
  readonly warn: (failure: unknown) => void;
};

// Ours: boto3 asks again 15 minutes before the end, so credentials with less left would be asked for at every use; of a short
// session it is a third.
const aheadMs = 15 * 60 * 1000;
const aheadShare = 1 / 3;
/** Below this, kept credentials are not given out even when the server is away: they would end in the caller's hands. */
const leastMs = 60 * 1000;
const maxBytes = 64 * 1024;
/** For as long as a slow CreateSession with its retries takes. */
const patienceMs = 60_000;

/**
 * The kept credentials while more than a quarter of an hour is left of them, else what `ask` returns, which is then kept.
 * Of callers at once, one asks. When `ask` fails and more than a minute is left, the kept ones again. Rejects as `ask`
 * does, and with RolesAnywhereError when others can reach into the directory.
 */
export async function throughCache(
  cache: SessionCache,
  ask: () => Promise<ProcessCredentials>,
): Promise<ProcessCredentials> {
  ownDirectory(cache.directory);
  const digest = createHash('sha256').update(JSON.stringify(cache.key)).digest('hex');
  const path = join(cache.directory, `${digest}.json`);
  const early = kept(path);
  if (early !== undefined && isFresh(early, cache.now())) return early.credentials;
  // A lock for each beginning of a digest: certificates come and go, locks stay.
  return locked(join(cache.directory, digest.slice(0, 2)), () => renewed(path, cache, ask), patienceMs);
}

async function renewed(path: string, cache: SessionCache, ask: () => Promise<ProcessCredentials>) {
  const now = cache.now();
  const last = kept(path);
  if (last !== undefined && isFresh(last, now)) return last.credentials;
  try {
    const credentials = await ask();
    removeExpired(cache.directory, now);
    if (last === undefined) rmSync(path, { force: true });
    const entry: Kept = { IssuedAt: now.toISOString(), credentials };
    replace(path, Buffer.from(JSON.stringify(entry)));
    return credentials;
  } catch (error) {
    if (last === undefined || Date.parse(last.credentials.Expiration) - now.getTime() <= leastMs) throw error;
    cache.warn(error);
    return last.credentials;
  }
}

function isFresh({ IssuedAt, credentials }: Kept, now: Date): boolean {
  const end = Date.parse(credentials.Expiration);
  const lifetime = end - Date.parse(IssuedAt);
  // A clock that was set back makes everything look fresh.
  if (Date.parse(IssuedAt) > now.getTime() + leastMs) return false;
  return end - now.getTime() > Math.max(Math.min(aheadMs, lifetime * aheadShare), leastMs);
}

function ownDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const found = lstatSync(directory);
  if (found.isDirectory() && isOursAlone(found)) return;
  throw failure('InvalidOptions', `the cache directory \`${directory}\` is open to others`, {
    hint: `make it yours alone: \`chmod 700 ${directory}\``,
  });
}

function isOursAlone(found: Stats): boolean {
  // Windows has neither owners nor modes of this kind.
  return process.getuid === undefined || (found.uid === process.getuid() && (found.mode & 0o077) === 0);
}

/** What was kept under this name; undefined when it is absent, not ours alone, or not whole. */
function kept(path: string): Kept | undefined {
  try {
    const found = lstatSync(path);
    if (!found.isFile() || !isOursAlone(found) || found.size > maxBytes) return undefined;
    const entry: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isKept(entry) ? entry : undefined;
  } catch (cause) {
    if (isAbsent(cause) || cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

function isKept(entry: unknown): entry is Kept {
  if (typeof entry !== 'object' || entry === null) return false;
  const { IssuedAt, credentials } = entry as Partial<Kept>; // any member may be anything: each is looked at
  if (typeof IssuedAt !== 'string' || typeof credentials !== 'object' || credentials === null) return false;
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = credentials;
  const texts = [AccessKeyId, SecretAccessKey, SessionToken, Expiration].every((text) => typeof text === 'string');
  return texts && Number.isFinite(Date.parse(IssuedAt)) && Number.isFinite(Date.parse(Expiration));
}

function removeExpired(directory: string, now: Date): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    const entry = /^[0-9a-f]{64}\.json$/.test(name) ? kept(path) : undefined;
    if (entry !== undefined && Date.parse(entry.credentials.Expiration) <= now.getTime()) rmSync(path, { force: true });
  }
}
