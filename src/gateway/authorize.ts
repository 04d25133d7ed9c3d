// May they? Every access an operation names is put to the caller's policies; the first that is not allowed refuses the
// call, with AWS's sentence for the caller and the whole decision for the operator.
import { commonError, type ProtocolName } from '../contract/error.ts';
import type { Access } from '../contract/operation.ts';
import {
  type Because,
  type CallerPolicies,
  type Decision,
  evaluate,
  evaluateTrust,
  type NamedPolicy,
} from '../core/policy/evaluate.ts';
import { contextWhenAsked, type PolicyRequest } from '../core/policy/request.ts';
import { parseArn } from '../services/arn.ts';
import { type Call, type Caller, isSigner } from '../services/call.ts';
import { callerKeys, listKeys, requestKeys } from '../services/condition-keys.ts';
import { denialReason } from '../services/denials.ts';
import type { Store } from '../store/store.ts';
import { type Standing, standingOf } from './standing.ts';

/** Longest ARN that is repeated, in characters: it may hold input that is not validated yet. */
const maxArn = 2048;

/**
 * Whether the caller may do all of `wanted`: returns, or throws the protocol's access-denied error. A promise, where what it
 * stands on is to be read.
 */
export function authorize(
  store: Pick<Store, 'read' | 'recall'>,
  call: Call,
  protocol: ProtocolName,
  action: string,
  wanted: readonly Access[],
): void | Promise<void> {
  if (wanted.length === 0) return;
  const standing = standingOf(store, call);
  if (!(standing instanceof Promise)) return judge(standing, call, protocol, action, wanted);
  return standing.then((read) => judge(read, call, protocol, action, wanted));
}

function judge(
  standing: Standing,
  call: Call,
  protocol: ProtocolName,
  action: string,
  wanted: readonly Access[],
): void {
  for (const access of wanted) {
    const request = requestOf(call, standing, access.action ?? action, access);
    const decision = decide(call, standing, access, request);
    if (decision.decision === 'allowed') continue;
    const ownWords = decision.because === 'noIdentityBasedPolicyAllows' ? access.denial : undefined;
    const words = ownWords ?? sentence(call, request, decision);
    throw commonError('accessDenied', protocol, words, denialReason(request, decision));
  }
}

function decide(call: Call, standing: Standing, { trustPolicy, besides }: Access, request: PolicyRequest): Decision {
  const policies = besides === undefined ? standing.policies : withMore(call, standing.policies, besides);
  if (trustPolicy === undefined) return evaluate(policies, request);
  return evaluateTrust(trustOf(call, trustPolicy), request, policies);
}

function withMore(call: Call, policies: CallerPolicies, { name, document }: NonNullable<Access['besides']>) {
  return { ...policies, identity: [...policies.identity, { name, policy: call.policyOf(document, 'identity') }] };
}

function trustOf(call: Call, text: string | null): NamedPolicy {
  if (text === null) return { name: 'trust policy of no role', policy: { version: '2012-10-17', statements: [] } };
  return { name: 'trust policy', policy: call.policyOf(text, 'trust') };
}

function requestOf(call: Call, { tags }: Standing, action: string, access: Access): PolicyRequest {
  const { caller } = call;
  const resourceAccount = ownerOf(access.resource, call);
  return {
    principal: principalOf(caller),
    action,
    resource: access.resource,
    resourceAccount,
    context: contextWhenAsked(() => ({
      ...callerKeys(caller, tags),
      ...requestKeys(call),
      'aws:ResourceAccount': resourceAccount,
      ...access.context,
    })),
    multivalued: listKeys,
  };
}

/** The account that owns the resource; what AWS itself owns is no other account's. */
function ownerOf(resource: string, call: Call): string {
  const account = parseArn(resource)?.account;
  return account && account !== 'aws' ? account : call.account;
}

function principalOf(caller: Caller): PolicyRequest['principal'] {
  switch (caller.kind) {
    case 'root':
    case 'user':
      return { kind: caller.kind, arn: caller.arn, account: caller.account };
    case 'assumedRole':
      return { kind: 'assumedRole', arn: caller.arn, account: caller.account, roleArn: caller.session.roleArn };
    case 'federatedUser':
      return { kind: 'federated', arn: caller.arn, account: caller.account };
    case 'certificate':
    case 'stranger':
      return { kind: 'anonymous' };
  }
}

/** AWS seen: the sentence, with the kind of policy that decided at its end. */
function sentence({ caller }: Call, { action, resource }: PolicyRequest, decision: Decision): string {
  const who = isSigner(caller) ? caller.arn : 'anonymous';
  const asked = `User: ${who} is not authorized to perform: ${action} on resource: ${resource.slice(0, maxArn)}`;
  const ending = endings[decision.because](action);
  return ending === '' ? asked : `${asked} ${ending}`;
}

const byIdentity = (action: string) => `because no identity-based policy allows the ${action} action`;

/** AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
const endings: { readonly [B in Because]: (action: string) => string } = {
  explicitDenyInIdentityBasedPolicy: () => 'with an explicit deny in an identity-based policy',
  explicitDenyInSessionPolicy: () => 'with an explicit deny in a session policy',
  explicitDenyInPermissionsBoundary: () => 'with an explicit deny in a permissions boundary',
  explicitDenyInResourceBasedPolicy: () => 'with an explicit deny in a resource-based policy',
  explicitDenyInTrustPolicy: () => 'with an explicit deny in the role trust policy',
  noIdentityBasedPolicyAllows: byIdentity,
  noSessionPolicyAllows: (action) => `because no session policy allows the ${action} action`,
  noPermissionsBoundaryAllows: (action) => `because no permissions boundary allows the ${action} action`,
  noResourceBasedPolicyAllows: (action) => `because no resource-based policy allows the ${action} action`,
  // AWS seen: of a role that is not there, or does not trust the caller, no more is said.
  noTrustPolicyAllows: () => '',
  // An allowed call has no sentence.
  allowedByIdentityBasedPolicy: byIdentity,
  allowedByResourceBasedPolicy: byIdentity,
  allowedByTrustPolicy: byIdentity,
  allowedByAccountRoot: byIdentity,
};
