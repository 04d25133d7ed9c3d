// Requests that somebody else derived from AWS's models, and answers that somebody else recorded from AWS, against the
// road in memory: every bound of every input member broken one at a time, malformed bodies, and recorded scenarios.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { services } from '../../src/main.ts';
import type { HeaderPair } from '../../src/protocols/protocol.ts';
import { type Answer, account, type Road, testRoad } from '../road.ts';
import { memberOf, parametersOf, treeOf } from './query-answers.ts';

const ROOT = new URL('../../', import.meta.url);
const SHARED = `${resolve(fileURLToPath(ROOT), process.env.ANYROLE_SHARED ?? '../shared')}/`;
const shared = existsSync(`${SHARED}api`) ? {} : { skip: 'shared/ is absent' };

type Sent = {
  readonly method: string;
  readonly path: string;
  readonly query: string | Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};
type Constraint = {
  readonly id: string;
  readonly service: string;
  readonly operation: string;
  readonly http: Sent;
  readonly expect: {
    readonly status: number;
    readonly codes?: readonly string[];
    readonly alsoAccepted?: readonly string[];
    readonly notCodes?: readonly string[];
  };
};
type Malformed = {
  readonly id: string;
  readonly service: string;
  readonly http: Sent;
  readonly expect: { readonly status: readonly number[]; readonly codes: readonly string[] };
};
type Step = {
  readonly op: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly save?: Readonly<Record<string, string>>;
  readonly credentials?: unknown;
  readonly expect: {
    readonly status: number;
    readonly code?: string;
    readonly message?: string;
    readonly type?: string;
    readonly equals?: Readonly<Record<string, unknown>>;
    readonly equalsJson?: Readonly<Record<string, string>>;
    readonly present?: readonly string[];
    readonly absent?: readonly string[];
  };
};

