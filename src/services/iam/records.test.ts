import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Document } from '../../store/store.ts';
import { inlinePoliciesOf } from './attachments.ts';
import { accessKeys, attachedTo, roles, uniqueId } from './documents.ts';
import { foundEntity } from './entities.ts';
import { findRole } from './records.ts';
import { account, allow, rig, trust } from './rig.test.ts';

describe('uniqueId', () => {
  test('is the prefix and 17 letters, each chosen by the low five bits of one byte', () => {
    const bytes = Uint8Array.of(0, 25, 26, 31, 32, 255, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    const asked: number[] = [];
    const randomBytes = (size: number) => {
      asked.push(size);
      return bytes;
    };
    assert.equal(uniqueId('AROA', { randomBytes }), 'AROAAZ27A7BCDEFGHIJKL');
    assert.deepEqual(asked, [17]);
  });
});

describe('findRole', () => {
  test('finds a role in any case, in its own account only', async () => {
    const iam = rig();
    await iam.query('CreateRole', { RoleName: 'Web', AssumeRolePolicyDocument: trust });
    const find = (of: string, name: string) => iam.read((reader) => findRole(reader, of, name));
    assert.equal((await find(account, 'WEB'))?.roleName, 'Web');
    assert.equal(await find('999988887777', 'Web'), undefined);
    assert.equal(await find(account, 'We'), undefined);
    assert.equal(await find(account, ''), undefined);
  });
});

describe('inlinePoliciesOf', () => {
  test('gives the policies of the role alone, ascending by name', async () => {
    const iam = rig();
    for (const RoleName of ['Web', 'Web2', 'We']) {
      await iam.query('CreateRole', { RoleName, AssumeRolePolicyDocument: trust });
      for (const name of ['b', 'a']) {
        const PolicyDocument = allow(`${RoleName}:*`);
        await iam.query('PutRolePolicy', { RoleName, PolicyName: name, PolicyDocument });
      }
    }
    const held = await iam.read(async (reader) =>
      inlinePoliciesOf(reader, await foundEntity(reader, account, 'role', 'web')),
    );
    assert.deepEqual(held, [
      { policyName: 'a', policyDocument: allow('Web:*') },
      { policyName: 'b', policyDocument: allow('Web:*') },
    ]);
  });
});

describe('a record of an earlier version', () => {
  const put = (iam: ReturnType<typeof rig>, collection: string, key: string, document: Document) =>
    iam.write((writer) => writer.put(collection, key, document));

  test('of a root key is active, of root, and of its old date', async () => {
    const iam = rig();
    const old = {
      accessKeyId: 'AKIAOLD',
      account,
      sealedSecret: 's',
      owner: 'root',
      createdAt: '2026-01-01T00:00:00Z',
    };
    await put(iam, 'iam/access-keys', 'AKIAOLD', old);
    assert.deepEqual(await iam.read((reader) => accessKeys.get(reader, 'AKIAOLD')), {
      accessKeyId: 'AKIAOLD',
      account,
      sealedSecret: 's',
      owner: 'root',
      userId: account,
      status: 'Active',
      createDate: '2026-01-01T00:00:00Z',
    });
  });

  test('of a role is bounded by nothing', async () => {
    const iam = rig();
    await put(iam, 'iam/roles', `${account}/old`, { roleName: 'Old' });
    assert.equal((await iam.read((reader) => roles.get(reader, `${account}/old`)))?.permissionsBoundary, null);
    const listed = await iam.read((reader) => roles.list(reader, { prefix: account, limit: 1 }));
    assert.equal(listed[0]?.document.permissionsBoundary, null);
  });

  test('of an attachment shows its role', async () => {
    const iam = rig();
    const old = { policyArn: 'p', policyName: 'p', policyPath: '/', roleName: 'Old', roleId: 'AROA', rolePath: '/x/' };
    await put(iam, 'iam/managed-policy-roles', `${account}/p old`, old);
    const held = await iam.read((reader) => attachedTo.role.get(reader, `${account}/p old`));
    assert.deepEqual(held, { name: 'Old', id: 'AROA', path: '/x/' });
  });
});
