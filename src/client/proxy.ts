// Which proxy leads to a host, as the environment says it. By hand, because Node's own support is younger than the Nodes that
// are served; the way through it is in tunnel.ts.
import { BlockList, isIP } from 'node:net';
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
  if (url && /^https?:$/.test(url.protocol) && url.hostname && isPercentEncoded(url)) return url;
  // The value may hold a password.
  throw failure('InvalidOptions', `${name} is not \`http://[user:password@]host[:port]\``, {
    hint: 'percent-encode what is neither letter nor digit in name and password',
  });
}

function isPercentEncoded({ username, password }: URL): boolean {
  return !/%(?![0-9a-f]{2})/i.test(username + password);
}

/**
 * Whether NO_PROXY exempts the host: `*`, a name and everything below it (with or without a dot or `*.` before it), an
 * address, each with or without a port, or a range of addresses (`10.0.0.0/8`). Loopback is always exempt.
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
    return host === wanted || (isIP(host) === 0 ? host.endsWith(`.${wanted}`) : isInRange(host, wanted));
  });
}

/** Whether the address is in `ADDRESS/BITS`, or is the same address written otherwise. */
function isInRange(host: string, range: string): boolean {
  const [network = '', bits] = range.split('/');
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const most = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
  if (prefix < 0 || prefix > most) return false;
  const list = new BlockList();
  list.addSubnet(network, prefix, type);
  return list.check(host, type);
}

/** The host of a URL without the brackets of an IPv6 address, in lower case. */
export function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '').toLowerCase();
}

/** The header of a proxy's URL that holds a name and password. */
export function proxyAuthorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'Proxy-Authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}

/** How messages name a proxy: its URL may hold a password. */
export function named(proxy: URL): string {
  return `the proxy \`${proxy.host}\``;
}

/** What to do about a status that a proxy answers for itself. */
export function proxyHint(status: number): string {
  return status === 407 ? 'the proxy wants a name and a password in its URL' : 'look into the rules of the proxy';
}
