// What the credentials of a session are good for, how long, what bounds them, and what of them is written down.
import assert from 'node:assert/strict';
import test from 'node:test';
import { makeSelfSigned } from '../../../test/pki.ts';
import { type Answer, account, fingerprintOf, type Keys, type Road } from '../../../test/road.ts';
import { actor, arnOf, arranged, kept, keysOf, policy, refused, trusting } from './rig.test.ts';

const denied = 'AccessDeniedException';
const unassumable = `Unable to assume role for arn:aws:iam::${account}:role/app.`;
const allowAll = { Effect: 'Allow', Action: '*', Resource: '*' };

const whoAmI = (road: Road, keys: Keys, presigned = false) =>
  road.query('sts', 'GetCallerIdentity', {}, { keys, presigned });

function failed(answer: Answer, code: string, message: string): void {
  assert.deepEqual([answer.status, answer.code, answer.message], [403, code, message], answer.body);
}

const expirationOf = (answer: Answer) => answer.json().credentialSet[0].credentials.expiration;

test('the credentials sign calls, in headers and in presigned addresses', async () => {
  const { road, session, roleId } = await arranged({ leaf: { serial: 291n } });
  const keys = keysOf(await session());
  for (const presigned of [false, true]) {
    const answer = await whoAmI(road, keys, presigned);
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.text('Arn'), `arn:aws:sts::${account}:assumed-role/app/0123`);
    assert.equal(answer.text('UserId'), `${roleId}:0123`);
    assert.equal(answer.text('Account'), account);
  }
});

test('two sessions have nothing in common', async () => {
  const { session } = await arranged();
  const [one, two] = [keysOf(await session()), keysOf(await session())];
  assert.notEqual(one.accessKeyId, two.accessKeyId);
  assert.notEqual(one.secretAccessKey, two.secretAccessKey);
  assert.notEqual(one.sessionToken, two.sessionToken);
});

test('the credentials hold through their last second and end with it', async () => {
  const { road, session } = await arranged();
  road.at('2026-11-22T12:00:00.999Z');
  const answer = await session({ body: { durationSeconds: 900 } });
  const keys = keysOf(answer);
  assert.equal(expirationOf(answer), '2026-11-22T12:15:00Z');
  road.at('2026-11-22T12:14:59.999Z');
  assert.equal((await whoAmI(road, keys)).status, 200);
  road.at('2026-11-22T12:15:00.000Z');
  failed(await whoAmI(road, keys), 'ExpiredToken', 'The security token included in the request is expired');
  refused(
    await road.rest('GET', '/profiles', undefined, { keys }),
    'ExpiredTokenException',
    'The security token included in the request is expired',
  );
});

test('a changed token, a foreign one, another key id, another secret and no token are refused', async () => {
  const { road, session } = await arranged();
  const keys = keysOf(await session());
  const other = keysOf(await session());
  const { sessionToken = '', accessKeyId, secretAccessKey } = keys;
  const invalid = 'The security token included in the request is invalid.';
  for (const at of [0, 1, 40, sessionToken.length >> 1, sessionToken.length - 5]) {
    const letter = sessionToken[at] === 'A' ? 'B' : 'A';
    const bent = sessionToken.slice(0, at) + letter + sessionToken.slice(at + 1);
    failed(await whoAmI(road, { ...keys, sessionToken: bent }), 'InvalidClientTokenId', invalid);
  }
  for (const wrong of ['x', 'x'.repeat(4000), sessionToken.slice(0, -8)]) {
    failed(await whoAmI(road, { ...keys, sessionToken: wrong }), 'InvalidClientTokenId', invalid);
  }
  failed(await whoAmI(road, { ...keys, sessionToken: other.sessionToken ?? '' }), 'InvalidClientTokenId', invalid);
  failed(await whoAmI(road, { ...keys, accessKeyId: other.accessKeyId }), 'InvalidClientTokenId', invalid);
  failed(await whoAmI(road, { ...keys, accessKeyId: road.root.accessKeyId }), 'InvalidClientTokenId', invalid);
  failed(await whoAmI(road, { accessKeyId, secretAccessKey }), 'InvalidClientTokenId', invalid);
  const wrongSecret = await whoAmI(road, { ...keys, secretAccessKey: other.secretAccessKey });
  assert.deepEqual([wrongSecret.status, wrongSecret.code], [403, 'SignatureDoesNotMatch']);
});

