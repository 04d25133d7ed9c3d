// The second session of the same holder is judged by what stands then: what an earlier request worked out holds for what it
// was worked out from alone.
import assert from 'node:assert/strict';
import test from 'node:test';
import { account, type Road, region } from '../../../test/road.ts';
import { handle } from '../../gateway/handle.ts';
import type { WireRequest } from '../../protocols/protocol.ts';
import { type Arranged, arranged, bundle, policy, refused, trustedActions, trusting } from './rig.test.ts';

const denied = 'AccessDeniedException';
const unassumable = `Unable to assume role for arn:aws:iam::${account}:role/app.`;

/** Statuses of sessions asked for one after the other. */
async function statuses(...asked: readonly (() => Promise<{ readonly status: number }>)[]) {
  const all: number[] = [];
  for (const ask of asked) all.push((await ask()).status);
  return all;
}

async function trust({ road }: Arranged, document: string) {
  const changed = await road.query('iam', 'UpdateAssumeRolePolicy', { RoleName: 'app', PolicyDocument: document });
  assert.equal(changed.status, 200, changed.body);
}

test('a trust policy that looks at the time is asked at every time', async () => {
  const Condition = { DateLessThan: { 'aws:CurrentTime': '2026-11-22T12:00:10Z' } };
  const { road, session } = await arranged({ trust: trusting({ Condition }) });
  assert.deepEqual(await statuses(session, session), [201, 201]);
  road.at('2026-11-22T12:00:10Z');
  refused(await session(), denied, unassumable);
});

test('so is a Deny that does, beside an Allow that does not', async () => {
  const Principal = { Service: 'rolesanywhere.amazonaws.com' };
  const Condition = {
    NumericGreaterThanEquals: { 'aws:EpochTime': String(Date.parse('2026-11-22T12:00:10Z') / 1000) },
  };
  const document = policy(
    { Effect: 'Allow', Principal, Action: trustedActions },
    { Effect: 'Deny', Principal, Action: 'sts:SetSourceIdentity', Condition },
  );
  const { road, session } = await arranged({ trust: document });
  assert.deepEqual(await statuses(session, session), [201, 201]);
  road.at('2026-11-22T12:00:10Z');
  refused(await session(), denied, unassumable);
});

