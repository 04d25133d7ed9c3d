// AssumeRole: who may, what a session carries and inherits, and each refusal in AWS's words and order.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testRoad } from '../../../test/road.ts';
import { decodeClaims, type RoleClaims } from '../../core/session/claims.ts';
import { open } from '../../keyring.ts';
import { ensureAccount } from '../../root-account.ts';
import { purposes } from '../call.ts';
import {
  account,
  allow,
  assume,
  keysIn,
  makeRole,
  policy,
  roleArn,
  roleKeys,
  tagParameters,
  trusts,
  withCaller,
} from './rig.test.ts';

const me = `arn:aws:sts::${account}:assumed-role/Caller/caller`;
const refusal = (action: string) =>
  `User: ${me} is not authorized to perform: ${action} on resource: ${roleArn('Target')}`;
const all = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'];

/** The claims in the token of an answer. */
function claimsIn(road: Awaited<ReturnType<typeof testRoad>>, token = ''): RoleClaims {
  const opened = open(road.world.keyring, purposes.sessionToken, Buffer.from(token, 'base64'));
  const claims = opened && decodeClaims(opened);
  assert.equal(claims?.kind, 'role');
  return claims;
}

describe('AssumeRole gives a session', () => {
  test('that is the role, named and bound as it was asked', async () => {
    const { road, caller } = await withCaller();
    const roleId = await makeRole(road, 'Target', { allows: [allow('iam:ListRoles')] });
    const answer = await assume(road, caller);
    assert.equal(answer.text('AssumedRoleId'), `${roleId}:s1`);
    assert.equal(answer.text('Arn'), `arn:aws:sts::${account}:assumed-role/Target/s1`);
    assert.equal(answer.text('Expiration'), '2026-11-22T13:00:00Z');
    assert.equal(answer.text('PackedPolicySize'), undefined);
    assert.equal(answer.text('SourceIdentity'), undefined);
    const keys = keysIn(answer);
    assert.match(keys.accessKeyId, /^ASIA[A-Z2-7]{16}$/);
    const who = await road.query('sts', 'GetCallerIdentity', {}, { keys });
    assert.equal(who.text('Arn'), `arn:aws:sts::${account}:assumed-role/Target/s1`);
    assert.equal((await road.query('iam', 'ListRoles', {}, { keys })).status, 200);
    assert.equal((await road.query('iam', 'GetRole', { RoleName: 'Target' }, { keys })).status, 403);
  });

  test('within its session policies, inline and managed', async () => {
    const { road, caller } = await withCaller();
    await makeRole(road, 'Target', { allows: [allow('*')] });
    const inline = await assume(road, caller, { Policy: policy(allow('iam:ListRoles')) });
    assert.equal(inline.text('PackedPolicySize'), '2');
    assert.equal((await road.query('iam', 'ListRoles', {}, { keys: keysIn(inline) })).status, 200);
    const denied = await road.query('iam', 'ListPolicies', {}, { keys: keysIn(inline) });
    assert.match(denied.message ?? '', /because no session policy allows the iam:ListPolicies action$/);
    const arn = 'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly';
    const managed = keysIn(await assume(road, caller, { 'PolicyArns.member.1.arn': arn }));
    assert.equal((await road.rest('GET', '/profiles', undefined, { keys: managed })).status, 200);
    const made = await road.query('iam', 'DeleteRole', { RoleName: 'Target' }, { keys: managed });
    assert.match(made.message ?? '', /because no session policy allows the iam:DeleteRole action$/);
  });

  test('that ends with its second, and with the role', async () => {
    const { road, caller } = await withCaller();
    await makeRole(road, 'Target', { allows: [allow('iam:ListRoles')] });
    const keys = keysIn(await assume(road, caller, { DurationSeconds: 900 }));
    road.at('2026-11-22T12:14:59Z');
    assert.equal((await road.query('iam', 'ListRoles', {}, { keys })).status, 200);
    road.at('2026-11-22T12:15:00Z');
    assert.equal((await road.query('iam', 'ListRoles', {}, { keys })).code, 'ExpiredToken');
    road.at('2026-11-22T12:10:00Z');
    await road.query('iam', 'DeleteRolePolicy', { RoleName: 'Target', PolicyName: 'P' });
    await road.query('iam', 'DeleteRole', { RoleName: 'Target' });
    await makeRole(road, 'Target', { allows: [allow('iam:ListRoles')] });
    assert.equal((await road.query('iam', 'ListRoles', {}, { keys })).code, 'AccessDenied');
  });

  test("whose event says who asked, and the session's own events whose it is", async () => {
    const { road, caller } = await withCaller();
    const roleId = await makeRole(road, 'Target', { trust: [trusts({ AWS: account }, all)] });
    const keys = keysIn(await assume(road, caller, { SourceIdentity: 'alice', ...tagParameters({ team: 'x' }) }));
    await road.query('sts', 'GetCallerIdentity', {}, { keys });
    const events = await road.events();
    const assumed = events.find(({ eventName }) => eventName === 'AssumeRole');
    assert.equal(JSON.stringify(assumed).includes(keys.sessionToken ?? '-'), false);
    assert.equal(JSON.stringify(assumed).includes(keys.secretAccessKey), false);
    assert.deepEqual(events.at(-1)?.userIdentity, {
      type: 'AssumedRole',
      principalId: `${roleId}:s1`,
      arn: `arn:aws:sts::${account}:assumed-role/Target/s1`,
      accountId: account,
      accessKeyId: keys.accessKeyId,
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: roleId,
          arn: roleArn('Target'),
          accountId: account,
          userName: 'Target',
        },
        attributes: { creationDate: '2026-11-22T12:00:00.000Z', mfaAuthenticated: 'false' },
        sourceIdentity: 'alice',
      },
    });
  });
});

