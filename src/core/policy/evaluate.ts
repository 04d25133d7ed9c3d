// The decision: an explicit deny anywhere wins; otherwise every kind of policy that applies must allow. The statement
// loop stands once, in `survey`; `decide` is the list of steps. A decision carries what is needed to explain it.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
import { conditionsMet, type UnmetCondition, unmetConditions } from './conditions.ts';
import type { Policy, Statement } from './document.ts';
import { arnMatches, someGlobMatches } from './match.ts';
import { type Grant, hasNoIdentityPolicies, principalGrant, strongerGrant } from './principal.ts';
import type { PolicyRequest, Principal } from './request.ts';
import { statementsFor } from './statement-index.ts';

/** A policy and the name it is shown under: `role policy Deploy`. */
export type NamedPolicy = { readonly name: string; readonly policy: Policy };

/** The policies of the caller. `session` absent or empty: no session policy limits the caller. */
export type CallerPolicies = {
  readonly identity: readonly NamedPolicy[];
  readonly permissionsBoundary?: NamedPolicy;
  /** The inline and managed session policies; together they are one limit, each of them may allow. */
  readonly session?: readonly NamedPolicy[];
};

/** Every policy that applies to a request. */
export type PolicySet = CallerPolicies & { readonly resource?: NamedPolicy };

/** The part a policy plays in a decision. */
export type PolicyRole = 'identity' | 'boundary' | 'session' | 'resource' | 'trust';

/** A statement, by policy and zero-based place. */
export type StatementReference = {
  readonly kind: PolicyRole;
  readonly policyName: string;
  readonly statementIndex: number;
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
};

/** A statement that matched principal, action and resource, and the conditions that kept it from applying. */
export type NearMiss = StatementReference & { readonly unmet: readonly UnmetCondition[] };

/** Why a decision is what it is. */
export type Because =
  | 'explicitDenyInIdentityBasedPolicy'
  | 'explicitDenyInPermissionsBoundary'
  | 'explicitDenyInSessionPolicy'
  | 'explicitDenyInResourceBasedPolicy'
  | 'explicitDenyInTrustPolicy'
  | 'noIdentityBasedPolicyAllows'
  | 'noPermissionsBoundaryAllows'
  | 'noSessionPolicyAllows'
  | 'noResourceBasedPolicyAllows'
  | 'noTrustPolicyAllows'
  | 'allowedByIdentityBasedPolicy'
  | 'allowedByResourceBasedPolicy'
  | 'allowedByTrustPolicy'
  | 'allowedByAccountRoot';

/** The answer. `decidedBy` is the statement that denied or allowed; undefined when none did. */
export type Decision = {
  readonly decision: 'allowed' | 'explicitDeny' | 'implicitDeny';
  readonly because: Because;
  readonly decidedBy: StatementReference | undefined;
  /** Every statement that applied, Allow and Deny. */
  readonly matched: readonly StatementReference[];
  /** Of a denial; what was allowed needs no explanation. */
  readonly nearMisses: readonly NearMiss[];
  /** Of a denial: the parts that would have to allow and do not, in the order in which they are asked. */
  readonly missing: readonly PolicyRole[];
};

type Survey = {
  readonly kind: PolicyRole;
  readonly policies: readonly NamedPolicy[];
  readonly matched: readonly StatementReference[];
  /** The first of them with each effect. */
  readonly allow: StatementReference | undefined;
  readonly deny: StatementReference | undefined;
  /** The strongest naming among the Allow statements that applied; `direct` where policies name no principal. */
  readonly grant: Grant;
};

const EXPLICIT_DENY = {
  identity: 'explicitDenyInIdentityBasedPolicy',
  boundary: 'explicitDenyInPermissionsBoundary',
  session: 'explicitDenyInSessionPolicy',
  resource: 'explicitDenyInResourceBasedPolicy',
  trust: 'explicitDenyInTrustPolicy',
} as const satisfies Record<PolicyRole, Because>;

const NOTHING_ALLOWS = {
  identity: 'noIdentityBasedPolicyAllows',
  boundary: 'noPermissionsBoundaryAllows',
  session: 'noSessionPolicyAllows',
  resource: 'noResourceBasedPolicyAllows',
  trust: 'noTrustPolicyAllows',
} as const satisfies Record<PolicyRole, Because>;

/**
 * Ours: where a variable in NotResource has no value, "all but" is unknowable: an Allow then does not apply, a Deny does.
 */
function resourceApplies({ resource, effect }: Statement, request: PolicyRequest): boolean {
  if (resource === undefined) return true;
  let unknowable = false;
  for (const globOf of resource.globs) {
    const glob = globOf(request);
    if (glob === undefined) unknowable = true;
    else if (arnMatches(glob, request.resource)) return !resource.negated;
  }
  return resource.negated && (effect === 'Deny' || !unknowable);
}

