// botocore's protocol tests, which are Smithy's, from the server's side: what a client wrote must be read as the client's
// parameters, and what a client reads must be written for the result. A case passes or stands in the table with a reason.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../src/contract/error.ts';
import { operationsOf, type Service, service } from '../../src/contract/operation.ts';
import { nothing } from '../../src/contract/shape.ts';
import { route } from '../../src/gateway/route.ts';
import { bodyText } from '../../src/protocols/answer-body.ts';
import type { Protocol, WireResponse } from '../../src/protocols/protocol.ts';
import { queryXml } from '../../src/protocols/query-xml.ts';
import { restJson } from '../../src/protocols/rest-json.ts';
import type { Call } from '../../src/services/call.ts';
import { structureFrom, valueFrom } from './protocol-shapes.ts';
import { inPart, notApplicable } from './protocol-tests-not-applicable.ts';
import { type ModelOperation, read, type Shapes, shared } from './service-model.ts';
import { jsonForm, xmlForm } from './wire-forms.ts';

type Case = {
  readonly id: string;
  readonly given: ModelOperation & { readonly name: string };
  readonly params?: unknown;
  readonly serialized?: {
    readonly method: string;
    readonly uri: string;
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
  readonly result?: unknown;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly response?: {
    readonly status_code: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  };
};
type Suite = {
  readonly metadata: { readonly protocol: 'rest-json' | 'query'; readonly apiVersion: string };
  readonly shapes: Shapes;
  readonly cases: readonly Case[];
};

const protocols: Readonly<Record<'rest-json' | 'query', Protocol>> = { 'rest-json': restJson, query: queryXml };
/** The namespace of the test service's answers; the files state it in the answers only. */
const xmlNamespace = 'https://example.com/';
const requestId = 'foo-id';

/** A service of the case's one operation, which does nothing. */
function serviceOf({ metadata, shapes }: Suite, { given }: Case): Service<Call> {
  const { protocol, apiVersion } = metadata;
  const { method = 'POST', requestUri = '/', responseCode = 200 } = given.http ?? {};
  // The parameters of a constant query are the client's duty; a server need not ask for them.
  const path = requestUri.split('?')[0];
  const operation = operationsOf<Call>()({
    doc: 'The operation of a test case.',
    ...(protocol === 'rest-json' && { http: `${method} ${path} ${responseCode}` }),
    effect: 'read',
    errors: [],
    input: structureFrom(shapes, protocol, given.input),
    output: given.output === undefined ? nothing : structureFrom(shapes, protocol, given.output),
    access: () => [],
    run: async () => ({}),
  });
  const traits = { name: 'things', protocol, version: apiVersion, xmlNamespace, awsOperations: [given.name] };
  return service<Call>({ ...traits, modules: [{ [given.name]: operation }] });
}

/** Judges a case, all of it or without the members named; throws what is wrong. */
type Judge = (suite: Suite, one: Case, without: readonly string[]) => void;

const reads: Judge = (suite, one, without) => {
  const { method = '', uri = '', body, headers = {} } = one.serialized ?? {};
  assert.ok(body !== undefined, 'the case states no body');
  const [path = '', rawQuery = ''] = uri.split('?');
  const request = { method, path, rawQuery, headers: Object.entries(headers), body: Buffer.from(body) };
  const { operation, labels } = route(serviceOf(suite, one), request);
  const input = protocols[suite.metadata.protocol].parse(operation, request, labels);
  const wanted = Object(valueFrom(suite.shapes, one.given.input, one.params ?? {}));
  assert.deepEqual(omit(input, without), omit(wanted, without));
};

function omit(value: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}

const writes: Judge = (suite, one, without) => {
  const answer = one.errorCode === undefined ? answerOf(suite, one) : refusalOf(suite, one, one.errorCode);
  const { status_code: status, headers = {}, body } = one.response ?? { status_code: 0 };
  assert.equal(answer.status, status);
  for (const [name, value] of Object.entries(headers)) {
    const ours = answer.headers.find(([key]) => key.toLowerCase() === name.toLowerCase());
    assert.equal(ours?.[1], value, name);
  }
  if (body === undefined) return;
  const form = suite.metadata.protocol === 'query' ? xmlForm : jsonForm;
  assert.deepEqual(form(bodyText(answer.body), without), form(body, without));
};

function answerOf(suite: Suite, one: Case): WireResponse {
  const made = serviceOf(suite, one);
  const operation = made.operations.get(one.given.name);
  assert.ok(operation);
  const output = Object(valueFrom(suite.shapes, one.given.output, one.result ?? {}));
  return protocols[suite.metadata.protocol].respond(made, operation, output, requestId);
}

function refusalOf({ metadata }: Suite, { errorMessage = '', response }: Case, code: string): WireResponse {
  const error = new ServiceError(code, response?.status_code ?? 0, errorMessage);
  return protocols[metadata.protocol].refuse(error, requestId, '');
}

/** Why the case does not pass, or undefined when it does. */
function fault(judge: Judge, suite: Suite, one: Case, without: readonly string[] = []): string | undefined {
  try {
    judge(suite, one, without);
    return undefined;
  } catch (thrown) {
    return String(thrown);
  }
}

for (const [file, judge, count] of [
  ['input-query', reads, 38],
  ['input-rest-json', reads, 113],
  ['output-query', writes, 38],
  ['output-rest-json', writes, 91],
] as const) {
  test(`${file}: every case passes, or is not applicable for a reason that is stated`, shared, (t) => {
    const suites = read<readonly Suite[]>(`protocol-tests/${file}.json`);
    const cases = suites.flatMap((suite) => suite.cases.map((one) => ({ suite, one })));
    assert.equal(cases.length, count);
    const rows = notApplicable[file] ?? {};
    const excused = new Set(Object.values(rows).flat());
    const faults = cases.map(({ suite, one }) => ({ id: one.id, fault: fault(judge, suite, one) }));
    const failed = faults.filter((one) => one.fault !== undefined && !excused.has(one.id));
    const passed = faults.filter((one) => one.fault === undefined);
    t.diagnostic(`${passed.length} of ${count} passed, ${excused.size} not applicable, ${failed.length} failed`);
    for (const [reason, ids] of Object.entries(rows)) t.diagnostic(`not applicable: ${reason}: ${ids.length}`);
    for (const [id, without] of Object.entries(inPart[file] ?? {})) {
      const found = cases.find(({ one }) => one.id === id);
      assert.ok(found && excused.has(id), id);
      t.diagnostic(`${id} passes without ${without.join(', ')}`);
      assert.equal(fault(judge, found.suite, found.one, without), undefined, id);
    }
    assert.deepEqual(failed, []);
    // An excuse that is not needed hides nothing today and a regression tomorrow.
    const passing = passed.map(({ id }) => id).filter((id) => excused.has(id));
    const unknown = [...excused].filter((id) => !cases.some(({ one }) => one.id === id));
    assert.deepEqual([passing, unknown], [[], []]);
  });
}
