import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inlinePoliciesOf } from './attachments.ts';
import { inlinePolicies } from './documents.ts';
import { foundEntity } from './entities.ts';
import { account, allow, type Rig, rig, trust } from './rig.test.ts';

async function withRole(): Promise<Rig> {
  const iam = rig();
  await iam.query('CreateRole', { RoleName: 'Web', AssumeRolePolicyDocument: trust });
  return iam;
}

const put = (iam: Rig, PolicyName: string, PolicyDocument = allow('s3:*'), RoleName = 'Web') =>
  iam.query('PutRolePolicy', { RoleName, PolicyName, PolicyDocument });

/** A policy of exactly `size` characters without white space. */
function sized(size: number): string {
  const document = (Sid: string) =>
    JSON.stringify({ Statement: { Sid, Effect: 'Deny', Action: 'a:b', Resource: '*' } });
  return document('x'.repeat(size - document('').length));
}

describe('PutRolePolicy', () => {
  test('keeps the text as it was given, to the last space', async () => {
    const iam = await withRole();
    const document = `${allow('s3:Get*', 'arn:aws:s3:::a%3Ab/*')} \n`;
    const answer = await put(iam, 'p', document);
    assert.equal(answer.status, 200);
    const held = await iam.query('GetRolePolicy', { RoleName: 'web', PolicyName: 'p' });
    assert.deepEqual([held.text('RoleName'), held.text('PolicyName')], ['Web', 'p']);
    assert.equal(decodeURIComponent(held.text('PolicyDocument') ?? ''), document);
    assert.ok(held.text('PolicyDocument')?.includes('%253A'));
  });

  test('replaces the policy of the same name', async () => {
    const iam = await withRole();
    await put(iam, 'p');
    await put(iam, 'p', allow('ec2:*'));
    const held = await iam.read(async (reader) =>
      inlinePoliciesOf(reader, await foundEntity(reader, account, 'role', 'WEB')),
    );
    assert.deepEqual(held, [{ policyName: 'p', policyDocument: allow('ec2:*') }]);
  });

  for (const [what, document] of [
    ['no JSON', 'x'],
    ['a principal', trust],
    ['an action without a vendor', allow('GetObject')],
    ['a resource that is no ARN', allow('s3:GetObject', 'bucket')],
    ['two equal keys', '{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"a:b","Resource":"*"}}'],
  ] as const) {
    test(`refuses a policy with ${what}, and keeps the one before`, async () => {
      const iam = await withRole();
      await put(iam, 'p');
      const answer = await put(iam, 'p', document);
      assert.equal(answer.status, 400);
      assert.equal(answer.code, 'MalformedPolicyDocument');
      const held = await iam.query('GetRolePolicy', { RoleName: 'Web', PolicyName: 'p' });
      assert.equal(decodeURIComponent(held.text('PolicyDocument') ?? ''), allow('s3:*'));
    });
  }

  test('counts all policies of a role to 10,240 characters without white space', async () => {
    const iam = await withRole();
    assert.equal((await put(iam, 'a', `${sized(10_000)}${' '.repeat(5000)}`)).status, 200);
    assert.equal((await put(iam, 'b', sized(240))).status, 200);
    const answer = await put(iam, 'c', sized(80));
    assert.equal(answer.status, 409);
    assert.equal(answer.code, 'LimitExceeded');
    assert.equal(answer.message, 'Maximum policy size of 10240 bytes exceeded for role Web');
    assert.equal((await put(iam, 'b', sized(241))).code, 'LimitExceeded');
    const held = await iam.read(async (reader) =>
      inlinePoliciesOf(reader, await foundEntity(reader, account, 'role', 'Web')),
    );
    assert.deepEqual(
      held.map(({ policyName, policyDocument }) => [policyName, policyDocument.trim().length]),
      [
        ['a', 10_000],
        ['b', 240],
      ],
    );
  });

  test('does not count the policy that it replaces', async () => {
    const iam = await withRole();
    await put(iam, 'a', sized(10_240));
    assert.equal((await put(iam, 'a', sized(10_239))).status, 200);
  });

  test('refuses a role that is not there, and keeps nothing for it', async () => {
    const iam = await withRole();
    const answer = await put(iam, 'p', allow('s3:*'), 'Nobody');
    assert.equal(answer.status, 404);
    assert.equal(answer.message, 'The role with name Nobody cannot be found.');
    assert.deepEqual(await iam.read((reader) => inlinePolicies.role.list(reader, { prefix: '', limit: 1 })), []);
  });

  test('refuses names and documents that break their limits', async () => {
    const iam = await withRole();
    for (const answer of [
      await put(iam, 'x'.repeat(129)),
      await put(iam, ''),
      await put(iam, 'a/b'),
      await put(iam, 'p', ''),
      await put(iam, 'p', ' '.repeat(131_073)),
      await iam.query('PutRolePolicy', { RoleName: 'Web', PolicyName: 'p' }),
      await iam.query('PutRolePolicy', { RoleName: 'Web', PolicyDocument: allow('s3:*') }),
      await iam.query('PutRolePolicy', { PolicyName: 'p', PolicyDocument: allow('s3:*') }),
    ]) {
      assert.equal(answer.status, 400);
      assert.equal(answer.code, 'ValidationError');
    }
  });
});

