// A certificate that has expired, is not valid yet or soon expires is taken, and the operator is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCa } from '../../../test/pki.ts';
import { type Road, testRoad } from '../../../test/road.ts';
import { bundle } from './rig.test.ts';

/** The clock stands at 2026-11-22T12:00:00Z. */
const until = (notAfter: string, notBefore = '2020-01-01T00:00:00Z') =>
  makeCa({ subject: 'CN=CA,O=Test', notBefore, notAfter });
const expired = until('2026-11-22T11:59:59Z');
const soon = until('2027-01-06T12:00:00Z');
const fine = until('2027-01-06T12:00:01Z');
const toCome = until('2040-01-01T00:00:00Z', '2026-11-22T12:00:01Z');

const expiry = (setting: object) => ({ notificationSettings: [{ event: 'CA_CERTIFICATE_EXPIRY', ...setting }] });

/** What the last event tells: pairs of reason and days left. */
async function told(road: Road): Promise<readonly string[]> {
  const { explanations = [] } = Object((await road.events()).at(-1)?.additionalEventData);
  return explanations.map(({ reason, daysLeft }: { reason: string; daysLeft: number }) => `${reason} ${daysLeft}`);
}
const create = (road: Road, pems: readonly string[], more: object = {}) =>
  road.rest('POST', '/trustanchors', { name: 'a', source: bundle(...pems), ...more });

for (const [what, pems, more, explanations] of [
  ['one that is well', [fine.pem], {}, []],
  ['one that expires within the default of 45 days', [soon.pem], {}, ['trustAnchorCertificateExpiringSoon 45']],
  ['one that has expired', [expired.pem], {}, ['trustAnchorCertificateExpired -1']],
  ['one that is not valid yet', [toCome.pem], {}, ['trustAnchorCertificateNotYetValid 4787']],
  ['the one of two that expires', [fine.pem, soon.pem], {}, ['trustAnchorCertificateExpiringSoon 45']],
  [
    'both of two',
    [expired.pem, soon.pem],
    {},
    ['trustAnchorCertificateExpired -1', 'trustAnchorCertificateExpiringSoon 45'],
  ],
  ['one beyond a shorter threshold', [soon.pem], expiry({ enabled: true, threshold: 44 }), []],
  [
    'one within a longer threshold',
    [fine.pem],
    expiry({ enabled: true, threshold: 46 }),
    ['trustAnchorCertificateExpiringSoon 45'],
  ],
  ['one that expires soon, notifications switched off', [soon.pem], expiry({ enabled: false, threshold: 300 }), []],
  [
    'one that has expired, notifications switched off',
    [expired.pem],
    expiry({ enabled: false }),
    ['trustAnchorCertificateExpired -1'],
  ],
] as const) {
  test(`at creation the event tells of ${what}`, async () => {
    const road = await testRoad();
    const answer = await create(road, pems, more);
    assert.equal(answer.status, 201, answer.body);
    assert.deepEqual(await told(road), explanations);
    assert.doesNotMatch(answer.body, /trustAnchorCertificate/);
  });
}

test('what is told names the certificate, and the log line says the word', async () => {
  const road = await testRoad();
  await create(road, [expired.pem]);
  const [event] = await road.events();
  assert.deepEqual(Object(event?.additionalEventData).explanations, [
    {
      reason: 'trustAnchorCertificateExpired',
      certificate: expired.certificate.fingerprint,
      subject: 'O=Test,CN=CA',
      notBefore: '2020-01-01T00:00:00.000Z',
      notAfter: '2026-11-22T11:59:59.000Z',
      daysLeft: -1,
    },
  ]);
  const [line] = road.logged;
  assert.deepEqual(Object(line).explained, ['trustAnchorCertificateExpired']);
});

test('an update tells by the settings that the trust anchor has, and only of a new source', async () => {
  const road = await testRoad();
  const made = await create(road, [fine.pem], expiry({ enabled: true, threshold: 46 }));
  const path = `/trustanchor/${made.json().trustAnchor.trustAnchorId}`;
  await road.rest('PATCH', path, { name: 'b' });
  assert.deepEqual(await told(road), []);
  await road.rest('PATCH', path, { source: bundle(fine.pem) });
  assert.deepEqual(await told(road), ['trustAnchorCertificateExpiringSoon 45']);
  await road.rest('PATCH', '/trustanchor/11111111-2222-4333-8444-555555555555', { source: bundle(expired.pem) });
  assert.deepEqual(await told(road), []);
});
