// The operator's CRL sources and revocation policies: what is kept, shown and refused, and who may.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCa } from '../../../test/pki.ts';
import { type Answer, account, type Options, type Road, region, testRoad } from '../../../test/road.ts';
import { crlHostOf } from '../../core/x509/crl-url.ts';
import { keysOf, policy, webSession } from '../../gateway/session.test.ts';
import { defaultSettings } from '../settings.ts';

const ca = makeCa();
const url = 'http://crl.test/ca.crl';
const settings = {
  ...defaultSettings,
  crlSources: {
    ...defaultSettings.crlSources,
    hosts: ['crl.test', 'tls.test:8443'].flatMap((name) => crlHostOf(name) ?? []),
    directories: ['/srv/crl'],
  },
};

async function served() {
  const places = new Map<string, Uint8Array>();
  const road = await testRoad({ settings, network: (href) => places.get(href) });
  const anchor = await anchorOn(road);
  const own = (method: string, path: string, body?: unknown, options: Options = {}) =>
    road.rest(method, path, body, { service: 'anyrole', ...options });
  const path = `/trust-anchors/${anchor}/crl-sources`;
  return {
    road,
    anchor,
    places,
    own,
    path,
    async made(body: object = {}): Promise<string> {
      const answer = await own('POST', path, { url, ...body });
      assert.equal(answer.status, 201, answer.body);
      return answer.json().crlSource.crlSourceId;
    },
  };
}

async function anchorOn(road: Road): Promise<string> {
  const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: ca.pem } };
  const answer = await road.rest('POST', '/trustanchors', { name: 'anchor', enabled: true, source });
  return answer.json().trustAnchor.trustAnchorId;
}

const refused = (answer: Answer, code: string, message?: RegExp) => {
  assert.equal(answer.code, code, answer.body);
  if (message) assert.match(answer.message ?? '', message);
};

test('a source is shown whole: as it was made, and when its list was fetched', async () => {
  const { road, anchor, places, own, path } = await served();
  const answer = await own('POST', path, { url: 'HTTP://CRL.test:80/ca.crl', name: 'factory' });
  assert.equal(answer.status, 201, answer.body);
  const { crlSource } = answer.json();
  const id = crlSource.crlSourceId;
  const made = {
    crlSourceId: id,
    crlSourceArn: `arn:aws:anyrole:${region}:${account}:trust-anchor/${anchor}/crl-source/${id}`,
    trustAnchorArn: `arn:aws:rolesanywhere:${region}:${account}:trust-anchor/${anchor}`,
    name: 'factory',
    url,
    enabled: false,
    createdAt: '2026-11-22T12:00:00Z',
    updatedAt: '2026-11-22T12:00:00Z',
    status: 'unavailable',
    failures: 0,
  };
  assert.deepEqual(crlSource, made);
  places.set(url, ca.crl({ number: 5, revoked: [{ serial: 1n }], nextUpdate: '2026-11-23T12:00:00Z' }).der);
  road.at('2026-11-22T12:00:10Z');
  const fetched = (await own('POST', `${path}/${id}/refresh`)).json().crlSource;
  const { nextAttemptAt, crl, ...rest } = fetched;
  const at = '2026-11-22T12:00:10Z';
  assert.deepEqual(rest, { ...made, status: 'current', lastAttemptAt: at, lastSuccessAt: at });
  assert.deepEqual(
    { ...crl, fingerprint: '' },
    {
      issuer: 'CN=Test CA',
      thisUpdate: '2026-01-01T00:00:00Z',
      nextUpdate: '2026-11-23T12:00:00Z',
      ageSeconds: 28_123_210,
      crlNumber: '5',
      entryCount: 1,
      fingerprint: '',
      verified: true,
    },
  );
  assert.ok(nextAttemptAt > '2026-11-22T12:50:00Z' && nextAttemptAt <= '2026-11-22T13:00:10Z', nextAttemptAt);
  road.at('2026-11-23T12:00:01Z');
  places.delete(url);
  await own('POST', `${path}/${id}/refresh`);
  const stale = (await own('GET', `${path}/${id}`)).json().crlSource;
  assert.deepEqual([stale.status, stale.failures, stale.lastError], ['stale', 1, 'notReached: ECONNREFUSED']);
  assert.equal(stale.crl.fingerprint, crl.fingerprint);
});

test('what the settings do not allow is refused when it is written, with the reason', async () => {
  const { road, own, path } = await served();
  for (const [bad, message] of [
    ['http://other.test/ca.crl', /its host and port are not in crlSources\.hosts/],
    ['http://crl.test:8080/ca.crl', /its host and port/],
    ['https://tls.test/ca.crl', /its host and port/],
    ['http://169.254.169.254/latest', /its host and port/],
    ['http://user:secret@crl.test/', /it holds credentials/],
    ['http://crl.test#@other.test/', /no http, https or file URL/],
    ['http://%63rl.test/', /does not say plainly/],
    ['ldap://crl.test/', /no http, https or file URL/],
    ['file:///etc/passwd', /in none of crlSources\.directories/],
    ['file:///srv/crl/../../etc/passwd', /does not say plainly/],
    ['file://srv/crl/a', /does not say plainly/],
    ['ca.crl', /no http, https or file URL/],
    ['', /at 'url'/],
    [`http://crl.test/${'a'.repeat(2048)}`, /at 'url'/],
  ] as const)
    refused(await own('POST', path, { url: bad }), 'ValidationException', message);
  for (const good of ['https://crl.test/a', 'https://tls.test:8443/a?b=c', 'file:///srv/crl/sub/ca.crl'])
    assert.equal((await own('POST', path, { url: good })).status, 201, good);
  assert.doesNotMatch(JSON.stringify(road.logged), /secret/);
});

