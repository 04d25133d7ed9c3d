import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { account, allow, type Rig, rig, trust } from './rig.test.ts';

const service = 'rolesanywhere.amazonaws.com';
const RoleName = 'AWSServiceRoleForRolesAnywhere';
const arn = `arn:aws:iam::${account}:role/aws-service-role/${service}/${RoleName}`;
const policy = 'arn:aws:iam::aws:policy/aws-service-role/AWSRolesAnywhereServicePolicy';

const create = (iam: Rig, parameters = {}) =>
  iam.query('CreateServiceLinkedRole', { AWSServiceName: service, ...parameters });
const erase = async (iam: Rig) =>
  (await iam.query('DeleteServiceLinkedRole', { RoleName })).text('DeletionTaskId') ?? '';
const status = (iam: Rig, DeletionTaskId: string) =>
  iam.query('GetServiceLinkedRoleDeletionStatus', { DeletionTaskId });

describe('CreateServiceLinkedRole', () => {
  test("makes the service's role with its path, trust policy and policy", async () => {
    const iam = rig();
    const made = await create(iam, { Description: 'metrics' });
    assert.equal(made.status, 200, made.message);
    assert.equal(made.text('Role.Arn'), arn);
    assert.equal(made.text('Role.Path'), `/aws-service-role/${service}/`);
    const role = await iam.query('GetRole', { RoleName });
    assert.deepEqual([role.text('Role.MaxSessionDuration'), role.text('Role.Description')], ['3600', 'metrics']);
    assert.deepEqual(JSON.parse(decodeURIComponent(role.text('Role.AssumeRolePolicyDocument') ?? '')), {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: [service] }, Action: ['sts:AssumeRole'] }],
    });
    const attached = await iam.query('ListAttachedRolePolicies', { RoleName });
    assert.deepEqual(attached.texts('AttachedPolicies.member.PolicyArn'), [policy]);
    const inline = await iam.query('ListRolePolicies', { RoleName });
    assert.deepEqual(inline.texts('PolicyNames.member'), []);
  });

  // AWS seen: the second and the third.
  for (const [what, parameters, message] of [
    [
      'a service without one',
      { AWSServiceName: 'ecs.amazonaws.com' },
      'ecs.amazonaws.com has no service-linked role here.',
    ],
    ['a suffix', { CustomSuffix: 'a' }, `Custom suffix is not allowed for ${service}`],
    [
      'a second one',
      {},
      `Service role name ${RoleName} has been taken in this account, please try a different suffix.`,
    ],
    ['a name of every object', { AWSServiceName: 'constructor' }, 'constructor has no service-linked role here.'],
  ] as const) {
    test(`refuses ${what}`, async () => {
      const iam = rig();
      await create(iam);
      const answer = await create(iam, parameters);
      assert.deepEqual([answer.status, answer.code, answer.message], [400, 'InvalidInput', message]);
    });
  }

  test('is asked for the ARN of the role, with the service as a condition key', async () => {
    const iam = rig();
    const made = await iam.query('CreateRole', { RoleName: 'Admin', AssumeRolePolicyDocument: trust });
    const Condition = { StringEquals: { 'iam:AWSServiceName': service } };
    const Statement = { Effect: 'Allow', Action: 'iam:CreateServiceLinkedRole', Resource: arn, Condition };
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.query('PutRolePolicy', { RoleName: 'Admin', PolicyName: 'p', PolicyDocument });
    const keys = await iam.session('Admin', made.text('Role.RoleId') ?? '');
    const ask = (AWSServiceName: string) => iam.query('CreateServiceLinkedRole', { AWSServiceName }, keys);
    assert.equal((await ask('ecs.amazonaws.com')).code, 'AccessDenied');
    assert.equal((await ask(service)).status, 200);
  });
});

describe('the role of a service', () => {
  for (const [action, parameters] of [
    ['UpdateAssumeRolePolicy', { PolicyDocument: trust }],
    ['UpdateRole', { MaxSessionDuration: 7200 }],
    ['PutRolePolicy', { PolicyName: 'p', PolicyDocument: allow('iam:*') }],
    ['DeleteRolePolicy', { PolicyName: 'p' }],
    ['AttachRolePolicy', { PolicyArn: 'arn:aws:iam::aws:policy/AWSRolesAnywhereFullAccess' }],
    ['DetachRolePolicy', { PolicyArn: policy }],
    ['AddRoleToInstanceProfile', { InstanceProfileName: 'P' }],
    ['DeleteRole', {}],
  ] as const) {
    test(`is not changed by ${action}`, async () => {
      const iam = rig();
      await create(iam);
      await iam.query('CreateInstanceProfile', { InstanceProfileName: 'P' });
      const before = (await iam.query('GetRole', { RoleName })).body.replace(/RequestId>.*/s, '');
      const answer = await iam.query(action, { RoleName: RoleName.toLowerCase(), ...parameters });
      assert.deepEqual([answer.status, answer.code], [400, 'UnmodifiableEntity']);
      assert.equal(
        answer.message,
        `Cannot perform the operation on the protected role '${RoleName}' - this role is only modifiable by AWS`,
      );
      assert.equal((await iam.query('GetRole', { RoleName })).body.replace(/RequestId>.*/s, ''), before);
    });
  }

  test('has a description and tags that can be edited', async () => {
    const iam = rig();
    await create(iam);
    assert.equal((await iam.query('UpdateRole', { RoleName, Description: 'one' })).status, 200);
    const changed = await iam.query('UpdateRoleDescription', { RoleName, Description: 'two' });
    assert.equal(changed.text('Role.Description'), 'two');
    assert.equal((await iam.query('TagRole', { RoleName, Tags: [{ Key: 'a', Value: '' }] })).status, 200);
  });

  test('is not made by CreateRole', async () => {
    const Path = `/aws-service-role/${service}/`;
    const answer = await rig().query('CreateRole', { RoleName, Path, AssumeRolePolicyDocument: trust });
    assert.equal(answer.code, 'InvalidInput');
  });

  test('comes with the first trust anchor, and once', async () => {
    const iam = rig();
    for (const region of ['eu-central-1', 'us-east-1', 'eu-central-1']) await iam.trustAnchor(region);
    const answer = await iam.query('ListRoles');
    assert.deepEqual(answer.texts('Roles.member.Arn'), [arn]);
  });
});

