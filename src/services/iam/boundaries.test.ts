import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { boundaryOf } from './documents.ts';
import { account, allow, type Rig, rig, trust } from './rig.test.ts';

const arn = (resource: string) => `arn:aws:iam::${account}:${resource}`;
const first = arn('policy/First');
const second = arn('policy/Second');

async function arranged(): Promise<Rig> {
  const iam = rig();
  for (const PolicyName of ['First', 'Second']) {
    await iam.query('CreatePolicy', { PolicyName, PolicyDocument: allow('iam:List*') });
  }
  await iam.query('CreateUser', { UserName: 'E' });
  await iam.query('CreateRole', { RoleName: 'E', AssumeRolePolicyDocument: trust });
  return iam;
}

const uses = async (iam: Rig, PolicyArn: string) =>
  (await iam.query('GetPolicy', { PolicyArn })).text('Policy.PermissionsBoundaryUsageCount');

for (const kind of ['User', 'Role'] as const) {
  const boundary = `${kind}.PermissionsBoundary.PermissionsBoundaryArn`;
  const name = { [`${kind}Name`]: 'E' };
  const put = (iam: Rig, PermissionsBoundary: string) =>
    iam.query(`Put${kind}PermissionsBoundary`, { ...name, PermissionsBoundary });

  describe(`the boundary of a ${kind.toLowerCase()}`, () => {
    test('is set, changed and taken off, in both directions', async () => {
      const iam = await arranged();
      assert.equal((await put(iam, first)).status, 200);
      const shown = await iam.query(`Get${kind}`, name);
      assert.equal(shown.text(boundary), first);
      assert.equal(shown.text(`${kind}.PermissionsBoundary.PermissionsBoundaryType`), 'Policy');
      assert.equal((await iam.query(`List${kind}s`)).text(`${kind}s.member.PermissionsBoundary`), undefined);
      assert.deepEqual([await uses(iam, first), await uses(iam, second)], ['1', '0']);
      assert.equal((await put(iam, first)).status, 200);
      assert.equal((await put(iam, second)).status, 200);
      assert.deepEqual([await uses(iam, first), await uses(iam, second)], ['0', '1']);
      const entities = await iam.query('ListEntitiesForPolicy', { PolicyArn: second });
      assert.deepEqual(entities.texts(`Policy${kind}s.member.${kind}Name`), ['E']);
      for (let each = 0; each < 2; each++) {
        assert.equal((await iam.query(`Delete${kind}PermissionsBoundary`, name)).status, 200);
      }
      assert.equal((await iam.query(`Get${kind}`, name)).text(boundary), undefined);
      assert.deepEqual([await uses(iam, first), await uses(iam, second)], ['0', '0']);
    });

    test('is set when it is made, and goes when it is deleted', async () => {
      const iam = await arranged();
      const more = { [`${kind}Name`]: 'N', PermissionsBoundary: first, AssumeRolePolicyDocument: trust };
      const made = await iam.query(
        `Create${kind}`,
        kind === 'Role' ? more : { UserName: 'N', PermissionsBoundary: first },
      );
      assert.equal(made.text(boundary), first, made.message);
      assert.equal(await uses(iam, first), '1');
      assert.equal((await iam.query(`Delete${kind}`, { [`${kind}Name`]: 'n' })).status, 200);
      assert.equal(await uses(iam, first), '0');
    });

    for (const [policy, code, message] of [
      [arn('policy/None'), 'NoSuchEntity', `Scope ARN: ${arn('policy/None')} does not exist or is not attachable.`],
      [first.replace(account, '999988887777'), 'NoSuchEntity', undefined],
      ['not-an-arn-but-long-enough', 'ValidationError', 'Invalid ARN:  Could not be parsed!'],
      [arn('role/E'), 'InvalidInput', undefined],
      [
        'arn:aws:iam::aws:policy/aws-service-role/AWSRolesAnywhereServicePolicy',
        'PolicyNotAttachable',
        'Cannot attach a Service Role Policy to a Customer Role.',
      ],
    ] as const) {
      test(`is not ${policy}`, async () => {
        const iam = await arranged();
        const answer = await put(iam, policy);
        assert.equal(answer.code, code);
        if (message !== undefined) assert.equal(answer.message, message);
        assert.equal((await iam.query(`Get${kind}`, name)).text(boundary), undefined);
        const kept = await iam.read((reader) => boundaryOf.user.list(reader, { prefix: '', limit: 1 }));
        assert.deepEqual(kept, []);
      });
    }

    test('is of somebody who is there', async () => {
      const iam = await arranged();
      const nobody = { [`${kind}Name`]: 'Nobody' };
      for (const [action, more] of [
        ['Put', { PermissionsBoundary: first }],
        ['Delete', {}],
      ] as const) {
        const answer = await iam.query(`${action}${kind}PermissionsBoundary`, { ...nobody, ...more });
        assert.equal(answer.message, `The ${kind.toLowerCase()} with name Nobody cannot be found.`);
      }
    });
  });
}

