// Managed policies: those that AWS keeps in every account, and the account's own.
import {
  boolean,
  list,
  nothing,
  oneOf,
  optional,
  required,
  string,
  structure,
  type ValueOf,
} from '../../contract/shape.ts';
import type { Reader } from '../../store/store.ts';
import { type Call, operation } from '../call.ts';
import { deleteCounted } from '../counts.ts';
import { creatingPolicy, listingPolicies, policyAccess } from './access.ts';
import { awsManagedPolicies } from './aws-managed-policies.ts';
import { iamArn, keyOf, type ManagedPolicyRecord, ofAccount, policies, uniqueId } from './documents.ts';
import {
  DeleteConflict,
  EntityAlreadyExists,
  InvalidInput,
  LimitExceeded,
  MalformedPolicyDocument,
  NoSuchEntity,
} from './errors.ts';
import {
  deleteDocument,
  ofAws,
  ofCustomer,
  type PolicyOutline,
  putDocument,
  usesOf,
} from './managed-policy-records.ts';
import { checkManagedDocument, foundPolicy, ownPolicy } from './managed-policy-rules.ts';
import { inTurn, listedUnder, type PageRequest, sliced } from './pages.ts';
import { putNew } from './quotas.ts';
import {
  Arn,
  Policy,
  PolicyDocument,
  PolicyName,
  PolicyPath,
  PolicyUsage,
  pageMembers,
  pageOutput,
  TagList,
} from './shapes.ts';
import { checkTags, merged } from './tags.ts';

const policyArn = { PolicyArn: required(Arn, { doc: 'The ARN of the policy.' }) };
const output = structure({ Policy: optional(Policy, { doc: 'The policy.' }) });

export const CreatePolicy = operation({
  doc: "Creates a managed policy of the account's own, with its first version in force.",
  effect: 'write',
  errors: [InvalidInput, LimitExceeded, EntityAlreadyExists, MalformedPolicyDocument],
  input: structure({
    PolicyName: required(PolicyName, { doc: 'The name; unique in the account without regard to case.' }),
    Path: optional(PolicyPath, { doc: 'The path of the policy. Absent: `/`.' }),
    PolicyDocument: required(PolicyDocument, { doc: 'The policy, as JSON text.' }),
    Description: optional(string({ max: 1000 }), { doc: 'What the policy is for; it never changes.' }),
    Tags: optional(TagList, { doc: 'Tags of the new policy.' }),
  }),
  output,
  access: ({ PolicyName: name, Path: path, Tags: tags }, call) => creatingPolicy(call, { name, path, tags }),
  async run({ PolicyName: name, PolicyDocument: document, ...input }, call) {
    checkManagedDocument(call, document);
    checkTags(input.Tags);
    const record = newPolicy(call, name, input);
    return call.write(async (writer) => {
      const { account } = call;
      if (await policies.get(writer, keyOf(account, name))) {
        // AWS seen: the sentence.
        throw EntityAlreadyExists(`A policy called ${name} already exists. Duplicate names are not allowed.`);
      }
      await putNew(writer, call, { to: policies, quota: 'PoliciesPerAccount', name, record });
      await putDocument(writer, account, { policyId: record.policyId, versionId: record.defaultVersionId, document });
      const shown = record.tags.length === 0 ? {} : { Tags: record.tags };
      return { Policy: { ...(await policySummary(writer, call, ofCustomer(record))), ...shown } };
    });
  },
});

export const GetPolicy = operation({
  doc: 'Gets a managed policy, without its document.',
  effect: 'read',
  errors: [NoSuchEntity, InvalidInput],
  input: structure(policyArn),
  output,
  access: async (input, call) => [await policyAccess(call, input.PolicyArn)],
  run: ({ PolicyArn: arn }, call) =>
    call.read(async (reader) => {
      const policy = await foundPolicy(reader, call, arn);
      const described = policy.description === null ? {} : { Description: policy.description };
      // AWS seen: an empty list for a policy without tags.
      return { Policy: { ...(await policySummary(reader, call, policy)), ...described, Tags: policy.tags } };
    }),
});

export const ListPolicies = operation({
  doc: "Lists the managed policies, AWS's and then the account's own, in the order of their names.",
  effect: 'read',
  errors: [],
  input: structure({
    Scope: optional(oneOf('All', 'AWS', 'Local'), { doc: "Whose policies: AWS's, the account's own. Absent: `All`." }),
    OnlyAttached: optional(boolean, { doc: 'Only policies that are attached. Absent: all.' }),
    PathPrefix: optional(PolicyPath, { doc: 'Only paths that begin with it. Absent: `/`.' }),
    PolicyUsageFilter: optional(PolicyUsage, { doc: 'Only policies that are used so. Absent: all.' }),
    ...pageMembers,
  }),
  output: structure({ Policies: optional(list(Policy), { doc: 'The policies.' }), ...pageOutput }),
  access: (input) => listingPolicies(input.PathPrefix),
  run: ({ Scope = 'All', OnlyAttached = false, PathPrefix = '/', PolicyUsageFilter, ...asked }, call) =>
    call.read(async (reader) => {
      const wanted = { attached: OnlyAttached, path: PathPrefix, usage: PolicyUsageFilter };
      const lists = [...(Scope === 'Local' ? [] : [awsList]), ...(Scope === 'AWS' ? [] : [ownList])];
      const { records, shown } = await inTurn(
        `policies ${JSON.stringify([call.account, Scope, wanted])}`,
        lists.map((from) => (page: PageRequest) => from(call, reader, wanted, page)),
        asked,
      );
      return { Policies: await Promise.all(records.map((policy) => policySummary(reader, call, policy))), ...shown };
    }),
});

