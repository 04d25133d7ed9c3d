import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Asked } from './answer.ts';
import { answerImds, type Imds } from './imds.ts';
import type { RoleState } from './role-state.ts';
import { imdsTokens } from './tokens.ts';

const now = new Date('2026-01-02T03:04:05.678Z');
const instance = {
  region: 'eu-central-1',
  accountId: '123456789012',
  instanceId: 'i-0123456789abcdef0',
  architecture: 'x86_64',
};
const role = { arn: 'arn:aws:iam::123456789012:role/apps/web=1', name: 'web=1' };
const profile = { arn: 'arn:aws:iam::123456789012:instance-profile/web', id: 'AIPAEXAMPLEEXAMPLEEXA' };
const credentials = {
  accessKeyId: 'ASIAEXAMPLEEXAMPLE00',
  secretAccessKey: 'secret/secret+secret',
  sessionToken: 'token/token+token==',
  expiration: new Date('2026-01-02T04:04:05.999Z'),
};
const granted: RoleState = { kind: 'granted', role, profile, credentials, lastUpdated: now };

function rig(state: RoleState = granted) {
  const imds: Imds = { tokens: imdsTokens({ now: () => now, randomBytes }), instance, role: async () => state };
  const ask = (method: string, path: string, headers: Asked['headers'] = {}) =>
    answerImds(imds, { method, path, headers });
  const token = imds.tokens.issue(60);
  return { ask, get: (path: string) => ask('GET', path, { 'x-aws-ec2-metadata-token': token }) };
}

describe('PUT /latest/api/token', () => {
  const put = (headers: Asked['headers'], path = '/latest/api/token') => rig().ask('PUT', path, headers);
  const ttl = 'x-aws-ec2-metadata-token-ttl-seconds';

  for (const seconds of ['1', '60', '21600']) {
    test(`a lifetime of ${seconds} seconds gives a token and is echoed`, async () => {
      const { status, headers, body } = await put({ [ttl]: seconds });
      assert.deepEqual([status, headers[ttl], headers['content-type']], [200, seconds, 'text/plain']);
      assert.equal(body.length, 56);
    });
  }
  for (const seconds of [
    undefined,
    '',
    '0',
    '21601',
    '-1',
    '1.5',
    '1e3',
    ' 60',
    '0x10',
    '６０',
    '99999999999999999999',
  ]) {
    test(`a lifetime of ${seconds === undefined ? 'nothing' : `\`${seconds}\``} is a bad request`, async () => {
      const { status, body } = await put({ [ttl]: seconds });
      assert.equal(status, 400);
      assert.match(body, /<title>400 - Bad Request<\/title>/);
    });
  }
  test('two lifetimes are a bad request', async () => {
    assert.equal((await put({ [ttl]: ['60', '60'] })).status, 400);
  });
  for (const forwarded of ['10.0.0.1', '']) {
    test(`X-Forwarded-For \`${forwarded}\` is refused without a body`, async () => {
      const { status, body } = await put({ [ttl]: '60', 'x-forwarded-for': forwarded });
      assert.deepEqual([status, body], [403, '']);
    });
  }
  for (const path of [
    '/latest/api/token/',
    '/2021-07-15/api/token',
    '/1.0/api/token',
    '/latest/api',
    '/',
    '/latest/api//token',
    '/latest/meta-data/',
  ]) {
    test(`PUT ${path} is refused`, async () => {
      const { status, body } = await put({ [ttl]: '60' }, path);
      assert.deepEqual([status, body], [403, '']);
    });
  }
  for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'PATCH']) {
    test(`${method} is not allowed, in EC2's words`, async () => {
      const { status, reason, headers } = await rig().ask(method, '/latest/api/token', { [ttl]: '60' });
      assert.deepEqual([status, reason, headers.allow], [405, 'Not Allowed', 'OPTIONS, PUT']);
    });
  }
});

describe('listings', () => {
  for (const [path, listing] of [
    ['/', 'latest'],
    ['/latest', 'dynamic\nmeta-data'],
    ['/latest/', 'dynamic\nmeta-data'],
    ['/latest/meta-data', 'iam/\ninstance-id\nplacement/'],
    ['/latest/meta-data/', 'iam/\ninstance-id\nplacement/'],
    ['/latest/meta-data/iam/', 'info\nsecurity-credentials/'],
    ['/latest/meta-data/iam/security-credentials', 'web=1'],
    ['/latest/meta-data/iam/security-credentials/', 'web=1'],
    ['/latest/meta-data/placement/', 'region'],
    ['/latest/dynamic/', 'instance-identity/'],
    ['/latest/dynamic/instance-identity/', 'document'],
  ] as const) {
    test(`${path} lists what is below it`, async () => {
      const { status, body } = await rig().get(path);
      assert.deepEqual([status, body], [200, listing]);
    });
  }
  test('without an instance profile there is no info', async () => {
    const { get } = rig({ kind: 'granted', role, credentials, lastUpdated: now });
    assert.equal((await get('/latest/meta-data/iam/')).body, 'security-credentials/');
    assert.equal((await get('/latest/meta-data/iam/info')).status, 404);
  });
});

