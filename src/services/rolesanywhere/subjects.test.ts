// Subjects over the wire: what CreateSession leaves of those that it answered and of those that it refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import { der, makeCa, makeSelfSigned } from '../../../test/pki.ts';
import { account, type Road } from '../../../test/road.ts';
import { StoreUnavailable } from '../../store/store.ts';
import { defaultSettings } from '../settings.ts';
import { actor, arnOf, arranged, kept, refused, refusedAll, trusting, unknownId } from './rig.test.ts';

const denied = 'AccessDeniedException';
const missing = 'ResourceNotFoundException';
type Shown = { readonly [member: string]: unknown };

async function list(road: Road): Promise<readonly Shown[]> {
  const answer = await road.rest('GET', '/subjects');
  assert.equal(answer.status, 200, answer.body);
  return answer.json().subjects;
}

/** GetSubject of the one subject there is. */
async function only(road: Road) {
  const [summary, ...more] = await list(road);
  assert.equal(more.length, 0);
  const answer = await road.rest('GET', `/subject/${summary?.subjectId}`);
  assert.equal(answer.status, 200, answer.body);
  return answer.json().subject;
}

test('a session leaves its subject, with the certificate and the instance properties', async () => {
  const { road, session, leaf } = await arranged({ leaf: { serial: 0x936eacbe07f201dfn } });
  assert.deepEqual(await list(road), []);
  const instanceProperties = { host: 'h1', ünï: 'côdé' };
  const { subjectArn } = (await session({ body: { instanceProperties } })).json();
  const subjectId = subjectArn.split('/').at(-1);
  const summary = {
    subjectArn,
    subjectId,
    enabled: true,
    x509Subject: 'CN=client,OU=Ops,O=Acme',
    lastSeenAt: '2026-11-22T12:00:00.000000Z',
    createdAt: '2026-11-22T12:00:00.000000Z',
    updatedAt: '2026-11-22T12:00:00.000000Z',
  };
  assert.equal(subjectArn, arnOf(`subject/${subjectId}`));
  assert.deepEqual(await list(road), [summary]);
  assert.deepEqual(await only(road), {
    ...summary,
    credentials: [
      {
        seenAt: '2026-11-22T12:00:00.000000Z',
        serialNumber: '10623618503190643167',
        issuer: 'CN=Test CA',
        enabled: true,
        x509CertificateData: leaf.pem,
        failed: false,
      },
    ],
    instanceProperties: [
      { seenAt: '2026-11-22T12:00:00.000000Z', properties: { host: 'h1', ünï: 'côdé' }, failed: false },
    ],
  });
});

test('what is shown again is kept once and stands first; when it was first seen stays', async () => {
  const { road, ca, session } = await arranged();
  const leaf = { subject: 'CN=one' };
  const [old, young] = [ca.issue({ ...leaf, serial: 1n }), ca.issue({ ...leaf, serial: 2n })];
  const visit = async (second: number, which: typeof old, instanceProperties?: object) => {
    road.at(`2026-11-22T12:00:0${second}Z`);
    assert.equal((await session({ leaf: which, body: { instanceProperties } })).status, 201);
  };
  await visit(0, old, { a: '1', b: '2' });
  await visit(1, young, { b: '2', a: '1' });
  await visit(2, young, { a: '1' });
  await visit(3, old, {});
  await visit(4, old);
  const subject = await only(road);
  const seen = (second: number) => `2026-11-22T12:00:0${second}.000000Z`;
  assert.deepEqual([subject.createdAt, subject.lastSeenAt, subject.updatedAt], [seen(0), seen(4), seen(4)]);
  assert.deepEqual(
    subject.credentials.map(({ serialNumber, seenAt }: Shown) => [serialNumber, seenAt]),
    [
      ['1', seen(4)],
      ['2', seen(2)],
    ],
  );
  assert.deepEqual(subject.instanceProperties, [
    { seenAt: seen(2), properties: { a: '1' }, failed: false },
    { seenAt: seen(1), properties: { a: '1', b: '2' }, failed: false },
  ]);
});

test('the same serial number of two issuers is two certificates of one subject', async () => {
  const ca = makeCa();
  const { road, session } = await arranged({ ca });
  for (const name of ['CN=Left', 'CN=Right']) {
    const intermediate = ca.issueCa({ subject: name });
    const leaf = intermediate.issue({ subject: 'CN=one', serial: 1n });
    assert.equal((await session({ leaf, chain: [intermediate.certificate] })).status, 201);
  }
  const { credentials } = await only(road);
  assert.deepEqual(
    credentials.map(({ issuer }: Shown) => issuer),
    ['CN=Right', 'CN=Left'],
  );
});

