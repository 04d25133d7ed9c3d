// Which proxy leads to a host, and the way through it: CONNECT, then TLS to the host itself. By hand, because Node's own
// support is younger than the Nodes that are served.
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { failure } from './errors.ts';
import type { Environment } from './world.ts';

/** The proxy for this URL: what is said, or the environment's. Undefined: none. Throws RolesAnywhereError. */
export function proxyFor(url: URL, said: string | false | undefined, environment: Environment): URL | undefined {
  if (said === false) return undefined;
  if (said !== undefined) return proxyUrl('proxy', said);
  const read = (name: string) => environment[name.toLowerCase()] || environment[name];
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  // Below a CGI, HTTP_PROXY is a header of whoever asks. Spec: https://httpoxy.org
  if (name === 'HTTP_PROXY' && environment.REQUEST_METHOD !== undefined) return undefined;
  const value = read(name);
  return value === undefined || value === '' || isExempt(url, read('NO_PROXY') ?? '')
    ? undefined
    : proxyUrl(name, value);
}

function proxyUrl(name: string, value: string): URL {
  const full = value.includes('://') ? value : `http://${value}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.hostname) return url;
  // The value may hold a password.
  throw failure('InvalidOptions', `${name} is not \`http://[user:password@]host[:port]\``);
}

/**
 * Whether NO_PROXY exempts the host: `*`, a name and everything below it (with or without a dot before it), an address,
 * each with or without a port. Loopback is always exempt. Ours: ranges of addresses are not read.
 */
export function isExempt({ hostname, port, protocol }: URL, noProxy: string): boolean {
  const host = bare(hostname);
  if (host === 'localhost' || host === '::1' || /^127(?:\.\d+){3}$/.test(host)) return true;
  const ownPort = port || (protocol === 'https:' ? '443' : '80');
  return noProxy.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true;
    const [, name = '', entryPort] = /^(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    const wanted = bare(name).replace(/^\*?\./, '');
    if (wanted === '' || (entryPort !== undefined && entryPort !== ownPort)) return false;
    return host === wanted || host.endsWith(`.${wanted}`);
  });
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '').toLowerCase();
}

/** The header of a proxy's URL that holds a name and password. */
export function proxyAuthorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'Proxy-Authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}

/** Bytes of a proxy's answer to CONNECT that are read at most. */
const maxAnswerBytes = 16 * 1024;

/** A connection through the proxy to the authority (`host:port`), on which TLS may begin. Rejects when there is none. */
export async function tunnel(proxy: URL, authority: string, signal: AbortSignal): Promise<Socket> {
  const socket = await connected(proxy, signal);
  const abort = () => socket.destroy(new Error('aborted'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    const headers = Object.entries({ Host: authority, ...proxyAuthorization(proxy) });
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    socket.write(`CONNECT ${authority} HTTP/1.1\r\n${lines}\r\n`);
    const status = statusOf(await answerOf(socket));
    if (status >= 200 && status < 300) return socket;
    socket.destroy();
    throw failure('NotReached', `the proxy \`${proxy.host}\` answered CONNECT with status ${status}`, {
      hint: status === 407 ? 'the proxy wants a name and a password in its URL' : 'look into the rules of the proxy',
    });
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function connected(proxy: URL, signal: AbortSignal): Promise<Socket> {
  const host = bare(proxy.hostname);
  const isTls = proxy.protocol === 'https:';
  const port = Number(proxy.port || (isTls ? 443 : 80));
  return new Promise((resolve, reject) => {
    const socket = isTls ? connectTls({ host, port, servername: host }) : connectTcp({ host, port });
    const abort = () => socket.destroy(new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      signal.removeEventListener('abort', abort);
      resolve(socket);
    });
    socket.once('error', (cause) => {
      signal.removeEventListener('abort', abort);
      reject(failure('NotReached', `the proxy \`${proxy.host}\` cannot be reached: ${cause.message}`, { cause }));
    });
  });
}

/** The head of the answer, up to its empty line; nothing behind it is taken off the socket. */
function answerOf(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const end = (settle: () => void) => {
      socket.off('readable', read).off('error', reject).off('end', ended);
      settle();
    };
    const ended = () => end(() => reject(failure('NotReached', 'the proxy closed the connection')));
    const read = () => {
      for (let chunk = socket.read(1); chunk !== null; chunk = socket.read(1)) {
        head = Buffer.concat([head, chunk]);
        if (head.subarray(-4).toString('latin1') === '\r\n\r\n') return end(() => resolve(head.toString('latin1')));
        if (head.length > maxAnswerBytes)
          return end(() => reject(failure('NotReached', "the proxy's answer is too long")));
      }
    };
    socket.on('readable', read).on('error', reject).on('end', ended);
  });
}

function statusOf(head: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3})(?: |\r)/.exec(head)?.[1] ?? 0);
}
