// Audit first: where the event of a call cannot be written, the call is answered 503 and nothing of it happened; where the
// event of a read or of a refusal cannot wait to be written, its answer waits, or is 503 too.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeCa } from '../../test/pki.ts';
import { account, region, testRoad } from '../../test/road.ts';
import { headCollection, linkCollection } from '../audit/chain.ts';
import { sourceOf } from '../audit/source.ts';
import { verifyAudit } from '../audit/verify.ts';
import { memoryStore } from '../store/memory.ts';
import { type Journal, type Store, StoreUnavailable, type Writer } from '../store/store.ts';
import { auditCollection } from '../telemetry/audit.ts';
import { recorder } from '../telemetry/recorder.ts';
import { policy } from './session.test.ts';

/** A store that refuses what the test says, and holds writes up while there is a gate. */
function faultyStore() {
  const inner = memoryStore();
  const faults: { put?: (collection: string) => boolean; commit?: boolean; gate?: Promise<void> } = {};
  const refusingJournal = (journal: Journal): Journal => ({
    head: journal.head,
    place: (head, entries, put) =>
      journal.place(head, entries, (collection, ...change) => {
        if (faults.put?.(collection)) throw new StoreUnavailable('the disk is full');
        put(collection, ...change);
      }),
  });
  const refusing = (writer: Writer): Writer => ({
    get: (collection, key) => writer.get(collection, key),
    list: (collection, query) => writer.list(collection, query),
    delete: (collection, key) => writer.delete(collection, key),
    async put(collection, key, document) {
      if (faults.put?.(collection)) throw new StoreUnavailable('the disk is full');
      return writer.put(collection, key, document);
    },
    enter: (journal, entries) => writer.enter(refusingJournal(journal), entries),
  });
  const store: Store = {
    read: (work) => inner.read(work),
    async write(work) {
      await faults.gate;
      return inner.write(async (writer) => {
        const answer = await work(refusing(writer));
        if (faults.commit) throw new StoreUnavailable('the write was not committed');
        return answer;
      });
    },
    close: () => inner.close(),
  };
  return { store, faults };
}

async function rig() {
  const { store, faults } = faultyStore();
  const road = await testRoad({ store });
  const verdict = () => verifyAudit(sourceOf(store), { keyring: road.world.keyring });
  return { road, store, faults, verdict };
}

async function sessionRig() {
  const made = await rig();
  const { road } = made;
  const ca = makeCa();
  const leaf = ca.issue({ subject: 'CN=web' });
  const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: ca.pem } };
  const anchor = (await road.rest('POST', '/trustanchors', { name: 'ta', enabled: true, source })).json().trustAnchor;
  const trust = policy([
    {
      Effect: 'Allow',
      Principal: { Service: 'rolesanywhere.amazonaws.com', AWS: `arn:aws:iam::${account}:root` },
      Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
    },
  ]);
  const roleArn = (await road.query('iam', 'CreateRole', { RoleName: 'R', AssumeRolePolicyDocument: trust })).text(
    'Arn',
  );
  const profile = (await road.rest('POST', '/profiles', { name: 'p', enabled: true, roleArns: [roleArn] })).json()
    .profile;
  const body = { trustAnchorArn: anchor.trustAnchorArn, profileArn: profile.profileArn, roleArn };
  const { certificate, privateKey } = leaf;
  return { ...made, session: () => road.session({ certificate, privateKey, body }) };
}

const steps = {
  'the event': (collection: string) => collection === auditCollection,
  'its links': (collection: string) => collection === linkCollection,
  'the head': (collection: string) => collection === headCollection,
} as const;

