// A door and connections to it, for the tests of this room. No tests of its own.
import { connect, type Socket } from 'node:net';
import { after } from 'node:test';
import type { Refusal, WireRequest } from '../protocols/protocol.ts';
import { type Door, openDoor, type Patience } from './http.ts';
import type { OpenDoor } from './listening.ts';
import { overload } from './overload.ts';

export const limit = 1024 * 1024;
const opened: OpenDoor[] = [];
const sockets: Socket[] = [];
after(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(opened.map((door) => door.close(0)));
});

type Seen = { readonly requests: WireRequest[]; readonly port: number; readonly door: OpenDoor };
/** A door whose road answers the method, the target and the length of the body. */
export async function door(part: Partial<Door> = {}, patience?: Patience): Promise<Seen> {
  const requests: WireRequest[] = [];
  const answer = (status: number, body: string): Refusal => ({ status, headers: [['x-road', 'yes']], body });
  const made = await openDoor(
    {
      async handle(request) {
        requests.push(request);
        return answer(200, `${request.method} ${request.path} ${request.rawQuery} ${request.body.length}`);
      },
      refuseTooLarge: () => answer(413, 'too large'),
      refuseBusy: () => answer(503, 'busy'),
      ready: async () => true,
      overload: overload({ now: () => performance.now(), later: (ms, work) => void setTimeout(work, ms) }),
      ...part,
    },
    '127.0.0.1',
    0,
    patience,
  );
  opened.push(made);
  return { requests, port: made.port, door: made };
}

export type Wire = {
  readonly socket: Socket;
  text(): string;
  until(what: RegExp): Promise<string>;
  closed(): Promise<string>;
};
/** A connection that collects what it is told; everything it waits for is bounded. */
export async function wire(port: number): Promise<Wire> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  let over = false;
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of waiting) look();
  };
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    wake();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    over = true;
    wake();
  });
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  const when = (what: string, holds: () => boolean) =>
    new Promise<string>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no ${what} in: ${text.slice(0, 500)}`)), 5000);
      const look = () => {
        if (!holds()) return;
        clearTimeout(late);
        waiting.delete(look);
        resolve(text);
      };
      waiting.add(look);
      look();
    });
  return {
    socket,
    text: () => text,
    until: (what) => when(String(what), () => what.test(text)),
    closed: () => when('end', () => over),
  };
}

export async function exchange(port: number, request: string | Buffer): Promise<string> {
  const { socket, closed } = await wire(port);
  socket.write(request);
  return closed();
}

/** Resolves when nobody listens on the port any more. */
export async function refusedAt(port: number): Promise<void> {
  for (let code = ''; code !== 'ECONNREFUSED'; ) {
    const { promise, resolve } = Promise.withResolvers<string>();
    const socket = connect(port, '127.0.0.1', () => resolve('connected'));
    socket.on('error', (cause) => resolve('code' in cause ? String(cause.code) : ''));
    code = await promise;
    socket.destroy();
  }
}

export const head = (target = '/x', more = '', method = 'POST') => `${method} ${target} HTTP/1.1\r\nHost: h\r\n${more}`;
export const last = 'Connection: close\r\n\r\n';

/** Limits for tests that wait for them. */
export const impatient: Patience = {
  headersTimeout: 40,
  requestTimeout: 80,
  keepAliveTimeout: 40,
  connectionsCheckingInterval: 10,
  maxConnections: 50,
  maxLargeBodies: 64 * 1024,
};
