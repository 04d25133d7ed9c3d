// The service-linked role: the account's first trust anchor makes it, and who makes that one must be allowed to.
import assert from 'node:assert/strict';
import test from 'node:test';
import { makeCa } from '../../../test/pki.ts';
import { account, type Road, testRoad } from '../../../test/road.ts';
import { roles as iamRoles } from '../iam/records.ts';
import { actor, arnOf, arranged, bundle, kept, refused, refusedAll } from './rig.test.ts';

const lawful = { name: 'anchor', source: bundle(makeCa().pem) };
const denied = 'AccessDeniedException';
const path = '/aws-service-role/rolesanywhere.amazonaws.com/';
const linked = `arn:aws:iam::${account}:role${path}AWSServiceRoleForRolesAnywhere`;
const create = (road: Road, options = {}) => road.rest('POST', '/trustanchors', lawful, options);
const roles = async (road: Road) => (await road.query('iam', 'ListRoles', { PathPrefix: path })).texts('Arn');

test("the first trust anchor makes the account's role, the next ones and those of other Regions do not", async () => {
  const road = await testRoad();
  assert.deepEqual(await roles(road), []);
  assert.equal((await create(road)).status, 201);
  assert.deepEqual(await roles(road), [linked]);
  const { text } = await road.query('iam', 'GetRole', { RoleName: 'AWSServiceRoleForRolesAnywhere' });
  const roleId = text('RoleId');
  assert.equal((await create(road)).status, 201);
  assert.equal((await create(road, { region: 'us-east-1' })).status, 201);
  const again = await road.query('iam', 'GetRole', { RoleName: 'AWSServiceRoleForRolesAnywhere' });
  assert.deepEqual([again.text('RoleId'), await roles(road)], [roleId, [linked]]);
});

test('a trust anchor that is refused makes no role', async () => {
  const road = await testRoad();
  const body = { ...lawful, source: bundle('x') };
  refused(await road.rest('POST', '/trustanchors', body), 'ValidationException', /./);
  assert.deepEqual(await roles(road), []);
});

test('first trust anchors that race make one role', async () => {
  const road = await testRoad();
  const answers = await Promise.all([create(road), create(road), create(road)]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [201, 201, 201],
  );
  assert.deepEqual(await roles(road), [linked]);
});

/** A server with sessions to act with, where the next trust anchor is the first that finds no service-linked role. */
async function withoutRole() {
  const server = await arranged();
  const key = `${account}/awsserviceroleforrolesanywhere`;
  await server.road.store.write((writer) => iamRoles.delete(writer, key));
  assert.deepEqual(await roles(server.road), []);
  return server;
}

const anchors = { Effect: 'Allow', Action: 'rolesanywhere:CreateTrustAnchor', Resource: arnOf('trust-anchor/*') };
const making = (more: object = {}) => ({
  Effect: 'Allow',
  Action: 'iam:CreateServiceLinkedRole',
  Resource: linked,
  Condition: { StringEquals: { 'iam:AWSServiceName': 'rolesanywhere.amazonaws.com' } },
  ...more,
});

test('who may not make the role makes no first trust anchor, and reads why', async () => {
  const server = await withoutRole();
  const { road } = server;
  const other = { StringEquals: { 'iam:AWSServiceName': 'ec2.amazonaws.com' } };
  const words = 'Unauthorized because no identity-based policy allows for the iam:CreateServiceLinkedRole action';
  for (const statements of [
    [anchors],
    [anchors, making({ Condition: other })],
    [anchors, making({ Resource: `${linked}2` })],
  ]) {
    const keys = await actor(server, ...statements);
    const before = await kept(road);
    refused(await create(road, { keys }), denied, words);
    assert.deepEqual(await kept(road), before);
  }
  assert.deepEqual(await roles(road), []);
});

test('an explicit deny of making the role is told as any other', async () => {
  const server = await withoutRole();
  const keys = await actor(server, anchors, making(), making({ Effect: 'Deny' }));
  const words =
    /perform: iam:CreateServiceLinkedRole on resource: .* with an explicit deny in an identity-based policy$/;
  await refusedAll(server.road, [[() => create(server.road, { keys }), denied, words]]);
});

test('who may make the role makes it with the first trust anchor; with the role there, nobody is asked', async () => {
  const server = await withoutRole();
  const { road } = server;
  const keys = await actor(server, anchors, making());
  assert.equal((await create(road, { keys })).status, 201);
  assert.deepEqual(await roles(road), [linked]);
  const less = await actor(server, anchors);
  assert.equal((await create(road, { keys: less })).status, 201);
});
