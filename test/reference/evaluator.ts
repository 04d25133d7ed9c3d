// The reference evaluator: what AWS's documentation says policies decide, written as plainly as possible and apart from
// src/core/policy, so that the two can be held against each other. Slow on purpose: nothing is compiled or remembered.
// AWS doc: reference_policies_evaluation-logic_policy-eval-denyallow.html,
// reference_policies_evaluation-logic-cross-account.html, reference_policies_elements_principal.html,
// reference_policies_elements_notprincipal.html
import { conditionsMet } from './conditions.ts';
import {
  listOf,
  type PlainPolicy,
  type PlainPrincipal,
  type PlainRequest,
  type PlainSet,
  type PlainStatement,
  type PrincipalMap,
} from './documents.ts';
import { arnMatches, isList, matches, tokensOf, valuesOf } from './matching.ts';

export type PlainDecision = {
  readonly decision: 'allowed' | 'explicitDeny' | 'implicitDeny';
  /** `part policy-number statement-number` of every statement that applied. */
  readonly matched: readonly string[];
};

/** A service, an identity provider or nobody in particular: what has no policies of its own. */
function belongsToNoAccount({ kind, arn = '' }: PlainPrincipal): boolean {
  if (kind === 'service' || kind === 'anonymous') return true;
  return kind === 'federated' && !arn.includes(':federated-user/');
}

/** How a Principal element names the caller, from not at all to by its own name. */
type Naming = 'no' | 'account' | 'behind' | 'itself';

function namedBy(kind: string, value: string, effect: string, request: PlainRequest): Naming {
  const { principal } = request;
  const stranger = belongsToNoAccount(principal);
  if (kind === 'Service') return principal.kind === 'service' && principal.service === value ? 'itself' : 'no';
  if (kind === 'Federated') {
    return principal.kind === 'federated' && stranger && principal.arn === value ? 'itself' : 'no';
  }
  if (kind === 'CanonicalUser') return 'no';
  if (value === '*') return effect === 'Deny' || !stranger || principal.kind === 'anonymous' ? 'itself' : 'no';
  if (stranger) return 'no';
  const account = /^[0-9]{12}$/.test(value) ? value : /^arn:aws:iam::([0-9]{12}):root$/.exec(value)?.[1];
  if (account !== undefined) {
    if (account !== principal.account) return 'no';
    return principal.kind === 'root' ? 'itself' : 'account';
  }
  if (!value.startsWith('arn:')) {
    const ids = isList(request, 'aws:userid') ? [] : valuesOf(request, 'aws:userid');
    if (ids.length !== 1 || ids[0]?.split(':')[0] !== value) return 'no';
    return principal.kind === 'user' ? 'itself' : 'behind';
  }
  if (principal.roleArn === value && principal.kind === 'assumedRole') return 'behind';
  if (principal.userArn === value && principal.kind === 'federated') return 'behind';
  if (principal.arn === value) return principal.kind === 'role' ? 'behind' : 'itself';
  return 'no';
}

function strongestNaming(element: '*' | PrincipalMap, effect: string, request: PlainRequest): Naming {
  const entries = element === '*' ? [['AWS', '*'] as const] : Object.entries(element);
  const namings = entries.flatMap(([kind, values]) =>
    listOf(values).map((value) => namedBy(kind, value, effect, request)),
  );
  for (const naming of ['itself', 'behind', 'account'] as const) if (namings.includes(naming)) return naming;
  return 'no';
}

/** `bounded`: the caller is a user or a role and has a permissions boundary; NotPrincipal spares none of those. */
function naming(statement: PlainStatement, request: PlainRequest, bounded: boolean): Naming {
  const { Principal, NotPrincipal, Effect } = statement;
  if (Principal !== undefined) return strongestNaming(Principal, Effect, request);
  if (NotPrincipal === undefined) return 'itself';
  if (Effect === 'Deny' && bounded) return 'itself';
  if (strongestNaming(NotPrincipal, 'Deny', request) !== 'no') return 'no';
  const { kind } = request.principal;
  const open = Effect === 'Deny' || kind === 'anonymous' || !belongsToNoAccount(request.principal);
  return open ? 'itself' : 'no';
}

