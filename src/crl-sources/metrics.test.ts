// What a monitoring system reads of the fetched lists.
import assert from 'node:assert/strict';
import test from 'node:test';
import { makeCa } from '../../test/pki.ts';
import { parseCrl } from '../core/x509/crl.ts';
import type { CrlPlaceState } from '../services/fetched-crls.ts';
import { crlMetrics } from './metrics.ts';

const now = new Date('2026-11-22T12:00:00Z');
const ca = makeCa();

function listed(nextUpdate: string | false) {
  const parsed = parseCrl(ca.crl({ thisUpdate: '2026-11-22T11:00:00Z', nextUpdate }).der);
  assert.ok(parsed.ok);
  return { crl: parsed.crl, verified: true };
}
function state(name: string, more: Partial<CrlPlaceState> = {}, kind: 'source' | 'distributionPoint' = 'source') {
  const place = { key: `${kind} ${name} ${count++}`, kind, url: 'http://u:p@x/?secret', trustAnchorId: 'anchor', name };
  return { place, failures: 0, ...more };
}
let count = 0;

async function collected(...states: readonly CrlPlaceState[]) {
  const all: Record<string, Record<string, number>> = {};
  for (const { name, collect } of crlMetrics({ states: () => states }, () => now)) {
    const series = await collect();
    all[name.replace('anyrole_crl_', '')] = Object.fromEntries(
      series.map(({ labels, value }) => [`${labels?.trust_anchor} ${labels?.source}`, value]),
    );
  }
  return all;
}

test('a source that is well, one that is stale and failing, and one that was never asked', async () => {
  const well = state('well', { lastAttemptAt: now, list: listed('2026-11-22T12:30:00Z') });
  const stale = state('stale', { lastAttemptAt: now, failures: 3, list: listed('2026-11-22T11:59:00Z') });
  assert.deepEqual(await collected(well, stale, state('new')), {
    up: { 'anchor well': 1, 'anchor stale': 0 },
    failures: { 'anchor well': 0, 'anchor stale': 3, 'anchor new': 0 },
    available: { 'anchor well': 1, 'anchor stale': 0, 'anchor new': 0 },
    age_seconds: { 'anchor well': 3600, 'anchor stale': 3600 },
    next_update_seconds: { 'anchor well': 1800, 'anchor stale': -60 },
  });
});

test('a list without nextUpdate is available for good', async () => {
  const { available, next_update_seconds } = await collected(state('a', { list: listed(false) }));
  assert.deepEqual([available, next_update_seconds], [{ 'anchor a': 1 }, {}]);
});

test('a host of distribution points shows the worst of its lists, and no label holds a URL', async () => {
  const good = state('host', { lastAttemptAt: now, list: listed('2026-11-22T13:00:00Z') }, 'distributionPoint');
  const bad = state('host', { lastAttemptAt: now, failures: 2 }, 'distributionPoint');
  for (const states of [
    [good, bad],
    [bad, good],
  ]) {
    const all = await collected(...states);
    assert.deepEqual(
      [all.up, all.failures, all.available, all.next_update_seconds],
      [{ 'anchor host': 0 }, { 'anchor host': 2 }, { 'anchor host': 0 }, { 'anchor host': 3600 }],
    );
    assert.doesNotMatch(JSON.stringify(all), /secret|http/);
  }
});
