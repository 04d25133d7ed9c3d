// Trust anchors over the wire: what is stored of a source, what is refused, and that a refused write changes nothing.
import assert from 'node:assert/strict';
import test from 'node:test';
import { makeCa } from '../../../test/pki.ts';
import { type Road, region, testRoad } from '../../../test/road.ts';
import { arnOf, bundle, refused, refusedAll, unknownId, violation } from './rig.test.ts';

const ca = makeCa();
const lawful = { name: 'anchor', source: bundle(ca.pem) };
const uuidPattern = '.*[a-f0-9]{8}-([a-z0-9]{4}-){3}[a-z0-9]{12}.*';
const defaultSettings = ['CA_CERTIFICATE_EXPIRY', 'END_ENTITY_CERTIFICATE_EXPIRY'].map((event) => ({
  enabled: true,
  event,
  threshold: 45,
  channel: 'ALL',
  configuredBy: 'rolesanywhere.amazonaws.com',
}));

async function created(road: Road, body: object = lawful) {
  const answer = await road.rest('POST', '/trustanchors', body);
  assert.equal(answer.status, 201, answer.body);
  return answer.json().trustAnchor;
}

test('a trust anchor of only what is required is disabled and has the two default notifications', async () => {
  const road = await testRoad();
  const answer = await road.rest('POST', '/trustanchors', lawful);
  assert.equal(answer.status, 201);
  assert.equal(answer.header('content-type'), 'application/json');
  assert.match(answer.header('x-amzn-requestid') ?? '', /^[0-9a-f-]{36}$/);
  const { trustAnchorId, ...detail } = answer.json().trustAnchor;
  assert.match(trustAnchorId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.deepEqual(detail, {
    trustAnchorArn: arnOf(`trust-anchor/${trustAnchorId}`),
    name: 'anchor',
    source: bundle(ca.pem),
    enabled: false,
    createdAt: '2026-11-22T12:00:00.000000Z',
    updatedAt: '2026-11-22T12:00:00.000000Z',
    notificationSettings: defaultSettings,
  });
  assert.deepEqual(Object.keys(answer.json()), ['trustAnchor']);
});

test('every member given at creation is read back by Get and List', async () => {
  const road = await testRoad();
  const two = makeCa({ subject: 'CN=Second', key: 'ml-dsa-65' });
  const anchor = await created(road, {
    name: 'A-z_0 9',
    enabled: true,
    source: bundle(ca.pem, two.pem),
    tags: [{ key: 'team', value: '' }],
    notificationSettings: [
      { event: 'END_ENTITY_CERTIFICATE_EXPIRY', enabled: false },
      { event: 'CA_CERTIFICATE_EXPIRY', enabled: true, threshold: 360, channel: 'ALL' },
    ],
  });
  assert.equal(anchor.name, 'A-z_0 9');
  assert.equal(anchor.enabled, true);
  assert.deepEqual(anchor.source, bundle(ca.pem, two.pem));
  assert.deepEqual(anchor.notificationSettings, [
    { enabled: true, event: 'CA_CERTIFICATE_EXPIRY', threshold: 360, channel: 'ALL', configuredBy: '123456789012' },
    { enabled: false, event: 'END_ENTITY_CERTIFICATE_EXPIRY', channel: 'ALL', configuredBy: '123456789012' },
  ]);
  const got = await road.rest('GET', `/trustanchor/${anchor.trustAnchorId}`);
  assert.deepEqual([got.status, got.json()], [200, { trustAnchor: anchor }]);
  const listed = await road.rest('GET', '/trustanchors');
  assert.deepEqual([listed.status, listed.json()], [200, { trustAnchors: [anchor] }]);
});

test('the stored PEM loses the white space at its ends and gains a final line end, and nothing else changes', async () => {
  const road = await testRoad();
  const inner = `Text before.\n${ca.pem.trim()}`;
  const { source } = await created(road, { name: 'a', source: bundle(`\n\n  ${inner}  \r\n\n`) });
  assert.equal(source.sourceData.x509CertificateData, `${inner}\n`);
});

test('an intermediate, an expired and a not yet valid certificate may be trust anchors', async () => {
  const road = await testRoad();
  const intermediate = ca.issueCa();
  const early = makeCa({ notBefore: '2030-01-01T00:00:00Z' });
  const late = makeCa({ notAfter: '2026-02-01T00:00:00Z' });
  for (const { pem } of [intermediate, early, late]) await created(road, { name: 'a', source: bundle(pem) });
});

test('an update changes what it names, skips nulls and unknown members, and moves updatedAt alone', async () => {
  const road = await testRoad();
  const anchor = await created(road);
  const path = `/trustanchor/${anchor.trustAnchorId}`;
  road.at('2026-11-22T12:00:01.234Z');
  const updatedAt = '2026-11-22T12:00:01.234000Z';
  const renamed = await road.rest('PATCH', path, { name: 'other', source: null, enabled: true, unknown: [{}] });
  assert.deepEqual(renamed.json().trustAnchor, { ...anchor, name: 'other', updatedAt });
  const source = bundle(makeCa().pem);
  const moved = await road.rest('PATCH', path, { name: null, source });
  assert.deepEqual(moved.json().trustAnchor, { ...anchor, name: 'other', source, updatedAt });
  const nothing = await road.rest('PATCH', path, '');
  assert.deepEqual([nothing.status, nothing.json()], [200, moved.json()]);
  assert.deepEqual((await road.rest('GET', path)).json(), moved.json());
});

test('enable and disable show the new state, repeat without error, and ignore any body', async () => {
  const road = await testRoad();
  const { trustAnchorId } = await created(road);
  for (const [verb, body, enabled] of [
    ['enable', undefined, true],
    ['enable', {}, true],
    ['disable', 'not json', false],
    ['disable', undefined, false],
    ['enable', undefined, true],
  ] as const) {
    const answer = await road.rest('POST', `/trustanchor/${trustAnchorId}/${verb}`, body);
    assert.deepEqual([answer.status, answer.json().trustAnchor.enabled], [200, enabled], answer.body);
  }
});

test('a deletion gives the last state with status 200; after it there is nothing to get, change or delete', async () => {
  const road = await testRoad();
  const anchor = await created(road);
  const path = `/trustanchor/${anchor.trustAnchorId}`;
  const deleted = await road.rest('DELETE', path);
  assert.deepEqual([deleted.status, deleted.json()], [200, { trustAnchor: anchor }]);
  await refusedAll(
    road,
    itemCalls(road, path).map((call) => [call, 'ResourceNotFoundException', /was not found/]),
  );
  assert.deepEqual((await road.rest('GET', '/trustanchors')).json(), { trustAnchors: [] });
});

function itemCalls(road: Road, path: string) {
  return [
    () => road.rest('GET', path),
    () => road.rest('PATCH', path, { name: 'x' }),
    () => road.rest('POST', `${path}/enable`),
    () => road.rest('POST', `${path}/disable`),
    () => road.rest('DELETE', path),
  ];
}

test('an unknown id is not found; one without the form of an id is not valid', async () => {
  const road = await testRoad();
  const malformed = 'z'.repeat(36);
  const short = 'abc';
  await refusedAll(road, [
    ...itemCalls(road, `/trustanchor/${unknownId}`).map(
      (call) => [call, 'ResourceNotFoundException', new RegExp(unknownId)] as const,
    ),
    ...itemCalls(road, `/trustanchor/${malformed}`).map(
      (call) =>
        [
          call,
          'ValidationException',
          violation(malformed, 'trustAnchorId', `Member must satisfy regular expression pattern: ${uuidPattern}`),
        ] as const,
    ),
    ...itemCalls(road, `/trustanchor/${short}`).map(
      (call) => [call, 'ValidationException', /length greater than or equal to 36/] as const,
    ),
  ]);
});

test("another Region's trust anchor is not found and not listed", async () => {
  const road = await testRoad();
  const { trustAnchorId } = await created(road);
  assert.notEqual(region, 'us-west-2');
  const elsewhere = { region: 'us-west-2' };
  refused(
    await road.rest('GET', `/trustanchor/${trustAnchorId}`, undefined, elsewhere),
    'ResourceNotFoundException',
    /./,
  );
  refused(
    await road.rest('DELETE', `/trustanchor/${trustAnchorId}`, undefined, elsewhere),
    'ResourceNotFoundException',
    /./,
  );
  assert.deepEqual((await road.rest('GET', '/trustanchors', undefined, elsewhere)).json(), { trustAnchors: [] });
  assert.equal((await road.rest('GET', `/trustanchor/${trustAnchorId}`)).status, 200);
});

test('the body must be one JSON object in UTF-8', async () => {
  const road = await testRoad();
  for (const body of ['{', '[]', 'null', '"x"', '{"name":"a"}{}']) {
    refused(await road.rest('POST', '/trustanchors', body), 'SerializationException', /body/);
  }
});

test('the audit event of a creation hides tags and shows the rest', async () => {
  const road = await testRoad();
  await created(road, { ...lawful, tags: [{ key: 'topkey', value: 'topvalue' }] });
  const [event] = await road.events();
  const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS';
  assert.deepEqual(event?.requestParameters, { ...lawful, tags: [{ key: hidden, value: hidden }] });
  assert.equal(event?.eventName, 'CreateTrustAnchor');
  assert.doesNotMatch(JSON.stringify([event, road.logged]), /topkey|topvalue/);
});

test('without a signature nothing is answered', async () => {
  const road = await testRoad();
  const answer = await road.rest('POST', '/trustanchors', lawful, { unsigned: true });
  refused(answer, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
});