describe('the role must trust the caller', () => {
  const external = { StringEquals: { 'sts:ExternalId': 'Example987' } };
  for (const [what, trust, parameters, allowed] of [
    ['its account', [trusts({ AWS: account })], {}, true],
    ['its account by the ARN of the root', [trusts({ AWS: `arn:aws:iam::${account}:root` })], {}, true],
    ['its role', [trusts({ AWS: roleArn('Caller') })], {}, true],
    ['its session', [trusts({ AWS: me })], {}, true],
    ['everybody', [trusts('*')], {}, true],
    ['another account', [trusts({ AWS: '210987654321' })], {}, false],
    ['another role', [trusts({ AWS: roleArn('Other') })], {}, false],
    ['another session', [trusts({ AWS: me.replace('/caller', '/other') })], {}, false],
    ['a service', [trusts({ Service: 'ec2.amazonaws.com' })], {}, false],
    ['another action', [trusts({ AWS: account }, 'sts:TagSession')], {}, false],
    [
      'with the external id',
      [trusts({ AWS: account }, 'sts:AssumeRole', external)],
      { ExternalId: 'Example987' },
      true,
    ],
    [
      'with another external id',
      [trusts({ AWS: account }, 'sts:AssumeRole', external)],
      { ExternalId: 'Other' },
      false,
    ],
    ['without its external id', [trusts({ AWS: account }, 'sts:AssumeRole', external)], {}, false],
    [
      'by session name',
      [trusts({ AWS: account }, 'sts:AssumeRole', { StringEquals: { 'sts:RoleSessionName': 's1' } })],
      {},
      true,
    ],
    [
      'by another session name',
      [trusts({ AWS: account }, 'sts:AssumeRole', { StringEquals: { 'sts:RoleSessionName': 's2' } })],
      {},
      false,
    ],
  ] as const) {
    test(`${what}: ${allowed ? 'assumed' : 'refused'}`, async () => {
      const { road, caller } = await withCaller();
      await makeRole(road, 'Target', { trust });
      const answer = await assume(road, caller, parameters);
      if (allowed) return assert.equal(answer.status, 200, answer.body);
      assert.deepEqual([answer.status, answer.code, answer.message], [403, 'AccessDenied', refusal('sts:AssumeRole')]);
    });
  }

  test('a role that is not there, and one of another path, look the same', async () => {
    const { road, caller } = await withCaller();
    const gone = await assume(road, caller);
    assert.deepEqual([gone.code, gone.message], ['AccessDenied', refusal('sts:AssumeRole')]);
    await makeRole(road, 'Target', { parameters: { Path: '/app/' } });
    const bare = await assume(road, caller);
    assert.deepEqual([bare.code, bare.message], ['AccessDenied', refusal('sts:AssumeRole')]);
    assert.equal((await assume(road, caller, { RoleArn: roleArn('app/Target') })).status, 200);
  });

  test('a deny there is said to be one', async () => {
    const { road, caller } = await withCaller();
    await makeRole(road, 'Target', {
      trust: [trusts({ AWS: account }), { ...trusts({ AWS: roleArn('Caller') }), Effect: 'Deny' }],
    });
    const answer = await assume(road, caller);
    assert.equal(answer.message, `${refusal('sts:AssumeRole')} with an explicit deny in the role trust policy`);
  });
});

