// REST-JSON: each kind of value in each place, in and out, and everything that is not one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../contract/error.ts';
import { type Operation, operationsOf, service } from '../contract/operation.ts';
import {
  blob,
  boolean,
  integer,
  list,
  map,
  optional,
  string,
  structure,
  timestamp,
  timestampInSeconds,
  union,
} from '../contract/shape.ts';
import { bodyText } from './answer-body.ts';
import type { HeaderPair, Labels, WireRequest } from './protocol.ts';
import { restJson } from './rest-json.ts';

const doc = 'a member';
const members = {
  text: optional(string(), { doc }),
  number: optional(integer(), { doc }),
  flag: optional(boolean, { doc }),
  when: optional(timestamp, { doc }),
  seconds: optional(timestampInSeconds, { doc }),
  bytes: optional(blob(), { doc }),
  items: optional(list(string()), { doc }),
  pairs: optional(map(string(), integer()), { doc }),
  inner: optional(structure({ deep: optional(string(), { doc }) }), { doc }),
  either: optional(union({ a: optional(string(), { doc }), b: optional(string(), { doc }) }), { doc }),
  label: optional(string(), { doc }),
  query: optional(integer(), { doc, in: 'query' }),
  queries: optional(list(string()), { doc, in: 'query' }),
  queryFlag: optional(boolean, { doc, in: 'query' }),
  header: optional(string(), { doc, in: 'header', wireName: 'X-Given' }),
  both: optional(string(), { doc, in: 'queryOrBody' }),
};

function made(input = structure(members), output = structure(members)) {
  const operation = operationsOf<never>()({
    doc: 'Takes everything.',
    http: 'POST /thing/{label} 201',
    effect: 'read',
    errors: [],
    input,
    output,
    access: () => [],
    run: async (value) => value,
  });
  const about = { name: 'things', protocol: 'rest-json', version: '2026-01-01', awsOperations: ['Thing'] } as const;
  return service<never>({ ...about, modules: [{ Thing: operation }] });
}
const things = made();
const found = things.operations.get('Thing');
assert.ok(found);
const thing: Operation<never> = found;

type Sent = { readonly rawQuery?: string; readonly headers?: readonly HeaderPair[]; readonly labels?: Labels };
function parsed(body: string | Uint8Array, { rawQuery = '', headers = [], labels = {} }: Sent = {}): object {
  const request: WireRequest = { method: 'POST', path: '/thing/x', rawQuery, headers, body: Buffer.from(body) };
  return restJson.parse(thing, request, labels);
}
const refusal = (work: () => unknown): ServiceError => {
  try {
    work();
  } catch (thrown) {
    assert.ok(thrown instanceof ServiceError, String(thrown));
    return thrown;
  }
  throw new assert.AssertionError({ message: 'it was accepted' });
};

test('every kind of value is read from the body', () => {
  const body = {
    text: 'ä\u0000😀',
    number: -3,
    flag: false,
    when: '2026-01-02T03:04:05.678Z',
    bytes: 'aGk=',
    items: ['a', ''],
    pairs: { k: 1 },
    inner: { deep: 'x', unknown: {} },
    either: { b: 'y' },
    unknown: [1],
  };
  assert.deepEqual(parsed(JSON.stringify(body)), {
    text: 'ä\u0000😀',
    number: -3,
    flag: false,
    when: new Date('2026-01-02T03:04:05.678Z'),
    bytes: Buffer.from('hi'),
    items: ['a', ''],
    pairs: { k: 1 },
    inner: { deep: 'x' },
    either: { b: 'y' },
  });
});

test('labels, query and headers are read from where they travel, and from there alone', () => {
  const sent = {
    rawQuery: 'query=7&queries=a&queries=b+c%2B&queryFlag=true&text=no&both=q',
    headers: [['x-given', 'h']] as const,
    labels: { label: 'a/b' },
  };
  assert.deepEqual(parsed('{"label":"body","query":1,"header":"body"}', sent), {
    label: 'a/b',
    query: 7,
    queries: ['a', 'b c+'],
    queryFlag: true,
    header: 'h',
    both: 'q',
  });
});

test('an empty body, an empty object and explicit nulls are an empty input', () => {
  for (const body of ['', '{}', ' { } ', '{"text":null,"items":null,"inner":null}']) assert.deepEqual(parsed(body), {});
});

test('a member of query or body may stand in either, or in both alike', () => {
  assert.deepEqual(parsed('{"both":"x"}'), { both: 'x' });
  assert.deepEqual(parsed('{"both":"x"}', { rawQuery: 'both=x' }), { both: 'x' });
  const error = refusal(() => parsed('{"both":"x"}', { rawQuery: 'both=y' }));
  assert.deepEqual([error.code, error.status], ['ValidationException', 400]);
});