test('a source whose URL is allowed no longer is not asked, and not enabled again', async () => {
  const { road, places, own, path, made } = await served();
  const id = await made({ enabled: true });
  const stricter = await testRoad({ store: road.store, network: (href) => places.get(href) });
  places.set(url, ca.crl().der);
  const elsewhere = (method: string, target: string, body?: unknown) =>
    stricter.rest(method, target, body, { service: 'anyrole' });
  const { crlSource } = (await elsewhere('POST', `${path}/${id}/refresh`)).json();
  assert.deepEqual([crlSource.status, crlSource.lastError], ['unavailable', 'notAllowed: hostNotAllowed']);
  refused(await elsewhere('PATCH', `${path}/${id}`, { enabled: true }), 'ValidationException', /do not allow/);
  assert.equal((await elsewhere('PATCH', `${path}/${id}`, { enabled: false })).status, 200);
  assert.equal((await own('GET', `${path}/${id}`)).json().crlSource.enabled, false);
});

test('sources are listed by page, of all trust anchors or of one', async () => {
  const { road, anchor, own, made } = await served();
  const ids = [await made(), await made(), await made()];
  const other = await anchorOn(road);
  const answer = await own('POST', `/trust-anchors/${other}/crl-sources`, { url });
  ids.push(answer.json().crlSource.crlSourceId);
  const listed = async (query: string) => (await own('GET', `/crl-sources${query}`)).json();
  const idsOf = (shown: { crlSources: { crlSourceId: string }[] }) => shown.crlSources.map((one) => one.crlSourceId);
  assert.deepEqual(idsOf(await listed('')), ids);
  assert.deepEqual(idsOf(await listed(`?trustAnchorId=${anchor}`)), ids.slice(0, 3));
  const first = await listed('?pageSize=3');
  assert.deepEqual(idsOf(first), ids.slice(0, 3));
  assert.deepEqual(idsOf(await listed(`?nextToken=${first.nextToken}`)), ids.slice(3));
  refused(await own('GET', '/crl-sources?nextToken=x'), 'ValidationException', /Invalid nextToken/);
  refused(await own('GET', `/crl-sources?trustAnchorId=${'a/'.repeat(18)}`), 'ValidationException', /trustAnchorId/);
  assert.deepEqual((await own('GET', '/crl-sources', undefined, { region: 'us-east-1' })).json().crlSources, []);
});

test('a name and whether a source is enabled change alone or together, and the URL never', async () => {
  const { own, path, made } = await served();
  const id = await made({ name: 'a' });
  const patched = async (body: object) => (await own('PATCH', `${path}/${id}`, body)).json().crlSource;
  assert.deepEqual(await patched({ enabled: true }).then(({ name, enabled }) => [name, enabled]), ['a', true]);
  assert.deepEqual(await patched({ name: 'b' }).then(({ name, enabled }) => [name, enabled]), ['b', true]);
  assert.equal((await patched({ url: 'https://crl.test/other' })).url, url);
  refused(await own('PATCH', `${path}/${id}`, { name: '<b>' }), 'ValidationException', /at 'name'/);
});

test('at most sixteen sources belong to a trust anchor', async () => {
  const { own, path, made } = await served();
  for (let n = 0; n < 16; n++) await made();
  refused(await own('POST', path, { url }), 'ValidationException', /at most 16 CRL sources/);
});

test('what is not there is not found, in whatever Region or under whatever trust anchor it is sought', async () => {
  const { road, own, path, made } = await served();
  const id = await made();
  const nobody = '11111111-2222-4333-8444-555555555555';
  for (const [method, target, body] of [
    ['POST', `/trust-anchors/${nobody}/crl-sources`, { url }],
    ['GET', `/trust-anchors/${nobody}/crl-sources/${id}`],
    ['GET', `${path}/${nobody}`],
    ['PATCH', `${path}/${nobody}`, { enabled: true }],
    ['DELETE', `${path}/${nobody}`],
    ['POST', `${path}/${nobody}/refresh`],
    ['GET', `/trust-anchors/${nobody}/revocation-policy`],
    ['PUT', `/trust-anchors/${nobody}/revocation-policy`, {}],
  ] as const)
    refused(await own(method, target, body), 'ResourceNotFoundException', /was not found/);
  refused(await own('GET', `${path}/${id}`, undefined, { region: 'us-east-1' }), 'ResourceNotFoundException');
  refused(await own('GET', `${path}/${'..%2F'.repeat(7)}a`), 'ValidationException');
  refused(await road.rest('GET', `${path}/${id}`), 'UnknownOperationException');
});