function actionApplies({ action }: Statement, folded: string): boolean {
  return someGlobMatches(action.globs, folded) !== action.negated;
}

/** A request as the statements see it. */
type Question = {
  readonly request: PolicyRequest;
  /** In lower case. */
  readonly action: string;
  /** Whether the caller has a permissions boundary. */
  readonly bounded: boolean;
};

const BOUNDED_KINDS: readonly Principal['kind'][] = ['user', 'role', 'assumedRole'];

const questionOf = (request: PolicyRequest, caller: CallerPolicies | undefined): Question => ({
  request,
  action: request.action.toLowerCase(),
  bounded: caller?.permissionsBoundary !== undefined && BOUNDED_KINDS.includes(request.principal.kind),
});

/**
 * How directly the statement names the principal.
 * AWS doc: reference_policies_elements_notprincipal.html: a Deny with NotPrincipal always denies the users and roles that
 * have a permissions boundary, whomever it lists.
 */
function grantTo({ principal, effect }: Statement, { request, bounded }: Question): Grant {
  if (principal === undefined) return 'direct';
  if (principal.negated && effect === 'Deny' && bounded) return 'direct';
  return principalGrant(principal, request.principal, effect, request);
}

/** The same, when it is about this action on this resource. */
function grantOn(statement: Statement, question: Question): Grant {
  if (!actionApplies(statement, question.action)) return 'none';
  const grant = grantTo(statement, question);
  return grant !== 'none' && resourceApplies(statement, question.request) ? grant : 'none';
}

/** Every policy of the set, in the order in which decisions list them. */
export const policiesOf = ({ identity, permissionsBoundary, session = [], resource }: PolicySet): NamedPolicy[] =>
  [...identity, permissionsBoundary, ...session, resource].filter((one) => one !== undefined);

/**
 * Whether a statement is about the request's principal, action and resource, whatever its conditions say. Where a
 * variable in its resource has no value it may be.
 */
export function speaksOf(statement: Statement, set: CallerPolicies, request: PolicyRequest): boolean {
  const question = questionOf(request, set);
  if (grantOn(statement, question) !== 'none') return true;
  const resource = statement.resource?.globs.some((glob) => glob(request) === undefined) ?? false;
  return resource && grantOn({ ...statement, resource: undefined }, question) !== 'none';
}

const referenceTo = (kind: PolicyRole, policyName: string, { index, sid, effect }: Statement): StatementReference =>
  sid === undefined
    ? { kind, policyName, statementIndex: index, effect }
    : { kind, policyName, statementIndex: index, sid, effect };

/** Puts the question to every statement of the policies that play one part. Loops, for every request comes by here. */
function survey(kind: PolicyRole, policies: readonly NamedPolicy[], question: Question): Survey {
  const matched: StatementReference[] = [];
  let allow: StatementReference | undefined;
  let deny: StatementReference | undefined;
  let strongest: Grant = 'none';
  for (const { name, policy } of policies) {
    for (const statement of statementsFor(policy, question.action)) {
      const grant = grantOn(statement, question);
      if (grant === 'none' || !conditionsMet(statement.conditions, question.request)) continue;
      const reference = referenceTo(kind, name, statement);
      matched.push(reference);
      if (statement.effect === 'Deny') {
        deny ??= reference;
        continue;
      }
      allow ??= reference;
      strongest = strongerGrant(strongest, grant);
    }
  }
  return { kind, policies, matched, allow, deny, grant: strongest };
}

/** A second look at what was surveyed, for the denials that need it. */
function nearMissesOf({ kind, policies }: Survey, question: Question): NearMiss[] {
  return policies.flatMap(({ name, policy }) =>
    statementsFor(policy, question.action)
      .filter((statement) => grantOn(statement, question) !== 'none')
      .map((statement) => ({
        ...referenceTo(kind, name, statement),
        unmet: unmetConditions(statement.conditions, question.request),
      }))
      .filter(({ unmet }) => unmet.length > 0),
  );
}

/** The policies by part; `undefined` where a part sets no limit. `gate` is the resource's own policy. */
type Surveys = {
  readonly identity: Survey | undefined;
  readonly boundary: Survey | undefined;
  readonly session: Survey | undefined;
  readonly gate: Survey | undefined;
};

/** Accounts differ, or one of them is unknown while the other is not. No resource account stands for the caller's own. */
const isCrossAccount = ({ principal, resourceAccount }: PolicyRequest): boolean =>
  resourceAccount !== undefined && principal.account !== resourceAccount;

const isCallerless = ({ identity }: Surveys, { principal }: PolicyRequest): boolean =>
  identity === undefined || hasNoIdentityPolicies(principal);

/**
 * The parts that would have to allow and do not: none when the request is allowed, explicit denials aside.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 * for how a resource policy that names a session, a user or a role meets boundaries and session policies.
 */
