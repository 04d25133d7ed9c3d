// The policies of a simulation: those that the request brings, and those that apply to an entity, less what is left out.
// Each keeps the name under which the answer tells of it.
import type { ValueOf } from '../../contract/shape.ts';
import { type Policy, type PolicyKind, parsePolicy } from '../../core/policy/document.ts';
import { compileGlob, globMatches, partsOf } from '../../core/policy/match.ts';
import { parseArn } from '../arn.ts';
import type { Call } from '../call.ts';
import type { AppliedPolicies, AppliedPolicy } from './applied-policies.ts';
import { InvalidInput } from './errors.ts';
import type { PolicyIdentifier } from './simulation-shapes.ts';

/** A policy as the answer names it. */
export type Source = {
  /** AWS seen: `PolicyInputList.1`, a managed policy's name, `role_ROLE_POLICY` of an inline one, `ResourcePolicy`. */
  readonly id: string;
  /** AWS seen: `IAM Policy` and `Resource Policy`; the model's own words are not what travels. */
  readonly type: 'IAM Policy' | 'Permissions Boundary Policy' | 'Resource Policy';
  /** JSON text. */
  readonly document: string;
  readonly policy: Policy;
};

/** The policies that a parameter brings, named by it and their places. InvalidInput where one is no policy. */
export function givenPolicies(
  parameter: string,
  documents: readonly string[],
  type: Source['type'] = 'IAM Policy',
): Source[] {
  return documents.map((document, index) => {
    const id = `${parameter}.${index + 1}`;
    return { id, type, document, policy: parsed(id, document, 'identity') };
  });
}

/**
 * The policy of the resources; a role's trust policy is one. AWS seen: `ResourcePolicy`, without a number.
 * InvalidInput where it is neither.
 */
export function givenResourcePolicy(document: string): Source {
  const id = 'ResourcePolicy';
  const trust = parsePolicy(document, 'trust');
  const policy = trust.ok ? trust.policy : parsed(id, document, 'resource');
  return { id, type: 'Resource Policy', document, policy };
}

/** Ours: the code, which is the only one that the operations declare; then the sentence of the policy grammar. */
function parsed(id: string, document: string, kind: PolicyKind): Policy {
  const result = parsePolicy(document, kind);
  if (!result.ok) throw InvalidInput(`${id}: ${result.message}`, { reason: result.reason });
  return result.policy;
}

/** The identity-based policies that apply, as sources. */
export const appliedSources = (call: Call, { identity }: AppliedPolicies): Source[] =>
  identity.map((policy) => sourceOf(call, policy, 'IAM Policy'));

/** The permissions boundary, as a source; undefined where there is none. */
export const appliedBoundary = (call: Call, { permissionsBoundary }: AppliedPolicies): Source | undefined =>
  permissionsBoundary === null ? undefined : sourceOf(call, permissionsBoundary, 'Permissions Boundary Policy');

function sourceOf(call: Call, { kind, policyName, holder, document }: AppliedPolicy, type: Source['type']): Source {
  const id = kind === 'inline' ? `${holder.kind}_${holder.name}_${policyName}` : policyName;
  return { id, type, document, policy: call.policyOf(document, 'identity') };
}

type Identifier = ValueOf<typeof PolicyIdentifier>;

/**
 * What applies but for the policies that are identified; what identifies none is ignored, as AWS does.
 * InvalidInput where an identifier is malformed. AWS doc: API_PolicyIdentifier.html
 */
export function withoutExcluded(applied: AppliedPolicies, identifiers: readonly Identifier[]): AppliedPolicies {
  const excluders = identifiers.map(excluder);
  const boundary = applied.permissionsBoundary;
  const bounds = identifiers.some(({ PolicyType: type }) => type === 'permission-boundary');
  return {
    identity: applied.identity.filter((policy) => !excluders.some((excludes) => excludes(policy))),
    permissionsBoundary: bounds ? null : boundary,
  };
}

const kinds = { inline: 'inline', 'aws-managed': 'awsManaged', 'user-managed': 'customerManaged' } as const;

function excluder(identifier: Identifier): (policy: AppliedPolicy) => boolean {
  const { PolicyType: type, PolicyArn: arn, InlinePolicyIdentifier: inline } = identifier;
  if ([type, arn, inline].filter((one) => one !== undefined).length !== 1) {
    throw InvalidInput(
      'A policy identifier must have exactly one of PolicyType, PolicyArn and InlinePolicyIdentifier.',
    );
  }
  if (arn !== undefined) return byArn(arn);
  if (inline !== undefined) {
    const { PolicyName: name, AttachmentType: kind, AttachmentName: holder } = inline;
    return (policy) =>
      policy.kind === 'inline' &&
      policy.policyName === name &&
      policy.holder.kind === kind &&
      policy.holder.name === holder;
  }
  const wanted = type === 'inline' || type === 'aws-managed' || type === 'user-managed' ? kinds[type] : undefined;
  return ({ kind }) => kind === wanted;
}

/** Wildcards stand in the name alone: one `*` at most, and any number of `?`. */
function byArn(text: string): (policy: AppliedPolicy) => boolean {
  const arn = parseArn(text);
  const [before, name] = /^(policy\/(?:[^*?]*\/)?)([^/]+)$/.exec(arn?.resource ?? '')?.slice(1) ?? [];
  const fixed = before === undefined ? text : text.slice(0, text.length - (name?.length ?? 0));
  if (arn?.service !== 'iam' || name === undefined || /[*?]/.test(fixed) || name.split('*').length > 2) {
    throw InvalidInput(`ARN ${text} is not valid.`);
  }
  const glob = compileGlob(partsOf(text, true));
  return ({ policyArn }) => policyArn !== null && globMatches(glob, policyArn);
}
