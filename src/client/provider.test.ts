// Keeping a session: one flight for all, a new one ahead of expiry, the last good one while none can be had.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fromRolesAnywhere } from './credentials.ts';
import { RolesAnywhereError } from './errors.ts';
import { keep } from './provider.ts';
import {
  answering,
  answerOf,
  ca,
  credentials,
  goodOptions,
  leaf,
  now,
  scripted,
  stillWorld,
  success,
} from './rig.test.ts';
import type { Session } from './session.ts';

const minute = 60_000;

/** A keeper over a source that lasts an hour each time, unless `fails`. */
function rig(random = 0) {
  const state: { at: number; made: number; fails: boolean; failure?: Error } = {
    at: now.getTime(),
    made: 0,
    fails: false,
  };
  const create = async (): Promise<Session> => {
    state.made++;
    if (state.failure !== undefined) throw state.failure;
    if (state.fails) throw new Error(`failure ${state.made}`);
    const expiration = new Date(state.at + 60 * minute);
    const told = { roleArn: '', accountId: '', region: '', expirationText: expiration.toISOString() };
    return { ...credentials, ...told, accessKeyId: `ASIA${state.made}`, expiration };
  };
  const keeper = keep(create, { now: () => new Date(state.at), random: () => random });
  const id = async () => (await keeper.session()).accessKeyId;
  const pass = (minutes: number) => {
    state.at += minutes * minute;
  };
  return { state, keeper, id, pass };
}

test('a thousand callers at once make one session', async () => {
  await using server = await scripted(success);
  const provider = fromRolesAnywhere(goodOptions(server.url));
  const all = await Promise.all(Array.from({ length: 1000 }, () => provider()));
  assert.equal(server.asked.length, 1);
  assert.equal(new Set(all.map(({ accessKeyId }) => accessKeyId)).size, 1);
  assert.deepEqual(Object.keys(await provider()).sort(), [
    'accessKeyId',
    'accountId',
    'expiration',
    'secretAccessKey',
    'sessionToken',
  ]);
  assert.equal(server.asked.length, 1);
});

describe('a kept session', () => {
  test('is the same until fifteen minutes before it expires, then renewed without anybody waiting', async () => {
    const { state, id, pass } = rig();
    assert.equal(await id(), 'ASIA1');
    pass(44);
    assert.equal(await id(), 'ASIA1');
    pass(1);
    assert.equal(await id(), 'ASIA1', 'the old one, while the new one is on its way');
    assert.equal(state.made, 2);
    assert.equal(await id(), 'ASIA2');
  });

  test('is renewed a little earlier by chance', async () => {
    const { state, id, pass } = rig(0.99);
    await id();
    pass(42.1);
    await id();
    assert.equal(state.made, 2);
  });

  test('is waited for in its last minute, and never given when it is over', async () => {
    const { id, pass } = rig();
    await id();
    pass(59.5);
    assert.equal(await id(), 'ASIA2');
    pass(60);
    assert.equal(await id(), 'ASIA3');
  });

  test('is made anew on request', async () => {
    const { keeper, id } = rig();
    await id();
    assert.equal((await keeper.session({ forceRefresh: true })).accessKeyId, 'ASIA2');
  });

  test('lasts while no new one can be had, with pauses between the attempts, and then the reason is told', async () => {
    const { state, keeper, id, pass } = rig();
    await id();
    state.fails = true;
    pass(50);
    assert.equal(await id(), 'ASIA1');
    for (let call = 0; call < 100; call++) assert.equal(await id(), 'ASIA1');
    assert.equal(state.made, 2, 'a failure is followed by a pause');
    assert.match(String(keeper.standing().failure), /failure 2/);
    pass(9.5);
    assert.equal(await id(), 'ASIA1', 'half a minute is left');
    assert.equal(state.made, 3);
    pass(0.5);
    await assert.rejects(keeper.session(), /failure 4/);
    assert.equal(keeper.standing().session?.accessKeyId, 'ASIA1');
    state.fails = false;
    assert.equal(await id(), 'ASIA5');
    assert.equal(keeper.standing().failure, undefined);
  });

  test('is not asked for sooner than the server says, nor later than in a minute', async () => {
    const { state, id, pass } = rig();
    await id();
    state.failure = new RolesAnywhereError('ThrottlingException', 'slow down', { status: 429, retryAfterSeconds: 30 });
    pass(46);
    await id();
    pass(0.4);
    await id();
    assert.equal(state.made, 2);
    state.failure = new RolesAnywhereError('ThrottlingException', 'slow down', {
      status: 429,
      retryAfterSeconds: 3600,
    });
    pass(0.2);
    await id();
    assert.equal(state.made, 3);
    pass(1);
    await id();
    assert.equal(state.made, 4);
  });

  test('that could not be had at the start is asked for again', async () => {
    const { state, keeper, id } = rig();
    state.fails = true;
    await assert.rejects(Promise.all([keeper.session(), keeper.session()]), /failure 1/);
    state.fails = false;
    assert.equal(await id(), 'ASIA2');
  });
});

test('a server that fails at a refresh costs nobody the last good credentials', async () => {
  let at = now;
  await using server = await scripted(success, answering(500, ''), answering(500, ''), answering(500, ''), success);
  const provider = fromRolesAnywhere(goodOptions(server.url, { ...stillWorld(), now: () => at }));
  assert.equal((await provider()).accessKeyId, credentials.accessKeyId);
  at = new Date('2026-06-01T12:59:30Z');
  assert.equal((await provider()).accessKeyId, credentials.accessKeyId);
  assert.equal(server.asked.length, 4);
});

test('files that are rotated are read anew, also when they are caught between certificate and key', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'anyrole-client-'));
  const [certificate, privateKey] = [join(directory, 'tls.crt'), join(directory, 'tls.key')];
  const next = ca.issue({ subject: 'CN=next', key: 'rsa2048' });
  writeFileSync(certificate, leaf.pem);
  writeFileSync(privateKey, leaf.keyPem);
  await using server = await scripted(answering(201, answerOf()));
  const world = stillWorld();
  // The key comes while the client waits.
  const sleep = async () => writeFileSync(privateKey, next.keyPem);
  const provider = fromRolesAnywhere({ ...goodOptions(server.url, { ...world, sleep }), certificate, privateKey });
  await provider();
  writeFileSync(certificate, next.pem);
  await provider({ forceRefresh: true });
  rmSync(directory, { recursive: true, force: true });
  const sent = server.asked.map(({ headers }) => headers['x-amz-x509']);
  assert.deepEqual(
    sent,
    [leaf, next].map(({ der }) => Buffer.from(der).toString('base64')),
  );
  assert.match(server.asked[1]?.headers.authorization ?? '', /^AWS4-X509-RSA-SHA256 /);
});
