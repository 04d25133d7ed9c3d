// The door: HTTP in, a WireRequest to the road, HTTP out. Bounded in header and body size, in time and in patience; knows
// nothing of what is asked.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { http, https } from '../node-http.ts';
import { type AnswerBody, byteLength } from '../protocols/answer-body.ts';
import type { HeaderPair, Refusal, WireRequest, WireResponse } from '../protocols/protocol.ts';
import type { Origin } from '../services/call.ts';
import type { Entry } from './admission.ts';
import { type Bodies, type Body, discardBody, hasBody, hasLongBody, isTooLong, takeBody } from './body.ts';
import { type Connections, connections, type Held } from './connections.ts';
import { listening, type OpenDoor } from './listening.ts';
import { type Newcomers, newcomers } from './newcomers.ts';
import type { Overload, Turned } from './overload.ts';
import { atTurnEnd } from './turn-end.ts';

export type Door = {
  /** Answers a request; never rejects. */
  readonly handle: (request: WireRequest, origin: Origin) => Promise<WireResponse>;
  /** The answer to a request whose body is longer than the limit; the body is not read. */
  readonly refuseTooLarge: (request: WireRequest) => Refusal;
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
/** Characters of what is kept of a request with its connection: there are many, and idle ones keep it, too. */
const maxOrigin = 1024;
/** Milliseconds that a stopping server leaves a connection for a request that is on its way. */
const lingerMs = 100;
/** Milliseconds for which it still takes in those that connected before. */
const acceptMs = 1000;

/** What all requests of a door share. */
type Room = {
  readonly door: Door;
  readonly held: Connections;
  readonly bodies: Bodies;
  /** Whole requests, and the connections that wait to be accepted. */
  readonly newcomers: Newcomers<Asked>;
  /** Writes an answer when the turn of the event loop ends. */
  readonly answer: (ready: Ready) => void;
  draining: boolean;
};

/** A request and its answer to be. */
type Exchange = {
  readonly room: Room;
  readonly connection: Held;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Whether the client waits for `100 Continue` before it sends the body. */
  readonly waits: boolean;
  /** Of the request line, undecoded. */
  readonly path: string;
  readonly rawQuery: string;
};

/** A whole request that was taken on. */
type Asked = { readonly exchange: Exchange; readonly body: Uint8Array; readonly entry: Entry };

type Ready = { readonly exchange: Exchange; readonly given: WireResponse };

/** Listens; rejects when the address cannot be had. */
export async function openDoor(door: Door, host: string, port: number, limits = patience): Promise<OpenGatewayDoor> {
  const { maxConnections, maxLargeBodies, ...timeouts } = limits;
  const options = { maxHeaderSize, ...timeouts };
  const server = door.tls
    ? https.createServer({
        ...options,
        ...door.tls,
        handshakeTimeout,
        minVersion: 'TLSv1.2',
        ALPNProtocols: ['http/1.1'],
      })
    : http.createServer(options);
  const held = connections(server, maxConnections, door.overload.now, () => door.overload.count('connections'));
  const bodies = { most: maxLargeBodies, large: 0 };
  const order = newcomers(judge);
  server.on('connection', order.came);
  const room: Room = { door, held, bodies, newcomers: order, answer: atTurnEnd(write), draining: false };
  const listener = (waits: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    orDestroy(response, () => serve(room, request, response, waits));
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

function serve(room: Room, request: IncomingMessage, response: ServerResponse, waits: boolean): void {
  const connection = room.held.begun(request.socket);
  const target = localPart(request.url ?? '/');
  const cut = target.indexOf('?');
  const path = (cut < 0 ? target : target.slice(0, cut)) || '/';
  const rawQuery = cut < 0 ? '' : target.slice(cut + 1);
  const exchange: Exchange = { room, connection, request, response, waits, path, rawQuery };
  if (isRepeated(request.rawHeaders, 'host')) return answer(exchange, twoHosts);
  if (request.method === 'GET' && path === '/livez') return answer(exchange, probe(true));
  if (request.method === 'GET' && path === '/readyz') return answerReady(exchange);
  if (room.door.overload.admission.isFull()) return refuseBusy(exchange, 'requests');
  if (isTooLong(request)) return refuseLongBody(exchange);
  if (waits) response.writeContinue();
  if (!hasBody(request)) return ask(exchange, nothing);
  takeBody(request, room.bodies, (body) => orDestroy(response, () => bodyTaken(exchange, body)));
}

const nothing = new Uint8Array();

function bodyTaken(exchange: Exchange, body: Body): void {
  if (body === 'tooLarge') return refuseLongBody(exchange);
  if (body === 'noRoom') return refuseBusy(exchange, 'bodies');
  if (body !== 'gone') ask(exchange, body);
}

/** What throws costs its connection, and nobody else's. */
function orDestroy(response: ServerResponse, work: () => void): void {
  try {
    work();
  } catch {
    response.destroy();
  }
}

/** The request is whole: it takes its room. */
function ask(exchange: Exchange, body: Uint8Array): void {
  const { room, connection } = exchange;
  const entry = room.door.overload.admission.enter();
  if (entry === undefined) return refuseBusy(exchange, 'requests');
  room.held.asked(connection);
  room.newcomers.afterThem({ exchange, body, entry });
}

/** It is judged, and gives its room back. */
function judge({ exchange, body, entry }: Asked): void {
  orDestroy(exchange.response, () => judged(exchange, body, entry));
}

function judged(exchange: Exchange, body: Uint8Array, entry: Entry): void {
  const { room, request, response } = exchange;
  const { admission } = room.door.overload;
  // Who left meanwhile is not judged.
  if (response.destroyed) return admission.leave(entry);
  room.door.handle(wireRequest(exchange, headersOf(request.rawHeaders), body), originOf(exchange)).then(
    (given) => {
      admission.leave(entry);
      answer(exchange, given);
    },
    () => {
      admission.leave(entry);
      response.destroy();
    },
  );
}

function wireRequest(
  { request, path, rawQuery }: Exchange,
  headers: readonly HeaderPair[],
  body: Uint8Array,
): WireRequest {
  return { method: request.method ?? '', path, rawQuery, headers, body };
}

function answerReady(exchange: Exchange): void {
  const { room, response } = exchange;
  room.door.ready().then(
    (ready) => answer(exchange, probe(ready && !room.draining)),
    () => response.destroy(),
  );
}

function answer(exchange: Exchange, given: WireResponse): void {
  exchange.room.answer({ exchange, given });
}

function write({ exchange, given }: Ready): void {
  const { room, connection, request, response } = exchange;
  orDestroy(response, () => {
    // A connection kept alive would hold up the end of the server.
    if (room.draining) response.setHeader('connection', 'close');
    writeHead(response, given);
    if (request.method === 'HEAD') response.end();
    else writeBody(response, given.body);
  });
  answered(room, connection, response);
}

/** The next request is due when the client has room for all of the answer. */
function answered({ held }: Room, connection: Held, response: ServerResponse): void {
  if (response.writableLength === 0) return held.answered(connection);
  response.once('close', () => held.answered(connection));
}

/** Refuses in turn. A connection on which a long body would follow is closed: nobody reads it. */
function refuseBusy(exchange: Exchange, why: Turned): void {
  const { room, connection, request, response, waits } = exchange;
  const { overload, refuseBusy: refusal } = room.door;
  overload.count(why);
  const takeBack = overload.refusals.add(() => {
    // Spec: RFC 9110 §10.1.1: who waits was sent no 100, and may send the body or not.
    if (!request.complete && (waits || hasLongBody(request))) response.setHeader('connection', 'close');
    answer(exchange, refusal(wireRequest(exchange, [], nothing)));
  });
  if (takeBack === undefined) return void request.socket.destroy();
  room.held.asked(connection);
  response.once('close', takeBack);
}

function refuseLongBody(exchange: Exchange): void {
  const { room, connection, request, response } = exchange;
  const given = room.door.refuseTooLarge(wireRequest(exchange, headersOf(request.rawHeaders), nothing));
  response.setHeader('connection', 'close');
  writeHead(response, given);
  if (request.method !== 'HEAD') response.write(given.body);
  response.once('close', () => room.held.answered(connection));
  // Not before: the connection closes with it, and what is still being sent would make a reset of that.
  discardBody(request, () => void response.end());
}

/** Spec: RFC 9112 §3.2. */
const twoHosts: WireResponse = { status: 400, headers: [['connection', 'close']], body: '' };

/** The target of the request line; an absolute form loses its scheme and authority. */
function localPart(url: string): string {
  return url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?]*/i, '');
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

/** The same object as long as the connection's requests say the same: others keep what they work out of it. */
function originOf({ request: { headers }, connection }: Exchange): Origin {
  const { 'user-agent': userAgent = '', referer } = headers;
  const { ip, secure, origin: known } = connection;
  if (known !== undefined && known.userAgent === userAgent && known.referer === referer) return known;
  const origin = referer === undefined ? { ip, userAgent, secure } : { ip, userAgent, referer, secure };
  const isShort = userAgent.length + (referer?.length ?? 0) <= maxOrigin;
  connection.origin = isShort ? origin : undefined;
  return origin;
}

function probe(good: boolean): WireResponse {
  return { status: good ? 200 : 503, headers: [['content-type', 'text/plain']], body: good ? 'ok\n' : 'not ready\n' };
}

/** The body and the end. Nothing leaves before the end, so that it is one write with the headers. */
function writeBody(response: ServerResponse, body: AnswerBody): void {
  if (typeof body === 'string') {
    response.end(body);
    return;
  }
  for (const piece of body) response.write(piece);
  response.end();
}

/** Status and headers. A body that follows with the end, as text, leaves with them in one piece. */
function writeHead(response: ServerResponse, { status, headers, body }: WireResponse): void {
  const lines: string[] = [];
  for (const [name, value] of headers) lines.push(name, value);
  lines.push('content-length', String(byteLength(body)));
  response.writeHead(status, lines);
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
