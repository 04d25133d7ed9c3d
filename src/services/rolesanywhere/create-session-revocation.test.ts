// CreateSession and CRLs: who is refused from which request on, and which lists say nothing.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type Authority, type CrlOptions, makeCa } from '../../../test/pki.ts';
import { fingerprintOf } from '../../../test/road.ts';
import { certificateFacts } from '../certificate-facts.ts';
import { defaultSettings } from '../settings.ts';
import { type Arranged, arranged, bundle, imported, keysOf, refused } from './rig.test.ts';

const base64 = (bytes: string | Uint8Array) => Buffer.from(bytes).toString('base64');
const revoked = 'Certificate revoked';
const denied = 'AccessDeniedException';

/** A CRL of the server's authority on which its leaf stands. */
function listing({ ca, leaf }: Arranged, options: CrlOptions = {}) {
  return ca.crl({
    revoked: [{ serial: leaf.certificate.serialNumber, date: '2026-11-01T00:00:00Z', reason: 1 }],
    ...options,
  });
}

test('a listed certificate is refused from the next request on, its session lives, and another is not refused', async () => {
  const server = await arranged();
  const { road, ca, leaf, session } = server;
  const keys = keysOf(await session());
  const { crlId } = await imported(server, listing(server).pem);
  refused(await session(), denied, revoked);
  assert.equal((await road.query('sts', 'GetCallerIdentity', {}, { keys })).status, 200);
  assert.equal((await session({ leaf: ca.issue({ subject: 'CN=other' }) })).status, 201);
  const event = (await road.events()).findLast(({ errorCode }) => errorCode !== undefined);
  assert.deepEqual(Object(event?.additionalEventData).explanations, [
    {
      reason: 'revoked',
      rule: 'RFC 5280 §6.3.3(j)',
      detail: 'revoked at 2026-11-01T00:00:00.000Z: keyCompromise',
      step: 'revocation',
      ...certificateFacts(leaf.certificate),
      serialNumber: leaf.certificate.serialHex,
      cause: 'listed',
      crlId,
      revokedAt: '2026-11-01T00:00:00.000Z',
      crlReason: 'keyCompromise',
    },
  ]);
});

test('disabling, renewing and deleting a CRL take effect on the next request, and so does enabling', async () => {
  const server = await arranged();
  const { road, ca, session } = server;
  const { crlId } = await imported(server, listing(server).der, { enabled: false });
  const path = `/crl/${crlId}`;
  for (const [method, target, body, status] of [
    ['POST', `${path}/disable`, undefined, 201],
    ['POST', `${path}/enable`, undefined, 403],
    ['POST', `${path}/disable`, undefined, 201],
    ['POST', `${path}/enable`, undefined, 403],
    ['PATCH', path, { name: 'renamed' }, 403],
    ['PATCH', path, { crlData: base64(ca.crl().der) }, 201],
    ['PATCH', path, { crlData: base64(listing(server).pem) }, 403],
    ['DELETE', path, undefined, 201],
  ] as const) {
    assert.equal((await road.rest(method, target, body)).status, 200);
    assert.equal((await session()).status, status, `${method} ${target}`);
  }
});

test('either of two CRLs refuses, in whatever order they were imported', async () => {
  for (const order of [0, 1]) {
    const server = await arranged();
    const lists = [listing(server), server.ca.crl()];
    await imported(server, lists[order]?.der ?? '');
    await imported(server, lists[1 - order]?.der ?? '');
    refused(await server.session(), denied, revoked);
  }
});

test('a revoked intermediate refuses all that leads through it, and a list of its own refuses its leaves', async () => {
  const ca = makeCa();
  const [left, right] = [ca.issueCa({ subject: 'CN=Left' }), ca.issueCa({ subject: 'CN=Right' })];
  const through = (intermediate: Authority) => ({
    leaf: intermediate.issue({ subject: 'CN=client', serial: 7n }),
    chain: [intermediate.certificate],
  });
  const server = await arranged({ ca });
  const root = await imported(server, ca.crl({ revoked: [{ serial: left.certificate.serialNumber }] }).der);
  refused(await server.session(through(left)), denied, revoked);
  assert.equal((await server.session(through(right))).status, 201);
  await server.road.rest('DELETE', `/crl/${root.crlId}`);
  assert.equal((await server.session(through(left))).status, 201);
  await imported(server, left.crl({ revoked: [{ serial: 7n }] }).der);
  refused(await server.session(through(left)), denied, revoked);
  assert.equal((await server.session(through(right))).status, 201, 'the same serial number of another issuer');
});

