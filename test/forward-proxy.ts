// A forward proxy on loopback, as companies have one: CONNECT for TLS, the whole URL for plain HTTP. Names lead where the test
// says, so that a client can ask AWS's own hosts and reach a server of the test; what it was asked is kept.
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, request as requestHttp, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type Socket } from 'node:net';

/** One request to the proxy. */
export type Passed = {
  /** `CONNECT rolesanywhere.us-east-1.amazonaws.com:443` */
  readonly line: string;
  /** Of the Proxy-Authorization header. */
  readonly authorization: string | undefined;
  /** The server name of the TLS handshake that came behind CONNECT. Absent: there was none, or it named nobody. */
  sni?: string;
};

export type ProxyOptions = {
  /** Where a name and port leads: `host:port` → a port of 127.0.0.1. Any other gets 502. */
  readonly routes: Readonly<Record<string, number>>;
  /** What Proxy-Authorization must be, else 407. */
  readonly authorization?: string;
  /** Makes it an HTTPS proxy. */
  readonly tls?: { readonly cert: string; readonly key: string };
};

/** Starts a proxy; stop it with `await using`. */
export async function forwardProxy({ routes, authorization, tls }: ProxyOptions) {
  const passed: Passed[] = [];
  const sockets = new Set<Socket>();
  const server: Server = tls ? createHttpsServer(tls) : createHttpServer();
  const note = ({ method, url, headers }: IncomingMessage): Passed => {
    const one = { line: `${method} ${url}`, authorization: headers['proxy-authorization'] };
    passed.push(one);
    return one;
  };
  /** The port, or the status of the refusal. */
  const ruling = ({ authorization: shown }: Passed, authority: string) => {
    if (authorization !== undefined && shown !== authorization) return { status: 407 };
    const port = routes[authority];
    return port === undefined ? { status: 502 } : { port };
  };
  server.on('connect', (request: IncomingMessage, client: Socket, head: Buffer) => {
    const one = note(request);
    const { port, status } = ruling(one, request.url ?? '');
    if (port === undefined) return void client.end(`HTTP/1.1 ${status} Refused\r\nContent-Length: 0\r\n\r\n`);
    const upstream = connect({ port, host: '127.0.0.1' });
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    client.once('data', (hello) => {
      const sni = serverName(hello);
      if (sni !== undefined) one.sni = sni;
    });
    upstream.write(head);
    upstream.pipe(client).pipe(upstream);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
    }
  });
  server.on('request', (request, response) => {
    const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined;
    const { port, status } = ruling(note(request), `${url?.hostname}:${url?.port || '80'}`);
    if (port === undefined || url === undefined) return void response.writeHead(status ?? 400).end();
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const options = { port, host: '127.0.0.1', method: request.method, path: url.pathname + url.search, headers };
    const upstream = requestHttp(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    upstream.on('error', () => response.destroy());
    request.pipe(upstream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    port: address.port,
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${address.port}`,
    passed: passed as readonly Passed[],
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export type ForwardProxy = Awaited<ReturnType<typeof forwardProxy>>;

/** The name in the server_name extension of a ClientHello. Spec: RFC 6066 §3, RFC 8446 §4.1.2 */
function serverName(hello: Buffer): string | undefined {
  // Record and handshake headers, version, random.
  let at = 5 + 4 + 2 + 32;
  const skip = (lengthBytes: 1 | 2) => {
    at += lengthBytes + hello.readUIntBE(at, lengthBytes);
  };
  skip(1);
  skip(2);
  skip(1);
  const end = at + 2 + hello.readUInt16BE(at);
  for (at += 2; at + 4 <= end; at += 2 + 2 + hello.readUInt16BE(at + 2)) {
    if (hello.readUInt16BE(at) !== 0) continue;
    // Behind the extension's header: the list's length, the kind of name, the name's length.
    const length = hello.readUInt16BE(at + 7);
    return hello.toString('latin1', at + 9, at + 9 + length);
  }
  return undefined;
}
