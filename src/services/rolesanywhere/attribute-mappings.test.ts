// Attribute mappings over the wire: Put replaces one field's rules, Delete removes them, and only known specifiers stand.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type Options, type Road, testRoad } from '../../../test/road.ts';
import { actor, arnOf, arranged, kept, refused, refusedAll, unknownId, violation } from './rig.test.ts';

type Field = 'x509Subject' | 'x509Issuer' | 'x509SAN';

async function profileOn(road: Road): Promise<string> {
  return (await road.rest('POST', '/profiles', { name: 'p', roleArns: [] })).json().profile.profileId;
}

const rules = (...specifiers: readonly string[]) => specifiers.map((specifier) => ({ specifier }));
const field = (certificateField: Field, ...specifiers: readonly string[]) => ({
  certificateField,
  mappingRules: rules(...specifiers),
});
const defaults = [field('x509Issuer', '*'), field('x509SAN', 'DNS', 'URI', 'Name/*'), field('x509Subject', '*')];

const put = (road: Road, id: string, body: unknown, options?: Options) =>
  road.rest('PUT', `/profiles/${id}/mappings`, body, options);
const remove = (road: Road, id: string, query: string, options?: Options) =>
  road.rest('DELETE', `/profiles/${id}/mappings?${query}`, undefined, options);

test('Put replaces the rules of its field and leaves the others; updatedAt advances', async () => {
  const road = await testRoad();
  const id = await profileOn(road);
  road.at('2026-11-22T12:01:00Z');
  const answer = await put(road, id, field('x509Subject', 'CN', 'OU', '1.2.3.4'));
  assert.equal(answer.status, 200);
  const { attributeMappings, updatedAt, createdAt } = answer.json().profile;
  assert.deepEqual(attributeMappings, [defaults[0], defaults[1], field('x509Subject', 'CN', 'OU', '1.2.3.4')]);
  assert.deepEqual([createdAt, updatedAt], ['2026-11-22T12:00:00.000000Z', '2026-11-22T12:01:00.000000Z']);
  assert.deepEqual((await road.rest('GET', `/profile/${id}`)).json(), answer.json());
});

test('rules given twice are kept once, and Name is shown as Name/*', async () => {
  const road = await testRoad();
  const id = await profileOn(road);
  const answer = await put(road, id, field('x509SAN', 'Name', 'DNS', 'Name/', 'DNS', 'Name/*', 'Name/OU'));
  assert.deepEqual(answer.json().profile.attributeMappings[1], field('x509SAN', 'Name/*', 'DNS', 'Name/OU'));
});

test('Delete removes the named rules; a field that loses its last rule disappears', async () => {
  const road = await testRoad();
  const id = await profileOn(road);
  const one = await remove(road, id, 'certificateField=x509SAN&specifiers=DNS');
  assert.deepEqual([one.status, one.json().profile.attributeMappings[1]], [200, field('x509SAN', 'URI', 'Name/*')]);
  const two = await remove(road, id, 'certificateField=x509SAN&specifiers=URI&specifiers=Name');
  assert.deepEqual(two.json().profile.attributeMappings, [defaults[0], defaults[2]]);
});

test('Delete without specifiers removes the whole field, and Put brings it back in its place', async () => {
  const road = await testRoad();
  const id = await profileOn(road);
  const without = await remove(road, id, 'certificateField=x509Issuer');
  assert.deepEqual(without.json().profile.attributeMappings, [defaults[1], defaults[2]]);
  const again = await put(road, id, field('x509Issuer', '*'));
  assert.deepEqual(again.json().profile.attributeMappings, defaults);
  for (const name of ['x509Issuer', 'x509SAN', 'x509Subject']) await remove(road, id, `certificateField=${name}`);
  assert.deepEqual((await road.rest('GET', `/profile/${id}`)).json().profile.attributeMappings, []);
});

test('every field of the certificate, OIDs and other names for attribute types may be mapped', async () => {
  const road = await testRoad();
  const id = await profileOn(road);
  for (const [name, ...specifiers] of [
    ['x509Subject', '*', 'CN', 'UID', 'E', 'emailAddress', 'givenName', 'serialNumber', '2.5.4.3'],
    ['x509Issuer', 'C', 'O', 'OU', 'ST', 'L', 'DC', '0.9.2342.19200300.100.1.1'],
    ['x509SAN', 'DNS', 'URI', 'Name/CN', 'Name/2.5.4.3', 'Name/*'],
  ] as const) {
    const answer = await put(road, id, field(name, ...specifiers));
    assert.equal(answer.status, 200, answer.body);
  }
});

