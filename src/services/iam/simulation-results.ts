// The results of a simulation: each action judged on each resource, and put together as AWS answers.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
import type { ValueOf } from '../../contract/shape.ts';
import { missingContextKeys } from '../../core/policy/context-keys.ts';
import {
  type Decision,
  evaluate,
  evaluateTrust,
  type NamedPolicy,
  type PolicyRole,
  type PolicySet,
} from '../../core/policy/evaluate.ts';
import { type StatementPosition, statementPositions } from '../../core/policy/positions.ts';
import type { PolicyRequest } from '../../core/policy/request.ts';
import type { Source } from './simulation-policies.ts';
import { type Frame, requestOf } from './simulation-question.ts';
import type { EvaluationResult } from './simulation-shapes.ts';

/** All that is simulated. */
export type Simulation = {
  readonly frame: Frame;
  readonly identity: readonly Source[];
  readonly boundary: Source | undefined;
  readonly resource: Source | undefined;
};

type Outcome = Decision['decision'];
type Result = ValueOf<typeof EvaluationResult>;
type Matched = NonNullable<Result['MatchedStatements']>[number];

/** One pair. `kinds` is there where two accounts are concerned. */
type Verdict = {
  readonly resource: string;
  readonly outcome: Outcome;
  /** By source and statement, so that the union of several is made of each once. */
  readonly matched: ReadonlyMap<string, Matched>;
  readonly missing: readonly string[];
  readonly boundaryAllows: boolean | undefined;
  readonly kinds: Readonly<Record<string, Outcome>> | undefined;
};

