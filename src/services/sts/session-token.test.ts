// GetSessionToken, GetFederationToken and GetAccessKeyInfo: what a key gives away, and what its sessions may not ask.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testRoad } from '../../../test/road.ts';
import { accessKeys } from '../iam/records.ts';
import {
  account,
  allow,
  assume,
  keysIn,
  makeRole,
  policy,
  roleArn,
  tagParameters,
  trusts,
  withCaller,
} from './rig.test.ts';

const invalidToken = ['InvalidClientTokenId', 'The security token included in the request is invalid.'];

describe('GetSessionToken of the root', () => {
  test('is the root, for an hour at most', async () => {
    const road = await testRoad();
    for (const [asked, until] of [
      [undefined, '13:00:00'],
      [129_600, '13:00:00'],
      [3600, '13:00:00'],
      [900, '12:15:00'],
    ] as const) {
      const answer = await road.query('sts', 'GetSessionToken', asked === undefined ? {} : { DurationSeconds: asked });
      assert.equal(answer.text('Expiration'), `2026-11-22T${until}Z`);
    }
    const keys = keysIn(await road.query('sts', 'GetSessionToken'));
    const who = await road.query('sts', 'GetCallerIdentity', {}, { keys });
    assert.deepEqual([who.text('Arn'), who.text('UserId')], [`arn:aws:iam::${account}:root`, account]);
    assert.equal((await road.rest('GET', '/profiles', undefined, { keys })).status, 200);
  });

  test('may neither call IAM nor STS, except to ask who it is', async () => {
    const road = await testRoad();
    const keys = keysIn(await road.query('sts', 'GetSessionToken'));
    const iam = await road.query('iam', 'ListRoles', {}, { keys });
    assert.deepEqual([iam.code, iam.message], invalidToken);
    for (const action of ['GetSessionToken', 'GetFederationToken', 'GetAccessKeyInfo']) {
      const sts = await road.query('sts', action, { Name: 'bob', AccessKeyId: 'AKIAROOTROOTROOTROOT' }, { keys });
      assert.deepEqual(
        [sts.status, sts.code, sts.message],
        [403, 'AccessDenied', `Cannot call ${action} with session credentials`],
      );
    }
  });

  test('ends with the key that asked for it', async () => {
    const road = await testRoad();
    const keys = keysIn(await road.query('sts', 'GetSessionToken'));
    await road.store.write((writer) => accessKeys.delete(writer, road.root.accessKeyId));
    const answer = await road.query('sts', 'GetCallerIdentity', {}, { keys });
    assert.deepEqual([answer.code, answer.message], invalidToken);
  });

  for (const [what, parameters, code] of [
    ['899 seconds', { DurationSeconds: 899 }, 'ValidationError'],
    ['129601 seconds', { DurationSeconds: 129_601 }, 'ValidationError'],
    ['a device', { SerialNumber: 'GAHT12345678', TokenCode: '123456' }, 'NotImplemented'],
    ['a code of five digits', { TokenCode: '12345' }, 'ValidationError'],
  ] as const) {
    test(`with ${what} is refused`, async () => {
      const road = await testRoad();
      assert.equal((await road.query('sts', 'GetSessionToken', parameters)).code, code);
    });
  }

  test('writes an event without the secrets it gives away', async () => {
    const road = await testRoad();
    const keys = keysIn(await road.query('sts', 'GetSessionToken'));
    await road.rest('GET', '/profiles', undefined, { keys });
    const events = await road.events();
    const text = JSON.stringify(events);
    assert.equal(text.includes(keys.secretAccessKey) || text.includes(keys.sessionToken ?? '-'), false);
    const creationDate = '2026-11-22T12:00:00.000Z';
    assert.deepEqual(events.find(({ eventName }) => eventName === 'ListProfiles')?.userIdentity, {
      type: 'Root',
      principalId: account,
      arn: `arn:aws:iam::${account}:root`,
      accountId: account,
      accessKeyId: keys.accessKeyId,
      sessionContext: { attributes: { creationDate, mfaAuthenticated: 'false' } },
    });
  });
});

