// The door: HTTP in, a WireRequest to the road, HTTP out. Bounded in header and body size, in time and in patience; knows
// nothing of what is asked.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { HeaderPair, WireRequest, WireResponse } from '../protocols/protocol.ts';
import type { Origin } from '../services/call.ts';
import { type Connections, connections } from './connections.ts';
import { listening, type OpenDoor } from './listening.ts';
import type { Overload, Turned } from './overload.ts';

export type Door = {
  /** Answers a request; never rejects. */
  readonly handle: (request: WireRequest, origin: Origin) => Promise<WireResponse>;
  /** The answer to a request whose body is longer than the limit; the body is not read. */
  readonly refuseTooLarge: (request: WireRequest) => WireResponse;
  /** The answer to a request for which there is no room now; its body may not have been read. */
  readonly refuseBusy: (request: WireRequest) => WireResponse;
  /** Whether the server can serve now. */
  readonly ready: () => Promise<boolean>;
  readonly overload: Pick<Overload, 'admission' | 'refusals' | 'count' | 'now'>;
  /** PEM texts. Absent: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
};

/** A door that also tells how many connections are open. */
export type OpenGatewayDoor = OpenDoor & { readonly connections: () => number };

/** Bytes of a request's header block. Five ML-DSA-87 certificates and a signature take about 60 KiB. */
const maxHeaderSize = 192 * 1024;
/** Bytes of a request's body. */
const maxBodyBytes = 1024 * 1024;
/** Bytes of a refused body that are still swallowed, so that the client reads the answer rather than a reset. */
const maxDiscardedBytes = 16 * 1024 * 1024;
/** Bytes of a body that are always taken: nearly every request's. */
const smallBodyBytes = 16 * 1024;
/** How long the door waits, in milliseconds, and for how many. */
export type Patience = {
  /** Until the header block is complete. */
  readonly headersTimeout: number;
  /** Until the whole request is there. */
  readonly requestTimeout: number;
  /** Idle between two requests of one connection. */
  readonly keepAliveTimeout: number;
  /** How often the above are looked at. */
  readonly connectionsCheckingInterval: number;
  /** Connections at once. */
  readonly maxConnections: number;
  /** Bytes of unfinished bodies beyond the small part of each: who sends large ones slowly delays large ones alone. */
  readonly maxLargeBodies: number;
};

const patience: Patience = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 60_000,
  connectionsCheckingInterval: 1000,
  maxConnections: 4096,
  maxLargeBodies: 64 * 1024 * 1024,
};
/** A connection on which nothing moves. */
const idleMs = 90_000;
const handshakeTimeout = 10_000;
/** Milliseconds that a stopping server leaves a connection for a request that is on its way. */
const lingerMs = 100;
/** Milliseconds for which it still takes in those that connected before. */
const acceptMs = 1000;

/** What all requests of a door share. */
type Room = {
  readonly door: Door;
  readonly held: Connections;
  readonly maxLargeBodies: number;
  /** Bytes of unfinished bodies, beyond each one's `smallBodyBytes`. */
  largeBodies: number;
  draining: boolean;
};

/** A request, its answer to be, and whether the client waits for `100 Continue` before it sends the body. */
type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse; readonly waits: boolean };

/** Listens; rejects when the address cannot be had. */
export async function openDoor(door: Door, host: string, port: number, limits = patience): Promise<OpenGatewayDoor> {
  const { maxConnections, maxLargeBodies, ...timeouts } = limits;
  const options = { maxHeaderSize, ...timeouts };
  const server = door.tls
    ? createTlsServer({
        ...options,
        ...door.tls,
        handshakeTimeout,
        minVersion: 'TLSv1.2',
        ALPNProtocols: ['http/1.1'],
      })
    : createServer(options);
  const held = connections(server, maxConnections, door.overload.now, () => door.overload.count('connections'));
  const room: Room = { door, held, maxLargeBodies, largeBodies: 0, draining: false };
  const listener = (waits: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    serve(room, { request, response, waits }).catch(() => response.destroy());
  };
  server.on('request', listener(false));
  server.on('checkContinue', listener(true));
  server.timeout = idleMs;
  server.on('clientError', refuseUnparsed);
  const open = await listening(server, host, port, () => {});
  return {
    ...open,
    connections: held.open,
    async close(graceMs) {
      room.draining = true;
      door.overload.refusals.giveAll();
      await held.allIn(Math.min(acceptMs, graceMs));
      const stop = held.closeIdle(Math.min(lingerMs, graceMs));
      await open.close(graceMs);
      stop();
    },
  };
}

