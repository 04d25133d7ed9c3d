// What is remembered of questions: the same words, the same input, nothing that is secret, and never an answer.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { account, testRoad } from '../../test/road.ts';
import { services } from '../main.ts';
import type { WireRequest } from '../protocols/protocol.ts';
import { restJson } from '../protocols/rest-json.ts';
import { type Questions, questions } from './questions.ts';
import { keysOf, webSession } from './session.test.ts';

const rolesanywhere = services.get('rolesanywhere');
const sts = services.get('sts');
const iam = services.get('iam');
assert.ok(rolesanywhere && sts && iam);

const key = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ\n-----END PRIVATE KEY-----';
const request = (method: string, target: string, body = ''): WireRequest => {
  const [path = '', rawQuery = ''] = target.split('?');
  return { method, path, rawQuery, headers: [], body: Buffer.from(body) };
};
const form = (body: string) => request('POST', '/', body);

/** Asks, and has the input kept as the road does. */
function askedOnce(memory: Questions, service: typeof rolesanywhere, given: WireRequest, input: object = {}) {
  assert.ok(service);
  const question = memory.ask(service, given);
  if (question.known === undefined) memory.keep(question, input);
  return question;
}

/** Asks likewise, twice where it was not known: what is asked again is remembered. */
function asked(memory: Questions, service: typeof rolesanywhere, given: WireRequest, input: object = {}) {
  const question = askedOnce(memory, service, given, input);
  return question.known === undefined ? askedOnce(memory, service, given, input) : question;
}

test('what is asked once is not remembered, and drives out nothing that is', () => {
  const memory = questions();
  const again = request('GET', '/profile/again');
  asked(memory, rolesanywhere, again);
  const once = (n: number) => request('GET', `/profile/${n}`);
  for (let n = 0; n < 5000; n++) assert.equal(askedOnce(memory, rolesanywhere, once(n)).known, undefined);
  assert.ok(askedOnce(memory, rolesanywhere, again).known);
  assert.equal(askedOnce(memory, rolesanywhere, once(0)).known, undefined, 'it was asked too long ago');
  assert.equal(askedOnce(memory, rolesanywhere, once(4999)).known, undefined);
  assert.ok(askedOnce(memory, rolesanywhere, once(4999)).known);
});

test('the same words give the same input, frozen, and its text', () => {
  const memory = questions();
  const given = request('POST', '/sessions?profileArn=p', '{"instanceProperties":{"a":"b"}}');
  const first = asked(memory, rolesanywhere, given, { profileArn: 'p', instanceProperties: { a: 'b' } });
  assert.equal(first.known, undefined);
  const [second, third] = [asked(memory, rolesanywhere, given), asked(memory, rolesanywhere, { ...given })];
  assert.equal(second.operation, first.operation);
  assert.ok(second.known);
  assert.equal(second.known, third.known);
  assert.deepEqual(second.known.input, { profileArn: 'p', instanceProperties: { a: 'b' } });
  assert.ok(Object.isFrozen(second.known.input) && Object.isFrozen(Object(second.known.input).instanceProperties));
  assert.equal(second.known.shown, '{"profileArn":"p","instanceProperties":{"a":"b"}}');
});

test('the hash of the body comes with a question that was asked before, and is that of its own body', () => {
  const memory = questions();
  for (const body of ['', '{}', '{"durationSeconds":900}', '\u0080']) {
    const given = request('POST', '/sessions', body);
    asked(memory, rolesanywhere, given);
    const hash = createHash('sha256').update(given.body).digest('hex');
    assert.equal(asked(memory, rolesanywhere, given).known?.payloadHash, hash, body);
  }
});

test('a body that is changed on its way is refused, however often the signed one came', async () => {
  const road = await testRoad();
  const ask = (body: string) =>
    road.query('sts', 'GetCallerIdentity', {}, { tamper: (signed) => ({ ...signed, body: Buffer.from(body) }) });
  const [signed, other] = [
    'Action=GetCallerIdentity&Version=2011-06-15',
    'Version=2011-06-15&Action=GetCallerIdentity',
  ];
  const codes: (string | undefined)[] = [];
  for (const body of [signed, signed, other, signed, other]) codes.push((await ask(body)).code);
  const refused = 'SignatureDoesNotMatch';
  assert.deepEqual(codes, [undefined, undefined, refused, undefined, refused]);
});

