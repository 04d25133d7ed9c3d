import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findRole, rolePolicies, uniqueId } from './records.ts';
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

describe('rolePolicies', () => {
  test('gives the policies of the role alone, ascending by name', async () => {
    const iam = rig();
    for (const RoleName of ['Web', 'Web2', 'We']) {
      await iam.query('CreateRole', { RoleName, AssumeRolePolicyDocument: trust });
      for (const name of ['b', 'a']) {
        const PolicyDocument = allow(`${RoleName}:*`);
        await iam.query('PutRolePolicy', { RoleName, PolicyName: name, PolicyDocument });
      }
    }
    const held = await iam.read((reader) => rolePolicies(reader, account, 'web'));
    assert.deepEqual(held, [
      { policyName: 'a', policyDocument: allow('Web:*') },
      { policyName: 'b', policyDocument: allow('Web:*') },
    ]);
  });

  test('gives nothing for a name that no role can have', async () => {
    const iam = rig();
    for (const name of ['', '/', '..', 'a/b']) {
      assert.deepEqual(await iam.read((reader) => rolePolicies(reader, account, name)), []);
    }
  });
});
