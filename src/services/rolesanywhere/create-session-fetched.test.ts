// CreateSession and CRLs that the server fetches: sources of the trust anchor, and distribution points of certificates.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type CrlOptions, distributionPoints, type Minted, makeCa } from '../../../test/pki.ts';
import { crlHostOf } from '../../core/x509/crl-url.ts';
import { certificateFacts } from '../certificate-facts.ts';
import { defaultSettings, type Settings } from '../settings.ts';
import { type Arranged, type Arrangement, arranged, imported, refused, unknownId } from './rig.test.ts';

const denied = 'AccessDeniedException';
const revoked = 'Certificate revoked';
const untrusted = 'Untrusted signing certificate';
const url = 'http://crl.test/ca.crl';
const pointUrl = 'http://points.test/ca.crl';

const hosts = (...names: string[]) => names.flatMap((name) => crlHostOf(name) ?? []);
const settings: Settings = {
  ...defaultSettings,
  crlSources: {
    ...defaultSettings.crlSources,
    hosts: hosts('crl.test'),
    distributionPointHosts: hosts('points.test'),
  },
};

/** A server whose network holds `places`; what was asked stands in `asked`. */
async function online(more: Arrangement = {}) {
  const places = new Map<string, Uint8Array>();
  const asked: string[] = [];
  const server = await arranged({
    settings,
    network(href) {
      asked.push(href);
      return places.get(href);
    },
    ...more,
  });
  const base = `/trust-anchors/${server.trustAnchorId}`;
  const own = async (method: string, path: string, body: object | undefined, status: number) => {
    const answer = await server.road.rest(method, base + path, body, { service: 'anyrole' });
    assert.equal(answer.status, status, answer.body);
    return answer.json();
  };
  return {
    ...server,
    server,
    places,
    asked,
    own,
    /** Makes a source that is enabled, and fetches it; gives its id. */
    async source(from = url): Promise<string> {
      const { crlSource } = await own('POST', '/crl-sources', { url: from, enabled: true }, 201);
      await own('POST', `/crl-sources/${crlSource.crlSourceId}/refresh`, undefined, 200);
      return crlSource.crlSourceId;
    },
    refresh: (id: string) => own('POST', `/crl-sources/${id}/refresh`, undefined, 200),
    /** What the last session's event says beside the rest. */
    async explanations() {
      const event = (await server.road.events()).findLast(({ eventName }) => eventName === 'CreateSession');
      return Object(event?.additionalEventData).explanations ?? [];
    },
  };
}

const listing = ({ ca, leaf }: Pick<Arranged, 'ca' | 'leaf'>, options: CrlOptions = {}) =>
  ca.crl({ revoked: [{ serial: leaf.certificate.serialNumber, date: '2026-11-01T00:00:00Z', reason: 1 }], ...options });

/** The explanation of a refusal that a source causes, the leaf that met it included. */
const ofSource = (
  { certificate }: Pick<Minted, 'certificate'>,
  facts: { readonly reason: string; readonly [fact: string]: unknown },
) => ({
  ...facts,
  rule: 'Ours: the revocation policy of the trust anchor, RFC 5280 §6.3.3',
  detail: `the CRL source has ${facts.reason === 'staleCrl' ? 'a list past its nextUpdate' : 'no list that can be used'}`,
  step: 'revocation',
  ...certificateFacts(certificate),
});

test('a certificate on a fetched list is refused, another is not', async () => {
  const { server, ca, leaf, places, source, session, explanations } = await online();
  places.set(url, listing(server).der);
  const crlSourceId = await source();
  refused(await session(), denied, revoked);
  assert.deepEqual(await explanations(), [
    {
      reason: 'revoked',
      rule: 'RFC 5280 §6.3.3(j)',
      detail: 'revoked at 2026-11-01T00:00:00.000Z: keyCompromise',
      step: 'revocation',
      ...certificateFacts(leaf.certificate),
      serialNumber: leaf.certificate.serialHex,
      cause: 'listed',
      crlSourceId,
      revokedAt: '2026-11-01T00:00:00.000Z',
      crlReason: 'keyCompromise',
    },
  ]);
  assert.equal((await session({ leaf: ca.issue() })).status, 201);
});

