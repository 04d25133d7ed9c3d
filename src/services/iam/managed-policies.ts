// Managed policies: those that AWS keeps in every account, with one version each. Policies of the account's own making
// are not served yet.
import { commonError } from '../../contract/error.ts';
import { boolean, list, oneOf, optional, required, structure, type ValueOf } from '../../contract/shape.ts';
import type { Reader } from '../../store/store.ts';
import { parseArn } from '../arn.ts';
import { type Call, operation } from '../call.ts';
import { listingPolicies, policyAccess } from './access.ts';
import { awsManagedPolicies, type ManagedPolicy } from './aws-managed-policies.ts';
import { InvalidInput, NoSuchEntity } from './errors.ts';
import { sliced } from './pages.ts';
import { findManagedPolicy, rolesOfPolicies, underPolicy } from './records.ts';
import {
  Arn,
  Policy,
  PolicyPath,
  PolicyUsage,
  PolicyVersion,
  PolicyVersionId,
  pageMembers,
  pageOutput,
  percentEncoded,
} from './shapes.ts';

const policyArn = { PolicyArn: required(Arn, { doc: 'The ARN of the policy.' }) };

export const GetPolicy = operation({
  doc: 'Gets a managed policy, without its document.',
  effect: 'read',
  errors: [NoSuchEntity, InvalidInput],
  input: structure(policyArn),
  output: structure({ Policy: optional(Policy, { doc: 'The policy.' }) }),
  access: (input) => [policyAccess(input.PolicyArn)],
  run: ({ PolicyArn: arn }, call) =>
    call.read(async (reader) => {
      const policy = await foundPolicy(reader, call, arn);
      const summary = summaryOf(policy, await roleCount(reader, call, arn));
      // AWS seen: an empty list for the policies of AWS, which have no tags.
      return { Policy: { ...summary, Description: policy.description, Tags: [] } };
    }),
});

export const GetPolicyVersion = operation({
  doc: 'Gets a version of a managed policy with its document.',
  effect: 'read',
  errors: [NoSuchEntity, InvalidInput],
  input: structure({ ...policyArn, VersionId: required(PolicyVersionId, { doc: 'The version.' }) }),
  output: structure({ PolicyVersion: optional(PolicyVersion, { doc: 'The version.' }) }),
  access: (input) => [policyAccess(input.PolicyArn)],
  run: ({ PolicyArn: arn, VersionId: versionId }, call) =>
    call.read(async (reader) => {
      const policy = await foundPolicy(reader, call, arn);
      // AWS seen: the sentence. Ours: of AWS's policies the version in force is the only one.
      if (versionId !== policy.versionId) {
        throw NoSuchEntity(`Policy ${arn} version ${versionId} does not exist or is not attachable.`);
      }
      return { PolicyVersion: { Document: percentEncoded(policy.document), ...versionOf(policy) } };
    }),
});

export const ListPolicies = operation({
  doc: 'Lists the managed policies in the order of their names, without their descriptions.',
  effect: 'read',
  errors: [],
  input: structure({
    Scope: optional(oneOf('All', 'AWS', 'Local'), { doc: "Whose policies: AWS's, the account's own. Absent: `All`." }),
    OnlyAttached: optional(boolean, { doc: 'Only policies that are attached. Absent: all.' }),
    PathPrefix: optional(PolicyPath, { doc: 'Only paths that begin with it. Absent: `/`.' }),
    PolicyUsageFilter: optional(PolicyUsage, { doc: 'Only policies that can be used so. Absent: all.' }),
    ...pageMembers,
  }),
  output: structure({ Policies: optional(list(Policy), { doc: 'The policies.' }), ...pageOutput }),
  access: (input) => listingPolicies(input.PathPrefix),
  run: ({ Scope, OnlyAttached = false, PathPrefix = '/', PolicyUsageFilter, ...asked }, call) =>
    call.read(async (reader) => {
      const isNone = Scope === 'Local' || PolicyUsageFilter === 'PermissionsBoundary';
      const policies = (isNone ? [] : awsManagedPolicies(call.partition)).filter(({ path }) =>
        path.startsWith(PathPrefix),
      );
      const counted = await Promise.all(
        policies.map(async (policy) => summaryOf(policy, await roleCount(reader, call, policy.arn))),
      );
      const wanted = counted.filter(({ AttachmentCount }) => !OnlyAttached || AttachmentCount > 0);
      const listing = `policies ${JSON.stringify([call.account, Scope, OnlyAttached, PathPrefix, PolicyUsageFilter])}`;
      const { records, shown } = sliced(call, listing, wanted, asked);
      return { Policies: records, ...shown };
    }),
});

export const ListPolicyVersions = operation({
  doc: 'Lists the versions of a managed policy, without their documents.',
  effect: 'read',
  errors: [NoSuchEntity, InvalidInput],
  input: structure({ ...policyArn, ...pageMembers }),
  output: structure({ Versions: optional(list(PolicyVersion), { doc: 'The versions.' }), ...pageOutput }),
  access: (input) => [policyAccess(input.PolicyArn)],
  run: ({ PolicyArn: arn, ...asked }, call) =>
    call.read(async (reader) => {
      const policy = await foundPolicy(reader, call, arn);
      const { records, shown } = sliced(call, `versions of ${arn}`, [versionOf(policy)], asked);
      return { Versions: records, ...shown };
    }),
});

/** The policy, or NoSuchEntity. AWS seen: 2025-03-06, the sentence, of DeletePolicy. */
export async function foundPolicy(reader: Reader, call: Call, arn: string): Promise<ManagedPolicy> {
  checkPolicyArn(call, arn);
  const policy = await findManagedPolicy(reader, arn);
  if (policy === undefined) throw NoSuchEntity(`Policy ${arn} was not found.`);
  return policy;
}

/**
 * Throws unless the text is the ARN of a policy in the caller's partition.
 * AWS seen: 2025-06-19, the first sentence, two spaces and all; 2017-08-03, the code of the second.
 * AWS seen: 2024-11-18, a notice to customers: partition, service, Region and type must be right, or the ARN is refused.
 */
export function checkPolicyArn(call: Call, text: string): void {
  const arn = parseArn(text);
  if (arn === undefined) throw commonError('validation', 'query', 'Invalid ARN:  Could not be parsed!');
  const { partition, service, region, resource } = arn;
  const isPolicy = service === 'iam' && region === '' && resource.startsWith('policy/');
  if (!isPolicy || partition !== call.partition) throw InvalidInput(`ARN ${text} is not valid.`);
}

function summaryOf(policy: ManagedPolicy, roles: number): ValueOf<typeof Policy> {
  return {
    PolicyName: policy.name,
    PolicyId: policy.policyId,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.versionId,
    AttachmentCount: roles,
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    CreateDate: policy.createDate,
    UpdateDate: policy.updateDate,
  };
}

function versionOf({ versionId, updateDate }: ManagedPolicy) {
  return { VersionId: versionId, IsDefaultVersion: true, CreateDate: updateDate };
}

/** Counted, not kept: no number can differ from the attachments. */
async function roleCount(reader: Reader, { account }: Call, arn: string): Promise<number> {
  const prefix = underPolicy(account, arn);
  const limit = 1000;
  let count = 0;
  for (let after: string | undefined; ; ) {
    const entries = await rolesOfPolicies.list(reader, { prefix, limit, ...(after === undefined ? {} : { after }) });
    count += entries.length;
    if (entries.length < limit) return count;
    after = entries.at(-1)?.key;
  }
}
