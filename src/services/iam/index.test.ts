import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { iam } from './index.ts';
import { account, type Rig, rig, trust } from './rig.test.ts';

const repository = new URL('../../../', import.meta.url);
const shared = process.env.ANYROLE_SHARED
  ? new URL(`${pathToFileURL(process.env.ANYROLE_SHARED).href}/`)
  : new URL('../shared/', repository);
const skip = existsSync(shared) ? false : 'shared/ is absent';

describe('IAM as a service', () => {
  test('serves some operations and knows the others of AWS by name, 176 in all', () => {
    assert.equal(iam.operations.size + iam.unserved.size, 176);
    assert.ok(iam.unserved.has('CreateSAMLProvider'));
    assert.ok(!iam.unserved.has('CreateRole'));
  });

  test('knows the operations of the model, no more and no fewer', { skip }, () => {
    const model = JSON.parse(readFileSync(new URL('models/botocore/iam/service-2.json', shared), 'utf8'));
    const known = [...iam.operations.keys(), ...iam.unserved].sort();
    assert.deepEqual(known, Object.keys(model.operations).sort());
  });

  test('declares no member and no error that the model does not have', { skip }, () => {
    const { operations, shapes } = JSON.parse(
      readFileSync(new URL('models/botocore/iam/service-2.json', shared), 'utf8'),
    );
    for (const operation of iam.operations.values()) {
      const modelled = operations[operation.name];
      const input = modelled.input ? shapes[modelled.input.shape] : { members: {} };
      assert.deepEqual(Object.keys(operation.input.members).sort(), Object.keys(input.members).sort());
      const required = Object.entries(operation.input.members).filter(([, member]) => member.required);
      assert.deepEqual(required.map(([name]) => name).sort(), (input.required ?? []).sort(), operation.name);
      const output = modelled.output ? Object.keys(shapes[modelled.output.shape].members) : [];
      assert.deepEqual(Object.keys(operation.output.members).sort(), output.sort(), operation.name);
      const codes = (modelled.errors ?? []).map(({ shape }: { shape: string }) => shapes[shape].error.code);
      for (const { code } of operation.errors) assert.ok(codes.includes(code), `${operation.name} ${code}`);
    }
  });
});

type Constraint = {
  readonly id: string;
  readonly service: string;
  readonly operation: string;
  readonly http: { readonly body: string };
  readonly expect: { readonly codes?: readonly string[]; readonly alsoAccepted?: readonly string[] };
};

test('a request that breaks one constraint is refused as AWS refuses it', { skip }, async (context) => {
  const lines = gunzipSync(readFileSync(new URL('api/constraints.jsonl.gz', shared)))
    .toString()
    .trim()
    .split('\n');
  const cases = lines
    .map((line): Constraint => JSON.parse(line))
    .filter(({ service, operation }) => service === 'iam' && iam.operations.has(operation));
  assert.ok(cases.length > 0);
  for (const { id, http, expect } of cases) {
    await context.test(id, async () => {
      const answer = await rig().form(http.body);
      assert.equal(answer.status, 400);
      const accepted = [...(expect.codes ?? []), ...(expect.alsoAccepted ?? [])];
      assert.ok(accepted.includes(answer.code ?? ''), `${answer.code}: ${answer.message}`);
    });
  }
});

type PolicyCase = { readonly id: string; readonly document: string; readonly expected: string };

test('CreatePolicy takes and refuses the documents that AWS takes and refuses', { skip }, async (context) => {
  const lines = readFileSync(new URL('iam-policy/moto_policy_documents.jsonl', shared), 'utf8').trim().split('\n');
  for (const { id, document, expected } of lines.map((line): PolicyCase => JSON.parse(line))) {
    await context.test(id, async () => {
      const answer = await rig().query('CreatePolicy', { PolicyName: 'P', PolicyDocument: document });
      assert.equal(answer.code ?? 'success', expected, answer.message);
    });
  }
});

type Step = {
  readonly op: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly save?: Readonly<Record<string, string>>;
  readonly expect: {
    readonly status: number;
    readonly code?: string;
    readonly message?: string;
    readonly equals?: Readonly<Record<string, unknown>>;
    readonly equalsJson?: Readonly<Record<string, unknown>>;
    readonly absent?: readonly string[];
  };
};

test('what was recorded from AWS is what is answered', { skip }, async (context) => {
  const scenarios: readonly { readonly id: string; readonly steps: readonly Step[] }[] = JSON.parse(
    readFileSync(new URL('aws-observed/scenarios.json', shared), 'utf8'),
  );
  // Simulations answer lists in lists, which test/conformance/shared-api.test.ts reads.
  const served = scenarios.filter(({ steps }) =>
    steps.every(({ op }) => iam.operations.has(op.replace('iam.', '')) && !op.includes('Simulate')),
  );
  assert.deepEqual(
    served.map(({ id }) => id),
    ['iam-attach-role', 'iam-delete-missing-policy', 'iam-role-lifecycle', 'iam-policy-encoding-role'],
  );
  for (const { id, steps } of served) {
    await context.test(id, async () => {
      const server = rig();
      const saved: Saved = { account };
      for (const step of steps) await replay(server, step, saved);
    });
  }
});

type Saved = Record<string, string | undefined>;

/** Asks one step; what it saves is put into `saved`. */
async function replay(server: Rig, { op, params, save = {}, expect }: Step, saved: Saved): Promise<void> {
  const filled = (text: string) => text.replace(/\$\{(\w+)\}/g, (_, name) => saved[name] ?? assert.fail(name));
  const given = Object.entries(params).map(([name, value]) => [
    name,
    typeof value === 'string' ? filled(value) : value,
  ]);
  const answer = await server.query(op.replace('iam.', ''), Object.fromEntries(given));
  assert.equal(answer.status, expect.status, answer.message);
  if (expect.code !== undefined) assert.equal(answer.code, expect.code);
  if (expect.message !== undefined) assert.equal(answer.message, filled(expect.message));
  for (const [name, path] of Object.entries(save)) saved[name] = answer.text(path);
  for (const [path, value] of Object.entries(expect.equals ?? {})) {
    assert.equal(answer.text(path), typeof value === 'object' ? '' : filled(String(value)), path);
  }
  for (const path of expect.absent ?? []) assert.equal(answer.text(path), undefined, path);
  for (const [path, value] of Object.entries(expect.equalsJson ?? {})) {
    assert.deepEqual(JSON.parse(decodeURIComponent(answer.text(path) ?? '')), value);
  }
}

test('two creations of one name at once make one role', async () => {
  const server = rig();
  const answers = await Promise.all(
    ['Web', 'web', 'WEB'].map((RoleName) => server.query('CreateRole', { RoleName, AssumeRolePolicyDocument: trust })),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409]);
});
