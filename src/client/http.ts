// One request over HTTP or HTTPS and its whole answer, bounded in bytes and time: no redirect, no compression, no kept
// connection, no unverified TLS unless asked for; through a proxy where one leads there.
import type { ClientRequest, IncomingMessage } from 'node:http';
import { connect as connectTls } from 'node:tls';
import type { HeaderPair } from '../core/signature/canonical.ts';
import { http, https } from '../node-http.ts';
import { connectionHint } from './connection-hint.ts';
import { failure, RolesAnywhereError } from './errors.ts';
import { named, proxyAuthorization } from './proxy.ts';
import { peerOf, tunnel } from './tunnel.ts';

/** What is sent; headers as they stand, and none beside them but Content-Length and Connection. */
export type Sent = {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly HeaderPair[];
  readonly body: Uint8Array;
};

/** How it gets there. */
export type Way = {
  readonly proxy?: URL | undefined;
  /** PEM of the authorities that the certificates of the server and of a proxy may lead to. Absent: Node's. */
  readonly ca?: readonly string[] | undefined;
  /** `false`: whoever answers is believed. */
  readonly verifySsl?: boolean;
  /** For all of it, connecting included. */
  readonly timeoutMilliseconds: number;
};

export type Answer = {
  readonly status: number;
  /** Lower-case names; the first value of each. */
  readonly header: (name: string) => string | undefined;
  readonly text: string;
};

/** Bytes of an answer that are read at most: a session has some thousand. */
const maxAnswerBytes = 1024 * 1024;

/** Sends the request. Throws RolesAnywhereError: `NotReached`, `TimedOut`, `UnusableAnswer`. */
export async function exchange(sent: Sent, way: Way): Promise<Answer> {
  const signal = AbortSignal.timeout(way.timeoutMilliseconds);
  try {
    return await answerOf(await asked(sent, way, signal));
  } catch (cause) {
    throw problemOf(cause, sent.url, signal, way);
  }
}

async function asked(sent: Sent, way: Way, signal: AbortSignal): Promise<IncomingMessage> {
  const { method, url, body } = sent;
  const headers = [...sent.headers, ['Content-Length', String(body.length)], ['Connection', 'close']].flat();
  const options = { method, headers, signal, setDefaultHeaders: false, maxHeaderSize: 64 * 1024 };
  const request = await opened(url, options, way, signal);
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
    request.end(body);
  });
}

type Options = { readonly method: string; readonly headers: string[]; readonly signal: AbortSignal };

async function opened(url: URL, options: Options, way: Way, signal: AbortSignal): Promise<ClientRequest> {
  const { proxy, ca, verifySsl } = way;
  const authorities = ca === undefined ? {} : { ca: [...ca] };
  // Agents of our own: the global ones may have been told of a proxy, and would keep connections.
  if (url.protocol === 'http:') {
    if (proxy === undefined) return http.request(url, { ...options, agent: new http.Agent() });
    const headers = [...options.headers, ...Object.entries(proxyAuthorization(proxy)).flat()];
    const opener = proxy.protocol === 'https:' ? https.request : http.request;
    return opener(new URL(proxy.origin), { ...options, headers, path: url.href, agent: false, ...authorities });
  }
  const rejectUnauthorized = verifySsl !== false;
  const trust = { minVersion: 'TLSv1.2', rejectUnauthorized, ...authorities } as const;
  if (proxy === undefined) return https.request(url, { ...options, ...trust, agent: new https.Agent() });
  const socket = await tunnel(proxy, `${url.hostname}:${url.port || '443'}`, { signal, ca });
  // With an agent, `false` included, Node would open a connection of its own.
  return https.request(url, {
    ...options,
    createConnection: () => connectTls({ socket, ...peerOf(url.hostname), ...trust }),
  });
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    // Leaving the loop destroys the response.
    if (size > maxAnswerBytes) throw failure('UnusableAnswer', `the answer is longer than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  if (!response.complete) throw failure('NotReached', 'the connection broke before the end of the answer');
  const { statusCode: status = 0, headers } = response;
  const header = (name: string) => [headers[name] ?? []].flat()[0];
  return { status, header, text: Buffer.concat(chunks).toString('utf8') };
}

function problemOf(cause: unknown, url: URL, signal: AbortSignal, way: Way): unknown {
  const { proxy, ca, timeoutMilliseconds } = way;
  if (signal.aborted) {
    const hint = proxy
      ? `look whether ${named(proxy)} lets it pass`
      : 'look whether a firewall or a proxy stands between';
    return failure('TimedOut', `\`${url.host}\` did not answer within ${timeoutMilliseconds} ms`, { hint, cause });
  }
  if (cause instanceof RolesAnywhereError || !(cause instanceof Error)) return cause;
  const code = 'code' in cause ? String(cause.code) : '';
  // Without TLS the proxy itself is asked; what breaks is the way to it.
  const isProxy = proxy !== undefined && url.protocol === 'http:';
  const asked = isProxy ? named(proxy) : `\`${url.host}\``;
  const hint = connectionHint(code, { what: isProxy ? 'proxy' : 'server', ca });
  return failure('NotReached', `${asked} cannot be reached: ${code || cause.message}`, { hint, cause });
}
