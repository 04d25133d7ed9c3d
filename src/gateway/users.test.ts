// Users as callers: by key, by session, as whoever vouches for a federated user and as whoever assumes a role; and what
// takes their power away.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answer, account, type Keys, type Road, testRoad } from '../../test/road.ts';
import { allow, assume, keysIn, makeRole, policy, roleArn, tagParameters, trusts } from '../services/sts/rig.test.ts';

const userArn = `arn:aws:iam::${account}:user/alice`;
const profiles = `arn:aws:rolesanywhere:eu-central-1:${account}:profile/*`;
const refusal = (who = userArn) =>
  `User: ${who} is not authorized to perform: rolesanywhere:ListProfiles on resource: ${profiles}`;
const listing = allow('rolesanywhere:ListProfiles');
const denying = { ...listing, Effect: 'Deny' };
const unknownKey = ['InvalidClientTokenId', 'The security token included in the request is invalid.'];

async function done(answer: Promise<Answer>): Promise<Answer> {
  const given = await answer;
  assert.equal(given.status, 200, given.body);
  return given;
}

type Setting = { readonly allows?: readonly object[]; readonly tags?: Readonly<Record<string, string>> };

/** A road with the user alice and her key. */
async function withAlice({ allows = [], tags = {} }: Setting = {}) {
  const road = await testRoad();
  const iam = (action: string, parameters: Record<string, string> = {}) => done(road.query('iam', action, parameters));
  const userId = (await iam('CreateUser', { UserName: 'alice', ...tagParameters(tags) })).text('UserId') ?? '';
  const key = await iam('CreateAccessKey', { UserName: 'alice' });
  const keys: Keys = {
    accessKeyId: key.text('AccessKeyId') ?? '',
    secretAccessKey: key.text('SecretAccessKey') ?? '',
  };
  if (allows.length > 0) {
    await iam('PutUserPolicy', { UserName: 'alice', PolicyName: 'P', PolicyDocument: policy(...(allows as [])) });
  }
  return { road, iam, keys, userId };
}

const list = async (road: Road, keys: Keys) => (await road.rest('GET', '/profiles', undefined, { keys })).message;
const who = (road: Road, keys: Keys) => road.query('sts', 'GetCallerIdentity', {}, { keys });

