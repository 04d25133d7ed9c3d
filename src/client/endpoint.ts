// Where CreateSession is asked: what the program says, then the environment, then AWS's own host of the Region, by partition.
// AWS doc: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
import type { Home } from './arns.ts';
import { failure } from './errors.ts';
import type { ConnectionOptions } from './options.ts';
import type { Environment } from './world.ts';

/** The Region that signatures name and the URL below which `/sessions` is asked. */
export type Endpoint = { readonly region: string; readonly url: URL };

type Suffixes = { readonly dns: string; readonly dualStack: string };

const commercial: Suffixes = { dns: 'amazonaws.com', dualStack: 'api.aws' };

/** By partition. Source: the partitions of the AWS SDKs, which all take theirs of one file. */
const suffixes: Readonly<Record<string, Suffixes>> = {
  aws: commercial,
  'aws-us-gov': commercial,
  'aws-cn': { dns: 'amazonaws.com.cn', dualStack: 'api.amazonwebservices.com.cn' },
  'aws-eusc': { dns: 'amazonaws.eu', dualStack: 'api.amazonwebservices.eu' },
  'aws-iso': { dns: 'c2s.ic.gov', dualStack: 'api.aws.ic.gov' },
  'aws-iso-b': { dns: 'sc2s.sgov.gov', dualStack: 'api.aws.scloud' },
  'aws-iso-e': { dns: 'cloud.adc-e.uk', dualStack: 'api.cloud-aws.adc-e.uk' },
  'aws-iso-f': { dns: 'csp.hci.ic.gov', dualStack: 'api.aws.hci.ic.gov' },
};

/** The endpoint. Throws RolesAnywhereError: `InvalidOptions`. */
export function endpointOf(options: ConnectionOptions, home: Home, environment: Environment): Endpoint {
  const region = options.region ?? home.region;
  if (!/^[a-z0-9-]{1,64}$/.test(region)) throw failure('InvalidOptions', `region is \`${region}\``);
  const isFips = options.useFipsEndpoint ?? flag(environment, 'AWS_USE_FIPS_ENDPOINT');
  const isDualStack = options.useDualstackEndpoint ?? flag(environment, 'AWS_USE_DUALSTACK_ENDPOINT');
  const custom = customEndpoint(options, environment);
  if (custom === undefined)
    return { region, url: new URL(`https://${hostOf(home.partition, region, isFips, isDualStack)}`) };
  // AWS doc: the SDKs' endpoint rules: "Invalid Configuration: FIPS and custom endpoint are not supported"
  if (isFips || isDualStack)
    throw failure('InvalidOptions', `${custom.name} cannot go with a ${isFips ? 'FIPS' : 'dual-stack'} endpoint`, {
      hint: 'give one or the other',
    });
  return { region, url: urlOf(custom) };
}

function hostOf(partition: string, region: string, isFips: boolean, isDualStack: boolean): string {
  const { dns, dualStack } = (Object.hasOwn(suffixes, partition) ? suffixes[partition] : undefined) ?? commercial;
  return `rolesanywhere${isFips ? '-fips' : ''}.${region}.${isDualStack ? dualStack : dns}`;
}

type Custom = { readonly name: string; readonly value: string };

// AWS doc: code, then the service's variable, then the variable of all services.
// Ours: the official helper lets AWS_ENDPOINT_URL_ROLESANYWHERE win over its flag; here what is said wins.
function customEndpoint({ endpoint }: ConnectionOptions, environment: Environment): Custom | undefined {
  if (endpoint !== undefined) return { name: 'endpoint', value: endpoint };
  if (flag(environment, 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS')) return undefined;
  for (const name of ['AWS_ENDPOINT_URL_ROLESANYWHERE', 'AWS_ENDPOINT_URL']) {
    const value = environment[name];
    if (value) return { name, value };
  }
  return undefined;
}

function urlOf({ name, value }: Custom): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isPlain = url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username && !url.password;
  if (isPlain) return url;
  throw failure('InvalidOptions', `${name} is not \`https://host[:port][/prefix]\``);
}

function flag(environment: Environment, name: string): boolean {
  const value = environment[name]?.toLowerCase() ?? '';
  if (value === 'true') return true;
  if (value === '' || value === 'false') return false;
  throw failure('InvalidOptions', `${name} is \`${value}\`, expected \`true\` or \`false\``);
}
