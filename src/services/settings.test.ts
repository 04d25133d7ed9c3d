// A settings file: what it may say, and that whatever it says wrongly is named on one line.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { makeCa } from '../../test/pki.ts';
import { defaultSettings, parseSettings, type SettingsSource } from './settings.ts';

const ca = makeCa({ subject: 'CN=Private CA' });
const leaf = ca.issue({ subject: 'CN=leaf' });
const files: Readonly<Record<string, string>> = {
  'ca.pem': `A note\n${ca.pem}\n\n`,
  'both.pem': ca.keyPem + ca.pem,
  'two.pem': ca.pem + ca.pem,
  'leaf.pem': leaf.pem,
  'key.pem': ca.keyPem,
  'hollow.pem': '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n',
  'empty.pem': '',
};
const source: SettingsSource = {
  operations: new Set(['CreateSession', 'ListRoles']),
  textOf: (file) => files[file],
};
const arn = 'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555';

function read(settings: unknown) {
  return parseSettings(typeof settings === 'string' ? settings : JSON.stringify(settings), source);
}
function good(settings: unknown) {
  const verdict = read(settings);
  assert.ok(verdict.ok, JSON.stringify(verdict));
  return verdict.settings;
}

describe('a settings file', () => {
  test('that is an empty object leaves the defaults, which are AWS quotas and no rates', () => {
    assert.deepEqual(good('{}'), defaultSettings);
    assert.deepEqual(good({ quotas: {}, rates: {}, privateCertificateAuthorities: [] }), defaultSettings);
    const { quotas, rates } = defaultSettings;
    assert.deepEqual(quotas, {
      trustAnchors: 50,
      profiles: 250,
      certificatesPerTrustAnchor: 2,
      crlsPerTrustAnchor: 2,
      UsersPerAccount: 5000,
      GroupsPerAccount: 300,
      RolesPerAccount: 1000,
      PoliciesPerAccount: 1500,
      InstanceProfilesPerAccount: 1000,
      OpenIdConnectProvidersPerAccount: 100,
      PoliciesPerUser: 10,
      PoliciesPerGroup: 10,
      PoliciesPerRole: 10,
      GroupsPerUser: 10,
      AccessKeysPerUser: 2,
      VersionsPerPolicy: 5,
      PolicySize: 6144,
      ACLSizePerRole: 2048,
    });
    assert.equal(rates.size, 0);
  });

  test('as the README shows it is good, and shows the default quotas', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const [, example = ''] = /```json\n([^`]+)```/.exec(readme) ?? [];
    const { quotas, rates, privateCas } = good(example);
    assert.deepEqual(quotas, defaultSettings.quotas);
    assert.deepEqual([...rates.keys(), privateCas.size], ['CreateSession', 'default', 1]);
  });

  test('changes the quotas that it names and keeps the others', () => {
    const { quotas } = good({ quotas: { profiles: 1_000_000, crlsPerTrustAnchor: 1 } });
    assert.deepEqual(quotas, { ...defaultSettings.quotas, profiles: 1_000_000, crlsPerTrustAnchor: 1 });
  });

  test('gives a rate as a number, with or without a burst of its own', () => {
    const { rates } = good({
      rates: { CreateSession: 10, ListRoles: { perSecond: 0.5, burst: 7 }, default: { perSecond: 2.5 } },
    });
    assert.deepEqual(Object.fromEntries(rates), {
      CreateSession: { perSecond: 10, burst: 10 },
      ListRoles: { perSecond: 0.5, burst: 7 },
      default: { perSecond: 2.5, burst: 3 },
    });
  });

  test('may enforce instance properties', () => {
    assert.equal(good({ enforceInstanceProperties: true }).enforceInstanceProperties, true);
  });

  test('may let issuers on this machine go without TLS', () => {
    assert.equal(good({}).allowLoopbackIssuers, false);
    assert.equal(good({ allowLoopbackIssuers: true }).allowLoopbackIssuers, true);
  });

  test('gives private CAs by ARN, each its certificate and nothing else of the file', () => {
    const other = arn.replace('aws:', 'aws-us-gov:').replace('eu-central-1', 'us-gov-west-1');
    const { privateCas } = good({
      privateCertificateAuthorities: [
        { arn, certificateFile: 'ca.pem' },
        { arn: other, certificateFile: 'ca.pem' },
      ],
    });
    assert.deepEqual([...privateCas.keys()], [arn, other]);
    assert.deepEqual(privateCas.get(arn), { arn, certificatePem: `${ca.pem.trim()}\n` });
  });
});

test('places to fetch revocation lists from are hosts and directories in their normal form, and none by default', () => {
  const given = {
    hosts: ['crl.example.com', '[::1]:8080'],
    directories: ['/srv/crl/', '/'],
    distributionPointHosts: ['pki.example.com:81'],
    refreshSeconds: 60,
    timeoutSeconds: 60,
    maxBytes: 1024,
  };
  assert.deepEqual(good({ crlSources: given }).crlSources, {
    ...given,
    hosts: [
      { hostname: 'crl.example.com', port: undefined },
      { hostname: '[::1]', port: 8080 },
    ],
    directories: ['/srv/crl', '/'],
    distributionPointHosts: [{ hostname: 'pki.example.com', port: 81 }],
  });
  const { hosts, directories, distributionPointHosts } = defaultSettings.crlSources;
  assert.deepEqual([hosts, directories, distributionPointHosts], [[], [], []]);
});

const fetching = (crlSources: unknown) => ({ crlSources });
for (const [what, crlSources, at, expected] of [
  ['a list of sources', [], '', /an object/],
  ['hosts as text', { hosts: 'crl.example.com' }, '.hosts', /a list/],
  ['too many hosts', { hosts: Array(101).fill('crl.example.com') }, '.hosts', /at most 100/],
  ['a wildcard', { hosts: ['a.test', '*.example.com'] }, '.hosts[1]', /without a wildcard/],
  ['a host in upper case', { distributionPointHosts: ['CRL.test'] }, '.distributionPointHosts[0]', /lower case/],
  ['a URL for a host', { hosts: ['http://crl.example.com/'] }, '.hosts[0]', /HOST:PORT/],
  ['a number for a host', { hosts: [1] }, '.hosts[0]', /HOST:PORT/],
  ['a relative directory', { directories: ['crl'] }, '.directories[0]', /an absolute path/],
  ['a directory that climbs', { directories: ['/srv/../etc'] }, '.directories[0]', /without \. and \.\./],
  ['an hour as text', { refreshSeconds: '3600' }, '.refreshSeconds', /whole number, 60–604800/],
  ['a refresh too often', { refreshSeconds: 59 }, '.refreshSeconds', /60–604800/],
  ['no patience', { timeoutSeconds: 0 }, '.timeoutSeconds', /1–60/],
  ['no bound', { maxBytes: 2 ** 31 }, '.maxBytes', /1024–268435456/],
] as const)
  test(`${what} cannot be where revocation lists come from`, () => {
    const verdict = read(fetching(crlSources));
    assert.ok(!verdict.ok);
    assert.deepEqual([verdict.reason, verdict.at], ['badValue', `crlSources${at}`]);
    assert.match(verdict.expected, expected);
  });

test('an unknown key of crlSources is named', () => {
  const verdict = read(fetching({ host: [] }));
  assert.deepEqual(verdict.ok || [verdict.reason, verdict.at], ['unknownKey', 'crlSources.host']);
});

const authority = (part: object) => ({
  privateCertificateAuthorities: [{ arn, certificateFile: 'ca.pem', ...part }],
});
const place = 'privateCertificateAuthorities[0]';

for (const [what, settings, reason, at, expected] of [
  ['an empty text', '', 'notJson', '', /^well-formed JSON/],
  ['YAML', 'quotas:\n  profiles: 5\n', 'notJson', '', /well-formed JSON/],
  ['JSON that breaks off', '{\n"quotas": {', 'notJson', '', /line 2 column 12/],
  ['a list', '[]', 'badValue', '', /an object/],
  ['null', 'null', 'badValue', '', /an object/],
  ['an unknown key', { quota: {} }, 'unknownKey', 'quota', /quotas, rates/],
  ['a key that only prototypes have', '{"__proto__": {}}', 'unknownKey', '__proto__', /quotas/],
  ['a key of several lines', { 'a\nb': 1 }, 'unknownKey', 'a\\nb', /quotas/],
  ['a null section', { quotas: null }, 'badValue', 'quotas', /an object/],
  ['an unknown quota', { quotas: { roles: 5 } }, 'unknownKey', 'quotas.roles', /trustAnchors, profiles/],
  ['an inherited name as a quota', { quotas: { toString: 5 } }, 'unknownKey', 'quotas.toString', /profiles/],
  ['a quota of none', { quotas: { profiles: 0 } }, 'badValue', 'quotas.profiles', /whole number, 1–1000000$/],
  ['a quota too high', { quotas: { trustAnchors: 10_001 } }, 'badValue', 'quotas.trustAnchors', /1–10000$/],
  ['a quota of halves', { quotas: { trustAnchors: 1.5 } }, 'badValue', 'quotas.trustAnchors', /whole number/],
  ['a quota as text', { quotas: { trustAnchors: '5' } }, 'badValue', 'quotas.trustAnchors', /whole number/],
  [
    'too many certificates',
    { quotas: { certificatesPerTrustAnchor: 101 } },
    'badValue',
    'quotas.certificatesPerTrustAnchor',
    /1–100$/,
  ],
  ['too many CRLs', { quotas: { crlsPerTrustAnchor: 101 } }, 'badValue', 'quotas.crlsPerTrustAnchor', /1–100$/],
  ['a null quota', { quotas: { profiles: null } }, 'badValue', 'quotas.profiles', /whole number/],
  ['rates in a list', { rates: [10] }, 'badValue', 'rates', /an object/],
  ['a rate of no operation', { rates: { CreateSessions: 1 } }, 'unknownKey', 'rates.CreateSessions', /default$/],
  [
    'a rate of an operation in lower case',
    { rates: { createsession: 1 } },
    'unknownKey',
    'rates.createsession',
    /default$/,
  ],
  ['a rate of none', { rates: { default: 0 } }, 'badValue', 'rates.default', /a number, 0\.01–1000000$/],
  ['a rate below none', { rates: { default: -1 } }, 'badValue', 'rates.default', /a number/],
  ['a rate too high', { rates: { default: 1_000_001 } }, 'badValue', 'rates.default', /a number/],
  ['a rate beyond numbers', '{"rates": {"default": 1e999}}', 'badValue', 'rates.default', /a number/],
  ['a rate as text', { rates: { default: '10/s' } }, 'badValue', 'rates.default', /calls per second/],
  ['a rate in a list', { rates: { default: [1] } }, 'badValue', 'rates.default', /calls per second/],
  ['a null rate', { rates: { default: null } }, 'badValue', 'rates.default', /calls per second/],
  ['a burst alone', { rates: { default: { burst: 2 } } }, 'badValue', 'rates.default.perSecond', /a number/],
  [
    'an unknown key of a rate',
    { rates: { default: { perMinute: 2 } } },
    'unknownKey',
    'rates.default.perMinute',
    /perSecond, burst/,
  ],
  ['a burst of none', { rates: { default: { perSecond: 1, burst: 0 } } }, 'badValue', 'rates.default.burst', /whole/],
  [
    'a burst of halves',
    { rates: { default: { perSecond: 1, burst: 1.5 } } },
    'badValue',
    'rates.default.burst',
    /whole/,
  ],
  ['a word for true', { enforceInstanceProperties: 'yes' }, 'badValue', 'enforceInstanceProperties', /true or false/],
  ['a null for false', { enforceInstanceProperties: null }, 'badValue', 'enforceInstanceProperties', /true or false/],
  ['a number for true', { allowLoopbackIssuers: 1 }, 'badValue', 'allowLoopbackIssuers', /true or false/],
  ['authorities by name', { privateCertificateAuthorities: {} }, 'badValue', place.slice(0, -3), /a list/],
  ['an authority that is text', { privateCertificateAuthorities: [arn] }, 'badValue', place, /an object/],
  ['an authority with another key', authority({ file: 'x' }), 'unknownKey', `${place}.file`, /arn, certificateFile/],
  ['an authority without an ARN', authority({ arn: undefined }), 'badValue', `${place}.arn`, /arn:aws:acm-pca:/],
  ['an ARN of a role', authority({ arn: 'arn:aws:iam::123456789012:role/ca' }), 'badValue', `${place}.arn`, /acm-pca/],
  [
    'an ARN without a Region',
    authority({ arn: arn.replace('eu-central-1', '') }),
    'badValue',
    `${place}.arn`,
    /:REGION:/,
  ],
  ['an ARN with a short account', authority({ arn: arn.replace('012:', ':') }), 'badValue', `${place}.arn`, /ACCOUNT/],
  ['an ARN with more after it', authority({ arn: `${arn}/x` }), 'badValue', `${place}.arn`, /certificate-authority/],
  ['an ARN with a line after it', authority({ arn: `${arn}\n` }), 'badValue', `${place}.arn`, /certificate-authority/],
  ['an ARN of another world', authority({ arn: arn.replace('aws', 'gcp') }), 'badValue', `${place}.arn`, /arn:aws/],
  [
    'an authority without a file',
    authority({ certificateFile: undefined }),
    'badValue',
    `${place}.certificateFile`,
    /PEM/,
  ],
  [
    'an authority with an empty name',
    authority({ certificateFile: '' }),
    'badValue',
    `${place}.certificateFile`,
    /PEM/,
  ],
  [
    'a file that is not there',
    authority({ certificateFile: 'a\nb.pem' }),
    'badFile',
    `${place}.certificateFile "a\\nb.pem"`,
    /readable file, named relative to the settings file$/,
  ],
  ...(
    [
      ['two.pem', /exactly one certificate/],
      ['both.pem', /exactly one certificate/],
      ['key.pem', /exactly one certificate/],
      ['empty.pem', /exactly one certificate/],
      ['hollow.pem', /well-formed certificate/],
      ['leaf.pem', /CA certificate that can be trusted \(/],
    ] as const
  ).map(
    ([file, why]) =>
      [
        `the certificate file ${file}`,
        authority({ certificateFile: file }),
        'badFile',
        `${place}.certificateFile "${file}"`,
        why,
      ] as const,
  ),
] as const) {
  test(`${what} is refused, and the key is named`, () => {
    const verdict = read(settings);
    assert.ok(!verdict.ok);
    assert.deepEqual([verdict.reason, verdict.at], [reason, at]);
    assert.match(verdict.expected, expected);
    assert.doesNotMatch(verdict.at + verdict.expected, /\n|[.]$/);
  });
}

test('an authority that is listed twice is refused at its second place', () => {
  const one = { arn, certificateFile: 'ca.pem' };
  const verdict = read({ privateCertificateAuthorities: [one, one] });
  assert.ok(!verdict.ok);
  assert.equal(verdict.at, 'privateCertificateAuthorities[1].arn');
});

test('retention of audit events is off, and bounded by days and by megabytes', () => {
  assert.deepEqual(good({}).auditRetention, {});
  assert.deepEqual(good({ auditRetention: { days: 2 } }).auditRetention, { ageMs: 2 * 24 * 3600 * 1000 });
  assert.deepEqual(good({ auditRetention: { megabytes: 3 } }).auditRetention, { characters: 3_000_000 });
});

for (const [what, auditRetention, at] of [
  ['no object', 30, ''],
  ['no days', { days: 0 }, '.days'],
  ['half a day', { days: 1.5 }, '.days'],
  ['a century', { days: 36_501 }, '.days'],
  ['days in words', { days: '30' }, '.days'],
  ['no megabytes', { megabytes: 0 }, '.megabytes'],
  ['null', { megabytes: null }, '.megabytes'],
] as const) {
  test(`retention with ${what} is refused`, () => {
    const verdict = read({ auditRetention });
    assert.deepEqual(verdict.ok || [verdict.reason, verdict.at], ['badValue', `auditRetention${at}`]);
  });
}