describe('a user', () => {
  test('is who the key says, and may do nothing without a policy', async () => {
    const { road, keys, userId } = await withAlice();
    const answer = await who(road, keys);
    assert.deepEqual([answer.text('Arn'), answer.text('UserId'), answer.text('Account')], [userArn, userId, account]);
    assert.equal(
      await list(road, keys),
      `${refusal()} because no identity-based policy allows the rolesanywhere:ListProfiles action`,
    );
  });

  test('may do what an inline policy, a managed policy or a policy of a group allows', async () => {
    const inline = await withAlice({ allows: [listing] });
    assert.equal(await list(inline.road, inline.keys), undefined);
    const managed = await withAlice();
    const arn = (await managed.iam('CreatePolicy', { PolicyName: 'M', PolicyDocument: policy(listing) })).text('Arn');
    await managed.iam('AttachUserPolicy', { UserName: 'alice', PolicyArn: arn ?? '' });
    assert.equal(await list(managed.road, managed.keys), undefined);
    const grouped = await withAlice();
    await grouped.iam('CreateGroup', { GroupName: 'G' });
    await grouped.iam('PutGroupPolicy', { GroupName: 'G', PolicyName: 'P', PolicyDocument: policy(listing) });
    assert.notEqual(await list(grouped.road, grouped.keys), undefined);
    await grouped.iam('AddUserToGroup', { GroupName: 'G', UserName: 'alice' });
    assert.equal(await list(grouped.road, grouped.keys), undefined);
    await grouped.iam('RemoveUserFromGroup', { GroupName: 'G', UserName: 'alice' });
    assert.notEqual(await list(grouped.road, grouped.keys), undefined);
  });

  for (const [what, allows, boundary, ending] of [
    [
      'is denied by an explicit deny',
      [listing, denying],
      undefined,
      'with an explicit deny in an identity-based policy',
    ],
    ['is bounded by a boundary that allows', [listing], [listing], undefined],
    [
      'is bounded by a boundary that does not',
      [listing],
      [allow('iam:*')],
      'because no permissions boundary allows the rolesanywhere:ListProfiles action',
    ],
    ['is denied by its boundary', [listing], [listing, denying], 'with an explicit deny in a permissions boundary'],
    [
      'has nothing of its boundary alone',
      [allow('iam:*')],
      [listing],
      'because no identity-based policy allows the rolesanywhere:ListProfiles action',
    ],
  ] as const) {
    test(what, async () => {
      const { road, iam, keys } = await withAlice({ allows });
      if (boundary !== undefined) {
        const PolicyDocument = policy(...boundary);
        const arn = (await iam('CreatePolicy', { PolicyName: 'B', PolicyDocument })).text('Arn') ?? '';
        await iam('PutUserPermissionsBoundary', { UserName: 'alice', PermissionsBoundary: arn });
      }
      assert.equal(await list(road, keys), ending === undefined ? undefined : `${refusal()} ${ending}`);
    });
  }

  test('is seen by conditions and variables with name, id and tags', async () => {
    const { road, iam, keys, userId } = await withAlice({ tags: { team: 'x' } });
    const status = async (Condition: object) => {
      const PolicyDocument = policy(allow('rolesanywhere:ListProfiles', { Condition }));
      await iam('PutUserPolicy', { UserName: 'alice', PolicyName: 'P', PolicyDocument });
      return (await list(road, keys)) === undefined;
    };
    for (const [Condition, holds] of [
      [{ StringEquals: { 'aws:username': 'alice' } }, true],
      [{ StringEquals: { 'aws:userid': userId } }, true],
      [{ StringEquals: { 'aws:PrincipalTag/team': 'x' } }, true],
      [{ StringEquals: { 'aws:PrincipalTag/team': 'y' } }, false],
      [{ ArnEquals: { 'aws:PrincipalArn': userArn } }, true],
      [{ StringEquals: { 'aws:PrincipalType': 'User' } }, true],
      [{ StringEquals: { 'aws:ResourceAccount': account } }, true],
      // A permanent key is neither with nor without MFA.
      [{ Bool: { 'aws:MultiFactorAuthPresent': 'false' } }, false],
      [{ BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } }, true],
      [{ Null: { 'aws:TokenIssueTime': 'true' } }, true],
    ] as const) {
      assert.equal(await status(Condition), holds, JSON.stringify(Condition));
    }
    const own = policy(allow('iam:GetUser', { Resource: `arn:aws:iam::${account}:user/\${aws:username}` }));
    await iam('PutUserPolicy', { UserName: 'alice', PolicyName: 'Own', PolicyDocument: own });
    await iam('CreateUser', { UserName: 'bob' });
    const get = async (UserName: string) => (await road.query('iam', 'GetUser', { UserName }, { keys })).status;
    assert.deepEqual([await get('alice'), await get('bob')], [200, 403]);
  });

  test('keeps a key and its policies under a new name', async () => {
    const { road, iam, keys } = await withAlice({ allows: [listing] });
    await iam('UpdateUser', { UserName: 'alice', NewUserName: 'carol', NewPath: '/ops/' });
    assert.equal((await who(road, keys)).text('Arn'), `arn:aws:iam::${account}:user/ops/carol`);
    assert.equal(await list(road, keys), undefined);
  });

  test('loses all with the key: inactive, deleted, or of another secret', async () => {
    const { road, iam, keys } = await withAlice({ allows: [listing] });
    const AccessKeyId = keys.accessKeyId;
    await iam('UpdateAccessKey', { UserName: 'alice', AccessKeyId, Status: 'Inactive' });
    const inactive = await who(road, keys);
    assert.deepEqual([inactive.status, inactive.code, inactive.message], [403, ...unknownKey]);
    await iam('UpdateAccessKey', { UserName: 'alice', AccessKeyId, Status: 'Active' });
    assert.equal((await who(road, keys)).status, 200);
    const wrong = { ...keys, secretAccessKey: 'x'.repeat(40) };
    assert.equal((await who(road, wrong)).code, 'SignatureDoesNotMatch');
    await iam('DeleteAccessKey', { UserName: 'alice', AccessKeyId });
    assert.equal((await who(road, keys)).code, 'InvalidClientTokenId');
  });

  test('is recorded as CloudTrail does', async () => {
    const { road, keys, userId } = await withAlice();
    await who(road, keys);
    assert.deepEqual((await road.events()).at(-1)?.userIdentity, {
      type: 'IAMUser',
      principalId: userId,
      arn: userArn,
      accountId: account,
      accessKeyId: keys.accessKeyId,
      userName: 'alice',
    });
  });
});

