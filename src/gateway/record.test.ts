// What stays of a visit: one event for whoever proved who he is, a line for everybody, and secrets nowhere.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeCa, makeSelfSigned } from '../../test/pki.ts';
import { account, fingerprintOf, type Road, region, testRoad } from '../../test/road.ts';
import { entryOf, newVisit } from './record.ts';
import { keysOf, policy, webSession } from './session.test.ts';

test('a change leaves one event, with what was asked and what came of it', async () => {
  const road = await testRoad();
  const answer = await road.rest('POST', '/profiles', {
    name: 'p',
    roleArns: [],
    tags: [{ key: 'k', value: 'SECRET' }],
  });
  const [event, ...more] = await road.events();
  assert.equal(more.length, 0);
  const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS';
  assert.deepEqual(event?.requestParameters, { name: 'p', roleArns: [], tags: [{ key: hidden, value: hidden }] });
  assert.equal(Object(event?.responseElements).profile.profileId, answer.json().profile.profileId);
  assert.deepEqual(event?.userIdentity, {
    type: 'Root',
    principalId: account,
    arn: `arn:aws:iam::${account}:root`,
    accountId: account,
    accessKeyId: road.root.accessKeyId,
  });
  const { eventSource, eventName, awsRegion, readOnly, eventTime, requestID, recipientAccountId, sourceIPAddress } =
    Object(event);
  assert.deepEqual(
    { eventSource, eventName, awsRegion, readOnly, eventTime, recipientAccountId, sourceIPAddress },
    {
      eventSource: 'rolesanywhere.amazonaws.com',
      eventName: 'CreateProfile',
      awsRegion: region,
      readOnly: false,
      eventTime: '2026-11-22T12:00:00Z',
      recipientAccountId: account,
      sourceIPAddress: '127.0.0.1',
    },
  );
  assert.equal(requestID, answer.header('x-amzn-requestid'));
});

test('a read leaves an event without its answer', async () => {
  const road = await testRoad();
  await road.rest('GET', '/profiles?pageSize=7');
  const [event] = await road.events();
  assert.deepEqual([event?.readOnly, event?.responseElements], [true, null]);
  assert.deepEqual(event?.requestParameters, { pageSize: 7 });
  assert.equal(event?.errorCode, undefined);
});

test('a refusal leaves an event that names the error and changes nothing', async () => {
  const road = await testRoad();
  const keys = keysOf(road, await webSession(road));
  await road.rest('POST', '/profiles', { name: 'p', roleArns: [] }, { keys });
  await road.rest('POST', '/profiles', { name: '', roleArns: [] });
  await road.rest('DELETE', '/profile/00000000-0000-4000-8000-000000000000');
  const [, denied, invalid, missing] = await road.events();
  assert.deepEqual([denied?.errorCode, denied?.responseElements], ['AccessDeniedException', null]);
  assert.deepEqual(denied?.requestParameters, { name: 'p', roleArns: [] });
  assert.deepEqual([invalid?.errorCode, invalid?.requestParameters], ['ValidationException', null]);
  assert.equal(missing?.errorCode, 'ResourceNotFoundException');
  assert.equal((await road.rest('GET', '/profiles')).json().profiles.length, 0);
});

test('a session is named with the role that issued it', async () => {
  const road = await testRoad();
  const claims = { ...(await webSession(road)), sourceIdentity: 'CN=web' };
  await road.query('sts', 'GetCallerIdentity', {}, { keys: keysOf(road, claims) });
  const identity = Object((await road.events()).at(-1)?.userIdentity);
  assert.equal(identity.type, 'AssumedRole');
  assert.equal(identity.arn, `arn:aws:sts::${account}:assumed-role/Web/s1`);
  assert.equal(identity.sessionContext.sessionIssuer.arn, `arn:aws:iam::${account}:role/Web`);
  assert.equal(identity.sessionContext.sourceIdentity, 'CN=web');
});

