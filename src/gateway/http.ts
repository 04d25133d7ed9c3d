// The door: HTTP in, a WireRequest to the road, HTTP out. Bounded in header and body size, in time and in patience; knows
// nothing of what is asked.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { HeaderPair, WireRequest, WireResponse } from '../protocols/protocol.ts';
import type { Origin } from '../services/call.ts';
import { listening, type OpenDoor } from './listening.ts';

export type Door = {
  /** Answers a request; never rejects. */
  readonly handle: (request: WireRequest, origin: Origin) => Promise<WireResponse>;
  /** The answer to a request whose body is longer than the limit; the body is not read. */
  readonly refuseTooLarge: (request: WireRequest) => WireResponse;
  /** Whether the server can serve now. */
  readonly ready: () => Promise<boolean>;
  /** PEM texts. Absent: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
};

/** Bytes of a request's header block. Five ML-DSA-87 certificates and a signature take about 60 KiB. */
const maxHeaderSize = 192 * 1024;
/** Bytes of a request's body. */
const maxBodyBytes = 1024 * 1024;
/** Bytes of a refused body that are still swallowed, so that the client reads the answer rather than a reset. */
const maxDiscardedBytes = 16 * 1024 * 1024;

/** How long the door waits, in milliseconds. */
export type Timeouts = {
  /** Until the header block is complete. */
  readonly headersTimeout: number;
  /** Until the whole request is there. */
  readonly requestTimeout: number;
  /** Idle between two requests of one connection. */
  readonly keepAliveTimeout: number;
  /** How often the above are looked at. */
  readonly connectionsCheckingInterval: number;
};

const patience: Timeouts = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 60_000,
  connectionsCheckingInterval: 1000,
};
/** A connection on which nothing moves. */
const idleMs = 90_000;

/** Listens; rejects when the address cannot be had. */
export async function openDoor(door: Door, host: string, port: number, timeouts = patience): Promise<OpenDoor> {
  let draining = false;
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    serve(door, request, response, () => draining).catch(() => response.destroy());
  };
  const options = { maxHeaderSize, ...timeouts };
  const server = door.tls
    ? createTlsServer({ ...options, ...door.tls, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] }, listener)
    : createServer(options, listener);
  server.timeout = idleMs;
  server.on('clientError', refuseUnparsed);
  const open = await listening(server, host, port);
  return {
    ...open,
    close(graceMs) {
      draining = true;
      return open.close(graceMs);
    },
  };
}

async function serve(door: Door, request: IncomingMessage, response: ServerResponse, draining: () => boolean) {
  const answer = (given: WireResponse) => {
    // A connection kept alive would hold up the end of the server.
    if (draining()) response.setHeader('connection', 'close');
    writeHead(response, given);
    response.end(request.method === 'HEAD' ? undefined : given.body);
  };
  const [path = '', rawQuery = ''] = target(request.url ?? '/');
  if (isRepeated(request.rawHeaders, 'host')) return answer(twoHosts);
  if (request.method === 'GET' && path === '/livez') return answer(probe(true));
  if (request.method === 'GET' && path === '/readyz') return answer(probe((await door.ready()) && !draining()));
  const head = { method: request.method ?? '', path, rawQuery, headers: headersOf(request.rawHeaders) };
  const body = await bodyOf(request);
  if (body === 'tooLarge') {
    response.setHeader('connection', 'close');
    const refusal = door.refuseTooLarge({ ...head, body: new Uint8Array() });
    writeHead(response, refusal);
    if (request.method !== 'HEAD') response.write(refusal.body);
    await discarded(request);
    // Not before: the connection closes with it, and what is still being sent would make a reset of that.
    response.end();
    return;
  }
  if (body !== 'gone') answer(await door.handle({ ...head, body }, originOf(request)));
}

/** Spec: RFC 9112 §3.2. */
const twoHosts: WireResponse = { status: 400, headers: [['connection', 'close']], body: '' };

/** Path and query of the request line, undecoded; an absolute form loses its scheme and authority. */
function target(url: string): readonly [path: string, rawQuery: string] {
  const local = /^https?:\/\//i.test(url) ? url.replace(/^https?:\/\/[^/?]*/i, '') : url;
  const cut = local.indexOf('?');
  const path = cut < 0 ? local : local.slice(0, cut);
  return [path === '' ? '/' : path, cut < 0 ? '' : local.slice(cut + 1)];
}

/** Pairs in order of arrival. Node reads header bytes as Latin-1; clients sign them as UTF-8. */
function headersOf(raw: readonly string[]): readonly HeaderPair[] {
  const pairs: HeaderPair[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) pairs.push([raw[at] ?? '', utf8(raw[at + 1] ?? '')]);
  return pairs;
}

function utf8(latin1: string): string {
  // As UTF-8 nothing but ASCII takes one byte a character.
  const isAscii = Buffer.byteLength(latin1) === latin1.length;
  return isAscii ? latin1 : Buffer.from(latin1, 'latin1').toString('utf8');
}

/** Whether a header, by its lower-case name, comes more than once. Names stand at even places. */
function isRepeated(raw: readonly string[], name: string): boolean {
  let count = 0;
  for (let at = 0; at < raw.length; at += 2) {
    const one = raw[at] ?? '';
    if (one.length === name.length && one.toLowerCase() === name) count++;
  }
  return count > 1;
}

/** The whole body, or that it is too large, or that the client went away. */
function bodyOf(request: IncomingMessage): Promise<Uint8Array | 'tooLarge' | 'gone'> {
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return Promise.resolve('tooLarge');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBodyBytes) chunks.push(chunk);
      else resolve('tooLarge');
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', () => resolve('gone'));
    request.on('close', () => resolve('gone'));
  });
}

/** Resolves when the rest of the body is read, or is too much to read, or the client went away. */
function discarded(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxDiscardedBytes) resolve();
    });
    request.on('end', () => resolve());
    request.on('close', () => resolve());
    request.resume();
  });
}

function originOf({ socket, headers }: IncomingMessage): Origin {
  return {
    ip: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    userAgent: headers['user-agent'] ?? '',
    ...(headers.referer === undefined ? {} : { referer: headers.referer }),
    secure: 'encrypted' in socket,
  };
}

function probe(good: boolean): WireResponse {
  return { status: good ? 200 : 503, headers: [['content-type', 'text/plain']], body: good ? 'ok\n' : 'not ready\n' };
}

/** Status and headers. A body that follows with the end, as text, leaves with them in one piece. */
function writeHead(response: ServerResponse, { status, headers, body }: WireResponse): void {
  const length: HeaderPair = ['content-length', String(Buffer.byteLength(body))];
  response.writeHead(status, [...headers, length].flat());
}

/** What HTTP's own parser refused: too large a header block, a bad request line, a timeout. */
function refuseUnparsed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return socket.destroy() && undefined;
  const line = unparsed[error.code ?? ''] ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${line}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

const unparsed: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};