test('fifty certificates and fifty sets of properties are kept, those seen last, and nothing of the others', async () => {
  const { road, ca, session } = await arranged();
  const serials = Array.from({ length: 53 }, (_, at) => BigInt(at + 1));
  const { keys } = ca.issue();
  for (const serial of serials) {
    const leaf = ca.issue({ subject: 'CN=one', serial, keys });
    await session({ leaf, body: { instanceProperties: { serial: String(serial) } } });
  }
  const expected = serials.map(String).reverse().slice(0, 50);
  const subject = await only(road);
  assert.deepEqual(
    subject.credentials.map(({ serialNumber }: Shown) => serialNumber),
    expected,
  );
  assert.deepEqual(
    subject.instanceProperties.map(({ properties }: Shown) => Object(properties).serial),
    expected,
  );
  const { subjects, subjectCredentials, subjectProperties } = Object(await kept(road));
  const { credentials, instanceProperties } = subjects[0].document;
  const lengths = [credentials, instanceProperties, subjectCredentials, subjectProperties].map(({ length }) => length);
  assert.deepEqual(lengths, [50, 50, 50, 50]);
});

test('a certificate whose PEM is longer than 16 KiB is kept without it', async () => {
  const extension = { oid: '1.2.3.4', value: der.octets(Buffer.alloc(13_000, 1)) };
  const { road, session } = await arranged({ leaf: { serial: 5n, extensions: [extension] } });
  assert.equal((await session()).status, 201);
  const [credential] = (await only(road)).credentials;
  assert.equal('x509CertificateData' in credential, false);
  assert.equal(credential.serialNumber, '5');
});

test('a refusal after the certificate was trusted and its key proved is noted as failed, a success after it is not', async () => {
  const { road, session, profileId } = await arranged();
  const body = { instanceProperties: { host: 'h' } };
  const states = async () => {
    const { credentials, instanceProperties } = await only(road);
    return [...credentials, ...instanceProperties].map(({ failed }: Shown) => failed);
  };
  await road.rest('PATCH', `/profile/${profileId}`, { roleArns: [`arn:aws:iam::${account}:role/other`] });
  refused(await session({ body }), denied, "Requested Role isn't one of those listed in the Profile.");
  assert.deepEqual(await states(), [true, true]);
  await road.rest('PATCH', `/profile/${profileId}`, { roleArns: [`arn:aws:iam::${account}:role/app`] });
  assert.equal((await session({ body })).status, 201);
  assert.deepEqual(await states(), [false, false]);
  await road.query('iam', 'UpdateAssumeRolePolicy', {
    RoleName: 'app',
    PolicyDocument: trusting({ Principal: { Service: 'ec2.amazonaws.com' } }),
  });
  refused(await session(), denied, `Unable to assume role for arn:aws:iam::${account}:role/app.`);
  assert.deepEqual(await states(), [true, false]);
});

test('a refusal that is noted leaves one event, written with the note before the answer', async () => {
  const { road, session } = await arranged({ profile: { roleArns: [`arn:aws:iam::${account}:role/other`] } });
  const answer = await session();
  // Read from the store, without the recorder's own flush.
  const stored = await road.store.read((reader) => reader.list('audit', { limit: 1000 }));
  const events = stored
    .map(({ document }) => Object(document))
    .filter(({ eventName }) => eventName === 'CreateSession');
  assert.equal(events.length, 1);
  const [event] = events;
  assert.equal(event.requestID, answer.header('x-amzn-requestid'));
  assert.deepEqual([event.errorCode, event.responseElements], [denied, null]);
  assert.equal(event.additionalEventData.explanations.at(-1).reason, 'roleNotInProfile');
  assert.equal((await road.events()).filter(({ eventName }) => eventName === 'CreateSession').length, 1);
});

test('where a refusal cannot be noted, the caller is told of the store and given nothing', async () => {
  const { road, session } = await arranged({ profile: { roleArns: [`arn:aws:iam::${account}:role/other`] } });
  const { write } = road.store;
  for (const [failure, status] of [
    [new StoreUnavailable('full'), 503],
    [new Error('disk'), 500],
  ] as const) {
    road.store.write = () => Promise.reject(failure);
    const answer = await session();
    road.store.write = write;
    assert.equal(answer.status, status);
    assert.doesNotMatch(answer.body, /ASIA|full|disk/);
    assert.deepEqual(await list(road), []);
  }
  const codes = (await road.events()).flatMap(({ eventName, errorCode }) =>
    eventName === 'CreateSession' ? [errorCode] : [],
  );
  assert.deepEqual(codes, ['ServiceUnavailableException', 'InternalFailure']);
});

test('who leads to no trust anchor, or proves no key, leaves nothing', async () => {
  const { road, session } = await arranged();
  const before = await kept(road);
  const tamper = (request: { readonly body: Uint8Array }) => ({
    body: Buffer.concat([request.body, Buffer.from(' ')]),
  });
  refused(await session({ leaf: makeSelfSigned() }), denied, 'Untrusted signing certificate');
  refused(await session({ tamper: (request) => ({ ...request, ...tamper(request) }) }), denied, 'Invalid signature');
  refused(await session({ body: { roleArn: `arn:aws:iam::${account}:role/x` }, leaf: makeSelfSigned() }), denied, /./);
  assert.deepEqual(await kept(road), before);
});

