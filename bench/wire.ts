// HTTP/1.1 as bytes: connections that take prepared requests and give whole answers, at little cost.
import { connect, type Socket } from 'node:net';

/** A whole answer, head included. */
export type Answer = {
  readonly status: number;
  readonly bytes: Buffer;
  readonly bodyBytes: number;
  /** Whether the server closes the connection after it. */
  readonly isLast: boolean;
};

/** Bytes of what a connection reads at once: a page of a list, as a rule. */
const readBytes = 64 * 1024;

/**
 * Resolves when the connection stands. `url`: `http://HOST:PORT`. `take`: gets all that comes, in a buffer that is its own until it
 * returns; absent, the socket tells of it. A buffer for each read would have the generator collect hundreds of megabytes a second.
 */
export function connected(url: string, take?: (chunk: Buffer) => void): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const callback = (size: number, buffer: Uint8Array) => {
    take?.(Buffer.from(buffer.buffer, buffer.byteOffset, size));
    return true;
  };
  const onread = take === undefined ? {} : { onread: { buffer: Buffer.allocUnsafeSlow(readBytes), callback } };
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true, ...onread });
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket.off('error', reject)));
  });
}

/** The answer, once all of it is there: its length is stated, and nothing follows an answer that nobody asked for. */
export function complete(received: Buffer): Answer | undefined {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = received.toString('latin1', 0, headEnd);
  const [, length = '0'] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
  const bodyBytes = Number(length);
  if (received.length < headEnd + 4 + bodyBytes) return undefined;
  const isLast = /\r\nconnection: *close/i.test(head);
  return { status: Number(head.slice(9, 12)), bytes: received, bodyBytes, isLast };
}