describe('strangers leave a line and no event', () => {
  for (const [what, ask] of [
    ['without a signature', (road: Road) => road.rest('GET', '/profiles', undefined, { unsigned: true })],
    [
      'with a wrong secret',
      (road: Road) => road.rest('GET', '/profiles', undefined, { keys: { ...road.root, secretAccessKey: 'x' } }),
    ],
    [
      'with an unknown key',
      (road: Road) => road.query('iam', 'ListRoles', {}, { keys: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' } }),
    ],
    ['for an operation that is none', (road: Road) => road.rest('GET', '/nothing')],
  ] as const) {
    test(what, async () => {
      const road = await testRoad();
      assert.ok((await ask(road)).status >= 400);
      assert.deepEqual(await road.events(), []);
      assert.equal(road.logged.length, 1);
    });
  }
});

describe('a certificate that leads nowhere', () => {
  const { certificate, privateKey } = makeSelfSigned({ subject: 'CN=stranger' });
  const arn = (kind: string, owner: string) =>
    `arn:aws:rolesanywhere:${region}:${owner}:${kind}/00000000-0000-4000-8000-000000000000`;
  const asked = (owner: string) => ({
    certificate,
    privateKey,
    body: {
      trustAnchorArn: arn('trust-anchor', owner),
      profileArn: arn('profile', owner),
      roleArn: `arn:aws:iam::${owner}:role/R`,
    },
  });

  test('leaves an event where its key was proved, with its fingerprint and the reason', async () => {
    const road = await testRoad();
    assert.equal((await road.session(asked(account))).status, 403);
    const [event] = await road.events();
    assert.equal(Object(event?.userIdentity).certificate, fingerprintOf(certificate.der));
    assert.equal(Object(event?.additionalEventData).explanations[0].reason, 'noTrustAnchor');
  });

  test('leaves none where its key was not proved', async () => {
    const road = await testRoad();
    const tamper = (request: { readonly body: Uint8Array }) => ({
      body: Buffer.concat([request.body, Buffer.from(' ')]),
    });
    const answer = await road.session({ ...asked(account), tamper: (request) => ({ ...request, ...tamper(request) }) });
    assert.equal(answer.status, 403);
    assert.deepEqual(await road.events(), []);
    assert.equal(road.logged.length, 1);
  });

  for (const owner of ['', 'x', '123', '999999999999', `${account}/x`, '\ud800', 'x'.repeat(500), `${account}\n`]) {
    test(`leaves none in the account ${JSON.stringify(owner.slice(0, 20))}, and no event after it is held up`, async () => {
      const road = await testRoad();
      const { status } = await road.session(asked(owner));
      assert.ok(status === 400 || status === 403, String(status));
      assert.deepEqual(await road.events(), []);
      await road.rest('GET', '/profiles');
      assert.equal((await road.events()).length, 1);
    });
  }
});

test('what a request or an answer says beyond 100 KiB is left out of its event', async () => {
  const road = await testRoad();
  const keys = keysOf(road, await webSession(road));
  await road.rest('POST', '/profiles', { name: 'p', roleArns: [], sessionPolicy: 'x'.repeat(1_000_000) }, { keys });
  const event = (await road.events()).at(-1);
  assert.deepEqual([event?.errorCode, event?.requestParameters], ['AccessDeniedException', null]);
});

test('secrets stand in no event, no line and no record', async () => {
  const road = await testRoad();
  const ca = makeCa();
  const leaf = ca.issue({ subject: 'CN=web' });
  const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: ca.pem } };
  const anchor = (await road.rest('POST', '/trustanchors', { name: 'ta', enabled: true, source })).json().trustAnchor;
  const trust = policy([
    {
      Effect: 'Allow',
      Principal: { Service: 'rolesanywhere.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
    },
  ]);
  const role = (await road.query('iam', 'CreateRole', { RoleName: 'R', AssumeRolePolicyDocument: trust })).text('Arn');
  const profile = (await road.rest('POST', '/profiles', { name: 'p', enabled: true, roleArns: [role] })).json().profile;
  const body = { trustAnchorArn: anchor.trustAnchorArn, profileArn: profile.profileArn, roleArn: role };
  const session = await road.session({ certificate: leaf.certificate, privateKey: leaf.privateKey, body });
  assert.equal(session.status, 201);
  const { credentials } = session.json().credentialSet[0];
  await road.query('sts', 'GetCallerIdentity', {}, { keys: credentials });
  await road.query('iam', 'ListRoles', {}, { keys: credentials });
  const events = await road.events();
  assert.equal(events.length, 6);
  const kept = JSON.stringify([events, road.logged]);
  const secrets = [credentials.secretAccessKey, credentials.sessionToken, road.root.secretAccessKey, 'AWS4-'];
  for (const secret of secrets) assert.equal(kept.includes(secret), false);
  assert.ok(kept.includes(credentials.accessKeyId), 'the key id is what ties use to issue');
});

test('explanations are kept whole, or as words where they are too many', async () => {
  const { world } = await testRoad();
  const service = world.services.get('sts');
  const operation = service?.operations.get('GetCallerIdentity');
  assert.ok(service && operation);
  const caller = { kind: 'root', account, arn: 'arn', userId: account, accessKeyId: 'AKIA' } as const;
  const origin = { ip: '::1', userAgent: '', secure: false };
  const kept = (count: number, fact: unknown) => {
    const explanations = Array.from({ length: count }, (_, at) => ({ reason: `r${at}`, fact }));
    const visit = newVisit('r', world.now(), origin, 'query');
    const { text } = entryOf(world, { ...visit, explanations, service, operation, caller, region, account }, {});
    return JSON.parse(text).additionalEventData.explanations;
  };
  assert.deepEqual(kept(1, 'f'), [{ reason: 'r0', fact: 'f' }]);
  const hostile = '\u2028"\\\ud800\n';
  assert.deepEqual(kept(1, { big: 1n, deep: [{ big: -2n }], gone: undefined, hostile }), [
    { reason: 'r0', fact: { big: '1', deep: [{ big: '-2' }], hostile } },
  ]);
  assert.deepEqual(kept(2, 'x'.repeat(60_000)), [{ reason: 'r0' }, { reason: 'r1' }]);
  assert.equal(kept(5000, 'f').length, 1000);
  assert.ok(JSON.stringify(kept(100_000, 'x'.repeat(1000))).length < 100 * 1024);
});

const scrape = async ({ world }: Road) => (await world.metrics.scrape()).body;

test('metrics count what is answered, by the names of what is served', async () => {
  const road = await testRoad();
  await road.rest('POST', '/profiles', { name: 'p', roleArns: [] });
  await road.rest('POST', '/profiles', { name: '', roleArns: [] });
  await road.query('iam', 'ListRoles');
  const body = await scrape(road);
  for (const line of [
    'anyrole_requests_total{service="rolesanywhere",operation="CreateProfile",status="2xx",code=""} 1',
    'anyrole_requests_total{service="rolesanywhere",operation="CreateProfile",status="4xx",code="ValidationException"} 1',
    'anyrole_requests_total{service="iam",operation="ListRoles",status="2xx",code=""} 1',
    'anyrole_request_duration_seconds_count{service="iam",operation="ListRoles"} 1',
  ]) {
    assert.ok(body.includes(`${line}\n`), line);
  }
});

test('a stranger makes no label: unknown services, operations, paths, actions and Regions', async () => {
  const road = await testRoad();
  const request = { method: 'GET', path: '/x', rawQuery: '', headers: [], body: new Uint8Array() };
  for (let n = 0; n < 50; n++) {
    await road.send(`evil${n}`, { ...request, path: `/evil${n}` });
    await road.rest('GET', `/evil${n}`);
    await road.rest(`EVIL${n}`, '/profiles', undefined, { region: `evil${n}` });
    await road.query('iam', `Evil${n}`);
    await road.query('iam', 'CreateUser', { UserName: `evil${n}` });
    await road.rest('GET', `/profile/evil${n}`, undefined, { unsigned: true });
    await road.rest('GET', '/profiles', undefined, {
      region: `evil-${n}`,
      keys: { ...road.root, accessKeyId: `EVIL${n}` },
    });
  }
  const body = await scrape(road);
  assert.doesNotMatch(body, /evil/i);
  const requests = body.split('\n').filter((line) => line.startsWith('anyrole_requests_total{'));
  assert.ok(requests.length < 12, requests.join('\n'));
});

test('requests for a session are counted by what came of them', async () => {
  const road = await testRoad();
  const stranger = makeSelfSigned();
  const body = { trustAnchorArn: 'evil', profileArn: 'evil', roleArn: 'evil' };
  for (let n = 0; n < 20; n++) await road.session({ ...stranger, body: { ...body, roleSessionName: `evil${n}` } });
  const lines = (await scrape(road)).split('\n').filter((line) => line.startsWith('anyrole_create_session_total{'));
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^anyrole_create_session_total\{outcome="[A-Za-z]+"\} 20$/);
});

