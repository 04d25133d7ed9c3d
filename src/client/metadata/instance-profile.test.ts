import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type InstanceProfile,
  profileChoice,
  profileLoader,
  readInstanceProfile,
  trustsEc2,
} from './instance-profile.ts';

const account = '123456789012';
const trust = (principal: unknown, more: object = {}) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole', ...more }],
  });
const both = trust({ Service: ['ec2.amazonaws.com', 'rolesanywhere.amazonaws.com'] });
const lookupRole = { arn: `arn:aws:iam::${account}:role/lookup`, name: 'lookup' };
const web = { arn: `arn:aws:iam::${account}:role/apps/web`, name: 'web', trustPolicy: both };
const profile: InstanceProfile = { arn: `arn:aws:iam::${account}:instance-profile/web`, id: 'AIPA1', role: web };

/** A loader over what IAM says now; `sessions` are the roles that sessions were made for. */
function rig(choice = 'web') {
  let said: InstanceProfile | undefined = profile;
  const sessions: string[] = [];
  const chosen = profileChoice(choice);
  assert.ok(chosen);
  const load = profileLoader(chosen, {
    lookupRole,
    createSession: async (roleArn) => {
      sessions.push(roleArn);
      return { accessKeyId: roleArn, secretAccessKey: 's', sessionToken: 't', expiration: new Date(3600_000) };
    },
    getInstanceProfile: async () => said,
    now: () => new Date(0),
  });
  return {
    load,
    sessions,
    say: (next: InstanceProfile | undefined) => {
      said = next;
    },
  };
}

describe('the role of a profile', () => {
  test('credentials are those of the role that the profile holds', async () => {
    const { load, sessions } = rig();
    const state = await load();
    assert.equal(state.kind, 'granted');
    assert.ok(state.kind === 'granted');
    assert.deepEqual(state.role, { arn: web.arn, name: 'web' });
    assert.deepEqual(state.profile, { arn: profile.arn, id: 'AIPA1' });
    assert.equal(state.credentials.accessKeyId, web.arn);
    assert.deepEqual(sessions, [lookupRole.arn, web.arn]);
  });
  test('one session is enough where the role reads its own profile', async () => {
    const { load, sessions, say } = rig();
    say({ ...profile, role: { ...lookupRole, trustPolicy: both } });
    assert.equal((await load()).kind, 'granted');
    assert.deepEqual(sessions, [lookupRole.arn]);
  });
  test('another role in the profile is the next one', async () => {
    const { load, say } = rig();
    await load();
    say({ ...profile, role: { ...web, arn: `arn:aws:iam::${account}:role/new`, name: 'new' } });
    const state = await load();
    assert.ok(state.kind === 'granted');
    assert.equal(state.role.name, 'new');
  });
  test('a profile without a role gives none', async () => {
    const { load, say } = rig();
    say({ arn: profile.arn, id: profile.id });
    assert.equal((await load()).kind, 'withoutRole');
  });
  test('a profile that is gone, or was made anew under its name, is not found', async () => {
    const { load, say } = rig();
    await load();
    say(undefined);
    assert.deepEqual(await load(), { kind: 'profileNotFound', profileId: 'AIPA1', lastUpdated: new Date(0) });
    say({ ...profile, id: 'AIPA2' });
    assert.equal((await load()).kind, 'profileNotFound');
    say(profile);
    assert.equal((await load()).kind, 'granted');
  });
  test('a profile of the name in another account is not the one of the ARN', async () => {
    const { load } = rig('arn:aws:iam::999999999999:instance-profile/web');
    assert.equal((await load()).kind, 'profileNotFound');
  });
  test('a role that does not trust EC2 gets no session', async () => {
    const { load, say, sessions } = rig();
    say({ ...profile, role: { ...web, trustPolicy: trust({ Service: 'rolesanywhere.amazonaws.com' }) } });
    assert.equal((await load()).kind, 'unauthorized');
    assert.deepEqual(sessions, [lookupRole.arn]);
  });
});