for (const [what, put] of [...Object.entries(steps), ['the commit', undefined] as const]) {
  describe(`where ${what} cannot be written`, () => {
    const breaks = (faults: ReturnType<typeof faultyStore>['faults']) =>
      Object.assign(faults, put === undefined ? { commit: true } : { put });
    const mend = (faults: object) => Object.assign(faults, { put: undefined, commit: false });

    test('no certificate gets credentials, and no subject is kept', async () => {
      const { road, faults, session, verdict } = await sessionRig();
      breaks(faults);
      const refused = await session();
      assert.deepEqual([refused.status, refused.code], [503, 'ServiceUnavailableException']);
      assert.equal(refused.header('retry-after'), '1');
      assert.doesNotMatch(refused.body, /credential|secret|token/i);
      mend(faults);
      assert.deepEqual((await road.rest('GET', '/subjects')).json().subjects, []);
      assert.equal((await session()).status, 201);
      assert.equal((await verdict()).findings, 0);
    });

    test('AssumeRole gives none either', async () => {
      const { road, faults } = await sessionRig();
      const admin = await road.query('iam', 'CreateUser', { UserName: 'ann' });
      assert.equal(admin.status, 200);
      await road.query('iam', 'PutUserPolicy', {
        UserName: 'ann',
        PolicyName: 'p',
        PolicyDocument: policy([{ Effect: 'Allow', Action: '*', Resource: '*' }]),
      });
      const key = await road.query('iam', 'CreateAccessKey', { UserName: 'ann' });
      const keys = { accessKeyId: key.text('AccessKeyId') ?? '', secretAccessKey: key.text('SecretAccessKey') ?? '' };
      const asked = { RoleArn: `arn:aws:iam::${account}:role/R`, RoleSessionName: 's1' };
      breaks(faults);
      const refused = await road.query('sts', 'AssumeRole', asked, { keys });
      assert.deepEqual(
        [refused.status, refused.code, refused.text('SecretAccessKey')],
        [503, 'ServiceUnavailable', undefined],
      );
      mend(faults);
      assert.equal((await road.query('sts', 'AssumeRole', asked, { keys })).status, 200);
    });

    test('a change is not made', async () => {
      const { road, faults, verdict } = await rig();
      breaks(faults);
      assert.equal((await road.rest('POST', '/profiles', { name: 'p', roleArns: [] })).status, 503);
      assert.equal((await road.query('iam', 'CreateUser', { UserName: 'u' })).status, 503);
      mend(faults);
      assert.deepEqual((await road.rest('GET', '/profiles')).json().profiles, []);
      assert.deepEqual((await road.query('iam', 'ListUsers')).texts('UserName'), []);
      await road.events();
      assert.equal((await verdict()).findings, 0);
    });
  });
}

test('where the head of the chain was altered, nothing is changed and nothing given', async () => {
  const { road, store, session } = await sessionRig();
  await store.write(async (writer) => {
    const id = road.world.auditChain.id;
    await writer.put(headCollection, id, { ...Object(await writer.get(headCollection, id)), sequence: 0 });
  });
  assert.equal((await session()).status, 503);
  assert.equal((await road.rest('POST', '/profiles', { name: 'p', roleArns: [] })).status, 503);
  assert.match(JSON.stringify(road.logged), /audit verify/);
});

describe('a read whose event finds no room', () => {
  async function full() {
    const made = await rig();
    const { road, store } = made;
    const timers: { work: () => void; ms: number }[] = [];
    const records = recorder({
      write: (entries) => store.write((writer) => road.world.auditChain.append(writer, entries)),
      later(work, ms) {
        const timer = { work, ms };
        timers.push(timer);
        return () => void timers.splice(timers.indexOf(timer), 1);
      },
      failed: () => {},
      room: 1,
    });
    Object.assign(road.world, { recorder: records });
    assert.equal((await road.rest('GET', '/profiles')).status, 200);
    const fire = (ms: number) => {
      for (const { work } of timers.filter((timer) => timer.ms === ms)) work();
    };
    return { ...made, records, fire };
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  test('is answered when there is room, and recorded', async () => {
    const { road, records, verdict } = await full();
    let isAnswered = false;
    const answer = road.rest('GET', '/profiles').finally(() => {
      isAnswered = true;
    });
    while (records.held() === 0) await settle();
    assert.equal(isAnswered, false);
    await records.flush();
    assert.equal((await answer).status, 200);
    await records.flush();
    assert.equal((await verdict()).chains[0]?.lastSequence, 2);
  });

  test('is answered 503 where none comes, a refusal likewise, and counted so', async () => {
    const { road, records, faults, fire } = await full();
    faults.gate = new Promise(() => {});
    const answers = [road.rest('GET', '/profiles'), road.rest('GET', '/profile/00000000-0000-4000-8000-000000000000')];
    while (records.held() < 2) await settle();
    fire(1000);
    for (const answer of await Promise.all(answers)) {
      assert.deepEqual([answer.status, answer.header('retry-after')], [503, '1']);
      assert.doesNotMatch(answer.body, /profile/i);
    }
    assert.equal(records.refused(), 2);
    const { body } = await road.world.metrics.scrape();
    assert.match(body, /operation="GetProfile",status="5xx",code="ServiceUnavailableException"} 1/);
  });

  test('is answered 503 at once while the store refuses, and a change as ever', async () => {
    const { road, records, faults, fire } = await full();
    faults.commit = true;
    fire(100);
    await settle();
    assert.equal((await road.rest('GET', '/profiles', undefined, { region })).status, 503);
    faults.commit = false;
    assert.equal((await road.rest('POST', '/profiles', { name: 'p', roleArns: [] })).status, 201);
    await records.flush();
    assert.equal((await road.rest('GET', '/profiles')).status, 200);
  });
});
