// May they: the root, a session by its role's policies, and the session policies that bound it; and what each is told.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { account, region, testRoad } from '../../test/road.ts';
import type { RoleClaims } from '../core/session/claims.ts';
import { keysOf, policy, webSession } from './session.test.ts';

const arn = `arn:aws:rolesanywhere:${region}:${account}:profile/*`;
const who = `User: arn:aws:sts::${account}:assumed-role/Web/s1 is not authorized to perform: rolesanywhere:ListProfiles on resource: ${arn}`;
const none = `${who} because no identity-based policy allows the rolesanywhere:ListProfiles action`;
const list = { Effect: 'Allow', Action: 'rolesanywhere:ListProfiles', Resource: arn };

type Case = { readonly statements?: readonly object[]; readonly claims?: Partial<RoleClaims>; readonly at?: string };
/** Lists profiles as a session of the role `Web`. */
async function listing({ statements = [], claims = {}, at }: Case) {
  const road = await testRoad();
  const session = { ...(await webSession(road, statements)), ...claims };
  if (at !== undefined) road.at(at);
  const answer = await road.rest('GET', '/profiles', undefined, { keys: keysOf(road, session) });
  return { answer, road };
}

test('the root may do everything in its account', async () => {
  const road = await testRoad();
  assert.equal((await road.rest('GET', '/profiles')).status, 200);
  assert.equal((await road.query('iam', 'ListRoles')).status, 200);
});

describe('a session of a role', () => {
  for (const [what, given, message] of [
    ['with a policy that allows', { statements: [list] }, undefined],
    ['without a policy', {}, none],
    ['with a policy for another action', { statements: [{ ...list, Action: 'rolesanywhere:ListCrls' }] }, none],
    [
      'with a policy for another Region',
      { statements: [{ ...list, Resource: arn.replace(region, 'us-east-1') }] },
      none,
    ],
    [
      'with a policy for another account',
      { statements: [{ ...list, Resource: arn.replace(account, '210987654321') }] },
      none,
    ],
    [
      'that is denied as well',
      { statements: [list, { ...list, Effect: 'Deny' }] },
      `${who} with an explicit deny in an identity-based policy`,
    ],
    ['of a role made again', { statements: [list], claims: { roleId: 'AROAOLDOLDOLDOLDOLDOL' } }, none],
    ['of a role that is gone', { statements: [list], claims: { roleName: 'Gone' } }, none.replace('/Web/', '/Gone/')],
    [
      'of another account',
      { statements: [list], claims: { account: '210987654321' } },
      none.replaceAll(account, '210987654321'),
    ],
    [
      'bounded by a session policy that allows',
      { statements: [list], claims: { policies: [policy([list])] } },
      undefined,
    ],
    [
      'bounded by two session policies of which one allows',
      {
        statements: [list],
        claims: { policies: [policy([{ ...list, Action: 'iam:*', Resource: '*' }]), policy([list])] },
      },
      undefined,
    ],
    [
      'bounded by a session policy that does not',
      { statements: [list], claims: { policies: [policy([{ ...list, Action: 'iam:*' }])] } },
      `${who} because no session policy allows the rolesanywhere:ListProfiles action`,
    ],
    [
      'bounded by a session policy that denies',
      { statements: [list], claims: { policies: [policy([list, { ...list, Effect: 'Deny' }])] } },
      `${who} with an explicit deny in a session policy`,
    ],
    ['allowed by its session policy alone', { claims: { policies: [policy([list])] } }, none],
  ] as const satisfies readonly (readonly [string, Case, string | undefined])[]) {
    test(`${what} is ${message === undefined ? 'served' : 'refused, and told why'}`, async () => {
      const { answer } = await listing(given);
      const expected = message === undefined ? [200, undefined, undefined] : [403, 'AccessDeniedException', message];
      assert.deepEqual([answer.status, answer.code, answer.message], expected);
    });
  }
});

describe('AWS managed policies', () => {
  const readOnly = 'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly';
  const ofService = 'arn:aws:iam::aws:policy/aws-service-role/AWSRolesAnywhereServicePolicy';
  const gone = 'arn:aws:iam::aws:policy/Gone';
  const bounded = `${who} because no session policy allows the rolesanywhere:ListProfiles action`;

  for (const [what, given, message] of [
    ['that allows bounds nothing away', { statements: [list], claims: { managedPolicyArns: [readOnly] } }, undefined],
    ['does not allow by itself', { claims: { managedPolicyArns: [readOnly] } }, none],
    ['that does not allow is a bound', { statements: [list], claims: { managedPolicyArns: [ofService] } }, bounded],
    ['that is gone allows nothing', { statements: [list], claims: { managedPolicyArns: [gone] } }, bounded],
    [
      'that is gone leaves the other',
      { statements: [list], claims: { managedPolicyArns: [gone, readOnly] } },
      undefined,
    ],
    [
      'and an inline one are one bound',
      { statements: [list], claims: { policies: [policy([list])], managedPolicyArns: [ofService] } },
      undefined,
    ],
    [
      'does not lift the deny of an inline one',
      {
        statements: [list],
        claims: { policies: [policy([{ ...list, Effect: 'Deny' }])], managedPolicyArns: [readOnly] },
      },
      `${who} with an explicit deny in a session policy`,
    ],
  ] as const satisfies readonly (readonly [string, Case, string | undefined])[]) {
    test(`one of the session ${what}`, async () => {
      const { answer } = await listing(given);
      assert.equal(answer.message, message);
    });
  }

  async function attachedTo(statements: readonly object[], claims: Partial<RoleClaims> = {}) {
    const road = await testRoad();
    const session = { ...(await webSession(road, statements)), ...claims };
    await road.query('iam', 'AttachRolePolicy', { RoleName: 'Web', PolicyArn: readOnly });
    const answer = await road.rest('GET', '/profiles', undefined, { keys: keysOf(road, session) });
    return { answer, road };
  }

  test('one of the role allows, within the session policies', async () => {
    assert.equal((await attachedTo([])).answer.status, 200);
    assert.equal((await attachedTo([], { managedPolicyArns: [ofService] })).answer.message, bounded);
  });

  test('one of the role does not lift the deny of an inline one', async () => {
    const { answer } = await attachedTo([{ ...list, Effect: 'Deny' }]);
    assert.equal(answer.message, `${who} with an explicit deny in an identity-based policy`);
  });

  test('one of a role made again is not for the sessions of the one before', async () => {
    assert.equal((await attachedTo([], { roleId: 'AROAOLDOLDOLDOLDOLDOL' })).answer.message, none);
  });

  test('are named to the operator', async () => {
    const { road } = await attachedTo([{ ...list, Effect: 'Deny' }]);
    const text = JSON.stringify((await road.events()).at(-1));
    assert.ok(text.includes('"policyName":"AWS managed policy AWSRolesAnywhereReadOnly"'), text);
  });
});

