// What is kept of a denial: bounded, whatever the request holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Document } from '../store/store.ts';
import { denialIn, denialReason } from './denials.ts';

test('long values of a request are cut where they are kept', () => {
  const context = new Map([
    ['aws:useragent', ['x'.repeat(10_000)]],
    ['aws:tagkeys', Array.from({ length: 500 }, () => 'k')],
  ] as const);
  const request = { principal: { kind: 'anonymous' }, action: 'a:B', resource: 'x'.repeat(9000), context } as const;
  const decision = {
    decision: 'implicitDeny',
    because: 'noIdentityBasedPolicyAllows',
    decidedBy: undefined,
    matched: [],
    nearMisses: [],
    missing: [],
  } as const;
  const kept = denialReason(request, decision);
  assert.equal(kept.resource.length, 2048);
  assert.equal(kept.context['aws:useragent']?.[0]?.length, 2048);
  assert.equal(kept.context['aws:tagkeys']?.length, 100);
});

test('an event without a denial tells of none', () => {
  const events: readonly Document[] = [
    null,
    {},
    { additionalEventData: null },
    { additionalEventData: { explanations: [] } },
  ];
  for (const event of events) assert.equal(denialIn(event), undefined);
  assert.equal(
    denialIn({ additionalEventData: { explanations: [{ reason: 'noIdentityBasedPolicyAllows' }] } }),
    undefined,
  );
});
