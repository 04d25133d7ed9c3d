// Which Host a request may name. A web page whose own name was made to point at this machine asks with that name: it may
// read the answers, tokens included, unless the name is refused. An address cannot be pointed elsewhere.
import { isIP } from 'node:net';

/** Whether the Host header is an address, `localhost` or one of the names, in any case, with or without a port. */
export function isOwnHost(host: string | undefined, names: readonly string[] = []): boolean {
  // HTTP/1.0 has no Host, and no browser speaks it.
  if (host === undefined) return true;
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:[\]]+))(?::\d{1,5})?$/.exec(host) ?? [];
  if (bracketed !== undefined) return isIP(bracketed) === 6;
  const name = plain?.toLowerCase().replace(/\.$/, '');
  if (name === undefined) return false;
  return name === 'localhost' || isIP(name) === 4 || names.some((own) => own.toLowerCase() === name);
}
