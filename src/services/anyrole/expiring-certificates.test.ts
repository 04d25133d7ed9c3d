// What will expire, listed for the operator: which, in what order, to whom.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCa, makeSelfSigned } from '../../../test/pki.ts';
import { account, type Options, type Road, region, testRoad } from '../../../test/road.ts';
import { keysOf, webSession } from '../../gateway/session.test.ts';

const list = (road: Road, query = '', options: Options = {}) =>
  road.rest('GET', `/expiring-certificates${query}`, undefined, { service: 'anyrole', ...options });

async function anchor(road: Road, name: string, pems: readonly string[], options?: Options): Promise<string> {
  const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: pems.join('') } };
  const answer = await road.rest('POST', '/trustanchors', { name, source }, options);
  assert.equal(answer.status, 201, answer.body);
  return answer.json().trustAnchor.trustAnchorId;
}

type Row = { readonly trustAnchorName: string; readonly state: string; readonly daysLeft: number };
const rows = (answer: Awaited<ReturnType<typeof list>>) =>
  answer
    .json()
    .certificates.map(({ trustAnchorName, state, daysLeft }: Row) => `${trustAnchorName} ${state} ${daysLeft}`);

/** The clock stands at 2026-11-22T12:00:00Z. */
const until = (notAfter: string, subject = 'CN=CA') =>
  makeCa({ subject, notBefore: '2020-01-01T00:00:00Z', notAfter }).pem;

test('a certificate is shown whole: whose, which, until when', async () => {
  const road = await testRoad();
  const ca = makeSelfSigned({
    subject: 'C=DE,O=Example,CN=Root',
    serial: 291n,
    basicConstraints: { ca: true },
    keyUsage: ['keyCertSign'],
    notBefore: '2020-01-01T00:00:00Z',
    notAfter: '2026-12-01T11:59:59Z',
  });
  const id = await anchor(road, 'soon', [ca.pem]);
  const answer = await list(road);
  assert.equal(answer.status, 200, answer.body);
  assert.deepEqual(answer.json(), {
    certificates: [
      {
        trustAnchorArn: `arn:aws:rolesanywhere:${region}:${account}:trust-anchor/${id}`,
        trustAnchorId: id,
        trustAnchorName: 'soon',
        trustAnchorEnabled: false,
        subject: 'CN=Root,O=Example,C=DE',
        serialNumber: '291',
        fingerprint: ca.certificate.fingerprint,
        notBefore: '2020-01-01T00:00:00Z',
        notAfter: '2026-12-01T11:59:59Z',
        daysLeft: 8,
        state: 'expiringSoon',
      },
    ],
    crls: [],
  });
});

test('what ends first stands first; what is well is left out; days widen the view', async () => {
  const road = await testRoad();
  await anchor(road, 'well', [until('2036-01-01T00:00:00Z')]);
  await anchor(road, 'next year', [until('2027-06-01T12:00:00Z')]);
  await anchor(road, 'two', [until('2027-01-06T12:00:00Z'), until('2026-11-22T11:59:59Z', 'CN=Old')]);
  await anchor(road, 'to come', [makeCa({ notBefore: '2026-11-22T12:00:01Z', notAfter: '2040-01-01T00:00:00Z' }).pem]);
  const far = ['to come notYetValid 4787'];
  assert.deepEqual(rows(await list(road)), ['two expired -1', 'two expiringSoon 45', ...far]);
  assert.deepEqual(rows(await list(road, '?days=44')), ['two expired -1', ...far]);
  const wide = ['two expired -1', 'two expiringSoon 45', 'next year expiringSoon 191', ...far];
  assert.deepEqual(rows(await list(road, '?days=365')), wide);
  road.at('2041-01-01T00:00:00Z');
  assert.equal(rows(await list(road, '?days=1')).length, 5);
});

/** The id of a CRL imported for a trust anchor. */
async function imported(road: Road, trustAnchorId: string, name: string, crl: { readonly der: Uint8Array }) {
  const trustAnchorArn = `arn:aws:rolesanywhere:${region}:${account}:trust-anchor/${trustAnchorId}`;
  const crlData = Buffer.from(crl.der).toString('base64');
  const answer = await road.rest('POST', '/crls', { name, trustAnchorArn, crlData, enabled: true });
  assert.equal(answer.status, 201, answer.body);
  return answer.json().crl.crlId;
}

test('an imported list is shown whole: whose, which, until when', async () => {
  const road = await testRoad();
  const ca = makeCa({ subject: 'O=Example,CN=Root' });
  const id = await anchor(road, 'well', [ca.pem]);
  const crlId = await imported(road, id, 'weekly', ca.crl({ nextUpdate: '2026-11-22T11:59:59Z' }));
  assert.deepEqual((await list(road)).json(), {
    certificates: [],
    crls: [
      {
        trustAnchorArn: `arn:aws:rolesanywhere:${region}:${account}:trust-anchor/${id}`,
        trustAnchorId: id,
        trustAnchorName: 'well',
        trustAnchorEnabled: false,
        crlId,
        crlArn: `arn:aws:rolesanywhere:${region}:${account}:crl/${crlId}`,
        crlName: 'weekly',
        crlEnabled: true,
        issuer: 'CN=Root,O=Example',
        thisUpdate: '2026-01-01T00:00:00Z',
        nextUpdate: '2026-11-22T11:59:59Z',
        daysLeft: -1,
        state: 'expired',
      },
    ],
  });
});