describe('a session of a role', () => {
  for (const action of ['GetSessionToken', 'GetFederationToken']) {
    test(`may not call ${action}`, async () => {
      const { road, caller } = await withCaller();
      const answer = await road.query('sts', action, { Name: 'bob' }, { keys: caller });
      assert.deepEqual(
        [answer.code, answer.message],
        ['AccessDenied', `Cannot call ${action} with session credentials`],
      );
    });
  }
});

describe('GetFederationToken of the root', () => {
  const arn = `arn:aws:sts::${account}:federated-user/bob`;
  const profiles = `arn:aws:rolesanywhere:eu-central-1:${account}:profile/*`;

  test('is the federated user', async () => {
    const road = await testRoad();
    const answer = await road.query('sts', 'GetFederationToken', { Name: 'bob', DurationSeconds: 129_600 });
    assert.deepEqual(
      [answer.text('FederatedUserId'), answer.text('Arn'), answer.text('Expiration'), answer.text('PackedPolicySize')],
      [`${account}:bob`, arn, '2026-11-22T13:00:00Z', undefined],
    );
    const who = await road.query('sts', 'GetCallerIdentity', {}, { keys: keysIn(answer) });
    assert.deepEqual([who.text('Arn'), who.text('UserId'), who.text('Account')], [arn, `${account}:bob`, account]);
  });

  test('may do what its session policies say, and nothing without any', async () => {
    const road = await testRoad();
    const federated = async (parameters: Record<string, string>) =>
      keysIn(await road.query('sts', 'GetFederationToken', { Name: 'bob', ...parameters }));
    const list = async (keys: Awaited<ReturnType<typeof federated>>) =>
      (await road.rest('GET', '/profiles', undefined, { keys })).message;
    const none = `User: ${arn} is not authorized to perform: rolesanywhere:ListProfiles on resource: ${profiles} because no session policy allows the rolesanywhere:ListProfiles action`;
    assert.equal(await list(await federated({})), none);
    assert.equal(await list(await federated({ Policy: policy(allow('iam:*')) })), none);
    assert.equal(await list(await federated({ Policy: policy(allow('rolesanywhere:ListProfiles')) })), undefined);
    assert.equal(
      await list(await federated({ 'PolicyArns.member.1.arn': 'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly' })),
      undefined,
    );
  });

  test('is seen by conditions with its tags', async () => {
    const road = await testRoad();
    const Condition = { StringEquals: { 'aws:PrincipalTag/team': 'x' } };
    const Policy = policy(allow('rolesanywhere:*', { Condition }));
    const status = async (team: string) => {
      const answer = await road.query('sts', 'GetFederationToken', { Name: 'bob', Policy, ...tagParameters({ team }) });
      return (await road.rest('GET', '/profiles', undefined, { keys: keysIn(answer) })).status;
    };
    assert.deepEqual([await status('x'), await status('y')], [200, 403]);
  });

  test('may call neither IAM nor STS, and assume no role, not even one that trusts everybody', async () => {
    const road = await testRoad();
    const keys = keysIn(await road.query('sts', 'GetFederationToken', { Name: 'bob', Policy: policy(allow('*')) }));
    const iam = await road.query('iam', 'ListRoles', {}, { keys });
    assert.deepEqual([iam.code, iam.message], invalidToken);
    await makeRole(road, 'Target', { trust: [trusts('*')] });
    assert.equal((await assume(road, keys)).message, 'Cannot call AssumeRole with session credentials');
  });

  test('writes who vouched for it into its events', async () => {
    const road = await testRoad();
    const keys = keysIn(await road.query('sts', 'GetFederationToken', { Name: 'bob' }));
    await road.query('sts', 'GetCallerIdentity', {}, { keys });
    const root = `arn:aws:iam::${account}:root`;
    assert.deepEqual((await road.events()).at(-1)?.userIdentity, {
      type: 'FederatedUser',
      principalId: `${account}:bob`,
      arn,
      accountId: account,
      accessKeyId: keys.accessKeyId,
      sessionContext: {
        sessionIssuer: { type: 'Root', principalId: account, arn: root, accountId: account },
        attributes: { creationDate: '2026-11-22T12:00:00.000Z', mfaAuthenticated: 'false' },
      },
    });
  });

  for (const [what, parameters, code] of [
    ['no name', {}, 'ValidationError'],
    ['a name of one character', { Name: 'b' }, 'ValidationError'],
    ['a name of 33 characters', { Name: 'b'.repeat(33) }, 'ValidationError'],
    ['a name with a slash', { Name: 'a/b' }, 'ValidationError'],
    ['a policy that is none', { Name: 'bob', Policy: '{}' }, 'MalformedPolicyDocument'],
    ['a policy of 2,049 characters', { Name: 'bob', Policy: 'x'.repeat(2049) }, 'ValidationError'],
    ['tags that differ in case', { Name: 'bob', ...tagParameters({ a: '', A: '' }) }, 'InvalidParameterValue'],
    ['129601 seconds', { Name: 'bob', DurationSeconds: 129_601 }, 'ValidationError'],
  ] as const) {
    test(`with ${what} is refused`, async () => {
      const road = await testRoad();
      assert.equal((await road.query('sts', 'GetFederationToken', parameters)).code, code);
    });
  }
});

