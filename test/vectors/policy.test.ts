// Policy vectors of others: moto's documents, politest's simulations (run upstream against the real
// SimulateCustomPolicy) and Arsenal's evaluations, put to the judge. The data stays outside the project; without it the
// tests are skipped. None comes out differently; one that did would stand
// here, with the reason.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { policyCheck } from '../judge/policy-check.ts';
import { policyEval } from '../judge/policy-eval.ts';

const root = new URL('../../', import.meta.url);
const folder = new URL(`${process.env.ANYROLE_SHARED ?? '../shared'}/iam-policy/`, root);
const skip = existsSync(folder) ? false : 'shared/ is absent';

type MotoCase = { id: string; document: string; expected: string; message: string | null };
type Simulation = {
  PolicyInputList: string[];
  PermissionsBoundaryPolicyInputList?: string[];
  ResourcePolicy?: string;
  CallerArn?: string;
  ResourceOwner?: string;
  ActionNames: string[];
  ResourceArns: string[];
  ContextEntries: { ContextKeyName: string; ContextKeyType: string; ContextKeyValues: string[] }[];
};
type PolitestCase = { id: string; simulateCustomPolicy: Simulation; expected: string };
type ArsenalCase = { id: string; expected: string };

/** The file's README guarantees the form of its lines. */
function lines<Case>(file: string): Case[] {
  const text = readFileSync(new URL(file, folder), 'utf8').trim();
  return text.split('\n').map((line) => JSON.parse(line) as Case);
}

test('managed policy documents are accepted and refused as moto recorded of AWS', { skip }, (t) => {
  const cases = lines<MotoCase>('moto_policy_documents.jsonl');
  const results = cases.map((one) => ({ one, verdict: policyCheck({ document: one.document, kind: 'managed' }) }));
  const wrong = results.filter(({ one, verdict }) => (verdict.result === 'ok') !== (one.expected === 'success'));
  const otherWords = results.filter(({ one, verdict }) => (verdict.message ?? null) !== one.message);
  t.diagnostic(`codes ${cases.length - wrong.length}/${cases.length}, messages ${cases.length - otherWords.length}`);
  assert.equal(cases.length, 52);
  assert.deepEqual(
    wrong.map(({ one }) => one.id),
    [],
  );
  assert.deepEqual(
    otherWords.map(({ one }) => one.id),
    [],
  );
});

test('simulations come out as the real SimulateCustomPolicy decided', { skip }, (t) => {
  const cases = lines<PolitestCase>('politest_simulate.jsonl');
  const wrong = cases.filter(({ simulateCustomPolicy: sim, expected }) => {
    const { result } = policyEval({
      identityPolicies: sim.PolicyInputList,
      permissionsBoundary: sim.PermissionsBoundaryPolicyInputList,
      resourcePolicy: sim.ResourcePolicy,
      principal: sim.CallerArn,
      action: sim.ActionNames[0],
      resource: sim.ResourceArns[0],
      context: Object.fromEntries(sim.ContextEntries.map((entry) => [entry.ContextKeyName, entry.ContextKeyValues])),
      multivalued: sim.ContextEntries.filter((entry) => entry.ContextKeyType.endsWith('List')).map(
        (entry) => entry.ContextKeyName,
      ),
      resourceOwner: sim.ResourceOwner,
    });
    return result !== expected;
  });
  t.diagnostic(`${cases.length - wrong.length}/${cases.length}`);
  assert.equal(cases.length, 31);
  assert.deepEqual(
    wrong.map(({ id }) => id),
    [],
  );
});

test('Arsenal’s evaluations come out alike', { skip }, (t) => {
  const cases = lines<ArsenalCase>('arsenal_eval.jsonl');
  const wrong = cases.filter((one) => policyEval(one).result !== one.expected);
  t.diagnostic(`${cases.length - wrong.length}/${cases.length}`);
  assert.equal(cases.length, 21);
  assert.deepEqual(
    wrong.map(({ id }) => id),
    [],
  );
});
