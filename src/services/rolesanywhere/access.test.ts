// Who may do what: each operation's action and resource, the tags that conditions may ask for, and iam:PassRole.
import assert from 'node:assert/strict';
import test from 'node:test';
import { makeCa } from '../../../test/pki.ts';
import { type Answer, account, type Keys } from '../../../test/road.ts';
import { actor, arnOf, arranged, bundle, kept, refused, refusedAll } from './rig.test.ts';

const lawful = { name: 'anchor', source: bundle(makeCa().pem) };
const denied = 'AccessDeniedException';

test('a caller without the right is told so, and each right opens its own operation', async () => {
  const server = await arranged();
  const { road, trustAnchorId, arns } = server;
  const keys = await actor(server, {
    Effect: 'Allow',
    Action: 'rolesanywhere:GetTrustAnchor',
    Resource: arns.trustAnchorArn,
  });
  const path = `/trustanchor/${trustAnchorId}`;
  assert.equal((await road.rest('GET', path, undefined, { keys })).status, 200);
  const before = await kept(road);
  const [, ...others] = [
    'GetTrustAnchor',
    'UpdateTrustAnchor',
    'EnableTrustAnchor',
    'DisableTrustAnchor',
    'DeleteTrustAnchor',
  ];
  for (const [action, method, suffix] of [
    [others[0], 'PATCH', ''],
    [others[1], 'POST', '/enable'],
    [others[2], 'POST', '/disable'],
    [others[3], 'DELETE', ''],
  ] as const) {
    const answer = await road.rest(method, path + suffix, undefined, { keys });
    refused(
      answer,
      'AccessDeniedException',
      new RegExp(`is not authorized to perform: rolesanywhere:${action} on resource: ${arns.trustAnchorArn} because`),
    );
  }
  assert.deepEqual(await kept(road), before);
});

test('tags at creation ask for rolesanywhere:TagResource on trust-anchor/* besides', async () => {
  const server = await arranged();
  const { road } = server;
  const keys = await actor(server, {
    Effect: 'Allow',
    Action: 'rolesanywhere:CreateTrustAnchor',
    Resource: arnOf('trust-anchor/*'),
  });
  const tagged = { ...lawful, tags: [{ key: 'team', value: 'a' }] };
  const who = `arn:aws:sts::123456789012:assumed-role/app/`;
  await refusedAll(road, [
    [
      () => road.rest('POST', '/trustanchors', tagged, { keys }),
      'AccessDeniedException',
      new RegExp(
        `^User: ${who}[0-9a-f]+ is not authorized to perform: rolesanywhere:TagResource on resource: ${arnOf('trust-anchor/\\*')} because no identity-based policy allows the rolesanywhere:TagResource action$`,
      ),
    ],
  ]);
  assert.equal((await road.rest('POST', '/trustanchors', { ...lawful, tags: [] }, { keys })).status, 201);
});

test('policies may ask for the tags of a request', async () => {
  const server = await arranged();
  const { road } = server;
  const keys = await actor(server, {
    Effect: 'Allow',
    Action: ['rolesanywhere:CreateTrustAnchor', 'rolesanywhere:TagResource'],
    Resource: '*',
    Condition: {
      StringEquals: { 'aws:RequestTag/team': 'a' },
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] },
    },
  });
  const create = (...tags: readonly object[]) => road.rest('POST', '/trustanchors', { ...lawful, tags }, { keys });
  assert.equal((await create({ key: 'team', value: 'a' })).status, 201);
  refused(await create({ key: 'team', value: 'b' }), 'AccessDeniedException', /CreateTrustAnchor/);
  refused(await create({ key: 'team', value: 'a' }, { key: 'x', value: '' }), 'AccessDeniedException', /./);
  refused(await create(), 'AccessDeniedException', /./);
});

test('policies may ask for the tags of a resource', async () => {
  const server = await arranged({ anchor: { tags: [{ key: 'team', value: 'a' }] } });
  const { road, trustAnchorId } = server;
  const keys = await actor(server, {
    Effect: 'Allow',
    Action: 'rolesanywhere:*',
    Resource: '*',
    Condition: { StringEquals: { 'aws:ResourceTag/team': 'a' } },
  });
  assert.equal((await road.rest('GET', `/trustanchor/${trustAnchorId}`, undefined, { keys })).status, 200);
  const { trustAnchorId: untagged } = (await road.rest('POST', '/trustanchors', lawful)).json().trustAnchor;
  refused(await road.rest('DELETE', `/trustanchor/${untagged}`, undefined, { keys }), 'AccessDeniedException', /./);
});

const role = (name: string) => `arn:aws:iam::${account}:role/${name}`;
const manage = { Effect: 'Allow', Action: 'rolesanywhere:*', Resource: '*' };
const pass = (more: object = {}) => ({ Effect: 'Allow', Action: 'iam:PassRole', Resource: role('mine-*'), ...more });
const noPassing = (arn: string) =>
  new RegExp(`is not authorized to perform: iam:PassRole on resource: ${arn} because no identity-based policy allows`);