test('a PEM list is taken, and a list that is renewed counts from the next request on', async () => {
  const { server, ca, places, source, refresh, session } = await online();
  places.set(url, Buffer.from(ca.crl({ number: 1 }).pem));
  const id = await source();
  assert.equal((await session()).status, 201);
  places.set(url, listing(server, { number: 2 }).der);
  await refresh(id);
  refused(await session(), denied, revoked);
  places.set(url, ca.crl({ number: 1 }).der);
  const { crlSource } = await refresh(id);
  assert.equal(crlSource.lastError, 'older');
  refused(await session(), denied, revoked);
});

test('a source that was never reached refuses everybody, and nobody when it is reached', async () => {
  const { ca, leaf, places, source, refresh, session, explanations } = await online();
  const crlSourceId = await source();
  refused(await session(), denied, untrusted);
  assert.deepEqual(await explanations(), [ofSource(leaf, { reason: 'crlUnavailable', crlSourceId })]);
  places.set(url, ca.crl().der);
  await refresh(crlSourceId);
  assert.equal((await session()).status, 201);
});

test('a list refuses everybody from the second after its nextUpdate, until it is renewed', async () => {
  const { road, ca, leaf, places, source, refresh, session, explanations } = await online();
  places.set(url, ca.crl({ nextUpdate: '2026-11-22T13:00:00Z' }).der);
  const crlSourceId = await source();
  road.at('2026-11-22T13:00:00Z');
  assert.equal((await session()).status, 201);
  road.at('2026-11-22T13:00:01Z');
  refused(await session(), denied, untrusted);
  assert.deepEqual((await explanations()).at(-1), ofSource(leaf, { reason: 'staleCrl', crlSourceId }));
  await refresh(crlSourceId);
  refused(await session(), denied, untrusted);
  places.set(url, ca.crl({ number: 2, nextUpdate: '2026-11-22T14:00:00Z' }).der);
  await refresh(crlSourceId);
  assert.equal((await session()).status, 201);
});

test('a list that is old names the revoked as such only where it may still speak', async () => {
  const { road, server, places, source, session, own } = await online();
  places.set(url, listing(server, { nextUpdate: '2026-11-22T13:00:00Z' }).der);
  await source();
  road.at('2026-11-22T14:00:00Z');
  refused(await session(), denied, untrusted);
  await own('PUT', '/revocation-policy', { fetchedCrls: 'accept' }, 200);
  refused(await session(), denied, revoked);
});

test('where the policy accepts, a list that is old still speaks, and one that is missing says nothing', async () => {
  const { road, ca, places, source, session, own, explanations } = await online();
  await own('PUT', '/revocation-policy', { fetchedCrls: 'accept' }, 200);
  const crlSourceId = await source();
  assert.equal((await session()).status, 201);
  assert.deepEqual(await explanations(), [{ reason: 'crlUnavailable', crlSourceId }]);
  places.set(url, ca.crl({ nextUpdate: '2026-11-22T13:00:00Z' }).der);
  await own('POST', `/crl-sources/${crlSourceId}/refresh`, undefined, 200);
  road.at('2026-11-23T00:00:00Z');
  assert.equal((await session()).status, 201);
  await own('PUT', '/revocation-policy', {}, 200);
  refused(await session(), denied, untrusted);
});

test('an imported list past its nextUpdate refuses whom it could speak about where the policy says so', async () => {
  const { server, ca, session, own, explanations } = await online();
  const other = makeCa({ subject: 'CN=Other' });
  await imported(server, other.crl({ nextUpdate: '2026-02-01T00:00:00Z' }).der);
  const { crlId } = await imported(server, ca.crl({ nextUpdate: '2026-02-01T00:00:00Z' }).der);
  assert.equal((await session()).status, 201);
  await own('PUT', '/revocation-policy', { importedCrls: 'refuse' }, 200);
  refused(await session(), denied, untrusted);
  const [first] = (await explanations()).slice(-1);
  assert.deepEqual([first.reason, first.crlId], ['staleCrl', crlId]);
});

