// Where requests come in: sockets of our own or handed over by systemd, plain HTTP, bounded in header size, connections and
// time. What is sent is an Answer and nothing else.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { http } from '../../node-http.ts';
import type { Answer, Asked } from './answer.ts';

/** An address, or the number of a file descriptor on which somebody listens already. */
export type Place = { readonly host: string; readonly port: number } | { readonly fd: number };

export type Door = {
  readonly host: string;
  readonly port: number;
  /** Takes no new connection, answers what is under way within `graceMs`, then lets go. */
  close(graceMs: number): Promise<void>;
};

/** Milliseconds, and bytes of a header block. Metadata is asked for in short GETs by programs of the same machine. */
const bounds = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 1000,
};
/** A connection on which nothing moves; longer than a refresh may take. */
const idleMs = 60_000;
const maxConnections = 512;

/** Listens; rejects when the place cannot be had. `failed` is told of what `answer` rejects with. */
export async function openDoor(
  place: Place,
  answer: (asked: Asked) => Answer | Promise<Answer>,
  failed: (cause: unknown) => void,
): Promise<Door> {
  const server = http.createServer(bounds, (request, response) => {
    // A body is thrown away as it comes; `requestTimeout` ends one that does not stop.
    request.on('error', () => {}).resume();
    response.on('error', () => {});
    answered(request, answer).then(
      (said) => send(request, response, said),
      (cause) => {
        failed(cause);
        send(request, response, { status: 500, headers: {}, body: '' });
      },
    );
  });
  server.maxConnections = maxConnections;
  server.timeout = idleMs;
  await listening(server, place);
  // Listening on a TCP port guarantees the form of the address.
  const address = server.address() as AddressInfo;
  return { host: address.address, port: address.port, close: (graceMs) => closed(server, graceMs) };
}

async function answered(
  { method = '', url = '', headers }: IncomingMessage,
  answer: (asked: Asked) => Answer | Promise<Answer>,
): Promise<Answer> {
  const [path = ''] = url.split('?', 1);
  return answer({ method, path, headers });
}

function listening(server: Server, place: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(place, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function send(request: IncomingMessage, response: ServerResponse, { status, reason, headers, body }: Answer): void {
  if (response.destroyed || response.headersSent) return;
  // EC2's own name: some programs know the service by it.
  const all = { server: 'EC2ws', ...headers, 'content-length': String(Buffer.byteLength(body)) };
  if (reason === undefined) response.writeHead(status, all);
  else response.writeHead(status, reason, all);
  response.end(request.method === 'HEAD' ? undefined : body);
}

function closed(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
}
