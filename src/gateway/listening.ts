// A door that stands open: a server that listens on its address until it is told to stop.
import type { Server } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';

export type OpenDoor = {
  readonly host: string;
  readonly port: number;
  /** Takes no new connection, answers what is under way within `graceMs`, then lets go. */
  close(graceMs: number): Promise<void>;
};

/**
 * Connections that may wait to be accepted, if the kernel has no smaller bound (Linux: `net.core.somaxconn`). The event loop
 * accepts one in a turn; whom there is no room for is not told so, and tries again after a second.
 */
const mostWaiting = 4096;

/** Listens; rejects when the address cannot be had. Where `endsIdle` is given, it is what closes idle connections. */
export async function listening(
  server: Server,
  host: string,
  port: number,
  endsIdle: () => void = () => server.closeIdleConnections(),
): Promise<OpenDoor> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: mostWaiting }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // Listening on a TCP port guarantees the form of the address.
  const address = server.address() as AddressInfo;
  return { host: address.address, port: address.port, close: (graceMs) => closed(server, graceMs, endsIdle) };
}

/** Where a door stands, as a URL: `http://[::1]:4747`. */
export function urlOf(scheme: 'http' | 'https', { host, port }: Pick<OpenDoor, 'host' | 'port'>): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function closed(server: Server, graceMs: number, endsIdle: () => void): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), graceMs);
    // Not server.close(): that closes idle connections itself, whatever is on its way to them, and times out no more.
    NetServer.prototype.close.call(server, () => {
      clearTimeout(force);
      server.close(() => {}); // ends what looks for timeouts
      resolve();
    });
    endsIdle();
  });
}