describe('GetRolePolicy', () => {
  test('says which policy cannot be found', async () => {
    const iam = await withRole();
    await put(iam, 'p');
    const answer = await iam.query('GetRolePolicy', { RoleName: 'Web', PolicyName: 'P' });
    assert.equal(answer.status, 404);
    assert.equal(answer.code, 'NoSuchEntity');
    assert.equal(answer.message, 'The role policy with name P cannot be found.');
  });

  test('says which role cannot be found', async () => {
    const answer = await rig().query('GetRolePolicy', { RoleName: 'Web', PolicyName: 'p' });
    assert.equal(answer.message, 'The role with name Web cannot be found.');
  });
});

describe('ListRolePolicies', () => {
  test('walks the names in pages, with Markers that fit the longest names', async () => {
    const iam = rig();
    const RoleName = 'r'.repeat(64);
    await iam.query('CreateRole', { RoleName, AssumeRolePolicyDocument: trust });
    const names = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(128));
    for (const name of names) await put(iam, name, allow('s3:*'), RoleName);
    const found: string[] = [];
    for (let Marker: string | undefined, more = true; more; ) {
      const answer = await iam.query('ListRolePolicies', { RoleName, MaxItems: 2, Marker });
      assert.equal(answer.status, 200, answer.message);
      found.push(...answer.texts('PolicyNames.member'));
      Marker = answer.text('Marker');
      more = answer.text('IsTruncated') === 'true';
    }
    assert.deepEqual(found, names);
  });

  test('goes on after a policy that was deleted in between', async () => {
    const iam = await withRole();
    for (const name of ['a', 'b', 'c']) await put(iam, name);
    const Marker = (await iam.query('ListRolePolicies', { RoleName: 'Web', MaxItems: 1 })).text('Marker');
    await iam.query('DeleteRolePolicy', { RoleName: 'Web', PolicyName: 'a' });
    const answer = await iam.query('ListRolePolicies', { RoleName: 'Web', Marker });
    assert.deepEqual(answer.texts('PolicyNames.member'), ['b', 'c']);
  });

  test("refuses the Marker of another role's list", async () => {
    const iam = await withRole();
    await iam.query('CreateRole', { RoleName: 'Web2', AssumeRolePolicyDocument: trust });
    for (const name of ['a', 'b']) await put(iam, name);
    const Marker = (await iam.query('ListRolePolicies', { RoleName: 'Web', MaxItems: 1 })).text('Marker');
    const answer = await iam.query('ListRolePolicies', { RoleName: 'Web2', Marker });
    assert.deepEqual([answer.status, answer.code], [400, 'ValidationError']);
  });

  test('is empty for a role without policies, and an error for no role', async () => {
    const iam = await withRole();
    assert.ok((await iam.query('ListRolePolicies', { RoleName: 'Web' })).body.includes('<PolicyNames/>'));
    assert.equal((await iam.query('ListRolePolicies', { RoleName: 'Nobody' })).code, 'NoSuchEntity');
  });
});

describe('DeleteRolePolicy', () => {
  test('deletes one policy and leaves the others', async () => {
    const iam = await withRole();
    for (const name of ['a', 'b']) await put(iam, name);
    assert.equal((await iam.query('DeleteRolePolicy', { RoleName: 'WEB', PolicyName: 'a' })).status, 200);
    const names = (await iam.query('ListRolePolicies', { RoleName: 'Web' })).texts('PolicyNames.member');
    assert.deepEqual(names, ['b']);
  });

  test('refuses a policy that is not there, and a role that is not there', async () => {
    const iam = await withRole();
    const policy = await iam.query('DeleteRolePolicy', { RoleName: 'Web', PolicyName: 'p' });
    assert.equal(policy.message, 'The role policy with name p cannot be found.');
    const role = await iam.query('DeleteRolePolicy', { RoleName: 'Nobody', PolicyName: 'p' });
    assert.equal(role.message, 'The role with name Nobody cannot be found.');
  });
});
