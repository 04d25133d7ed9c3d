// CRLs over the wire: what is kept of one, what is refused, and that a refused import changes nothing.
import assert from 'node:assert/strict';
import test from 'node:test';
import { der, makeCa } from '../../../test/pki.ts';
import { account, type Road } from '../../../test/road.ts';
import { defaultSettings } from '../settings.ts';
import {
  actor,
  arnOf,
  arranged,
  bundle,
  imported,
  kept,
  refused,
  refusedAll,
  unknownId,
  violation,
} from './rig.test.ts';

const invalid = 'ValidationException';
const missing = 'ResourceNotFoundException';
const badData = 'Error importing CRL. Bad CRL data';
const base64 = (bytes: string | Uint8Array) => Buffer.from(bytes).toString('base64');
const get = (road: Road, id: string) => road.rest('GET', `/crl/${id}`);

test('an imported CRL is disabled unless asked otherwise, and is shown byte for byte', async () => {
  const server = await arranged();
  const { road, ca, arns } = server;
  const text = `Issued by hand.\r\n${ca.crl().pem}trailing words\n`;
  const body = { name: 'A-z_0 9', crlData: base64(text), trustAnchorArn: arns.trustAnchorArn };
  const answer = await road.rest('POST', '/crls', body);
  assert.equal(answer.status, 201, answer.body);
  assert.deepEqual(Object.keys(answer.json()), ['crl']);
  const { crlId, ...detail } = answer.json().crl;
  assert.deepEqual(detail, {
    crlArn: arnOf(`crl/${crlId}`),
    name: 'A-z_0 9',
    enabled: false,
    crlData: base64(text),
    trustAnchorArn: arns.trustAnchorArn,
    createdAt: '2026-11-22T12:00:00.000000Z',
    updatedAt: '2026-11-22T12:00:00.000000Z',
  });
  assert.deepEqual((await get(road, crlId)).json(), { crl: { crlId, ...detail } });
  assert.deepEqual((await road.rest('GET', '/crls')).json(), { crls: [{ crlId, ...detail }] });
});

test('DER is taken as well as PEM, and a list of another authority than the trust anchor', async () => {
  const server = await arranged();
  const { der: bytes } = server.ca.crl();
  assert.equal((await imported(server, bytes)).crlData, base64(bytes));
  const intermediate = makeCa({ subject: 'CN=Elsewhere' });
  assert.equal((await imported(server, intermediate.crl().pem)).enabled, true);
});

test('an update changes what is given, an unknown member nothing, and the trust anchor never', async () => {
  const server = await arranged();
  const { road, ca } = server;
  const crl = await imported(server, ca.crl().pem);
  const path = `/crl/${crl.crlId}`;
  road.at('2026-11-22T12:00:01Z');
  const renamed = { ...crl, name: 'new', updatedAt: '2026-11-22T12:00:01.000000Z' };
  assert.deepEqual((await road.rest('PATCH', path, { name: 'new' })).json(), { crl: renamed });
  const other = arnOf(`trust-anchor/${unknownId}`);
  assert.deepEqual((await road.rest('PATCH', path, { trustAnchorArn: other, enabled: false })).json(), {
    crl: renamed,
  });
  const { der: bytes } = ca.crl({ number: 2 });
  const renewed = { ...renamed, crlData: base64(bytes) };
  assert.deepEqual((await road.rest('PATCH', path, { crlData: base64(bytes) })).json(), { crl: renewed });
  assert.deepEqual((await get(road, crl.crlId)).json(), { crl: renewed });
});

test('enabling and disabling show the new state, twice is once, and the last state is what deleting shows', async () => {
  const server = await arranged();
  const { road, ca } = server;
  const { crlId } = await imported(server, ca.crl().pem, { enabled: false });
  for (const [verb, enabled] of [
    ['enable', true],
    ['enable', true],
    ['disable', false],
    ['disable', false],
    ['enable', true],
  ] as const) {
    const answer = await road.rest('POST', `/crl/${crlId}/${verb}`);
    assert.deepEqual([answer.status, answer.json().crl.enabled], [200, enabled]);
  }
  const last = (await get(road, crlId)).json();
  const deleted = await road.rest('DELETE', `/crl/${crlId}`);
  assert.deepEqual([deleted.status, deleted.json()], [200, last]);
  assert.deepEqual((await road.rest('GET', '/crls')).json(), { crls: [] });
  refused(await get(road, crlId), missing, `CRL ${crlId} was not found.`);
  refused(await road.rest('DELETE', `/crl/${crlId}`), missing, `CRL ${crlId} was not found.`);
  const { crls, crlsOfTrustAnchors } = Object(await kept(road));
  assert.deepEqual([crls, crlsOfTrustAnchors], [[], []]);
});