test("a role made again under its name is another role: the old one's sessions may do nothing", async () => {
  const server = await arranged();
  const { road } = server;
  const keys = await actor(server, allowAll);
  const listRoles = () => road.query('iam', 'ListRoles', {}, { keys });
  assert.equal((await listRoles()).status, 200);
  await road.query('iam', 'DeleteRolePolicy', { RoleName: 'app', PolicyName: 'rights' });
  assert.equal((await road.query('iam', 'DeleteRole', { RoleName: 'app' })).status, 200);
  assert.equal((await listRoles()).code, 'AccessDenied');
  await road.query('iam', 'CreateRole', { RoleName: 'app', AssumeRolePolicyDocument: trusting() });
  const fresh = await actor(server, allowAll);
  assert.equal((await road.query('iam', 'ListRoles', {}, { keys: fresh })).status, 200);
  assert.equal((await listRoles()).code, 'AccessDenied');
});

test('disabling trust anchor and profile ends no session that was issued', async () => {
  const { road, session, trustAnchorId, profileId } = await arranged();
  const keys = keysOf(await session());
  await road.rest('POST', `/trustanchor/${trustAnchorId}/disable`);
  await road.rest('DELETE', `/profile/${profileId}`);
  assert.equal((await whoAmI(road, keys)).status, 200);
});

test('the tags and the source identity of a session are seen by the policies of its role', async () => {
  const server = await arranged();
  const { road } = server;
  for (const [Condition, status] of [
    [{ StringEquals: { 'aws:PrincipalTag/x509Subject/OU': 'Ops', 'aws:SourceIdentity': 'CN=client' } }, 200],
    [{ StringEquals: { 'aws:PrincipalTag/x509Subject/OU': 'Dev' } }, 403],
    [{ DateLessThan: { 'aws:TokenIssueTime': '2026-11-22T12:00:00Z' } }, 403],
  ] as const) {
    const keys = await actor(server, { ...allowAll, Condition });
    assert.equal((await road.rest('GET', '/profiles', undefined, { keys })).status, status);
  }
});

test("a session lasts as long as is asked for, at most the profile's setting", async () => {
  const { session } = await arranged({ profile: { durationSeconds: 1800 } });
  for (const [durationSeconds, expiration] of [
    [undefined, '2026-11-22T12:30:00Z'],
    [900, '2026-11-22T12:15:00Z'],
    [1800, '2026-11-22T12:30:00Z'],
    [1801, '2026-11-22T12:30:00Z'],
    [43200, '2026-11-22T12:30:00Z'],
  ] as const) {
    assert.equal(expirationOf(await session({ body: { durationSeconds } })), expiration);
  }
});

test("a session longer than the role's maximum is refused, not shortened", async () => {
  const { session } = await arranged({ profile: { durationSeconds: 43200 }, maxSessionDuration: 7200 });
  const tooLong = `${unassumable} The requested DurationSeconds exceeds the MaxSessionDuration set for this role.`;
  assert.equal(expirationOf(await session({ body: { durationSeconds: 7200 } })), '2026-11-22T14:00:00Z');
  refused(await session({ body: { durationSeconds: 7201 } }), denied, tooLong);
  refused(await session(), denied, tooLong);
});

test('the longest session is of twelve hours', async () => {
  const { session } = await arranged({ profile: { durationSeconds: 43200 } });
  assert.equal(expirationOf(await session()), '2026-11-23T00:00:00Z');
});

