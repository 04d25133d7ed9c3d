// One GET over HTTP or HTTPS, bounded by its caller in bytes and time: no redirect, no proxy, no compression, no unverified
// TLS. Whoever follows a redirect asks again, and judges the address again.
import type { ClientRequest, IncomingMessage } from 'node:http';
import { http, https } from '../node-http.ts';

/** Why a body is not had of an answer. `detail` is a word: a status or a code, never a text of the other side's. */
export type BodyProblem = 'badStatus' | 'compressed' | 'tooLarge' | 'notReached';

export type Body =
  | { readonly ok: true; readonly chunks: readonly Buffer[] }
  | { readonly ok: false; readonly reason: BodyProblem; readonly detail?: string };

export type GetTraits = {
  /** The Accept header. */
  readonly accept: string;
  /** Aborts when the time is over. */
  readonly signal: AbortSignal;
  /** PEM of the one certificate that the server's may lead to, whoever issued it. Absent: the well-known authorities. */
  readonly anchorPem?: string | undefined;
};

/** The head of the answer; rejects with the system's error where there is none. */
export function get(href: string, { accept, signal, anchorPem }: GetTraits): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { accept, 'accept-encoding': 'identity', 'user-agent': 'anyrole' };
    // An agent of its own: the global one may have been told of a proxy, and would keep connections.
    const options = { headers, signal, maxHeaderSize: 16 * 1024 };
    const trust = anchorPem === undefined ? {} : { ca: anchorPem, allowPartialTrustChain: true };
    const request: ClientRequest = /^https:/i.test(href)
      ? https.request(href, { ...options, agent: new https.Agent(), rejectUnauthorized: true, ...trust })
      : http.request(href, { ...options, agent: new http.Agent() });
    request.once('response', resolve);
    request.on('error', reject);
    request.end();
  });
}

/** The body of a 200, at most so many bytes; rejects where the connection breaks. */
export async function bodyOf(response: IncomingMessage, maxBytes: number): Promise<Body> {
  const refusal = refusalOf(response, maxBytes);
  if (refusal !== undefined) {
    response.destroy();
    return refusal;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    // Leaving the loop destroys the response.
    if (size > maxBytes) return { ok: false, reason: 'tooLarge' };
    chunks.push(chunk);
  }
  return response.complete ? { ok: true, chunks } : { ok: false, reason: 'notReached', detail: 'truncated' };
}

function refusalOf({ statusCode, headers }: IncomingMessage, maxBytes: number): Body | undefined {
  if (statusCode !== 200) return { ok: false, reason: 'badStatus', detail: String(statusCode) };
  // Nothing was asked to be compressed, and nothing is unpacked.
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') return { ok: false, reason: 'compressed' };
  return Number(headers['content-length'] ?? 0) > maxBytes ? { ok: false, reason: 'tooLarge' } : undefined;
}