function actionNamed(patterns: readonly string[], request: PlainRequest): boolean {
  return patterns.some((pattern) => {
    const tokens = tokensOf(pattern.toLowerCase(), false, true, request);
    return tokens !== undefined && matches(tokens, request.action.toLowerCase());
  });
}

function resourceNamed(statement: PlainStatement, variables: boolean, request: PlainRequest): boolean {
  const { Resource, NotResource, Effect } = statement;
  if (Resource === undefined && NotResource === undefined) return true;
  const patterns = listOf(Resource ?? NotResource).map((pattern) => tokensOf(pattern, variables, true, request));
  const named = patterns.some((tokens) => arnMatches(tokens, request.resource, true));
  if (Resource !== undefined) return named;
  // All but what is not known: an Allow must not say it, a Deny must.
  return !named && (Effect === 'Deny' || patterns.every((tokens) => tokens !== undefined));
}

type Applied = { readonly effect: 'Allow' | 'Deny'; readonly naming: Naming; readonly place: string };

function applying(part: string, policies: readonly PlainPolicy[], request: PlainRequest, bounded = false): Applied[] {
  const applied: Applied[] = [];
  policies.forEach((policy, number) => {
    const variables = policy.Version === '2012-10-17';
    policy.Statement.forEach((statement, index) => {
      const { Action, NotAction, Effect } = statement;
      const action =
        Action !== undefined ? actionNamed(listOf(Action), request) : !actionNamed(listOf(NotAction), request);
      const how = naming(statement, request, bounded);
      if (!action || how === 'no' || !resourceNamed(statement, variables, request)) return;
      if (!conditionsMet(statement, variables, request)) return;
      applied.push({ effect: Effect, naming: how, place: `${part} ${number} ${index}` });
    });
  });
  return applied;
}

const allows = (applied: readonly Applied[]): boolean => applied.some(({ effect }) => effect === 'Allow');

/** Decides, step by step in the order of AWS's flow charts. */
export function referenceDecision(set: PlainSet, request: PlainRequest): PlainDecision {
  const ownPolicies = !set.callerless;
  const identity = ownPolicies ? applying('identity', set.identity, request) : [];
  const boundary = ownPolicies && set.boundary ? applying('boundary', [set.boundary], request) : [];
  const session = ownPolicies ? applying('session', set.session, request) : [];
  const entity = ['user', 'role', 'assumedRole'].includes(request.principal.kind);
  const bounded = ownPolicies && set.boundary !== undefined && entity;
  const resource = set.resource ? applying('resource', [set.resource], request, bounded) : [];
  const all = [...identity, ...boundary, ...session, ...resource];
  const matched = all.map(({ place }) => place);

  if (all.some(({ effect }) => effect === 'Deny')) return { decision: 'explicitDeny', matched };
  const yes: PlainDecision = { decision: 'allowed', matched };
  const no: PlainDecision = { decision: 'implicitDeny', matched };

  if (set.callerless || belongsToNoAccount(request.principal)) return allows(resource) ? yes : no;

  const { principal, resourceAccount } = request;
  const boundaryAllows = !set.boundary || allows(boundary);
  const sessionAllows = set.session.length === 0 || allows(session);
  const identityAllows = principal.kind === 'root' || allows(identity);
  const inItsOwnRight = identityAllows && boundaryAllows && sessionAllows;

  const crossAccount = resourceAccount !== undefined && resourceAccount !== principal.account;
  if (crossAccount) return allows(resource) && inItsOwnRight ? yes : no;
  if (set.trust && !allows(resource)) return no;
  // One account: the resource's policy may name the caller itself, the role or user behind it, or only the account.
  const namings = resource.map((one) => one.naming);
  if (namings.includes('itself')) return yes;
  if (namings.includes('behind') && boundaryAllows && sessionAllows) return yes;
  return inItsOwnRight ? yes : no;
}
