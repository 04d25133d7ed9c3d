// A door that stands open: a server that listens on its address until it is told to stop.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type OpenDoor = {
  readonly host: string;
  readonly port: number;
  /** Takes no new connection, answers what is under way within `graceMs`, then lets go. */
  close(graceMs: number): Promise<void>;
};

/** Listens; rejects when the address cannot be had. */
export async function listening(server: Server, host: string, port: number): Promise<OpenDoor> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // Listening on a TCP port guarantees the form of the address.
  const address = server.address() as AddressInfo;
  return { host: address.address, port: address.port, close: (graceMs) => closed(server, graceMs) };
}

/** Where a door stands, as a URL: `http://[::1]:4747`. */
export function urlOf(scheme: 'http' | 'https', { host, port }: Pick<OpenDoor, 'host' | 'port'>): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
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
