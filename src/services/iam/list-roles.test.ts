import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Rig, rig, trust } from './rig.test.ts';

const create = (iam: Rig, RoleName: string, more: object = {}) =>
  iam.query('CreateRole', { RoleName, AssumeRolePolicyDocument: trust, ...more });

describe('ListRoles', () => {
  test('walks 250 roles in pages of 100, each once, in the order of their names', async () => {
    const iam = rig();
    const names = Array.from({ length: 250 }, (_, index) => `role-${String(index).padStart(3, '0')}`);
    for (const name of names.toReversed()) await create(iam, name);
    const found: string[] = [];
    const sizes: number[] = [];
    for (let Marker: string | undefined, more = true; more; ) {
      const answer = await iam.query('ListRoles', { MaxItems: 100, Marker });
      const page = answer.texts('Roles.member.RoleName');
      found.push(...page);
      sizes.push(page.length);
      Marker = answer.text('Marker');
      more = answer.text('IsTruncated') === 'true';
      assert.equal(more, Marker !== undefined);
    }
    assert.deepEqual(found, names);
    assert.deepEqual(sizes, [100, 100, 50]);
  });

  test('gives 100 when it is not told how many', async () => {
    const iam = rig();
    for (let index = 0; index < 101; index++) await create(iam, `r${index}`);
    const answer = await iam.query('ListRoles');
    assert.equal(answer.texts('Roles.member.RoleName').length, 100);
    assert.equal(answer.text('IsTruncated'), 'true');
  });

  test('shows descriptions and longest sessions, and neither tags nor last use', async () => {
    const iam = rig();
    await create(iam, 'Web', { Description: 'x', Tags: [{ Key: 'k', Value: 'v' }] });
    const names = (await iam.query('ListRoles')).names('Roles.member');
    assert.ok(names.includes('Description') && names.includes('MaxSessionDuration'));
    assert.ok(!names.includes('Tags') && !names.includes('RoleLastUsed'));
  });

  test('is an empty list in an empty account', async () => {
    const answer = await rig().query('ListRoles');
    assert.ok(answer.body.includes('<Roles/><IsTruncated>false</IsTruncated>'));
  });

  test('keeps to the path prefix, across pages too', async () => {
    const iam = rig();
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await create(iam, name, { Path: name === 'c' ? '/other/' : '/team/x/' });
    const first = await iam.query('ListRoles', { PathPrefix: '/team/', MaxItems: 2 });
    assert.deepEqual(first.texts('Roles.member.RoleName'), ['a', 'b']);
    const second = await iam.query('ListRoles', { PathPrefix: '/team/', MaxItems: 2, Marker: first.text('Marker') });
    assert.deepEqual(second.texts('Roles.member.RoleName'), ['d', 'e']);
    assert.equal(second.text('IsTruncated'), 'false');
    const none = await iam.query('ListRoles', { PathPrefix: '/team/x/a' });
    assert.deepEqual(none.texts('Roles.member.RoleName'), []);
  });

  test('takes a Marker back only as it gave it, and only for the same list', async () => {
    const iam = rig();
    for (const name of ['a', 'b', 'c']) await create(iam, name);
    const Marker = (await iam.query('ListRoles', { MaxItems: 1 })).text('Marker') ?? '';
    assert.ok(Marker.length <= 320);
    for (const answer of [
      await iam.query('ListRoles', { Marker: 'AAAA' }),
      await iam.query('ListRoles', { Marker: Marker.slice(1) }),
      await iam.query('ListInstanceProfiles', { Marker }),
    ]) {
      assert.equal(answer.status, 400);
      assert.equal(answer.code, 'ValidationError');
      assert.equal(answer.message, 'Invalid Marker.');
    }
  });

  for (const [name, value] of [
    ['MaxItems', 0],
    ['MaxItems', 1001],
    ['Marker', ''],
    ['Marker', 'x'.repeat(321)],
    ['PathPrefix', 'a'],
  ] as const) {
    test(`refuses ${name} ${String(value).slice(0, 8)} of ${String(value).length} characters`, async () => {
      const answer = await rig().query('ListRoles', { [name]: value });
      assert.equal(answer.status, 400);
      assert.equal(answer.code, 'ValidationError');
    });
  }
});
