// CreateSession: what a good request is answered, where its members may stand, and what names nothing.
import assert from 'node:assert/strict';
import test from 'node:test';
import { account, region } from '../../../test/road.ts';
import { arnOf, arranged, kept, refused, unknownId, violation } from './rig.test.ts';

const roleArn = `arn:aws:iam::${account}:role/app`;
const denied = 'AccessDeniedException';
const invalid = 'ValidationException';

test('a good request is answered with 201 and one set of credentials', async () => {
  const { session, roleId } = await arranged({ leaf: { serial: 0x936eacbe07f201dfn } });
  const answer = await session();
  assert.equal(answer.status, 201, answer.body);
  const { credentialSet, subjectArn } = answer.json();
  assert.equal(credentialSet.length, 1);
  const { credentials, ...rest } = credentialSet[0];
  assert.deepEqual(rest, {
    assumedRoleUser: {
      arn: `arn:aws:sts::${account}:assumed-role/app/00936eacbe07f201df`,
      assumedRoleId: `${roleId}:00936eacbe07f201df`,
    },
    packedPolicySize: 1,
    roleArn,
    sourceIdentity: 'CN=client',
  });
  const { accessKeyId, secretAccessKey, sessionToken, expiration, ...others } = credentials;
  assert.match(accessKeyId, /^ASIA[A-Z2-7]{16}$/);
  assert.match(secretAccessKey, /^[A-Za-z0-9+/]{40}$/);
  assert.match(sessionToken, /^[A-Za-z0-9+/]{200,}={0,2}$/);
  assert.equal(expiration, '2026-11-22T13:00:00Z');
  assert.deepEqual(others, {});
  assert.match(subjectArn, new RegExp(`^arn:aws:rolesanywhere:${region}:${account}:subject/[0-9a-f-]{36}$`));
  assert.match(answer.header('x-amzn-requestid') ?? '', /^[0-9a-f-]{36}$/);
});

test('the three ARNs may stand in the query, in the body, in either, and in both when they agree', async () => {
  const { session, arns } = await arranged();
  const none = { trustAnchorArn: undefined, profileArn: undefined, roleArn: undefined };
  const { profileArn, ...others } = arns;
  for (const [query, body] of [
    [arns, none],
    [{}, {}],
    [{ profileArn }, { profileArn: undefined }],
    [others, { ...none, profileArn }],
    [arns, {}],
    [arns, { trustAnchorArn: null, profileArn: null, roleArn: null }],
  ] as const) {
    const answer = await session({ query, body });
    assert.equal(answer.status, 201, answer.body);
  }
});

test('an ARN that differs between query and body is refused, whichever of the two is right', async () => {
  const { session, arns, road } = await arranged();
  const before = await kept(road);
  for (const name of ['trustAnchorArn', 'profileArn', 'roleArn'] as const) {
    const other = `${arns[name]}x`;
    refused(await session({ query: { [name]: other } }), invalid, new RegExp(name));
    refused(await session({ query: { [name]: arns[name] }, body: { [name]: other } }), invalid, new RegExp(name));
  }
  assert.deepEqual(await kept(road), before);
});

test('an ARN twice in the query is refused', async () => {
  const { session, arns } = await arranged();
  const twice = (request: { readonly rawQuery: string }) => `${request.rawQuery}&profileArn=${arns.profileArn}`;
  const answer = await session({ query: arns, tamper: (request) => ({ ...request, rawQuery: twice(request) }) });
  refused(answer, 'SerializationException', /profileArn/);
});

test('unknown members, nulls and the old sessionName are let pass', async () => {
  const { session } = await arranged();
  const body = { sessionName: 'old', roleSessionName: null, durationSeconds: null, cert: 'x', more: [{}] };
  const answer = await session({ body });
  assert.equal(answer.status, 201, answer.body);
  assert.notEqual(answer.json().credentialSet[0].assumedRoleUser.arn.split('/').at(-1), 'old');
});

const members: readonly (readonly [what: string, body: object, code: string, message: string | RegExp])[] = [
  ...(['trustAnchorArn', 'profileArn', 'roleArn'] as const).flatMap((name) => [
    [`no ${name}`, { [name]: undefined }, invalid, violation(undefined, name, 'Member must not be null')] as const,
    [
      `another service's ARN as ${name}`,
      { [name]: 'arn:aws:s3:::b' },
      invalid,
      new RegExp(`at '${name}' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:aws`),
    ] as const,
    [
      `a long ${name}`,
      { [name]: arnOf(`profile/${'x'.repeat(1011)}`) },
      invalid,
      /Member must have length less than or equal to 1011/,
    ] as const,
    [`a number as ${name}`, { [name]: 1 }, 'SerializationException', new RegExp(name)] as const,
  ]),
  [
    'durationSeconds 899',
    { durationSeconds: 899 },
    invalid,
    violation('899', 'durationSeconds', 'Member must have value greater than or equal to 900'),
  ],
  [
    'durationSeconds 43201',
    { durationSeconds: 43201 },
    invalid,
    violation('43201', 'durationSeconds', 'Member must have value less than or equal to 43200'),
  ],
  ['durationSeconds as text', { durationSeconds: '900' }, 'SerializationException', /durationSeconds/],
  [
    'a roleSessionName of one character',
    { roleSessionName: 'x' },
    invalid,
    violation('x', 'roleSessionName', 'Member must have length greater than or equal to 2'),
  ],
  [
    'a roleSessionName of 65 characters',
    { roleSessionName: 'x'.repeat(65) },
    invalid,
    violation('x'.repeat(65), 'roleSessionName', 'Member must have length less than or equal to 64'),
  ],
  [
    'a roleSessionName with a slash',
    { roleSessionName: 'a/b' },
    invalid,
    violation('a/b', 'roleSessionName', 'Member must satisfy regular expression pattern: [\\w+=,.@-]*'),
  ],
  [
    'an instance property that is a number',
    { instanceProperties: { a: 1 } },
    'SerializationException',
    /instanceProperties/,
  ],
  ['an empty instance property', { instanceProperties: { a: '' } }, invalid, /greater than or equal to 1/],
  [
    '51 instance properties',
    { instanceProperties: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`k${at}`, 'v'])) },
    invalid,
    /at 'instanceProperties' failed to satisfy constraint: Member must have length less than or equal to 50$/,
  ],
];

