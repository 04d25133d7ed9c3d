// Versions of managed policies: a few are kept, one is in force, and none changes once it is made.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
import { boolean, list, nothing, optional, required, structure, type ValueOf } from '../../contract/shape.ts';
import { operation } from '../call.ts';
import { policyAccess } from './access.ts';
import { DeleteConflict, InvalidInput, LimitExceeded, MalformedPolicyDocument, NoSuchEntity } from './errors.ts';
import { deleteDocument, findDocument, type PolicyOutline, putDocument } from './managed-policy-records.ts';
import { changedPolicy, checkManagedDocument, checkPolicyArn, foundPolicy, ownPolicy } from './managed-policy-rules.ts';
import { sliced } from './pages.ts';
import {
  Arn,
  PolicyDocument,
  PolicyVersion,
  PolicyVersionId,
  pageMembers,
  pageOutput,
  percentEncoded,
} from './shapes.ts';

const policyArn = { PolicyArn: required(Arn, { doc: 'The ARN of the policy.' }) };
const version = { ...policyArn, VersionId: required(PolicyVersionId, { doc: 'The version.' }) };
const output = structure({ PolicyVersion: optional(PolicyVersion, { doc: 'The version.' }) });

export const CreatePolicyVersion = operation({
  doc: "Adds a version to a managed policy of the account's own.",
  effect: 'write',
  errors: [NoSuchEntity, MalformedPolicyDocument, InvalidInput, LimitExceeded],
  input: structure({
    ...policyArn,
    PolicyDocument: required(PolicyDocument, { doc: 'The policy, as JSON text.' }),
    SetAsDefault: optional(boolean, { doc: 'Whether the new version is in force at once. Absent: no.' }),
  }),
  output,
  access: async (input, call) => [await policyAccess(call, input.PolicyArn)],
  async run({ PolicyArn: arn, PolicyDocument: document, SetAsDefault: isDefault = false }, call) {
    checkPolicyArn(call, arn);
    checkManagedDocument(call, document);
    return call.write(async (writer) => {
      const createDate = call.now.toISOString();
      const { nextVersion, policyId } = await ownPolicy(writer, call, action('Create'), arn);
      const versionId = `v${nextVersion}`;
      await changedPolicy(writer, call, action('Create'), arn, (policy) => {
        checkVersions(call.settings.quotas.VersionsPerPolicy, policy.versions.length);
        return {
          ...policy,
          versions: [...policy.versions, { versionId, createDate }],
          defaultVersionId: isDefault ? versionId : policy.defaultVersionId,
          nextVersion: nextVersion + 1,
          updateDate: createDate,
        };
      });
      await putDocument(writer, call.account, { policyId, versionId, document });
      return { PolicyVersion: { VersionId: versionId, IsDefaultVersion: isDefault, CreateDate: call.now } };
    });
  },
});

export const GetPolicyVersion = operation({
  doc: 'Gets a version of a managed policy with its document.',
  effect: 'read',
  errors: [NoSuchEntity, InvalidInput],
  input: structure(version),
  output,
  access: async (input, call) => [await policyAccess(call, input.PolicyArn)],
  run: ({ PolicyArn: arn, VersionId: versionId }, call) =>
    call.read(async (reader) => {
      const policy = await foundPolicy(reader, call, arn);
      const document = await findDocument(reader, call.account, policy, versionId);
      const shown = shownVersions(policy).find((one) => one.VersionId === versionId);
      if (document === undefined || shown === undefined) throw noVersion(arn, versionId);
      return { PolicyVersion: { Document: percentEncoded(document), ...shown } };
    }),
});

export const ListPolicyVersions = operation({
  doc: 'Lists the versions of a managed policy, the newest first, without their documents.',
  effect: 'read',
  errors: [NoSuchEntity, InvalidInput],
  input: structure({ ...policyArn, ...pageMembers }),
  output: structure({ Versions: optional(list(PolicyVersion), { doc: 'The versions.' }), ...pageOutput }),
  access: async (input, call) => [await policyAccess(call, input.PolicyArn)],
  run: ({ PolicyArn: arn, ...asked }, call) =>
    call.read(async (reader) => {
      const policy = await foundPolicy(reader, call, arn);
      const { records, shown } = sliced(call, `versions of ${arn}`, shownVersions(policy).reverse(), asked);
      return { Versions: records, ...shown };
    }),
});

export const SetDefaultPolicyVersion = operation({
  doc: 'Puts a version of a managed policy in force, for everybody whom the policy is attached to.',
  effect: 'write',
  errors: [NoSuchEntity, InvalidInput],
  input: structure(version),
  output: nothing,
  access: async (input, call) => [await policyAccess(call, input.PolicyArn)],
  run: ({ PolicyArn: arn, VersionId: versionId }, call) =>
    call.write(async (writer) => {
      await changedPolicy(writer, call, 'iam:SetDefaultPolicyVersion', arn, (policy) => {
        if (!policy.versions.some((one) => one.versionId === versionId)) throw noVersion(arn, versionId);
        return { ...policy, defaultVersionId: versionId };
      });
      return {};
    }),
});

export const DeletePolicyVersion = operation({
  doc: 'Deletes a version of a managed policy that is not in force.',
  effect: 'write',
  errors: [NoSuchEntity, InvalidInput, DeleteConflict],
  input: structure(version),
  output: nothing,
  access: async (input, call) => [await policyAccess(call, input.PolicyArn)],
  run: ({ PolicyArn: arn, VersionId: versionId }, call) =>
    call.write(async (writer) => {
      const { policyId } = await changedPolicy(writer, call, action('Delete'), arn, (policy) => {
        const versions = policy.versions.filter((one) => one.versionId !== versionId);
        if (versions.length === policy.versions.length) throw noVersion(arn, versionId);
        // AWS seen: 2020-06-17, the sentence.
        if (policy.defaultVersionId === versionId) {
          throw DeleteConflict('Cannot delete the default version of a policy.');
        }
        return { ...policy, versions };
      });
      await deleteDocument(writer, call.account, policyId, versionId);
      return {};
    }),
});

const action = (verb: 'Create' | 'Delete') => `iam:${verb}PolicyVersion`;

/** AWS seen: 2016-10-17, the sentence. */
function checkVersions(quota: number, held: number): void {
  if (held < quota) return;
  throw LimitExceeded(
    `A managed policy can have up to ${quota} versions. Before you create a new version, you must delete an existing version.`,
  );
}

/** AWS seen: the sentence. */
function noVersion(arn: string, versionId: string) {
  return NoSuchEntity(`Policy ${arn} version ${versionId} does not exist or is not attachable.`);
}

function shownVersions({ versions, defaultVersionId }: PolicyOutline): ValueOf<typeof PolicyVersion>[] {
  return versions.map(({ versionId, createDate }) => ({
    VersionId: versionId,
    IsDefaultVersion: versionId === defaultVersionId,
    CreateDate: createDate,
  }));
}
