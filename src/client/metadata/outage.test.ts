// What programs are told while no new credentials can be had, for hours of a clock that is set: from CreateSession's answers on
// the wire to the documents of both endpoints.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import {
  answering,
  answerOf,
  credentials,
  goodOptions,
  type Step,
  scripted,
  now as start,
  stillWorld,
} from '../rig.test.ts';
import { keepRole } from './kept-role.ts';
import { answerWorkload, type MetadataServer } from './metadata-server.ts';
import { metadataMetrics } from './metrics.ts';
import { roleOf } from './role-state.ts';
import { isSessionRefusal, sessionLoader } from './session-role.ts';
import { imdsTokens } from './tokens.ts';

const directory = mkdtempSync(join(tmpdir(), 'anyrole-metadata-outage-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const authorization = 'the-token-of-the-container';
const tokenFile = join(directory, 'token');
writeFileSync(tokenFile, authorization);
const minute = 60;

/** A metadata server before an endpoint whose answers are steps: the first is good, then `then` gives each. */
async function rig(then: Step | undefined) {
  let time = start.getTime();
  let sessions = 0;
  let fault = then;
  const now = () => new Date(time);
  const grant: Step = (response, request) => {
    const expiration = new Date(time + 3600_000).toISOString().replace(/\.\d+/, '');
    const given = {
      ...credentials,
      accessKeyId: `ASIAMETADATAOUTAGE${String(++sessions).padStart(2, '0')}`,
      expiration,
    };
    answering(201, answerOf(given))(response, request);
  };
  const server = await scripted(grant, (response, request) => (fault ?? grant)(response, request));
  const world = { ...stillWorld(), now };
  const options = goodOptions(server.url, world);
  const role = roleOf(options.roleArn);
  assert.ok(role);
  const metrics = metadataMetrics();
  const load = sessionLoader(options, role, now);
  const report = ({ kind }: { readonly kind: 'refreshed' | 'refreshFailed' }) => metrics.refreshed('default', kind);
  const kept = await keepRole({ load, isRefusal: isSessionRefusal, role, report }, { now, random: () => 0 });
  const tokens = imdsTokens({ now, randomBytes });
  const instance = { region: 'eu-central-1', accountId: '123456789012', instanceId: 'i-0', architecture: 'arm64' };
  const metadata: MetadataServer = {
    imds: { tokens, instance, role: () => kept.current() },
    containers: new Map([['default', { role: () => kept.current(), tokenFile }]]),
    hostNames: [],
    watched: [{ name: 'default', held: () => kept.held() }],
    metrics,
  };
  const ask = (path: string, headers: Record<string, string>) =>
    answerWorkload(metadata, { method: 'GET', path, headers });
  return {
    server,
    world,
    kept,
    pass: (seconds: number) => {
      time += seconds * 1000;
    },
    say: (next: Step | undefined) => {
      fault = next;
    },
    imds: () =>
      ask('/latest/meta-data/iam/security-credentials/Worker', { 'x-aws-ec2-metadata-token': tokens.issue(60) }),
    container: () => ask('/v2/credentials/default', { authorization }),
    health: async () => (await ask('/healthz', {})).status,
    attempts: () => server.asked.length,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

type Rig = Awaited<ReturnType<typeof rig>>;

/** Both endpoints give these credentials, whole. */
async function gives({ imds, container, health }: Rig, accessKeyId: string): Promise<void> {
  const [one, other] = [await imds(), await container()];
  const [document, agent] = [JSON.parse(one.body), JSON.parse(other.body)];
  assert.deepEqual([one.status, document.Code, document.AccessKeyId], [200, 'Success', accessKeyId]);
  assert.deepEqual([other.status, agent.AccessKeyId], [200, accessKeyId]);
  for (const given of [document, agent])
    for (const member of ['SecretAccessKey', 'Token', 'Expiration']) assert.ok(given[member], member);
  assert.equal(await health(), 200);
}

/** Neither endpoint gives any, and each says so in its own way. */
async function givesNone({ imds, container, health }: Rig, code: string, imdsStatus: number, containerStatus: number) {
  const [one, other] = [await imds(), await container()];
  assert.deepEqual([one.status, other.status], [imdsStatus, containerStatus]);
  assert.equal(JSON.parse(other.body).code, code);
  for (const { body } of [one, other]) assert.doesNotMatch(body, /Success|AccessKeyId|ASIA|secret\+of/);
  assert.equal(await health(), 503);
}

const unreached = ['CredentialsUninitialized', 503, 503] as const;
const denied = answering(403, '{"message":"no"}', { 'x-amzn-errortype': 'AccessDeniedException' });

const faults: readonly (readonly [string, Step])[] = [
  ['a connection that breaks', (response) => void response.destroy()],
  ['429', answering(429, '{"message":"Rate exceeded"}', { 'x-amzn-errortype': 'ThrottlingException' })],
  ['500', answering(500, '')],
  ["a gateway's page", answering(502, '<html>bad gateway</html>')],
  ["a proxy's success", answering(200, '<html>log in</html>')],
  [
    'an answer that is cut off',
    (response) => void response.writeHead(201, { 'content-length': 900 }).end(answerOf().slice(0, 90)),
  ],
  ['an empty set', answering(201, '{"credentialSet":[]}')],
  [
    'empty values',
    answering(201, answerOf({ accessKeyId: '', secretAccessKey: '', sessionToken: '', expiration: '' })),
  ],
  ['no secret', answering(201, answerOf({ ...credentials, secretAccessKey: undefined }))],
  [
    "an end of year one, as the official helper's",
    answering(201, answerOf({ ...credentials, expiration: '0001-01-01T00:00:00Z' })),
  ],
];

describe('while every refresh meets', () => {
  for (const [what, fault] of faults) {
    test(`${what}: the good ones to their last second, then none, then new ones`, async () => {
      await using it = await rig(fault);
      for (const seconds of [40 * minute, 10 * minute, 9 * minute + 59]) {
        it.pass(seconds);
        await gives(it, 'ASIAMETADATAOUTAGE01');
      }
      it.pass(1);
      await givesNone(it, ...unreached);
      it.say(undefined);
      it.pass(minute);
      await gives(it, 'ASIAMETADATAOUTAGE02');
    });
  }
  test('a refusal: as EC2 tells of a role that may not be assumed', async () => {
    await using it = await rig(denied);
    it.pass(59 * minute);
    await gives(it, 'ASIAMETADATAOUTAGE01');
    it.pass(2 * minute);
    const { status, body } = await it.imds();
    assert.deepEqual([status, JSON.parse(body).Code], [200, 'AssumeRoleUnauthorizedAccess']);
    await givesNone(it, 'AssumeRoleUnauthorizedAccess', 200, 403);
    it.say(undefined);
    it.pass(minute);
    // Who asks gets the old word, and causes the new one.
    await it.imds();
    while (it.kept.held().kind !== 'granted') await new Promise((resolve) => setImmediate(resolve));
    await gives(it, 'ASIAMETADATAOUTAGE02');
  });
});

test('429 and 500 are asked again within a refresh, after 125 and 250 ms', async () => {
  const steps = [answering(429, ''), answering(500, '')];
  await using it = await rig((response, request) => (steps.shift() ?? answering(500, ''))(response, request));
  it.pass(2 * 60 * minute);
  await givesNone(it, ...unreached);
  assert.deepEqual(it.world.slept, [125, 250]);
  assert.equal(it.attempts(), 1 + 3);
});

test('Retry-After is waited for within a refresh', async () => {
  await using it = await rig(undefined);
  it.say((response, request) => {
    it.say(undefined);
    answering(503, '', { 'retry-after': '7' })(response, request);
  });
  it.pass(2 * 60 * minute);
  await gives(it, 'ASIAMETADATAOUTAGE02');
  assert.deepEqual(it.world.slept, [7000]);
});

test('an outage of twelve hours: an error each time, one refresh for however many ask, and then new ones', async () => {
  await using it = await rig((response) => void response.destroy());
  it.pass(3600);
  for (let tenMinutes = 0; tenMinutes < 72; tenMinutes++) {
    it.pass(10 * minute);
    const before = it.attempts();
    const statuses = await Promise.all(Array.from({ length: 50 }, async () => (await it.imds()).status));
    assert.ok(statuses.every((status) => status === 503));
    assert.equal(it.attempts() - before, 3);
  }
  it.say(undefined);
  it.pass(minute);
  await gives(it, 'ASIAMETADATAOUTAGE02');
});

test('a server that is not there at the start is told at once', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => closed.once('listening', resolve));
  const address = closed.address();
  assert.ok(address !== null && typeof address === 'object');
  await new Promise((resolve) => closed.close(resolve));
  const options = goodOptions(`http://127.0.0.1:${address.port}`);
  const load = sessionLoader(options, { arn: options.roleArn, name: 'Worker' }, () => start);
  const loading = { load, isRefusal: isSessionRefusal, report: () => assert.fail('nothing was had') };
  await assert.rejects(keepRole(loading, { now: () => start, random: () => 0 }), { code: 'NotReached' });
});
