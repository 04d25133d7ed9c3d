// The three operations of tags hold for every kind of resource that has them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { account, allow, type Rig, rig, trust } from './rig.test.ts';

const policyArn = (name: string) => `arn:aws:iam::${account}:policy/${name}`;
const named = (member: string) => (name: string) => ({ [member]: name });

const kinds = [
  { thing: 'User', by: named('UserName'), more: {}, missing: 'The user with name Q cannot be found.' },
  {
    thing: 'Role',
    by: named('RoleName'),
    more: { AssumeRolePolicyDocument: trust },
    missing: 'The role with name Q cannot be found.',
  },
  {
    thing: 'Policy',
    by: (name: string) => ({ PolicyArn: policyArn(name) }),
    more: { PolicyDocument: allow('s3:*') },
    missing: `Policy ${policyArn('Q')} was not found.`,
  },
  {
    thing: 'InstanceProfile',
    by: named('InstanceProfileName'),
    more: {},
    missing: 'Instance Profile Q cannot be found.',
  },
] as const;

type Pair = readonly [key: string, value: string];
const listOf = (pairs: readonly Pair[]) => pairs.map(([Key, Value]) => ({ Key, Value }));

for (const { thing, by, more, missing } of kinds) {
  const create = (iam: Rig, name: string, parameters: object = {}, keys?: Parameters<Rig['query']>[2]) =>
    iam.query(`Create${thing}`, { [`${thing}Name`]: name, ...more, ...parameters }, keys);
  async function made(...pairs: readonly Pair[]): Promise<Rig> {
    const iam = rig();
    const answer = await create(iam, 'P', pairs.length === 0 ? {} : { Tags: listOf(pairs) });
    assert.equal(answer.status, 200, answer.message);
    return iam;
  }
  const put = (iam: Rig, ...pairs: readonly Pair[]) => iam.query(`Tag${thing}`, { ...by('P'), Tags: listOf(pairs) });
  const untag = (iam: Rig, ...TagKeys: readonly string[]) => iam.query(`Untag${thing}`, { ...by('P'), TagKeys });
  async function held(iam: Rig): Promise<readonly string[]> {
    const answer = await iam.query(`List${thing}Tags`, by('P'));
    const values = answer.texts('Tags.member.Value');
    return answer.texts('Tags.member.Key').map((key, index) => `${key}=${values[index]}`);
  }

  describe(`Tag${thing}`, () => {
    test('adds tags to those of the creation, shown in the order of their keys', async () => {
      const iam = await made(['Team', 'Ops']);
      assert.equal((await put(iam, ['b', '2'], ['a', ''])).status, 200);
      assert.deepEqual(await held(iam), ['Team=Ops', 'a=', 'b=2']);
      const shown = await iam.query(`Get${thing}`, by('P'));
      assert.deepEqual(shown.texts(`${thing}.Tags.member.Key`), ['Team', 'a', 'b']);
    });

    test('overwrites a tag whose key differs in case, and shows it as last given', async () => {
      const iam = await made(['Team', 'Ops']);
      await put(iam, ['TEAM', 'Dev']);
      assert.deepEqual(await held(iam), ['TEAM=Dev']);
    });

    test('holds fifty tags and not one more, though a held key may be overwritten', async () => {
      const iam = await made();
      assert.equal((await put(iam, ...Array.from({ length: 50 }, (_, each): Pair => [`k${each}`, 'v']))).status, 200);
      const answer = await put(iam, ['one-more', 'v'], ['k1', 'w']);
      assert.deepEqual([answer.status, answer.code], [409, 'LimitExceeded']);
      assert.equal(answer.message, `Cannot exceed quota for TagsPer${thing}: 50`);
      assert.ok((await held(iam)).includes('k1=v'));
      assert.equal((await put(iam, ['K1', 'w'])).status, 200);
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
      ['a reserved key', [['AWS:x', '1']], 'InvalidInput'],
      ['an empty key', [['', '1']], 'ValidationError'],
      ['a key too long', [['x'.repeat(129), '1']], 'ValidationError'],
      ['a key of a forbidden character', [['a;b', '1']], 'ValidationError'],
      ['a value of a forbidden character', [['a', '<']], 'ValidationError'],
      ['a value too long', [['a', 'x'.repeat(257)]], 'ValidationError'],
    ] as const) {
      test(`refuses ${what}, and keeps none of the request`, async () => {
        const iam = await made();
        const answer = await put(iam, ['fine', 'v'], ...pairs);
        assert.deepEqual([answer.status, answer.code], [400, code]);
        assert.deepEqual(await held(iam), []);
      });
    }

    test('takes letters and spaces of any script', async () => {
      const iam = await made();
      assert.equal((await put(iam, ['Größe α', '東京 1'])).status, 200);
      assert.deepEqual(await held(iam), ['Größe α=東京 1']);
    });
  });

  describe(`Untag${thing}`, () => {
    test('removes tags in any case, and does not mind a key that is not there', async () => {
      const iam = await made(['Team', '1'], ['b', '2']);
      assert.equal((await untag(iam, 'team', 'nothing')).status, 200);
      assert.deepEqual(await held(iam), ['b=2']);
    });

    test('refuses more than fifty keys, an empty key, and no keys', async () => {
      const iam = await made(['a', '1']);
      assert.equal((await untag(iam, ...Array.from({ length: 51 }, (_, each) => `k${each}`))).code, 'ValidationError');
      assert.equal((await untag(iam, '')).code, 'ValidationError');
      assert.equal((await iam.query(`Untag${thing}`, by('P'))).code, 'ValidationError');
      assert.deepEqual(await held(iam), ['a=1']);
    });
  });

  describe(`List${thing}Tags`, () => {
    test('walks the tags in pages, with Markers that fit any key', async () => {
      const keys = ['東', '京', '都', '区', '市'].map((letter) => letter.repeat(128)).sort();
      const iam = await made(...keys.map((key): Pair => [key, 'v']));
      const found: string[] = [];
      for (let Marker: string | undefined, rest = true; rest; ) {
        const answer = await iam.query(`List${thing}Tags`, { ...by('P'), MaxItems: 2, Marker });
        assert.equal(answer.status, 200, answer.message);
        found.push(...answer.texts('Tags.member.Key'));
        Marker = answer.text('Marker');
        rest = answer.text('IsTruncated') === 'true';
      }
      assert.deepEqual(found, keys);
    });

    test('refuses a Marker that it did not give, or gave for another resource', async () => {
      const iam = await made(['a', '1'], ['b', '2']);
      await create(iam, 'Q');
      const first = await iam.query(`List${thing}Tags`, { ...by('P'), MaxItems: 1 });
      const other = await iam.query(`List${thing}Tags`, { ...by('Q'), Marker: first.text('Marker') });
      assert.deepEqual([other.status, other.message], [400, 'Invalid Marker.']);
      assert.equal((await iam.query(`List${thing}Tags`, { ...by('P'), Marker: '1' })).code, 'ValidationError');
    });

    test('is an empty list without tags', async () => {
      const answer = await (await made()).query(`List${thing}Tags`, by('P'));
      assert.ok(answer.body.includes('<Tags/><IsTruncated>false</IsTruncated>'));
    });
  });

  for (const [action, parameters] of [
    [`Tag${thing}`, { Tags: [{ Key: 'a', Value: '1' }] }],
    [`Untag${thing}`, { TagKeys: ['a'] }],
    [`List${thing}Tags`, {}],
  ] as const) {
    test(`${action} says what cannot be found`, async () => {
      const answer = await rig().query(action, { ...by('Q'), ...parameters });
      assert.deepEqual([answer.status, answer.code, answer.message], [404, 'NoSuchEntity', missing]);
    });
  }

  describe(`conditions on tags of a ${thing}`, () => {
    async function delegate(Condition: object, ...pairs: readonly Pair[]) {
      const iam = await made(...pairs);
      const role = await iam.query('CreateRole', { RoleName: 'Delegate', AssumeRolePolicyDocument: trust });
      const Statement = { Effect: 'Allow', Action: 'iam:*', Resource: '*', Condition };
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
      await iam.query('PutRolePolicy', { RoleName: 'Delegate', PolicyName: 'p', PolicyDocument });
      return { iam, keys: await iam.session('Delegate', role.text('Role.RoleId') ?? '') };
    }

    test('see the keys that are put and taken', async () => {
      const { iam, keys } = await delegate({ 'ForAllValues:StringEquals': { 'aws:TagKeys': ['mine'] } });
      const ask = async (verb: string, parameters: object) =>
        (await iam.query(`${verb}${thing}`, { ...by('P'), ...parameters }, keys)).code;
      assert.equal(await ask('Tag', { Tags: listOf([['mine', '']]) }), undefined);
      assert.equal(
        await ask('Tag', {
          Tags: listOf([
            ['mine', ''],
            ['other', ''],
          ]),
        }),
        'AccessDenied',
      );
      assert.equal(await ask('Untag', { TagKeys: ['mine'] }), undefined);
      assert.equal(await ask('Untag', { TagKeys: ['other'] }), 'AccessDenied');
    });

    test('see the tags of the request, where it creates and where it tags', async () => {
      const { iam, keys } = await delegate({ StringEquals: { 'aws:RequestTag/team': 'a' } });
      const tagging = async (value: string) =>
        (await iam.query(`Tag${thing}`, { ...by('P'), Tags: listOf([['team', value]]) }, keys)).code;
      assert.deepEqual([await tagging('b'), await tagging('a')], ['AccessDenied', undefined]);
      const creating = async (name: string, Tags: readonly object[]) => (await create(iam, name, { Tags }, keys)).code;
      assert.equal(await creating('N', []), 'AccessDenied');
      assert.equal(await creating('N', listOf([['team', 'b']])), 'AccessDenied');
      assert.equal(await creating('N', listOf([['team', 'a']])), undefined);
    });

    for (const key of ['aws:ResourceTag/team', 'iam:ResourceTag/team']) {
      test(`see the tags that are there as ${key}`, async () => {
        const { iam, keys } = await delegate({ StringEquals: { [key]: 'a' } }, ['team', 'a']);
        const ask = async () => (await iam.query(`Untag${thing}`, { ...by('P'), TagKeys: ['team'] }, keys)).code;
        assert.deepEqual([await ask(), await ask()], [undefined, 'AccessDenied']);
      });
    }
  });
}
