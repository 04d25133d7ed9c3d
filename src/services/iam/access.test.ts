import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Keys } from '../../../test/road.ts';
import { account, allow, type Rig, rig, trust } from './rig.test.ts';

type Statement = { Effect: 'Allow' | 'Deny'; Action: string; Resource: string; Condition?: object };

/** A session of a role `Admin` under `/ops/`, which may do what the statements say. */
async function session(iam: Rig, ...Statement: readonly Statement[]): Promise<Keys> {
  const made = await iam.query('CreateRole', { RoleName: 'Admin', Path: '/ops/', AssumeRolePolicyDocument: trust });
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.query('PutRolePolicy', { RoleName: 'Admin', PolicyName: 'p', PolicyDocument });
  return iam.session('Admin', made.text('Role.RoleId') ?? '');
}

const arn = (resource: string) => `arn:aws:iam::${account}:${resource}`;
const all: Statement = { Effect: 'Allow', Action: 'iam:*', Resource: '*' };

describe('access to roles', () => {
  test('is asked for the ARN with the path, which only the record knows', async () => {
    const iam = rig();
    const caller = await session(iam, { Effect: 'Allow', Action: 'iam:GetRole', Resource: arn('role/ops/*') });
    assert.equal((await iam.query('GetRole', { RoleName: 'Admin' }, caller)).status, 200);
    await iam.query('CreateRole', { RoleName: 'Web', AssumeRolePolicyDocument: trust });
    const answer = await iam.query('GetRole', { RoleName: 'Web' }, caller);
    assert.deepEqual([answer.status, answer.code], [403, 'AccessDenied']);
    assert.ok(answer.message.includes(`iam:GetRole on resource: ${arn('role/Web')} because`), answer.message);
  });

  for (const [action, parameters] of [
    ['GetRole', {}],
    ['DeleteRole', {}],
    ['UpdateRole', {}],
    ['UpdateAssumeRolePolicy', { PolicyDocument: trust }],
    ['PutRolePolicy', { PolicyName: 'q', PolicyDocument: '{}' }],
    ['GetRolePolicy', { PolicyName: 'p' }],
    ['ListRolePolicies', {}],
    ['DeleteRolePolicy', { PolicyName: 'p' }],
    ['ListInstanceProfilesForRole', {}],
    ['UpdateRoleDescription', { Description: '' }],
    ['TagRole', { Tags: [{ Key: 'a', Value: '' }] }],
    ['UntagRole', { TagKeys: ['a'] }],
    ['ListRoleTags', {}],
    ['AttachRolePolicy', { PolicyArn: 'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly' }],
    ['DetachRolePolicy', { PolicyArn: 'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly' }],
    ['ListAttachedRolePolicies', {}],
    ['DeleteServiceLinkedRole', {}],
  ] as const) {
    test(`${action}: a deny on the role holds for every spelling of its name`, async () => {
      const iam = rig();
      const caller = await session(iam, all, { Effect: 'Deny', Action: 'iam:*', Resource: arn('role/ops/Admin') });
      for (const RoleName of ['Admin', 'admin', 'ADMIN']) {
        const answer = await iam.query(action, { RoleName, ...parameters }, caller);
        assert.equal(answer.code, 'AccessDenied');
        assert.ok(answer.message.includes(arn('role/ops/Admin')), answer.message);
      }
    });
  }

  const audit = { PolicyArn: 'arn:aws:iam::aws:policy/SecurityAudit' };
  const inline = { PolicyName: 'q', PolicyDocument: '{}' };
  for (const [kind, action, parameters] of [
    ['User', 'GetUser', {}],
    ['User', 'UpdateUser', { NewPath: '/other/' }],
    ['User', 'DeleteUser', {}],
    ['User', 'TagUser', { Tags: [{ Key: 'a', Value: '' }] }],
    ['User', 'UntagUser', { TagKeys: ['a'] }],
    ['User', 'ListUserTags', {}],
    ['User', 'PutUserPolicy', inline],
    ['User', 'GetUserPolicy', { PolicyName: 'q' }],
    ['User', 'ListUserPolicies', {}],
    ['User', 'DeleteUserPolicy', { PolicyName: 'q' }],
    ['User', 'AttachUserPolicy', audit],
    ['User', 'DetachUserPolicy', audit],
    ['User', 'ListAttachedUserPolicies', {}],
    ['User', 'PutUserPermissionsBoundary', { PermissionsBoundary: audit.PolicyArn }],
    ['User', 'DeleteUserPermissionsBoundary', {}],
    ['User', 'ListGroupsForUser', {}],
    ['User', 'CreateAccessKey', {}],
    ['User', 'ListAccessKeys', {}],
    ['User', 'UpdateAccessKey', { AccessKeyId: 'AKIAABCDEFGHIJKLMNOP', Status: 'Active' }],
    ['User', 'DeleteAccessKey', { AccessKeyId: 'AKIAABCDEFGHIJKLMNOP' }],
    ['Group', 'GetGroup', {}],
    ['Group', 'UpdateGroup', { NewPath: '/other/' }],
    ['Group', 'DeleteGroup', {}],
    ['Group', 'AddUserToGroup', { UserName: 'Ada' }],
    ['Group', 'RemoveUserFromGroup', { UserName: 'Ada' }],
    ['Group', 'PutGroupPolicy', inline],
    ['Group', 'GetGroupPolicy', { PolicyName: 'q' }],
    ['Group', 'ListGroupPolicies', {}],
    ['Group', 'DeleteGroupPolicy', { PolicyName: 'q' }],
    ['Group', 'AttachGroupPolicy', audit],
    ['Group', 'DetachGroupPolicy', audit],
    ['Group', 'ListAttachedGroupPolicies', {}],
  ] as const) {
    test(`${action}: a deny on the ${kind.toLowerCase()} holds for every spelling of its name`, async () => {
      const iam = rig();
      const resource = arn(`${kind.toLowerCase()}/ops/It`);
      const caller = await session(iam, all, { Effect: 'Deny', Action: 'iam:*', Resource: resource });
      await iam.query(`Create${kind}`, { [`${kind}Name`]: 'It', Path: '/ops/' });
      for (const name of ['It', 'it', 'IT']) {
        const answer = await iam.query(action, { [`${kind}Name`]: name, ...parameters }, caller);
        assert.equal(answer.code, 'AccessDenied');
        assert.ok(answer.message.includes(resource), answer.message);
      }
    });
  }

  test('attaching sees which policy, of every kind of entity', async () => {
    const iam = rig();
    const Condition = { ArnEquals: { 'iam:PolicyARN': audit.PolicyArn } };
    const caller = await session(iam, { Effect: 'Allow', Action: 'iam:*', Resource: '*', Condition });
    const other = 'arn:aws:iam::aws:policy/AdministratorAccess';
    for (const kind of ['User', 'Group', 'Role']) {
      const name = { [`${kind}Name`]: 'It' };
      await iam.query(`Create${kind}`, { ...name, ...(kind === 'Role' ? { AssumeRolePolicyDocument: trust } : {}) });
      for (const verb of ['Attach', 'Detach']) {
        const ask = (PolicyArn: string) => iam.query(`${verb}${kind}Policy`, { ...name, PolicyArn }, caller);
        assert.equal((await ask(other)).code, 'AccessDenied');
        assert.equal((await ask(audit.PolicyArn)).status, 200);
      }
    }
  });

  test('sees the tags of the role', async () => {
    const iam = rig();
    const Condition = { StringEquals: { 'aws:ResourceTag/team': 'a', 'iam:ResourceTag/team': 'a' } };
    const caller = await session(iam, { Effect: 'Allow', Action: 'iam:GetRole', Resource: '*', Condition });
    for (const Value of ['a', 'b']) {
      const Tags = [{ Key: 'team', Value }];
      await iam.query('CreateRole', { RoleName: `r-${Value}`, AssumeRolePolicyDocument: trust, Tags });
    }
    assert.equal((await iam.query('GetRole', { RoleName: 'r-a' }, caller)).status, 200);
    assert.equal((await iam.query('GetRole', { RoleName: 'r-b' }, caller)).status, 403);
  });

  test('is refused before the caller learns whether the role is there or the request is lawful', async () => {
    const iam = rig();
    const caller = await session(iam, { Effect: 'Allow', Action: 's3:*', Resource: '*' });
    for (const parameters of [{ RoleName: 'Nobody' }, { RoleName: 'Admin' }, {}, { RoleName: '/*' }]) {
      assert.equal((await iam.query('GetRole', parameters, caller)).code, 'AccessDenied');
    }
  });
});

