// The road as a whole: it always answers, never says more than it should, and no request whatever is our failure.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { testRoad } from '../../test/road.ts';
import { presignRequest, signRequest } from '../core/signature/hmac.ts';
import { bodyText } from '../protocols/answer-body.ts';
import type { HeaderPair, WireRequest } from '../protocols/protocol.ts';
import { xmlFault } from '../protocols/xml.test.ts';
import { memoryStore } from '../store/memory.ts';
import { type Store, StoreUnavailable } from '../store/store.ts';
import { handle, refuseBusy, refuseTooLarge } from './handle.ts';

/** A store that refuses after `broken` is set. */
function fragile(cause: () => Error) {
  const store = memoryStore();
  const state = { broken: false };
  const guarded: Store = {
    read: (work) => (state.broken ? Promise.reject(cause()) : store.read(work)),
    write: (work) => (state.broken ? Promise.reject(cause()) : store.write(work)),
    close: () => store.close(),
  };
  return { store: guarded, state };
}

describe('what goes wrong inside', () => {
  test('is an InternalFailure with the request id to the caller, and its cause to the log alone', async () => {
    const { store, state } = fragile(() => new Error('SECRET cause'));
    const road = await testRoad({ store });
    state.broken = true;
    const rest = await road.rest('GET', '/profiles');
    const query = await road.query('iam', 'ListRoles');
    assert.deepEqual(
      [rest.status, rest.code, query.status, query.code],
      [500, 'InternalFailure', 500, 'InternalFailure'],
    );
    assert.doesNotMatch(rest.body + query.body, /SECRET|store|at /);
    const id = rest.header('x-amzn-requestid');
    const line = road.logged.find((facts) => 'cause' in facts && 'requestId' in facts && facts.requestId === id);
    assert.match(JSON.stringify(line), /SECRET cause/);
    assert.equal(query.text('RequestId'), query.header('x-amzn-requestid'));
  });

  test('of the store is a 503 that clients try again', async () => {
    const { store, state } = fragile(() => new StoreUnavailable('the disk is full'));
    const road = await testRoad({ store });
    state.broken = true;
    const rest = await road.rest('GET', '/profiles');
    const query = await road.query('iam', 'ListRoles');
    assert.deepEqual([rest.status, rest.code], [503, 'ServiceUnavailableException']);
    assert.deepEqual([query.status, query.code], [503, 'ServiceUnavailable']);
    for (const answer of [rest, query]) {
      assert.deepEqual([answer.header('retry-after'), answer.header('x-amz-retry-after')], ['1', '1000']);
    }
    assert.match(JSON.stringify(road.logged), /the disk is full/);
    assert.doesNotMatch(rest.body + query.body, /disk/);
  });

  for (const thrown of ['a text', undefined, null, { code: 'X' }]) {
    test(`and throws ${JSON.stringify(thrown)} is answered too`, async () => {
      const road = await testRoad();
      const store: Store = { ...road.store, read: () => Promise.reject(thrown) };
      const answer = await handle({ ...road.world, store }, signed(road.root.secretAccessKey), origin);
      assert.equal(answer.status, 500);
    });
  }

  test('when the event of a visit is made or kept withholds the answer', async () => {
    const road = await testRoad();
    const add = () => {
      throw new Error('no room');
    };
    const world = { ...road.world, recorder: { ...road.world.recorder, add } };
    const answer = await handle(world, signed(road.root.secretAccessKey), origin);
    assert.deepEqual([answer.status, answer.headers.find(([name]) => name === 'retry-after')?.[1]], [503, '1']);
    assert.doesNotMatch(bodyText(answer.body), /profiles/);
    assert.match(JSON.stringify(road.logged), /no room/);
  });

  test('when the visit is counted leaves the answer as it is', async () => {
    const road = await testRoad();
    const answered = () => {
      throw new Error('no counter');
    };
    const world = { ...road.world, metrics: { ...road.world.metrics, answered } };
    const answer = await handle(world, signed(road.root.secretAccessKey), origin);
    assert.equal(answer.status, 200);
    assert.match(JSON.stringify(road.logged), /no counter/);
  });
});

