// The way through a proxy to a host: CONNECT, whose answer is read to its end and no further, since TLS to the host itself
// begins behind it.
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { connectionHint } from './connection-hint.ts';
import { failure, RolesAnywhereError } from './errors.ts';
import { bare, named, proxyAuthorization, proxyHint } from './proxy.ts';

/** Bytes of a proxy's answer to CONNECT that are read at most. */
const maxAnswerBytes = 16 * 1024;

/**
 * A connection through the proxy to the authority (`host:port`), on which TLS may begin. `ca`: the authorities that a proxy's
 * own certificate may lead to. Throws RolesAnywhereError, which names the proxy without its password.
 */
export async function tunnel(
  proxy: URL,
  authority: string,
  { signal, ca }: { readonly signal: AbortSignal; readonly ca?: readonly string[] | undefined },
): Promise<Socket> {
  const socket = openedTo(proxy, ca);
  const abort = () => socket.destroy(new Error('aborted'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    await connected(socket, proxy, ca);
    const headers = Object.entries({ Host: authority, ...proxyAuthorization(proxy) });
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    socket.write(`CONNECT ${authority} HTTP/1.1\r\n${lines}\r\n`);
    const status = statusOf(await answerOf(socket));
    if (status >= 200 && status < 300) return socket;
    throw refusedBy(proxy, status);
  } catch (cause) {
    socket.destroy();
    throw cause instanceof RolesAnywhereError ? cause : brokenBy(proxy, cause);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function refusedBy(proxy: URL, status: number): RolesAnywhereError {
  // No status: what answered speaks no HTTP.
  if (status === 0) return failure('NotReached', `${named(proxy)} answers CONNECT with what is no HTTP`);
  return failure('NotReached', `${named(proxy)} refuses CONNECT`, { status, hint: proxyHint(status) });
}

function brokenBy(proxy: URL, cause: unknown): RolesAnywhereError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const said = code || (cause instanceof Error ? cause.message : String(cause));
  return failure('NotReached', `${named(proxy)} broke the connection: ${said}`, { cause });
}

function openedTo(proxy: URL, ca: readonly string[] | undefined): Socket {
  const host = bare(proxy.hostname);
  const isTls = proxy.protocol === 'https:';
  const port = Number(proxy.port || (isTls ? 443 : 80));
  return isTls
    ? connectTls({ port, ...peerOf(host), ...(ca !== undefined && { ca: [...ca] }) })
    : connectTcp({ host, port });
}

/** Whom TLS expects; the extension for a server's name takes no address. Spec: RFC 6066 §3 */
export function peerOf(hostname: string): Pick<ConnectionOptions, 'host' | 'servername'> {
  const host = bare(hostname);
  return { host, ...(isIP(host) === 0 && { servername: host }) };
}

function connected(socket: Socket, proxy: URL, ca: readonly string[] | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(proxy.protocol === 'https:' ? 'secureConnect' : 'connect', () => resolve());
    // It stays: what breaks later is told to whoever reads, and must not end the process.
    socket.on('error', (cause) => {
      const code = 'code' in cause ? String(cause.code) : cause.message;
      const hint = connectionHint(code, { what: 'proxy', ca });
      reject(failure('NotReached', `${named(proxy)} cannot be reached: ${code}`, { hint, cause }));
    });
  });
}

/** The head of the answer, up to its empty line; nothing behind it is taken off the socket. */
function answerOf(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const end = (settle: () => void) => {
      socket.off('readable', read).off('error', failed).off('end', ended);
      settle();
    };
    const failed = (cause: Error) => end(() => reject(cause));
    const ended = () => failed(new Error('it ended before its answer did'));
    const read = () => {
      for (let chunk = socket.read(1); chunk !== null; chunk = socket.read(1)) {
        head = Buffer.concat([head, chunk]);
        if (head.subarray(-4).toString('latin1') === '\r\n\r\n') return end(() => resolve(head.toString('latin1')));
        if (head.length > maxAnswerBytes) return failed(new Error('its answer is too long'));
      }
    };
    socket.on('readable', read).on('error', failed).on('end', ended);
  });
}

function statusOf(head: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3})(?: |\r)/.exec(head)?.[1] ?? 0);
}
