// One record of every visit: the audit event, a line in the log, and what metrics count.
import { withoutSecrets } from '../contract/describe.ts';
import type { ProtocolName, Reason, ServiceError } from '../contract/error.ts';
import { isoText } from '../contract/instant.ts';
import type { Operation, Service } from '../contract/operation.ts';
import type { Call, Caller, Origin } from '../services/call.ts';
import { type AuditEntry, auditEntry, type Occurrence } from '../telemetry/audit.ts';
import { type SharedFacts, sharedFacts } from '../telemetry/log.ts';
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
  service: Service<Call> | undefined;
  operation: Operation<Call> | undefined;
  caller: Caller | undefined;
  region: string | undefined;
  account: string | undefined;
  input: object | undefined;
  /** The input as the event shows it, where that is known: JSON text. */
  shown: string | undefined;
  /** Another account whose trail has the event of the change, too. */
  sharedWith: string | undefined;
  error: ServiceError | undefined;
  /** Its event stands in the store, with the change. */
  recorded: boolean;
};

/**
 * A visit of which nothing is known but the request. With all its members: one that gets them one after the other is moved
 * in memory for it.
 */
export function newVisit(requestId: string, startedAt: Date, origin: Origin, protocol: ProtocolName): Visit {
  return {
    requestId,
    startedAt,
    origin,
    protocol,
    explanations: [],
    service: undefined,
    operation: undefined,
    caller: undefined,
    region: undefined,
    account: undefined,
    input: undefined,
    shown: undefined,
    sharedWith: undefined,
    error: undefined,
    recorded: false,
  };
}

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
  const { error, operation, explanations } = visit;
  const ms = world.now().getTime() - visit.startedAt.getTime();
  world.metrics.answered(answeredOf(visit, ms / 1000));
  const { status, code, reason } = error ?? noError;
  // Whoever cannot prove a certificate's key has no event: what was wrong with the certificate is told here.
  const isUntold = error !== undefined && operation?.signedWith === 'certificate';
  world.log.info(
    {
      requestId: visit.requestId,
      ms,
      explained: explanations.length === 0 ? undefined : explanations.slice(0, 32).map((one) => one.reason),
      status,
      code,
      reason: reason?.reason,
      explanations: isUntold ? JSON.parse(explanationsText(visit) ?? '[]') : undefined,
    },
    error === undefined ? 'answered' : 'refused',
    whoAsked(visit),
  );
}

/** Who asked what from where, and as the log says it. */
type Told = Pick<Visit, 'service' | 'operation' | 'account'> & {
  readonly who: object | undefined;
  readonly facts: SharedFacts;
};

/** Of each origin the last one: who asks again mostly asks the same. */
const toldLast = new WeakMap<Origin, Told>();

function whoAsked({ origin, service, operation, account, caller }: Visit): SharedFacts {
  const who = caller?.kind === 'certificate' ? caller.certificate : caller;
  const last = toldLast.get(origin);
  const isSame =
    last?.operation === operation && last?.service === service && last?.who === who && last?.account === account;
  if (last !== undefined && isSame) return last.facts;
  const facts = sharedFacts({
    service: service?.name,
    operation: operation?.name,
    caller: caller && nameOf(caller),
    account,
    ip: origin.ip,
  });
  toldLast.set(origin, { service, operation, account, who, facts });
  return facts;
}

const noError = { status: undefined, code: undefined, reason: undefined };

/** What metrics count. INVARIANT: a name is that of a served operation, a word is of our own code. */
function answeredOf({ service, operation, error }: Visit, seconds: number): Answered {
  const isSession = operation?.signedWith === 'certificate';
  return {
    service: service?.name,
    operation: operation?.name,
    status: error?.status ?? operation?.address?.status ?? 200,
    code: error?.code,
    session: !isSession ? undefined : error === undefined ? 'granted' : (error.reason?.reason ?? error.code),
    seconds,
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
    entryOf(world, visit, output, { eventId: sharedEventId }),
    entryOf(world, visit, output, { eventId: sharedEventId, account: sharedWith }),
  ];
}

/** One event of a call in several accounts: the id they share, and the account, where it is not the caller's. */
type SharedAs = { readonly eventId: string; readonly account?: string };

/** The visit's audit event, with its key. */
export function entryOf(world: World, visit: Visit, output: object, sharedAs?: SharedAs): AuditEntry {
  const { service, operation, caller, input, error, origin } = visit;
  if (service === undefined || operation === undefined || caller === undefined) {
    throw new Error('a visit is recorded after it was routed and authenticated');
  }
  const hasOutput = error === undefined && operation.effect === 'write';
  const occurrence: Occurrence = {
    eventId: world.newId(),
    requestId: visit.requestId,
    time: isoText(visit.startedAt),
    eventSource: service.eventSource,
    operation: operation.name,
    readOnly: operation.effect === 'read',
    region: visit.region ?? '',
    account: sharedAs?.account ?? visit.account ?? '',
    sharedEventId: sharedAs?.eventId,
    userIdentity: sharedAs?.account === undefined ? userIdentity(caller) : foreignIdentity(caller),
    source: origin,
    requestParameters:
      input === undefined || error?.status === 400 ? 'null' : (visit.shown ?? withoutSecrets(operation.input, input)),
    responseElements: hasOutput ? withoutSecrets(operation.output, output) : 'null',
    error: error && { code: error.code, message: error.message.slice(0, maxText) },
    explanations: explanationsText(visit),
  };
  const whole = auditEntry(occurrence);
  // Few events are so long that one of their elements may be too long.
  return whole.text.length <= maxElements
    ? whole
    : auditEntry({ ...occurrence, ...boundedElements(occurrence, visit) });
}

/** AWS doc: CloudTrail leaves requestParameters and responseElements out beyond 100 KB; whose reference stands in audit.ts. */
function boundedElements({ requestParameters, responseElements, explanations }: Occurrence, visit: Visit) {
  return {
    requestParameters: bounded(requestParameters) ?? 'null',
    responseElements: bounded(responseElements) ?? 'null',
    explanations: explanations && (bounded(explanations) ?? wordsText(visit)),
  };
}

function bounded(text: string): string | undefined {
  return text.length > maxElements ? undefined : text;
}

/** Every reason, at most 1,000. */
function reasonsOf({ explanations, error }: Visit): readonly Reason[] {
  const all = error?.reason === undefined ? explanations : [...explanations, error.reason];
  return all.length > maxExplanations ? all.slice(0, maxExplanations) : all;
}

/** The reasons with their facts as JSON text; undefined where there is none. */
function explanationsText(visit: Visit): string | undefined {
  const reasons = reasonsOf(visit);
  return reasons.length === 0 ? undefined : jsonOf(reasons);
}

/** The reasons' words alone. */
function wordsText(visit: Visit): string {
  return JSON.stringify(reasonsOf(visit).map(({ reason }) => ({ reason: String(reason).slice(0, 100) })));
}

/** Reasons hold plain facts; what JSON cannot carry is left out, and big integers are their digits. */
function jsonOf(reasons: readonly Reason[]): string {
  return JSON.stringify(reasons, (_name, value) => (typeof value === 'bigint' ? value.toString() : value));
}

function nameOf(caller: Caller): string {
  if (caller.kind === 'certificate') return `certificate ${caller.certificate.fingerprint}`;
  return caller.kind === 'stranger' ? 'nobody' : caller.arn;
}
