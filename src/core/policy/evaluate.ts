// The decision: an explicit deny anywhere wins; otherwise every kind of policy that applies must allow. The statement
// loop stands once, in `survey`; `decide` is the list of steps. A decision carries what is needed to explain it.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
import { type UnmetCondition, unmetConditions } from './conditions.ts';
import type { Policy, Statement } from './document.ts';
import { arnMatches, globMatches } from './match.ts';
import { type Grant, hasNoIdentityPolicies, principalGrant, strongerGrant } from './principal.ts';
import type { PolicyRequest } from './request.ts';

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
  readonly nearMisses: readonly NearMiss[];
};

type Survey = {
  readonly matched: readonly StatementReference[];
  readonly nearMisses: readonly NearMiss[];
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

/**
 * Ours: where a variable in NotResource has no value, "all but" is unknowable: an Allow then does not apply, a Deny does.
 */
function resourceApplies({ resource, effect }: Statement, request: PolicyRequest): boolean {
  if (resource === undefined) return true;
  const globs = resource.globs.map((glob) => glob(request));
  const named = globs.some((glob) => glob !== undefined && arnMatches(glob, request.resource));
  if (!resource.negated) return named;
  return !named && (effect === 'Deny' || !globs.includes(undefined));
}

function actionApplies({ action }: Statement, folded: string): boolean {
  return action.globs.some((glob) => globMatches(glob, folded)) !== action.negated;
}

/** Puts the request to every statement of the policies that play one part. */
function survey(kind: PolicyRole, policies: readonly NamedPolicy[], request: PolicyRequest): Survey {
  const matched: StatementReference[] = [];
  const nearMisses: NearMiss[] = [];
  let strongest: Grant = 'none';
  const action = request.action.toLowerCase();
  for (const { name, policy } of policies) {
    for (const statement of policy.statements) {
      const { index, sid, effect, principal } = statement;
      const grant = principal ? principalGrant(principal, request.principal, effect, request) : 'direct';
      if (grant === 'none' || !actionApplies(statement, action) || !resourceApplies(statement, request)) continue;
      const reference = {
        kind,
        policyName: name,
        statementIndex: index,
        ...(sid === undefined ? {} : { sid }),
        effect,
      };
      const unmet = unmetConditions(statement.conditions, request);
      if (unmet.length > 0) {
        nearMisses.push({ ...reference, unmet });
        continue;
      }
      matched.push(reference);
      if (effect === 'Allow') strongest = strongerGrant(strongest, grant);
    }
  }
  return { matched, nearMisses, grant: strongest };
}

/** The policies by part; `undefined` where a part sets no limit. `gate` is the resource's own policy. */
type Surveys = {
  readonly identity: Survey | undefined;
  readonly boundary: Survey | undefined;
  readonly session: Survey | undefined;
  readonly gate: Survey | undefined;
};

type Verdict = { readonly because: Because; readonly by?: Survey };

/** Accounts differ, or one of them is unknown while the other is not. No resource account stands for the caller's own. */
const isCrossAccount = ({ principal, resourceAccount }: PolicyRequest): boolean =>
  resourceAccount !== undefined && principal.account !== resourceAccount;

/**
 * The steps after no explicit deny was found.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 * for how a resource policy that names a session, a user or a role meets boundaries and session policies.
 */
function judge(found: Surveys, request: PolicyRequest, trust: boolean): Verdict {
  const { identity, boundary, session, gate } = found;
  const grant = gate?.grant ?? 'none';
  const allowedByGate: Verdict = {
    because: trust ? 'allowedByTrustPolicy' : 'allowedByResourceBasedPolicy',
    ...(gate && { by: gate }),
  };
  const crossAccount = isCrossAccount(request);
  const callerless = identity === undefined || hasNoIdentityPolicies(request.principal);

  if (grant === 'none' && (trust || crossAccount || callerless)) {
    return { because: trust ? 'noTrustPolicyAllows' : 'noResourceBasedPolicyAllows' };
  }
  if (callerless || (grant === 'direct' && !crossAccount)) return allowedByGate;

  const isRoot = request.principal.kind === 'root';
  const identityAllows = isRoot || identity.grant !== 'none';
  if (!identityAllows && (grant !== 'role' || crossAccount)) return { because: 'noIdentityBasedPolicyAllows' };
  if (boundary?.grant === 'none') return { because: 'noPermissionsBoundaryAllows' };
  if (session?.grant === 'none') return { because: 'noSessionPolicyAllows' };
  if (identity.grant !== 'none') return { because: 'allowedByIdentityBasedPolicy', by: identity };
  return isRoot ? { because: 'allowedByAccountRoot' } : allowedByGate;
}

function decide(found: Surveys, request: PolicyRequest, trust: boolean): Decision {
  const surveys = [found.identity, found.boundary, found.session, found.gate].filter((one) => one !== undefined);
  const matched = surveys.flatMap((one) => one.matched);
  const nearMisses = surveys.flatMap((one) => one.nearMisses);
  const denial = matched.find(({ effect }) => effect === 'Deny');
  if (denial !== undefined) {
    const because = EXPLICIT_DENY[denial.kind];
    return { decision: 'explicitDeny', because, decidedBy: denial, matched, nearMisses };
  }
  const { because, by } = judge(found, request, trust);
  const decidedBy = by?.matched.find(({ effect }) => effect === 'Allow');
  const decision = because.startsWith('allowedBy') ? 'allowed' : 'implicitDeny';
  return { decision, because, decidedBy, matched, nearMisses };
}

function surveyCaller(caller: CallerPolicies, request: PolicyRequest): Omit<Surveys, 'gate'> {
  const { identity, permissionsBoundary, session = [] } = caller;
  return {
    identity: survey('identity', identity, request),
    boundary: permissionsBoundary && survey('boundary', [permissionsBoundary], request),
    session: session.length === 0 ? undefined : survey('session', session, request),
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
  const gate = set.resource && survey('resource', [set.resource], request);
  return decide({ ...surveyCaller(set, request), gate }, request, false);
}

/**
 * Decides whether a role's trust policy lets the caller act on the role (`sts:AssumeRole`, `sts:TagSession`, …). The
 * trust policy must allow, within one account too. With `caller` given, the caller's own policies count as well, as for
 * any resource policy; without, the trust policy decides alone, which is right for AWS services and identity providers.
 */
export function evaluateTrust(trust: NamedPolicy, request: PolicyRequest, caller?: CallerPolicies): Decision {
  const own =
    caller === undefined
      ? { identity: undefined, boundary: undefined, session: undefined }
      : surveyCaller(caller, request);
  return decide({ ...own, gate: survey('trust', [trust], request) }, request, true);
}
