// May they? Every access an operation names is put to the caller's policies; the first that is not allowed refuses the
// call, with AWS's sentence for the caller and the whole decision for the operator.
import { commonError, type ProtocolName } from '../contract/error.ts';
import type { Access } from '../contract/operation.ts';
import type { Policy, PolicyKind } from '../core/policy/document.ts';
import { type Because, type Decision, evaluate, type NamedPolicy, type PolicySet } from '../core/policy/evaluate.ts';
import { contextOf, type PolicyRequest } from '../core/policy/request.ts';
import { parseArn } from '../services/arn.ts';
import type { AssumedRoleCaller, Call } from '../services/call.ts';
import { attachedPolicies, findManagedPolicy, findRole, rolePolicies } from '../services/iam/records.ts';

/** Longest ARN that is repeated, in characters: it may hold input that is not validated yet. */
const maxArn = 2048;

/** Returns when the caller may do all of `wanted`; else throws the protocol's access-denied error. */
export async function authorize(
  call: Call,
  protocol: ProtocolName,
  action: string,
  wanted: readonly Access[],
): Promise<void> {
  if (wanted.length === 0) return;
  const policies = await policiesOf(call);
  for (const access of wanted) {
    const request = requestOf(call, access.action ?? action, access);
    const decision = evaluate(policies, request);
    if (decision.decision === 'allowed') continue;
    const { action: asked } = request;
    const resource = request.resource.slice(0, maxArn);
    const ownWords = decision.because === 'noIdentityBasedPolicyAllows' ? access.denial : undefined;
    throw commonError('accessDenied', protocol, ownWords ?? sentence(call, request, decision), {
      reason: decision.because,
      action: asked,
      resource,
      decision,
    });
  }
}

/** What bounds and grants the caller's power. Root has no policies of its own; the evaluation knows that. */
async function policiesOf(call: Call): Promise<PolicySet> {
  switch (call.caller.kind) {
    case 'root':
    case 'certificate':
      return { identity: [] };
    case 'assumedRole':
      return policiesOfSession(call, call.caller);
  }
}

/** The policies of the role as they are now, and those that bounded the session when it was issued. */
async function policiesOfSession(call: Call, { account, claims }: AssumedRoleCaller): Promise<PolicySet> {
  const { roleName, roleId, managedPolicyArns } = claims;
  const { inline, attached, bounds } = await call.read(async (reader) => {
    const bounds = await Promise.all(
      managedPolicyArns.map(async (arn) => (await findManagedPolicy(reader, arn)) ?? { arn }),
    );
    const role = await findRole(reader, account, roleName);
    // A role deleted and made again under its name is another role: its sessions are over.
    if (role?.roleId !== roleId) return { inline: [], attached: [], bounds };
    const inline = await rolePolicies(reader, account, roleName);
    return { inline, attached: await attachedPolicies(reader, account, roleName), bounds };
  });
  const identity = [
    ...inline.map(({ policyName, policyDocument }) => ({
      name: `role policy ${policyName}`,
      policy: call.policyOf(policyDocument, 'identity'),
    })),
    ...attached.map(({ name, document }) => managed(call, name, document, 'identity')),
  ];
  const session = [
    ...claims.policies.map((text) => ({ name: 'session policy', policy: call.policyOf(text, 'session') })),
    ...bounds.map((bound) =>
      'document' in bound
        ? managed(call, bound.name, bound.document, 'session')
        : { name: `managed policy ${bound.arn}, which is gone`, policy: nothing },
    ),
  ];
  return session.length === 0 ? { identity } : { identity, session };
}

function managed(call: Call, name: string, document: string, kind: PolicyKind): NamedPolicy {
  return { name: `AWS managed policy ${name}`, policy: call.policyOf(document, kind) };
}

/** Stands for a bound that is no more: it allows nothing. Left out, it would bound nothing. */
const nothing: Policy = Object.freeze({ version: '2012-10-17', statements: [] });

function requestOf(call: Call, action: string, access: Access): PolicyRequest {
  return {
    principal: principalOf(call),
    action,
    resource: access.resource,
    resourceAccount: ownerOf(access.resource, call),
    context: contextOf({ ...circumstances(call), ...access.context }),
    multivalued: listKeys,
  };
}

/** The account that owns the resource; what AWS itself owns is no other account's. */
function ownerOf(resource: string, call: Call): string {
  const account = parseArn(resource)?.account;
  return account && account !== 'aws' ? account : call.account;
}

const listKeys: ReadonlySet<string> = new Set(['aws:tagkeys']);

function principalOf({ caller }: Call): PolicyRequest['principal'] {
  switch (caller.kind) {
    case 'root':
      return { kind: 'root', arn: caller.arn, account: caller.account };
    case 'assumedRole':
      return { kind: 'assumedRole', arn: caller.arn, account: caller.account, roleArn: caller.claims.roleArn };
    case 'certificate':
      return { kind: 'anonymous' };
  }
}

/**
 * The global condition keys of a request.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export function circumstances(call: Call): Record<string, string | readonly string[] | undefined> {
  const { caller, now, origin, region } = call;
  const request = {
    'aws:CurrentTime': now.toISOString(),
    'aws:EpochTime': String(Math.floor(now.getTime() / 1000)),
    'aws:RequestedRegion': region,
    'aws:SecureTransport': String(origin.secure),
    'aws:SourceIp': origin.ip,
    'aws:UserAgent': origin.userAgent,
    'aws:ViaAWSService': 'false',
  };
  switch (caller.kind) {
    case 'certificate':
      return request;
    case 'root':
      return {
        ...request,
        'aws:PrincipalAccount': caller.account,
        'aws:PrincipalArn': caller.arn,
        'aws:PrincipalType': 'Account',
        'aws:userid': caller.userId,
      };
    case 'assumedRole': {
      const { claims } = caller;
      const tags = Object.entries(claims.tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value]);
      return {
        ...request,
        ...Object.fromEntries(tags),
        'aws:PrincipalAccount': caller.account,
        'aws:PrincipalArn': claims.roleArn,
        'aws:PrincipalType': 'AssumedRole',
        'aws:userid': caller.userId,
        'aws:SourceIdentity': claims.sourceIdentity,
        'aws:TokenIssueTime': new Date(claims.issuedAt * 1000).toISOString(),
      };
    }
  }
}

/** AWS seen: the sentence, with the kind of policy that decided at its end. */
function sentence(call: Call, { action, resource }: PolicyRequest, decision: Decision): string {
  const who = call.caller.kind === 'certificate' ? 'anonymous' : call.caller.arn;
  const asked = `User: ${who} is not authorized to perform: ${action} on resource: ${resource.slice(0, maxArn)}`;
  return `${asked} ${endings[decision.because]?.(action) ?? `because no identity-based policy allows the ${action} action`}`;
}

const endings: { readonly [B in Because]?: (action: string) => string } = {
  explicitDenyInIdentityBasedPolicy: () => 'with an explicit deny in an identity-based policy',
  explicitDenyInSessionPolicy: () => 'with an explicit deny in a session policy',
  explicitDenyInPermissionsBoundary: () => 'with an explicit deny in a permissions boundary',
  explicitDenyInResourceBasedPolicy: () => 'with an explicit deny in a resource-based policy',
  noSessionPolicyAllows: (action) => `because no session policy allows the ${action} action`,
  noPermissionsBoundaryAllows: (action) => `because no permissions boundary allows the ${action} action`,
  noResourceBasedPolicyAllows: (action) => `because no resource-based policy allows the ${action} action`,
};