test('a long user agent is cut', async () => {
  const road = await testRoad();
  const { handle } = await import('./handle.ts');
  const { world } = road;
  let request: Parameters<typeof handle>[1] | undefined;
  await road.rest('GET', '/profiles', undefined, {
    tamper(signed) {
      request = signed;
      return signed;
    },
  });
  assert.ok(request);
  await handle(world, request, { ip: '::1', userAgent: 'x'.repeat(100_000), secure: true });
  const event = (await road.events()).at(-1);
  assert.equal(String(event?.userAgent).length, 1024);
  assert.deepEqual(event?.tlsDetails, { tlsVersion: 'TLS' });
});

test('each line says who asked what, whoever asked before from the same place', async () => {
  const road = await testRoad();
  const user = { UserName: 'alice' };
  await road.query('iam', 'CreateUser', user);
  const made = await road.query('iam', 'CreateAccessKey', user);
  const keys = { accessKeyId: made.text('AccessKeyId') ?? '', secretAccessKey: made.text('SecretAccessKey') ?? '' };
  road.logged.length = 0;
  const identity = (options: object) => road.query('sts', 'GetCallerIdentity', {}, options);
  for (const options of [{}, {}, { keys }, { keys }, { unsigned: true }, {}]) await identity(options);
  await road.query('iam', 'ListUsers', {}, { keys });
  await road.rest('GET', '/nothing');
  const alice = `arn:aws:iam::${account}:user/alice`;
  const root = `arn:aws:iam::${account}:root`;
  assert.deepEqual(
    road.logged.map((line) => ['service', 'operation', 'caller', 'account'].map((name) => Object(line)[name])),
    [
      ...[root, root, alice, alice].map((caller) => ['sts', 'GetCallerIdentity', caller, account]),
      ['sts', 'GetCallerIdentity', undefined, undefined],
      ['sts', 'GetCallerIdentity', root, account],
      ['iam', 'ListUsers', alice, account],
      [undefined, undefined, undefined, undefined],
    ],
  );
  assert.equal(new Set(road.logged.map((line) => Object(line).requestId)).size, 8);
});