describe('access to create calls', () => {
  for (const body of [
    'Tags.member.1=x',
    'Tags.member.1.Value=x&Tags.member.2.Key=__proto__&Tags.member.2.Value=',
    `RoleName=${'x'.repeat(100_000)}`,
    'RoleName=%00&Path=%00',
    'RoleName=*&Path=/*/',
    `Path=/${'a/'.repeat(50_000)}`,
    `${Array.from({ length: 900 }, (_, index) => `Tags.member.${index + 1}.Key=k${index}`).join('&')}`,
  ]) {
    test(`is decided before validation, whatever stands there: ${body.slice(0, 40)}`, async () => {
      const answer = await rig().form(`Action=CreateRole&Version=2010-05-08&${body}`);
      assert.deepEqual([answer.status, answer.code], [400, 'ValidationError']);
    });
  }

  test('is asked for the path and the name that will be', async () => {
    const iam = rig();
    const caller = await session(iam, { Effect: 'Allow', Action: 'iam:CreateRole', Resource: arn('role/team/*') });
    const create = (Path: string | undefined) =>
      iam.query('CreateRole', { RoleName: 'Web', Path, AssumeRolePolicyDocument: trust }, caller);
    assert.equal((await create(undefined)).code, 'AccessDenied');
    assert.equal((await create('/other/')).code, 'AccessDenied');
    assert.equal((await create('/team/')).status, 200);
  });

  for (const [action, tagging, parameters] of [
    ['CreateRole', 'TagRole', { RoleName: 'Web', AssumeRolePolicyDocument: trust }],
    ['CreateInstanceProfile', 'TagInstanceProfile', { InstanceProfileName: 'Web' }],
    ['CreateUser', 'TagUser', { UserName: 'Web' }],
    ['CreatePolicy', 'TagPolicy', { PolicyName: 'Web', PolicyDocument: allow('s3:*') }],
  ] as const) {
    test(`${action} with tags needs ${tagging} as well, and conditions see the tags`, async () => {
      const iam = rig();
      const Condition = {
        StringEquals: { 'aws:RequestTag/team': 'a' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] },
      };
      const caller = await session(
        iam,
        { Effect: 'Allow', Action: `iam:${action}`, Resource: '*' },
        { Effect: 'Allow', Action: `iam:${tagging}`, Resource: '*', Condition },
      );
      const create = (...Tags: readonly object[]) => iam.query(action, { ...parameters, Tags }, caller);
      const answer = await create({ Key: 'team', Value: 'b' });
      assert.ok(answer.message.includes(`perform: iam:${tagging} on`), answer.message);
      assert.equal((await create({ Key: 'team', Value: 'a' }, { Key: 'more', Value: '' })).code, 'AccessDenied');
      assert.equal((await create({ Key: 'team', Value: 'a' })).status, 200);
    });
  }
});

