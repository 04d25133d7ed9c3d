// The audit event: what was asked, by whom, and what came of it. CloudTrail's record format.
// AWS doc: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html

/** Where a request came from: the same object for those that one connection brought, whose texts are kept with it. */
export type Source = {
  readonly ip: string;
  /** As it was sent; its first 1,024 characters are kept. */
  readonly userAgent: string;
  /** Over TLS. */
  readonly secure: boolean;
};

/** All that an event is made of. Nothing here is secret. What is JSON text came from `JSON.stringify` or is written as it does. */
export type Occurrence = {
  /** Ids are made here: they hold nothing that JSON escapes. */
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
  readonly source: Source;
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
/** Longest user agent that an event keeps, in characters. */
const maxUserAgent = 1024;

/** The event as it is stored: members that have nothing to say are absent, the others in CloudTrail's order. */
export function auditEntry(occurrence: Occurrence): AuditEntry {
  const { account, eventId, time, error, readOnly, explanations } = occurrence;
  const { before, after } = frameOf(occurrence);
  const failure = error && `,"errorCode":${quoted(error.code)},"errorMessage":${quoted(error.message)}`;
  const text =
    `{"eventVersion":"1.11","userIdentity":${occurrence.userIdentity},"eventTime":"${time.slice(0, 19)}${before}` +
    `${failure ?? ''},"requestParameters":${occurrence.requestParameters}` +
    `,"responseElements":${error === undefined && !readOnly ? occurrence.responseElements : 'null'}` +
    (explanations === undefined ? '' : `,"additionalEventData":{"explanations":${explanations}}`) +
    `,"requestID":"${occurrence.requestId}","eventID":"${eventId}${after}`;
  return { key: `${account}/${time}/${eventId}`, text };
}

type Framed = Pick<
  Occurrence,
  'eventSource' | 'operation' | 'readOnly' | 'region' | 'account' | 'sharedEventId' | 'source'
>;

/** What stands between the instant and what came of the call, and behind the id: the same for every event of `of`. */
type Frame = { readonly of: Framed; readonly before: string; readonly after: string };

/** Of each source the last one: who asks again mostly asks the same. */
const frames = new WeakMap<Source, Frame>();

function frameOf(event: Framed): Frame {
  const known = frames.get(event.source);
  if (known !== undefined && isSameFrame(known.of, event)) return known;
  const frame = newFrame(event);
  frames.set(event.source, frame);
  return frame;
}

function isSameFrame(one: Framed, other: Framed): boolean {
  return (
    one.operation === other.operation &&
    one.eventSource === other.eventSource &&
    one.readOnly === other.readOnly &&
    one.region === other.region &&
    one.account === other.account &&
    one.sharedEventId === other.sharedEventId
  );
}

/** Its texts are joined from lists, so that they are whole and not what V8 makes of additions: pieces in pieces. */
function newFrame({ eventSource, operation, readOnly, region, account, sharedEventId, source }: Framed): Frame {
  const before = [
    `Z","eventSource":${quoted(eventSource)},"eventName":${quoted(operation)},"awsRegion":${quoted(region)}`,
    `,"sourceIPAddress":${quoted(source.ip)},"userAgent":${quoted(source.userAgent.slice(0, maxUserAgent))}`,
  ];
  const after = [
    `","readOnly":${readOnly},"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":${quoted(account)}`,
    sharedEventId === undefined ? '' : `,"sharedEventID":${quoted(sharedEventId)}`,
    `,"eventCategory":"Management"${source.secure ? ',"tlsDetails":{"tlsVersion":"TLS"}' : ''}}`,
  ];
  const of = { eventSource, operation, readOnly, region, account, sharedEventId, source };
  return { of, before: before.join(''), after: after.join('') };
}
