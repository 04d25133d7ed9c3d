// Trust anchors of a private CA: the operator's settings stand in the place of AWS Private CA.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Authority, makeCa } from '../../../test/pki.ts';
import { account, type Road, region, testRoad } from '../../../test/road.ts';
import { memoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';
import { defaultSettings } from '../settings.ts';
import { bundle, trusting } from './rig.test.ts';

const [ca, next] = [makeCa({ subject: 'CN=Private CA' }), makeCa({ subject: 'CN=Next CA' })];
const arnIn = (where: string, id = 'ca') => `arn:aws:acm-pca:${where}:${account}:certificate-authority/${id}`;
const acmPcaArn = arnIn(region);
const abroad = arnIn('us-east-1');
const unreadable = 'Error creating TrustAnchor. Given AWS PCA did not allow get request.';

function roadWith(cas: Readonly<Record<string, Authority>>, store: Store = memoryStore()): Promise<Road> {
  const entries = Object.entries(cas).map(([arn, { pem }]) => [arn, { arn, certificatePem: pem }] as const);
  return testRoad({ store, settings: { ...defaultSettings, privateCas: new Map(entries) } });
}

const of = (arn: string) => ({ sourceType: 'AWS_ACM_PCA', sourceData: { acmPcaArn: arn } });
const create = (road: Road, source: object = of(acmPcaArn)) =>
  road.rest('POST', '/trustanchors', { name: 'private', source, enabled: true });

/** Makes a role and a profile; gives what asks for a session with a leaf of the issuer. */
async function sessions(road: Road, trustAnchorArn: string) {
  const roleArn = `arn:aws:iam::${account}:role/app`;
  await road.query('iam', 'CreateRole', { RoleName: 'app', AssumeRolePolicyDocument: trusting() });
  const profile = await road.rest('POST', '/profiles', { name: 'p', roleArns: [roleArn], enabled: true });
  const body = { trustAnchorArn, profileArn: profile.json().profile.profileArn, roleArn };
  return (issuer: Authority) => road.session({ ...issuer.issue({ subject: 'CN=client' }), body });
}

test('a trust anchor of a listed CA shows its ARN, wherever it is shown, and no certificate', async () => {
  const road = await roadWith({ [acmPcaArn]: ca });
  const made = await create(road);
  assert.equal(made.status, 201, made.body);
  const { trustAnchor } = made.json();
  assert.deepEqual(trustAnchor.source, of(acmPcaArn));
  const path = `/trustanchor/${trustAnchor.trustAnchorId}`;
  assert.deepEqual((await road.rest('GET', path)).json().trustAnchor, trustAnchor);
  assert.deepEqual((await road.rest('GET', '/trustanchors')).json().trustAnchors, [trustAnchor]);
  assert.doesNotMatch((await road.rest('POST', `${path}/disable`)).body, /CERTIFICATE-----/);
});

test('CreateSession trusts the CA and no other', async () => {
  const road = await roadWith({ [acmPcaArn]: ca });
  const ask = await sessions(road, (await create(road)).json().trustAnchor.trustAnchorArn);
  assert.equal((await ask(ca)).status, 201);
  assert.equal((await ask(next)).message, 'Untrusted signing certificate');
});

test('the certificate is that of when the source was set, until it is set again', async () => {
  const store = memoryStore();
  const first = await roadWith({ [acmPcaArn]: ca }, store);
  const { trustAnchorId, trustAnchorArn } = (await create(first)).json().trustAnchor;
  await sessions(first, trustAnchorArn);
  const later = await roadWith({ [acmPcaArn]: next }, store);
  const ask = await sessions(later, trustAnchorArn);
  const path = `/trustanchor/${trustAnchorId}`;
  assert.equal((await later.rest('PATCH', path, { name: 'renamed' })).status, 200);
  assert.deepEqual([(await ask(ca)).status, (await ask(next)).status], [201, 403]);
  assert.equal((await later.rest('PATCH', path, { source: of(acmPcaArn) })).status, 200);
  assert.deepEqual([(await ask(ca)).status, (await ask(next)).status], [403, 201]);
});

test('a trust anchor changes its kind of source in both directions and keeps nothing of the other', async () => {
  const road = await roadWith({ [acmPcaArn]: ca });
  const made = (await create(road)).json().trustAnchor;
  const ask = await sessions(road, made.trustAnchorArn);
  const path = `/trustanchor/${made.trustAnchorId}`;
  const bundled = (await road.rest('PATCH', path, { source: bundle(next.pem) })).json().trustAnchor;
  assert.deepEqual(bundled.source, bundle(`${next.pem.trim()}\n`));
  assert.deepEqual([(await ask(ca)).status, (await ask(next)).status], [403, 201]);
  const renamed = (await road.rest('PATCH', path, { name: 'renamed' })).json().trustAnchor;
  assert.deepEqual([renamed.name, renamed.source], ['renamed', bundled.source]);
  assert.deepEqual((await road.rest('PATCH', path, { source: of(acmPcaArn) })).json().trustAnchor.source, made.source);
  assert.deepEqual([(await ask(ca)).status, (await ask(next)).status], [201, 403]);
});

for (const [what, source, sentence] of [
  ['a CA that is not listed', of(arnIn(region, 'other')), unreadable],
  ['a listed CA of another Region', of(abroad), unreadable],
  ['an ARN in other case', of(acmPcaArn.toUpperCase()), unreadable],
  ['an ARN with more after it', of(`${acmPcaArn}/x`), unreadable],
  ['an empty ARN', of(''), unreadable],
  ['no ARN', { sourceType: 'AWS_ACM_PCA' }, 'source.sourceData.acmPcaArn is required.'],
  [
    'a bundle in its place',
    { ...bundle(ca.pem), sourceType: 'AWS_ACM_PCA' },
    'source.sourceData.acmPcaArn is required.',
  ],
  [
    'an ARN in the place of a bundle',
    { ...of(acmPcaArn), sourceType: 'CERTIFICATE_BUNDLE' },
    'source.sourceData.x509CertificateData is required.',
  ],
  [
    'a repository of self-signed certificates',
    { ...bundle(ca.pem), sourceType: 'SELF_SIGNED_REPOSITORY' },
    'Source type SELF_SIGNED_REPOSITORY is not supported.',
  ],
] as const) {
  test(`${what} is refused when a trust anchor is made, and when one is changed`, async () => {
    const road = await roadWith({ [acmPcaArn]: ca, [abroad]: ca });
    const refused = await create(road, source);
    assert.deepEqual([refused.status, refused.code, refused.message], [400, 'ValidationException', sentence]);
    const made = (await create(road)).json().trustAnchor;
    const path = `/trustanchor/${made.trustAnchorId}`;
    assert.equal((await road.rest('PATCH', path, { source })).message, sentence);
    assert.deepEqual((await road.rest('GET', path)).json().trustAnchor, made);
  });
}