for (const [what, body] of [
  ['no JSON', 'text'],
  ['half of it', '{"text":"a'],
  ['text after it', '{} {}'],
  ['a trailing comma', '{"text":"a",}'],
  ['single quotes', "{'text':'a'}"],
  ['a byte order mark', '\ufeff{}'],
  ['a control character in a string', '{"text":"\u0001"}'],
  ['NaN', '{"number":NaN}'],
  ['null', 'null'],
  ['a list', '[]'],
  ['a string', '"text"'],
  ['a number', '1'],
  ['100,000 brackets', '['.repeat(100_000)],
  ['100,000 closed brackets', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['a number for text', '{"text":1}'],
  ['an object for text', '{"text":{"toString":"x"}}'],
  ['text for a number', '{"number":"1"}'],
  ['a fraction', '{"number":1.5}'],
  ['a number of 32 bits and one', '{"number":2147483648}'],
  ['a huge number', '{"number":1e400}'],
  ['text for a boolean', '{"flag":"true"}'],
  ['a number for a boolean', '{"flag":0}'],
  ['a number for an instant', '{"when":1767322800}'],
  ['a day that is none', '{"when":"2026-13-01T00:00:00Z"}'],
  ['an instant without a zone', '{"when":"2026-01-01T00:00:00"}'],
  ['unpadded base64', '{"bytes":"aGk"}'],
  ['base64url', '{"bytes":"-_-_"}'],
  ['an object for a list', '{"items":{"0":"a","length":1}}'],
  ['null in a list', '{"items":[null]}'],
  ['a list in a list', '{"items":[["a"]]}'],
  ['a list for a map', '{"pairs":[]}'],
  ['null in a map', '{"pairs":{"k":null}}'],
  ['a list for a structure', '{"inner":[]}'],
  ['text for a structure', '{"inner":"x"}'],
  ['deep nesting where a value is wanted', `{"inner":{"deep":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`],
  ['an empty union', '{"either":{}}'],
  ['a union of two', '{"either":{"a":"x","b":"y"}}'],
  ['a union of a stranger', '{"either":{"c":"x"}}'],
] as const) {
  test(`a body with ${what} is refused as unreadable`, () => {
    const error = refusal(() => parsed(body));
    assert.deepEqual([error.code, error.status], ['SerializationException', 400]);
    assert.ok(error.message.length < 200);
  });
}

test('bytes that are not UTF-8 are refused', () => {
  for (const bytes of [
    [0x7b, 0xff, 0x7d],
    [0xc0, 0xaf],
    [0x22, 0xed, 0xa0, 0x80, 0x22],
  ]) {
    assert.equal(refusal(() => parsed(Uint8Array.from(bytes))).code, 'SerializationException');
  }
});

for (const rawQuery of [
  'query=%',
  'query=%zz',
  'queries=%ff',
  'query=1&query=2',
  'query=',
  'query=1x',
  'query=+1',
  'queryFlag=True',
  'queryFlag',
  'query=%00',
  'query=99999999999',
]) {
  test(`the query ${rawQuery} is refused as unreadable`, () => {
    assert.equal(refusal(() => parsed('', { rawQuery })).code, 'SerializationException');
  });
}

test('what the parser refuses is not repeated to the caller', () => {
  for (const body of ['{"text": SECRET', '{"number":"SECRET"}', 'SECRET']) {
    assert.doesNotMatch(refusal(() => parsed(body)).message, /SECRET/);
  }
});

test('__proto__ and constructor are names like others', () => {
  const body = '{"__proto__":{"text":"x"},"constructor":{"prototype":{"text":"x"}},"inner":{"__proto__":{"deep":"x"}}}';
  const value = parsed(body);
  assert.deepEqual(value, { inner: {} });
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.equal('text' in {}, false);
  const pairs = Object.entries(parsed('{"pairs":{"__proto__":1,"constructor":2}}'))[0]?.[1];
  assert.deepEqual(Object.entries(Object(pairs)), [
    ['__proto__', 1],
    ['constructor', 2],
  ]);
  assert.deepEqual(parsed('', { rawQuery: '__proto__=x&constructor=y&toString=z' }), {});
});

test('a lone surrogate is text, and travels back as an escape', () => {
  const value = parsed('{"text":"\\ud800"}');
  const { body } = restJson.respond(things, thing, value, 'id');
  assert.equal(body, '{"text":"\\ud800"}');
});

test('every kind of value is written', () => {
  const value = {
    text: '"<&\u2028',
    number: 1,
    flag: false,
    when: new Date('2026-01-02T03:04:05.678Z'),
    seconds: new Date('2026-01-02T03:04:05.678Z'),
    bytes: Buffer.from('hi'),
    items: ['a'],
    pairs: { k: 1 },
    inner: { deep: 'x', secret: 'y' },
    unknown: 'z',
    header: undefined,
  };
  const answer = restJson.respond(things, thing, value, 'the-id');
  assert.equal(answer.status, 201);
  assert.deepEqual(answer.headers, [
    ['content-type', 'application/json'],
    ['x-amzn-requestid', 'the-id'],
  ]);
  const { unknown: _unknown, header: _header, ...rest } = value;
  assert.deepEqual(JSON.parse(bodyText(answer.body)), {
    ...rest,
    when: '2026-01-02T03:04:05.678000Z',
    seconds: '2026-01-02T03:04:05Z',
    bytes: 'aGk=',
    inner: { deep: 'x' },
  });
});

test('an error is named in a header and told in a lower-case message', () => {
  const answer = restJson.refuse(
    new ServiceError('AccessDeniedException', 403, 'No "way"\n', { reason: 'SECRET' }),
    'i',
    '',
  );
  assert.equal(answer.status, 403);
  assert.ok(answer.headers.some(([name, value]) => name === 'x-amzn-errortype' && value === 'AccessDeniedException'));
  assert.equal(answer.body, '{"message":"No \\"way\\"\\n"}');
});

test('a query of a mebibyte is read at once', () => {
  const start = performance.now();
  parsed('', { rawQuery: `${'a%20+'.repeat(200_000)}=1&query=1` });
  parsed('', { rawQuery: 'a&'.repeat(4999) });
  assert.throws(() => parsed('', { rawQuery: 'a&'.repeat(500_000) }), { code: 'SerializationException' });
  assert.ok(performance.now() - start < 3000);
});
