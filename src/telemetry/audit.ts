// The audit event: what was asked, by whom, and what came of it. CloudTrail's record format.
// AWS doc: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html

type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json };
type JsonObject = { readonly [member: string]: Json };

/** All that an event is made of. Instants and texts only: nothing here is secret. */
export type Occurrence = {
  readonly eventId: string;
  readonly requestId: string;
  readonly time: Date;
  /** The service that was asked, e.g. `rolesanywhere.amazonaws.com`. */
  readonly eventSource: string;
  readonly operation: string;
  readonly readOnly: boolean;
  readonly region: string;
  readonly account: string;
  /** The same for the events of one call in several accounts. */
  readonly sharedEventId?: string;
  readonly userIdentity: JsonObject;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly secure: boolean;
  /** The input without its secrets; null where none was read. */
  readonly requestParameters: JsonObject | null;
  /** The output of a change without its secrets. */
  readonly responseElements: JsonObject | null;
  readonly error?: { readonly code: string; readonly message: string };
  /** Why, for the operator alone. */
  readonly explanations: readonly JsonObject[];
};

/** An event on its way to the store. */
export type AuditEntry = {
  /** As `auditKey` makes it; in the store the event's place in the chain follows. */
  readonly key: string;
  /** The event's JSON text, made once. */
  readonly text: string;
};

/** Where events stand in the store. */
export const auditCollection = 'audit';

/** Ascending by account, then time, then event. */
export function auditKey({ account, time, eventId }: Occurrence): string {
  return `${account}/${time.toISOString()}/${eventId}`;
}

/** The event as it is stored. */
export function auditEntry(occurrence: Occurrence): AuditEntry {
  return { key: auditKey(occurrence), text: JSON.stringify(auditEvent(occurrence)) };
}

export function auditEvent(occurrence: Occurrence): JsonObject {
  const { error, explanations } = occurrence;
  return {
    eventVersion: '1.11',
    userIdentity: occurrence.userIdentity,
    eventTime: `${occurrence.time.toISOString().slice(0, 19)}Z`,
    eventSource: occurrence.eventSource,
    eventName: occurrence.operation,
    awsRegion: occurrence.region,
    sourceIPAddress: occurrence.sourceIp,
    userAgent: occurrence.userAgent,
    ...(error === undefined ? {} : { errorCode: error.code, errorMessage: error.message }),
    requestParameters: occurrence.requestParameters,
    responseElements: error === undefined && !occurrence.readOnly ? occurrence.responseElements : null,
    ...(explanations.length === 0 ? {} : { additionalEventData: { explanations } }),
    requestID: occurrence.requestId,
    eventID: occurrence.eventId,
    readOnly: occurrence.readOnly,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: occurrence.account,
    ...(occurrence.sharedEventId === undefined ? {} : { sharedEventID: occurrence.sharedEventId }),
    eventCategory: 'Management',
    ...(occurrence.secure ? { tlsDetails: { tlsVersion: 'TLS' } } : {}),
  };
}