export const DeletePolicy = operation({
  doc: 'Deletes a managed policy that is not in use, with its one version.',
  effect: 'write',
  errors: [NoSuchEntity, InvalidInput, DeleteConflict],
  input: structure(policyArn),
  output: nothing,
  access: async (input, call) => [await policyAccess(call, input.PolicyArn)],
  run: ({ PolicyArn: arn }, call) =>
    call.write(async (writer) => {
      const { account } = call;
      const policy = await ownPolicy(writer, call, 'iam:DeletePolicy', arn);
      const { attached, bounded } = await usesOf(writer, account, arn);
      // AWS seen: both sentences. Ours: their order.
      if (attached + bounded > 0) throw DeleteConflict('Cannot delete a policy attached to entities.');
      if (policy.versions.length > 1) {
        throw DeleteConflict(
          "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
        );
      }
      await deleteDocument(writer, account, policy.policyId, policy.defaultVersionId);
      await deleteCounted(writer, policies, ofAccount(account), policy.policyName.toLowerCase());
      return {};
    }),
});

type Given = {
  readonly Path?: string | undefined;
  readonly Description?: string | undefined;
  readonly Tags?: ValueOf<typeof TagList> | undefined;
};

function newPolicy(call: Call, name: string, { Path: path = '/', Description, Tags }: Given): ManagedPolicyRecord {
  const versionId = 'v1';
  const createDate = call.now.toISOString();
  return {
    policyName: name,
    policyId: uniqueId('ANPA', call),
    arn: iamArn(call, `policy${path}${name}`),
    path,
    description: Description || null,
    versions: [{ versionId, createDate }],
    defaultVersionId: versionId,
    nextVersion: 2,
    createDate,
    updateDate: createDate,
    tags: merged([], Tags),
  };
}

type Wanted = {
  readonly attached: boolean;
  readonly path: string;
  readonly usage: 'PermissionsPolicy' | 'PermissionsBoundary' | undefined;
};

async function isWanted(reader: Reader, call: Call, { attached, path, usage }: Wanted, policy: PolicyOutline) {
  if (!policy.path.startsWith(path)) return false;
  if (!attached && usage === undefined) return true;
  const uses = await usesOf(reader, call.account, policy.arn);
  // Ours: what has no use yet can be given permissions with.
  const isUsedSo = {
    PermissionsBoundary: uses.bounded > 0,
    PermissionsPolicy: uses.attached > 0 || uses.bounded === 0,
  };
  const isAttached = usage === 'PermissionsBoundary' ? uses.bounded > 0 : uses.attached > 0;
  return (usage === undefined || isUsedSo[usage]) && (!attached || isAttached);
}

async function awsList(call: Call, reader: Reader, wanted: Wanted, asked: PageRequest) {
  const all = awsManagedPolicies(call.partition).map(ofAws);
  const kept = await Promise.all(all.map((policy) => isWanted(reader, call, wanted, policy)));
  const listing = `policies of AWS ${JSON.stringify([call.account, wanted])}`;
  return sliced(
    call,
    listing,
    all.filter((_, index) => kept[index]),
    asked,
  );
}

async function ownList(call: Call, reader: Reader, wanted: Wanted, asked: PageRequest) {
  const accepts = (record: ManagedPolicyRecord) => isWanted(reader, call, wanted, ofCustomer(record));
  const isPlain = wanted.path === '/' && !wanted.attached && wanted.usage === undefined;
  const from = [call, reader, policies, ofAccount(call.account), asked] as const;
  const { records, shown } = await (isPlain ? listedUnder(...from) : listedUnder(...from, accepts));
  return { records: records.map(ofCustomer), shown };
}

/** A policy as lists show it. */
export async function policySummary(
  reader: Reader,
  { account }: Call,
  policy: PolicyOutline,
): Promise<ValueOf<typeof Policy>> {
  const { attached, bounded } = await usesOf(reader, account, policy.arn);
  return {
    PolicyName: policy.name,
    PolicyId: policy.policyId,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersionId,
    AttachmentCount: attached,
    PermissionsBoundaryUsageCount: bounded,
    IsAttachable: true,
    CreateDate: policy.createDate,
    UpdateDate: policy.updateDate,
  };
}
