// What is remembered on its grounds is what would be worked out again; and what a caller stands on counts as it is now,
// also when the call before was answered otherwise.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { account, type Keys, testRoad } from '../../test/road.ts';
import { allow, policy } from '../services/sts/rig.test.ts';
import { cachedStore } from '../store/cache.ts';
import { memoryStore } from '../store/memory.ts';
import type { Store } from '../store/store.ts';
import { onGrounds } from './grounds.ts';

/** A sum of numbers that a list and a document hold, and how often it was worked out. */
function counted(store: Store) {
  let worked = 0;
  const sum = onGrounds(new WeakMap(), async (reader, thing: { readonly of: string }, unit: string) => {
    worked += 1;
    const listed = await reader.list('numbers', { prefix: `${thing.of}/`, limit: 10 });
    const more = await reader.get('more', thing.of);
    const total = [...listed.map(({ document }) => document), more ?? 0].reduce<number>(
      (all, one) => all + Number(one),
      0,
    );
    if (total < 0) throw new Error('less than nothing');
    return { text: `${total} ${unit}` };
  });
  return {
    worked: () => worked,
    of: async (thing: { readonly of: string }) => sum(store, thing, 'm'),
    put: (collection: string, key: string, value: number) =>
      store.write((writer) => writer.put(collection, key, value)),
  };
}

describe('a work on its grounds', () => {
  const thing = { of: 'a' };

  test('is done once, as long as nothing that it read changes', async () => {
    const { worked, of, put } = counted(cachedStore(memoryStore()));
    await put('numbers', 'a/1', 1);
    await of(thing); // which the store reads for the first time, and remembers
    const made = await of(thing);
    const before = worked();
    await put('numbers', 'b/1', 5);
    await put('more', 'b', 5);
    assert.equal(await of(thing), made);
    assert.deepEqual([made, worked()], [{ text: '1 m' }, before]);
  });

  test('is done again when a document or a list of it changes, comes or goes', async () => {
    const store = cachedStore(memoryStore());
    const { of, put } = counted(store);
    const steps: readonly (readonly [change: () => Promise<unknown>, sum: number])[] = [
      [async () => {}, 0],
      [() => put('numbers', 'a/1', 1), 1],
      [() => put('more', 'a', 10), 11],
      [() => put('more', 'a', 20), 21],
      [() => put('numbers', 'a/2', 2), 23],
      [() => store.write((writer) => writer.delete('more', 'a')), 3],
      [() => store.write((writer) => writer.delete('numbers', 'a/1')), 2],
    ];
    for (const [change, sum] of steps) {
      await change();
      for (const time of [1, 2, 3]) assert.deepEqual(await of(thing), { text: `${sum} m` }, `time ${time}`);
    }
  });

  test('is of its thing alone, an equal one included', async () => {
    const { worked, of, put } = counted(cachedStore(memoryStore()));
    await put('numbers', 'a/1', 1);
    await put('numbers', 'b/1', 2);
    const other = { of: 'b' };
    for (const one of [thing, other, { of: 'a' }, thing, other, thing, other])
      assert.deepEqual(await of(one), { text: one.of === 'a' ? '1 m' : '2 m' });
    assert.ok(worked() >= 3);
  });

  test('that throws throws every time', async () => {
    const { of, put } = counted(cachedStore(memoryStore()));
    await put('more', 'a', -1);
    for (const time of [1, 2, 3]) await assert.rejects(of(thing), /less than nothing/, `time ${time}`);
    await put('more', 'a', 1);
    assert.deepEqual(await of(thing), { text: '1 m' });
  });

  test('is done every time on a store that remembers nothing, and is right', async () => {
    const { worked, of, put } = counted(memoryStore());
    await put('numbers', 'a/1', 1);
    for (const sum of [1, 2, 3]) {
      await put('numbers', 'a/1', sum);
      assert.deepEqual(await of(thing), { text: `${sum} m` });
    }
    assert.equal(worked(), 3);
  });
});

