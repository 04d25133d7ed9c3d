// politest's simulations, which upstream runs against the real SimulateCustomPolicy, asked of the operation itself over the
// road in memory. The data stays outside the project; without it the test is skipped.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { memberOf, parametersOf, treeOf } from '../conformance/query-answers.ts';
import { testRoad } from '../road.ts';

const root = new URL('../../', import.meta.url);
const file = new URL(`${process.env.ANYROLE_SHARED ?? '../shared'}/iam-policy/politest_simulate.jsonl`, root);
const skip = existsSync(file) ? false : 'shared/ is absent';

type Case = {
  readonly id: string;
  readonly simulateCustomPolicy: Readonly<Record<string, unknown>>;
  readonly expected: string;
};

test('SimulateCustomPolicy answers as the real one decided', { skip }, async (t) => {
  const road = await testRoad();
  const cases = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line): Case => JSON.parse(line));
  const wrong: string[] = [];
  for (const { id, simulateCustomPolicy, expected } of cases) {
    const answer = await road.query('iam', 'SimulateCustomPolicy', parametersOf(simulateCustomPolicy));
    const results = 'SimulateCustomPolicyResponse.SimulateCustomPolicyResult.EvaluationResults';
    const decision = memberOf(treeOf(answer.body), `${results}.0.EvalDecision`);
    if (decision !== expected) wrong.push(`${id}: ${decision ?? answer.message}, expected ${expected}`);
  }
  t.diagnostic(`${cases.length - wrong.length}/${cases.length}`);
  assert.equal(cases.length, 31);
  assert.deepEqual(wrong, []);
});