function missingParts(found: Surveys, request: PolicyRequest, trust: boolean): PolicyRole[] {
  const { identity, boundary, session, gate } = found;
  const grant = gate?.grant ?? 'none';
  const crossAccount = isCrossAccount(request);
  const callerless = isCallerless(found, request);
  const missing: PolicyRole[] = [];
  if (grant === 'none' && (trust || crossAccount || callerless)) missing.push(trust ? 'trust' : 'resource');
  if (callerless || (grant === 'direct' && !crossAccount)) return missing;
  const identityAllows = request.principal.kind === 'root' || identity?.grant !== 'none';
  if (!identityAllows && (grant !== 'role' || crossAccount)) missing.push('identity');
  if (boundary?.grant === 'none') missing.push('boundary');
  if (session?.grant === 'none') missing.push('session');
  return missing;
}

/** What allowed a request to which nothing was missing. */
function allowedBy(found: Surveys, request: PolicyRequest, trust: boolean): { because: Because; by?: Survey } {
  const { identity, gate } = found;
  const direct = isCallerless(found, request) || (gate?.grant === 'direct' && !isCrossAccount(request));
  if (!direct && identity !== undefined && identity.grant !== 'none') {
    return { because: 'allowedByIdentityBasedPolicy', by: identity };
  }
  if (!direct && request.principal.kind === 'root') return { because: 'allowedByAccountRoot' };
  return { because: trust ? 'allowedByTrustPolicy' : 'allowedByResourceBasedPolicy', ...(gate && { by: gate }) };
}

/** What applied in every part, in their order; most requests meet statements of one part alone. */
function matchedIn(surveys: readonly Survey[]): readonly StatementReference[] {
  let matched: readonly StatementReference[] = [];
  for (const survey of surveys) {
    if (survey.matched.length > 0) matched = matched.length === 0 ? survey.matched : [...matched, ...survey.matched];
  }
  return matched;
}

function decide(found: Surveys, question: Question, trust: boolean): Decision {
  const { request } = question;
  const { identity, boundary, session, gate } = found;
  const surveys = [identity, boundary, session, gate].filter((one) => one !== undefined);
  const matched = matchedIn(surveys);
  const denial = identity?.deny ?? boundary?.deny ?? session?.deny ?? gate?.deny;
  const missing = missingParts(found, request, trust);
  const first = missing[0];
  if (denial === undefined && first === undefined) {
    const { because, by } = allowedBy(found, request, trust);
    return { decision: 'allowed', because, decidedBy: by?.allow, matched, nearMisses: [], missing };
  }
  const nearMisses = surveys.flatMap((one) => nearMissesOf(one, question));
  if (denial !== undefined) {
    const because = EXPLICIT_DENY[denial.kind];
    return { decision: 'explicitDeny', because, decidedBy: denial, matched, nearMisses, missing };
  }
  const because = NOTHING_ALLOWS[first ?? 'identity'];
  return { decision: 'implicitDeny', because, decidedBy: undefined, matched, nearMisses, missing };
}

function surveyCaller(caller: CallerPolicies, question: Question): Omit<Surveys, 'gate'> {
  const { identity, permissionsBoundary, session = [] } = caller;
  return {
    identity: survey('identity', identity, question),
    boundary: permissionsBoundary && survey('boundary', [permissionsBoundary], question),
    session: session.length === 0 ? undefined : survey('session', session, question),
  };
}

/**
 * Decides whether the policies allow the request.
 *
 * - An explicit deny in any policy wins, for the root user too.
 * - Same account: identity-based policies allow, within boundary and session policies; or the resource's policy allows
 *   the caller itself (no implicit deny limits that), or its role (boundary and session policies limit that).
 * - Cross account, or a resource account given for a caller without one: both sides must allow.
 * - The root user needs no identity-based policy. Services and anonymous callers have none: the resource decides alone.
 *
 * Pure and deterministic; cost is policies × request, without backtracking.
 */
export function evaluate(set: PolicySet, request: PolicyRequest): Decision {
  const question = questionOf(request, set);
  const gate = set.resource && survey('resource', [set.resource], question);
  return decide({ ...surveyCaller(set, question), gate }, question, false);
}

/**
 * Decides whether a role's trust policy lets the caller act on the role (`sts:AssumeRole`, `sts:TagSession`, …). The
 * trust policy must allow, within one account too. With `caller` given, the caller's own policies count as well, as for
 * any resource policy; without, the trust policy decides alone, which is right for AWS services and identity providers.
 */
export function evaluateTrust(trust: NamedPolicy, request: PolicyRequest, caller?: CallerPolicies): Decision {
  const question = questionOf(request, caller);
  const own =
    caller === undefined
      ? { identity: undefined, boundary: undefined, session: undefined }
      : surveyCaller(caller, question);
  return decide({ ...own, gate: survey('trust', [trust], question) }, question, true);
}