for (const [what, body, code, message] of members) {
  test(`${what} is refused and leaves nothing`, async () => {
    const { session, road } = await arranged({ profile: { acceptRoleSessionName: true } });
    const before = await kept(road);
    refused(await session({ body }), code, message);
    assert.deepEqual(await kept(road), before);
  });
}

test('fifty instance properties of 200 characters are taken', async () => {
  const { session } = await arranged();
  const long = (at: number) => `${at}`.padStart(200, 'k');
  const instanceProperties = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [long(at), 'v'.repeat(200)]));
  assert.equal((await session({ body: { instanceProperties } })).status, 201);
});

test('a role that does not exist, or stands under another path, cannot be assumed', async () => {
  for (const missing of [
    `arn:aws:iam::${account}:role/gone`,
    `arn:aws:iam::${account}:role/path/app`,
    `${roleArn.slice(0, -3)}APP`,
  ]) {
    const { session } = await arranged({ profile: { roleArns: [missing] } });
    refused(await session({ body: { roleArn: missing } }), denied, `Unable to assume role for ${missing}.`);
  }
});

test('trust anchor and profile of another Region or account are unknown', async () => {
  const { session, arns } = await arranged();
  const elsewhere = (arn: string) => arn.replace(region, 'us-west-2');
  const foreign = (arn: string) => arn.replace(account, '999999999999');
  const partition = (arn: string) => arn.replace('arn:aws:', 'arn:aws-cn:');
  const noAnchor = "Specified Trust Anchor wasn't found.";
  for (const change of [elsewhere, foreign, partition]) {
    refused(await session({ body: { trustAnchorArn: change(arns.trustAnchorArn) } }), denied, noAnchor);
    const profileArn = change(arns.profileArn);
    refused(await session({ body: { profileArn } }), denied, 'Invalid or empty profile provided.');
  }
  refused(await session({ region: 'us-west-2' }), denied, noAnchor);
});

test('an account that is none becomes part of no key and of no event', async () => {
  const { session, road } = await arranged();
  const before = await road.events();
  for (const strangeAccount of [`${account}/${region}`, '12345678901', 'x'.repeat(500), `${account} `]) {
    const trustAnchorArn = `arn:aws:rolesanywhere:${region}:${strangeAccount}:trust-anchor/${unknownId}`;
    refused(await session({ body: { trustAnchorArn } }), denied, "Specified Trust Anchor wasn't found.");
  }
  assert.deepEqual(await road.events(), before);
});

test('ARNs that no key of the store could be made of are unknown like any other', async () => {
  const hostile = ['\ud800', 'x'.repeat(900), '../..', '\u0000', ''];
  const roleArns = hostile.map((name) => `arn:aws:iam::${account}:role/${name}`);
  const { session } = await arranged({ profile: { roleArns } });
  for (const [at, text] of hostile.entries()) {
    const trustAnchorArn = arnOf(`trust-anchor/${text}`);
    refused(await session({ body: { trustAnchorArn } }), denied, "Specified Trust Anchor wasn't found.");
    const profileArn = arnOf(`profile/${text}`);
    refused(await session({ body: { profileArn } }), denied, 'Invalid or empty profile provided.');
    refused(await session({ body: { roleArn: roleArns[at] } }), denied, `Unable to assume role for ${roleArns[at]}.`);
  }
});

test('a profile is not taken for a trust anchor, nor the other way round', async () => {
  const { session, arns } = await arranged();
  refused(await session({ body: { trustAnchorArn: arns.profileArn } }), invalid, /trustAnchorArn/);
  const trustAnchorArn = arns.profileArn.replace('profile', 'trust-anchor');
  refused(await session({ body: { trustAnchorArn } }), denied, "Specified Trust Anchor wasn't found.");
});

test('the subject is the distinguished name: the same for a renewed certificate, another for another name', async () => {
  const { session, ca, road } = await arranged();
  const subjectOf = async (subject: string) =>
    (await session({ leaf: ca.issue({ subject }) })).json().subjectArn as string;
  const first = await subjectOf('O=Acme,CN=one');
  road.at('2026-11-22T12:00:01Z');
  assert.equal(await subjectOf('O=Acme,CN=one'), first);
  assert.equal(await subjectOf('O=ACME,CN=One'), first, 'names compare without regard to case');
  assert.notEqual(await subjectOf('O=Acme,CN=two'), first);
  assert.notEqual(await subjectOf('CN=one,O=Acme'), first);
});