const origin = { ip: '127.0.0.1', userAgent: 'test', secure: false };
function signed(secretAccessKey: string): WireRequest {
  const headers: HeaderPair[] = [['Host', 'anyrole.test']];
  const request = { method: 'GET', path: '/profiles', rawQuery: '', headers, body: new Uint8Array() };
  const keys = {
    accessKeyId: 'AKIAROOTROOTROOTROOT',
    secretAccessKey,
    region: 'eu-central-1',
    service: 'rolesanywhere',
  };
  return {
    ...request,
    headers: [...headers, ...signRequest(request, { ...keys, now: new Date('2026-11-22T12:00:00Z') })],
  };
}

describe('the order of the road', () => {
  test('is route, signature, syntax, permission, law', async () => {
    const road = await testRoad();
    const wrong = { keys: { ...road.root, secretAccessKey: 'x' } };
    assert.equal((await road.rest('POST', '/nothing', '{', wrong)).code, 'UnknownOperationException');
    assert.equal((await road.rest('POST', '/profiles', '{', wrong)).code, 'InvalidSignatureException');
    assert.equal((await road.rest('POST', '/profiles', '{')).code, 'SerializationException');
    const elsewhere = { name: '', roleArns: ['arn:aws:iam::210987654321:role/R'] };
    assert.equal((await road.rest('POST', '/profiles', elsewhere)).code, 'AccessDeniedException');
    assert.equal((await road.rest('POST', '/profiles', { name: '', roleArns: [] })).code, 'ValidationException');
  });

  test('ends in a request id that no other answer has', async () => {
    const road = await testRoad();
    const ids = new Set<string | undefined>();
    for (const unsigned of [true, false, true, false]) {
      ids.add((await road.rest('GET', '/profiles', undefined, { unsigned })).header('x-amzn-requestid'));
    }
    assert.equal(ids.size, 4);
    assert.equal(ids.has(undefined), false);
  });
});

test('a body that was not read is refused in the words of the form', async () => {
  const { world } = await testRoad();
  const request = { method: 'POST', path: '/profiles', rawQuery: '', headers: [], body: new Uint8Array() };
  const rest = refuseTooLarge(world, request);
  assert.deepEqual([rest.status, rest.body], [413, '{"message":"Request body is longer than 1048576 bytes."}']);
  const query = refuseTooLarge(world, { ...request, path: '/' });
  assert.equal(query.status, 413);
  assert.equal(xmlFault(query.body), undefined);
});

test('a request for which there is no room is refused in the words of the form, and told when to come again', async () => {
  const { world } = await testRoad();
  const request = { method: 'POST', path: '/sessions', rawQuery: '', headers: [], body: new Uint8Array() };
  const rest = refuseBusy(world, request);
  const of = (answer: typeof rest, name: string) => answer.headers.find(([key]) => key === name)?.[1];
  assert.deepEqual([rest.status, of(rest, 'x-amzn-errortype')], [503, 'ServiceUnavailableException']);
  const query = refuseBusy(world, { ...request, path: '/' });
  assert.equal(query.status, 503);
  assert.equal(xmlFault(query.body), undefined);
  assert.match(query.body, /<Code>ServiceUnavailable<\/Code>/);
  for (const answer of [rest, query]) {
    assert.match(of(answer, 'retry-after') ?? '', /^[123]$/);
    assert.equal(of(answer, 'x-amz-retry-after'), `${of(answer, 'retry-after')}000`);
    assert.ok(of(answer, 'x-amzn-requestid'));
  }
});

