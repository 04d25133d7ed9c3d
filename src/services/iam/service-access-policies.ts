// Which policies of a user, a group or a role allow something of a service.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPoliciesGrantingServiceAccess.html
import { list, oneOf, optional, required, structure } from '../../contract/shape.ts';
import { grantsSomeOf } from '../../core/policy/grants.ts';
import { type Call, operation } from '../call.ts';
import { reportedAccess } from './access.ts';
import { type AppliedPolicy, appliedPolicies } from './applied-policies.ts';
import type { EntityKind } from './entities.ts';
import { InvalidInput, NoSuchEntity } from './errors.ts';
import { sliced } from './pages.ts';
import { reportedOf } from './reported.ts';
import { Arn, GroupName, PolicyName, PolicyOwnerEntity, pageMembers, pageOutput, ServiceNamespace } from './shapes.ts';

const PolicyGranting = structure({
  PolicyName: required(PolicyName, { doc: 'The name of the policy.' }),
  PolicyType: required(oneOf('INLINE', 'MANAGED'), { doc: 'Whether it is a policy of its own.' }),
  PolicyArn: optional(Arn, { doc: 'The ARN of a managed policy.' }),
  EntityType: optional(PolicyOwnerEntity, { doc: 'What an inline policy belongs to.' }),
  EntityName: optional(GroupName, { doc: 'The name of whom an inline policy belongs to.' }),
});

export const ListPoliciesGrantingServiceAccess = operation({
  doc: 'Lists the policies by which a user, a group or a role may do something with each service.',
  effect: 'read',
  errors: [NoSuchEntity, InvalidInput],
  input: structure({
    Marker: pageMembers.Marker,
    Arn: required(Arn, { doc: 'The ARN of the user, group or role.' }),
    ServiceNamespaces: required(list(ServiceNamespace, { min: 1, max: 200 }), {
      doc: 'Prefixes of actions, `iam`, served here or not.',
    }),
  }),
  output: structure({
    PoliciesGrantingServiceAccess: required(
      list(
        structure({
          ServiceNamespace: optional(ServiceNamespace, { doc: 'The prefix, as it was given.' }),
          Policies: optional(list(PolicyGranting), { doc: 'The policies; none where none allows anything.' }),
        }),
      ),
      { doc: 'A list for each prefix.' },
    ),
    ...pageOutput,
  }),
  access: (input) => [reportedAccess(input.Arn)],
  run: ({ Arn: arn, ServiceNamespaces: namespaces, Marker }, call) =>
    call.read(async (reader) => {
      const reported = await reportedOf(reader, call, arn);
      // Ours: the sentence; AWS doc: a policy's ARN is none of those that can be asked about.
      if (reported.kind === 'policy') throw InvalidInput(`ARN ${arn} is not valid.`);
      const { identity } = await appliedPolicies(reader, call.account, reported.entity);
      const listing = `policies granting access ${JSON.stringify([reported.entity.id, namespaces])}`;
      const { records, shown } = sliced(call, listing, namespaces, { Marker });
      return {
        PoliciesGrantingServiceAccess: records.map((namespace) => granting(call, identity, namespace)),
        ...shown,
      };
    }),
});

function granting(call: Call, applied: readonly AppliedPolicy[], namespace: string) {
  const service = namespace.toLowerCase();
  const policies = applied.filter(({ document }) => grantsSomeOf(call.policyOf(document, 'identity'), service));
  return { ServiceNamespace: namespace, Policies: policies.map(shownPolicy) };
}

export const entityTypes = { user: 'USER', role: 'ROLE', group: 'GROUP' } as const satisfies Readonly<
  Record<EntityKind, string>
>;

function shownPolicy({ policyName, policyArn, holder }: AppliedPolicy) {
  return policyArn === null
    ? {
        PolicyName: policyName,
        PolicyType: 'INLINE' as const,
        EntityType: entityTypes[holder.kind],
        EntityName: holder.name,
      }
    : { PolicyName: policyName, PolicyType: 'MANAGED' as const, PolicyArn: policyArn };
}
