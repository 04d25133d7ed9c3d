// Quotas of the operator: how many trust anchors and profiles an account has in a Region, and certificates an anchor.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeCa } from '../../../test/pki.ts';
import { account, type Road, region, testRoad } from '../../../test/road.ts';
import { defaultSettings, type Quotas } from '../settings.ts';
import { profiles } from './records.ts';
import { bundle } from './rig.test.ts';

const ca = makeCa();
const source = bundle(ca.pem);

function roadWith(quotas: Partial<Quotas>): Promise<Road> {
  return testRoad({ settings: { ...defaultSettings, quotas: { ...defaultSettings.quotas, ...quotas } } });
}

const kinds = [
  {
    quota: 'trustAnchors',
    plural: 'trust anchors',
    create: (road: Road, at?: string) =>
      road.rest('POST', '/trustanchors', { name: 'a', source }, at === undefined ? {} : { region: at }),
    list: async (road: Road) => (await road.rest('GET', '/trustanchors?pageSize=100')).json().trustAnchors,
    remove: (road: Road, { trustAnchorId }: { trustAnchorId: string }) =>
      road.rest('DELETE', `/trustanchor/${trustAnchorId}`),
  },
  {
    quota: 'profiles',
    plural: 'profiles',
    create: (road: Road, at?: string) =>
      road.rest('POST', '/profiles', { name: 'p', roleArns: [] }, at === undefined ? {} : { region: at }),
    list: async (road: Road) => (await road.rest('GET', '/profiles?pageSize=100')).json().profiles,
    remove: (road: Road, { profileId }: { profileId: string }) => road.rest('DELETE', `/profile/${profileId}`),
  },
] as const;

for (const { quota, plural, create, list, remove } of kinds) {
  describe(`the quota of ${plural}`, () => {
    test('admits as many as it says, and the next is refused with the number', async () => {
      const road = await roadWith({ [quota]: 2 });
      assert.equal((await create(road)).status, 201);
      assert.equal((await create(road)).status, 201);
      const refused = await create(road);
      assert.deepEqual([refused.status, refused.code], [400, 'ValidationException']);
      assert.equal(refused.message, `The quota is reached: at most 2 ${plural} per account and Region.`);
      assert.equal((await list(road)).length, 2);
    });

    test('is of the Region', async () => {
      const road = await roadWith({ [quota]: 1 });
      assert.equal((await create(road)).status, 201);
      assert.equal((await create(road, 'us-east-1')).status, 201);
      assert.equal((await create(road)).status, 400);
      assert.equal((await create(road, 'us-east-1')).status, 400);
    });

    test('has room again for each one deleted, and no more for one that was not there', async () => {
      const road = await roadWith({ [quota]: 2 });
      await create(road);
      await create(road);
      const [one] = await list(road);
      assert.equal((await remove(road, one)).status, 200);
      assert.equal((await remove(road, one)).status, 404);
      assert.equal((await create(road)).status, 201);
      assert.equal((await create(road)).status, 400);
    });

    test('holds when many come at once', async () => {
      const road = await roadWith({ [quota]: 3 });
      const answers = await Promise.all(Array.from({ length: 10 }, () => create(road)));
      assert.equal(answers.filter(({ status }) => status === 201).length, 3);
      assert.equal(answers.filter(({ status }) => status === 400).length, 7);
      assert.equal((await list(road)).length, 3);
    });
  });
}

test('the quota of profiles counts those of before it was counted, beyond one page of the store', async () => {
  const road = await roadWith({ profiles: 1002 });
  await road.rest('POST', '/profiles', { name: 'p', roleArns: [] });
  await road.store.write(async (writer) => {
    const place = `${account}/${region}/`;
    const [first] = await profiles.list(writer, { prefix: place, limit: 1 });
    assert.ok(first);
    for (let number = 1000; number < 2000; number += 1) {
      const id = `11111111-2222-7333-8444-55555555${number}`;
      await profiles.put(writer, place + id, { ...first.document, id });
    }
    await writer.delete('counts', `${place}rolesanywhere/profiles`);
  });
  assert.equal((await road.rest('POST', '/profiles', { name: 'p', roleArns: [] })).status, 201);
  assert.equal((await road.rest('POST', '/profiles', { name: 'p', roleArns: [] })).status, 400);
});

test("AWS's quotas are the defaults: the fifty-first trust anchor is refused", async () => {
  const road = await testRoad();
  for (let made = 0; made < 50; made += 1) {
    assert.equal((await road.rest('POST', '/trustanchors', { name: 'a', source })).status, 201);
  }
  assert.equal((await road.rest('POST', '/trustanchors', { name: 'a', source })).status, 400);
});

test('the quota of certificates bounds a trust anchor when it is made and when it is changed', async () => {
  const road = await roadWith({ certificatesPerTrustAnchor: 1 });
  const made = await road.rest('POST', '/trustanchors', { name: 'a', source });
  assert.equal(made.status, 201);
  const two = bundle(ca.pem, makeCa({ subject: 'CN=Next' }).pem);
  const path = `/trustanchor/${made.json().trustAnchor.trustAnchorId}`;
  for (const refused of [
    await road.rest('POST', '/trustanchors', { name: 'a', source: two }),
    await road.rest('PATCH', path, { source: two }),
  ]) {
    assert.deepEqual([refused.status, refused.message], [400, 'A trust anchor holds at most 1 certificates.']);
  }
  const wide = await roadWith({ certificatesPerTrustAnchor: 3 });
  const three = bundle(ca.pem, makeCa({ subject: 'CN=Next' }).pem, makeCa({ subject: 'CN=Last' }).pem);
  assert.equal((await wide.rest('POST', '/trustanchors', { name: 'a', source: three })).status, 201);
});
