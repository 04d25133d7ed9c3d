// The connections of a door: how many there are, which of them owe a request, and how they end when the server stops.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export type Connections = {
  /** A request has begun: its header block is there. */
  begun(socket: Socket): void;
  /** It is whole, or no more of it is wanted: the connection owes nothing, and waits for the answer. */
  asked(socket: Socket): void;
  /** What has begun is answered: the next request is due. */
  answered(socket: Socket): void;
  /** Resolves when every connection that waited to be accepted is in; after `atMostMs` in any case. */
  allIn(atMostMs: number): Promise<void>;
  /** From now on closes each connection that has begun no request for `lingerMs`, until `stop` is called. */
  closeIdle(lingerMs: number): () => void;
  /** Connections that are open. */
  open(): number;
};

/** Since when a connection owes a request, and how much it had sent by then. */
type Debt = { readonly since: number; readonly bytesRead: number };

/** Milliseconds between two looks at idle connections while the server stops. */
const lookMs = 25;
/** Milliseconds that a handshake may take while the server stops. */
const handshakeMs = 1000;

/**
 * Bounds the connections of a server. With one too many, the one that has owed a request for longest is closed, be it idle
 * or slow; only where all of them wait for answers is it the new one. So those who hold connections open do not keep
 * out those who use them. `tooMany` is called each time. Over TLS a handshake counts as owing a request.
 */
export function connections(server: Server, most: number, now: () => number, tooMany: () => void): Connections {
  const owing = new Map<Socket, Debt>();
  /** Requests that have begun on a connection and are not answered yet: pipelined ones are several. */
  const unanswered = new WeakMap<Socket, number>();
  let open = 0;
  let accepted = 0;
  const isSecure = 'key' in server;
  /** Over TLS: connections whose handshake is not done, eldest first, with when they began. */
  const shaking = new Map<string, { readonly socket: Socket; readonly since: number }>();
  const owes = (socket: Socket) => {
    owing.delete(socket); // so that it stands last
    if (!socket.destroyed) owing.set(socket, { since: now(), bytesRead: socket.bytesRead });
  };
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    open += 1;
    accepted += 1;
    if (isSecure) shaking.set(peer, { socket, since: now() });
    socket.once('close', () => {
      open -= 1;
      shaking.delete(peer);
    });
    if (open <= most) return;
    tooMany();
    const slowest = slowestOf(owing, shaking.values()) ?? socket;
    owing.delete(slowest);
    slowest.destroy();
  });
  server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) => {
    shaking.delete(peerOf(socket));
    owes(socket);
    socket.once('close', () => owing.delete(socket));
  });
  return {
    begun(socket) {
      unanswered.set(socket, (unanswered.get(socket) ?? 0) + 1);
    },
    asked: (socket) => void owing.delete(socket),
    answered(socket) {
      const left = (unanswered.get(socket) ?? 1) - 1;
      unanswered.set(socket, left);
      if (left === 0) owes(socket);
    },
    async allIn(atMostMs) {
      // The event loop accepts one connection in a turn; those that still wait when a server closes are reset.
      const end = now() + atMostMs;
      for (let before = -1; before !== accepted && now() < end; ) {
        before = accepted;
        for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      }
    },
    closeIdle(lingerMs) {
      const look = () => {
        // What has arrived has been read by now: of a connection that looks idle, nothing lies unread.
        for (const [socket, { since, bytesRead }] of owing) {
          if (socket.bytesRead === bytesRead && now() - since >= lingerMs) socket.destroy();
        }
        for (const { socket, since } of shaking.values()) if (now() - since >= handshakeMs) socket.destroy();
      };
      const timer = setInterval(() => setImmediate(look), lookMs);
      return () => clearInterval(timer);
    },
    open: () => open,
  };
}

/** Of those that owe a request and those that shake hands, the one that has done so for longest. */
function slowestOf(
  owing: ReadonlyMap<Socket, Debt>,
  shaking: Iterable<{ readonly socket: Socket; readonly since: number }>,
): Socket | undefined {
  const [[owes, debt] = []] = owing;
  const [shakes] = shaking;
  return shakes !== undefined && (debt === undefined || shakes.since < debt.since) ? shakes.socket : owes;
}

/** The other end, as a text: what a connection and its secured self have in common. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
