// The connections of a door: how many there are, which of them owe a request, and how they end when the server stops.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Origin } from '../services/call.ts';

/** A connection, as long as it is open. */
export type Held = {
  readonly socket: Socket;
  /** Whose end is the other one: an address without a port; one of IPv4 in its own form. */
  readonly ip: string;
  /** Over TLS. */
  readonly secure: boolean;
  /** Where its last request came from; undefined where that is too long to be kept for the next one. */
  origin: Origin | undefined;
  /** Requests that have begun and are not answered yet: pipelined ones are several. */
  unanswered: number;
  /** Since when it owes a request, and how much it had sent by then; of the last time where it owes none. */
  owesSince: number;
  bytesRead: number;
};

export type Connections = {
  /** The connection of a socket: a request has begun on it, its header block is there. */
  begun(socket: Socket): Held;
  /** It is whole, or no more of it is wanted: the connection owes nothing, and waits for the answer. */
  asked(held: Held): void;
  /** What has begun is answered: the next request is due. */
  answered(held: Held): void;
  /** Resolves when every connection that waited to be accepted is in; after `atMostMs` in any case. */
  allIn(atMostMs: number): Promise<void>;
  /** From now on closes each connection that has begun no request for `lingerMs`, until `stop` is called. */
  closeIdle(lingerMs: number): () => void;
  /** Connections that are open. */
  open(): number;
};

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
  const all = new WeakMap<Socket, Held>();
  /** Those that owe a request; who has owed it for longest stands first. */
  const owing = new Set<Held>();
  let open = 0;
  let accepted = 0;
  const isSecure = 'key' in server;
  /** Over TLS: connections whose handshake is not done, eldest first, with when they began. */
  const shaking = new Map<string, { readonly socket: Socket; readonly since: number }>();
  const heldOf = (socket: Socket) => {
    const known = all.get(socket);
    if (known !== undefined) return known;
    const [ip, secure] = [ipOf(socket), isSecure];
    const held: Held = { socket, ip, secure, origin: undefined, unanswered: 0, owesSince: 0, bytesRead: 0 };
    all.set(socket, held);
    return held;
  };
  const owes = (held: Held) => {
    owing.delete(held); // so that it stands last
    if (held.socket.destroyed) return;
    held.owesSince = now();
    held.bytesRead = held.socket.bytesRead;
    owing.add(held);
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
    owing.delete(heldOf(slowest));
    slowest.destroy();
  });
  server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) => {
    shaking.delete(peerOf(socket));
    const held = heldOf(socket);
    owes(held);
    socket.once('close', () => owing.delete(held));
  });
  return {
    begun(socket) {
      const held = heldOf(socket);
      held.unanswered += 1;
      return held;
    },
    asked: (held) => void owing.delete(held),
    answered(held) {
      held.unanswered -= 1;
      if (held.unanswered === 0) owes(held);
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
        for (const { socket, owesSince, bytesRead } of owing) {
          if (socket.bytesRead === bytesRead && now() - owesSince >= lingerMs) socket.destroy();
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
  owing: ReadonlySet<Held>,
  shaking: Iterable<{ readonly socket: Socket; readonly since: number }>,
): Socket | undefined {
  const [owes] = owing;
  const [shakes] = shaking;
  return shakes !== undefined && (owes === undefined || shakes.since < owes.owesSince) ? shakes.socket : owes?.socket;
}

/** An address of IPv4 comes in the form of IPv6 where the server listens on both. */
function ipOf({ remoteAddress = '' }: Socket): string {
  return remoteAddress.startsWith('::ffff:') ? remoteAddress.slice('::ffff:'.length) : remoteAddress;
}

/** The other end, as a text: what a connection and its secured self have in common. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