test('a source that is disabled or deleted is not asked, and neither is another trust anchor’s', async () => {
  const { server, road, places, source, session, own } = await online();
  const id = await source();
  refused(await session(), denied, untrusted);
  await own('PATCH', `/crl-sources/${id}`, { enabled: false }, 200);
  assert.equal((await session()).status, 201);
  await own('PATCH', `/crl-sources/${id}`, { enabled: true }, 200);
  refused(await session(), denied, untrusted);
  await own('DELETE', `/crl-sources/${id}`, undefined, 200);
  assert.equal((await session()).status, 201);
  places.set(url, listing(server).der);
  const { trustAnchor } = (await road.rest('GET', `/trustanchor/${server.trustAnchorId}`)).json();
  const body = { name: 'other', enabled: true, source: trustAnchor.source };
  const { trustAnchorArn } = (await road.rest('POST', '/trustanchors', body)).json().trustAnchor;
  await source();
  refused(await session(), denied, revoked);
  assert.equal((await session({ body: { trustAnchorArn } })).status, 201);
});

test('a list that an intermediate signed waits for it, and refuses when it was forged', async () => {
  const ca = makeCa();
  const intermediate = ca.issueCa({ subject: 'CN=Intermediate' });
  const leaf = intermediate.issue({ subject: 'CN=client' });
  const chain = [intermediate.certificate];
  const { places, source, refresh, session, own, explanations } = await online({ ca });
  places.set(url, intermediate.crl({ revoked: [{ serial: leaf.certificate.serialNumber }] }).der);
  const id = await source();
  const shown = async () => (await own('GET', `/crl-sources/${id}`, undefined, 200)).crlSource;
  assert.equal((await shown()).crl.verified, false);
  refused(await session({ leaf, chain }), denied, revoked);
  assert.equal((await shown()).crl.verified, true);
  assert.equal((await session()).status, 201, 'it says nothing of leaves of the anchor itself');

  places.set(url, intermediate.crl({ number: 9, signWith: makeCa().keys }).der);
  assert.equal((await refresh(id)).crlSource.lastError, 'badSignature');
  refused(await session({ leaf, chain }), denied, revoked);
  await own('DELETE', `/crl-sources/${id}`, undefined, 200);
  const again = await source();
  refused(await session({ leaf, chain }), denied, untrusted);
  assert.deepEqual(await explanations(), [ofSource(leaf, { reason: 'crlUnavailable', crlSourceId: again })]);
});

test('a list in the name of the issuer that names another key of it is no list', async () => {
  const { leaf, places, source, session, explanations } = await online();
  places.set(url, makeCa().crl().der);
  const crlSourceId = await source();
  refused(await session(), denied, untrusted);
  const expected = ofSource(leaf, { reason: 'crlUnavailable', crlSourceId, because: 'otherKey' });
  assert.deepEqual((await explanations()).at(-1), expected);
});

test('a list about other certificates of the issuer stands in nobody’s way', async () => {
  const { ca, places, source, session } = await online();
  places.set(url, ca.crl({ idp: { only: 'ca' } }).der);
  await source();
  assert.equal((await session()).status, 201);
});

const pointed = (...uri: string[]) => ({ extensions: [distributionPoints({ names: { uri } })] });