describe('trust in EC2', () => {
  const trusts = (trustPolicy: string, partition = 'aws') =>
    trustsEc2({ arn: `arn:${partition}:iam::${account}:role/web`, trustPolicy });
  for (const [what, policy, expected] of [
    ['EC2 alone', trust({ Service: 'ec2.amazonaws.com' }), true],
    ['EC2 among others', both, true],
    [
      'EC2 for its own account',
      trust({ Service: 'ec2.amazonaws.com' }, { Condition: { StringEquals: { 'aws:SourceAccount': account } } }),
      true,
    ],
    [
      'EC2 for another account',
      trust({ Service: 'ec2.amazonaws.com' }, { Condition: { StringEquals: { 'aws:SourceAccount': '1' } } }),
      false,
    ],
    ['another service', trust({ Service: 'lambda.amazonaws.com' }), false],
    ['an account', trust({ AWS: `arn:aws:iam::${account}:root` }), false],
    ['another action', trust({ Service: 'ec2.amazonaws.com' }, { Action: 'sts:TagSession' }), false],
    ['EC2 of China, outside China', trust({ Service: 'ec2.amazonaws.com.cn' }), false],
    ['no policy', '', false],
    ['what is no policy', '{"Statement":', false],
  ] as const) {
    test(`${what}: ${expected}`, () => assert.equal(trusts(policy), expected));
  }
  test('EC2 of China, in China', () => assert.ok(trusts(trust({ Service: 'ec2.amazonaws.com.cn' }), 'aws-cn')));
  test('a denial wins', () => {
    const statement = { Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' };
    const Statement = [
      { Effect: 'Allow', ...statement },
      { Effect: 'Deny', ...statement },
    ];
    assert.equal(trusts(JSON.stringify({ Version: '2012-10-17', Statement })), false);
  });
});

describe("IAM's answer", () => {
  const answer = (roles: string) =>
    `<GetInstanceProfileResponse><GetInstanceProfileResult><InstanceProfile><Path>/</Path><Roles>${roles}</Roles>` +
    '<InstanceProfileName>web</InstanceProfileName><InstanceProfileId>AIPA1</InstanceProfileId>' +
    `<Arn>${profile.arn}</Arn></InstanceProfile></GetInstanceProfileResult></GetInstanceProfileResponse>`;
  test('role and trust policy are read from it', () => {
    const arn = `arn:aws:iam::${account}:role/a&amp;b/web`;
    const member = `<member><RoleName>web</RoleName><Arn>${arn}</Arn><AssumeRolePolicyDocument>${encodeURIComponent(both)}</AssumeRolePolicyDocument></member>`;
    assert.deepEqual(readInstanceProfile(answer(member)), {
      arn: profile.arn,
      id: 'AIPA1',
      role: { arn: `arn:aws:iam::${account}:role/a&b/web`, name: 'web', trustPolicy: both },
    });
  });
  test('no role is none', () => assert.deepEqual(readInstanceProfile(answer('')), { arn: profile.arn, id: 'AIPA1' }));
  for (const text of ['', '{}', '<InstanceProfile/>', '<Arn>a</Arn>']) {
    test(`\`${text}\` is no answer`, () => assert.equal(readInstanceProfile(text), undefined));
  }
});

describe('the choice of a profile', () => {
  for (const text of ['web', 'a+b=c,d.e@f-g_h', `arn:aws:iam::${account}:instance-profile/a/b/web`]) {
    test(`${text} is one`, () => assert.ok(profileChoice(text)));
  }
  for (const text of [
    '',
    'a b',
    'a/b',
    'x'.repeat(129),
    `arn:aws:iam::${account}:role/web`,
    'arn:aws:iam::1:instance-profile/web',
  ]) {
    test(`\`${text.slice(0, 40)}\` is none`, () => assert.equal(profileChoice(text), undefined));
  }
});
