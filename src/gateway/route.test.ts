// Which operation is asked for: the path or the action, and what is told when there is none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testRoad } from '../../test/road.ts';
import { services } from '../main.ts';

const id = '00000000-0000-4000-8000-000000000000';

for (const [method, path] of [
  ['GET', '/nothing'],
  ['PUT', '/profiles'],
  ['get', '/profiles'],
  ['GET', '/profiles/'],
  ['GET', '//profiles'],
  ['GET', '/Profiles'],
  ['GET', '/%70rofiles'],
  ['GET', `/profile/${id}/`],
  ['GET', `/profile/${id}/enable/x`],
  ['GET', '/profile/%zz'],
  ['GET', '/profile/%ff'],
  ['GET', '/./profiles'],
  ['GET', `/${'a/'.repeat(10_000)}`],
  ['GET', '/__proto__'],
] as const) {
  test(`${method} ${path.slice(0, 40)} is no operation`, async () => {
    const answer = await (await testRoad()).rest(method, path);
    assert.deepEqual([answer.status, answer.code], [404, 'UnknownOperationException']);
  });
}

test('the root path speaks REST-JSON when the signature names it', async () => {
  const answer = await (await testRoad()).rest('GET', '/');
  assert.deepEqual([answer.status, answer.code], [404, 'UnknownOperationException']);
});

test('a label is decoded once, slashes and all, and then it is only text', async () => {
  const road = await testRoad();
  const answer = await road.rest('GET', `/profile/a%2Fb%252F`);
  assert.deepEqual([answer.status, answer.code], [400, 'ValidationException']);
  assert.match(answer.message ?? '', /Value 'a\/b%2F' at 'profileId'/);
  assert.match((await road.rest('GET', '/profile/')).message ?? '', /Value '' at 'profileId'/);
});

for (const [what, action, version, code, message] of [
  [
    'an unknown action',
    'MakeCoffee',
    '2010-05-08',
    'InvalidAction',
    'Could not find operation MakeCoffee for version 2010-05-08',
  ],
  [
    'an action in another case',
    'listRoles',
    '2010-05-08',
    'InvalidAction',
    'Could not find operation listRoles for version 2010-05-08',
  ],
  [
    'another version',
    'ListRoles',
    '2011-06-15',
    'InvalidAction',
    'Could not find operation ListRoles for version 2011-06-15',
  ],
  ['no version', 'ListRoles', '', 'InvalidAction', 'Could not find operation ListRoles for version '],
  ['no action', '', '2010-05-08', 'MissingAction', 'The request must contain the parameter Action.'],
  [
    'a name of every object',
    'constructor',
    '2010-05-08',
    'InvalidAction',
    'Could not find operation constructor for version 2010-05-08',
  ],
  [
    'an unserved action',
    'CreateVirtualMFADevice',
    '2010-05-08',
    'NotImplemented',
    'CreateVirtualMFADevice is not served here.',
  ],
  [
    'an unserved action in another version',
    'CreateVirtualMFADevice',
    '2009-01-01',
    'InvalidAction',
    'Could not find operation CreateVirtualMFADevice for version 2009-01-01',
  ],
] as const) {
  test(`${what} is told by name`, async () => {
    const answer = await (await testRoad()).send('iam', {
      method: 'POST',
      path: '/',
      rawQuery: '',
      headers: [],
      body: Buffer.from(new URLSearchParams({ Action: action, Version: version }).toString()),
    });
    assert.deepEqual([answer.status, answer.code, answer.message], [400, code, message]);
  });
}

test('every name that is not served is refused by name, and is no other', async () => {
  const road = await testRoad();
  for (const name of ['iam', 'sts'] as const) {
    for (const action of services.get(name)?.unserved ?? []) {
      const answer = await road.query(name, action);
      assert.deepEqual([answer.code, answer.message], ['NotImplemented', `${action} is not served here.`]);
    }
  }
});

test('a long name is not repeated whole', async () => {
  const answer = await (await testRoad()).query('iam', 'x'.repeat(100_000));
  assert.ok((answer.message ?? '').length < 200);
});

test('Query is spoken on the root path, with GET and POST alone', async () => {
  const road = await testRoad();
  const form = Buffer.from('Action=GetCallerIdentity&Version=2011-06-15');
  const ask = (method: string, path: string, rawQuery = '') =>
    road.send('sts', { method, path, rawQuery, headers: [], body: method === 'POST' ? form : new Uint8Array() });
  assert.equal((await ask('POST', '/')).status, 200);
  assert.equal((await ask('GET', '/', form.toString())).status, 200);
  for (const [method, path] of [
    ['PUT', '/'],
    ['HEAD', '/'],
    ['POST', '/x'],
    ['GET', '//'],
  ] as const) {
    const answer = await ask(method, path, form.toString());
    assert.deepEqual([answer.status, answer.code], [400, 'InvalidAction'], `${method} ${path}`);
  }
  assert.equal((await ask('POST', '/', form.toString())).code, 'MalformedQueryString');
});

test('whoever cannot be told apart is answered in the words of the form he uses', async () => {
  const road = await testRoad();
  const unsigned = (path: string, body: string) =>
    road.walk({ method: 'POST', path, rawQuery: '', headers: [], body: Buffer.from(body) });
  assert.match((await unsigned('/', 'Action=A&Version=2011-06-15')).body, /xmlns="https:\/\/sts\./);
  assert.match((await unsigned('/', 'Action=A&Version=2010-05-08')).body, /xmlns="https:\/\/iam\./);
  assert.match((await unsigned('/', '')).body, /^<ErrorResponse xmlns="https:/);
  assert.match((await unsigned('/profiles', '')).body, /^\{"message":"Missing Authentication Token"\}$/);
});

test('a scope of a service that is not here is refused in the words of the form', async () => {
  const road = await testRoad();
  const send = (service: string, path: string) =>
    road.send(service, { method: 'GET', path, rawQuery: '', headers: [], body: new Uint8Array() });
  for (const service of ['s3', 'IAM', '__proto__', 'constructor']) {
    const rest = await send(service, '/profiles');
    assert.deepEqual([rest.status, rest.code], [403, 'InvalidSignatureException'], service);
    const query = await send(service, '/');
    assert.deepEqual([query.status, query.code], [403, 'SignatureDoesNotMatch'], service);
    assert.match(query.message ?? '', /^Credential should be scoped to correct service/);
  }
});