test('a session policy narrows what the role may do, and widens nothing', async () => {
  const sessionPolicy = policy({ Effect: 'Allow', Action: ['rolesanywhere:ListProfiles', 'iam:*'], Resource: '*' });
  const server = await arranged({ profile: { sessionPolicy } });
  const { road } = server;
  const keys = await actor(server, { Effect: 'Allow', Action: 'rolesanywhere:*', Resource: '*' });
  assert.equal((await road.rest('GET', '/profiles', undefined, { keys })).status, 200);
  refused(
    await road.rest('GET', '/trustanchors', undefined, { keys }),
    denied,
    /^User: .* is not authorized to perform: rolesanywhere:ListTrustAnchors on resource: .*:trust-anchor\/\* because no session policy allows the rolesanywhere:ListTrustAnchors action$/,
  );
  const beyond = await road.query('iam', 'ListRoles', {}, { keys });
  assert.deepEqual([beyond.status, beyond.code], [403, 'AccessDenied']);
});

test('a session keeps the policy it was issued with', async () => {
  const sessionPolicy = policy({ Effect: 'Deny', Action: '*', Resource: '*' });
  const server = await arranged({ profile: { sessionPolicy } });
  const { road, profileId } = server;
  const keys = await actor(server, allowAll);
  await road.rest('PATCH', `/profile/${profileId}`, { sessionPolicy: policy(allowAll) });
  refused(await road.rest('GET', '/profiles', undefined, { keys }), denied, /explicit deny in a session policy$/);
  const fresh = await actor(server, allowAll);
  assert.equal((await road.rest('GET', '/profiles', undefined, { keys: fresh })).status, 200);
});

test('the packed size counts policies and tags, in percent', async () => {
  const sizeOf = async (sessionPolicy: string | undefined, subject: string) => {
    const answer = await (await arranged({ profile: { sessionPolicy }, leaf: { subject } })).session();
    return answer.json().credentialSet[0].packedPolicySize as number;
  };
  const small = await sizeOf(undefined, 'CN=c');
  const withPolicy = await sizeOf(policy(allowAll).padEnd(1000), 'CN=c');
  const withTags = await sizeOf(undefined, `CN=c,O=${'o'.repeat(200)},OU=${'u'.repeat(200)}`);
  assert.equal(small, 1);
  assert.ok(withPolicy > small && withPolicy <= 100);
  assert.ok(withTags > small && withTags <= 100);
});

test('a session policy of more than 2048 characters is kept in the profile and refused by CreateSession', async () => {
  for (const [length, status] of [
    [2048, 201],
    [2049, 403],
  ] as const) {
    const { session } = await arranged({ profile: { sessionPolicy: policy(allowAll).padEnd(length) } });
    const answer = await session();
    assert.equal(answer.status, status);
    if (status === 403) refused(answer, denied, unassumable);
  }
});

const readOnly = 'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly';

test('a managed policy that is not there must not be left out: the session is refused', async () => {
  const { session, road, profileId } = await arranged();
  for (const managedPolicyArns of [
    ['arn:aws:iam::aws:policy/P'],
    [readOnly, 'arn:aws:iam::aws:policy/P'],
    [readOnly.replace('::aws:', '::123456789012:')],
    [readOnly.toLowerCase()],
    [`${readOnly} `],
    ['x'],
  ]) {
    await road.rest('PATCH', `/profile/${profileId}`, { managedPolicyArns });
    refused(await session(), denied, unassumable);
  }
  await road.rest('PATCH', `/profile/${profileId}`, { managedPolicyArns: [] });
  assert.equal((await session()).status, 201);
});

test("a managed policy of the profile bounds the session, as the profile's own policy does", async () => {
  const server = await arranged({ profile: { managedPolicyArns: [readOnly] } });
  const { road, profileId } = server;
  const keys = await actor(server, allowAll);
  assert.equal((await road.rest('GET', '/profiles', undefined, { keys })).status, 200);
  const create = () => road.rest('POST', '/profiles', { name: 'p', roleArns: [] }, { keys });
  refused(await create(), denied, /because no session policy allows the rolesanywhere:CreateProfile action$/);
  assert.equal((await road.query('iam', 'ListRoles', {}, { keys })).code, 'AccessDenied');
  await road.rest('PATCH', `/profile/${profileId}`, { managedPolicyArns: [] });
  refused(await create(), denied, /because no session policy allows/);
  const fresh = await actor(server, allowAll);
  assert.equal((await road.query('iam', 'ListRoles', {}, { keys: fresh })).status, 200);
});