describe("the caller's own policies", () => {
  const bare = [allow('iam:GetRole')];
  for (const [what, allows, trust, ending] of [
    [
      'must allow where the account is trusted',
      bare,
      { AWS: account },
      ' because no identity-based policy allows the sts:AssumeRole action',
    ],
    ['need not where the role itself is trusted', bare, { AWS: roleArn('Caller') }, undefined],
    [
      'deny even then',
      [{ ...allow('sts:*'), Effect: 'Deny' }],
      { AWS: roleArn('Caller') },
      ' with an explicit deny in an identity-based policy',
    ],
    ['may name the role', [allow('sts:AssumeRole', { Resource: roleArn('Target') })], { AWS: account }, undefined],
    [
      'may name another role',
      [allow('sts:AssumeRole', { Resource: roleArn('Other') })],
      { AWS: account },
      ' because no identity-based policy allows the sts:AssumeRole action',
    ],
  ] as const) {
    test(what, async () => {
      const { road, caller } = await withCaller({}, allows);
      await makeRole(road, 'Target', { trust: [trusts(trust)] });
      const answer = await assume(road, caller);
      if (ending === undefined) return assert.equal(answer.status, 200, answer.body);
      assert.deepEqual([answer.code, answer.message], ['AccessDenied', refusal('sts:AssumeRole') + ending]);
    });
  }

  test('and its session policies bound them', async () => {
    const { road, caller } = await withCaller({ policies: [policy(allow('iam:*'))] });
    await makeRole(road, 'Target');
    const answer = await assume(road, caller);
    assert.equal(
      answer.message,
      `${refusal('sts:AssumeRole')} because no session policy allows the sts:AssumeRole action`,
    );
  });
});

