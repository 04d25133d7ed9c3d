// The record and its place: CloudTrail's members, and keys that ascend with time inside an account.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { auditEntry, type Occurrence } from './audit.ts';

const occurrence: Occurrence = {
  eventId: 'e1',
  requestId: 'r1',
  time: '2026-11-22T12:00:00.250Z',
  eventSource: 'iam.amazonaws.com',
  operation: 'CreateRole',
  readOnly: false,
  region: 'us-east-1',
  account: '123456789012',
  sharedEventId: undefined,
  userIdentity: '{"type":"Root"}',
  source: { ip: '::1', userAgent: 'test', secure: false },
  requestParameters: '{"RoleName":"R"}',
  responseElements: '{"Role":{}}',
  error: undefined,
  explanations: undefined,
};

const eventOf = (changes: Partial<Occurrence> = {}) => JSON.parse(auditEntry({ ...occurrence, ...changes }).text);

test('keys ascend by account, time and event', () => {
  const keyOf = (changes: Partial<Occurrence>) => auditEntry({ ...occurrence, ...changes }).key;
  const keys = [
    keyOf({ account: '000000000001', time: '2027-01-01T00:00:00.000Z' }),
    keyOf({}),
    keyOf({ eventId: 'e2' }),
    keyOf({ time: '2026-11-22T12:00:00.251Z', eventId: 'e0' }),
  ];
  assert.deepEqual(keys, [...keys].sort());
  assert.equal(new Set(keys).size, 4);
});

test('a change shows what came of it, a read and a refusal do not', () => {
  assert.deepEqual(eventOf().responseElements, { Role: {} });
  assert.equal(eventOf({ readOnly: true }).responseElements, null);
  const refused = eventOf({ error: { code: 'AccessDenied', message: 'no' } });
  assert.deepEqual([refused.responseElements, refused.errorCode, refused.errorMessage], [null, 'AccessDenied', 'no']);
});

test('members that have nothing to say are absent', () => {
  const event = eventOf();
  for (const member of ['errorCode', 'errorMessage', 'additionalEventData', 'tlsDetails', 'sharedEventID']) {
    assert.equal(member in event, false, member);
  }
  const explained = eventOf({ source: { ...occurrence.source, secure: true }, explanations: '[{"reason":"x"}]' });
  assert.deepEqual(explained.additionalEventData, { explanations: [{ reason: 'x' }] });
  assert.deepEqual(explained.tlsDetails, { tlsVersion: 'TLS' });
});

test('the event is as CloudTrail dates and names it', () => {
  const { eventTime, eventSource, eventName, eventType, eventVersion } = eventOf();
  assert.deepEqual(
    [eventTime, eventSource, eventName, eventType, eventVersion],
    ['2026-11-22T12:00:00Z', 'iam.amazonaws.com', 'CreateRole', 'AwsApiCall', '1.11'],
  );
});

/** The event as a value: the members in the order in which the text has them. */
function plain(given: Occurrence): object {
  const { error, explanations, sharedEventId } = given;
  return {
    eventVersion: '1.11',
    userIdentity: JSON.parse(given.userIdentity),
    eventTime: `${given.time.slice(0, 19)}Z`,
    eventSource: given.eventSource,
    eventName: given.operation,
    awsRegion: given.region,
    sourceIPAddress: given.source.ip,
    userAgent: given.source.userAgent,
    ...(error && { errorCode: error.code, errorMessage: error.message }),
    requestParameters: JSON.parse(given.requestParameters),
    responseElements: error || given.readOnly ? null : JSON.parse(given.responseElements),
    ...(explanations && { additionalEventData: { explanations: JSON.parse(explanations) } }),
    requestID: given.requestId,
    eventID: given.eventId,
    readOnly: given.readOnly,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: given.account,
    ...(sharedEventId !== undefined && { sharedEventID: sharedEventId }),
    eventCategory: 'Management',
    ...(given.source.secure && { tlsDetails: { tlsVersion: 'TLS' } }),
  };
}

test('the text is what JSON.stringify makes of the event, whatever strangers write', () => {
  const text = fc.string({ unit: 'binary', maxLength: 30 });
  const json = (value: fc.Arbitrary<unknown>) => value.map((one) => JSON.stringify(one));
  const members = json(fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }));
  const occurrences: fc.Arbitrary<Occurrence> = fc.record({
    eventId: fc.uuid(),
    requestId: fc.uuid(),
    time: fc.date({ noInvalidDate: true }).map((one) => one.toISOString()),
    eventSource: text,
    operation: text,
    readOnly: fc.boolean(),
    region: text,
    account: text,
    sharedEventId: fc.option(text, { nil: undefined }),
    userIdentity: members,
    source: fc.record({ ip: text, userAgent: text, secure: fc.boolean() }),
    requestParameters: fc.oneof(members, fc.constant('null')),
    responseElements: fc.oneof(members, fc.constant('null')),
    error: fc.option(fc.record({ code: text, message: text }), { nil: undefined }),
    explanations: fc.option(json(fc.array(fc.record({ reason: text, fact: fc.jsonValue() }), { minLength: 1 })), {
      nil: undefined,
    }),
  });
  fc.assert(
    fc.property(occurrences, (given) => assert.equal(auditEntry(given).text, JSON.stringify(plain(given)))),
    { numRuns: 500, seed: 1 },
  );
});

test('events of one source say each what is theirs, whatever the one before said', () => {
  const { source } = occurrence;
  const one = eventOf({ source });
  const changes: readonly Partial<Occurrence>[] = [
    { operation: 'DeleteRole' },
    { eventSource: 'sts.amazonaws.com' },
    { readOnly: true },
    { region: 'eu-west-1' },
    { account: '210987654321' },
    { sharedEventId: 's1' },
    { userIdentity: '{"type":"IAMUser"}' },
    { requestId: 'r2', eventId: 'e2', time: '2027-01-01T00:00:00.000Z', requestParameters: '{}' },
  ];
  for (const change of changes) {
    const fresh = eventOf({ ...change, source: { ...source } });
    assert.deepEqual(eventOf({ ...change, source }), fresh, JSON.stringify(change));
    assert.notDeepEqual(fresh, one);
    assert.deepEqual(eventOf({ source }), one);
  }
});
