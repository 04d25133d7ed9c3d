// The expiry of trust anchors as a metric: one series each, soonest first, and no more work than a scrape bears.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCa } from '../../test/pki.ts';
import { account, type Road, region, testRoad } from '../../test/road.ts';
import { type TrustAnchorRecord, trustAnchors } from '../services/rolesanywhere/records.ts';
import { maxSeries, metrics } from '../telemetry/metrics.ts';
import { trustAnchorExpiry } from './trust-anchor-expiry.ts';

/** The clock stands at 2026-11-22T12:00:00Z. */
const until = (notAfter: string) => makeCa({ notBefore: '2020-01-01T00:00:00Z', notAfter }).pem;
const hour = until('2026-11-22T13:00:00Z');
const day = until('2026-11-23T12:00:00Z');
const gone = until('2026-11-22T11:59:00Z');

async function made(road: Road, pems: readonly string[], inRegion = region): Promise<string> {
  const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: pems.join('') } };
  const answer = await road.rest('POST', '/trustanchors', { name: 'a', source }, { region: inRegion });
  return answer.json().trustAnchor.trustAnchorId;
}
const collected = async ({ store, now }: Road) =>
  (await trustAnchorExpiry(store, now).collect()).map(({ labels, value }) => [labels?.trust_anchor_id, value]);

test('of each trust anchor the certificate that ends first counts, soonest first', async () => {
  const road = await testRoad();
  const two = await made(road, [day, hour]);
  const one = await made(road, [day]);
  const old = await made(road, [gone], 'us-east-1');
  assert.deepEqual(await collected(road), [
    [old, -60],
    [two, 3600],
    [one, 86_400],
  ]);
  const [first] = await trustAnchorExpiry(road.store, road.now).collect();
  assert.deepEqual(first?.labels, { account, region: 'us-east-1', trust_anchor_id: old });
});

test('a changed source, a deleted trust anchor and the passing of time are seen at the next scrape', async () => {
  const road = await testRoad();
  const { collect } = trustAnchorExpiry(road.store, road.now);
  const values = async () => (await collect()).map(({ value }) => value);
  const id = await made(road, [hour]);
  assert.deepEqual(await values(), [3600]);
  road.at('2026-11-22T12:30:00Z');
  assert.deepEqual(await values(), [1800]);
  const sourceData = { x509CertificateData: day };
  await road.rest('PATCH', `/trustanchor/${id}`, { source: { sourceType: 'CERTIFICATE_BUNDLE', sourceData } });
  assert.deepEqual(await values(), [84_600]);
  await road.rest('DELETE', `/trustanchor/${id}`);
  assert.deepEqual(await values(), []);
});

/** Writes records as a server with wide quotas would have. */
async function many(road: Road, count: number, pem: string): Promise<void> {
  const id = await made(road, [pem]);
  await road.store.write(async (writer) => {
    const record = await trustAnchors.get(writer, `${account}/${region}/${id}`);
    assert.ok(record);
    for (let n = 1; n < count; n++) {
      const copy: TrustAnchorRecord = { ...record, id: `${id}-${n}` };
      await trustAnchors.put(writer, `${account}/${region}/${id}-${String(n).padStart(5, '0')}`, copy);
    }
  });
}

test('at most 2000 trust anchors are looked at, and at most 500 are shown, those that expire soonest', async () => {
  const road = await testRoad();
  await many(road, 2500, day);
  const urgent = await made(road, [hour], 'ap-south-1');
  const series = await trustAnchorExpiry(road.store, road.now).collect();
  assert.equal(series.length, 2000);
  const measured = metrics();
  measured.register(trustAnchorExpiry(road.store, road.now));
  const { body } = await measured.scrape();
  const lines = body.split('\n').filter((line) => line.startsWith('anyrole_trust_anchor_expires_in_seconds{'));
  assert.equal(lines.length, maxSeries);
  assert.match(lines[0] ?? '', new RegExp(`trust_anchor_id="${urgent}"\\} 3600$`));
});

test('a stored bundle that can no longer be read hides no other', async () => {
  const road = await testRoad();
  const id = await made(road, [hour]);
  await road.store.write(async (writer) => {
    const record = await trustAnchors.get(writer, `${account}/${region}/${id}`);
    assert.ok(record);
    for (const [n, x509CertificateData] of [
      '',
      'text',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
    ].entries()) {
      await trustAnchors.put(writer, `${account}/${region}/bad${n}`, { ...record, x509CertificateData });
    }
  });
  assert.deepEqual(await collected(road), [[id, 3600]]);
});