describe('across accounts', () => {
  const other = '210987654321';
  async function twoAccounts(trust: readonly object[], allows = [allow('sts:AssumeRole')]) {
    const { road, roleId, caller } = await withCaller({}, allows);
    const rootKey = { accessKeyId: 'AKIAOTHEROTHEROTHERO', secretAccessKey: 'other'.repeat(8) };
    await ensureAccount({ ...road.world, now: road.now() }, { accountId: other, rootKey });
    await makeRole(road, 'Target', { trust: trust as [], keys: rootKey });
    return { road, roleId, caller, rootKey };
  }
  const target = { RoleArn: roleArn('Target', other) };

  test('both sides must allow, and the session belongs to the account of the role', async () => {
    const { road, caller, rootKey } = await twoAccounts([trusts({ AWS: account })]);
    const keys = keysIn(await assume(road, caller, target));
    const who = await road.query('sts', 'GetCallerIdentity', {}, { keys });
    assert.deepEqual([who.text('Account'), who.text('Arn')], [other, `arn:aws:sts::${other}:assumed-role/Target/s1`]);
    const PolicyDocument = policy(allow('iam:ListRoles'));
    await road.query(
      'iam',
      'PutRolePolicy',
      { RoleName: 'Target', PolicyName: 'P', PolicyDocument },
      { keys: rootKey },
    );
    const roles = await road.query('iam', 'ListRoles', {}, { keys });
    assert.deepEqual(roles.texts('RoleName'), ['Target']);
  });

  for (const [what, trust, allows, ending] of [
    ['a role that does not trust the account', [trusts({ AWS: other })], [allow('*')], ''],
    [
      'a caller who may not',
      [trusts({ AWS: account })],
      [allow('iam:*')],
      ' because no identity-based policy allows the sts:AssumeRole action',
    ],
    [
      'a caller who may not, though the role names it',
      [trusts({ AWS: roleArn('Caller') })],
      [allow('iam:*')],
      ' because no identity-based policy allows the sts:AssumeRole action',
    ],
    [
      'a caller who may not, though the role names its session',
      [trusts({ AWS: me })],
      [allow('iam:*')],
      ' because no identity-based policy allows the sts:AssumeRole action',
    ],
  ] as const) {
    test(`${what}: refused`, async () => {
      const { road, caller } = await twoAccounts(trust, [...allows]);
      const answer = await assume(road, caller, target);
      const sentence = refusal('sts:AssumeRole').replace(roleArn('Target'), roleArn('Target', other));
      assert.deepEqual([answer.code, answer.message], ['AccessDenied', sentence + ending]);
    });
  }

  test('is in the trail of both, of the other without the name of the caller', async () => {
    const { road, roleId, caller } = await twoAccounts([trusts({ AWS: account })]);
    await assume(road, caller, target);
    const events = (await road.events()).filter(({ eventName }) => eventName === 'AssumeRole');
    assert.deepEqual(
      events.map(({ recipientAccountId }) => recipientAccountId),
      [account, other],
    );
    assert.equal(new Set(events.map(({ eventID }) => eventID)).size, 2);
    assert.equal(new Set(events.map(({ sharedEventID }) => sharedEventID)).size, 1);
    assert.deepEqual(events[1]?.userIdentity, {
      type: 'AWSAccount',
      principalId: `${roleId}:caller`,
      accountId: account,
    });
    const refused = await assume(road, caller, {
      ...target,
      RoleSessionName: 's2',
      ExternalId: 'third',
      SourceIdentity: 'alice',
    });
    assert.equal(refused.status, 403);
    assert.equal((await road.events()).filter(({ recipientAccountId }) => recipientAccountId === other).length, 2);
  });

  test('an account that does not exist looks like a role that does not', async () => {
    const { road, caller } = await withCaller();
    const answer = await assume(road, caller, { RoleArn: roleArn('Target', '111122223333') });
    assert.equal(answer.code, 'AccessDenied');
  });
});

