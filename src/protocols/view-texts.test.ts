// Views of stored documents: written as what they show, in either protocol, and remembered only where that cannot differ.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withoutSecrets } from '../contract/describe.ts';
import { type Operation, operationsOf, type Service, service } from '../contract/operation.ts';
import {
  type AnyStructure,
  boolean,
  integer,
  list,
  map,
  optional,
  string,
  structure,
  timestamp,
  type ValueOf,
  view,
} from '../contract/shape.ts';
import { bodyText } from './answer-body.ts';
import type { Protocol } from './protocol.ts';
import { queryXml } from './query-xml.ts';
import { restJson } from './rest-json.ts';
import { viewTexts } from './view-texts.ts';

const doc = 'a member';
const Thing = structure({
  name: optional(string(), { doc }),
  madeAt: optional(timestamp, { doc }),
  parts: optional(list(structure({ size: optional(integer(), { doc }) })), { doc }),
});
type Stored = { readonly name: string; readonly madeAt?: string; readonly sizes: readonly number[] };
const show = ({ name, madeAt, sizes }: Stored): ValueOf<typeof Thing> => ({
  name: `a ${name}`,
  madeAt: madeAt === undefined ? undefined : new Date(madeAt),
  parts: sizes.map((size) => ({ size })),
});

/** The same output of things, as `Of` says. */
const outputOf = (Of: AnyStructure) =>
  structure({
    before: optional(string(), { doc }),
    one: optional(Of, { doc }),
    all: optional(list(Of), { doc }),
    inner: optional(structure({ deep: optional(list(list(Of)), { doc }) }), { doc }),
    byName: optional(map(string(), Of), { doc }),
    flag: optional(boolean, { doc }),
  });

type Written = { readonly protocol: Protocol; readonly service: Service<never>; readonly operation: Operation<never> };
function written(name: 'rest-json' | 'query', output: AnyStructure): Written {
  const Made = operationsOf<never>()({
    doc: 'Answers.',
    http: 'GET /things 200',
    effect: 'read',
    errors: [],
    input: structure({}),
    output,
    access: () => [],
    run: async () => ({}),
  });
  const made = service<never>({ name: 'things', protocol: name, version: '2026-01-01', modules: [{ Made }] });
  const operation = made.operations.get('Made');
  assert.ok(operation);
  return { protocol: name === 'query' ? queryXml : restJson, service: made, operation };
}
const bodyOf = ({ protocol, service, operation }: Written, output: object) =>
  bodyText(protocol.respond(service, operation, output, 'id').body);

const views = fc.record(
  {
    before: fc.string(),
    one: fc.constant(0),
    all: fc.array(fc.nat(3)),
    inner: fc.record({ deep: fc.array(fc.array(fc.nat(3))) }, { requiredKeys: [] }),
    byName: fc.dictionary(fc.string(), fc.nat(3)),
    flag: fc.boolean(),
  },
  { requiredKeys: [] },
);
const documents = fc.tuple(
  ...Array.from({ length: 4 }, () =>
    fc.record(
      {
        name: fc.string({ unit: 'binary' }),
        madeAt: fc.constant('2026-01-02T03:04:05.678Z'),
        sizes: fc.array(fc.integer()),
      },
      { requiredKeys: ['name', 'sizes'] },
    ),
  ),
);

/** The output with `of(document)` in the place of each number. */
function filled(output: unknown, of: (at: number) => unknown): unknown {
  if (typeof output === 'number') return of(output);
  if (Array.isArray(output)) return output.map((item) => filled(item, of));
  if (typeof output !== 'object' || output === null) return output;
  return Object.fromEntries(Object.entries(output).map(([name, value]) => [name, filled(value, of)]));
}