describe('GetAccessKeyInfo', () => {
  test('tells the account of a key, to whoever may ask', async () => {
    const { road, caller } = await withCaller({}, [allow('sts:GetAccessKeyInfo')]);
    const asked = { AccessKeyId: road.root.accessKeyId };
    assert.equal((await road.query('sts', 'GetAccessKeyInfo', asked)).text('Account'), account);
    assert.equal((await road.query('sts', 'GetAccessKeyInfo', asked, { keys: caller })).text('Account'), account);
    const other = await withCaller({}, []);
    const denied = await other.road.query('sts', 'GetAccessKeyInfo', asked, { keys: other.caller });
    assert.equal(
      denied.message,
      `User: arn:aws:sts::${account}:assumed-role/Caller/caller is not authorized to perform: sts:GetAccessKeyInfo on resource: * because no identity-based policy allows the sts:GetAccessKeyInfo action`,
    );
  });

  test("reads a session's key, and one that is gone, by itself", async () => {
    const { road, caller } = await withCaller();
    await makeRole(road, 'Target');
    const session = keysIn(await assume(road, caller));
    const info = await road.query('sts', 'GetAccessKeyInfo', { AccessKeyId: session.accessKeyId });
    assert.equal(info.text('Account'), account);
  });

  // The first is of an account that is not here.
  for (const AccessKeyId of [
    'ASIAQNZGKIQY56JQ7WML',
    'AKIANOBODYNOBODYNOBO',
    'short',
    'AKIA-WITH-HYPHENS-12',
    'A'.repeat(129),
  ]) {
    test(`knows nothing of ${AccessKeyId.slice(0, 24)}`, async () => {
      const road = await testRoad();
      assert.equal((await road.query('sts', 'GetAccessKeyInfo', { AccessKeyId })).code, 'ValidationError');
    });
  }
});

test('what is not served is refused by name', async () => {
  const road = await testRoad();
  for (const action of ['AssumeRoleWithSAML', 'AssumeRoot', 'GetDelegatedAccessToken', 'GetWebIdentityToken']) {
    const answer = await road.query('sts', action, { RoleArn: roleArn('R') });
    assert.deepEqual(
      [answer.status, answer.code, answer.message],
      [400, 'NotImplemented', `${action} is not served here.`],
    );
  }
});