describe('the request', () => {
  // AWS seen: 2025-07-21, the first five.
  for (const [what, parameters, code, message] of [
    ['no ARN', { RoleArn: 'nothing-valid-in-here' }, 'ValidationError', 'nothing-valid-in-here is invalid'],
    [
      'an ARN without a partition',
      { RoleArn: 'arn::b:::something/test-role' },
      'ValidationError',
      'arn::b:::something/test-role is invalid',
    ],
    [
      'an ARN without a service',
      { RoleArn: 'arn:a::::something/test-role' },
      'ValidationError',
      'arn:a::::something/test-role is invalid',
    ],
    [
      'too few fields',
      { RoleArn: 'arn:a:::something/test-role' },
      'ValidationError',
      'arn:a:::something/test-role is invalid',
    ],
    [
      'an ARN without a resource',
      { RoleArn: 'arn:a:a::aaaaaaaaaa:' },
      'ValidationError',
      'arn:a:a::aaaaaaaaaa: is invalid',
    ],
    [
      'a session name with a colon',
      { RoleArn: 'arn:a:b:::something/test-role', RoleSessionName: 'Session1:2' },
      'ValidationError',
      "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    ],
    ['a session name of one character', { RoleSessionName: 's' }, 'ValidationError', undefined],
    ['a session name of 65 characters', { RoleSessionName: 's'.repeat(65) }, 'ValidationError', undefined],
    ['899 seconds', { DurationSeconds: 899 }, 'ValidationError', undefined],
    ['43201 seconds', { DurationSeconds: 43_201 }, 'ValidationError', undefined],
    ['an external id of one character', { ExternalId: 'x' }, 'ValidationError', undefined],
    ['a source identity with a space', { SourceIdentity: 'a b' }, 'ValidationError', undefined],
    [
      '51 tags',
      tagParameters(Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`k${at}`, '']))),
      'ValidationError',
      undefined,
    ],
    ['a policy that is none', { Policy: 'x' }, 'MalformedPolicyDocument', undefined],
    [
      'a policy with a principal',
      { Policy: policy({ ...allow('*'), Principal: '*' }) },
      'MalformedPolicyDocument',
      undefined,
    ],
    [
      'a policy of more than 2,048 characters',
      { Policy: policy(allow('*', { Sid: 'x'.repeat(2000) })) },
      'PackedPolicyTooLarge',
      'Packed policy consumes 103% of allotted space, please use smaller policy.',
    ],
    [
      'a managed policy that is not there',
      { 'PolicyArns.member.1.arn': 'arn:aws:iam::aws:policy/None' },
      'ValidationError',
      'The managed policy arn:aws:iam::aws:policy/None was not found.',
    ],
    [
      'eleven managed policies',
      Object.fromEntries(
        Array.from({ length: 11 }, (_, at) => [
          `PolicyArns.member.${at + 1}.arn`,
          'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly',
        ]),
      ),
      'ValidationError',
      'The number of managed session policies must not be more than 10.',
    ],
    [
      'tags that differ in case alone',
      tagParameters({ team: 'x', TEAM: 'y' }),
      'InvalidParameterValue',
      'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    ],
    ['a reserved tag key', tagParameters({ 'AWS:x': 'y' }), 'InvalidParameterValue', undefined],
    [
      'a transitive key without its tag',
      { 'TransitiveTagKeys.member.1': 'team' },
      'InvalidParameterValue',
      'The specified transitive tag key must be included in the requested tags.',
    ],
    ['an MFA device', { SerialNumber: 'GAHT12345678', TokenCode: '123456' }, 'NotImplemented', undefined],
    ['a context', { 'ProvidedContexts.member.1.ContextAssertion': 'assertion' }, 'NotImplemented', undefined],
  ] as const) {
    test(`with ${what} is refused: ${code}`, async () => {
      const { road, caller } = await withCaller();
      await makeRole(road, 'Target', {
        trust: [trusts({ AWS: account }, all)],
        parameters: { MaxSessionDuration: 43_200 },
      });
      const answer = await assume(road, caller, parameters);
      assert.deepEqual([answer.status, answer.code], [400, code], answer.body);
      if (message !== undefined) assert.equal(answer.message, message);
    });
  }

  test('of a root is refused, after the request itself', async () => {
    const road = await testRoad();
    await makeRole(road, 'Target');
    const answer = await assume(road, road.root);
    assert.deepEqual(
      [answer.status, answer.code, answer.message],
      [403, 'AccessDenied', 'Roles may not be assumed by root accounts.'],
    );
    assert.equal((await assume(road, road.root, { RoleArn: 'nothing-valid-in-here' })).code, 'ValidationError');
    const session = keysIn(await road.query('sts', 'GetSessionToken'));
    assert.equal((await assume(road, session)).message, 'Roles may not be assumed by root accounts.');
  });

  test('for more than an hour is refused to a session, whatever the role allows', async () => {
    const { road, caller } = await withCaller();
    await makeRole(road, 'Target', { parameters: { MaxSessionDuration: 43_200 } });
    assert.equal((await assume(road, caller, { DurationSeconds: 3600 })).status, 200);
    const answer = await assume(road, caller, { DurationSeconds: 3601 });
    assert.deepEqual(
      [answer.code, answer.message],
      [
        'ValidationError',
        'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
      ],
    );
  });
});

