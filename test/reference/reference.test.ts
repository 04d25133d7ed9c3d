// The engine against the reference evaluator; `npm run reference` is the same at length.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Because } from '../../src/core/policy/evaluate.ts';
import { compare } from './comparison.ts';

const EVERY_OUTCOME = {
  explicitDenyInIdentityBasedPolicy: true,
  explicitDenyInPermissionsBoundary: true,
  explicitDenyInSessionPolicy: true,
  explicitDenyInResourceBasedPolicy: true,
  explicitDenyInTrustPolicy: true,
  noIdentityBasedPolicyAllows: true,
  noPermissionsBoundaryAllows: true,
  noSessionPolicyAllows: true,
  noResourceBasedPolicyAllows: true,
  noTrustPolicyAllows: true,
  allowedByIdentityBasedPolicy: true,
  allowedByResourceBasedPolicy: true,
  allowedByTrustPolicy: true,
  allowedByAccountRoot: true,
} satisfies Record<Because, true>;

test('on 20,000 generated pairs the engine decides as the reference does, by the same statements', (t) => {
  const { pairs, counts, differences } = compare(7, 20_000);
  t.diagnostic(JSON.stringify(counts));
  assert.deepEqual(differences, []);
  assert.equal(pairs, 20_000);
  const rare = Object.keys(EVERY_OUTCOME).filter((because) => (counts[because] ?? 0) < 20);
  assert.deepEqual(rare, []);
});

test('the same seed gives the same comparison, another seed another', () => {
  assert.deepEqual(compare(3, 200), compare(3, 200));
  assert.notDeepEqual(compare(3, 200).counts, compare(4, 200).counts);
});