test('a distribution point on an allowed host is followed once, and its list is asked', async () => {
  const { server, ca, places, asked, session, explanations } = await online({ leaf: pointed(pointUrl) });
  places.set(pointUrl, ca.crl({ number: 1 }).der);
  assert.equal((await session()).status, 201);
  assert.equal((await session()).status, 201);
  assert.deepEqual(asked, [pointUrl]);
  const { leaf } = server;
  places.set('http://points.test/b.crl', listing(server).der);
  const twin = ca.issue({ serial: leaf.certificate.serialNumber, ...pointed('http://points.test/b.crl') });
  refused(await session({ leaf: twin }), denied, revoked);
  const [{ reason, distributionPoint }] = (await explanations()).slice(-1);
  assert.deepEqual([reason, distributionPoint], ['revoked', 'http://points.test/b.crl']);
});

test('a certificate whose distribution points are followed must be good by a list', async () => {
  const { ca, places, asked, session, own, explanations, road } = await online({ leaf: pointed(pointUrl) });
  refused(await session(), denied, untrusted);
  assert.deepEqual(
    (await explanations()).map(({ reason, cause, distributionPoint }: Record<string, unknown>) => [
      reason,
      cause ?? distributionPoint,
    ]),
    [
      ['crlUnavailable', pointUrl],
      ['unknown', 'noCrl'],
    ],
  );
  refused(await session(), denied, untrusted);
  assert.equal(asked.length, 1, 'a failure is not repeated at every request');
  await own('PUT', '/revocation-policy', { fetchedCrls: 'accept' }, 200);
  assert.equal((await session()).status, 201);
  await own('PUT', '/revocation-policy', {}, 200);
  places.set(pointUrl, ca.crl({ nextUpdate: '2026-11-22T12:30:00Z' }).der);
  road.at('2026-11-22T12:01:00Z');
  assert.equal((await session()).status, 201);
  road.at('2026-11-22T12:30:01Z');
  places.delete(pointUrl);
  refused(await session(), denied, untrusted);
});

test('another list that says it is good will do', async () => {
  const { server, ca, session } = await online({ leaf: pointed(pointUrl) });
  refused(await session(), denied, untrusted);
  await imported(server, ca.crl().der);
  assert.equal((await session()).status, 201);
});

test('distribution points elsewhere are not followed, and ask nothing of their certificates', async () => {
  for (const uri of [
    'http://crl.test/ca.crl',
    'http://169.254.169.254/latest/meta-data/',
    'http://points.test:8080/ca.crl',
    'http://points.test@169.254.169.254/',
    'http://user:secret@points.test/ca.crl',
    'ldap://points.test/cn=CA',
    'file:///etc/passwd',
    'http://points.test.evil.test/',
  ]) {
    const { session, asked } = await online({ leaf: pointed(uri) });
    assert.equal((await session()).status, 201, uri);
    assert.deepEqual(asked, [], uri);
  }
});

test('an intermediate’s distribution points are followed as well', async () => {
  const ca = makeCa();
  const intermediate = ca.issueCa({ subject: 'CN=Intermediate', ...pointed(pointUrl) });
  const { places, session } = await online({ ca });
  const through = { leaf: intermediate.issue(), chain: [intermediate.certificate] };
  places.set(pointUrl, ca.crl({ revoked: [{ serial: intermediate.certificate.serialNumber }] }).der);
  refused(await session(through), denied, revoked);
  assert.equal((await session()).status, 201);
});

test('a stranger makes the server ask nobody: not without the key, not without a trusted path', async () => {
  const { server, session, asked } = await online({ leaf: pointed(pointUrl) });
  const { leaf } = server;
  const stolen = { ...leaf, privateKey: makeCa().privateKey };
  refused(await session({ leaf: stolen }), denied, 'Invalid signature');
  const strange = makeCa({ subject: 'CN=Strange' }).issue(pointed(pointUrl));
  refused(await session({ leaf: strange }), denied, untrusted);
  refused(
    await session({ body: { profileArn: server.arns.profileArn.replace(/.{36}$/, unknownId) } }),
    denied,
    /profile/,
  );
  assert.deepEqual(asked, []);
});

test('by default nothing is followed', async () => {
  const { session, asked } = await online({ leaf: pointed(pointUrl), settings: defaultSettings });
  assert.equal((await session()).status, 201);
  assert.deepEqual(asked, []);
});
