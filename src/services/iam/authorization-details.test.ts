import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { account, allow, type Rig, rig, trust } from './rig.test.ts';

const aws = 'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly';

/** One of each kind, with every relation that there is. */
async function withEverything(): Promise<Rig> {
  const iam = rig();
  const policy = await iam.query('CreatePolicy', { PolicyName: 'P', PolicyDocument: allow('iam:*'), Description: 'd' });
  const PolicyArn = policy.text('Policy.Arn');
  await iam.query('CreatePolicyVersion', { PolicyArn, PolicyDocument: allow('sts:*'), SetAsDefault: true });
  await iam.query('CreateGroup', { GroupName: 'G', Path: '/g/' });
  await iam.query('PutGroupPolicy', { GroupName: 'G', PolicyName: 'inline', PolicyDocument: allow('iam:Get*') });
  await iam.query('AttachGroupPolicy', { GroupName: 'G', PolicyArn });
  await iam.query('CreateUser', { UserName: 'U', PermissionsBoundary: aws, Tags: [{ Key: 'k', Value: 'v' }] });
  await iam.query('AddUserToGroup', { GroupName: 'G', UserName: 'U' });
  await iam.query('PutUserPolicy', { UserName: 'U', PolicyName: 'own', PolicyDocument: allow('iam:List*') });
  await iam.query('CreateUser', { UserName: 'V' });
  await iam.query('CreateRole', { RoleName: 'R', AssumeRolePolicyDocument: trust });
  await iam.query('AttachRolePolicy', { RoleName: 'R', PolicyArn: aws });
  await iam.query('CreateInstanceProfile', { InstanceProfileName: 'I' });
  await iam.query('AddRoleToInstanceProfile', { InstanceProfileName: 'I', RoleName: 'R' });
  return iam;
}

const details = (iam: Rig, parameters = {}) => iam.query('GetAccountAuthorizationDetails', parameters);
const names = (answer: Awaited<ReturnType<typeof details>>) => [
  ...answer.texts('UserDetailList.member.UserName'),
  ...answer.texts('GroupDetailList.member.GroupName'),
  ...answer.texts('RoleDetailList.member.RoleName'),
  ...answer.texts('Policies.member.PolicyName'),
];