describe('documents', () => {
  test("credentials are EC2's document, letter by letter", async () => {
    const answer = await rig().get('/latest/meta-data/iam/security-credentials/web=1');
    assert.equal(answer.headers['last-modified'], 'Fri, 02 Jan 2026 03:04:05 GMT');
    assert.equal(answer.headers['x-aws-ec2-metadata-token-ttl-seconds'], '60');
    assert.equal(
      answer.body,
      `{
  "Code" : "Success",
  "LastUpdated" : "2026-01-02T03:04:05Z",
  "Type" : "AWS-HMAC",
  "AccessKeyId" : "ASIAEXAMPLEEXAMPLE00",
  "SecretAccessKey" : "secret/secret+secret",
  "Token" : "token/token+token==",
  "Expiration" : "2026-01-02T04:04:05Z"
}`,
    );
  });
  test('a role name may be percent-encoded, as clients do', async () => {
    assert.equal((await rig().get('/latest/meta-data/iam/security-credentials/web%3D1')).status, 200);
  });
  test('info names the instance profile and its id', async () => {
    assert.deepEqual(JSON.parse((await rig().get('/latest/meta-data/iam/info')).body), {
      Code: 'Success',
      LastUpdated: '2026-01-02T03:04:05Z',
      InstanceProfileArn: profile.arn,
      InstanceProfileId: profile.id,
    });
  });
  test('the identity document says where this is and no more', async () => {
    const { body } = await rig().get('/latest/dynamic/instance-identity/document');
    assert.deepEqual(JSON.parse(body), { ...instance, version: '2017-09-30' });
  });
  test('region and instance id are plain texts', async () => {
    assert.equal((await rig().get('/latest/meta-data/placement/region')).body, 'eu-central-1');
    assert.equal((await rig().get('/latest/meta-data/instance-id/')).body, 'i-0123456789abcdef0');
  });
});

describe('states without credentials', () => {
  const path = '/latest/meta-data/iam/security-credentials/web=1';

  test('a role that EC2 may not assume is told as EC2 tells it, never as a success', async () => {
    const { status, body } = await rig({ kind: 'unauthorized', role, profile, lastUpdated: now }).get(path);
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(body), {
      Code: 'AssumeRoleUnauthorizedAccess',
      Message: 'EC2 cannot assume the role web=1.',
      LastUpdated: '2026-01-02T03:04:05Z',
    });
  });
  test('credentials that cannot be had are an error of the service', async () => {
    const { status, body } = await rig({ kind: 'unavailable', role, lastUpdated: now }).get(path);
    assert.equal(status, 503);
    assert.doesNotMatch(body, /AccessKeyId|Success/);
  });
  test('the role of such credentials is listed', async () => {
    const { get } = rig({ kind: 'unavailable', role, lastUpdated: now });
    assert.equal((await get('/latest/meta-data/iam/security-credentials/')).body, 'web=1');
  });
  test('a profile that lost its role says so in info and lists none', async () => {
    const { get } = rig({ kind: 'withoutRole', profile, lastUpdated: now });
    const info = JSON.parse((await get('/latest/meta-data/iam/info')).body);
    assert.equal(info.Code, 'Success');
    assert.match(info.Message, /^Instance Profile does not contain a role/);
    assert.equal(info.InstanceProfileId, profile.id);
    assert.equal((await get('/latest/meta-data/iam/security-credentials/')).status, 404);
  });
  test('a profile that is gone is InstanceProfileNotFound', async () => {
    const { get } = rig({ kind: 'profileNotFound', profileId: profile.id, lastUpdated: now });
    const info = JSON.parse((await get('/latest/meta-data/iam/info')).body);
    assert.equal(info.Code, 'InstanceProfileNotFound');
    assert.equal(info.InstanceProfileArn, undefined);
  });
});

describe('refusals', () => {
  for (const path of ['/', '/latest/meta-data/', '/latest/meta-data/iam/security-credentials/web=1', '/nothing']) {
    test(`without a token ${path} is unauthorized, whether it is there or not`, async () => {
      const { status, reason, headers, body } = await rig().ask('GET', path);
      assert.deepEqual([status, reason, headers['content-type']], [401, 'Unauthorized', 'text/html']);
      assert.match(body, /<title>401 - Unauthorized<\/title>/);
    });
  }
  for (const token of ['', 'wrong', ['a', 'b']]) {
    test(`the token ${JSON.stringify(token)} is unauthorized`, async () => {
      const headers = { 'x-aws-ec2-metadata-token': token };
      assert.equal((await rig().ask('GET', '/latest/meta-data/', headers)).status, 401);
    });
  }
  for (const path of [
    '',
    '//latest/meta-data/',
    '/latest//meta-data/',
    '/latest/meta-data//',
    '/latest/meta-data/../meta-data/',
    '/latest/%2e%2e/latest/meta-data/',
    '/latest/meta-data%2Fiam',
    '/LATEST/meta-data/',
    '/2021-07-15/meta-data/',
    '/latest/meta-data/iam/security-credentials/other',
    '/latest/meta-data/iam/security-credentials/web=1/x',
    '/latest/meta-data/iam/security-credentials/%E0%A4%A',
    '/latest/meta-data/__proto__/',
    '/latest/meta-data/constructor',
    '/latest/meta-data/placement/availability-zone',
    '/latest/user-data',
    '/latest/dynamic/instance-identity/signature',
    '/latest/meta-data/\u0000',
    'http://169.254.169.254/latest/meta-data/',
    '*',
    `/${'a/'.repeat(4000)}`,
  ]) {
    test(`${path.slice(0, 60) || 'an empty path'} is not there`, async () => {
      const { status, body } = await rig().get(path);
      assert.equal(status, 404);
      assert.match(body, /<title>404 - Not Found<\/title>/);
    });
  }
  for (const method of ['POST', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'get']) {
    test(`${method} reads nothing`, async () => {
      const { status, headers } = await rig().ask(method, '/latest/meta-data/');
      assert.deepEqual([status, headers.allow], [405, 'GET, HEAD']);
    });
  }
});
