// Policy vectors of others: moto's documents, politest's simulations (run upstream against the real
// SimulateCustomPolicy) and Arsenal's evaluations. The data stays outside the project; without it the tests are skipped.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Policy, type PolicyKind, parsePolicy } from '../../src/core/policy/document.ts';
import { evaluate, type NamedPolicy } from '../../src/core/policy/evaluate.ts';
import { contextOf, type Principal } from '../../src/core/policy/request.ts';

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
type ArsenalCase = {
  id: string;
  identityPolicies: unknown[];
  principal: string;
  action: string;
  resource: string;
  context: Record<string, string>;
  expected: string;
};

/** The file's README guarantees the form of its lines. */
function lines<Case>(file: string): Case[] {
  const text = readFileSync(new URL(file, folder), 'utf8').trim();
  return text.split('\n').map((line) => JSON.parse(line) as Case);
}

function parsed(text: string, kind: PolicyKind): Policy {
  const result = parsePolicy(text, kind);
  if (!result.ok) assert.fail(`${result.reason}: ${result.message}: ${text}`);
  return result.policy;
}

const named = (text: string, kind: PolicyKind): NamedPolicy => ({ name: kind, policy: parsed(text, kind) });

function principalOf(arn: string | undefined): Principal {
  const account = arn?.split(':')[4];
  return arn === undefined || account === undefined ? { kind: 'user' } : { kind: 'user', arn, account };
}

test('managed policy documents are accepted and refused as moto recorded of AWS', { skip }, (t) => {
  const cases = lines<MotoCase>('moto_policy_documents.jsonl');
  const results = cases.map((one) => ({
    one,
    result: parsePolicy(one.document, 'identity', { requireVersion20121017: true }),
  }));
  const wrong = results.filter(({ one, result }) => result.ok !== (one.expected === 'success'));
  const sentences = results.filter(({ one, result }) => (result.ok ? null : result.message) === one.message);
  t.diagnostic(`codes ${cases.length - wrong.length}/${cases.length}, messages ${sentences.length}/${cases.length}`);
  for (const { one, result } of results.filter((entry) => !sentences.includes(entry))) {
    t.diagnostic(`${one.id}: ${result.ok ? 'accepted' : result.message}, recorded ${one.message}`);
  }
  assert.equal(cases.length, 52);
  assert.deepEqual(
    wrong.map(({ one }) => one.id),
    [],
  );
});

test('simulations come out as the real SimulateCustomPolicy decided', { skip }, (t) => {
  const cases = lines<PolitestCase>('politest_simulate.jsonl');
  const wrong = cases.filter(({ simulateCustomPolicy: sim, expected }) => {
    const [boundary] = sim.PermissionsBoundaryPolicyInputList ?? [];
    const resourceAccount = sim.ResourceOwner?.split(':')[4];
    const { decision } = evaluate(
      {
        identity: sim.PolicyInputList.map((text) => named(text, 'identity')),
        ...(boundary !== undefined && { permissionsBoundary: named(boundary, 'identity') }),
        ...(sim.ResourcePolicy !== undefined && { resource: named(sim.ResourcePolicy, 'resource') }),
      },
      {
        principal: principalOf(sim.CallerArn),
        action: sim.ActionNames[0] ?? '',
        resource: sim.ResourceArns[0] ?? '*',
        context: contextOf(Object.fromEntries(sim.ContextEntries.map((e) => [e.ContextKeyName, e.ContextKeyValues]))),
        ...(resourceAccount !== undefined && { resourceAccount }),
      },
    );
    return decision !== expected;
  });
  t.diagnostic(`${cases.length - wrong.length}/${cases.length}`);
  assert.equal(cases.length, 31);
  assert.deepEqual(
    wrong.map(({ id }) => id),
    [],
  );
});

test('at least 98 of 100 of Arsenal’s evaluations come out alike', { skip }, (t) => {
  const cases = lines<ArsenalCase>('arsenal_eval.jsonl');
  const wrong = cases.filter(({ identityPolicies, principal, action, resource, context, expected }) => {
    const identity = identityPolicies.map((document) => named(JSON.stringify(document), 'identity'));
    const request = { principal: principalOf(principal), action, resource, context: contextOf(context) };
    return evaluate({ identity }, request).decision !== expected;
  });
  t.diagnostic(`${cases.length - wrong.length}/${cases.length} ${wrong.map(({ id }) => id).join(' ')}`);
  assert.ok(cases.length > 0 && (cases.length - wrong.length) / cases.length >= 0.98);
});
