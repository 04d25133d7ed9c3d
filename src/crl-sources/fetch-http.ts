// One list over HTTP or HTTPS: bounded in bytes, in time by its caller, and in where it may be led. Redirects are followed
// by hand, each judged by the allow-list as the first URL was; no proxy, no compression, no unverified TLS.
import { createHash } from 'node:crypto';
import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { type CrlPlaces, type CrlUrl, judgeCrlUrl } from '../core/x509/crl-url.ts';
import { type Fetched, type FetchLimits, failed } from './fetched.ts';

type HttpUrl = CrlUrl & { readonly kind: 'http' };

/** Redirects that are followed. */
const maxRedirects = 3;
const redirects: readonly number[] = [301, 302, 303, 307, 308];

/** The bytes behind the URL, or why there are none. Never rejects. `places` judges where redirects lead. */
export async function fetchHttp(start: HttpUrl, places: CrlPlaces, limits: FetchLimits): Promise<Fetched> {
  try {
    let url = start;
    for (let hops = 0; ; hops++) {
      const response = await answerOf(url, limits.signal);
      if (!redirects.includes(response.statusCode ?? 0)) return await bodyOf(response, limits);
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

function answerOf({ href, secure }: HttpUrl, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = {
      accept: 'application/pkix-crl, */*;q=0.1',
      'accept-encoding': 'identity',
      'user-agent': 'anyrole',
    };
    // An agent of its own: the global one may have been told of a proxy, and would keep connections.
    const options = { headers, signal, maxHeaderSize: 16 * 1024 };
    const request: ClientRequest = secure
      ? requestHttps(href, { ...options, agent: new HttpsAgent(), rejectUnauthorized: true })
      : requestHttp(href, { ...options, agent: new HttpAgent() });
    request.once('response', resolve);
    request.on('error', reject);
    request.end();
  });
}

function redirected(from: HttpUrl, location: string | undefined, places: CrlPlaces) {
  if (location === undefined || !URL.canParse(location, from.href)) return failed('badRedirect');
  const verdict = judgeCrlUrl(new URL(location, from.href).href, places);
  if (!verdict.ok) return failed('redirectNotAllowed', verdict.reason);
  if (verdict.url.kind === 'file') return failed('redirectNotAllowed', 'unsupportedScheme');
  if (from.secure && !verdict.url.secure) return failed('redirectNotAllowed', 'insecure');
  return { ok: true, url: verdict.url } as const;
}

async function bodyOf(response: IncomingMessage, { maxBytes }: FetchLimits): Promise<Fetched> {
  const refusal = refusalOf(response, maxBytes);
  if (refusal !== undefined) {
    response.destroy();
    return refusal;
  }
  const digest = createHash('sha256');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    // Leaving the loop destroys the response.
    if (size > maxBytes) return failed('tooLarge');
    digest.update(chunk);
    chunks.push(chunk);
  }
  if (!response.complete) return failed('notReached', 'truncated');
  return { ok: true, bytes: Buffer.concat(chunks, size), digest: digest.digest('hex') };
}

function refusalOf({ statusCode, headers }: IncomingMessage, maxBytes: number): Fetched | undefined {
  if (statusCode !== 200) return failed('badStatus', String(statusCode));
  // Nothing was asked to be compressed, and nothing is unpacked.
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') return failed('compressed');
  return Number(headers['content-length'] ?? 0) > maxBytes ? failed('tooLarge') : undefined;
}

/** Node's own code of an error, e.g. `ECONNREFUSED`: never a text that the other side wrote. */
function codeOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return /^\w{1,64}$/.test(code) ? code : 'failed';
}
