// Profiles over the wire: defaults, every member read back, partial updates, and what is refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import { account, type Road, testRoad } from '../../../test/road.ts';
import { arnOf, kept, policy, refusedAll, unknownId, violation } from './rig.test.ts';

const roleArn = `arn:aws:iam::${account}:role/path/app`;
const lawful = { name: 'profile', roleArns: [roleArn] };
const sessionPolicy = policy({ Effect: 'Allow', Action: '*', Resource: '*' });
const rolePattern = 'arn:aws(-[^:]+)?:iam(:.*){2}(:role.*)';

async function created(road: Road, body: object = lawful) {
  const answer = await road.rest('POST', '/profiles', body);
  assert.equal(answer.status, 201, answer.body);
  return answer.json().profile;
}

test('a profile of only what is required has the documented defaults', async () => {
  const road = await testRoad();
  const { profileId, ...detail } = await created(road);
  assert.match(profileId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.deepEqual(detail, {
    profileArn: arnOf(`profile/${profileId}`),
    name: 'profile',
    requireInstanceProperties: false,
    enabled: false,
    createdBy: `arn:aws:iam::${account}:root`,
    roleArns: [roleArn],
    managedPolicyArns: [],
    createdAt: '2026-11-22T12:00:00.000000Z',
    updatedAt: '2026-11-22T12:00:00.000000Z',
    durationSeconds: 3600,
    acceptRoleSessionName: false,
    attributeMappings: [
      { certificateField: 'x509Issuer', mappingRules: [{ specifier: '*' }] },
      {
        certificateField: 'x509SAN',
        mappingRules: [{ specifier: 'DNS' }, { specifier: 'URI' }, { specifier: 'Name/*' }],
      },
      { certificateField: 'x509Subject', mappingRules: [{ specifier: '*' }] },
    ],
  });
});

test('every member given at creation is read back by Get and List, lists in their order', async () => {
  const road = await testRoad();
  const given = {
    name: 'n'.repeat(255),
    requireInstanceProperties: true,
    enabled: true,
    sessionPolicy,
    roleArns: [roleArn, `arn:aws:iam::${account}:role/another`],
    managedPolicyArns: ['arn:aws:iam::aws:policy/Z', 'arn:aws:iam::aws:policy/A'],
    durationSeconds: 43200,
    acceptRoleSessionName: true,
  };
  const profile = await created(road, { ...given, tags: [{ key: 'k', value: 'v' }], attributeMappings: [] });
  for (const [member, value] of Object.entries(given)) assert.deepEqual(profile[member], value, member);
  assert.equal(profile.attributeMappings.length, 3, 'mappings cannot be given at creation');
  assert.equal(profile.tags, undefined);
  const got = await road.rest('GET', `/profile/${profile.profileId}`);
  assert.deepEqual([got.status, got.json()], [200, { profile }]);
  const listed = await road.rest('GET', '/profiles');
  assert.deepEqual([listed.status, listed.json()], [200, { profiles: [profile] }]);
});

test('an empty list of roles, the shortest duration, an empty session policy and equal names are lawful', async () => {
  const road = await testRoad();
  const least = { name: 'p', roleArns: [], durationSeconds: 900, sessionPolicy: '' };
  const [one, other] = [await created(road, least), await created(road, least)];
  assert.notEqual(one.profileId, other.profileId);
  assert.equal('sessionPolicy' in one, false);
  assert.deepEqual([one.roleArns, one.durationSeconds], [[], 900]);
});

test('roles of other partitions and paths fit the pattern', async () => {
  const road = await testRoad();
  const body = { ...lawful, roleArns: [`arn:aws-us-gov:iam::${account}:role/a/b/c`] };
  assert.deepEqual((await created(road, body)).roleArns, body.roleArns);
});

type Row = readonly [what: string, change: object, code: string, message: string | RegExp];

/** Refused at creation and by an update alike. */
const both: readonly Row[] = [
  [
    'a name with other characters',
    { name: 'a.b' },
    'ValidationException',
    violation('a.b', 'name', 'Member must satisfy regular expression pattern: [ a-zA-Z0-9-_]*'),
  ],
  [
    'an empty name',
    { name: '' },
    'ValidationException',
    violation('', 'name', 'Member must have length greater than or equal to 1'),
  ],
  ['text for the roles', { roleArns: roleArn }, 'SerializationException', /roleArns/],
  ['null among the roles', { roleArns: [null] }, 'SerializationException', /roleArns/],
  [
    'a role that is a user',
    { roleArns: [`arn:aws:iam::${account}:user/u`] },
    'ValidationException',
    violation(
      `arn:aws:iam::${account}:user/u`,
      'roleArns.1.member',
      `Member must satisfy regular expression pattern: ${rolePattern}`,
    ),
  ],
  [
    'a long role ARN',
    { roleArns: [`${roleArn}${'x'.repeat(1011)}`] },
    'ValidationException',
    /roleArns\.1\.member' failed to satisfy constraint: Member must have length less than or equal to 1011$/,
  ],
  [
    '251 roles',
    { roleArns: Array.from({ length: 251 }, () => roleArn) },
    'ValidationException',
    /at 'roleArns' failed to satisfy constraint: Member must have length less than or equal to 250$/,
  ],
  [
    '51 managed policies',
    { managedPolicyArns: Array.from({ length: 51 }, (_, at) => `arn:${at}`) },
    'ValidationException',
    /at 'managedPolicyArns' failed to satisfy constraint: Member must have length less than or equal to 50$/,
  ],
  [
    'a long managed policy ARN',
    { managedPolicyArns: ['a'.repeat(201)] },
    'ValidationException',
    /managedPolicyArns\.1\.member' failed to satisfy constraint: Member must have length less than or equal to 200$/,
  ],
  [
    'an empty managed policy ARN',
    { managedPolicyArns: [''] },
    'ValidationException',
    violation('', 'managedPolicyArns.1.member', 'Member must have length greater than or equal to 1'),
  ],
  [
    'a duration of 899',
    { durationSeconds: 899 },
    'ValidationException',
    violation('899', 'durationSeconds', 'Member must have value greater than or equal to 900'),
  ],
  [
    'a duration of 43201',
    { durationSeconds: 43201 },
    'ValidationException',
    violation('43201', 'durationSeconds', 'Member must have value less than or equal to 43200'),
  ],
  ['half a second', { durationSeconds: 900.5 }, 'SerializationException', /durationSeconds/],
  ['a duration as text', { durationSeconds: '3600' }, 'SerializationException', /durationSeconds/],
  ['a duration beyond an integer', { durationSeconds: 2 ** 31 }, 'SerializationException', /durationSeconds/],
  ['a number for a boolean', { acceptRoleSessionName: 1 }, 'SerializationException', /acceptRoleSessionName/],
  ['a session policy as an object', { sessionPolicy: {} }, 'SerializationException', /sessionPolicy/],
  ['a session policy that is no JSON', { sessionPolicy: '{' }, 'ValidationException', /session policy is not valid/],
  [
    'an empty object for a session policy',
    { sessionPolicy: '{}' },
    'ValidationException',
    /session policy is not valid/,
  ],
  [
    'a session policy with a principal',
    { sessionPolicy: policy({ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }) },
    'ValidationException',
    /session policy is not valid/,
  ],
];

const onlyAtCreation: readonly Row[] = [
  ['no name', { name: undefined }, 'ValidationException', violation(undefined, 'name', 'Member must not be null')],
  [
    'no roles',
    { roleArns: undefined },
    'ValidationException',
    violation(undefined, 'roleArns', 'Member must not be null'),
  ],
  [
    'null roles',
    { roleArns: null },
    'ValidationException',
    violation(undefined, 'roleArns', 'Member must not be null'),
  ],
  ['a text for enabled', { enabled: 'yes' }, 'SerializationException', /enabled/],
  ['a reserved tag key', { tags: [{ key: 'aws:x', value: '' }] }, 'ValidationException', /reserved/],
  [
    'a long tag key',
    { tags: [{ key: 'k'.repeat(129), value: '' }] },
    'ValidationException',
    /less than or equal to 128$/,
  ],
  [
    'a long tag value',
    { tags: [{ key: 'k', value: 'v'.repeat(257) }] },
    'ValidationException',
    /less than or equal to 256$/,
  ],
  ['a tag with letters beyond ASCII', { tags: [{ key: 'ä', value: '' }] }, 'ValidationException', /pattern/],
  [
    'a tag key given twice',
    { tags: ['a', 'b'].map((value) => ({ key: 'k', value })) },
    'ValidationException',
    /Duplicate tag keys/,
  ],
];

for (const [what, change, code, message] of [...both, ...onlyAtCreation]) {
  test(`CreateProfile refuses ${what} and keeps nothing`, async () => {
    const road = await testRoad();
    await refusedAll(road, [[() => road.rest('POST', '/profiles', { ...lawful, ...change }), code, message]]);
  });
}

for (const [what, change, code, message] of [
  ...both,
  [
    'an empty session policy',
    { sessionPolicy: '' },
    'ValidationException',
    violation('', 'sessionPolicy', 'Member must have length greater than or equal to 1'),
  ] satisfies Row,
  [
    'a session policy of 100001 characters',
    { sessionPolicy: ' '.repeat(100_001) },
    'ValidationException',
    /length less than or equal to 100000$/,
  ] satisfies Row,
]) {
  test(`UpdateProfile refuses ${what} and changes nothing`, async () => {
    const road = await testRoad();
    const { profileId } = await created(road);
    const update = () => road.rest('PATCH', `/profile/${profileId}`, { name: 'other', ...change });
    await refusedAll(road, [[update, code, message]]);
  });
}

test('several faults are told together, in the order of the members', async () => {
  const road = await testRoad();
  const answer = await road.rest('POST', '/profiles', { durationSeconds: 1, tags: [] });
  assert.equal(
    answer.message,
    "3 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be null; " +
      "Value null at 'roleArns' failed to satisfy constraint: Member must not be null; " +
      "Value '1' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
  );
});

test('an update changes each member alone, and no member it does not name', async () => {
  const road = await testRoad();
  let expected = await created(road, { ...lawful, sessionPolicy, tags: [{ key: 'k', value: 'v' }] });
  const path = `/profile/${expected.profileId}`;
  const changes = [
    { name: 'other' },
    { sessionPolicy: policy().replace('[]', '[{"Effect":"Deny","Action":"*","Resource":"*"}]') },
    { roleArns: [] },
    { managedPolicyArns: ['arn:aws:iam::aws:policy/P'] },
    { managedPolicyArns: [] },
    { durationSeconds: 900 },
    { acceptRoleSessionName: true },
    { acceptRoleSessionName: false },
  ];
  for (const [at, change] of changes.entries()) {
    road.at(`2026-11-22T12:00:0${at + 1}Z`);
    expected = { ...expected, ...change, updatedAt: `2026-11-22T12:00:0${at + 1}.000000Z` };
    const nulls = { name: null, sessionPolicy: null, roleArns: null, durationSeconds: null, managedPolicyArns: null };
    const answer = await road.rest('PATCH', path, { ...nulls, ...change });
    assert.deepEqual([answer.status, answer.json().profile], [200, expected]);
  }
  assert.deepEqual((await road.rest('GET', path)).json().profile, expected);
});

test('an update cannot enable, tag, map or change what is fixed at creation', async () => {
  const road = await testRoad();
  const profile = await created(road);
  const before = await kept(road);
  const answer = await road.rest('PATCH', `/profile/${profile.profileId}`, {
    enabled: true,
    requireInstanceProperties: true,
    tags: [{ key: 'k', value: 'v' }],
    attributeMappings: [],
    createdBy: 'me',
    profileId: unknownId,
  });
  assert.deepEqual(answer.json().profile, profile);
  assert.deepEqual(await kept(road), before);
});

test('enable and disable show the new state and repeat without error', async () => {
  const road = await testRoad();
  const profile = await created(road);
  for (const [verb, enabled] of [
    ['enable', true],
    ['enable', true],
    ['disable', false],
    ['disable', false],
  ] as const) {
    const answer = await road.rest('POST', `/profile/${profile.profileId}/${verb}`);
    assert.deepEqual([answer.status, answer.json()], [200, { profile: { ...profile, enabled } }]);
  }
});

function itemCalls(road: Road, path: string) {
  return [
    () => road.rest('GET', path),
    () => road.rest('PATCH', path, { name: 'x' }),
    () => road.rest('POST', `${path}/enable`),
    () => road.rest('POST', `${path}/disable`),
    () => road.rest('DELETE', path),
  ];
}

test('a deletion gives the last state with status 200; after it there is nothing to get, change or delete', async () => {
  const road = await testRoad();
  const profile = await created(road);
  const path = `/profile/${profile.profileId}`;
  const deleted = await road.rest('DELETE', path);
  assert.deepEqual([deleted.status, deleted.json()], [200, { profile }]);
  await refusedAll(
    road,
    itemCalls(road, path).map((call) => [call, 'ResourceNotFoundException', /was not found/]),
  );
});

test('an unknown id and another Region are not found; one without the form of an id is not valid', async () => {
  const road = await testRoad();
  const { profileId } = await created(road);
  const elsewhere = { region: 'us-west-2' };
  await refusedAll(road, [
    ...itemCalls(road, `/profile/${unknownId}`).map((call) => [call, 'ResourceNotFoundException', /./] as const),
    ...itemCalls(road, `/profile/${unknownId.toUpperCase().replaceAll('1', 'F')}`).map(
      (call) => [call, 'ValidationException', /at 'profileId' .*pattern/] as const,
    ),
    ...itemCalls(road, '/profile/x').map((call) => [call, 'ValidationException', /at 'profileId'/] as const),
    [() => road.rest('GET', `/profile/${profileId}`, undefined, elsewhere), 'ResourceNotFoundException', /./],
    [() => road.rest('DELETE', `/profile/${profileId}`, undefined, elsewhere), 'ResourceNotFoundException', /./],
    [() => road.rest('PATCH', `/profile/${profileId}`, { name: 'x' }, elsewhere), 'ResourceNotFoundException', /./],
  ]);
});

test("a trust anchor's id is no profile's", async () => {
  const road = await testRoad();
  const { profileId } = await created(road);
  await refusedAll(
    road,
    itemCalls(road, `/trustanchor/${profileId}`).map((call) => [call, 'ResourceNotFoundException', /./]),
  );
});
