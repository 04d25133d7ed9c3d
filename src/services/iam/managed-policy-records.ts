// Managed policies, whoever keeps them: AWS's are the same in every account, an account's own stand in its records.
import type { Reader, Writer } from '../../store/store.ts';
import { countOf, deleteCounted, putCounted } from '../counts.ts';
import { type AwsManagedPolicy, awsManagedPolicy } from './aws-managed-policies.ts';
import {
  attachedTo,
  boundaryOf,
  keyOf,
  type ManagedPolicyRecord,
  ofAccount,
  policies,
  policyDocuments,
  type Tag,
  under,
  underPolicy,
} from './documents.ts';

/** What lists show of a managed policy. */
export type PolicyOutline = {
  readonly owner: 'aws' | 'customer';
  readonly arn: string;
  readonly name: string;
  /** Begins and ends with a slash. */
  readonly path: string;
  /** `ANPA…`. */
  readonly policyId: string;
  readonly description: string | null;
  /** Ascending. */
  readonly versions: readonly { readonly versionId: string; readonly createDate: Date }[];
  readonly defaultVersionId: string;
  readonly createDate: Date;
  readonly updateDate: Date;
  readonly tags: readonly Tag[];
};

/** A managed policy with the document of the version in force, JSON text. */
export type ManagedPolicy = PolicyOutline & { readonly document: string };

/** A policy of AWS's, as every managed policy is seen. */
export function ofAws({ versionId, document: _, ...policy }: AwsManagedPolicy): PolicyOutline {
  const versions = [{ versionId, createDate: policy.updateDate }];
  return { ...policy, owner: 'aws', versions, defaultVersionId: versionId, tags: [] };
}

/** A policy of an account's own, as every managed policy is seen. */
export function ofCustomer({ policyName, nextVersion: _, ...record }: ManagedPolicyRecord): PolicyOutline {
  return {
    ...record,
    owner: 'customer',
    name: policyName,
    versions: record.versions.map(({ versionId, createDate }) => ({ versionId, createDate: new Date(createDate) })),
    createDate: new Date(record.createDate),
    updateDate: new Date(record.updateDate),
  };
}

/** The policy of this very ARN, AWS's or the account's own, or undefined. */
export async function findOutline(reader: Reader, account: string, arn: string): Promise<PolicyOutline | undefined> {
  const aws = awsManagedPolicy(arn);
  if (aws !== undefined) return ofAws(aws);
  const record = await findOwnPolicy(reader, account, arn);
  return record && ofCustomer(record);
}

/** The same, with the document that is in force. */
export async function findManagedPolicy(
  reader: Reader,
  account: string,
  arn: string,
): Promise<ManagedPolicy | undefined> {
  const policy = await findOutline(reader, account, arn);
  const document = policy && (await findDocument(reader, account, policy, policy.defaultVersionId));
  return policy !== undefined && document !== undefined ? { ...policy, document } : undefined;
}

/** The record of an account's own policy, or undefined. */
export async function findOwnPolicy(
  reader: Reader,
  account: string,
  arn: string,
): Promise<ManagedPolicyRecord | undefined> {
  // A stranger's text makes no other key than a policy's name does.
  const [, name] = /\/([\w+=,.@-]{1,128})$/.exec(arn) ?? [];
  const record = name === undefined ? undefined : await policies.get(reader, keyOf(account, name));
  return record?.arn === arn ? record : undefined;
}

/** The document of a version, or undefined when the policy has no such version. */
export async function findDocument(
  reader: Reader,
  account: string,
  policy: PolicyOutline,
  versionId: string,
): Promise<string | undefined> {
  if (!policy.versions.some((version) => version.versionId === versionId)) return undefined;
  if (policy.owner === 'aws') return awsManagedPolicy(policy.arn)?.document;
  return (await policyDocuments.get(reader, under(account, policy.policyId) + versionId))?.document;
}

/** Keeps the document of a version; the account's versions are counted. INVARIANT: `deleteDocument` alone deletes it. */
export function putDocument(
  writer: Writer,
  account: string,
  {
    policyId,
    versionId,
    document,
  }: { readonly policyId: string; readonly versionId: string; readonly document: string },
): Promise<void> {
  return putCounted(writer, policyDocuments, ofAccount(account), `${policyId}/${versionId}`, { document });
}

export function deleteDocument(writer: Writer, account: string, policyId: string, versionId: string): Promise<void> {
  return deleteCounted(writer, policyDocuments, ofAccount(account), `${policyId}/${versionId}`);
}

/** How many entities of the account the policy is attached to, and how many it bounds. */
export async function usesOf(reader: Reader, account: string, arn: string) {
  const place = underPolicy(account, arn);
  const attached = await Promise.all(Object.values(attachedTo).map((uses) => countOf(reader, uses, place)));
  const bounded = await Promise.all(Object.values(boundaryOf).map((uses) => countOf(reader, uses, place)));
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  return { attached: sum(attached), bounded: sum(bounded) };
}