describe('access to instance profiles', () => {
  test('to add a role needs PassRole on the role, for EC2', async () => {
    const iam = rig();
    const names = { RoleName: 'admin', InstanceProfileName: 'P' };
    const pass = (Resource: string, service: string): Statement => ({
      Effect: 'Allow',
      Action: 'iam:PassRole',
      Resource,
      Condition: { StringEquals: { 'iam:PassedToService': service } },
    });
    const adding: Statement = {
      Effect: 'Allow',
      Action: 'iam:AddRoleToInstanceProfile',
      Resource: arn('instance-profile/P'),
    };
    const caller = await session(iam, adding, pass(arn('role/ops/Admin'), 'lambda.amazonaws.com'));
    await iam.query('CreateInstanceProfile', { InstanceProfileName: 'P' });
    const answer = await iam.query('AddRoleToInstanceProfile', names, caller);
    assert.equal(answer.code, 'AccessDenied');
    assert.ok(answer.message.includes(`iam:PassRole on resource: ${arn('role/ops/Admin')}`), answer.message);
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [adding, pass(arn('role/ops/Admin'), 'ec2.amazonaws.com')],
    });
    await iam.query('PutRolePolicy', { RoleName: 'Admin', PolicyName: 'p', PolicyDocument });
    assert.equal((await iam.query('AddRoleToInstanceProfile', names, caller)).status, 200);
  });

  test('sees the keys that are tagged and untagged', async () => {
    const iam = rig();
    const Condition = { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['mine'] } };
    const caller = await session(iam, { Effect: 'Allow', Action: 'iam:*agInstanceProfile', Resource: '*', Condition });
    await iam.query('CreateInstanceProfile', { InstanceProfileName: 'P' });
    const ask = (action: string, parameters: object) =>
      iam.query(action, { InstanceProfileName: 'P', ...parameters }, caller);
    assert.equal((await ask('TagInstanceProfile', { Tags: [{ Key: 'mine', Value: '' }] })).status, 200);
    assert.equal((await ask('TagInstanceProfile', { Tags: [{ Key: 'other', Value: '' }] })).status, 403);
    assert.equal((await ask('UntagInstanceProfile', { TagKeys: ['mine'] })).status, 200);
    assert.equal((await ask('UntagInstanceProfile', { TagKeys: ['mine', 'other'] })).status, 403);
  });
});

describe('access to lists', () => {
  for (const [action, kind] of [
    ['ListRoles', 'role'],
    ['ListInstanceProfiles', 'instance-profile'],
    ['ListUsers', 'user'],
    ['ListGroups', 'group'],
  ] as const) {
    test(`${action} is asked for the path prefix`, async () => {
      const iam = rig();
      const caller = await session(iam, { Effect: 'Allow', Action: `iam:${action}`, Resource: arn(`${kind}/team/*`) });
      assert.equal((await iam.query(action, { PathPrefix: '/team/a/' }, caller)).status, 200);
      const answer = await iam.query(action, {}, caller);
      assert.ok(answer.message.includes(`on resource: ${arn(`${kind}/`)} because`), answer.message);
    });
  }
});
