// The last use of keys and roles: real uses alone, written together, in bounded memory, and of what is still there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, testRoad } from '../../test/road.ts';
import type { RootCaller, UserCaller } from '../services/call.ts';
import { accessKeys, accessKeyUses, serviceUses } from '../services/iam/records.ts';
import { allow, assume, keysIn, makeRole, roleKeys, withCaller } from '../services/sts/rig.test.ts';
import { memoryStore } from '../store/memory.ts';
import type { Store } from '../store/store.ts';
import { type LastUses, lastUses } from './last-uses.ts';

test('of a key: the last proved request, denied or not, and nothing before it is written', async () => {
  const road = await testRoad();
  const AccessKeyId = road.root.accessKeyId;
  const lastUsed = async () => {
    const answer = await road.query('iam', 'GetAccessKeyLastUsed', { AccessKeyId });
    return ['LastUsedDate', 'ServiceName', 'Region'].map(answer.text);
  };
  assert.deepEqual(await lastUsed(), [undefined, 'N/A', 'N/A']);
  await road.world.lastUses.flush();
  assert.deepEqual(await lastUsed(), ['2026-11-22T12:00:00Z', 'iam', 'eu-central-1']);
  road.at('2026-11-22T12:05:00Z');
  await road.rest('GET', '/profiles', undefined, { region: 'us-east-1' });
  await road.world.lastUses.flush();
  assert.deepEqual(await lastUsed(), ['2026-11-22T12:05:00Z', 'rolesanywhere', 'us-east-1']);
});

test('a signature that does not hold is no use', async () => {
  const road = await testRoad();
  await road.query('sts', 'GetCallerIdentity', {}, { keys: { ...road.root, secretAccessKey: 'wrong'.repeat(8) } });
  await road.world.lastUses.flush();
  assert.equal(await road.store.read((reader) => accessKeyUses.get(reader, road.root.accessKeyId)), undefined);
});

test('of a role: the last request of a session, denied ones too; assuming it is none', async () => {
  const { road, caller } = await withCaller();
  await makeRole(road, 'Target');
  const keys = keysIn(await assume(road, caller));
  const shown = async () => {
    await road.world.lastUses.flush();
    const answer = await road.query('iam', 'GetRole', { RoleName: 'Target' });
    return [answer.text('LastUsedDate'), answer.text('Region')];
  };
  assert.deepEqual(await shown(), [undefined, undefined]);
  assert.equal((await road.query('iam', 'ListRoles', {}, { keys })).status, 403);
  assert.deepEqual(await shown(), ['2026-11-22T12:00:00Z', 'eu-central-1']);
  await road.query('iam', 'DeleteRole', { RoleName: 'Target' });
  await makeRole(road, 'Target');
  assert.deepEqual(await shown(), [undefined, undefined]);
});

test('a session of a role that was made again is no use of the new one', async () => {
  const { road } = await withCaller({}, [allow('*')]);
  const old = roleKeys(road, 'Caller', 'AROAOLDOLDOLDOLDOLDOL');
  await road.query('sts', 'GetCallerIdentity', {}, { keys: old });
  await road.world.lastUses.flush();
  const answer = await road.query('iam', 'GetRole', { RoleName: 'Caller' });
  assert.equal(answer.text('LastUsedDate'), undefined);
});

test('of services: each that a user asked in one wait, by its key and by a session of it', async () => {
  const road = await testRoad();
  await road.query('iam', 'CreateUser', { UserName: 'Ada' });
  const key = await road.query('iam', 'CreateAccessKey', { UserName: 'Ada' });
  const keys = { accessKeyId: key.text('AccessKeyId') ?? '', secretAccessKey: key.text('SecretAccessKey') ?? '' };
  const session = keysIn(await road.query('sts', 'GetSessionToken', {}, { keys }));
  await road.rest('GET', '/profiles', undefined, { keys: session });
  await road.query('iam', 'ListUsers', {}, { keys });
  await road.world.lastUses.flush();
  const userId = (await road.query('iam', 'GetUser', { UserName: 'Ada' })).text('UserId');
  const prefix = `${account}/${userId}/`;
  const used = await road.store.read((reader) => serviceUses.list(reader, { prefix, limit: 9 }));
  assert.deepEqual(
    used.map(({ key: at }) => at.slice(prefix.length)),
    ['iam', 'rolesanywhere', 'sts'],
  );
});

test('the root is no user of services, and a user that is gone is none either', async () => {
  const store = memoryStore();
  const at = new Date('2026-11-22T12:00:00.000Z');
  const { uses } = counted({ store });
  uses.note(sessionOf('AIDAGONE'), 'sts', 'us-east-1', at);
  await uses.flush();
  assert.deepEqual(await store.read((reader) => serviceUses.list(reader, { prefix: '', limit: 9 })), []);
  const road = await testRoad();
  await road.query('iam', 'ListUsers');
  await road.world.lastUses.flush();
  assert.deepEqual(await road.store.read((reader) => serviceUses.list(reader, { prefix: '', limit: 9 })), []);
});