test('ten managed policies are the most that a session carries', async () => {
  for (const [count, status] of [
    [10, 201],
    [11, 403],
  ] as const) {
    const { session } = await arranged({ profile: { managedPolicyArns: Array(count).fill(readOnly) } });
    assert.equal((await session()).status, status);
  }
});

test('neither the audit log nor the log holds a secret, a token or an Authorization header', async () => {
  const { session, road, leaf, arns } = await arranged();
  const answer = await session({ body: { instanceProperties: { host: 'h' } } });
  const { secretAccessKey, sessionToken = '', accessKeyId } = keysOf(answer);
  await whoAmI(road, keysOf(answer));
  await session({ tamper: (request) => ({ ...request, rawQuery: 'x=y' }) });
  const written = JSON.stringify([await road.events(), road.logged]);
  for (const secret of [secretAccessKey, sessionToken, sessionToken.slice(20, 60), 'Signature=', 'AWS4-X509']) {
    assert.equal(written.includes(secret), false);
  }
  assert.ok(written.includes(accessKeyId));
  const event = (await road.events()).find(({ eventName }) => eventName === 'CreateSession');
  const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS';
  const [set] = answer.json().credentialSet;
  const credentials = { ...set.credentials, secretAccessKey: hidden, sessionToken: hidden };
  credentials.expiration = '2026-11-22T13:00:00.000Z';
  assert.deepEqual(event?.responseElements, { ...answer.json(), credentialSet: [{ ...set, credentials }] });
  assert.deepEqual(event?.requestParameters, { ...arns, instanceProperties: { host: 'h' } });
  assert.match(JSON.stringify(event?.userIdentity), new RegExp(fingerprintOf(leaf.der)));
});

test('the event and the subject of a session are kept before it is answered', async () => {
  const { session, road } = await arranged();
  const answer = await session();
  // Read from the store, without the recorder's own flush.
  const stored = await road.store.read((reader) => reader.list('audit', { limit: 1000 }));
  const names = stored.map(({ document }) => JSON.stringify(document));
  assert.ok(names.some((text) => text.includes('"eventName":"CreateSession"')));
  assert.match(JSON.stringify(await kept(road)), new RegExp(answer.json().subjectArn));
  assert.match(JSON.stringify(await kept(road)), /"x509Subject":"CN=client,OU=Ops,O=Acme"/);
});

test('a store that fails gives no credentials', async () => {
  const { session, road } = await arranged();
  const { write } = road.store;
  road.store.write = () => Promise.reject(new Error('disk'));
  const answer = await session();
  road.store.write = write;
  assert.deepEqual([answer.status, answer.code], [500, 'InternalFailure']);
  assert.doesNotMatch(answer.body, /ASIA|disk/);
  assert.match(JSON.stringify(await kept(road)), /"subjects":\[\]/);
});

test("a stranger's failed request leaves no subject, and its event says why for the operator alone", async () => {
  const { session, road } = await arranged();
  const before = await kept(road);
  const answer = await session({ leaf: makeSelfSigned({ subject: 'CN=client' }) });
  refused(answer, denied, 'Untrusted signing certificate');
  assert.deepEqual(await kept(road), before);
  const event = (await road.events()).at(-1);
  assert.equal(event?.errorMessage, 'Untrusted signing certificate');
  assert.match(JSON.stringify(event?.additionalEventData), /"cause":"noIssuer"/);
  assert.equal(event?.responseElements, null);
});

test('the answer of CreateSession names only its own account and Region', async () => {
  const { session } = await arranged();
  const { subjectArn } = (await session()).json();
  assert.ok(subjectArn.startsWith(arnOf('subject/')));
});

test('a session policy that is longer than STS takes gives no session, and the log says why', async () => {
  const statement = { Sid: 'S'.repeat(2048), Effect: 'Allow', Action: '*', Resource: '*' };
  const { road, session } = await arranged({ profile: { sessionPolicy: policy(statement) } });
  refused(await session(), 'AccessDeniedException', /^Unable to assume role for /);
  assert.equal(Reflect.get(road.logged.at(-1) ?? {}, 'reason'), 'policiesTooLong');
});