describe('session tags', () => {
  test('need sts:TagSession of the role and of the caller', async () => {
    const { road, caller } = await withCaller();
    await makeRole(road, 'Target');
    const untrusted = await assume(road, caller, tagParameters({ team: 'x' }));
    assert.deepEqual([untrusted.code, untrusted.message], ['AccessDenied', refusal('sts:TagSession')]);
    const other = await withCaller({}, [allow('sts:AssumeRole')]);
    await makeRole(other.road, 'Target', { trust: [trusts({ AWS: account }, all)] });
    const unable = await assume(other.road, other.caller, tagParameters({ team: 'x' }));
    assert.match(
      unable.message ?? '',
      /sts:TagSession on resource: .* because no identity-based policy allows the sts:TagSession action$/,
    );
  });

  test('are what conditions see of the principal, over the tags of the role', async () => {
    const { road, caller } = await withCaller();
    const where = (tags: object) => ({ Condition: { StringEquals: tags } });
    await makeRole(road, 'Target', {
      trust: [trusts({ AWS: account }, all)],
      tags: { team: 'role', site: 'role' },
      allows: [
        allow('iam:ListRoles', where({ 'aws:PrincipalTag/team': 'session' })),
        allow('iam:ListPolicies', where({ 'aws:PrincipalTag/site': 'role' })),
        allow('iam:ListInstanceProfiles', where({ 'aws:PrincipalTag/team': 'role' })),
      ],
    });
    const keys = keysIn(await assume(road, caller, tagParameters({ Team: 'session' })));
    const status = async (action: string) => (await road.query('iam', action, {}, { keys })).status;
    assert.deepEqual(
      [await status('ListRoles'), await status('ListPolicies'), await status('ListInstanceProfiles')],
      [200, 200, 403],
    );
  });

  test('can be asked for in the trust policy, by key and value', async () => {
    const { road, caller } = await withCaller();
    await makeRole(road, 'Target', {
      trust: [
        trusts({ AWS: account }, all, {
          StringEquals: { 'aws:RequestTag/team': ['x', 'y'] },
          'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] },
        }),
      ],
    });
    const status = async (tags: Record<string, string>) => (await assume(road, caller, tagParameters(tags))).status;
    assert.deepEqual(
      [
        await status({ team: 'x' }),
        await status({ team: 'z' }),
        await status({ team: 'x', site: 'y' }),
        await status({}),
      ],
      [200, 403, 403, 403],
    );
  });

  test('that are to be transitive can be asked for by key', async () => {
    const { road, caller } = await withCaller();
    await makeRole(road, 'Target', {
      trust: [trusts({ AWS: account }, all, { 'ForAllValues:StringEquals': { 'sts:TransitiveTagKeys': ['team'] } })],
    });
    const tags = tagParameters({ team: 'x', site: 'y' });
    const status = async (key: string) =>
      (await assume(road, caller, { ...tags, 'TransitiveTagKeys.member.1': key })).status;
    assert.deepEqual([await status('team'), await status('site')], [200, 403]);
  });

  test('that are transitive are inherited along a chain, and cannot be changed there', async () => {
    const { road, caller } = await withCaller();
    const trust = [trusts({ AWS: account }, all)];
    await makeRole(road, 'Target', { trust, allows: [allow('sts:*')] });
    await makeRole(road, 'Next', { trust });
    const first = keysIn(
      await assume(road, caller, {
        ...tagParameters({ Team: 'x', site: 'y' }),
        'TransitiveTagKeys.member.1': 'team',
      }),
    );
    assert.deepEqual(claimsIn(road, first.sessionToken).transitiveTagKeys, ['Team']);
    const next = { RoleArn: roleArn('Next') };
    const second = claimsIn(
      road,
      keysIn(await assume(road, first, { ...next, ...tagParameters({ more: 'z' }) })).sessionToken,
    );
    assert.deepEqual([second.tags, second.transitiveTagKeys], [{ Team: 'x', more: 'z' }, ['Team']]);
    const changed = await assume(road, first, { ...next, ...tagParameters({ TEAM: 'other' }) });
    assert.deepEqual(
      [changed.status, changed.code, changed.message],
      [
        400,
        'InvalidParameterValue',
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
      ],
    );
  });

  test('that are inherited need sts:TagSession, too, and count with the others', async () => {
    const tags = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`k${at}`, '']));
    const { road, caller } = await withCaller({ tags, transitiveTagKeys: Object.keys(tags) });
    await makeRole(road, 'Target');
    assert.equal((await assume(road, caller)).message, refusal('sts:TagSession'));
    await makeRole(road, 'Open', { trust: [trusts({ AWS: account }, all)] });
    assert.equal((await assume(road, caller, { RoleArn: roleArn('Open') })).status, 200);
    const more = await assume(road, caller, { RoleArn: roleArn('Open'), ...tagParameters({ more: '' }) });
    assert.deepEqual([more.status, more.code], [400, 'ValidationError']);
  });

  test('that take too much space are refused', async () => {
    const { road, caller } = await withCaller();
    await makeRole(road, 'Target', { trust: [trusts({ AWS: account }, all)] });
    const tags = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`k${at}`, 'v'.repeat(200)]));
    const answer = await assume(road, caller, tagParameters(tags));
    assert.deepEqual([answer.code, answer.message], ['PackedPolicyTooLarge', 'Serialized token too large for session']);
  });
});