test('instance properties that are required are asked for only where the operator says so', async () => {
  const profile = { requireInstanceProperties: true };
  const strict = { ...defaultSettings, enforceInstanceProperties: true };
  for (const [arrangement, instanceProperties, status] of [
    [{ profile }, undefined, 201],
    [{ profile, settings: strict }, undefined, 403],
    [{ profile, settings: strict }, {}, 403],
    [{ profile, settings: strict }, null, 403],
    [{ profile, settings: strict }, { a: 'b' }, 201],
    [{ profile: { requireInstanceProperties: false }, settings: strict }, undefined, 201],
  ] as const) {
    const { session } = await arranged(arrangement);
    const answer = await session({ body: { instanceProperties } });
    assert.equal(answer.status, status, answer.body);
    if (status === 403) refused(answer, denied, 'Instance properties are required by the Profile.');
  }
});

test('sessions at once leave one subject with all of their certificates', async () => {
  const { road, ca, session } = await arranged();
  const leaves = Array.from({ length: 8 }, () => ca.issue({ subject: 'CN=one' }));
  const answers = await Promise.all(leaves.map((leaf) => session({ leaf })));
  assert.ok(answers.every(({ status }) => status === 201));
  assert.equal((await only(road)).credentials.length, 8);
});

test('lists go on from page to page in the order of ids, and show no more than summaries', async () => {
  const { road, ca, session } = await arranged();
  const arns: string[] = [];
  for (let at = 0; at < 5; at++) {
    arns.push((await session({ leaf: ca.issue({ subject: `CN=c${at}` }) })).json().subjectArn);
  }
  const shown: Shown[] = [];
  let token = '';
  do {
    const { subjects, nextToken } = (await road.rest('GET', `/subjects?pageSize=2${token}`)).json();
    assert.ok(subjects.length <= 2);
    shown.push(...subjects);
    token = nextToken === undefined ? '' : `&nextToken=${encodeURIComponent(nextToken)}`;
  } while (token !== '');
  assert.deepEqual(
    shown.map(({ subjectArn }) => subjectArn),
    arns.sort(),
  );
  assert.equal(
    shown.some((subject) => 'credentials' in subject || 'instanceProperties' in subject),
    false,
  );
});

test('what is not there, or stands in another Region, is not found; what is no id is refused', async () => {
  const { road, session } = await arranged();
  const id = (await session()).json().subjectArn.split('/').at(-1);
  const elsewhere = { region: 'us-west-2' };
  await refusedAll(road, [
    [() => road.rest('GET', `/subject/${unknownId}`), missing, `Subject ${unknownId} was not found.`],
    [() => road.rest('GET', `/subject/${id}`, undefined, elsewhere), missing, `Subject ${id} was not found.`],
    [() => road.rest('GET', '/subject/x'), 'ValidationException', /at 'subjectId'/],
    [() => road.rest('GET', '/subjects?pageSize=0'), 'ValidationException', /at 'pageSize'/],
    [() => road.rest('GET', '/subjects?nextToken=x'), 'ValidationException', 'Invalid nextToken.'],
  ]);
  assert.deepEqual((await road.rest('GET', '/subjects', undefined, elsewhere)).json(), { subjects: [] });
  assert.equal((await road.rest('DELETE', `/subject/${id}`)).code, 'UnknownOperationException');
});

test('each right opens its own operation, lists ask for subject/*, and tags may decide', async () => {
  const server = await arranged();
  const { road, session } = server;
  const { subjectArn } = (await session()).json();
  const path = `/subject/${subjectArn.split('/').at(-1)}`;
  const tags = [{ key: 'team', value: 'a' }];
  assert.equal((await road.rest('POST', '/TagResource', { resourceArn: subjectArn, tags })).status, 201);
  for (const [action, resource, target, other] of [
    ['GetSubject', subjectArn, path, 'ListSubjects'],
    ['ListSubjects', arnOf('subject/*'), '/subjects', 'GetSubject'],
  ] as const) {
    const may = await actor(server, { Effect: 'Allow', Action: `rolesanywhere:${action}`, Resource: resource });
    assert.equal((await road.rest('GET', target, undefined, { keys: may })).status, 200);
    const mayNot = await actor(server, { Effect: 'Allow', Action: `rolesanywhere:${other}`, Resource: '*' });
    refused(
      await road.rest('GET', target, undefined, { keys: mayNot }),
      denied,
      new RegExp(`rolesanywhere:${action} on`),
    );
  }
  for (const [value, status] of [
    ['a', 200],
    ['b', 403],
  ] as const) {
    const Condition = { StringEquals: { 'aws:ResourceTag/team': value } };
    const keys = await actor(server, { Effect: 'Allow', Action: '*', Resource: '*', Condition });
    assert.equal((await road.rest('GET', path, undefined, { keys })).status, status);
  }
});
