import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Rig, rig } from './rig.test.ts';

const InstanceProfileName = 'P';

async function withProfile(): Promise<Rig> {
  const iam = rig();
  await iam.query('CreateInstanceProfile', { InstanceProfileName });
  return iam;
}

const put = (iam: Rig, ...pairs: readonly (readonly [string, string])[]) =>
  iam.query('TagInstanceProfile', { InstanceProfileName, Tags: pairs.map(([Key, Value]) => ({ Key, Value })) });

async function held(iam: Rig): Promise<readonly (readonly [string | undefined, string | undefined])[]> {
  const answer = await iam.query('ListInstanceProfileTags', { InstanceProfileName });
  const values = answer.texts('Tags.member.Value');
  return answer.texts('Tags.member.Key').map((key, index) => [key, values[index]]);
}

describe('TagInstanceProfile', () => {
  test('adds tags, shown in the order of their keys', async () => {
    const iam = await withProfile();
    assert.equal((await put(iam, ['b', '2'], ['a', '1'])).status, 200);
    await put(iam, ['aa', '3']);
    assert.deepEqual(await held(iam), [
      ['a', '1'],
      ['aa', '3'],
      ['b', '2'],
    ]);
  });

  test('overwrites a key that is there, in any case, and shows it as last given', async () => {
    const iam = await withProfile();
    await put(iam, ['Team', 'one']);
    await put(iam, ['TEAM', 'two']);
    assert.deepEqual(await held(iam), [['TEAM', 'two']]);
  });

  test('holds 50 tags and not one more, though a held key may be overwritten', async () => {
    const iam = await withProfile();
    await put(iam, ...Array.from({ length: 50 }, (_, index) => [`k${index}`, 'v'] as const));
    const answer = await put(iam, ['one-more', 'v'], ['k1', 'w']);
    assert.deepEqual([answer.status, answer.code], [409, 'LimitExceeded']);
    const tags = await held(iam);
    assert.equal(tags.length, 50);
    assert.ok(tags.every(([, value]) => value === 'v'));
    assert.equal((await put(iam, ['K1', 'w'])).status, 200);
  });

  for (const [what, pairs, code] of [
    [
      'a key twice',
      [
        ['a', '1'],
        ['A', '2'],
      ],
      'InvalidInput',
    ],
    ['a reserved key', [['aws:a', '1']], 'InvalidInput'],
    ['a key too long', [['x'.repeat(129), '1']], 'ValidationError'],
    ['a key of a forbidden character', [['a;b', '1']], 'ValidationError'],
    ['a value of a forbidden character', [['a', '<']], 'ValidationError'],
  ] as const) {
    test(`refuses ${what}, and keeps none of the request`, async () => {
      const iam = await withProfile();
      const answer = await put(iam, ['fine', 'v'], ...pairs);
      assert.deepEqual([answer.status, answer.code], [400, code]);
      assert.deepEqual(await held(iam), []);
    });
  }

  test('takes letters and spaces of any script', async () => {
    const iam = await withProfile();
    assert.equal((await put(iam, ['Größe α', '東京 1'])).status, 200);
    assert.deepEqual(await held(iam), [['Größe α', '東京 1']]);
  });

  test('refuses a request without tags, and a profile that is not there', async () => {
    const iam = rig();
    assert.equal((await iam.query('TagInstanceProfile', { InstanceProfileName })).code, 'ValidationError');
    const answer = await put(iam, ['a', '1']);
    assert.equal(answer.message, 'Instance Profile P cannot be found.');
  });
});

describe('UntagInstanceProfile', () => {
  const untag = (iam: Rig, ...TagKeys: readonly string[]) =>
    iam.query('UntagInstanceProfile', { InstanceProfileName, TagKeys });

  test('removes keys in any case, and is content with one that is not there', async () => {
    const iam = await withProfile();
    await put(iam, ['Team', '1'], ['b', '2']);
    assert.equal((await untag(iam, 'team', 'nothing')).status, 200);
    assert.deepEqual(await held(iam), [['b', '2']]);
  });

  test('refuses more than 50 keys, an empty key, no keys, and a profile that is not there', async () => {
    const iam = await withProfile();
    assert.equal((await untag(iam, ...Array.from({ length: 51 }, (_, index) => `k${index}`))).code, 'ValidationError');
    assert.equal((await untag(iam, '')).code, 'ValidationError');
    assert.equal((await iam.query('UntagInstanceProfile', { InstanceProfileName })).code, 'ValidationError');
    assert.equal((await untag(rig(), 'a')).code, 'NoSuchEntity');
  });
});

describe('ListInstanceProfileTags', () => {
  test('walks the tags in pages, with Markers that fit any key', async () => {
    const iam = await withProfile();
    const keys = ['東', '京', '都', '区', '市'].map((letter) => letter.repeat(128)).sort();
    await put(iam, ...keys.map((key) => [key, 'v'] as const));
    const found: string[] = [];
    for (let Marker: string | undefined, more = true; more; ) {
      const answer = await iam.query('ListInstanceProfileTags', { InstanceProfileName, MaxItems: 2, Marker });
      assert.equal(answer.status, 200, answer.message);
      found.push(...answer.texts('Tags.member.Key'));
      Marker = answer.text('Marker');
      more = answer.text('IsTruncated') === 'true';
    }
    assert.deepEqual(found, keys);
  });

  test('refuses a Marker that it did not give', async () => {
    const iam = await withProfile();
    const answer = await iam.query('ListInstanceProfileTags', { InstanceProfileName, Marker: '1' });
    assert.equal(answer.message, 'Invalid Marker.');
  });

  test('is an empty list without tags, and an error without a profile', async () => {
    const iam = await withProfile();
    const answer = await iam.query('ListInstanceProfileTags', { InstanceProfileName });
    assert.ok(answer.body.includes('<Tags/><IsTruncated>false</IsTruncated>'));
    const other = await iam.query('ListInstanceProfileTags', { InstanceProfileName: 'Q' });
    assert.equal(other.code, 'NoSuchEntity');
  });
});