test('a profile takes the roles that its maker may pass, and no other', async () => {
  const server = await arranged();
  const { road } = server;
  const keys = await actor(server, manage, pass());
  const create = (...roleArns: readonly string[]) => road.rest('POST', '/profiles', { name: 'p', roleArns }, { keys });
  const made = await create(role('mine-1'), role('mine-2'));
  assert.equal(made.status, 201, made.body);
  assert.match(made.json().profile.createdBy, /^arn:aws:sts::\d{12}:assumed-role\/app\/[0-9a-f]+$/);
  assert.equal((await create()).status, 201);
  await refusedAll(road, [
    [() => create(role('app')), denied, noPassing(role('app'))],
    [() => create(role('mine-1'), role('app')), denied, noPassing(role('app'))],
  ]);
});

test('an update asks for the new roles, and not when it brings none', async () => {
  const server = await arranged();
  const { road, profileId } = server;
  const keys = await actor(server, manage, pass());
  const path = `/profile/${profileId}`;
  const update = (body: object) => road.rest('PATCH', path, body, { keys });
  assert.equal((await update({ name: 'other' })).status, 200);
  assert.equal((await update({ roleArns: null })).status, 200);
  assert.equal((await update({ roleArns: [] })).status, 200);
  await refusedAll(road, [[() => update({ roleArns: [role('app')] }), denied, noPassing(role('app'))]]);
  assert.equal((await update({ roleArns: [role('mine-1')] })).status, 200);
});

test('to enable a profile is to pass its roles; to disable it is not', async () => {
  const server = await arranged();
  const { road, profileId } = server;
  const keys = await actor(server, manage, pass());
  const toggle = (verb: string) => road.rest('POST', `/profile/${profileId}/${verb}`, undefined, { keys });
  assert.equal((await toggle('disable')).status, 200);
  await refusedAll(road, [[() => toggle('enable'), denied, noPassing(role('app'))]]);
  await road.rest('PATCH', `/profile/${profileId}`, { roleArns: [role('mine-1')] });
  assert.equal((await toggle('enable')).status, 200);
});

test('passing is conditional on the service that is passed to', async () => {
  const server = await arranged();
  const { road } = server;
  for (const [service, status] of [
    ['rolesanywhere.amazonaws.com', 201],
    ['ec2.amazonaws.com', 403],
  ] as const) {
    const Condition = { StringEquals: { 'iam:PassedToService': service } };
    const keys = await actor(server, manage, pass({ Condition }));
    const body = { name: 'p', roleArns: [role('mine-1')] };
    assert.equal((await road.rest('POST', '/profiles', body, { keys })).status, status);
  }
});

test("another account's role cannot be passed, not even by root", async () => {
  const { road } = await arranged();
  const body = { name: 'p', roleArns: ['arn:aws:iam::999999999999:role/theirs'] };
  await refusedAll(road, [[() => road.rest('POST', '/profiles', body), denied, /iam:PassRole/]]);
});

test('lists and creations ask for the type as a whole', async () => {
  const server = await arranged();
  const { road } = server;
  for (const [action, type, call] of [
    ['ListProfiles', 'profile', (keys) => road.rest('GET', '/profiles', undefined, { keys })],
    ['ListTrustAnchors', 'trust-anchor', (keys) => road.rest('GET', '/trustanchors', undefined, { keys })],
    ['CreateProfile', 'profile', (keys) => road.rest('POST', '/profiles', { name: 'p', roleArns: [] }, { keys })],
    ['CreateTrustAnchor', 'trust-anchor', (keys) => road.rest('POST', '/trustanchors', lawful, { keys })],
  ] as const satisfies readonly (readonly [string, string, (keys: Keys) => Promise<Answer>])[]) {
    const Action = `rolesanywhere:${action}`;
    const may = await actor(server, { Effect: 'Allow', Action, Resource: arnOf(`${type}/*`) });
    assert.ok([200, 201].includes((await call(may)).status));
    const mayNot = await actor(server, { Effect: 'Allow', Action, Resource: arnOf(`${type}/a*`) });
    refused(await call(mayNot), denied, new RegExp(`${Action} on resource: .*:${type}/\\* because`));
  }
});

test('who may nothing learns nothing: the right is asked before the id is looked up or judged', async () => {
  const server = await arranged();
  const { road, profileId } = server;
  const keys = await actor(server, { Effect: 'Allow', Action: 'sts:*', Resource: '*' });
  const before = await kept(road);
  for (const id of [profileId, '11111111-2222-4333-8444-555555555555', 'x', '%20', '..']) {
    refused(await road.rest('GET', `/profile/${id}`, undefined, { keys }), denied, /rolesanywhere:GetProfile/);
  }
  refused(
    await road.rest('POST', '/profiles', { durationSeconds: 1 }, { keys }),
    denied,
    /rolesanywhere:CreateProfile/,
  );
  assert.deepEqual(await kept(road), before);
});