const text = fc.oneof(fc.string({ maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 30 }));
const word = fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'HEAD', '');
const path = fc.oneof(
  fc.constantFrom('/', '/profiles', '/trustanchors', '/sessions', '/profile/x', '/profiles/x/mappings', '*', ''),
  text.map((part) => `/profile/${part}/enable`),
);
const rawQuery = fc.oneof(
  fc.constantFrom(
    '',
    'pageSize=1',
    'nextToken=a',
    'Action=ListRoles&Version=2010-05-08',
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
  ),
  text,
);
const name = fc.constantFrom(
  'Host',
  'Authorization',
  'X-Amz-Date',
  'X-Amz-Security-Token',
  'X-Amz-X509',
  'X-Amz-X509-Chain',
  'Content-Type',
  'X-Amz-Content-Sha256',
);
const value = fc.oneof(
  fc.constantFrom(
    'AWS4-HMAC-SHA256 Credential=a/20261122/eu-central-1/iam/aws4_request, SignedHeaders=host, Signature=0',
    '20261122T120000Z',
    'MIIB',
  ),
  text,
);
const body = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.json({ maxDepth: 3 }).map((json) => Buffer.from(json)),
  fc
    .record(
      { name: fc.jsonValue(), roleArns: fc.jsonValue(), source: fc.jsonValue(), tags: fc.jsonValue() },
      { requiredKeys: [] },
    )
    .map((value) => Buffer.from(JSON.stringify(value))),
  fc
    .tuple(
      fc.constantFrom(
        'CreateRole',
        'GetRole',
        'PutRolePolicy',
        'TagInstanceProfile',
        'ListRoles',
        'GetCallerIdentity',
        'X',
      ),
      fc.array(
        fc.tuple(
          fc.constantFrom(
            'RoleName',
            'Path',
            'Tags.member.1.Key',
            'Tags.member.x',
            'MaxItems',
            'Marker',
            'PolicyDocument',
            'AssumeRolePolicyDocument',
          ),
          text,
        ),
      ),
    )
    .map(([action, pairs]) =>
      Buffer.from(
        new URLSearchParams([
          ['Action', action],
          ['Version', action === 'GetCallerIdentity' ? '2011-06-15' : '2010-05-08'],
          ...pairs,
        ]).toString(),
      ),
    ),
);
const strange = fc.record({
  method: word,
  path,
  rawQuery,
  headers: fc.array(fc.tuple(name, value), { maxLength: 4 }),
  body,
});

test('no request whatever is our failure or goes without a well-formed answer', async () => {
  const road = await testRoad();
  const keys = { ...road.root, region: 'eu-central-1', now: road.now() };
  const how = fc.constantFrom('unsigned', 'iam', 'sts', 'rolesanywhere', 'presigned');
  await fc.assert(
    fc.asyncProperty(strange, how, async (request, service) => {
      const answer = await road.walk(signedAs(request, service, keys));
      assert.ok(answer.status >= 200 && answer.status < 500, `${answer.status} ${answer.body}`);
      const isXml = answer.header('content-type') === 'text/xml';
      if (isXml) assert.equal(xmlFault(answer.body), undefined, answer.body);
      else JSON.parse(answer.body);
    }),
    { numRuns: 1500, seed: 20261122 },
  );
  await road.events();
});

type SigningKeys = Omit<Parameters<typeof signRequest>[1], 'service'>;
function signedAs(request: WireRequest, how: string, keys: SigningKeys): WireRequest {
  if (how === 'unsigned') return request;
  const dropped = ['host', 'authorization', 'x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256'];
  const kept = request.headers.filter(([key]) => !dropped.includes(key.toLowerCase()));
  const full = { ...request, headers: [['Host', 'h'], ...kept] as HeaderPair[] };
  if (how === 'presigned') {
    return { ...full, rawQuery: presignRequest(full, { ...keys, service: 'iam', expiresSeconds: 60 }) };
  }
  return { ...full, headers: [...full.headers, ...signRequest(full, { ...keys, service: how })] };
}
