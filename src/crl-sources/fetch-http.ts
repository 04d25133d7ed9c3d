// One list over HTTP or HTTPS: bounded in bytes, in time by its caller, and in where it may be led. Redirects are followed
// by hand, each judged by the allow-list as the first URL was; no proxy, no compression, no unverified TLS.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type CrlPlaces, type CrlUrl, judgeCrlUrl } from '../core/x509/crl-url.ts';
import { bodyOf, get } from '../fetching/http.ts';
import { type Fetched, type FetchLimits, failed } from './fetched.ts';

type HttpUrl = CrlUrl & { readonly kind: 'http' };

const accept = 'application/pkix-crl, */*;q=0.1';
/** Redirects that are followed. */
const maxRedirects = 3;
const redirects: readonly number[] = [301, 302, 303, 307, 308];

/** The bytes behind the URL, or why there are none. Never rejects. `places` judges where redirects lead. */
export async function fetchHttp(start: HttpUrl, places: CrlPlaces, limits: FetchLimits): Promise<Fetched> {
  try {
    let url = start;
    for (let hops = 0; ; hops++) {
      const response = await get(url.href, { accept, signal: limits.signal });
      if (!redirects.includes(response.statusCode ?? 0)) return await listOf(response, limits);
      response.destroy();
      if (hops === maxRedirects) return failed('tooManyRedirects');
      const next = redirected(url, response.headers.location, places);
      if (!next.ok) return next;
      url = next.url;
    }
  } catch (cause) {
    return limits.signal.aborted ? failed('timeout') : failed('notReached', codeOf(cause));
  }
}

function redirected(from: HttpUrl, location: string | undefined, places: CrlPlaces) {
  if (location === undefined || !URL.canParse(location, from.href)) return failed('badRedirect');
  const verdict = judgeCrlUrl(new URL(location, from.href).href, places);
  if (!verdict.ok) return failed('redirectNotAllowed', verdict.reason);
  if (verdict.url.kind === 'file') return failed('redirectNotAllowed', 'unsupportedScheme');
  if (from.secure && !verdict.url.secure) return failed('redirectNotAllowed', 'insecure');
  return { ok: true, url: verdict.url } as const;
}

async function listOf(response: IncomingMessage, { maxBytes }: FetchLimits): Promise<Fetched> {
  const body = await bodyOf(response, maxBytes);
  if (!body.ok) return failed(body.reason, body.detail);
  const digest = createHash('sha256');
  for (const chunk of body.chunks) digest.update(chunk);
  return { ok: true, bytes: Buffer.concat(body.chunks), digest: digest.digest('hex') };
}

/** Node's own code of an error, e.g. `ECONNREFUSED`: never a text that the other side wrote. */
function codeOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return /^\w{1,64}$/.test(code) ? code : 'failed';
}
