// One document of an issuer's: bounded in bytes and time, from the very address that was asked. TLS leads to a well-known
// certificate authority, or to a certificate whose thumbprint the provider lists; there is no unverified TLS.
import { createHash } from 'node:crypto';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { bodyOf, get } from '../fetching/http.ts';

/** Why there is no document. */
export type DocumentProblem =
  | 'timeout'
  | 'notReached'
  | 'badStatus'
  | 'redirected'
  | 'tooLarge'
  | 'compressed'
  | 'untrustedTls';

export type FetchedDocument =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: DocumentProblem };

export type DocumentLimits = {
  readonly maxBytes: number;
  /** SHA-1 of certificates that vouch for the server besides the well-known ones, lower-case hex. */
  readonly thumbprints: readonly string[];
};

/** Gets a document. Never rejects. */
export type FetchDocument = (url: URL, limits: DocumentLimits) => Promise<FetchedDocument>;

const failed = (reason: DocumentProblem) => ({ ok: false, reason }) as const;

/**
 * Gets documents over HTTP and HTTPS, each within `patienceMs` from the beginning to the last byte. Ours: no redirect is
 * followed; discovery and key sets are where the issuer says they are.
 */
export function documentFetcher(patienceMs = 5000): FetchDocument {
  return async (url, limits) => {
    const signal = AbortSignal.timeout(patienceMs);
    try {
      return await documentAt(url, limits, signal);
    } catch (cause) {
      if (signal.aborted) return failed('timeout');
      return isUntrusted(cause) ? besideWellKnown(url, limits, signal) : failed('notReached');
    }
  };
}

/** The same, trusting the certificate of a listed thumbprint and no other; OpenSSL still verifies the path to it. */
async function besideWellKnown(url: URL, limits: DocumentLimits, signal: AbortSignal): Promise<FetchedDocument> {
  try {
    const anchor = await shownCertificate(url, limits.thumbprints, signal);
    if (anchor === undefined) return failed('untrustedTls');
    return await documentAt(url, limits, signal, anchor);
  } catch (cause) {
    if (signal.aborted) return failed('timeout');
    return failed(isUntrusted(cause) ? 'untrustedTls' : 'notReached');
  }
}

async function documentAt(
  url: URL,
  { maxBytes }: DocumentLimits,
  signal: AbortSignal,
  anchorPem?: string,
): Promise<FetchedDocument> {
  const response = await get(url.href, { accept: 'application/json', signal, anchorPem });
  const { statusCode = 0 } = response;
  if (statusCode >= 300 && statusCode < 400) {
    response.destroy();
    return failed('redirected');
  }
  const body = await bodyOf(response, maxBytes);
  return body.ok ? { ok: true, bytes: Buffer.concat(body.chunks) } : failed(body.reason);
}

/** The codes of OpenSSL for a path that leads to nobody who is trusted; a wrong name or date is none of them. */
const untrustedCodes: readonly string[] = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];

function isUntrusted(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && untrustedCodes.includes(String(cause.code));
}

/** The PEM of the certificate of a listed thumbprint, where the server shows it: looked at, not yet believed. */
function shownCertificate(
  { hostname, port }: URL,
  thumbprints: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  if (thumbprints.length === 0) return Promise.resolve(undefined);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    // Nothing is sent here and nothing read: the connection that counts is verified.
    const socket = connect({ host, port: Number(port || 443), servername: host, rejectUnauthorized: false }, () => {
      const raw = shown(socket.getPeerCertificate(true)).find((der) => thumbprints.includes(sha1(der)));
      socket.destroy();
      resolve(raw && `-----BEGIN CERTIFICATE-----\n${raw.toString('base64')}\n-----END CERTIFICATE-----\n`);
    });
    const leave = () => socket.destroy(new Error('the time is over'));
    signal.addEventListener('abort', leave, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', leave));
    socket.once('error', reject);
  });
}

/** The certificates that were shown, from the server's own upward. */
function shown(leaf: DetailedPeerCertificate): readonly Buffer[] {
  const found: Buffer[] = [];
  for (
    let one: DetailedPeerCertificate | undefined = leaf;
    one?.raw && found.length < 16;
    one = one.issuerCertificate
  ) {
    if (found.some((der) => der.equals(one?.raw ?? der))) break;
    found.push(one.raw);
  }
  return found;
}

function sha1(der: Uint8Array): string {
  return createHash('sha1').update(der).digest('hex');
}