test('what is not there, or stands elsewhere, is not found by any operation', async () => {
  const server = await arranged();
  const { road, ca } = server;
  const { crlId } = await imported(server, ca.crl().pem);
  const elsewhere = { region: 'us-west-2' };
  for (const [id, options] of [
    [unknownId, {}],
    [crlId, elsewhere],
  ] as const) {
    const not = [missing, `CRL ${id} was not found.`] as const;
    await refusedAll(road, [
      [() => road.rest('GET', `/crl/${id}`, undefined, options), ...not],
      [() => road.rest('PATCH', `/crl/${id}`, { name: 'x' }, options), ...not],
      [() => road.rest('POST', `/crl/${id}/enable`, undefined, options), ...not],
      [() => road.rest('POST', `/crl/${id}/disable`, undefined, options), ...not],
      [() => road.rest('DELETE', `/crl/${id}`, undefined, options), ...not],
    ]);
  }
  assert.deepEqual((await road.rest('GET', '/crls', undefined, elsewhere)).json(), { crls: [] });
});

test('what is no CRL that CreateSession could use is refused, at import and at update', async () => {
  const server = await arranged();
  const { road, ca, arns } = server;
  const { crlId } = await imported(server, ca.crl().pem);
  const stranger = makeCa({ subject: 'CN=Stranger' });
  const good = ca.crl().der;
  const unsupported = [{ oid: '1.2.3.4', critical: true, value: der.integer(1) }];
  for (const [crlData, message] of [
    ['x', badData],
    [Buffer.alloc(100, 0x30), badData],
    [good.subarray(0, good.length - 1), badData],
    [Buffer.concat([good, Buffer.from([0])]), badData],
    [ca.pem, badData],
    [ca.crl().pem + ca.crl().pem, badData],
    [ca.crl().pem.replace('-----END', '!-----END'), badData],
    [ca.crl({ deltaBase: 1 }).der, `${badData}: delta CRLs are not supported`],
    [ca.crl({ idp: { indirect: true } }).der, `${badData}: indirect CRLs are not supported`],
    [ca.crl({ extensions: unsupported }).der, `${badData}: it has a critical extension that is not supported`],
    [ca.crl({ signWith: stranger.keys }).der, `${badData}: it is not signed by the trust anchor`],
  ] as const) {
    const body = { crlData: base64(crlData) };
    await refusedAll(road, [
      [() => road.rest('POST', '/crls', { name: 'x', trustAnchorArn: arns.trustAnchorArn, ...body }), invalid, message],
      [() => road.rest('PATCH', `/crl/${crlId}`, body), invalid, message],
    ]);
  }
});

test('a trust anchor that may not sign CRLs has none of its own', async () => {
  const ca = makeCa({ keyUsage: ['keyCertSign'] });
  const { road, arns } = await arranged({ ca });
  const body = { name: 'x', trustAnchorArn: arns.trustAnchorArn, crlData: base64(ca.crl().der) };
  await refusedAll(road, [
    [() => road.rest('POST', '/crls', body), invalid, `${badData}: it is not signed by the trust anchor`],
  ]);
});

test('of two certificates with one name in a trust anchor, either may have signed', async () => {
  const [old, young] = [makeCa(), makeCa()];
  const server = await arranged({ ca: young, anchor: { source: bundle(old.pem, young.pem) } });
  await imported(server, old.crl().der);
  await imported(server, young.crl().der);
});