/** Uses with a store that counts its writes, and the work that waits. */
function counted({ room = 10, store = memoryStore() as Store } = {}) {
  const waiting: (() => void)[] = [];
  const failures: unknown[] = [];
  let writes = 0;
  const counting: Store = {
    ...store,
    read: (work) => store.read(work),
    write: (work) => {
      writes += 1;
      return store.write(work);
    },
  };
  const uses = lastUses({
    store: counting,
    room,
    later: (work) => void waiting.push(work),
    failed: (cause) => void failures.push(cause),
  });
  return { uses, waiting, failures, writes: () => writes };
}

type Noting = Parameters<LastUses['note']>;
const start = new Date('2026-11-22T12:00:00.000Z');
const holder = (accessKeyId: string): RootCaller => ({
  kind: 'root',
  account,
  arn: `arn:aws:iam::${account}:root`,
  userId: account,
  accessKeyId,
});
const use = (accessKeyId: string, at = start): Noting => [holder(accessKeyId), 'sts', 'us-east-1', at];

function sessionOf(userId: string): UserCaller {
  const [userArn, accessKeyId] = [`arn:aws:iam::${account}:user/gone`, 'ASIAGONE'];
  const issued = { version: 2, secretAccessKey: '', account, partition: 'aws', issuedAt: 0, expiresAt: 1 } as const;
  const who = { userId, userArn, userName: 'gone', accessKeyId, sourceAccessKeyId: 'AKIAGONE' };
  const session = { ...issued, ...who, kind: 'user', issuedBy: 'sts:GetSessionToken' } as const;
  return { kind: 'user', account, arn: userArn, userId, accessKeyId, userName: 'gone', session };
}

test('many uses are one write, and one wait', async () => {
  const { uses, waiting, writes } = counted();
  for (let count = 0; count < 1000; count++) uses.note(...use(`AKIA${count % 10}`));
  assert.deepEqual([waiting.length, writes()], [1, 0]);
  await uses.flush();
  assert.equal(writes(), 1);
  await uses.flush();
  assert.equal(writes(), 1);
});

test('what has no room is left out, what is there is kept up to date', async () => {
  const store = memoryStore();
  const key = { account, sealedSecret: '', owner: 'root', userId: account, status: 'Active', createDate: '' } as const;
  await store.write(async (writer) => {
    for (const accessKeyId of ['AKIAONE', 'AKIATWO']) {
      await accessKeys.put(writer, accessKeyId, { ...key, accessKeyId });
    }
  });
  const { uses } = counted({ room: 1, store });
  const later = new Date('2026-11-22T12:00:01.000Z');
  for (const one of [use('AKIAONE'), use('AKIATWO'), use('AKIAONE', later)]) uses.note(...one);
  await uses.flush();
  const written = (accessKeyId: string) => store.read((reader) => accessKeyUses.get(reader, accessKeyId));
  assert.deepEqual([(await written('AKIAONE'))?.at, await written('AKIATWO')], [later.toISOString(), undefined]);
  // Another node may have written a later one.
  uses.note(...use('AKIAONE'));
  await uses.flush();
  assert.equal((await written('AKIAONE'))?.at, later.toISOString());
});

test('of callers who share a key the last one counts, before and after what was noted is written', async () => {
  const store = memoryStore();
  const key = { account, sealedSecret: '', owner: 'root', userId: account, status: 'Active', createDate: '' } as const;
  await store.write((writer) => accessKeys.put(writer, 'AKIAONE', { ...key, accessKeyId: 'AKIAONE' }));
  const { uses } = counted({ store });
  const [one, other] = [holder('AKIAONE'), holder('AKIAONE')];
  let second = 0;
  const note = (caller: RootCaller, service: string, region: string) => {
    second += 1;
    uses.note(caller, service, region, new Date(start.getTime() + second * 1000));
  };
  const written = async () => {
    await uses.flush();
    return store.read((reader) => accessKeyUses.get(reader, 'AKIAONE'));
  };
  for (const caller of [one, one, other, one, other]) note(caller, 'sts', 'us-east-1');
  assert.deepEqual(await written(), { at: '2026-11-22T12:00:05.000Z', region: 'us-east-1', serviceName: 'sts' });
  for (const service of ['sts', 'iam', 'sts', 'iam']) note(one, service, 'eu-west-1');
  note(other, 'iam', 'eu-west-2');
  assert.deepEqual(await written(), { at: '2026-11-22T12:00:10.000Z', region: 'eu-west-2', serviceName: 'iam' });
  note(one, 'iam', 'us-east-1');
  assert.deepEqual(await written(), { at: '2026-11-22T12:00:11.000Z', region: 'us-east-1', serviceName: 'iam' });
});

test('a store that refuses is told of once, and the next use is written', async () => {
  let refuses = true;
  const store = memoryStore();
  const flaky: Store = {
    ...store,
    read: (work) => store.read(work),
    write: (work) => (refuses ? Promise.reject(new Error('full')) : store.write(work)),
  };
  const { uses, failures } = counted({ store: flaky });
  uses.note(...use('AKIAONE'));
  await uses.flush();
  assert.equal(failures.length, 1);
  refuses = false;
  uses.note(...use('AKIAONE'));
  await uses.flush();
  assert.equal(failures.length, 1);
});
