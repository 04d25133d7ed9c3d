// The record and its place: CloudTrail's members, and keys that ascend with time inside an account.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditEvent, auditKey, type Occurrence } from './audit.ts';

const occurrence: Occurrence = {
  eventId: 'e1',
  requestId: 'r1',
  time: new Date('2026-11-22T12:00:00.250Z'),
  eventSource: 'iam.amazonaws.com',
  operation: 'CreateRole',
  readOnly: false,
  region: 'us-east-1',
  account: '123456789012',
  userIdentity: { type: 'Root' },
  sourceIp: '::1',
  userAgent: 'test',
  secure: false,
  requestParameters: { RoleName: 'R' },
  responseElements: { Role: {} },
  explanations: [],
};

test('keys ascend by account, time and event', () => {
  const keys = [
    auditKey({ ...occurrence, account: '000000000001', time: new Date('2027-01-01T00:00:00Z') }),
    auditKey(occurrence),
    auditKey({ ...occurrence, eventId: 'e2' }),
    auditKey({ ...occurrence, time: new Date('2026-11-22T12:00:00.251Z'), eventId: 'e0' }),
  ];
  assert.deepEqual(keys, [...keys].sort());
  assert.equal(new Set(keys).size, 4);
});

test('a change shows what came of it, a read and a refusal do not', () => {
  assert.deepEqual(auditEvent(occurrence).responseElements, { Role: {} });
  assert.equal(auditEvent({ ...occurrence, readOnly: true }).responseElements, null);
  const refused = auditEvent({ ...occurrence, error: { code: 'AccessDenied', message: 'no' } });
  assert.deepEqual([refused.responseElements, refused.errorCode, refused.errorMessage], [null, 'AccessDenied', 'no']);
});

test('members that have nothing to say are absent', () => {
  const event = auditEvent(occurrence);
  for (const member of ['errorCode', 'errorMessage', 'additionalEventData', 'tlsDetails']) {
    assert.equal(member in event, false, member);
  }
  const explained = auditEvent({ ...occurrence, secure: true, explanations: [{ reason: 'x' }] });
  assert.deepEqual(explained.additionalEventData, { explanations: [{ reason: 'x' }] });
  assert.deepEqual(explained.tlsDetails, { tlsVersion: 'TLS' });
});

test('the event is as CloudTrail dates and names it', () => {
  const { eventTime, eventSource, eventName, eventType, eventVersion } = auditEvent(occurrence);
  assert.deepEqual(
    [eventTime, eventSource, eventName, eventType, eventVersion],
    ['2026-11-22T12:00:00Z', 'iam.amazonaws.com', 'CreateRole', 'AwsApiCall', '1.11'],
  );
});