test('members out of bounds are refused with their names', async () => {
  const { road, arns, ca } = await arranged();
  const lawful = { name: 'x', trustAnchorArn: arns.trustAnchorArn, crlData: base64(ca.crl().der) };
  const create = (body: object) => () => road.rest('POST', '/crls', { ...lawful, ...body });
  const notNull = 'Member must not be null';
  await refusedAll(road, [
    [create({ name: undefined }), invalid, violation(undefined, 'name', notNull)],
    [create({ crlData: undefined }), invalid, violation(undefined, 'crlData', notNull)],
    [create({ trustAnchorArn: undefined }), invalid, violation(undefined, 'trustAnchorArn', notNull)],
    [
      create({ crlData: '' }),
      invalid,
      /at 'crlData' failed to satisfy constraint: Member must have length greater than or equal to 1/,
    ],
    [
      create({ crlData: base64(Buffer.alloc(300_001)) }),
      invalid,
      /Member must have length less than or equal to 300000/,
    ],
    [create({ crlData: '%%%' }), 'SerializationException', /crlData/],
    [create({ crlData: 1 }), 'SerializationException', /crlData/],
    [create({ enabled: 'yes' }), 'SerializationException', /enabled/],
    [create({ name: 'a/b' }), invalid, /at 'name'/],
    [create({ trustAnchorArn: arns.profileArn }), invalid, /at 'trustAnchorArn'/],
    [create({ tags: [{ key: 'aws:x', value: '' }] }), invalid, 'Tag keys beginning with aws: are reserved.'],
    [() => road.rest('GET', '/crl/x'), invalid, /at 'crlId'/],
    [() => road.rest('POST', '/crl/x/enable'), invalid, /at 'crlId'/],
    [() => road.rest('GET', '/crls?pageSize=0'), invalid, /at 'pageSize'/],
    [() => road.rest('GET', '/crls?nextToken=x'), invalid, 'Invalid nextToken.'],
  ]);
});

test("a trust anchor that is unknown, or another account's or Region's, takes no CRL", async () => {
  const { road, arns, ca } = await arranged();
  const id = arns.trustAnchorArn.split('/').at(-1);
  const create = (trustAnchorArn: string) => () =>
    road.rest('POST', '/crls', { name: 'x', trustAnchorArn, crlData: base64(ca.crl().der) });
  const not = [invalid, "Specified Trust Anchor wasn't found."] as const;
  await refusedAll(road, [
    [create(arnOf(`trust-anchor/${unknownId}`)), ...not],
    [create(arns.trustAnchorArn.replace(account, '999999999999')), ...not],
    [create(arns.trustAnchorArn.replace('eu-central-1', 'us-east-1')), ...not],
    [create(arns.trustAnchorArn.replace('arn:aws:', 'arn:aws-cn:')), ...not],
    [create(arnOf(`trust-anchor/x/${id}`)), ...not],
    [create(arnOf('trust-anchor/')), ...not],
  ]);
});

test('a trust anchor has at most as many CRLs as the quota says, enabled or not, and a deleted one makes room', async () => {
  for (const crlsPerTrustAnchor of [1, 2, 3]) {
    const settings = { ...defaultSettings, quotas: { ...defaultSettings.quotas, crlsPerTrustAnchor } };
    const server = await arranged({ settings });
    const { road, ca, arns } = server;
    const ids: string[] = [];
    for (let at = 0; at < crlsPerTrustAnchor; at++) {
      ids.push((await imported(server, ca.crl({ number: at + 1 }).der, { enabled: at % 2 === 0 })).crlId);
    }
    const body = { name: 'x', trustAnchorArn: arns.trustAnchorArn, crlData: base64(ca.crl().der) };
    const full = `The quota is reached: at most ${crlsPerTrustAnchor} CRLs per trust anchor.`;
    await refusedAll(road, [[() => road.rest('POST', '/crls', body), invalid, full]]);
    await road.rest('PATCH', `/crl/${ids[0]}`, { crlData: body.crlData });
    await road.rest('DELETE', `/crl/${ids[0]}`);
    await imported(server, ca.crl().der);
  }
});

test('the quota holds when imports race', async () => {
  const { road, ca, arns } = await arranged();
  const body = { name: 'x', trustAnchorArn: arns.trustAnchorArn, crlData: base64(ca.crl().der) };
  const answers = await Promise.all(Array.from({ length: 6 }, () => road.rest('POST', '/crls', body)));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 201, 400, 400, 400, 400]);
  assert.equal((await road.rest('GET', '/crls')).json().crls.length, 2);
});

