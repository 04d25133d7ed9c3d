// What the URL of an OpenID Connect provider may be: it is compared with tokens' `iss` to the letter, so that it must have
// one spelling, and names a place that the server will ask.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
import { commonError } from '../../contract/error.ts';
import { InvalidInput } from './errors.ts';

const invalid = 'Invalid Open ID Connect Provider URL';
const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const authority = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[0-9A-Fa-f:.]{2,45}\\])(?::[0-9]{1,5})?$`);

/**
 * Throws unless the text may be a provider's URL, at most 255 characters. `loopback`: an issuer on this machine may do without
 * TLS. AWS seen: codes and sentences, by other servers that were compared with it. Ours: a port is taken, as issuers of one's
 * own have them.
 */
export function checkProviderUrl(text: string, loopback: boolean): void {
  const [, scheme, host = '', path = ''] = /^([a-z]+):\/\/([^/?#]*)([^?#]*)$/.exec(text) ?? [];
  if (!text.includes('://') || /^https:\/\/($|[/?#])/.test(text)) throw commonError('validation', 'query', invalid);
  const url = URL.parse(text);
  const isPlain = loopback && url?.protocol === 'http:' && isLoopback(url.hostname);
  if (!text.startsWith('https://') && !isPlain) throw InvalidInput(`${invalid}. The URL must begin with https://.`);
  // A path that is read as another one, `/a/../b`, would be asked elsewhere than it says.
  const isSpelled = url !== null && scheme !== undefined && url.pathname === (path === '' ? '/' : path);
  if (!isSpelled || !authority.test(host) || !/^[\x21-\x7e]+$/.test(path || '/')) throw InvalidInput(`${invalid}.`);
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
