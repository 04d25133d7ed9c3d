// Whether a role's trust policy lets somebody who has no policies of their own assume it: an AWS service, or whom an
// identity provider vouches for. Whoever has a policy of their own is judged on the road.
import type { Reason } from '../contract/error.ts';
import { evaluateTrust } from '../core/policy/evaluate.ts';
import { contextWhenAsked, type Principal } from '../core/policy/request.ts';
import { parseArn } from './arn.ts';
import type { Call } from './call.ts';
import { type Keys, listKeys, requestKeys } from './condition-keys.ts';
import { type Denial, denialReason } from './denials.ts';

export type TrustQuestion = {
  readonly role: { readonly arn: string; readonly assumeRolePolicyDocument: string };
  readonly principal: Principal;
  /** Each must be allowed. */
  readonly actions: readonly string[];
  /** What this request adds to the keys that every request has; asked where a policy has conditions. */
  readonly context: () => Keys;
  /** Lower-case names of keys in `context` that are lists besides those that always are. */
  readonly lists?: readonly string[];
  /** Lower-case names of the context keys that the policy looked at are added here. */
  readonly looked?: Set<string>;
};

/** The first action that is not allowed, and why. */
export type Untrusted = Reason & Denial;

/** The first action that the role's trust policy does not allow, or undefined. */
export function untrusted(call: Call, question: TrustQuestion): Untrusted | undefined {
  const { role, principal, actions, lists = [], looked } = question;
  const trust = { name: 'trust policy', policy: call.policyOf(role.assumeRolePolicyDocument, 'trust') };
  const { account: resourceAccount = call.account } = parseArn(role.arn) ?? {};
  const context = contextWhenAsked(
    () => ({ ...requestKeys(call), 'aws:ResourceAccount': resourceAccount, ...question.context() }),
    looked && ((key) => looked.add(key)),
  );
  const multivalued = lists.length === 0 ? listKeys : new Set([...listKeys, ...lists]);
  for (const action of actions) {
    const request = { principal, action, resource: role.arn, resourceAccount, context, multivalued };
    const decision = evaluateTrust(trust, request);
    if (decision.decision !== 'allowed') return denialReason(request, decision);
  }
  return undefined;
}