test('other words are another question', () => {
  const memory = questions();
  const all = [
    [rolesanywhere, request('GET', '/profile/a')],
    [rolesanywhere, request('GET', '/profile/b')],
    [rolesanywhere, request('GET', '/profile/a?x')],
    [rolesanywhere, request('GET', '/profile/a', 'x')],
    [rolesanywhere, request('GET', '/profile/ax')],
    [rolesanywhere, request('DELETE', '/profile/a')],
    [rolesanywhere, request('POST', '/sessions', '{}')],
    [rolesanywhere, request('POST', '/sessions', '{} ')],
    [rolesanywhere, request('POST', '/sessions?{}')],
    [rolesanywhere, request('POST', '/sessions', '\u0080')],
    [rolesanywhere, request('POST', '/sessions', '\u0081')],
    [sts, form('Action=GetCallerIdentity&Version=2011-06-15')],
    [sts, form('Version=2011-06-15&Action=GetCallerIdentity')],
    [sts, request('GET', '/?Action=GetCallerIdentity&Version=2011-06-15')],
    [iam, form('Action=ListRoles&Version=2010-05-08')],
  ] as const;
  for (const [service, given] of all) assert.equal(asked(memory, service, given).known, undefined, given.path);
  for (const [service, given] of all) assert.ok(asked(memory, service, given).known, given.path);
});

test('a service that is asked in the words of another is asked by its own name', () => {
  const memory = questions();
  const given = form('Action=GetCallerIdentity&Version=2011-06-15');
  asked(memory, sts, given);
  assert.throws(() => asked(memory, iam, given), /GetCallerIdentity/);
});

describe('nothing is kept of', () => {
  for (const [what, service, given, input] of [
    ['a password', iam, form('Action=CreateLoginProfile&Version=2010-05-08&UserName=u&Password=SECRET'), {}],
    ['a tag', rolesanywhere, request('POST', '/profiles', '{}'), {}],
    ['a token', sts, form('Action=AssumeRoleWithWebIdentity&Version=2011-06-15'), {}],
    ['bytes', rolesanywhere, request('POST', '/crls', '{}'), {}],
    ['a private key', iam, form(`Action=CreateUser&Version=2010-05-08&UserName=${key}`), { UserName: key }],
    ['a presigned request', sts, request('GET', '/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Signature=0'), {}],
    ['many words', rolesanywhere, request('GET', `/profile/${'x'.repeat(2048)}`), {}],
  ] as const) {
    test(what, () => {
      const memory = questions();
      for (let time = 0; time < 3; time++) assert.equal(asked(memory, service, given, input).known, undefined);
    });
  }
});

test('what is remembered is bounded', () => {
  const memory = questions();
  const first = request('GET', '/profile/first');
  asked(memory, rolesanywhere, first);
  assert.ok(asked(memory, rolesanywhere, first).known);
  for (let n = 0; n < 4096; n++) asked(memory, rolesanywhere, request('GET', `/profile/${n}`));
  assert.equal(memory.ask(rolesanywhere, first).known, undefined);
  const long = (n: number) => request('GET', `/profile/${n}`, 'x'.repeat(2000));
  for (let n = 0; n < 1000; n++) asked(memory, rolesanywhere, long(n));
  assert.equal(memory.ask(rolesanywhere, long(0)).known, undefined);
  assert.ok(memory.ask(rolesanywhere, long(999)).known);
});

test('an input that is read anew is the one that is remembered', async () => {
  const road = await testRoad();
  const given = request(
    'POST',
    `/sessions?roleArn=arn%3Aaws%3Aiam%3A%3A${account}%3Arole%2FR`,
    '{"durationSeconds":900}',
  );
  const { operation, labels } = road.world.knowledge.questions.ask(rolesanywhere, given);
  const fresh = restJson.parse(operation, given, labels);
  asked(road.world.knowledge.questions, rolesanywhere, given, restJson.parse(operation, given, labels));
  assert.deepEqual(road.world.knowledge.questions.ask(rolesanywhere, given).known?.input, fresh);
});

test('whoever asks what was asked before is authenticated, authorized and recorded by himself', async () => {
  const road = await testRoad();
  const keys = keysOf(road, await webSession(road));
  const ask = (options: object) => road.rest('GET', '/profiles?pageSize=7', undefined, options);
  const statuses: number[] = [];
  for (const options of [{}, {}, { keys }, { unsigned: true }, { keys: { ...road.root, secretAccessKey: 'x' } }, {}]) {
    statuses.push((await ask(options)).status);
  }
  assert.deepEqual(statuses, [200, 200, 403, 403, 403, 200]);
  const events = (await road.events()).filter(({ eventName }) => eventName === 'ListProfiles');
  assert.deepEqual(
    events.map(({ requestParameters, errorCode }) => [requestParameters, errorCode]),
    [undefined, undefined, 'AccessDeniedException', undefined].map((code) => [{ pageSize: 7 }, code]),
  );
});

test('an answer is never remembered: what changed in between is seen', async () => {
  const road = await testRoad();
  const list = async () => (await road.rest('GET', '/profiles')).json().profiles.length;
  assert.deepEqual([await list(), await list()], [0, 0]);
  await road.rest('POST', '/profiles', { name: 'p', roleArns: [] });
  assert.equal(await list(), 1);
});

test('what breaks a constraint is refused each time, in the same words', async () => {
  const road = await testRoad();
  const ask = () => road.rest('GET', '/profile/no-uuid');
  const [first, second] = [await ask(), await ask()];
  assert.deepEqual(
    [first.code, second.code, second.message],
    ['ValidationException', 'ValidationException', first.message],
  );
});
