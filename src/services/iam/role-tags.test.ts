import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Rig, rig, trust } from './rig.test.ts';

const RoleName = 'Web';

async function withRole(): Promise<Rig> {
  const iam = rig();
  await iam.query('CreateRole', { RoleName, AssumeRolePolicyDocument: trust, Tags: [{ Key: 'Team', Value: 'Ops' }] });
  return iam;
}

const put = (iam: Rig, ...pairs: readonly (readonly [string, string])[]) =>
  iam.query('TagRole', { RoleName, Tags: pairs.map(([Key, Value]) => ({ Key, Value })) });

async function held(iam: Rig): Promise<readonly string[]> {
  const answer = await iam.query('ListRoleTags', { RoleName });
  const values = answer.texts('Tags.member.Value');
  return answer.texts('Tags.member.Key').map((key, index) => `${key}=${values[index]}`);
}

describe('TagRole', () => {
  test('adds tags to those of the creation, shown in the order of their keys', async () => {
    const iam = await withRole();
    assert.equal((await put(iam, ['b', '2'], ['a', ''])).status, 200);
    assert.deepEqual(await held(iam), ['Team=Ops', 'a=', 'b=2']);
    const role = await iam.query('GetRole', { RoleName });
    assert.deepEqual(role.texts('Role.Tags.member.Key'), ['Team', 'a', 'b']);
  });

  test('overwrites a tag whose key differs in case', async () => {
    const iam = await withRole();
    await put(iam, ['TEAM', 'Dev']);
    assert.deepEqual(await held(iam), ['TEAM=Dev']);
  });

  test('holds fifty tags and no more', async () => {
    const iam = await withRole();
    const many = Array.from({ length: 49 }, (_, index) => [`k${index}`, 'v'] as const);
    assert.equal((await put(iam, ...many)).status, 200);
    const answer = await put(iam, ['one-more', 'v']);
    assert.deepEqual([answer.status, answer.code], [409, 'LimitExceeded']);
    assert.equal(answer.message, 'Cannot exceed quota for TagsPerRole: 50');
    assert.equal((await put(iam, ['k0', 'new'])).status, 200);
    assert.equal((await held(iam)).length, 50);
  });

  for (const [what, pairs, code] of [
    [
      'the same key twice, in two cases',
      [
        ['a', '1'],
        ['A', '2'],
      ],
      'InvalidInput',
    ],
    ['a reserved key', [['aws:x', '1']], 'InvalidInput'],
    ['an empty key', [['', '1']], 'ValidationError'],
    ['a key with an illegal character', [['a*', '1']], 'ValidationError'],
    ['a value that is too long', [['a', 'x'.repeat(257)]], 'ValidationError'],
  ] as const) {
    test(`refuses ${what}, and changes nothing`, async () => {
      const iam = await withRole();
      const answer = await put(iam, ...pairs);
      assert.deepEqual([answer.status, answer.code], [400, code]);
      assert.deepEqual(await held(iam), ['Team=Ops']);
    });
  }
});

describe('UntagRole', () => {
  test('removes tags in any case, and does not mind a key that is not there', async () => {
    const iam = await withRole();
    await put(iam, ['a', '1']);
    const answer = await iam.query('UntagRole', { RoleName: 'WEB', TagKeys: ['team', 'nothing'] });
    assert.equal(answer.status, 200);
    assert.deepEqual(await held(iam), ['a=1']);
  });
});

describe('ListRoleTags', () => {
  test('walks the tags in pages', async () => {
    const iam = await withRole();
    await put(iam, ['a', '1'], ['b', '2']);
    const first = await iam.query('ListRoleTags', { RoleName, MaxItems: 2 });
    assert.deepEqual(first.texts('Tags.member.Key'), ['Team', 'a']);
    const rest = await iam.query('ListRoleTags', { RoleName, Marker: first.text('Marker') });
    assert.deepEqual([rest.texts('Tags.member.Key'), rest.text('IsTruncated')], [['b'], 'false']);
  });

  test("refuses the Marker of another role's tags", async () => {
    const iam = await withRole();
    await put(iam, ['a', '1']);
    await iam.query('CreateRole', { RoleName: 'Other', AssumeRolePolicyDocument: trust });
    const { text } = await iam.query('ListRoleTags', { RoleName, MaxItems: 1 });
    const answer = await iam.query('ListRoleTags', { RoleName: 'Other', Marker: text('Marker') });
    assert.deepEqual([answer.status, answer.code], [400, 'ValidationError']);
  });
});

for (const [action, parameters] of [
  ['TagRole', { Tags: [{ Key: 'a', Value: '1' }] }],
  ['UntagRole', { TagKeys: ['a'] }],
  ['ListRoleTags', {}],
] as const) {
  test(`${action} says which role cannot be found`, async () => {
    const answer = await rig().query(action, { RoleName: 'Nobody', ...parameters });
    assert.deepEqual([answer.status, answer.code], [404, 'NoSuchEntity']);
    assert.equal(answer.message, 'The role with name Nobody cannot be found.');
  });
}

test('what is tagged and untagged is seen by conditions', async () => {
  const iam = rig();
  const made = await iam.query('CreateRole', { RoleName, AssumeRolePolicyDocument: trust });
  const Statement = {
    Effect: 'Allow',
    Action: ['iam:TagRole', 'iam:UntagRole'],
    Resource: '*',
    Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['mine'] } },
  };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.query('PutRolePolicy', { RoleName, PolicyName: 'p', PolicyDocument });
  const keys = await iam.session(RoleName, made.text('Role.RoleId') ?? '');
  const tag = (Key: string) => iam.query('TagRole', { RoleName, Tags: [{ Key, Value: '' }] }, keys);
  assert.equal((await tag('mine')).status, 200);
  assert.equal((await tag('other')).code, 'AccessDenied');
  assert.equal((await iam.query('UntagRole', { RoleName, TagKeys: ['mine'] }, keys)).status, 200);
  assert.equal((await iam.query('UntagRole', { RoleName, TagKeys: ['other'] }, keys)).code, 'AccessDenied');
});
