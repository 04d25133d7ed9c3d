// The body of a request: taken whole, within a bound of its own and one of all bodies together; or thrown away.
import type { IncomingMessage } from 'node:http';

/** Bytes of a request's body. */
const maxBodyBytes = 1024 * 1024;
/** Bytes of a refused body that are still swallowed, so that the client reads the answer rather than a reset. */
const maxDiscardedBytes = 16 * 1024 * 1024;
/** Bytes of a body that are always taken: nearly every request's. */
const smallBodyBytes = 16 * 1024;

/** The unfinished bodies of a door. */
export type Bodies = {
  /** Bytes at most, beyond each one's small part. */
  readonly most: number;
  /** Bytes now, likewise. */
  large: number;
};

/** A whole body; or that it is too large, that there is no memory for it now, or that the client went away. */
export type Body = Uint8Array | 'tooLarge' | 'noRoom' | 'gone';

/** Whether the announced body is longer than any may be. */
export function isTooLong({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? 0) > maxBodyBytes;
}

/** Whether a body follows the header block. Spec: RFC 9112 §6.3 (7): a request that says nothing of one has none. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length = '0' } = headers;
  return length !== '0' || headers['transfer-encoding'] !== undefined;
}

/** Whether much may follow the header block, or nobody knows how much. */
export function hasLongBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > smallBodyBytes;
}

/** Reads the body and calls `taken` once; what comes after a refusal of it is thrown away. */
export function takeBody(request: IncomingMessage, bodies: Bodies, taken: (body: Body) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  let large = 0;
  let isOver = false;
  const settle = (body: Body) => {
    if (isOver) return;
    isOver = true;
    bodies.large -= large;
    taken(body);
  };
  request.on('data', (chunk: Buffer) => {
    if (isOver) return;
    size += chunk.length;
    if (size > maxBodyBytes) return settle('tooLarge');
    const more = Math.max(0, size - smallBodyBytes) - large;
    if (bodies.large + more > bodies.most) return settle('noRoom');
    large += more;
    bodies.large += more;
    chunks.push(chunk);
  });
  request.on('end', () => settle(joined(chunks)));
  // After an error, too, of which nobody is told who does not listen.
  request.on('close', () => settle('gone'));
}

/** Most bodies come in one piece. */
function joined(chunks: readonly Buffer[]): Uint8Array {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
}

/** Calls `done` when the rest of the body is read, or is too much to read, or the client went away. */
export function discardBody(request: IncomingMessage, done: () => void): void {
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxDiscardedBytes) done();
  });
  request.on('end', done);
  request.on('close', done);
  request.resume();
}
