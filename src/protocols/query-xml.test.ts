// The Query protocol: dotted parameters in, XML out, and everything that is neither.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ServiceError } from '../contract/error.ts';
import { type Operation, operationsOf, service } from '../contract/operation.ts';
import {
  blob,
  boolean,
  integer,
  list,
  map,
  nothing,
  optional,
  string,
  structure,
  timestamp,
} from '../contract/shape.ts';
import { bodyText } from './answer-body.ts';
import { parameters, queryXml } from './query-xml.ts';
import { xmlFault } from './xml.test.ts';

const doc = 'a member';
const Tag = structure({ Key: optional(string(), { doc }), Value: optional(string(), { doc }) });
const members = structure({
  Text: optional(string(), { doc }),
  Number: optional(integer(), { doc }),
  Flag: optional(boolean, { doc }),
  When: optional(timestamp, { doc }),
  Bytes: optional(blob(), { doc }),
  Items: optional(list(string()), { doc }),
  Tags: optional(list(Tag), { doc }),
  Pairs: optional(map(string(), string()), { doc }),
  Inner: optional(Tag, { doc }),
});
const operation = (output: typeof members | ReturnType<typeof structure>) =>
  operationsOf<never>()({
    doc: 'Takes everything.',
    effect: 'read',
    errors: [],
    input: members,
    output,
    access: () => [],
    run: async () => ({}),
  });
const things = service<never>({
  name: 'things',
  protocol: 'query',
  version: '2026-01-01',
  xmlNamespace: 'https://things.example/',
  modules: [{ Thing: operation(members), Nothing: operation(nothing), Empty: operation(structure({})) }],
  awsOperations: ['Thing', 'Nothing', 'Empty'],
});
const named = (name: string): Operation<never> => {
  const found = things.operations.get(name);
  assert.ok(found);
  return found;
};

const post = (body: string | Uint8Array, rawQuery = '') =>
  ({ method: 'POST', path: '/', rawQuery, headers: [], body: Buffer.from(body) }) as const;
const parsed = (body: string | Uint8Array, rawQuery = '') => queryXml.parse(named('Thing'), post(body, rawQuery), {});
const written = (output: object) => bodyText(queryXml.respond(things, named('Thing'), output, 'the-id').body);
const isMalformed = (thrown: unknown) =>
  thrown instanceof ServiceError &&
  thrown.code === 'MalformedQueryString' &&
  thrown.status === 400 &&
  thrown.message.length < 400;

test('every kind of value is read from a form', () => {
  const form =
    'Action=Thing&Text=a%2Bb+c%C3%A4&Number=-3&Flag=false&When=2026-01-02T03%3A04%3A05Z&Bytes=aGk%3D' +
    '&Items.member.1=x&Items.member.2=&Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.2.Key=l' +
    '&Pairs.entry.1.key=a&Pairs.entry.1.value=b&Inner.Key=i&Unknown.member.1=z';
  assert.deepEqual(parsed(form), {
    Text: 'a+b cä',
    Number: -3,
    Flag: false,
    When: new Date('2026-01-02T03:04:05Z'),
    Bytes: Buffer.from('hi'),
    Items: ['x', ''],
    Tags: [{ Key: 'k', Value: 'v' }, { Key: 'l' }],
    Pairs: { a: 'b' },
    Inner: { Key: 'i' },
  });
});

test('a GET carries its parameters in the query, and its body says nothing', () => {
  const request = { ...post('Text=body', 'Text=query'), method: 'GET' };
  assert.deepEqual(queryXml.parse(named('Thing'), request, {}), { Text: 'query' });
});

test('an empty list is one, written as clients write it', () => {
  assert.deepEqual(parsed('Items='), { Items: [] });
  assert.deepEqual(parsed('Items.member='), { Items: [] });
});

test('list items stand in the order of their numbers, gaps closed', () => {
  const items = (form: string) => Reflect.get(parsed(form), 'Items');
  assert.deepEqual(items('Items.member.10=c&Items.member.9=b&Items.member.1=a'), ['a', 'b', 'c']);
  assert.deepEqual(items('Items.member.999999=b&Items.member.1=a'), ['a', 'b']);
});

for (const form of [
  'Items.member.-1=a',
  'Items.member.0=a',
  'Items.member.01=a&Items.member.1=b',
  'Items.member.1000000000=a',
  'Items.member.x=a',
  'Items.member.1e2=a',
  'Items.member.=a',
  'Items.member.%D9%A1=a',
  'Items.member.__proto__=a',
  'Number=',
  'Number=1.0',
  'Number=0x10',
  'Number=2147483648',
  'Flag=TRUE',
  'Flag=1',
  'When=1767322800',
  'When=2026-02-30',
  'Bytes=%3D%3D',
  'Pairs.entry.1.value=b',
  'Pairs.entry.1.key=a',
  'Text=%',
  'Text=%G0',
  'Text=%C3',
  'Text=%ED%A0%80',
  'Text=a&Text=a',
  'Text=a&T%65xt=b',
  'Items.member.1=a&Items.member.1=b',
  '%ff=1',
]) {
  test(`the form ${form} is refused as malformed`, () => {
    assert.throws(() => parsed(form), isMalformed);
  });
}

test('a name in the query and again in the form is refused', () => {
  assert.throws(() => parsed('Text=a', 'Text=a'), isMalformed);
});

test('bytes that are not UTF-8 are refused', () => {
  assert.throws(() => parsed(Uint8Array.of(0x54, 0x3d, 0xff)), isMalformed);
});

test('a thousand items are read and one more is refused', () => {
  const form = (count: number) => Array.from({ length: count }, (_, index) => `Items.member.${index + 1}=x`).join('&');
  assert.equal(Reflect.get(parsed(form(1000)), 'Items').length, 1000);
  assert.throws(() => parsed(form(1001)), isMalformed);
});