/** Judges actions; compiled once for all of them. */
export function simulator(simulation: Simulation): (action: string) => Promise<Result> {
  const { frame, identity, boundary, resource } = simulation;
  const sources = [...identity, boundary, resource].filter((one) => one !== undefined);
  const named = (source: Source): NamedPolicy => ({ name: String(sources.indexOf(source)), policy: source.policy });
  const set: PolicySet = {
    identity: identity.map(named),
    ...(boundary && { permissionsBoundary: named(boundary) }),
    ...(resource && { resource: named(resource) }),
  };
  const positionsOf = positions(sources);
  const judge = (action: string, name: string): Verdict => {
    const request = requestOf(frame, action, name, resource !== undefined);
    const decision = decided(set, request);
    return {
      resource: name,
      outcome: decision.decision,
      matched: matchedOf(decision, sources, positionsOf),
      missing: missingContextKeys(set, request),
      boundaryAllows: boundary && outcomeOf(decision, ['boundary']) === 'allowed',
      kinds: isCrossAccount(request) ? kindsOf(decision, set) : undefined,
    };
  };
  return async (action) => {
    const verdicts: Verdict[] = [];
    for (const name of frame.resources) {
      verdicts.push(judge(action, name));
      // Others are answered in between.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return resultOf(action, verdicts);
  };
}

/** The policy of a role is its trust policy. */
function decided(set: PolicySet, request: PolicyRequest): Decision {
  const guardsRole = /^sts:/i.test(request.action) && /^arn:[^:]+:iam::\d{12}:role\//.test(request.resource);
  return set.resource && guardsRole ? evaluateTrust(set.resource, request, set) : evaluate(set, request);
}

const isCrossAccount = ({ principal, resourceAccount }: PolicyRequest): boolean =>
  resourceAccount !== undefined && principal.account !== undefined && principal.account !== resourceAccount;

/** What the policies of these kinds decide by themselves, as far as they are asked. */
function outcomeOf({ matched, missing }: Decision, kinds: readonly PolicyRole[]): Outcome {
  if (matched.some(({ kind, effect }) => kinds.includes(kind) && effect === 'Deny')) return 'explicitDeny';
  return missing.some((kind) => kinds.includes(kind)) ? 'implicitDeny' : 'allowed';
}

/** Ours: the names of the kinds, those of `SourcePolicyType`; AWS documents none. */
function kindsOf(decision: Decision, { permissionsBoundary }: PolicySet): Record<string, Outcome> {
  return {
    'IAM Policy': outcomeOf(decision, ['identity']),
    'Resource Policy': outcomeOf(decision, ['resource', 'trust']),
    ...(permissionsBoundary && { 'Permissions Boundary Policy': outcomeOf(decision, ['boundary']) }),
  };
}

/**
 * The statements that made the decision: of an explicit deny the Deny statements alone, of an implicit one none.
 * AWS doc: identity-based and resource-based policies are named alone; what a boundary says has a member of its own.
 */
function matchedOf(
  { decision, matched }: Decision,
  sources: readonly Source[],
  positionsOf: (source: number) => readonly StatementPosition[],
): Map<string, Matched> {
  const effect = decision === 'explicitDeny' ? 'Deny' : 'Allow';
  const telling = decision === 'implicitDeny' ? [] : matched.filter((one) => one.effect === effect);
  return new Map(
    telling
      .filter(({ kind }) => kind !== 'boundary')
      .map(({ policyName, statementIndex }) => {
        const source = sources[Number(policyName)];
        const position = positionsOf(Number(policyName))[statementIndex];
        return [
          `${policyName}/${statementIndex}`,
          {
            SourcePolicyId: source?.id,
            SourcePolicyType: source?.type,
            StartPosition: position && { Line: position.start.line, Column: position.start.column },
            EndPosition: position && { Line: position.end.line, Column: position.end.column },
          },
        ];
      }),
  );
}

/** Where the statements of a source stand, worked out when the first of them is named. */
function positions(sources: readonly Source[]): (source: number) => readonly StatementPosition[] {
  const known = new Map<number, readonly StatementPosition[]>();
  return (source) => {
    const found = known.get(source) ?? statementPositions(sources[source]?.document ?? '');
    known.set(source, found);
    return found;
  };
}

/**
 * The result of an action. AWS doc: one for all resources, with the most restrictive decision, and each resource's own
 * beside it, unless all resources (`*`) are asked about. AWS seen: 2025-04-21, of one resource, `EvalResourceName` is it.
 */
function resultOf(action: string, verdicts: readonly Verdict[]): Result {
  const outcome = strictest(verdicts.map((one) => one.outcome));
  const telling = verdicts.filter((one) => one.outcome === outcome);
  const whole: Verdict = {
    resource: verdicts.length === 1 ? (verdicts[0]?.resource ?? '*') : '*',
    outcome,
    matched: new Map(telling.flatMap(({ matched }) => [...matched])),
    missing: [...new Map(verdicts.flatMap(({ missing }) => missing.map((key) => [key.toLowerCase(), key]))).values()],
    boundaryAllows: verdicts.some((one) => one.boundaryAllows === undefined)
      ? undefined
      : verdicts.every((one) => one.boundaryAllows),
    kinds: strictestKinds(verdicts),
  };
  const isAll = verdicts.every(({ resource }) => resource === '*');
  return {
    EvalActionName: action,
    EvalResourceName: whole.resource,
    EvalDecision: outcome,
    ...shown(whole),
    // AWS doc: empty within one account, absent where all resources are asked about.
    EvalDecisionDetails: whole.kinds ?? (isAll ? undefined : {}),
    ResourceSpecificResults: isAll
      ? undefined
      : verdicts.map((one) => ({
          EvalResourceName: one.resource,
          EvalResourceDecision: one.outcome,
          ...shown(one),
          EvalDecisionDetails: one.kinds,
        })),
  };
}

function shown({ matched, missing, boundaryAllows }: Verdict) {
  return {
    MatchedStatements: [...matched.values()],
    MissingContextValues: missing,
    PermissionsBoundaryDecisionDetail:
      boundaryAllows === undefined ? undefined : { AllowedByPermissionsBoundary: boundaryAllows },
  };
}

const fromStrict = ['explicitDeny', 'implicitDeny', 'allowed'] as const;

const strictest = (outcomes: readonly Outcome[]): Outcome =>
  fromStrict.find((one) => outcomes.includes(one)) ?? 'implicitDeny';

function strictestKinds(verdicts: readonly Verdict[]): Verdict['kinds'] {
  const all = verdicts.flatMap(({ kinds }) => Object.entries(kinds ?? {}));
  if (all.length === 0) return undefined;
  const names = [...new Set(all.map(([name]) => name))];
  return Object.fromEntries(
    names.map((name) => [name, strictest(all.filter(([one]) => one === name).map(([, outcome]) => outcome))]),
  );
}