describe('the condition key', () => {
  const tags = { tags: { team: 'Blue' }, sourceIdentity: 'CN=web' };
  const noon = '2026-11-22T12:00:00Z';
  for (const [operator, key, good, bad] of [
    ['IpAddress', 'aws:SourceIp', '127.0.0.0/8', '10.0.0.0/8'],
    ['Bool', 'aws:SecureTransport', 'false', 'true'],
    ['DateLessThanEquals', 'aws:CurrentTime', noon, '2026-11-22T11:59:59Z'],
    ['NumericEquals', 'aws:EpochTime', String(Date.parse(noon) / 1000), '0'],
    ['StringEquals', 'aws:RequestedRegion', region, 'us-east-1'],
    ['StringEquals', 'aws:UserAgent', 'test', 'other'],
    ['StringEquals', 'aws:PrincipalTag/team', 'Blue', 'blue'],
    ['StringEquals', 'AWS:principaltag/TEAM', 'Blue', 'Red'],
    ['StringLike', 'aws:userid', 'AROA*:s1', 'AROA*:s2'],
    ['StringEquals', 'aws:SourceIdentity', 'CN=web', 'CN=other'],
    ['StringEquals', 'aws:PrincipalAccount', account, '210987654321'],
    ['StringEquals', 'aws:PrincipalType', 'AssumedRole', 'Account'],
    ['ArnEquals', 'aws:PrincipalArn', `arn:aws:iam::${account}:role/Web`, `arn:aws:iam::${account}:role/Other`],
    ['DateEquals', 'aws:TokenIssueTime', noon, '2026-11-22T12:00:01Z'],
    ['Null', 'aws:PrincipalTag/none', 'true', 'false'],
  ] as const) {
    test(`${key} holds what the request shows`, async () => {
      const under = (value: string) => [{ ...list, Condition: { [operator]: { [key]: value } } }];
      assert.equal((await listing({ statements: under(good), claims: tags })).answer.status, 200);
      assert.equal((await listing({ statements: under(bad), claims: tags })).answer.message, none);
    });
  }

  test('aws:TokenIssueTime revokes the sessions issued before', async () => {
    const revoke = {
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: { DateLessThan: { 'aws:TokenIssueTime': '2026-11-22T12:10:00Z' } },
    };
    const { answer } = await listing({ statements: [list, revoke], at: '2026-11-22T12:14:00Z' });
    assert.equal(answer.message, `${who} with an explicit deny in an identity-based policy`);
  });
});

test('the operator reads the statement that denied, the caller does not', async () => {
  const deny = { Sid: 'NoListing', ...list, Effect: 'Deny' };
  const { answer, road } = await listing({ statements: [list, deny] });
  assert.doesNotMatch(answer.body, /NoListing/);
  const event = (await road.events()).at(-1);
  const { explanations } = Object(event?.additionalEventData);
  assert.equal(explanations[0].reason, 'explicitDenyInIdentityBasedPolicy');
  assert.deepEqual(explanations[0].decision.decidedBy, {
    kind: 'identity',
    policyName: 'role policy P',
    statementIndex: 1,
    sid: 'NoListing',
    effect: 'Deny',
  });
});

test('a resource of a mebibyte is not repeated whole, to the caller or in the event', async () => {
  const road = await testRoad();
  const keys = keysOf(road, await webSession(road, [{ Effect: 'Allow', Action: 'rolesanywhere:*', Resource: '*' }]));
  const roleArns = [`arn:aws:iam::${account}:role/${'x'.repeat(1_000_000)}`];
  const answer = await road.rest('POST', '/profiles', { name: 'p', roleArns }, { keys });
  assert.deepEqual([answer.status, answer.code], [403, 'AccessDeniedException']);
  assert.ok(answer.body.length < 3000);
  assert.ok(JSON.stringify((await road.events()).at(-1)).length < 20_000);
});

test('what cannot be read of a stored policy refuses, and is not taken for no policy', async () => {
  const { answer, road } = await listing({ statements: [list], claims: { policies: ['{'] } });
  assert.deepEqual([answer.status, answer.code], [500, 'InternalFailure']);
  assert.equal(road.logged.length > 0, true);
});