async function serve(room: Room, exchange: Exchange): Promise<void> {
  const { door } = room;
  const { request, response } = exchange;
  room.held.begun(request.socket);
  response.once('close', () => room.held.answered(request.socket));
  const answer = (given: WireResponse) => {
    // A connection kept alive would hold up the end of the server.
    if (room.draining) response.setHeader('connection', 'close');
    writeHead(response, given);
    response.end(request.method === 'HEAD' ? undefined : given.body);
  };
  const [path = '', rawQuery = ''] = target(request.url ?? '/');
  if (isRepeated(request.rawHeaders, 'host')) return answer(twoHosts);
  if (request.method === 'GET' && path === '/livez') return answer(probe(true));
  if (request.method === 'GET' && path === '/readyz') return answer(probe((await door.ready()) && !room.draining));
  const bare = { method: request.method ?? '', path, rawQuery, headers: [], body: new Uint8Array() };
  const refuseBusy = (why: Turned) => {
    door.overload.count(why);
    refuse(room, exchange, () => answer(door.refuseBusy(bare)));
  };
  const { admission } = door.overload;
  if (admission.isFull()) return refuseBusy('requests');
  const head = { ...bare, headers: headersOf(request.rawHeaders) };
  const body = isTooLong(request) ? 'tooLarge' : await bodyOf(room, exchange);
  if (body === 'tooLarge') return refuseLongBody(exchange, door.refuseTooLarge(head));
  if (body === 'gone') return;
  if (body === 'noRoom') return refuseBusy('bodies');
  const leave = admission.enter();
  if (leave === undefined) return refuseBusy('requests');
  room.held.asked(request.socket);
  const given = await door.handle({ ...head, body }, originOf(request)).finally(leave);
  answer(given);
}

/** Refuses in turn. A connection on which a long body would follow is closed: nobody reads it. */
function refuse(room: Room, exchange: Exchange, give: () => void): void {
  const { request, response } = exchange;
  const takeBack = room.door.overload.refusals.add(() => {
    if (!request.complete && hasLongBody(exchange)) response.setHeader('connection', 'close');
    give();
  });
  if (takeBack === undefined) return void request.socket.destroy();
  room.held.asked(request.socket);
  response.once('close', takeBack);
}

/** Whether much may follow the header block, or nobody knows how much. Spec: RFC 9110 §10.1.1 (no 100 was sent) */
function hasLongBody({ request: { headers }, waits }: Exchange): boolean {
  if (waits || headers['transfer-encoding'] !== undefined) return true;
  return Number(headers['content-length'] ?? 0) > smallBodyBytes;
}

async function refuseLongBody({ request, response }: Exchange, given: WireResponse): Promise<void> {
  response.setHeader('connection', 'close');
  writeHead(response, given);
  if (request.method !== 'HEAD') response.write(given.body);
  await discarded(request);
  // Not before: the connection closes with it, and what is still being sent would make a reset of that.
  response.end();
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

function isTooLong({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? 0) > maxBodyBytes;
}

/** Whether a body follows the header block. Spec: RFC 9112 §6.3 (7): a request that says nothing of one has none. */
function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length = '0' } = headers;
  return length !== '0' || headers['transfer-encoding'] !== undefined;
}

const nothing = new Uint8Array();

type Body = Uint8Array | 'tooLarge' | 'noRoom' | 'gone';

/** The whole body; or that it is too large, that there is no memory for it now, or that the client went away. */
function bodyOf(room: Room, { request, response, waits }: Exchange): Promise<Body> {
  if (waits) response.writeContinue();
  if (!hasBody(request)) return Promise.resolve(nothing);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let large = 0;
    const settle = (body: Body) => {
      request.off('data', take);
      room.largeBodies -= large;
      large = 0;
      resolve(body);
    };
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBodyBytes) return settle('tooLarge');
      const more = Math.max(0, size - smallBodyBytes) - large;
      if (room.largeBodies + more > room.maxLargeBodies) return settle('noRoom');
      large += more;
      room.largeBodies += more;
      chunks.push(chunk);
    };
    request.on('data', take);
    request.on('end', () => settle(Buffer.concat(chunks)));
    request.on('error', () => settle('gone'));
    request.on('close', () => settle('gone'));
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
