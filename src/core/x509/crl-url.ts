// Where a revocation list may be fetched from: nowhere but from hosts and directories that the operator lists. A URL is
// judged as text first, so that what a person reads and what is fetched are the same.
// Spec: RFC 3986 §3.2, §7 (security considerations); the reader is that of the URL Standard.

/** A host of the allow-list. */
export interface CrlHost {
  /** As the URL Standard writes it: lower case, IPv6 in brackets. */
  readonly hostname: string;
  /** Undefined: the scheme's default, and no other. */
  readonly port: number | undefined;
}

/** What may be fetched. Empty: nothing. */
export interface CrlPlaces {
  readonly hosts: readonly CrlHost[];
  /** Absolute, without `.` and `..`; files below them. */
  readonly directories: readonly string[];
}

/** A URL that may be fetched. `href` is its normal form. */
export type CrlUrl =
  | { readonly kind: 'http'; readonly href: string; readonly host: string; readonly secure: boolean }
  | { readonly kind: 'file'; readonly href: string; readonly path: string };

/** Why a URL is not fetched. `ambiguous`: it does not say plainly which host or file it means. */
export type CrlUrlProblem =
  | 'notUrl'
  | 'unsupportedScheme'
  | 'credentials'
  | 'ambiguous'
  | 'hostNotAllowed'
  | 'directoryNotAllowed';

export type CrlUrlVerdict =
  | { readonly ok: true; readonly url: CrlUrl }
  | { readonly ok: false; readonly reason: CrlUrlProblem };

/** Characters of a URL, at most. */
export const maxCrlUrl = 2048;

const refused = (reason: CrlUrlProblem) => ({ ok: false, reason }) as const;

/** The host in `crl.example.com`, `crl.example.com:8080` or `[::1]:8080`; undefined where the text is none, or not its normal form. */
export function crlHostOf(text: string): CrlHost | undefined {
  const { host = '', digits } = /^(?<host>[^:[\]]+|\[[0-9a-f:.]+\])(?::(?<digits>\d{1,5}))?$/.exec(text)?.groups ?? {};
  if (!/^[\w.-]+$|^\[/.test(host) || host.endsWith('.') || !URL.canParse(`http://${host}/`)) return undefined;
  if (new URL(`http://${host}/`).hostname !== host) return undefined;
  const port = digits === undefined ? undefined : Number(digits);
  return port === 0 || (port ?? 0) > 65535 ? undefined : { hostname: host, port };
}

/** Whether a list may be fetched from the URL. Pure; never throws. */
export function judgeCrlUrl(text: string, places: CrlPlaces): CrlUrlVerdict {
  // Ours: printable ASCII without what readers of URLs disagree about; a name in another script is written in punycode.
  if (text.length > maxCrlUrl || !/^[!-~]+$/.test(text) || /[\\"<>^`{|}#]/.test(text)) return refused('notUrl');
  const [, scheme = ''] = /^([a-z]+):\/\//i.exec(text) ?? [];
  if (!URL.canParse(text) || scheme === '') return refused('notUrl');
  switch (scheme.toLowerCase()) {
    case 'http':
    case 'https':
      return judgeHttp(text, new URL(text), places.hosts);
    case 'file':
      return judgeFile(text, new URL(text), places.directories);
    default:
      return refused('unsupportedScheme');
  }
}

function judgeHttp(text: string, url: URL, hosts: readonly CrlHost[]): CrlUrlVerdict {
  const [, authority = ''] = /^https?:\/\/([^/?]*)/i.exec(text) ?? [];
  if (authority.includes('@') || url.username !== '' || url.password !== '') return refused('credentials');
  // An escaped, abbreviated or decimal host reads as another than it is.
  if (authority.replace(/:\d*$/, '').toLowerCase() !== url.hostname) return refused('ambiguous');
  const secure = url.protocol === 'https:';
  const defaultPort = secure ? 443 : 80;
  const port = url.port === '' ? defaultPort : Number(url.port);
  const isAllowed = hosts.some((host) => host.hostname === url.hostname && (host.port ?? defaultPort) === port);
  return isAllowed
    ? { ok: true, url: { kind: 'http', href: url.href, host: url.host, secure } }
    : refused('hostNotAllowed');
}

function judgeFile(text: string, url: URL, directories: readonly string[]): CrlUrlVerdict {
  const segments = text.slice('file://'.length).split('/').map(decoded);
  const [host, ...names] = segments;
  if (host !== '' || names.some((name) => name === undefined || name === '' || name === '.' || name === '..'))
    return refused('ambiguous');
  const path = `/${names.join('/')}`;
  const isAllowed = directories.some((directory) => path.startsWith(directory === '/' ? '/' : `${directory}/`));
  return isAllowed ? { ok: true, url: { kind: 'file', href: url.href, path } } : refused('directoryNotAllowed');
}

/** The name that a segment of a path writes; undefined where it hides a separator, or is not well-formed. */
function decoded(segment: string): string | undefined {
  if (segment.includes('?')) return undefined;
  try {
    const name = decodeURIComponent(segment);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are the question
    return /[/\\\x00-\x1f\x7f]/.test(name) ? undefined : name;
  } catch {
    return undefined; // an escape that is no UTF-8
  }
}