const listing = allow('rolesanywhere:ListProfiles');
const nothing = policy(allow('s3:ListBucket'));
const denying = policy({ ...listing, Effect: 'Deny' });
const inline = (PolicyDocument: string) => ({ UserName: 'alice', PolicyName: 'P', PolicyDocument });
const managedArn = `arn:aws:iam::${account}:policy/M`;
const managed = { UserName: 'alice', PolicyArn: managedArn };
const ofGroup = (PolicyDocument: string) => ({ GroupName: 'G', PolicyName: 'P', PolicyDocument });
const member = { GroupName: 'G', UserName: 'alice' };
const boundary = { UserName: 'alice', PermissionsBoundary: managedArn };
const version = (PolicyDocument: string) => ({ PolicyArn: managedArn, PolicyDocument, SetAsDefault: 'true' });

/** What is there before, and then one change after the other, each with whether alice may list profiles from then on. */
const lives: Readonly<
  Record<string, readonly (readonly [action: string, parameters: Record<string, string>, may: boolean])[]>
> = {
  'an inline policy': [
    ['PutUserPolicy', inline(policy(listing)), true],
    ['PutUserPolicy', inline(nothing), false],
    ['PutUserPolicy', inline(policy(listing)), true],
    ['PutUserPolicy', { ...inline(denying), PolicyName: 'Q' }, false],
    ['DeleteUserPolicy', { UserName: 'alice', PolicyName: 'Q' }, true],
    ['DeleteUserPolicy', { UserName: 'alice', PolicyName: 'P' }, false],
  ],
  'a managed policy': [
    ['CreatePolicy', { PolicyName: 'M', PolicyDocument: policy(listing) }, false],
    ['AttachUserPolicy', managed, true],
    ['CreatePolicyVersion', version(nothing), false],
    ['SetDefaultPolicyVersion', { PolicyArn: managedArn, VersionId: 'v1' }, true],
    ['DetachUserPolicy', managed, false],
  ],
  'a group': [
    ['CreateGroup', { GroupName: 'G' }, false],
    ['PutGroupPolicy', ofGroup(policy(listing)), false],
    ['AddUserToGroup', member, true],
    ['PutGroupPolicy', ofGroup(denying), false],
    ['PutGroupPolicy', ofGroup(policy(listing)), true],
    ['UpdateGroup', { GroupName: 'G', NewGroupName: 'H' }, true],
    ['RemoveUserFromGroup', { ...member, GroupName: 'H' }, false],
  ],
  'a boundary': [
    ['PutUserPolicy', inline(policy(listing)), true],
    ['CreatePolicy', { PolicyName: 'M', PolicyDocument: nothing }, true],
    ['PutUserPermissionsBoundary', boundary, false],
    ['CreatePolicyVersion', version(policy(listing)), true],
    ['SetDefaultPolicyVersion', { PolicyArn: managedArn, VersionId: 'v1' }, false],
    ['DeleteUserPermissionsBoundary', { UserName: 'alice' }, true],
  ],
  'a tag': [
    [
      'PutUserPolicy',
      inline(policy({ ...listing, Condition: { StringEquals: { 'aws:PrincipalTag/team': 'a' } } })),
      false,
    ],
    ['TagUser', { UserName: 'alice', 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': 'a' }, true],
    ['TagUser', { UserName: 'alice', 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': 'b' }, false],
  ],
  'a new name': [
    ['PutUserPolicy', inline(policy({ ...listing, Condition: { StringEquals: { 'aws:username': 'alice' } } })), true],
    ['UpdateUser', { UserName: 'alice', NewUserName: 'anna' }, false],
  ],
};

for (const [what, changes] of Object.entries(lives)) {
  test(`${what} counts from the next call on, whatever the calls before were told`, async () => {
    const { iam, mayList } = await withAlice();
    assert.equal(await mayList(), false);
    for (const [action, parameters, may] of changes) {
      await iam(action, parameters);
      for (const time of [1, 2]) assert.equal(await mayList(), may, `${action} ${JSON.stringify(parameters)}, ${time}`);
    }
  });
}

async function withAlice() {
  const road = await testRoad();
  const iam = async (action: string, parameters: Readonly<Record<string, string>>) => {
    const answer = await road.query('iam', action, parameters);
    assert.equal(answer.status, 200, answer.body);
    return answer;
  };
  await iam('CreateUser', { UserName: 'alice' });
  const key = await iam('CreateAccessKey', { UserName: 'alice' });
  const keys: Keys = {
    accessKeyId: key.text('AccessKeyId') ?? '',
    secretAccessKey: key.text('SecretAccessKey') ?? '',
  };
  const mayList = async () => (await road.rest('GET', '/profiles', undefined, { keys })).status === 200;
  return { iam, mayList };
}
