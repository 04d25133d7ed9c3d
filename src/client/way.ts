// How a server is reached, of what a program says and the environment: through which proxy, believing whom, for how long.
import { authoritiesOf } from './authorities.ts';
import { failure } from './errors.ts';
import type { Way } from './http.ts';
import type { ConnectionOptions } from './options.ts';
import { proxyFor } from './proxy.ts';
import type { Environment } from './world.ts';

const defaultTimeoutMilliseconds = 10_000;

/** The way to the URL. Throws RolesAnywhereError, also where the CA bundle cannot be read. */
export async function wayOf(options: ConnectionOptions, url: URL, environment: Environment): Promise<Way> {
  const { timeoutMilliseconds = defaultTimeoutMilliseconds } = options;
  if (!(timeoutMilliseconds >= 1 && timeoutMilliseconds <= 600_000))
    throw failure('InvalidOptions', `timeoutMilliseconds is ${timeoutMilliseconds}, expected 1 to 600,000`);
  const bundle = options.ca ?? (environment.AWS_CA_BUNDLE || undefined);
  const proxy = proxyFor(url, options.proxy, environment);
  const isTls = [url, proxy].some((party) => party?.protocol === 'https:');
  return {
    proxy,
    ca: bundle && isTls ? await authoritiesOf(bundle) : undefined,
    timeoutMilliseconds,
    verifySsl: options.verifySsl ?? true,
  };
}
