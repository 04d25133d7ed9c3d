import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Asked } from './answer.ts';
import { answerContainer, authorizationToken } from './container.ts';
import type { RoleState } from './role-state.ts';

const directory = mkdtempSync(join(tmpdir(), 'anyrole-container-'));
after(() => rmSync(directory, { recursive: true, force: true }));

function tokenFile(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const lastUpdated = new Date('2026-01-02T03:04:05Z');
const role = { arn: 'arn:aws:iam::123456789012:role/apps/web', name: 'web' };
const credentials = {
  accessKeyId: 'ASIAEXAMPLEEXAMPLE00',
  secretAccessKey: 'secret/secret+secret',
  sessionToken: 'token',
  expiration: new Date('2026-01-02T04:04:05.999Z'),
};
const granted: RoleState = { kind: 'granted', role, credentials, lastUpdated };
const web = tokenFile('web', 'the-token-of-the-web\n');
const batch = tokenFile('batch', 'the-token-of-the-batch');

function ask(path: string, headers: Asked['headers'] = {}, { method = 'GET', state = granted } = {}) {
  const bindings = new Map([
    ['web', { role: async () => state, tokenFile: web }],
    ['batch', { role: async () => state, tokenFile: batch }],
    ['empty', { role: async () => state, tokenFile: tokenFile('empty', '\n') }],
    ['gone', { role: async () => state, tokenFile: join(directory, 'gone') }],
  ]);
  return answerContainer(bindings, { method, path: `/v2/credentials/${path}`, headers });
}

const right = { authorization: 'the-token-of-the-web' };

test('the right token gets the credentials as ECS writes them', async () => {
  const { status, headers, body } = await ask('web', right);
  assert.deepEqual([status, headers['content-type']], [200, 'application/json']);
  assert.deepEqual(JSON.parse(body), {
    RoleArn: role.arn,
    AccessKeyId: 'ASIAEXAMPLEEXAMPLE00',
    SecretAccessKey: 'secret/secret+secret',
    Token: 'token',
    Expiration: '2026-01-02T04:04:05Z',
  });
});

test('a new token in the file holds at once, and the old one no longer', async () => {
  const path = join(directory, 'rotated');
  const bindings = new Map([['web', { role: async () => granted, tokenFile: path }]]);
  const shown = (authorization: string) =>
    answerContainer(bindings, { method: 'GET', path: '/v2/credentials/web', headers: { authorization } });
  tokenFile('rotated', 'one-token-one-token');
  assert.equal((await shown('one-token-one-token')).status, 200);
  tokenFile('rotated', 'two-token-two-token');
  assert.equal((await shown('one-token-one-token')).status, 403);
  assert.equal((await shown('two-token-two-token')).status, 200);
});

for (const [what, path, headers, status, code] of [
  ['no token', 'web', {}, 401, 'AuthorizationRequired'],
  ['an empty token', 'web', { authorization: '' }, 401, 'AuthorizationRequired'],
  ['two tokens', 'web', { authorization: ['the-token-of-the-web', 'x'] }, 401, 'AuthorizationRequired'],
  ['a wrong token', 'web', { authorization: 'the-token-of-the-wet' }, 403, 'AccessDenied'],
  ['the beginning of the token', 'web', { authorization: 'the-token' }, 403, 'AccessDenied'],
  ["another binding's token", 'web', { authorization: 'the-token-of-the-batch' }, 403, 'AccessDenied'],
  ['the token with a scheme', 'web', { authorization: 'Bearer the-token-of-the-web' }, 403, 'AccessDenied'],
  ['a name of no binding', 'other', right, 404, 'InvalidIdInRequest'],
  ['no name', '', right, 404, 'InvalidIdInRequest'],
  ['more below a name', 'web/', right, 404, 'InvalidIdInRequest'],
  ['a way back', '../web', right, 404, 'InvalidIdInRequest'],
  ['a property of objects', '__proto__', right, 404, 'InvalidIdInRequest'],
  ['a token file without a token', 'empty', { authorization: '\n' }, 500, 'InternalServerError'],
  ['a token file that is not there', 'gone', right, 500, 'InternalServerError'],
] as const) {
  test(`${what}: ${status}`, async () => {
    const answer = await ask(path, headers);
    assert.equal(answer.status, status);
    const body = JSON.parse(answer.body);
    assert.deepEqual([body.code, body.HTTPErrorCode], [code, status]);
    assert.doesNotMatch(answer.body, /ASIA|the-token|anyrole-container/);
  });
}

for (const [state, status, code] of [
  [{ kind: 'unavailable', role, lastUpdated }, 503, 'CredentialsUninitialized'],
  [{ kind: 'unauthorized', role, lastUpdated }, 403, 'AssumeRoleUnauthorizedAccess'],
  [{ kind: 'profileNotFound', profileId: 'AIPA', lastUpdated }, 404, 'NoAssociatedRole'],
] as const) {
  test(`a role that is ${state.kind} is an error`, async () => {
    const answer = await ask('web', right, { state });
    assert.deepEqual([answer.status, JSON.parse(answer.body).code], [status, code]);
  });
}

for (const method of ['PUT', 'POST', 'HEAD', 'DELETE', 'OPTIONS']) {
  test(`${method} is not allowed`, async () => {
    assert.equal((await ask('web', right, { method })).status, 405);
  });
}

for (const [what, content, reason] of [
  ['a short token', 'short', /fewer than 16/],
  ['a file of ten thousand bytes', 'x'.repeat(10_000), /more than 4096/],
  ['two lines', 'the-token-of-the-web\nthe-token-of-the-web\n', /one line of ASCII/],
  ['letters that no header holds', 'the-tökén-of-the-web', /one line of ASCII/],
] as const) {
  test(`${what} in a token file cannot be used`, async () => {
    const token = await authorizationToken(tokenFile('bad', content));
    assert.ok(!token.ok);
    assert.match(token.reason, reason);
  });
}
