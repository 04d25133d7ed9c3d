// One record of every visit: the audit event, a line in the log, and what metrics count.
import { withoutSecrets } from '../contract/describe.ts';
import type { ProtocolName, Reason, ServiceError } from '../contract/error.ts';
import type { Operation, Service } from '../contract/operation.ts';
import type { Call, Caller, Origin } from '../services/call.ts';
import type { Document } from '../store/store.ts';
import { type AuditEntry, auditEntry, type Occurrence } from '../telemetry/audit.ts';
import type { Answered } from '../telemetry/metrics.ts';
import { foreignIdentity, userIdentity } from './user-identity.ts';
import type { World } from './world.ts';

/** A request on the road: what is known of it grows with each step. */
export type Visit = {
  readonly requestId: string;
  readonly startedAt: Date;
  readonly origin: Origin;
  readonly protocol: ProtocolName;
  readonly explanations: Reason[];
  service?: Service<Call>;
  operation?: Operation<Call>;
  caller?: Caller;
  region?: string;
  account?: string;
  input?: object;
  /** Another account whose trail has the event of the change, too. */
  sharedWith?: string;
  error?: ServiceError;
  /** Its event stands in the store, with the change. */
  recorded?: boolean;
};

/** Longest text of a stranger's that an event keeps, in characters. */
const maxText = 1024;
/** Explanations that an event keeps at most. */
const maxExplanations = 1000;
/** Longest JSON text of a request's or an answer's members, or of the explanations, that an event keeps, in characters. */
const maxElements = 100 * 1024;

/**
 * Gives the event of a visit that changed nothing to the recorder: undefined where it is taken, or none is due. Strangers who
 * prove nothing get no event. Rejects with RecorderFull where there is no room.
 */
export function keep(world: World, visit: Visit): Promise<void> | undefined {
  const { caller } = visit;
  if (visit.recorded || caller === undefined || !isProved(caller) || !visit.account) return undefined;
  return world.recorder.add(entryOf(world, visit, {}));
}

/** Counts the visit and writes the line. */
export function tell(world: World, visit: Visit): void {
  const { error, operation, caller } = visit;
  const ms = world.now().getTime() - visit.startedAt.getTime();
  world.metrics.answered(answeredOf(visit, ms / 1000));
  world.log.info(
    {
      requestId: visit.requestId,
      service: visit.service?.name,
      operation: operation?.name,
      caller: caller && nameOf(caller),
      account: visit.account,
      ip: visit.origin.ip,
      ms,
      ...(visit.explanations.length > 0 && { explained: visit.explanations.map(({ reason }) => reason).slice(0, 32) }),
      ...(error && { status: error.status, code: error.code, reason: error.reason?.reason }),
      // Whoever cannot prove a certificate's key has no event: what was wrong with the certificate is told here.
      ...(error && operation?.signedWith === 'certificate' && { explanations: explanationsOf(visit) }),
    },
    error ? 'refused' : 'answered',
  );
}

/** What metrics count. INVARIANT: a name is that of a served operation, a word is of our own code. */
function answeredOf({ service, operation, error }: Visit, seconds: number): Answered {
  return {
    service: service?.name,
    operation: operation?.name,
    status: error?.status ?? operation?.address?.status ?? 200,
    code: error?.code,
    seconds,
    ...(operation?.signedWith === 'certificate' && {
      session: error === undefined ? 'granted' : (error.reason?.reason ?? error.code),
    }),
  };
}

/** A certificate is public; only its private key makes a caller of whoever shows it. */
function isProved(caller: Caller): boolean {
  if (caller.kind === 'stranger') return caller.vouchedFor !== undefined;
  return caller.kind !== 'certificate' || caller.proof().ok;
}

/** The audit event of a change in each account whose it is: the caller's, and one that it is shared with. */
export function entriesOf(world: World, visit: Visit, output: object): readonly AuditEntry[] {
  const { caller, sharedWith } = visit;
  if (sharedWith === undefined || caller === undefined) return [entryOf(world, visit, output)];
  const sharedEventId = world.newId();
  return [
    entryOf(world, visit, output, { sharedEventId }),
    entryOf(world, visit, output, { sharedEventId, account: sharedWith, userIdentity: foreignIdentity(caller) }),
  ];
}

/** The visit's audit event, with its key. */
export function entryOf(
  world: World,
  visit: Visit,
  output: object,
  other: Partial<Pick<Occurrence, 'account' | 'sharedEventId' | 'userIdentity'>> = {},
): AuditEntry {
  const { service, operation, caller, input, error, origin } = visit;
  if (service === undefined || operation === undefined || caller === undefined) {
    throw new Error('a visit is recorded after it was routed and authenticated');
  }
  const facts = {
    eventId: world.newId(),
    requestId: visit.requestId,
    time: visit.startedAt,
    eventSource: service.eventSource,
    operation: operation.name,
    readOnly: operation.effect === 'read',
    region: visit.region ?? '',
    account: visit.account ?? '',
    userIdentity: userIdentity(caller),
    sourceIp: origin.ip,
    userAgent: origin.userAgent.slice(0, maxText),
    secure: origin.secure,
    ...(error && { error: { code: error.code, message: error.message.slice(0, maxText) } }),
  };
  const elements = {
    requestParameters: input === undefined || error?.status === 400 ? null : withoutSecrets(operation.input, input),
    responseElements: withoutSecrets(operation.output, output),
    explanations: explanationsOf(visit),
  };
  const whole = auditEntry({ ...facts, ...elements, ...other });
  // Few events are so long that one of their elements may be too long.
  return whole.text.length <= maxElements ? whole : auditEntry({ ...facts, ...boundedElements(elements), ...other });
}

type Elements = Pick<Occurrence, 'requestParameters' | 'responseElements' | 'explanations'>;

/** AWS doc: CloudTrail leaves requestParameters and responseElements out beyond 100 KB; whose reference stands in audit.ts. */
function boundedElements({ requestParameters, responseElements, explanations }: Elements): Elements {
  return {
    requestParameters: bounded(requestParameters),
    responseElements: bounded(responseElements),
    explanations: bounded(explanations) ?? explanations.map(({ reason }) => ({ reason: String(reason).slice(0, 100) })),
  };
}

function bounded<T extends object>(shown: T | null): T | null {
  return JSON.stringify(shown).length > maxElements ? null : shown;
}

/** Every reason with its facts, at most 1,000. */
function explanationsOf({ explanations, error }: Visit): Elements['explanations'] {
  return [...explanations, ...(error?.reason ? [error.reason] : [])].slice(0, maxExplanations).map(asJson);
}

/** Reasons hold plain facts; what JSON cannot carry is left out. */
function asJson(reason: Reason): { readonly [member: string]: Document } {
  const text = JSON.stringify(reason, (_key, value) => (typeof value === 'bigint' ? value.toString() : value));
  return JSON.parse(text);
}

function nameOf(caller: Caller): string {
  if (caller.kind === 'certificate') return `certificate ${caller.certificate.fingerprint}`;
  return caller.kind === 'stranger' ? 'nobody' : caller.arn;
}