test('names of a mebibyte, of many dots and of many parts cost little and mean nothing', () => {
  const start = performance.now();
  assert.deepEqual(parsed(`${'x'.repeat(1 << 20)}=1`), {});
  assert.deepEqual(parsed(`Text${'.'.repeat(1 << 20)}=1`), { Text: '' });
  const many = (length: number) => Array.from({ length }, (_, index) => `a.${index}.b=1`).join('&');
  assert.deepEqual(parsed(many(5000)), {});
  assert.throws(() => parsed(many(5001)), isMalformed);
  assert.throws(() => parsed(many(100_000)), isMalformed);
  assert.throws(() => parsed(`${'%41'.repeat(300_000)}&${'%41'.repeat(300_000)}`), isMalformed);
  assert.ok(performance.now() - start < 3000);
});

test('__proto__ and constructor are names like others', () => {
  const value = parsed(
    '__proto__.Text=x&constructor=y&Inner.__proto__.Key=z&Pairs.entry.1.key=__proto__&Pairs.entry.1.value=v',
  );
  assert.deepEqual(Object.entries(Object(Reflect.get(value, 'Pairs'))), [['__proto__', 'v']]);
  assert.deepEqual(Reflect.get(value, 'Inner'), {});
  assert.equal('Text' in {}, false);
  assert.equal(parameters(post('toString=a')).get('valueOf'), undefined);
});

test('every kind of value is written, without what the shape does not name', () => {
  const output = {
    Text: 'a',
    Number: 1,
    Flag: false,
    When: new Date('2026-01-02T03:04:05.678Z'),
    Bytes: Buffer.from('hi'),
    Items: ['x', ''],
    Tags: [{ Key: 'k', Value: undefined }],
    Pairs: { '<': '>' },
    Inner: {},
    Secret: 'z',
  };
  assert.equal(
    written(output),
    '<ThingResponse xmlns="https://things.example/"><ThingResult><Text>a</Text><Number>1</Number><Flag>false</Flag>' +
      '<When>2026-01-02T03:04:05Z</When><Bytes>aGk=</Bytes><Items><member>x</member><member/></Items>' +
      '<Tags><member><Key>k</Key></member></Tags>' +
      '<Pairs><entry><key>&lt;</key><value>&gt;</value></entry></Pairs><Inner/></ThingResult>' +
      '<ResponseMetadata><RequestId>the-id</RequestId></ResponseMetadata></ThingResponse>',
  );
});

test('an operation without output has no result element, one whose output has no members an empty one', () => {
  const metadata = '<ResponseMetadata><RequestId>i</RequestId></ResponseMetadata>';
  assert.equal(
    queryXml.respond(things, named('Nothing'), {}, 'i').body,
    `<NothingResponse xmlns="https://things.example/">${metadata}</NothingResponse>`,
  );
  assert.equal(
    queryXml.respond(things, named('Empty'), {}, 'i').body,
    `<EmptyResponse xmlns="https://things.example/"><EmptyResult/>${metadata}</EmptyResponse>`,
  );
});

test('an error names its side, its code and the request', () => {
  const refused = (status: number) => queryXml.refuse(new ServiceError('Code', status, 'a<b'), 'i', 'urn:x').body;
  assert.equal(
    refused(400),
    '<ErrorResponse xmlns="urn:x"><Error><Type>Sender</Type><Code>Code</Code><Message>a&lt;b</Message></Error><RequestId>i</RequestId></ErrorResponse>',
  );
  assert.match(refused(503), /<Type>Receiver<\/Type>/);
});

test('the checker of well-formed XML refuses what is not', () => {
  for (const bad of [
    '',
    'x',
    '<a>',
    '<a></b>',
    '<a/><b/>',
    '<a>&</a>',
    '<a>&nbsp;</a>',
    '<a>]]></a>',
    '<a><</a>',
    '<a>\u0000</a>',
    '<a>\ud800</a>',
    '<a>\uffff</a>',
    '<a x=1/>',
    '<a>&#0;</a>',
  ]) {
    assert.notEqual(xmlFault(bad), undefined, JSON.stringify(bad));
  }
  for (const good of ['<a/>', '<a x="y">b&amp;&#xD;<c/>ä😀</a>']) assert.equal(xmlFault(good), undefined, good);
});

test('whatever a text holds, the answer is well-formed XML and carries what XML can carry', () => {
  const hostile = fc.string({ unit: 'binary', maxLength: 50 });
  const ascii = fc.string({ unit: fc.integer({ min: 0, max: 0x7f }).map((code) => String.fromCharCode(code)) });
  const lone = fc.constantFrom(
    '\ud800',
    'a\udc00b',
    '\ufffe',
    '\uffff',
    ']]>',
    '<!--',
    '&#0;',
    '\r\n',
    '<?x?>',
    '\x1b',
  );
  fc.assert(
    fc.property(fc.oneof(hostile, ascii, lone), (text) => {
      const answers = [
        written({ Text: text, Items: [text], Pairs: { [text]: text } }),
        queryXml.refuse(new ServiceError('Code', 400, text), text, 'urn:x').body,
      ];
      for (const answer of answers) assert.equal(xmlFault(answer), undefined, JSON.stringify(text));
    }),
    { numRuns: 1000, seed: 20261122 },
  );
  assert.match(written({ Text: '"\r\n\t' }), /<Text>&quot;&#xD;\n\t<\/Text>/);
  assert.match(written({ Text: '\u0000\ud800' }), /<Text>\ufffd\ufffd<\/Text>/);
});