for (const name of ['rest-json', 'query'] as const) {
  test(`${name} writes documents, kept or not, as what their view shows, and so does the audit event`, () => {
    const plain = written(name, outputOf(Thing));
    const viewed = written(name, outputOf(view(Thing, show)));
    fc.assert(
      fc.property(views, documents, fc.boolean(), (output, stored, isKept) => {
        if (isKept) for (const one of stored) Object.freeze(one);
        const values = filled(output, (at) => show(stored[at] as Stored)) as object;
        const given = filled(output, (at) => stored[at]) as object;
        assert.equal(bodyOf(viewed, given), bodyOf(plain, values));
        assert.equal(bodyOf(viewed, given), bodyOf(plain, values));
        assert.equal(withoutSecrets(viewed.operation.output, given), withoutSecrets(plain.operation.output, values));
      }),
    );
  });

  test(`${name} shows a frozen document once, and each of its views for itself`, () => {
    let shown = 0;
    const counted = (word: string) =>
      view(Thing, (document: Stored) => {
        shown += 1;
        return { name: `${word} ${document.name}` };
      });
    const [one, other] = [written(name, outputOf(counted('one'))), written(name, outputOf(counted('other')))];
    const document = Object.freeze({ name: 'n', sizes: [] });
    for (let round = 0; round < 3; round += 1) {
      assert.match(bodyOf(one, { all: [document, document], one: document }), /one n.*one n.*one n/s);
      assert.match(bodyOf(other, { one: document }), /other n/);
    }
    assert.equal(shown, 2);
  });

  test(`${name} writes a frozen list of documents once, and one that may still change anew`, () => {
    const lengths: number[] = [];
    const all = (items: object[]) => {
      let shown = 0;
      const counted = view(Thing, ({ name }: Stored) => ({ name: `${++shown} ${name}` }));
      const viewed = written(name, outputOf(counted));
      const first = bodyOf(viewed, { all: items });
      lengths.push(shown);
      if (!Object.isFrozen(items)) items.push({ name: 'late', sizes: [] });
      return [first, bodyOf(viewed, { all: items })];
    };
    const items = () => [Object.freeze({ name: 'n', sizes: [] }), Object.freeze({ name: 'm', sizes: [] })];
    const [before, same] = all(Object.freeze(items()) as object[]);
    assert.equal(before, same);
    const [short, long] = all(items());
    assert.match(long ?? '', /3 late/);
    assert.doesNotMatch(short ?? '', /late/);
    assert.deepEqual(lengths, [2, 2]);
  });

  test(`${name} shows what may still change anew`, () => {
    const viewed = written(name, outputOf(view(Thing, show)));
    const document = { name: 'before', sizes: [] };
    assert.match(bodyOf(viewed, { one: document }), /a before/);
    document.name = 'after';
    assert.match(bodyOf(viewed, { one: document }), /a after/);
  });
}

test('long texts of pages are kept as bytes, and what stands around them is text', () => {
  const items = Array.from({ length: 40 }, (_, at) => Object.freeze({ name: `ä${at}`.repeat(200), sizes: [] }));
  const kept = Object.freeze(items);
  for (const name of ['rest-json', 'query'] as const) {
    const [viewed, plain] = [written(name, outputOf(view(Thing, show))), written(name, outputOf(Thing))];
    const answer = () => {
      const { protocol, service: made, operation } = viewed;
      return protocol.respond(made, operation, { before: 'x', all: kept, inner: { deep: [kept] }, flag: true }, 'id')
        .body;
    };
    const [first, second] = [answer(), answer()];
    assert.ok(typeof first !== 'string' && typeof second !== 'string');
    const bytes = first.filter((piece) => typeof piece !== 'string');
    assert.equal(bytes.length, 1);
    assert.equal(bytes[0]?.buffer.byteLength, bytes[0]?.length);
    assert.equal(second.filter((piece) => typeof piece !== 'string')[0], bytes[0]);
    assert.ok(first.every((piece, at) => typeof piece !== typeof first[at + 1]));
    const values = kept.map(show);
    assert.equal(bodyText(first), bodyOf(plain, { before: 'x', all: values, inner: { deep: [values] }, flag: true }));
    assert.equal(bodyText(second), bodyText(first));
  }
});

test('texts that nobody asks for go, and those in use stay', () => {
  let writes = 0;
  const write = viewTexts()((document) => {
    writes += 1;
    return JSON.stringify(document);
  });
  const documents = Array.from({ length: 3000 }, (_, at) => Object.freeze({ at, text: 'x'.repeat(1000) }));
  const [inUse] = documents;
  assert.ok(inUse);
  for (const document of documents) {
    write(document);
    assert.equal(write(inUse), JSON.stringify(inUse));
  }
  assert.equal(writes, 3000);
  // Of three millions of characters one million is kept at most.
  for (const document of documents.slice(1, 2000)) write(document);
  assert.equal(writes, 3000 + 1999);
});

test('a very long text is not kept', () => {
  let writes = 0;
  const write = viewTexts()((document) => {
    writes += 1;
    return JSON.stringify(document);
  });
  const document = Object.freeze({ text: 'x'.repeat(140_000) });
  write(document);
  write(document);
  assert.equal(writes, 2);
});
