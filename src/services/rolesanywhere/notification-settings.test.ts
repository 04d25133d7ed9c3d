// Notification settings over the wire: what is changed, what keeps its setting, and what is refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import { actor, arnOf, arranged, refused, refusedAll, unknownId, violation } from './rig.test.ts';

const ca = 'CA_CERTIFICATE_EXPIRY';
const leaf = 'END_ENTITY_CERTIFICATE_EXPIRY';
const invalid = 'ValidationException';
const byDefault = (event: string) => ({
  enabled: true,
  event,
  threshold: 45,
  channel: 'ALL',
  configuredBy: 'rolesanywhere.amazonaws.com',
});
const byAccount = (event: string, setting: object) => ({
  event,
  channel: 'ALL',
  configuredBy: '123456789012',
  ...setting,
});

async function notified() {
  const server = await arranged();
  const { road, trustAnchorId } = server;
  return {
    ...server,
    server,
    put: (notificationSettings: unknown, more: object = {}, options = {}) =>
      road.rest('PATCH', '/put-notifications-settings', { trustAnchorId, notificationSettings, ...more }, options),
    reset: (notificationSettingKeys: unknown, more: object = {}, options = {}) =>
      road.rest('PATCH', '/reset-notifications-settings', { trustAnchorId, notificationSettingKeys, ...more }, options),
    shown: async () => (await road.rest('GET', `/trustanchor/${trustAnchorId}`)).json().trustAnchor,
  };
}

test('an event that is given is replaced, the other keeps its setting, and both are shown, that of the CA first', async () => {
  const { put, road, shown } = await notified();
  road.at('2026-11-22T12:00:01Z');
  const answer = await put([{ event: leaf, enabled: true, threshold: 1 }]);
  assert.equal(answer.status, 200, answer.body);
  const { trustAnchor } = answer.json();
  const ofLeaf = byAccount(leaf, { enabled: true, threshold: 1 });
  assert.deepEqual(trustAnchor.notificationSettings, [byDefault(ca), ofLeaf]);
  assert.equal(trustAnchor.updatedAt, '2026-11-22T12:00:01.000000Z');
  assert.deepEqual(await shown(), trustAnchor);
  await put([{ event: ca, channel: 'ALL', enabled: false }]);
  const { notificationSettings } = await shown();
  assert.deepEqual(notificationSettings, [byAccount(ca, { enabled: false }), ofLeaf]);
});

test('both at once, none, and the same one twice, of which the last counts', async () => {
  const { put, shown } = await notified();
  await put([
    { event: leaf, enabled: false, threshold: 360 },
    { event: ca, enabled: true, threshold: 2 },
  ]);
  const both = [byAccount(ca, { enabled: true, threshold: 2 }), byAccount(leaf, { enabled: false, threshold: 360 })];
  assert.deepEqual((await shown()).notificationSettings, both);
  assert.equal((await put([])).status, 200);
  assert.deepEqual((await shown()).notificationSettings, both);
  await put([
    { event: ca, enabled: true, threshold: 3 },
    { event: ca, enabled: true, threshold: 4 },
  ]);
  assert.equal((await shown()).notificationSettings[0].threshold, 4);
});

test('what is reset has the default again, and is the default of the service, not of the account', async () => {
  const { put, reset, shown } = await notified();
  const own = [ca, leaf].map((event) => ({ event, enabled: false, threshold: 9 }));
  await put(own);
  const answer = await reset([{ event: ca }]);
  assert.equal(answer.status, 200, answer.body);
  const { trustAnchor } = answer.json();
  assert.deepEqual(trustAnchor.notificationSettings, [
    byDefault(ca),
    byAccount(leaf, { enabled: false, threshold: 9 }),
  ]);
  assert.deepEqual(await shown(), trustAnchor);
  assert.equal((await reset([])).status, 200);
  assert.deepEqual((await shown()).notificationSettings, trustAnchor.notificationSettings);
  await reset([{ event: leaf, channel: 'ALL' }, { event: leaf }, { event: ca }]);
  assert.deepEqual((await shown()).notificationSettings, [byDefault(ca), byDefault(leaf)]);
});