/** Lines of a file of the corpus, whose form its README states. */
function lines<T>(file: string): readonly T[] {
  const bytes = readFileSync(SHARED + file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

function send(road: Road, service: string, { method, path, query, headers, body }: Sent): Promise<Answer> {
  const rawQuery = typeof query === 'string' ? query : new URLSearchParams(query).toString().replaceAll('+', '%20');
  const pairs = Object.entries(headers) as HeaderPair[];
  return road.send(service, { method, path, rawQuery, headers: pairs, body: Buffer.from(body) });
}

const isServed = (service: string, operation: string) => services.get(service)?.operations.has(operation) ?? false;

/** The least share of the requests that must be refused in AWS's code: of all of them, or of those to what is served. */
const gates = [
  { service: 'rolesanywhere', share: 0.99, of: 'all' },
  { service: 'iam', share: 0.95, of: 'served' },
  { service: 'sts', share: 0.95, of: 'served' },
] as const;

for (const { service, share, of } of gates) {
  test(`${service}: a request that breaks one bound of the model is refused in AWS's code`, shared, async (t) => {
    const road = await testRoad();
    const all = lines<Constraint>('api/constraints.jsonl.gz').filter((one) => one.service === service);
    const served = all.filter(({ operation }) => isServed(service, operation));
    const judged = of === 'all' ? all : served;
    const failures: string[] = [];
    for (const one of judged) {
      const answer = await send(road, service, one.http);
      if (!accepts(one, answer)) failures.push(`${one.id}: ${answer.status} ${answer.code} ${answer.message}`);
      assert.ok(answer.status < 500, `${one.id}: ${answer.status} ${answer.body}`);
    }
    t.diagnostic(
      `${judged.length - failures.length} of ${judged.length}; ${served.length} of ${all.length} are served`,
    );
    for (const failure of failures) t.diagnostic(failure);
    assert.ok(failures.length <= judged.length * (1 - share), failures.join('\n'));
  });
}

function accepts({ expect }: Constraint, { status, code = '' }: Answer): boolean {
  if (expect.notCodes !== undefined) return status < 500 && !expect.notCodes.includes(code);
  return status === expect.status && [...(expect.codes ?? []), ...(expect.alsoAccepted ?? [])].includes(code);
}

test('a malformed request to Roles Anywhere is refused as the fault of its sender', shared, async (t) => {
  const road = await testRoad();
  for (const { id, service, http, expect } of lines<Malformed>('api/malformed_rolesanywhere.jsonl')) {
    const { status, code = '', body } = await send(road, service, http);
    assert.ok(status >= 400 && status < 500, `${id}: ${status} ${body}`);
    if (!expect.codes.includes(code)) t.diagnostic(`${id}: ${code}, expected ${expect.codes.join(' or ')}`);
  }
});

test('recorded scenarios: what AWS answered is what is answered here', shared, async (t) => {
  const scenarios = JSON.parse(readFileSync(`${SHARED}aws-observed/scenarios.json`, 'utf8'));
  const [differences, skipped]: [string[], string[]] = [[], []];
  let all = 0;
  for (const { id, steps } of scenarios as readonly { id: string; steps: readonly Step[] }[]) {
    const road = await testRoad();
    const saved: Record<string, string> = { account };
    for (const [index, step] of steps.entries()) {
      const [service = '', action = ''] = step.op.split('.');
      const name = `${id} step ${index + 1} ${step.op}`;
      all += 1;
      const filled = filledIn(step, saved);
      // Every recorded step is the root user's; a step with credentials of its own would need them.
      if (!isServed(service, action) || filled === undefined || step.credentials !== undefined) {
        skipped.push(name);
        continue;
      }
      const answer = await road.query(service as 'iam' | 'sts', action, parametersOf(filled.params));
      const result = memberOf(treeOf(answer.body), `${action}Response.${action}Result`);
      for (const [variable, path] of Object.entries(step.save ?? {})) saved[variable] = String(memberOf(result, path));
      differences.push(...compare(filled.expect, answer, result).map((difference) => `${name}: ${difference}`));
    }
  }
  t.diagnostic(
    `${all - skipped.length} of ${all} judged; not served, or after what is not served: ${skipped.join(', ')}`,
  );
  assert.deepEqual(differences, []);
});

/** The step with `${name}` replaced by what was saved; undefined where that was never saved. */
function filledIn(step: Step, saved: Readonly<Record<string, string>>): Step | undefined {
  const text = JSON.stringify(step);
  if ([...text.matchAll(/\$\{(\w+)\}/g)].some(([, name = '']) => saved[name] === undefined)) return undefined;
  return JSON.parse(text.replace(/\$\{(\w+)\}/g, (_, name: string) => JSON.stringify(saved[name]).slice(1, -1)));
}

function compare(expect: Step['expect'], answer: Answer, result: unknown): readonly string[] {
  const differs = (what: string, got: unknown, wanted: unknown) =>
    JSON.stringify(got) === JSON.stringify(wanted)
      ? []
      : [`${what} is ${JSON.stringify(got)}, recorded ${JSON.stringify(wanted)}`];
  return [
    ...differs('status', answer.status, expect.status),
    ...(expect.code === undefined ? [] : differs('code', answer.code, expect.code)),
    ...(expect.message === undefined ? [] : differs('message', answer.message, expect.message)),
    ...(expect.type === undefined ? [] : differs('type', typeOf(answer), expect.type)),
    ...Object.entries(expect.equals ?? {}).flatMap(([path, wanted]) =>
      differs(path, memberOf(result, path), asTexts(wanted)),
    ),
    ...Object.entries(expect.equalsJson ?? {}).flatMap(([path, wanted]) =>
      differs(
        path,
        JSON.parse(decodeURIComponent(String(memberOf(result, path)))),
        typeof wanted === 'string' ? JSON.parse(wanted) : wanted,
      ),
    ),
    ...(expect.present ?? []).flatMap((path) => (memberOf(result, path) === undefined ? [`${path} is missing`] : [])),
    ...(expect.absent ?? []).flatMap((path) => (memberOf(result, path) === undefined ? [] : [`${path} is there`])),
  ];
}

/** What was recorded as XML has it: numbers and truth values are texts, an empty list is an empty element. */
function asTexts(wanted: unknown): unknown {
  if (Array.isArray(wanted)) return wanted.length === 0 ? {} : wanted.map(asTexts);
  if (typeof wanted !== 'object' || wanted === null) return String(wanted);
  return Object.fromEntries(Object.entries(wanted).map(([name, inner]) => [name, asTexts(inner)]));
}

/** Whose fault an error is: `Sender` or `Receiver`. */
function typeOf({ body }: Answer): unknown {
  return memberOf(treeOf(body), 'ErrorResponse.Error.Type');
}