test('lists stand among the certificates by their end; one that is well, or ends never, is left out', async () => {
  const road = await testRoad();
  const ca = makeCa({ notBefore: '2020-01-01T00:00:00Z', notAfter: '2026-12-02T00:00:00Z' });
  const other = makeCa({ subject: 'CN=Other' });
  const [id, otherId] = [await anchor(road, 'a', [ca.pem]), await anchor(road, 'b', [other.pem])];
  await imported(road, id, 'before', ca.crl({ nextUpdate: '2026-12-01T00:00:00Z' }));
  await imported(road, id, 'after', ca.crl({ nextUpdate: '2026-12-03T00:00:00Z', number: 2 }));
  await imported(road, otherId, 'never', other.crl({ nextUpdate: false }));
  const coming = { thisUpdate: '2027-01-01T00:00:00Z', nextUpdate: '2036-01-01T00:00:00Z' };
  await imported(road, otherId, 'to come', other.crl(coming));
  const seen: string[] = [];
  for (let query = '?pageSize=1'; query !== ''; ) {
    const { certificates, crls, nextToken } = (await list(road, query)).json();
    seen.push(...certificates.map((row: Row) => row.trustAnchorName));
    seen.push(...crls.map((row: { crlName: string; state: string }) => `${row.crlName} ${row.state}`));
    query = nextToken === undefined ? '' : `?pageSize=1&nextToken=${nextToken}`;
  }
  assert.deepEqual(seen, ['before expiringSoon', 'a', 'after expiringSoon', 'to come notYetValid']);
  assert.deepEqual((await list(road, '?days=7')).json().crls.length, 1);
});

test('pages follow each other without a gap, and a token fits its own list only', async () => {
  const road = await testRoad();
  const same = until('2026-12-01T00:00:00Z');
  for (let n = 0; n < 5; n++) await anchor(road, `a${n}`, [same]);
  const seen: string[] = [];
  let token: string | undefined;
  let pages = 0;
  do {
    const answer = await list(road, `?pageSize=2${token ? `&nextToken=${token}` : ''}`);
    seen.push(...answer.json().certificates.map((row: Row) => row.trustAnchorName));
    token = answer.json().nextToken;
    pages += 1;
  } while (token !== undefined);
  assert.deepEqual([pages, seen], [3, ['a0', 'a1', 'a2', 'a3', 'a4']]);
  const { nextToken } = (await list(road, '?pageSize=2')).json();
  for (const other of [`?days=7&nextToken=${nextToken}`, `?nextToken=${nextToken.slice(1)}`, '?nextToken=x']) {
    const answer = await list(road, other);
    assert.deepEqual([answer.status, answer.code, answer.message], [400, 'ValidationException', 'Invalid nextToken.']);
  }
  const elsewhere = await list(road, `?nextToken=${nextToken}`, { region: 'us-east-1' });
  assert.equal(elsewhere.status, 400);
});

for (const [query, message] of [
  ['?days=0', /at 'days' failed to satisfy constraint: Member must have value greater than or equal to 1$/],
  ['?days=-45', /at 'days'/],
  ['?days=3651', /less than or equal to 3650$/],
  ['?pageSize=0', /at 'pageSize'/],
  ['?nextToken=', /at 'nextToken'/],
] as const) {
  test(`${query} is refused`, async () => {
    const answer = await list(await testRoad(), query);
    assert.deepEqual([answer.status, answer.code], [400, 'ValidationException']);
    assert.match(answer.message ?? '', message);
  });
}

for (const query of [
  '?days=45.5',
  '?days=',
  '?days=forty',
  '?days=1e2',
  '?days=99999999999999999999',
  '?days=1&days=2',
]) {
  test(`${query} is no number`, async () => {
    const answer = await list(await testRoad(), query);
    assert.equal(answer.status, 400, answer.body);
  });
}

test('another Region has its own', async () => {
  const road = await testRoad();
  await anchor(road, 'here', [until('2026-12-01T00:00:00Z')]);
  assert.deepEqual(rows(await list(road, '', { region: 'us-east-1' })), []);
});

test('it takes anyrole:ListExpiringCertificates, and no right in Roles Anywhere gives it', async () => {
  const allow = (Action: string, Resource = '*') => ({ Effect: 'Allow', Action, Resource });
  const asked = async (...statements: object[]) => {
    const road = await testRoad();
    return list(road, '', { keys: keysOf(road, await webSession(road, statements)) });
  };
  assert.equal((await asked(allow('anyrole:ListExpiringCertificates'))).status, 200);
  assert.equal((await asked(allow('anyrole:*', `arn:aws:anyrole:${region}:${account}:certificate/*`))).status, 200);
  const refused = await asked(allow('rolesanywhere:*'));
  assert.deepEqual([refused.status, refused.code], [403, 'AccessDeniedException']);
  assert.match(
    refused.message ?? '',
    /is not authorized to perform: anyrole:ListExpiringCertificates on resource: arn:aws:anyrole:eu-central-1:123456789012:certificate\/\* because no identity-based policy allows/,
  );
  assert.equal((await asked(allow('anyrole:*', `arn:aws:anyrole:us-east-1:${account}:*`))).status, 403);
});

test('the event names this server, not AWS, as its source', async () => {
  const road = await testRoad();
  await list(road, '?days=7');
  const [event] = await road.events();
  assert.deepEqual(
    [event?.eventSource, event?.eventName, event?.readOnly, event?.requestParameters],
    ['anyrole', 'ListExpiringCertificates', true, { days: 7 }],
  );
});

test('the service speaks of itself alone, and only to whom names it', async () => {
  const road = await testRoad();
  assert.equal((await road.rest('GET', '/expiring-certificates')).code, 'UnknownOperationException');
  assert.equal(
    (await road.rest('GET', '/profiles', undefined, { service: 'anyrole' })).code,
    'UnknownOperationException',
  );
  const unsigned = await list(road, '', { unsigned: true });
  assert.equal(unsigned.status >= 400 && unsigned.status < 500, true);
});