describe('a session of a user', () => {
  const sessionOf = async (road: Road, keys: Keys, parameters = {}) =>
    keysIn(await road.query('sts', 'GetSessionToken', parameters, { keys }));

  test('needs no permission, and is the user, for as long as was asked', async () => {
    const { road, keys, userId } = await withAlice({ allows: [{ ...allow('sts:*'), Effect: 'Deny' }, listing] });
    const answer = await done(road.query('sts', 'GetSessionToken', { DurationSeconds: 129_600 }, { keys }));
    assert.equal(answer.text('Expiration'), '2026-11-24T00:00:00Z');
    const session = keysIn(answer);
    assert.deepEqual((await who(road, session)).text('UserId'), userId);
    assert.equal(await list(road, session), undefined);
    const absent = await done(road.query('sts', 'GetSessionToken', {}, { keys }));
    assert.equal(absent.text('Expiration'), '2026-11-23T00:00:00Z');
  });

  test('is told from the user by conditions', async () => {
    const Condition = { Bool: { 'aws:MultiFactorAuthPresent': 'false' } };
    const { road, keys } = await withAlice({ allows: [allow('rolesanywhere:*', { Condition })] });
    assert.notEqual(await list(road, keys), undefined);
    assert.equal(await list(road, await sessionOf(road, keys)), undefined);
  });

  test('can do what the user can now, and ends with the key', async () => {
    const { road, iam, keys } = await withAlice({ allows: [listing] });
    const session = await sessionOf(road, keys);
    await iam('DeleteUserPolicy', { UserName: 'alice', PolicyName: 'P' });
    assert.notEqual(await list(road, session), undefined);
    await iam('UpdateAccessKey', { UserName: 'alice', AccessKeyId: keys.accessKeyId, Status: 'Inactive' });
    const ended = await who(road, session);
    assert.deepEqual([ended.code, ended.message], unknownKey);
  });

  test('ends with the user, and does not come back with one of the same name', async () => {
    const { road, iam, keys } = await withAlice({ allows: [listing] });
    const session = await sessionOf(road, keys);
    await iam('DeleteAccessKey', { UserName: 'alice', AccessKeyId: keys.accessKeyId });
    await iam('DeleteUserPolicy', { UserName: 'alice', PolicyName: 'P' });
    await iam('DeleteUser', { UserName: 'alice' });
    await iam('CreateUser', { UserName: 'alice' });
    assert.equal((await who(road, session)).code, 'InvalidClientTokenId');
  });

  test('may not call IAM, and of STS only two operations', async () => {
    const { road, keys } = await withAlice({ allows: [allow('*')] });
    const session = await sessionOf(road, keys);
    const iam = await road.query('iam', 'ListUsers', {}, { keys: session });
    assert.deepEqual([iam.code, iam.message], unknownKey);
    const sts = await road.query('sts', 'GetFederationToken', { Name: 'bob' }, { keys: session });
    assert.equal(sts.message, 'Cannot call GetFederationToken with session credentials');
    await makeRole(road, 'Target', { parameters: { MaxSessionDuration: 7200 } });
    assert.equal((await assume(road, session)).status, 200);
    const longer = await assume(road, session, { DurationSeconds: 3601 });
    assert.match(longer.message ?? '', /1 hour session limit for roles assumed by role chaining/);
  });

  test('is recorded with its session', async () => {
    const { road, keys, userId } = await withAlice();
    const session = await sessionOf(road, keys);
    await who(road, session);
    assert.deepEqual((await road.events()).at(-1)?.userIdentity, {
      type: 'IAMUser',
      principalId: userId,
      arn: userArn,
      accountId: account,
      accessKeyId: session.accessKeyId,
      userName: 'alice',
      sessionContext: { attributes: { creationDate: '2026-11-22T12:00:00.000Z', mfaAuthenticated: 'false' } },
    });
  });
});