test('what is not lawful is refused and changes nothing', async () => {
  const { put, reset, road } = await notified();
  const notNull = 'Member must not be null';
  await refusedAll(road, [
    [() => put([{ event: ca, enabled: true }]), invalid, `A threshold is required to enable ${ca}.`],
    [
      () =>
        put([
          { event: ca, enabled: true, threshold: 1 },
          { event: leaf, enabled: true },
        ]),
      invalid,
      `A threshold is required to enable ${leaf}.`,
    ],
    [
      () => put([{ event: ca, enabled: true, threshold: 0 }]),
      invalid,
      /Member must have value greater than or equal to 1/,
    ],
    [
      () => put([{ event: ca, enabled: true, threshold: 361 }]),
      invalid,
      /Member must have value less than or equal to 360/,
    ],
    [() => put([{ event: ca, enabled: false, threshold: 1.5 }]), 'SerializationException', /threshold/],
    [() => put([{ event: 'OTHER', enabled: false }]), invalid, /Member must satisfy enum value set/],
    [
      () => put([{ event: ca, enabled: false, channel: 'EventBridge' }]),
      invalid,
      /Member must satisfy enum value set: \[ALL\]/,
    ],
    [() => put([{ event: ca }]), invalid, violation(undefined, 'notificationSettings.1.member.enabled', notNull)],
    [() => put([{ enabled: false }]), invalid, violation(undefined, 'notificationSettings.1.member.event', notNull)],
    [() => put(undefined), invalid, violation(undefined, 'notificationSettings', notNull)],
    [
      () => put(Array(51).fill({ event: ca, enabled: false })),
      invalid,
      /Member must have length less than or equal to 50/,
    ],
    [() => put([], { trustAnchorId: undefined }), invalid, violation(undefined, 'trustAnchorId', notNull)],
    [() => put([], { trustAnchorId: 'x' }), invalid, /at 'trustAnchorId'/],
    [() => put({}), 'SerializationException', /notificationSettings/],
    [() => reset(undefined), invalid, violation(undefined, 'notificationSettingKeys', notNull)],
    [() => reset([{}]), invalid, violation(undefined, 'notificationSettingKeys.1.member.event', notNull)],
    [() => reset([{ event: 'OTHER' }]), invalid, /Member must satisfy enum value set/],
    [() => reset(Array(51).fill({ event: ca })), invalid, /Member must have length less than or equal to 50/],
    [() => reset([], { trustAnchorId: undefined }), invalid, violation(undefined, 'trustAnchorId', notNull)],
  ]);
});

test('a trust anchor that is not there, or stands in another Region, is not found', async () => {
  const { put, reset, road, trustAnchorId } = await notified();
  const not = (id: string) => ['ResourceNotFoundException', `Trust anchor ${id} was not found.`] as const;
  const elsewhere = { region: 'us-west-2' };
  await refusedAll(road, [
    [() => put([], { trustAnchorId: unknownId }), ...not(unknownId)],
    [() => reset([], { trustAnchorId: unknownId }), ...not(unknownId)],
    [() => put([], {}, elsewhere), ...not(trustAnchorId)],
    [() => reset([], {}, elsewhere), ...not(trustAnchorId)],
  ]);
});

test('each right opens its own operation, on the trust anchor that is named, and its tags may decide', async () => {
  const { server, put, reset, road, arns } = await notified();
  for (const [action, ask] of [
    ['PutNotificationSettings', (options: object) => put([], {}, options)],
    ['ResetNotificationSettings', (options: object) => reset([], {}, options)],
  ] as const) {
    const Action = `rolesanywhere:${action}`;
    const may = await actor(server, { Effect: 'Allow', Action, Resource: arns.trustAnchorArn });
    assert.equal((await ask({ keys: may })).status, 200);
    const elsewhere = await actor(server, { Effect: 'Allow', Action, Resource: arnOf(`trust-anchor/${unknownId}`) });
    const words = new RegExp(`perform: ${Action} on resource: ${arns.trustAnchorArn} because`);
    refused(await ask({ keys: elsewhere }), 'AccessDeniedException', words);
    const Condition = { StringEquals: { 'aws:ResourceTag/team': action } };
    const tagged = await actor(server, { Effect: 'Allow', Action, Resource: '*', Condition });
    refused(await ask({ keys: tagged }), 'AccessDeniedException', words);
    const tags = [{ key: 'team', value: action }];
    await road.rest('POST', '/TagResource', { resourceArn: arns.trustAnchorArn, tags });
    assert.equal((await ask({ keys: tagged })).status, 200);
  }
});

test('of two changes at once each keeps its event', async () => {
  const { put, shown } = await notified();
  const answers = await Promise.all([ca, leaf].map((event, at) => put([{ event, enabled: true, threshold: at + 1 }])));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200],
  );
  const thresholds = (await shown()).notificationSettings.map(({ threshold }: { threshold: number }) => threshold);
  assert.deepEqual(thresholds, [1, 2]);
});