describe('GetAccountAuthorizationDetails', () => {
  test('of an empty account has four empty lists', async () => {
    const answer = await details(rig());
    assert.ok(answer.body.includes('<UserDetailList/><GroupDetailList/><RoleDetailList/><Policies/>'), answer.body);
    assert.equal(answer.text('IsTruncated'), 'false');
  });

  test('shows everything of each kind', async () => {
    const answer = await details(await withEverything());
    assert.deepEqual(names(answer), ['U', 'V', 'G', 'R', 'P', 'AWSRolesAnywhereReadOnly']);
    const user = 'UserDetailList.member';
    assert.deepEqual(answer.texts(`${user}.GroupList.member`), ['G']);
    assert.deepEqual(answer.texts(`${user}.UserPolicyList.member.PolicyName`), ['own']);
    assert.deepEqual(answer.texts(`${user}.PermissionsBoundary.PermissionsBoundaryArn`), [aws]);
    assert.deepEqual(answer.texts(`${user}.Tags.member.Key`), ['k']);
    const group = 'GroupDetailList.member';
    assert.equal(answer.text(`${group}.Arn`), `arn:aws:iam::${account}:group/g/G`);
    assert.equal(
      decodeURIComponent(answer.text(`${group}.GroupPolicyList.member.PolicyDocument`) ?? ''),
      allow('iam:Get*'),
    );
    assert.deepEqual(answer.texts(`${group}.AttachedManagedPolicies.member.PolicyName`), ['P']);
    const role = 'RoleDetailList.member';
    assert.equal(decodeURIComponent(answer.text(`${role}.AssumeRolePolicyDocument`) ?? ''), trust);
    assert.deepEqual(answer.texts(`${role}.InstanceProfileList.member.InstanceProfileName`), ['I']);
    assert.deepEqual(answer.texts(`${role}.InstanceProfileList.member.Roles.member.RoleName`), ['R']);
    assert.deepEqual(answer.texts(`${role}.AttachedManagedPolicies.member.PolicyArn`), [aws]);
    assert.deepEqual(answer.names(`${role}.RoleLastUsed`), []);
    const policy = 'Policies.member';
    assert.deepEqual(answer.texts(`${policy}.AttachmentCount`), ['1', '1']);
    assert.deepEqual(answer.texts(`${policy}.PermissionsBoundaryUsageCount`), ['0', '1']);
    assert.deepEqual(answer.texts(`${policy}.PolicyVersionList.member.IsDefaultVersion`).slice(0, 2), [
      'false',
      'true',
    ]);
    const [, second = ''] = answer.texts(`${policy}.PolicyVersionList.member.Document`);
    assert.equal(decodeURIComponent(second), allow('sts:*'));
  });

  for (const [Filter, wanted] of [
    [['User'], ['U', 'V']],
    [
      ['Role', 'Group'],
      ['G', 'R'],
    ],
    [['LocalManagedPolicy'], ['P']],
    [['AWSManagedPolicy'], ['AWSRolesAnywhereReadOnly']],
    [
      ['User', 'User'],
      ['U', 'V'],
    ],
  ] as const) {
    test(`with the filter ${Filter} shows no more`, async () => {
      assert.deepEqual(names(await details(await withEverything(), { Filter })), wanted);
    });
  }

  test('walks over the kinds page by page, with each thing once', async () => {
    const iam = await withEverything();
    for (const MaxItems of [1, 2, 4, 5]) {
      const found: string[] = [];
      for (let Marker: string | undefined, more = true; more; ) {
        const answer = await details(iam, { MaxItems, Marker });
        assert.equal(answer.status, 200, answer.message);
        assert.ok(names(answer).length <= MaxItems);
        found.push(...names(answer));
        Marker = answer.text('Marker');
        more = answer.text('IsTruncated') === 'true';
      }
      assert.deepEqual(found, ['U', 'V', 'G', 'R', 'P', 'AWSRolesAnywhereReadOnly'], String(MaxItems));
    }
  });

  test('gives a hundred at once, whatever is asked for', async () => {
    const iam = rig();
    for (let index = 0; index < 101; index++) await iam.query('CreateGroup', { GroupName: `g${index}` });
    const answer = await details(iam, { MaxItems: 1000 });
    assert.deepEqual([names(answer).length, answer.text('IsTruncated')], [100, 'true']);
  });

  test('refuses a Marker of another question, a filter that is none, and pages of nothing', async () => {
    const iam = await withEverything();
    const Marker = (await details(iam, { MaxItems: 1 })).text('Marker');
    assert.equal((await details(iam, { Marker, Filter: ['User'] })).message, 'Invalid Marker.');
    assert.equal((await details(iam, { Marker: 'x' })).code, 'ValidationError');
    assert.equal((await details(iam, { Filter: ['Users'] })).code, 'ValidationError');
    assert.equal((await details(iam, { MaxItems: 0 })).code, 'ValidationError');
  });

  test('hears every failure where the memory has the policies and not their documents', async () => {
    const iam = rig();
    for (const PolicyName of ['P', 'Q', 'R']) {
      await iam.query('CreatePolicy', { PolicyName, PolicyDocument: allow('iam:*') });
      const PolicyArn = `arn:aws:iam::${account}:policy/${PolicyName}`;
      await iam.query('CreatePolicyVersion', { PolicyArn, PolicyDocument: allow('sts:*') });
    }
    await iam.query('ListPolicies', { Scope: 'Local', MaxItems: 1 });
    await iam.query('ListPolicies', { Scope: 'Local' });
    for (const MaxItems of [1, 2, 100]) {
      const answer = await details(iam, { Filter: ['LocalManagedPolicy'], MaxItems });
      assert.equal(answer.texts('Policies.member.PolicyVersionList.member.Document').length, Math.min(MaxItems, 3) * 2);
    }
    // A rejection that nobody hears, which would end the server, fails the test.
    await new Promise(setImmediate);
  });

  test("shows nothing of another account's", async () => {
    const iam = await withEverything();
    const stranger = await iam.stranger();
    assert.deepEqual(names(await iam.query('GetAccountAuthorizationDetails', {}, stranger)), []);
  });
});