describe('a source identity', () => {
  test('needs sts:SetSourceIdentity, is shown, and stays along a chain', async () => {
    const { road, caller } = await withCaller();
    await makeRole(road, 'Target');
    const untrusted = await assume(road, caller, { SourceIdentity: 'alice' });
    assert.equal(untrusted.message, refusal('sts:SetSourceIdentity'));
    const trust = [trusts({ AWS: account }, all)];
    await makeRole(road, 'First', { trust, allows: [allow('sts:*')] });
    const answer = await assume(road, caller, { RoleArn: roleArn('First'), SourceIdentity: 'alice' });
    assert.equal(answer.text('SourceIdentity'), 'alice');
    const first = keysIn(answer);
    await makeRole(road, 'Second', { trust });
    const next = await assume(road, first, { RoleArn: roleArn('Second') });
    assert.equal(next.text('SourceIdentity'), 'alice');
    assert.equal((await assume(road, first, { RoleArn: roleArn('Second'), SourceIdentity: 'alice' })).status, 200);
    const changed = await assume(road, first, { RoleArn: roleArn('Second'), SourceIdentity: 'bob' });
    assert.deepEqual(
      [changed.status, changed.code, changed.message],
      [400, 'ValidationError', 'The source identity is already set for this assume role session'],
    );
    // A role that does not let one be set breaks the chain.
    const broken = await assume(road, first);
    assert.match(broken.message ?? '', /not authorized to perform: sts:SetSourceIdentity on/);
  });
});

test('a session of a role that is gone can assume nothing', async () => {
  const { road } = await withCaller();
  await makeRole(road, 'Target');
  const old = roleKeys(road, 'Caller', 'AROAOLDOLDOLDOLDOLDOL');
  assert.equal((await assume(road, old)).code, 'AccessDenied');
});
