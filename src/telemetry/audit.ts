// The audit event: what was asked, by whom, and what came of it. CloudTrail's record format.
// AWS doc: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html

/** All that an event is made of. Nothing here is secret. What is JSON text came from `JSON.stringify` or is written as it does. */
export type Occurrence = {
  readonly eventId: string;
  readonly requestId: string;
  /** ISO 8601 in UTC with milliseconds, as `toISOString` writes it. */
  readonly time: string;
  /** The service that was asked, e.g. `rolesanywhere.amazonaws.com`. */
  readonly eventSource: string;
  readonly operation: string;
  readonly readOnly: boolean;
  readonly region: string;
  readonly account: string;
  /** The same for the events of one call in several accounts. */
  readonly sharedEventId: string | undefined;
  /** JSON text of an object. */
  readonly userIdentity: string;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly secure: boolean;
  /** The input without its secrets: JSON text of an object, or `null` where none was read. */
  readonly requestParameters: string;
  /** The output of a change without its secrets: JSON text of an object, or `null`. */
  readonly responseElements: string;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** Why, for the operator alone: JSON text of a list, or undefined where there is nothing to say. */
  readonly explanations: string | undefined;
};

/** An event on its way to the store. */
export type AuditEntry = {
  /** Ascending by account, then time, then event; in the store the event's place in the chain follows. */
  readonly key: string;
  /** The event's JSON text, made once. */
  readonly text: string;
};

/** Where events stand in the store. */
export const auditCollection = 'audit';

const quoted = JSON.stringify;

/** The event as it is stored: members that have nothing to say are absent, the others in CloudTrail's order. */
export function auditEntry(occurrence: Occurrence): AuditEntry {
  const { account, eventId, time, error, readOnly, explanations, sharedEventId } = occurrence;
  const failure = error && `,"errorCode":${quoted(error.code)},"errorMessage":${quoted(error.message)}`;
  const text =
    `{"eventVersion":"1.11","userIdentity":${occurrence.userIdentity},"eventTime":"${time.slice(0, 19)}Z"` +
    `,"eventSource":${quoted(occurrence.eventSource)},"eventName":${quoted(occurrence.operation)}` +
    `,"awsRegion":${quoted(occurrence.region)},"sourceIPAddress":${quoted(occurrence.sourceIp)}` +
    `,"userAgent":${quoted(occurrence.userAgent)}${failure ?? ''}` +
    `,"requestParameters":${occurrence.requestParameters}` +
    `,"responseElements":${error === undefined && !readOnly ? occurrence.responseElements : 'null'}` +
    (explanations === undefined ? '' : `,"additionalEventData":{"explanations":${explanations}}`) +
    `,"requestID":${quoted(occurrence.requestId)},"eventID":${quoted(eventId)},"readOnly":${readOnly}` +
    `,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":${quoted(account)}` +
    (sharedEventId === undefined ? '' : `,"sharedEventID":${quoted(sharedEventId)}`) +
    `,"eventCategory":"Management"${occurrence.secure ? ',"tlsDetails":{"tlsVersion":"TLS"}' : ''}}`;
  return { key: `${account}/${time}/${eventId}`, text };
}
