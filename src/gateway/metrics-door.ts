// The door for whoever scrapes metrics: its own address, plain HTTP, GET /metrics and nothing else. Bounded in header size,
// connections and time, so that what happens here is never felt at the other door.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { http } from '../node-http.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { listening, type OpenDoor } from './listening.ts';

/** Milliseconds, and bytes of a header block: a scrape is a short GET. */
const bounds = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5000,
  requestTimeout: 5000,
  keepAliveTimeout: 60_000,
  connectionsCheckingInterval: 1000,
};
/** Scrapers come in ones and twos. */
const maxConnections = 32;
/** A connection on which nothing moves; longer than a scrape may take. */
const idleMs = 90_000;

/** Listens; rejects when the address cannot be had. `failed` is told why a scrape was not answered. */
export function openMetricsDoor(
  metrics: Metrics,
  { host, port }: { readonly host: string; readonly port: number },
  failed: (cause: unknown) => void,
): Promise<OpenDoor> {
  const server = http.createServer(bounds, (request, response) => {
    // A body is thrown away as it comes; `requestTimeout` ends one that does not stop.
    request.on('error', () => {}).resume();
    answer(metrics, request, response).catch((cause) => {
      failed(cause);
      send(response, 500, 'the metrics cannot be read\n');
    });
  });
  server.maxConnections = maxConnections;
  server.timeout = idleMs;
  return listening(server, host, port);
}

async function answer(metrics: Metrics, { method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
  if (url?.split('?', 1)[0] !== '/metrics') return send(response, 404, 'GET /metrics\n');
  if (method !== 'GET') return send(response, 405, 'GET /metrics\n', [['allow', 'GET']]);
  const { contentType, body } = await metrics.scrape();
  send(response, 200, body, [['content-type', contentType]]);
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  headers: readonly (readonly [name: string, value: string])[] = [['content-type', 'text/plain; charset=utf-8']],
): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, [...headers, ['content-length', String(Buffer.byteLength(body))]].flat());
  response.end(body);
}
