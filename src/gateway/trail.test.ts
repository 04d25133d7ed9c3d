// An event by its request's id: found among others of the same millisecond, in the account's own trail alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, testRoad } from '../../test/road.ts';
import { auditCollection } from '../telemetry/audit.ts';
import { eventOf } from './trail.ts';

test('an event that waits to be written is found', async () => {
  const { world, query } = await testRoad();
  const { text } = await query('iam', 'ListUsers');
  const event = await eventOf(world, account, text('RequestId') ?? '');
  assert.equal(Object(event).eventName, 'ListUsers');
});

test('of an account that is not its own none is found', async () => {
  const { world, query } = await testRoad();
  const { text } = await query('iam', 'ListUsers');
  assert.equal(await eventOf(world, '999988887777', text('RequestId') ?? ''), undefined);
});

test('an event is found among thousands of the same millisecond', async () => {
  const { world, store, now } = await testRoad();
  const id = world.newId();
  await store.write(async (writer) => {
    for (let n = 0; n < 2500; n++) {
      const key = `${account}/${now().toISOString()}/${String(n).padStart(5, '0')}`;
      await writer.put(auditCollection, key, { requestID: n === 2400 ? id : 'another', n });
    }
  });
  assert.equal(Object(await eventOf(world, account, id)).n, 2400);
});

for (const [name, shift, isFound] of [
  ['a moment before its id', -50, true],
  ['a moment after it', 5, true],
  ['long before', -51, false],
  ['later', 6, false],
] as const) {
  test(`an event that began ${name} is ${isFound ? '' : 'not '}found`, async () => {
    const { world, store, now } = await testRoad();
    const id = world.newId();
    const key = `${account}/${new Date(now().getTime() + shift).toISOString()}/e`;
    await store.write((writer) => writer.put(auditCollection, key, { requestID: id }));
    assert.equal((await eventOf(world, account, id)) !== undefined, isFound);
  });
}

for (const id of [
  '',
  'x',
  '00000000-0000-7000-8000-000000000001',
  'ffffffff-ffff-7fff-bfff-ffffffffffff',
  '019ABCDE-0000-7000-8000-000000000001',
  '019abcde-0000-4000-8000-000000000001',
  '../019abcde-0000-7000-8000-000000000001',
  '019abcde-0000-7000-8000-000000000001\n',
]) {
  test(`no event has the id ${JSON.stringify(id)}`, async () => {
    const { world } = await testRoad();
    assert.equal(await eventOf(world, account, id), undefined);
  });
}