describe('DeleteServiceLinkedRole', () => {
  test('deletes the role and its attachment, and the task says so', async () => {
    const iam = rig();
    await create(iam);
    const task = await erase(iam);
    assert.match(task, new RegExp(`^task/aws-service-role/${service}/${RoleName}/[0-9a-f-]{36}$`));
    const answer = await status(iam, task);
    assert.deepEqual([answer.text('Status'), answer.text('Reason')], ['SUCCEEDED', undefined]);
    assert.equal((await iam.query('GetRole', { RoleName })).code, 'NoSuchEntity');
    assert.equal((await iam.query('GetPolicy', { PolicyArn: policy })).text('Policy.AttachmentCount'), '0');
    assert.equal((await create(iam)).status, 200);
  });

  test('fails while there are trust anchors, and names them by Region', async () => {
    const iam = rig();
    await create(iam);
    const anchors = [await iam.trustAnchor('eu-central-1'), await iam.trustAnchor('us-east-1')];
    const answer = await status(iam, await erase(iam));
    assert.equal(answer.text('Status'), 'FAILED');
    assert.deepEqual(answer.texts('Reason.RoleUsageList.member.Region'), ['eu-central-1', 'us-east-1']);
    assert.deepEqual(answer.texts('Reason.RoleUsageList.member.Resources.member'), anchors);
    assert.ok(answer.text('Reason.Reason'));
    assert.equal((await iam.query('GetRole', { RoleName })).status, 200);
    const attached = await iam.query('ListAttachedRolePolicies', { RoleName });
    assert.deepEqual(attached.texts('AttachedPolicies.member.PolicyArn'), [policy]);
  });

  test("refuses a role that is not there, and one of the account's own", async () => {
    const iam = rig();
    await iam.query('CreateRole', { RoleName: 'Web', AssumeRolePolicyDocument: trust });
    for (const name of ['Nobody', 'Web']) {
      const answer = await iam.query('DeleteServiceLinkedRole', { RoleName: name });
      assert.deepEqual([answer.status, answer.code], [404, 'NoSuchEntity']);
    }
    assert.equal((await iam.query('GetRole', { RoleName: 'Web' })).status, 200);
  });
});

describe('GetServiceLinkedRoleDeletionStatus', () => {
  test('knows no task that was not begun, nor that of another account', async () => {
    const iam = rig();
    await create(iam);
    const task = await erase(iam);
    for (const id of [`${task}0`, task.toUpperCase(), 'task', '../iam/roles', 'x'.repeat(1000)]) {
      assert.equal((await status(iam, id)).code, 'NoSuchEntity');
    }
    const stranger = await iam.stranger();
    const answer = await iam.query('GetServiceLinkedRoleDeletionStatus', { DeletionTaskId: task }, stranger);
    assert.equal(answer.code, 'NoSuchEntity');
    assert.equal((await status(iam, 'x'.repeat(1001))).code, 'ValidationError');
  });

  test('is asked for the ARN of the role, which may be gone', async () => {
    const iam = rig();
    const made = await iam.query('CreateRole', { RoleName: 'Admin', AssumeRolePolicyDocument: trust });
    const PolicyDocument = allow('iam:GetServiceLinkedRoleDeletionStatus', arn);
    await iam.query('PutRolePolicy', { RoleName: 'Admin', PolicyName: 'p', PolicyDocument });
    const keys = await iam.session('Admin', made.text('Role.RoleId') ?? '');
    await create(iam);
    const task = await erase(iam);
    const ask = (DeletionTaskId: string) => iam.query('GetServiceLinkedRoleDeletionStatus', { DeletionTaskId }, keys);
    assert.equal((await ask(task)).text('Status'), 'SUCCEEDED');
    assert.equal((await ask('task/other')).code, 'AccessDenied');
  });
});
