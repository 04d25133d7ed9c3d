// GetInstanceProfile goes the way of CreateSession: the same proxy, authorities and patience.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { forwardProxy } from '../../../test/forward-proxy.ts';
import { makeCa } from '../../../test/pki.ts';
import { RolesAnywhereError } from '../errors.ts';
import { answering, arns, type Step, scripted, scriptedTls, stillWorld } from '../rig.test.ts';
import type { Environment } from '../world.ts';
import { type IamWay, readProfileOver } from './read-profile.ts';

const credentials = {
  accessKeyId: 'ASIAREADPROFILE00001',
  secretAccessKey: 'a/secret+of/40=characters',
  sessionToken: 'dG9rZW4=',
  expiration: new Date('2026-06-01T13:00:00Z'),
};
const arn = 'arn:aws:iam::123456789012:instance-profile/web';
const found = answering(
  200,
  `<GetInstanceProfileResponse><GetInstanceProfileResult><InstanceProfile><Roles/><InstanceProfileId>AIPA1</InstanceProfileId><Arn>${arn}</Arn></InstanceProfile></GetInstanceProfileResult></GetInstanceProfileResponse>`,
);
const refused = (status: number, code: string, headers = {}): Step =>
  answering(status, `<ErrorResponse><Error><Code>${code}</Code><Message>a sentence</Message></Error></ErrorResponse>`, {
    'x-amzn-requestid': 'an-id',
    ...headers,
  });

const read = (options: Partial<IamWay>, environment: Environment = {}) => {
  const world = stillWorld(environment);
  const asked = readProfileOver({ ...options, trustAnchorArn: arns.trustAnchorArn }, world);
  return { world, profile: () => asked('web', credentials) };
};

async function refusalOf(profile: () => Promise<unknown>): Promise<RolesAnywhereError> {
  const outcome = await profile().catch((error) => error);
  assert.ok(outcome instanceof RolesAnywhereError, String(outcome));
  return outcome;
}

const san = { ip: [Uint8Array.of(127, 0, 0, 1)], dns: ['iam.amazonaws.com'] };
const webCa = makeCa({ subject: 'CN=Web CA' });
const web = webCa.issue({ subject: 'CN=here', san, eku: ['serverAuth'] });

describe('whom it believes', () => {
  test('the authorities of the bundle', async () => {
    await using server = await scriptedTls(web, found);
    const { profile } = read({ endpoint: server.url, ca: webCa.pem });
    assert.deepEqual(await profile(), { arn, id: 'AIPA1' });
  });
  test('nobody else', async () => {
    await using server = await scriptedTls(web, found);
    const stranger = makeCa({ subject: 'CN=Stranger' });
    const { profile } = read({ endpoint: server.url, ca: stranger.pem, maxAttempts: 1 });
    assert.equal((await refusalOf(profile)).code, 'NotReached');
    assert.deepEqual(server.asked, []);
  });
  test('whoever answers, where that was said', async () => {
    await using server = await scriptedTls(web, found);
    assert.ok(await read({ endpoint: server.url, verifySsl: false }).profile());
  });
});

test("it goes through the proxy, to IAM's own host where no endpoint is said", async () => {
  await using server = await scriptedTls(web, found);
  await using proxy = await forwardProxy({ routes: { 'iam.amazonaws.com:443': server.port } });
  const { profile } = read({ ca: webCa.pem }, { HTTPS_PROXY: proxy.url });
  assert.ok(await profile());
  assert.deepEqual(
    proxy.passed.map(({ line }) => line),
    ['CONNECT iam.amazonaws.com:443'],
  );
});

test('AWS_ENDPOINT_URL_IAM goes before the endpoint of Roles Anywhere', async () => {
  await using server = await scripted(found);
  const nowhere = 'http://127.0.0.1:9';
  assert.ok(await read({ endpoint: nowhere }, { AWS_ENDPOINT_URL_IAM: server.url }).profile());
});

describe('asked again', () => {
  for (const [what, step] of [
    ['throttling', refused(400, 'Throttling')],
    ['429', refused(429, 'TooManyRequests')],
    ['500', refused(500, 'ServiceFailure')],
    ['a broken connection', (response: Parameters<Step>[0]) => void response.destroy()],
  ] as const) {
    test(`${what} may pass`, async () => {
      await using server = await scripted(step, step, found);
      const { profile, world } = read({ endpoint: server.url });
      assert.ok(await profile());
      assert.deepEqual(world.slept, [125, 250]);
    });
  }
  test('what the server says to wait is waited for', async () => {
    await using server = await scripted(refused(503, 'ServiceUnavailable', { 'retry-after': '3' }), found);
    const { profile, world } = read({ endpoint: server.url });
    await profile();
    assert.deepEqual(world.slept, [3000]);
  });
  test('three times in all, then the last refusal is told', async () => {
    await using server = await scripted(refused(500, 'ServiceFailure'));
    const { code, status, requestId } = await refusalOf(read({ endpoint: server.url }).profile);
    assert.deepEqual([code, status, requestId, server.asked.length], ['ServiceFailure', 500, 'an-id', 3]);
  });
  test('not for a denial, and its sentence is told', async () => {
    await using server = await scripted(refused(403, 'AccessDenied'));
    const refusal = await refusalOf(read({ endpoint: server.url }).profile);
    assert.equal(refusal.message, 'AccessDenied: a sentence (status 403, request an-id)');
    assert.equal(server.asked.length, 1);
  });
});

test('an unknown profile is an answer', async () => {
  await using server = await scripted(refused(404, 'NoSuchEntity'));
  assert.equal(await read({ endpoint: server.url }).profile(), undefined);
});

for (const [what, step] of [
  ['nothing', answering(200, '')],
  ['a page of a proxy', answering(200, '<html>login</html>')],
  [
    'half an answer',
    (response: Parameters<Step>[0]) => void response.writeHead(200, { 'content-length': 9 }).end('<Arn'),
  ],
] as const) {
  test(`${what} is no answer of IAM`, async () => {
    await using server = await scripted(step);
    const { code } = await refusalOf(read({ endpoint: server.url, maxAttempts: 1 }).profile);
    assert.match(code, /UnusableAnswer|NotReached/);
  });
}

test('an endpoint that is none is told without being asked', async () => {
  assert.equal((await refusalOf(read({ endpoint: 'iam.example' }).profile)).code, 'InvalidOptions');
});