test('the boundary of the role of a service is refused', async () => {
  const iam = await arranged();
  await iam.query('CreateServiceLinkedRole', { AWSServiceName: 'rolesanywhere.amazonaws.com' });
  const RoleName = 'AWSServiceRoleForRolesAnywhere';
  const put = await iam.query('PutRolePermissionsBoundary', { RoleName, PermissionsBoundary: first });
  assert.equal(put.code, 'UnmodifiableEntity');
  assert.equal((await iam.query('DeleteRolePermissionsBoundary', { RoleName })).code, 'UnmodifiableEntity');
});

test('a session may do no more than the boundary of its role, from the request after it is set', async () => {
  const iam = await arranged();
  await iam.query('PutRolePolicy', { RoleName: 'E', PolicyName: 'p', PolicyDocument: allow('iam:*') });
  const keys = await iam.session('E', (await iam.query('GetRole', { RoleName: 'E' })).text('Role.RoleId') ?? '');
  assert.equal((await iam.query('GetRole', { RoleName: 'E' }, keys)).status, 200);
  await iam.query('PutRolePermissionsBoundary', { RoleName: 'E', PermissionsBoundary: first });
  assert.equal((await iam.query('ListRoles', {}, keys)).status, 200);
  const denied = await iam.query('GetRole', { RoleName: 'E' }, keys);
  assert.equal(denied.code, 'AccessDenied');
  assert.match(denied.message, /because no permissions boundary allows the iam:GetRole action$/);
  await iam.query('DeleteRolePermissionsBoundary', { RoleName: 'E' });
  assert.equal((await iam.query('GetRole', { RoleName: 'E' }, keys)).status, 200);
});

describe('iam:PermissionsBoundary', () => {
  async function delegate(): Promise<{
    iam: Rig;
    ask(action: string, parameters: object): Promise<string | undefined>;
  }> {
    const iam = await arranged();
    const made = await iam.query('CreateRole', { RoleName: 'Delegate', AssumeRolePolicyDocument: trust });
    const Condition = { StringEquals: { 'iam:PermissionsBoundary': first } };
    const Statement = [{ Effect: 'Allow', Action: 'iam:*', Resource: '*', Condition }];
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.query('PutRolePolicy', { RoleName: 'Delegate', PolicyName: 'p', PolicyDocument });
    const keys = await iam.session('Delegate', made.text('Role.RoleId') ?? '');
    return { iam, ask: async (action, parameters) => (await iam.query(action, { ...parameters }, keys)).code };
  }

  test('is the boundary that is asked for, where one is made or set', async () => {
    const { ask } = await delegate();
    const role = { RoleName: 'R', AssumeRolePolicyDocument: trust };
    for (const [action, parameters] of [
      ['CreateUser', { UserName: 'U' }],
      ['CreateRole', role],
      ['PutUserPermissionsBoundary', { UserName: 'E' }],
      ['PutRolePermissionsBoundary', { RoleName: 'E' }],
    ] as const) {
      if (action.startsWith('Create')) assert.equal(await ask(action, parameters), 'AccessDenied');
      assert.equal(await ask(action, { ...parameters, PermissionsBoundary: second }), 'AccessDenied');
      assert.equal(await ask(action, { ...parameters, PermissionsBoundary: first }), undefined);
    }
  });

  test('is the boundary that is there, where policies change', async () => {
    const { iam, ask } = await delegate();
    const asks = (['User', 'Role'] as const).flatMap((kind) => {
      const name = { [`${kind}Name`]: 'E' };
      return [
        [`Put${kind}Policy`, { ...name, PolicyName: 'q', PolicyDocument: allow('s3:*') }],
        [`Delete${kind}Policy`, { ...name, PolicyName: 'q' }],
        [`Attach${kind}Policy`, { ...name, PolicyArn: second }],
        [`Detach${kind}Policy`, { ...name, PolicyArn: second }],
        [`Delete${kind}PermissionsBoundary`, name],
      ] as const;
    });
    for (const [action, parameters] of asks) assert.equal(await ask(action, parameters), 'AccessDenied', action);
    await iam.query('PutUserPermissionsBoundary', { UserName: 'E', PermissionsBoundary: second });
    await iam.query('PutRolePermissionsBoundary', { RoleName: 'E', PermissionsBoundary: second });
    for (const [action, parameters] of asks) assert.equal(await ask(action, parameters), 'AccessDenied', action);
    await iam.query('PutUserPermissionsBoundary', { UserName: 'E', PermissionsBoundary: first });
    await iam.query('PutRolePermissionsBoundary', { RoleName: 'E', PermissionsBoundary: first });
    for (const [action, parameters] of asks) assert.equal(await ask(action, parameters), undefined, action);
  });
});