test('a deleted source is gone with its list', async () => {
  const { places, own, path, made } = await served();
  places.set(url, ca.crl().der);
  const id = await made();
  await own('POST', `${path}/${id}/refresh`);
  const answer = await own('DELETE', `${path}/${id}`);
  assert.equal(answer.json().crlSource.status, 'current');
  refused(await own('GET', `${path}/${id}`), 'ResourceNotFoundException');
  refused(await own('DELETE', `${path}/${id}`), 'ResourceNotFoundException');
});

test('a deleted trust anchor takes its sources and its policy with it, and nobody else’s', async () => {
  const { road, anchor, own, made } = await served();
  await made();
  const other = await anchorOn(road);
  await own('POST', `/trust-anchors/${other}/crl-sources`, { url });
  for (const id of [anchor, other]) {
    await own('PUT', `/trust-anchors/${id}/revocation-policy`, { importedCrls: 'refuse' });
  }
  assert.equal((await road.rest('DELETE', `/trustanchor/${anchor}`)).status, 200);
  const kept = await road.store.read(async (reader) => ({
    sources: await reader.list('anyrole/crl-sources', { limit: 10 }),
    policies: await reader.list('anyrole/revocation-policies', { limit: 10 }),
  }));
  assert.deepEqual([kept.sources.length, kept.policies.length], [1, 1]);
  assert.match(kept.sources[0]?.key ?? '', new RegExp(other));
});

test('a policy is the default until one is put, and what a put leaves out is the default again', async () => {
  const { anchor, own } = await served();
  const path = `/trust-anchors/${anchor}/revocation-policy`;
  const shown = async (answer: Promise<Answer>) => (await answer).json().revocationPolicy;
  const defaults = { importedCrls: 'accept', fetchedCrls: 'refuse' };
  assert.deepEqual(await shown(own('GET', path)), defaults);
  const lenient = { importedCrls: 'accept', fetchedCrls: 'accept' };
  assert.deepEqual(await shown(own('PUT', path, { fetchedCrls: 'accept' })), lenient);
  assert.deepEqual(await shown(own('GET', path)), lenient);
  assert.deepEqual(await shown(own('PUT', path, { importedCrls: 'refuse' })), { ...defaults, importedCrls: 'refuse' });
  for (const bad of [
    { importedCrls: 'ignore' },
    { fetchedCrls: '' },
    { fetchedCrls: true },
    { importedCrls: ['accept'] },
  ])
    assert.equal((await own('PUT', path, bad)).status, 400, JSON.stringify(bad));
});

test('every operation takes its own right, on its own resource', async () => {
  const { road, anchor, path, made, own } = await served();
  const id = await made();
  const resource = `arn:aws:anyrole:${region}:${account}:trust-anchor/${anchor}`;
  const keys = keysOf(road, await webSession(road));
  for (const [action, on, method, target, body] of [
    ['CreateCrlSource', '/crl-source/*', 'POST', path, { url }],
    ['GetCrlSource', `/crl-source/${id}`, 'GET', `${path}/${id}`],
    ['ListCrlSources', '/crl-source/*', 'GET', `/crl-sources?trustAnchorId=${anchor}`],
    ['UpdateCrlSource', `/crl-source/${id}`, 'PATCH', `${path}/${id}`, {}],
    ['RefreshCrlSource', `/crl-source/${id}`, 'POST', `${path}/${id}/refresh`],
    ['PutRevocationPolicy', '/revocation-policy', 'PUT', `/trust-anchors/${anchor}/revocation-policy`, {}],
    ['GetRevocationPolicy', '/revocation-policy', 'GET', `/trust-anchors/${anchor}/revocation-policy`],
    ['DeleteCrlSource', `/crl-source/${id}`, 'DELETE', `${path}/${id}`],
  ] as const) {
    const as = async (Action: string, Resource: string) => {
      const PolicyDocument = policy([{ Effect: 'Allow', Action, Resource }]);
      await road.query('iam', 'PutRolePolicy', { RoleName: 'Web', PolicyName: 'P', PolicyDocument });
      return own(method, target, body, { keys });
    };
    for (const [wrong, Resource] of [
      ['rolesanywhere:*', '*'],
      [`anyrole:${action}`, `${resource}x`],
      ['anyrole:ListExpiringCertificates', '*'],
    ] as const)
      refused(await as(wrong, Resource), 'AccessDeniedException', new RegExp(`anyrole:${action}`));
    assert.ok((await as(`anyrole:${action}`, resource + on)).status < 300, action);
  }
});

test('a refresh that is refused by the network is an answer, and an event', async () => {
  const { road, own, path, made } = await served();
  const id = await made();
  const answer = await own('POST', `${path}/${id}/refresh`);
  assert.equal(answer.status, 200);
  const { failures, lastError } = answer.json().crlSource;
  assert.deepEqual([failures, lastError], [1, 'notReached: ECONNREFUSED']);
  const event = (await road.events()).at(-1);
  assert.deepEqual([event?.eventName, event?.readOnly, event?.errorCode], ['RefreshCrlSource', false, undefined]);
});
