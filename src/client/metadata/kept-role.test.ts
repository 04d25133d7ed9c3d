import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keepRole, type Refresh } from './kept-role.ts';
import type { RoleState } from './role-state.ts';

const role = { arn: 'arn:aws:iam::123456789012:role/web', name: 'web' };
const minute = 60;

class Refusal extends Error {}

/** A clock that is set, and answers that are given one by one. */
async function rig({ lifeSeconds = 3600, random = 0 } = {}) {
  let time = Date.parse('2026-01-02T03:04:05Z');
  let loads = 0;
  let next: (() => Promise<RoleState>) | undefined;
  const now = () => new Date(time);
  const grant = async (): Promise<RoleState> => ({
    kind: 'granted',
    role,
    credentials: {
      accessKeyId: `ASIA${loads}`,
      secretAccessKey: 's',
      sessionToken: 't',
      expiration: new Date(time + lifeSeconds * 1000),
    },
    lastUpdated: now(),
  });
  const reports: Refresh[] = [];
  const load = () => {
    loads++;
    return (next ?? grant)();
  };
  const isRefusal = (cause: unknown) => cause instanceof Refusal;
  const report = (refresh: Refresh) => void reports.push(refresh);
  const kept = await keepRole({ load, isRefusal, role, report }, { now, random: () => random });
  return {
    kept,
    reports,
    loads: () => loads,
    pass: (seconds: number) => {
      time += seconds * 1000;
    },
    answer: (given?: () => Promise<RoleState>) => {
      next = given;
    },
    key: async () => {
      const state = await kept.current();
      return state.kind === 'granted' ? state.credentials.accessKeyId : state.kind;
    },
  };
}

/** Lets what was started without waiting run to its end. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

const fails = (cause = new Error('no way')) => Promise.reject(cause);

test('the first load must succeed: what it rejects with is what whoever starts sees', async () => {
  const loading = { load: () => fails(), isRefusal: () => false, report: () => assert.fail('nothing was refreshed') };
  await assert.rejects(keepRole(loading, { now: () => new Date(0), random: () => 0 }), /no way/);
});

test('credentials that are over when they come are no credentials', async () => {
  await assert.rejects(rig({ lifeSeconds: 0 }), /clock of this host is ahead/);
});

describe('ahead of the end', () => {
  for (const [lifeSeconds, dueSeconds] of [
    [3600, 40 * minute],
    [900, 10 * minute],
    [43_200, 700 * minute],
  ] as const) {
    test(`a life of ${lifeSeconds} seconds is renewed after ${dueSeconds}`, async () => {
      const { key, pass, loads } = await rig({ lifeSeconds });
      pass(dueSeconds - 1);
      assert.equal(await key(), 'ASIA1');
      assert.equal(loads(), 1);
      pass(1);
      assert.equal(await key(), 'ASIA1', 'nobody waits for the new ones');
      await settled();
      assert.equal(await key(), 'ASIA2');
      assert.equal(loads(), 2);
    });
  }
  test('the jitter comes earlier', async () => {
    const { kept, pass, loads } = await rig({ random: 0.5 });
    pass(37 * minute);
    kept.tick();
    assert.equal(loads(), 2);
  });
  test('a tick renews what nobody asks for', async () => {
    const { kept, pass, loads, key } = await rig();
    pass(39 * minute);
    kept.tick();
    assert.equal(loads(), 1);
    pass(minute);
    kept.tick();
    kept.tick();
    await settled();
    assert.equal(loads(), 2);
    assert.equal(await key(), 'ASIA2');
  });
});

test('a thousand askers at once cause one load', async () => {
  const { kept, pass, loads } = await rig();
  pass(2 * 3600);
  const states = await Promise.all(Array.from({ length: 1000 }, () => kept.current()));
  assert.equal(loads(), 2);
  assert.ok(states.every((state) => state === states[0]));
});

test('after a sleep longer than the credentials the first asker waits for new ones', async () => {
  const { key, pass } = await rig();
  pass(10 * 3600);
  assert.equal(await key(), 'ASIA2');
});

describe('while refreshes fail', () => {
  test('the last good credentials stay to their last second, and then there are none', async () => {
    const { key, kept, pass, answer } = await rig();
    answer(() => fails());
    pass(3599);
    assert.equal(await key(), 'ASIA1');
    await settled();
    pass(1);
    assert.equal(await key(), 'unavailable');
    assert.deepEqual(kept.held().kind, 'unavailable');
  });
  test('attempts are a second, then two, four … and at most a minute apart', async () => {
    const { kept, pass, answer, loads } = await rig({ random: 1 });
    answer(() => fails());
    pass(40 * minute);
    kept.tick();
    await settled();
    const pauses: number[] = [];
    for (let count = 0; count < 8; count++) {
      const before = loads();
      let waited = 0;
      for (; loads() === before; waited++) {
        pass(1);
        kept.tick();
      }
      await settled();
      pauses.push(waited);
    }
    assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
  });
  test('without credentials askers between two attempts are answered at once', async () => {
    const { key, pass, answer, loads } = await rig();
    answer(() => fails());
    pass(2 * 3600);
    assert.equal(await key(), 'unavailable');
    assert.equal(await key(), 'unavailable');
    assert.equal(loads(), 2);
    pass(1);
    answer(undefined);
    assert.equal(await key(), 'ASIA3');
  });
  test('a refusal is told as one when the last good credentials are over', async () => {
    const { key, pass, answer } = await rig();
    answer(() => fails(new Refusal()));
    pass(50 * minute);
    assert.equal(await key(), 'ASIA1');
    await settled();
    pass(20 * minute);
    assert.equal(await key(), 'unauthorized');
  });
  test('credentials that come and are over already count as a failure', async () => {
    const { key, pass, answer } = await rig();
    const old = { accessKeyId: 'OLD', secretAccessKey: 's', sessionToken: 't', expiration: new Date(0) };
    answer(async () => ({ kind: 'granted', role, credentials: old, lastUpdated: new Date(0) }));
    pass(2 * 3600);
    assert.equal(await key(), 'unavailable');
  });
});

test('a state without credentials takes the place of good ones and is looked at again after a minute', async () => {
  const { key, pass, answer } = await rig();
  answer(async () => ({ kind: 'withoutRole', profile: { arn: 'a', id: 'b' }, lastUpdated: new Date(0) }));
  pass(40 * minute);
  await key();
  await settled();
  assert.equal(await key(), 'withoutRole');
  answer(undefined);
  pass(59);
  assert.equal(await key(), 'withoutRole');
  pass(1);
  await key();
  await settled();
  assert.equal(await key(), 'ASIA3');
});
