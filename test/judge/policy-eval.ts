// policy-eval: what do these policies decide on this request? Nothing is added to the context from elsewhere.
import { accountOf, callerOf } from '../../src/core/policy/caller.ts';
import { type PolicyKind, parsePolicy } from '../../src/core/policy/document.ts';
import {
  type CallerPolicies,
  type Decision,
  evaluate,
  evaluateTrust,
  type NamedPolicy,
} from '../../src/core/policy/evaluate.ts';
import { contextOf, type PolicyRequest, type Principal } from '../../src/core/policy/request.ts';
import { asObject, BadInput, type JsonObject, optionalText, text, type Verdict } from './subcommand.ts';

/**
 * Members read: `identityPolicies?`, `permissionsBoundary?`, `sessionPolicies?`, `resourcePolicy?` (policies as JSON
 * text, or as the JSON itself), `principal?`, `action`, `resource?`, `context?`, `multivalued?`, `resourceOwner?`. A
 * policy that is none is an error of the case. Without a principal the resource's policy and owner do not count.
 */
export function policyEval(line: JsonObject): Verdict {
  const { decision, because } = decide(line);
  return { result: decision, code: because };
}

function decide(line: JsonObject): Decision {
  const [permissionsBoundary, ...others] = policies(line, 'permissionsBoundary', 'identity');
  if (others.length > 0) throw new BadInput('`permissionsBoundary` is more than one policy');
  const caller: CallerPolicies = {
    identity: policies(line, 'identityPolicies', 'identity'),
    session: policies(line, 'sessionPolicies', 'session'),
    ...(permissionsBoundary && { permissionsBoundary }),
  };
  const principal = principalOf(line);
  if (principal === undefined) return evaluate(caller, { ...question(line), principal: { kind: 'user' } });
  const resourceAccount = ownerOf(line) ?? principal.account;
  const request = { ...question(line), principal, ...(resourceAccount !== undefined && { resourceAccount }) };
  if (guardsRole(request)) {
    const [trust] = policies(line, 'resourcePolicy', 'trust');
    if (trust !== undefined) return evaluateTrust(trust, request, caller);
  }
  const [resource] = policies(line, 'resourcePolicy', 'resource');
  return evaluate({ ...caller, ...(resource && { resource }) }, request);
}

/** The resource policy of a role is its trust policy. */
const guardsRole = ({ action, resource }: Pick<PolicyRequest, 'action' | 'resource'>): boolean =>
  /^sts:/i.test(action) && /^arn:[^:]+:iam::\d{12}:role\//.test(resource);

function question(line: JsonObject): Omit<PolicyRequest, 'principal'> {
  return {
    action: text(line, 'action'),
    resource: optionalText(line, 'resource') ?? '*',
    context: contextOf(context(line)),
    multivalued: new Set(listOf(line.multivalued).map((name) => String(name).toLowerCase())),
  };
}

function principalOf(line: JsonObject): Principal | undefined {
  const given = optionalText(line, 'principal');
  if (given === undefined) return undefined;
  const principal = callerOf(given);
  if (principal === undefined) throw new BadInput('`principal` names none');
  const [told, ...more] = contextOf(context(line)).get('aws:principalarn') ?? [];
  const role = told === undefined || more.length > 0 ? undefined : callerOf(told);
  return isRoleOf(principal, role) ? { ...principal, ...(role?.arn && { roleArn: role.arn }) } : principal;
}

/** The context may know the path of the session's role, which the session's ARN has lost. */
const isRoleOf = ({ roleArn, account }: Principal, role: Principal | undefined): boolean =>
  role?.kind === 'role' && role.account === account && roleArn?.split('/')[1] === role.arn?.split('/').at(-1);

function ownerOf(line: JsonObject): string | undefined {
  const owner = optionalText(line, 'resourceOwner');
  if (owner === undefined) return accountOf(optionalText(line, 'resource') ?? '*');
  const account = /^\d{12}$/.test(owner) ? owner : accountOf(owner);
  if (account === undefined) throw new BadInput('`resourceOwner` is no account');
  return account;
}

/** Absent and null are no values. */
function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value].filter((one) => one !== undefined && one !== null);
}

function context(line: JsonObject): Record<string, string[]> {
  const given = asObject(line.context ?? {}, '`context`');
  return Object.fromEntries(Object.entries(given).map(([key, values]) => [key, listOf(values).map(String)]));
}

function policies(line: JsonObject, member: string, kind: PolicyKind): NamedPolicy[] {
  const given = listOf(line[member]);
  return given.map((policy, index) => {
    const name = `${member} ${index + 1}`;
    const result = parsePolicy(typeof policy === 'string' ? policy : JSON.stringify(policy), kind);
    if (!result.ok) throw new BadInput(`${name}: ${result.message}`);
    return { name, policy: result.policy };
  });
}