const bad: readonly (readonly [what: string, body: unknown, code: string, message: string | RegExp])[] = [
  [
    'no field',
    { mappingRules: rules('CN') },
    'ValidationException',
    violation(undefined, 'certificateField', 'Member must not be null'),
  ],
  [
    'an unknown field',
    { certificateField: 'x509subject', mappingRules: rules('CN') },
    'ValidationException',
    violation(
      'x509subject',
      'certificateField',
      'Member must satisfy enum value set: [x509Subject, x509Issuer, x509SAN]',
    ),
  ],
  [
    'no rules',
    { certificateField: 'x509Subject' },
    'ValidationException',
    violation(undefined, 'mappingRules', 'Member must not be null'),
  ],
  [
    'more rules than a certificate has attributes',
    field('x509Subject', ...Array.from({ length: 101 }, (_, index) => `1.2.3.${index}`)),
    'ValidationException',
    'mappingRules holds at most 100 rules.',
  ],
  ['an empty list of rules', field('x509Subject'), 'ValidationException', 'mappingRules must not be empty.'],
  [
    'a rule without a specifier',
    { certificateField: 'x509Subject', mappingRules: [{}] },
    'ValidationException',
    violation(undefined, 'mappingRules.1.member.specifier', 'Member must not be null'),
  ],
  [
    'a rule that is text',
    { certificateField: 'x509Subject', mappingRules: ['CN'] },
    'SerializationException',
    /mappingRules/,
  ],
  [
    'a specifier of 61 characters',
    field('x509Subject', 'x'.repeat(61)),
    'ValidationException',
    violation('x'.repeat(61), 'mappingRules.1.member.specifier', 'Member must have length less than or equal to 60'),
  ],
  ...(
    [
      [
        'x509Subject',
        ['', 'cn', 'DNS', 'Name/CN', 'CN/', 'CN,OU', '**', '1', '3.1', '2.5.4.03', '1..2', 'constructor'],
      ],
      ['x509Issuer', ['URI', ' CN', 'Cn', 'x509Issuer/CN']],
      ['x509SAN', ['*', 'CN', 'DNS/*', 'URI/*', 'dns', 'Email', 'IP', 'Name/DNS', 'Name/Name/*', 'Name//', 'name/CN']],
    ] as const
  ).flatMap(([name, specifiers]) =>
    specifiers.map(
      (specifier) =>
        [
          `specifier '${specifier}' of ${name}`,
          field(name, name === 'x509SAN' ? 'URI' : 'OU', specifier),
          'ValidationException',
          `Specifier '${specifier}' is not valid for certificate field ${name}.`,
        ] as const,
    ),
  ),
];

for (const [what, body, code, message] of bad) {
  test(`Put refuses ${what} and changes nothing`, async () => {
    const road = await testRoad();
    const id = await profileOn(road);
    await refusedAll(road, [[() => put(road, id, body), code, message]]);
  });
}

test('Delete refuses a field or a rule that is not mapped, and changes nothing', async () => {
  const road = await testRoad();
  const id = await profileOn(road);
  await remove(road, id, 'certificateField=x509Issuer');
  const notThere = 'ResourceNotFoundException';
  await refusedAll(road, [
    [() => remove(road, id, 'certificateField=x509Issuer'), notThere, /x509Issuer/],
    [() => remove(road, id, 'certificateField=x509Subject&specifiers=CN'), notThere, /'CN' of x509Subject/],
    [() => remove(road, id, 'certificateField=x509SAN&specifiers=DNS&specifiers=IP'), notThere, /'IP' of x509SAN/],
    [() => remove(road, id, 'certificateField=x509SAN&specifiers='), notThere, /x509SAN/],
    [
      () => remove(road, id, ''),
      'ValidationException',
      violation(undefined, 'certificateField', 'Member must not be null'),
    ],
    [() => remove(road, id, 'certificateField=DNS'), 'ValidationException', /enum value set/],
    [
      () => remove(road, id, 'certificateField=x509SAN&certificateField=x509Subject'),
      'SerializationException',
      /certificateField/,
    ],
    [() => remove(road, id, 'certificateField=%zz'), 'SerializationException', /query/],
  ]);
});

test('an unknown profile is not found, and an id without its form is not valid', async () => {
  const road = await testRoad();
  const whole = field('x509Subject', 'CN');
  await refusedAll(road, [
    [() => put(road, unknownId, whole), 'ResourceNotFoundException', /./],
    [() => remove(road, unknownId, 'certificateField=x509SAN'), 'ResourceNotFoundException', /./],
    [() => put(road, 'x', whole), 'ValidationException', /at 'profileId'/],
    [() => remove(road, 'x', 'certificateField=x509SAN'), 'ValidationException', /at 'profileId'/],
  ]);
  const id = await profileOn(road);
  const elsewhere = { region: 'us-west-2' };
  await refusedAll(road, [
    [() => put(road, id, whole, elsewhere), 'ResourceNotFoundException', /./],
    [() => remove(road, id, 'certificateField=x509SAN', elsewhere), 'ResourceNotFoundException', /./],
  ]);
});

test('the plural path is the only one', async () => {
  const road = await testRoad();
  const id = await profileOn(road);
  const answer = await road.rest('PUT', `/profile/${id}/mappings`, field('x509Subject', 'CN'));
  assert.deepEqual([answer.status, answer.code], [404, 'UnknownOperationException']);
});

test('mapping asks for rights on the profile', async () => {
  const server = await arranged();
  const { road, profileId } = server;
  const Resource = arnOf(`profile/${profileId}`);
  const keys = await actor(server, { Effect: 'Allow', Action: 'rolesanywhere:PutAttributeMapping', Resource });
  assert.equal((await put(road, profileId, field('x509Subject', 'CN'), { keys })).status, 200);
  const before = await kept(road);
  refused(
    await remove(road, profileId, 'certificateField=x509Subject', { keys }),
    'AccessDeniedException',
    new RegExp(`not authorized to perform: rolesanywhere:DeleteAttributeMapping on resource: ${Resource}`),
  );
  assert.deepEqual(await kept(road), before);
});