test('of two updates at once one is the result, whole, and the trust anchor asks that one', async () => {
  const server = await arranged();
  const { road, ca } = server;
  const { crlId } = await imported(server, ca.crl().der);
  const [one, two] = [ca.crl({ number: 2 }).der, ca.crl({ number: 3 }).der].map(base64);
  const update = (name: string, crlData: string | undefined) => road.rest('PATCH', `/crl/${crlId}`, { name, crlData });
  const answers = await Promise.all([
    update('one', one),
    update('two', two),
    road.rest('POST', `/crl/${crlId}/disable`),
  ]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
  const { crl } = (await get(road, crlId)).json();
  assert.ok((crl.name === 'one' && crl.crlData === one) || (crl.name === 'two' && crl.crlData === two), crl.name);
  assert.equal(crl.enabled, false);
});

test('deleting a trust anchor deletes its CRLs and no others', async () => {
  const server = await arranged();
  const { road, ca, trustAnchorId } = server;
  const source = bundle(ca.pem);
  const { trustAnchorArn } = (await road.rest('POST', '/trustanchors', { name: 'other', source })).json().trustAnchor;
  const mine = [await imported(server, ca.crl().pem), await imported(server, ca.crl().pem, { enabled: false })];
  const other = await imported(server, ca.crl().pem, { trustAnchorArn });
  await road.rest('DELETE', `/trustanchor/${trustAnchorId}`);
  for (const { crlId } of mine) refused(await get(road, crlId), missing, /./);
  assert.deepEqual((await road.rest('GET', '/crls')).json(), { crls: [other] });
  assert.equal(Object(await kept(road)).crlsOfTrustAnchors.length, 1);
});

test('lists go on from page to page, twenty at most on each', async () => {
  const settings = { ...defaultSettings, quotas: { ...defaultSettings.quotas, crlsPerTrustAnchor: 25 } };
  const server = await arranged({ settings });
  const { road, ca } = server;
  const ids: string[] = [];
  for (let at = 0; at < 23; at++) ids.push((await imported(server, ca.crl().der)).crlId);
  const first = (await road.rest('GET', '/crls?pageSize=100')).json();
  const second = (await road.rest('GET', `/crls?nextToken=${encodeURIComponent(first.nextToken)}`)).json();
  assert.equal(first.crls.length, 20);
  assert.equal(second.nextToken, undefined);
  assert.deepEqual(
    [...first.crls, ...second.crls].map(({ crlId }: { crlId: string }) => crlId),
    ids,
  );
});

test('each right opens its own operation, creations and lists ask for crl/*, and tags may decide', async () => {
  const server = await arranged();
  const { road, ca, arns } = server;
  const { crlId, crlArn } = await imported(server, ca.crl().der, { tags: [{ key: 'team', value: 'a' }] });
  const create = { name: 'x', trustAnchorArn: arns.trustAnchorArn, crlData: base64(ca.crl().der) };
  const calls = [
    ['GetCrl', crlArn, 'GET', `/crl/${crlId}`, undefined],
    ['ListCrls', arnOf('crl/*'), 'GET', '/crls', undefined],
    ['UpdateCrl', crlArn, 'PATCH', `/crl/${crlId}`, { name: 'y' }],
    ['EnableCrl', crlArn, 'POST', `/crl/${crlId}/enable`, undefined],
    ['DisableCrl', crlArn, 'POST', `/crl/${crlId}/disable`, undefined],
    ['ImportCrl', arnOf('crl/*'), 'POST', '/crls', create],
    ['DeleteCrl', crlArn, 'DELETE', `/crl/${crlId}`, undefined],
  ] as const;
  for (const [action, resource, method, path, body] of calls) {
    const others = calls.map(([name]) => `rolesanywhere:${name}`).filter((name) => name !== `rolesanywhere:${action}`);
    const mayNot = await actor(server, { Effect: 'Allow', Action: others, Resource: '*' });
    const words = new RegExp(
      `is not authorized to perform: rolesanywhere:${action} on resource: ${resource.replace('*', '\\*')} because`,
    );
    await refusedAll(road, [[() => road.rest(method, path, body, { keys: mayNot }), 'AccessDeniedException', words]]);
  }
  const condition = { StringEquals: { 'aws:ResourceTag/team': 'b' } };
  const stranger = await actor(server, { Effect: 'Allow', Action: '*', Resource: '*', Condition: condition });
  refused(await road.rest('GET', `/crl/${crlId}`, undefined, { keys: stranger }), 'AccessDeniedException', /GetCrl/);
  const importing = await actor(server, { Effect: 'Allow', Action: 'rolesanywhere:ImportCrl', Resource: '*' });
  const tagged = { ...create, tags: [{ key: 'team', value: 'a' }] };
  refused(
    await road.rest('POST', '/crls', tagged, { keys: importing }),
    'AccessDeniedException',
    /rolesanywhere:TagResource on resource: .*:crl\/\* /,
  );
  assert.equal((await road.rest('POST', '/crls', create, { keys: importing })).status, 201);
  for (const [action, resource, method, path, body] of calls) {
    if (action === 'ImportCrl') continue;
    const may = await actor(server, { Effect: 'Allow', Action: `rolesanywhere:${action}`, Resource: resource });
    assert.equal((await road.rest(method, path, body, { keys: may })).status, 200, action);
  }
});