const near = { ip: '10.0.0.1', userAgent: 'near', secure: true, referer: 'https://near.example' };
const elsewhere: readonly (readonly [condition: object, origin: object])[] = [
  [{ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, { ip: '11.0.0.1' }],
  [{ StringEquals: { 'aws:UserAgent': 'near' } }, { userAgent: 'far' }],
  [{ Bool: { 'aws:SecureTransport': 'true' } }, { secure: false }],
  [{ StringLike: { 'aws:Referer': 'https://near.example*' } }, { referer: 'https://far.example' }],
];

for (const [Condition, difference] of elsewhere) {
  test(`a trust policy with ${JSON.stringify(Condition)} is asked of every origin`, async () => {
    const server = await arranged({ trust: trusting({ Condition }) });
    const request = await signed(server);
    const from = async (origin: typeof near) => handle(server.road.world, request, origin);
    const far = { ...near, ...difference };
    const asked = [near, near, far, near, far].map((origin) => () => from(origin));
    assert.deepEqual(await statuses(...asked), [201, 201, 403, 201, 403]);
  });
}

/** A good request for a session, as it goes over the wire. */
async function signed({ session }: Arranged): Promise<WireRequest> {
  const sent: WireRequest[] = [];
  await session({
    tamper: (request) => {
      sent.push(request);
      return request;
    },
  });
  const [request] = sent;
  assert.ok(request);
  return request;
}

test('a session name that the role trusts says nothing of another', async () => {
  const Condition = { StringEquals: { 'sts:RoleSessionName': 'ab' } };
  const { session } = await arranged({ profile: { acceptRoleSessionName: true }, trust: trusting({ Condition }) });
  const named = (roleSessionName: string) => () => session({ body: { roleSessionName } });
  assert.deepEqual(await statuses(named('ab'), named('ab'), named('cd'), named('ab')), [201, 201, 403, 201]);
});

test('a holder whom the role trusts says nothing of another', async () => {
  const Condition = { StringEquals: { 'aws:PrincipalTag/x509Subject/CN': 'client' } };
  const { ca, session } = await arranged({ trust: trusting({ Condition }) });
  const [twin, other] = [ca.issue({ subject: 'CN=client' }), ca.issue({ subject: 'CN=other' })];
  const by = (leaf: typeof twin) => () => session({ leaf });
  assert.deepEqual(await statuses(session, by(twin), by(other), by(twin), by(other)), [201, 201, 403, 201, 403]);
});

test('a role that trusts any holder below one trust anchor trusts none below another', async () => {
  const Condition = { ArnLike: { 'aws:SourceArn': 'arn:aws:rolesanywhere:*:*:trust-anchor/*' } };
  const server = await arranged({ trust: trusting({ Condition }) });
  const { road, ca, arns, session } = server;
  const anchor = await road.rest('POST', '/trustanchors', { name: 'other', enabled: true, source: bundle(ca.pem) });
  const { trustAnchorArn } = anchor.json().trustAnchor;
  const other = () => session({ leaf: ca.issue({ subject: 'CN=other' }), body: { trustAnchorArn } });
  assert.deepEqual(await statuses(session, other, session), [201, 201, 201]);
  await trust(server, trusting({ Condition: { ArnEquals: { 'aws:SourceArn': arns.trustAnchorArn } } }));
  assert.deepEqual(await statuses(session, other, session, other), [201, 403, 201, 403]);
});

test('a role that trusts a holder without tags says nothing of one with tags', async () => {
  const server = await arranged({ trust: trusting({ Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'] }) });
  const { road, session, arns } = server;
  const bare = await road.rest('POST', '/profiles', { name: 'bare', enabled: true, roleArns: [arns.roleArn] });
  const { profileArn, profileId } = bare.json().profile;
  for (const field of ['x509Subject', 'x509Issuer', 'x509SAN'])
    await road.rest('DELETE', `/profiles/${profileId}/mappings?certificateField=${field}`);
  const untagged = () => session({ body: { profileArn } });
  assert.deepEqual(await statuses(untagged, session, untagged, session), [201, 403, 201, 403]);
});

test('a changed trust policy counts at once, and again when it is changed back', async () => {
  const server = await arranged();
  const { session } = server;
  assert.deepEqual(await statuses(session, session), [201, 201]);
  await trust(server, trusting({ Action: 'sts:AssumeRole' }));
  refused(await session(), denied, unassumable);
  await trust(server, trusting());
  assert.equal((await session()).status, 201);
});

test('a changed profile counts at once: its policies, its mappings and what they weigh', async () => {
  const { road, session, profileId } = await arranged();
  const weight = async () => (await session()).json().credentialSet[0].packedPolicySize;
  const [first, again] = [await weight(), await weight()];
  assert.equal(first, again);
  const sessionPolicy = policy({ Effect: 'Allow', Action: 's3:*', Resource: `arn:aws:s3:::${'b'.repeat(1000)}` });
  assert.equal((await road.rest('PATCH', `/profile/${profileId}`, { sessionPolicy })).status, 200);
  assert.ok((await weight()) > first + 10);
  const mapping = { certificateField: 'x509Subject', mappingRules: [{ specifier: 'CN' }] };
  const before = await weight();
  assert.equal((await road.rest('PUT', `/profiles/${profileId}/mappings`, mapping)).status, 200);
  assert.ok((await weight()) <= before);
});

test('what cannot be mapped is told to the operator every time', async () => {
  const { road, session } = await arranged({ leaf: { subject: 'O=Acme\\, Inc.,CN=client' } });
  assert.deepEqual(await statuses(session, session), [201, 201]);
  const events = (await road.events()).slice(-2).map((event) => JSON.stringify(event));
  for (const event of events) assert.match(event, /"reason":"unmappedAttribute","key":"x509Subject\/O"/);
});

test('one certificate is a subject in each Region where it is shown, in whatever order', async () => {
  const server = await arranged();
  const far = await arrangedIn(server, 'us-west-2');
  const subjects: string[] = [];
  for (const ask of [server.session, far, server.session, far]) subjects.push((await ask()).json().subjectArn);
  const [here, there] = subjects;
  assert.deepEqual(subjects, [here, there, here, there]);
  assert.match(here ?? '', new RegExp(`:${region}:${account}:subject/`));
  assert.match(there ?? '', new RegExp(`:us-west-2:${account}:subject/`));
  assert.deepEqual(
    [await credentialsOf(server.road, here, region), await credentialsOf(server.road, there, 'us-west-2')],
    [1, 1],
  );
});

/** The same session in another Region, with an anchor and a profile of its own. */
async function arrangedIn({ road, ca, leaf, arns }: Arranged, other: string) {
  const options = { region: other };
  const source = bundle(ca.pem);
  const anchor = await road.rest('POST', '/trustanchors', { name: 'far', enabled: true, source }, options);
  const profile = await road.rest(
    'POST',
    '/profiles',
    { name: 'far', enabled: true, roleArns: [arns.roleArn] },
    options,
  );
  const { trustAnchorArn } = anchor.json().trustAnchor;
  const { profileArn } = profile.json().profile;
  const { certificate, privateKey } = leaf;
  const body = { ...arns, trustAnchorArn, profileArn };
  return () => road.session({ certificate, privateKey, body, region: other });
}

async function credentialsOf(road: Road, subjectArn: string | undefined, where: string): Promise<number> {
  const id = subjectArn?.split('/').at(-1);
  const answer = await road.rest('GET', `/subject/${id}`, undefined, { region: where });
  return answer.json().subject.credentials.length;
}
