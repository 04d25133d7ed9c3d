// Collecting a service's operations: by export, held against AWS's list.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commonError, error } from './error.ts';
import { operationsOf, service } from './operation.ts';
import { optional, string, structure } from './shape.ts';

const operation = operationsOf<null>();
const traits = (http?: string) => ({
  doc: 'Does nothing.',
  ...(http === undefined ? {} : { http }),
  effect: 'read' as const,
  errors: [],
  input: structure({ id: optional(string(), { doc: 'An id.' }) }),
  output: structure({}),
  access: () => [],
  run: async () => ({}),
});
const GetThing = operation(traits('GET /thing/{id}/part 201'));
const Bare = operation(traits());
const about = { name: 'things', protocol: 'rest-json', version: '2026-01-01' } as const;

test('exports with a run are the operations, and the rest of the list is unserved', () => {
  const made = service<null>({
    ...about,
    modules: [{ GetThing, helper: () => 1, shape: structure({}), nothing: null, text: 'run' }, { Bare }],
    awsOperations: ['GetThing', 'Bare', 'ListThings'],
  });
  assert.deepEqual([...made.operations.keys()], ['GetThing', 'Bare']);
  assert.deepEqual([...made.unserved], ['ListThings']);
  const got = made.operations.get('GetThing');
  assert.equal(got?.name, 'GetThing');
  assert.equal(got?.signedWith, 'accessKey');
  assert.deepEqual(got?.address, {
    method: 'GET',
    segments: [{ literal: 'thing' }, { label: 'id' }, { literal: 'part' }],
    status: 201,
  });
  assert.equal(made.operations.get('Bare')?.address, undefined);
});

test('one name in two modules stops the start', () => {
  const twice = { ...about, modules: [{ GetThing }, { GetThing: Bare }], awsOperations: ['GetThing'] };
  assert.throws(() => service<null>(twice), /^Error: operation GetThing is exported twice$/);
});

test("a name that AWS's model does not have stops the start", () => {
  const unknown = { ...about, modules: [{ GetThing }], awsOperations: ['GetThings'] };
  assert.throws(() => service<null>(unknown), /^Error: operation GetThing is not in AWS's model$/);
});

test('a service that AWS does not have keeps all of its exports, and says so as the source of its events', () => {
  const made = service<null>({ ...about, modules: [{ GetThing, Bare }], eventSource: 'ours' });
  assert.deepEqual([[...made.operations.keys()], made.unserved.size], [['GetThing', 'Bare'], 0]);
  assert.equal(made.eventSource, 'ours');
  assert.equal(service<null>({ ...about, modules: [] }).eventSource, 'things.amazonaws.com');
});

test('an error maker carries its code and status, and the reason stays beside the sentence', () => {
  const NoSuchThing = error('NoSuchThing', 404);
  const made = NoSuchThing('It is not there.', { reason: 'absent', id: 'x' });
  assert.deepEqual([made.code, made.status, made.message], ['NoSuchThing', 404, 'It is not there.']);
  assert.deepEqual(made.reason, { reason: 'absent', id: 'x' });
  assert.doesNotMatch(made.message, /absent/);
});

test('a common error is spelt as its protocol spells it', () => {
  assert.equal(commonError('accessDenied', 'rest-json', 'no').code, 'AccessDeniedException');
  assert.equal(commonError('accessDenied', 'query', 'no').code, 'AccessDenied');
  assert.equal(commonError('internal', 'query', 'no').status, 500);
});