test('a trust anchor on its own list is not judged: it is trusted as it is', async () => {
  const ca = makeCa();
  const server = await arranged({ ca });
  await imported(server, ca.crl({ revoked: [{ serial: ca.certificate.serialNumber }] }).der);
  assert.equal((await server.session()).status, 201);
});

test("another trust anchor's CRL says nothing, though the authority is the same", async () => {
  const server = await arranged();
  const { road, ca, session } = server;
  const body = { name: 'other', enabled: true, source: bundle(ca.pem) };
  const { trustAnchorArn } = (await road.rest('POST', '/trustanchors', body)).json().trustAnchor;
  await imported(server, listing(server).der, { trustAnchorArn });
  assert.equal((await session()).status, 201);
  refused(await session({ body: { trustAnchorArn } }), denied, revoked);
});

test('a list past its next update still speaks, one not yet valid does not', async () => {
  const server = await arranged();
  const { road, session } = server;
  const { crlId } = await imported(server, listing(server, { nextUpdate: '2026-02-01T00:00:00Z' }).der);
  refused(await session(), denied, revoked);
  const tomorrow = { thisUpdate: '2026-11-22T12:00:01Z', nextUpdate: false } as const;
  await road.rest('PATCH', `/crl/${crlId}`, { crlData: base64(listing(server, tomorrow).der) });
  assert.equal((await session()).status, 201);
  road.at('2026-11-22T12:00:01Z');
  refused(await session(), denied, revoked);
});

test('a list that cannot be used lets pass, and the event of the session says why', async () => {
  const ca = makeCa();
  const intermediate = ca.issueCa({ subject: 'CN=Intermediate' });
  const leaf = intermediate.issue({ subject: 'CN=client' });
  const revokedLeaf = { revoked: [{ serial: leaf.certificate.serialNumber }] };
  for (const [options, because] of [
    [{ signWith: makeCa().keys }, 'badSignature'],
    [{ idp: { only: 'ca' } }, 'outOfScope'],
    [{ thisUpdate: '2027-01-01T00:00:00Z' }, 'notYetValid'],
  ] as const satisfies readonly (readonly [CrlOptions, string])[]) {
    const server = await arranged({ ca });
    const { crlId } = await imported(server, intermediate.crl({ ...revokedLeaf, ...options }).der);
    assert.equal((await server.session({ leaf, chain: [intermediate.certificate] })).status, 201, because);
    const event = (await server.road.events()).at(-1);
    const { explanations } = Object(event?.additionalEventData);
    const certificate = fingerprintOf(leaf.der);
    assert.deepEqual(explanations, [{ reason: 'unusableCrl', crlId, because, certificate }]);
  }
});

test('a list signed by the former key of the trust anchor speaks while its certificate is trusted', async () => {
  const [old, young] = [makeCa(), makeCa()];
  const server = await arranged({ ca: young, anchor: { source: bundle(old.pem, young.pem) } });
  const { leaf, road, trustAnchorId, session } = server;
  await imported(server, old.crl({ revoked: [{ serial: leaf.certificate.serialNumber }] }).der);
  refused(await session(), denied, revoked);
  await road.rest('PATCH', `/trustanchor/${trustAnchorId}`, { source: bundle(young.pem) });
  assert.equal((await session()).status, 201);
});

test('as many lists as a trust anchor may have are all asked', async () => {
  const settings = { ...defaultSettings, quotas: { ...defaultSettings.quotas, crlsPerTrustAnchor: 12 } };
  const server = await arranged({ settings });
  for (let number = 1; number < 12; number++) await imported(server, server.ca.crl({ number }).der);
  assert.equal((await server.session()).status, 201);
  await imported(server, listing(server).der);
  refused(await server.session(), denied, revoked);
});

test('a stored CRL that no longer parses refuses every session of its trust anchor, and says so to the operator', async () => {
  const server = await arranged();
  const { road, session } = server;
  const { crlId } = await imported(server, listing(server).der);
  await road.store.write(async (writer) => {
    const [entry] = await writer.list('rolesanywhere/crls', { limit: 1 });
    await writer.put('rolesanywhere/crls', entry?.key ?? '', { ...Object(entry?.document), crlData: 'AAAA' });
  });
  const answer = await session();
  assert.deepEqual([answer.status, answer.code], [500, 'InternalFailure']);
  assert.match(JSON.stringify(road.logged), /a stored CRL does not parse/);
  await road.rest('POST', `/crl/${crlId}/disable`);
  assert.equal((await session()).status, 201);
});
