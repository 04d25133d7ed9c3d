// Where CreateSession is asked: what is said, the environment, AWS's own hosts. The hosts of every Region stand against the SDKs'
// own rules in test/conformance/endpoints.test.ts.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { endpointOf } from './endpoint.ts';
import { RolesAnywhereError } from './errors.ts';

const home = { partition: 'aws', region: 'eu-central-1' };
const own = 'https://rolesanywhere.eu-central-1.amazonaws.com/';
const [service, all, ignore] = [
  'AWS_ENDPOINT_URL_ROLESANYWHERE',
  'AWS_ENDPOINT_URL',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
];
const [fips, dualStack] = ['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT'];

describe('the endpoint', () => {
  for (const [what, options, environment, expected] of [
    ["is AWS's own, in the trust anchor's Region", {}, {}, own],
    ['is of the Region that is said', { region: 'us-west-2' }, {}, 'https://rolesanywhere.us-west-2.amazonaws.com/'],
    ['is not of AWS_REGION', {}, { AWS_REGION: 'us-west-2', AWS_DEFAULT_REGION: 'us-west-2' }, own],
    [
      'is what is said',
      { endpoint: 'http://here:1/x' },
      { [service]: 'http://a', [all]: 'http://b' },
      'http://here:1/x',
    ],
    ["is the service's variable", {}, { [service]: 'https://a', [all]: 'https://b' }, 'https://a/'],
    ['is the variable of all services', {}, { [all]: 'https://b' }, 'https://b/'],
    ['is not an empty variable', {}, { [service]: '', [all]: '' }, own],
    ['is not a variable of another service', {}, { AWS_ENDPOINT_URL_STS: 'https://s' }, own],
    [
      "is AWS's own where variables are ignored",
      {},
      { [ignore]: 'true', [service]: 'https://a', [all]: 'https://b' },
      own,
    ],
    [
      'is what is said where variables are ignored',
      { endpoint: 'https://said' },
      { [ignore]: 'true' },
      'https://said/',
    ],
    ['is a variable where they are not ignored', {}, { [ignore]: 'false', [service]: 'https://a' }, 'https://a/'],
    ['is FIPS by the environment', {}, { [fips]: 'true' }, 'https://rolesanywhere-fips.eu-central-1.amazonaws.com/'],
    ['is FIPS however it is written', {}, { [fips]: 'True' }, 'https://rolesanywhere-fips.eu-central-1.amazonaws.com/'],
    [
      'is FIPS where that is said',
      { useFipsEndpoint: true },
      { [fips]: 'false' },
      'https://rolesanywhere-fips.eu-central-1.amazonaws.com/',
    ],
    ['is not FIPS where that is said', { useFipsEndpoint: false }, { [fips]: 'true' }, own],
    ['is dual-stack by the environment', {}, { [dualStack]: 'true' }, 'https://rolesanywhere.eu-central-1.api.aws/'],
    [
      'is dual-stack where that is said',
      { useDualstackEndpoint: true },
      {},
      'https://rolesanywhere.eu-central-1.api.aws/',
    ],
    ['is both', {}, { [fips]: 'true', [dualStack]: 'true' }, 'https://rolesanywhere-fips.eu-central-1.api.aws/'],
    ['is neither by empty variables', {}, { [fips]: '', [dualStack]: '' }, own],
  ] as const) {
    test(what, () => {
      const { url, region } = endpointOf(options, home, environment);
      assert.equal(url.href, expected);
      assert.equal(region, 'region' in options ? options.region : home.region);
    });
  }
});

describe('is refused, and the setting is named:', () => {
  const said = { endpoint: 'http://here' };
  for (const [what, options, environment, message] of [
    [
      'FIPS beside a custom endpoint',
      { ...said, useFipsEndpoint: true },
      {},
      /endpoint cannot go with a FIPS endpoint/,
    ],
    [
      'FIPS beside a variable',
      {},
      { [fips]: 'true', [service]: 'https://a' },
      /AWS_ENDPOINT_URL_ROLESANYWHERE cannot go with a FIPS/,
    ],
    [
      'dual-stack beside a variable',
      {},
      { [dualStack]: 'true', [all]: 'https://a' },
      /AWS_ENDPOINT_URL cannot go with a dual-stack/,
    ],
    ['a variable that is no boolean', {}, { [fips]: '1' }, /AWS_USE_FIPS_ENDPOINT is `1`, expected `true` or `false`/],
    ['another', {}, { [ignore]: 'yes' }, /AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is `yes`/],
    ['an endpoint without a scheme', { endpoint: 'here:4747' }, {}, /endpoint is not `https:/],
    ['an endpoint of another scheme', { endpoint: 'ftp://here' }, {}, /endpoint is not/],
    ['an endpoint with a query', { endpoint: 'http://here/?a' }, {}, /endpoint is not/],
    [
      'an endpoint with a password',
      {},
      { [service]: 'http://me:hunter2@here' },
      /AWS_ENDPOINT_URL_ROLESANYWHERE is not/,
    ],
    ['a Region that would be another host', { region: 'evil.example/' }, {}, /region is `evil\.example\/`/],
    ['an empty Region', { region: '' }, {}, /region is ``/],
  ] as const) {
    test(what, () => {
      assert.throws(
        () => endpointOf(options, home, environment),
        (error) =>
          error instanceof RolesAnywhereError &&
          error.code === 'InvalidOptions' &&
          message.test(error.message) &&
          !error.message.includes('hunter2'),
      );
    });
  }
});