describe('a federated user of a user', () => {
  const bob = `arn:aws:sts::${account}:federated-user/bob`;
  const federated = (road: Road, keys: Keys, parameters: Record<string, string | number> = {}) =>
    road.query('sts', 'GetFederationToken', { Name: 'bob', ...parameters }, { keys });
  const vouching = allow('sts:GetFederationToken');

  test('needs a permission on its ARN', async () => {
    const { road, keys } = await withAlice({ allows: [allow('sts:GetFederationToken', { Resource: bob })] });
    assert.equal((await federated(road, keys)).status, 200);
    const other = await federated(road, keys, { Name: 'eve' });
    assert.equal(
      other.message,
      `User: ${userArn} is not authorized to perform: sts:GetFederationToken on resource: arn:aws:sts::${account}:federated-user/eve because no identity-based policy allows the sts:GetFederationToken action`,
    );
    assert.equal((await federated(road, keys, tagParameters({ team: 'x' }))).code, 'AccessDenied');
  });

  for (const [what, allows, bounds, ending] of [
    ['what both allow', [listing, vouching], [listing], undefined],
    [
      'nothing that the user may not',
      [vouching],
      [listing],
      'because no identity-based policy allows the rolesanywhere:ListProfiles action',
    ],
    [
      'nothing that the session policy does not allow',
      [listing, vouching],
      [allow('iam:*')],
      'because no session policy allows the rolesanywhere:ListProfiles action',
    ],
    [
      'nothing without a session policy',
      [listing, vouching],
      undefined,
      'because no session policy allows the rolesanywhere:ListProfiles action',
    ],
    [
      'nothing that the user is denied',
      [listing, denying, vouching],
      [listing],
      'with an explicit deny in an identity-based policy',
    ],
  ] as const) {
    test(`may do ${what}`, async () => {
      const { road, keys } = await withAlice({ allows });
      const answer = await federated(road, keys, bounds === undefined ? {} : { Policy: policy(...bounds) });
      const message = await list(road, keysIn(answer));
      assert.equal(message, ending === undefined ? undefined : `${refusal(bob)} ${ending}`);
    });
  }

  test('has the tags of the user under its own', async () => {
    const { road, keys } = await withAlice({ allows: [allow('*')], tags: { team: 'user', site: 'user' } });
    const Condition = { StringEquals: { 'aws:PrincipalTag/team': 'session', 'aws:PrincipalTag/site': 'user' } };
    const Policy = policy(allow('rolesanywhere:*', { Condition }));
    const session = keysIn(await federated(road, keys, { Policy, ...tagParameters({ team: 'session' }) }));
    assert.equal(await list(road, session), undefined);
  });

  test('lasts as long as was asked, and ends with the key', async () => {
    const { road, iam, keys } = await withAlice({ allows: [allow('*')] });
    const answer = await federated(road, keys, { DurationSeconds: 129_600, Policy: policy(listing) });
    assert.equal(answer.text('Expiration'), '2026-11-24T00:00:00Z');
    const session = keysIn(answer);
    await iam('UpdateAccessKey', { UserName: 'alice', AccessKeyId: keys.accessKeyId, Status: 'Inactive' });
    assert.equal((await who(road, session)).code, 'InvalidClientTokenId');
  });

  test('is recorded with who vouched for it', async () => {
    const { road, keys, userId } = await withAlice({ allows: [allow('*')] });
    const session = keysIn(await federated(road, keys));
    await who(road, session);
    const sessionIssuer = { type: 'IAMUser', principalId: userId, arn: userArn, accountId: account, userName: 'alice' };
    assert.deepEqual((await road.events()).at(-1)?.userIdentity, {
      type: 'FederatedUser',
      principalId: `${account}:bob`,
      arn: bob,
      accountId: account,
      accessKeyId: session.accessKeyId,
      sessionContext: {
        sessionIssuer,
        attributes: { creationDate: '2026-11-22T12:00:00.000Z', mfaAuthenticated: 'false' },
      },
    });
  });
});

describe('a user assumes a role', () => {
  test('for as long as the role allows', async () => {
    const { road, keys } = await withAlice({ allows: [allow('sts:AssumeRole')] });
    await makeRole(road, 'Target', { parameters: { MaxSessionDuration: 7200 } });
    assert.equal((await assume(road, keys, { DurationSeconds: 7200 })).text('Expiration'), '2026-11-22T14:00:00Z');
    const longer = await assume(road, keys, { DurationSeconds: 7201 });
    assert.deepEqual(
      [longer.status, longer.code, longer.message],
      [400, 'ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.'],
    );
  });

  for (const [what, allows, principal, allowed] of [
    ['whose ARN is trusted, without a policy', [], userArn, true],
    [
      'whose account is trusted, with a policy',
      [allow('sts:AssumeRole', { Resource: roleArn('Target') })],
      account,
      true,
    ],
    ['whose account is trusted, without a policy', [], account, false],
    ['who is not trusted', [allow('*')], `${userArn}2`, false],
    ['who is denied', [{ ...allow('*'), Effect: 'Deny' }], userArn, false],
  ] as const) {
    test(`${what}: ${allowed ? 'assumed' : 'refused'}`, async () => {
      const { road, keys } = await withAlice({ allows });
      await makeRole(road, 'Target', { trust: [trusts({ AWS: principal })] });
      assert.equal((await assume(road, keys)).status, allowed ? 200 : 403);
    });
  }

  test('by the unique id, which a user of the same name does not have', async () => {
    const { road, iam, keys, userId } = await withAlice();
    await makeRole(road, 'Target', { trust: [trusts({ AWS: userId })] });
    assert.equal((await assume(road, keys)).status, 200);
    await iam('DeleteAccessKey', { UserName: 'alice', AccessKeyId: keys.accessKeyId });
    await iam('DeleteUser', { UserName: 'alice' });
    await iam('CreateUser', { UserName: 'alice' });
    const key = await iam('CreateAccessKey', { UserName: 'alice' });
    const again = { accessKeyId: key.text('AccessKeyId') ?? '', secretAccessKey: key.text('SecretAccessKey') ?? '' };
    assert.equal((await assume(road, again)).status, 403);
  });
});
