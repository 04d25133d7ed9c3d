// GetExplanation: why a request came out as it did, for the operator: who asked what, the statements and conditions that
// decided, what would have allowed it; of CreateSession the step, the certificate and the attributes. Read from the audit
// event; strangers see AWS's text alone.
import {
  boolean,
  integer,
  list,
  map,
  oneOf,
  optional,
  required,
  string,
  structure,
  timestampInSeconds,
  type ValueOf,
} from '../../contract/shape.ts';
import type { UnmetCondition } from '../../core/policy/conditions.ts';
import type { StatementReference } from '../../core/policy/evaluate.ts';
import { obstaclesTo, obstacleText } from '../../core/policy/explain.ts';
import type { Document } from '../../store/store.ts';
import { operation } from '../call.ts';
import { type Denial, denialIn, explanationsIn } from '../denials.ts';
import { AccessDeniedException, ResourceNotFoundException, ValidationException } from './errors.ts';
import { arnOf } from './records.ts';
import { Uuid } from './shapes.ts';

const Condition = structure({
  operator: required(string(), { doc: 'The operator, as the policy writes it.' }),
  key: required(string(), { doc: 'The condition key, as the policy writes it.' }),
  wanted: required(list(string()), { doc: "The policy's values." }),
  met: required(list(string()), { doc: "The request's values; empty where it has none." }),
});

const Statement = structure({
  policy: required(string(), { doc: 'The policy, `role policy Deploy`.' }),
  kind: required(oneOf('identity', 'boundary', 'session', 'resource', 'trust'), { doc: 'The part it plays.' }),
  index: required(integer(), { doc: 'The place of the statement in the policy, from 0.' }),
  sid: optional(string(), { doc: "The statement's Sid." }),
  effect: required(oneOf('Allow', 'Deny'), { doc: 'What it does where it applies.' }),
  decided: required(boolean, { doc: 'Whether it made the decision.' }),
  unmetConditions: required(list(Condition), { doc: 'What kept it from applying; empty where it applied.' }),
});

const ShownDenial = structure({
  action: required(string(), { doc: 'The action that was denied.' }),
  resource: required(string(), { doc: 'The resource.' }),
  decision: required(oneOf('explicitDeny', 'implicitDeny'), { doc: 'Whether a Deny applied, or no Allow did.' }),
  because: required(string(), { doc: 'The kind of policy that decided, and how.' }),
  statements: required(list(Statement), {
    doc: 'The statements that applied, and those that would have but for their conditions.',
  }),
  obstacles: required(list(string()), { doc: 'What would have to be otherwise for it to be allowed, all of it.' }),
  context: required(map(string(), list(string())), { doc: 'The condition keys of the request, in lower case.' }),
});

const Finding = structure({
  reason: required(string(), { doc: 'The word for it.' }),
  facts: required(map(string(), string()), { doc: 'What it met: certificate, rule, attribute, step.' }),
});

const Explanation = structure({
  requestId: required(string(), { doc: 'The request.' }),
  eventTime: required(timestampInSeconds, { doc: 'When it came.' }),
  eventSource: required(string(), { doc: 'The service that was asked.' }),
  eventName: required(string(), { doc: 'The operation.' }),
  awsRegion: required(string(), { doc: 'The Region of the signature.' }),
  sourceIPAddress: required(string(), { doc: 'Where it came from.' }),
  caller: required(map(string(), string()), { doc: 'Who asked, as the audit event names them.' }),
  outcome: required(oneOf('succeeded', 'refused'), { doc: 'What came of it.' }),
  errorCode: optional(string(), { doc: "The refusal's code." }),
  errorMessage: optional(string(), { doc: 'What the caller read.' }),
  denial: optional(ShownDenial, { doc: 'What policies denied; absent where it was no policy.' }),
  findings: required(list(Finding), { doc: 'All else that was noted, in its order.' }),
});

export const GetExplanation = operation({
  doc: 'Tells why a request of the account came out as it did.',
  http: 'GET /explanations/{requestId} 200',
  effect: 'read',
  errors: [ValidationException, ResourceNotFoundException, AccessDeniedException],
  input: structure({ requestId: required(Uuid, { doc: 'The id that the answer to the request had.' }) }),
  output: structure({ explanation: required(Explanation, { doc: 'The explanation.' }) }),
  access: (input, call) => [{ resource: arnOf(call, `explanation/${input.requestId ?? '*'}`) }],
  async run({ requestId }, call) {
    const event = await call.eventOf(requestId);
    // A request of another account's is as unknown as one that never was.
    if (event === undefined) throw ResourceNotFoundException(`Request ${requestId} was not found.`);
    return { explanation: explained(event) };
  },
});

function explained(event: Document): ValueOf<typeof Explanation> {
  const { requestID, eventTime, eventSource, eventName, awsRegion, sourceIPAddress, ...rest } = Object(event);
  const { errorCode, errorMessage, userIdentity } = rest;
  const denial = denialIn(event);
  const others = explanationsIn(event).filter(({ decision }) => denial === undefined || decision === undefined);
  const refused = denial && explanationsIn(event).at(-1)?.step;
  return {
    requestId: requestID,
    eventTime: new Date(eventTime),
    eventSource,
    eventName,
    awsRegion,
    sourceIPAddress,
    caller: facts(userIdentity),
    outcome: errorCode === undefined ? 'succeeded' : 'refused',
    errorCode,
    errorMessage,
    denial: denial && denialShown(denial),
    findings: [
      ...others.map(({ reason, ...more }) => ({ reason: String(reason), facts: facts(more) })),
      ...(typeof refused === 'string' ? [{ reason: denial?.decision.because ?? '', facts: { step: refused } }] : []),
    ],
  };
}

/** Members as texts; what is no text is JSON. */
const facts = (members: object): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(members).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );

function denialShown(denial: Denial): ValueOf<typeof ShownDenial> {
  const { action, resource, context, decision } = denial;
  const { decidedBy, matched, nearMisses, because } = decision;
  const isDecider = (one: StatementReference) =>
    one.policyName === decidedBy?.policyName && one.statementIndex === decidedBy.statementIndex;
  return {
    action,
    resource,
    decision: decision.decision === 'explicitDeny' ? 'explicitDeny' : 'implicitDeny',
    because,
    statements: [
      ...matched.map((one) => statementShown(one, isDecider(one), [])),
      ...nearMisses.map(({ unmet, ...one }) => statementShown(one, false, unmet)),
    ],
    obstacles: obstaclesTo(decision, denial).map(obstacleText),
    context,
  };
}

function statementShown(
  { policyName: policy, kind, statementIndex: index, sid, effect }: StatementReference,
  decided: boolean,
  unmetConditions: readonly UnmetCondition[],
) {
  return { policy, kind, index, sid, effect, decided, unmetConditions };
}
