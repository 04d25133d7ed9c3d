// What operations on managed policies check: that the ARN is one, that the policy is there, and that it is the account's
// own where it is to be changed.
import { commonError } from '../../contract/error.ts';
import type { Reader, Writer } from '../../store/store.ts';
import { parseArn } from '../arn.ts';
import type { Call } from '../call.ts';
import { awsManagedPolicy, serviceRolePath } from './aws-managed-policies.ts';
import { keyOf, type ManagedPolicyRecord, policies } from './documents.ts';
import { InvalidInput, NoSuchEntity, PolicyNotAttachable } from './errors.ts';
import { findOutline, findOwnPolicy, type PolicyOutline } from './managed-policy-records.ts';
import { checkDocument } from './policy-documents.ts';
import { checkQuota, policySize } from './quotas.ts';

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

/** The policy, or NoSuchEntity. AWS seen: 2025-03-06, the sentence, of DeletePolicy. */
export async function foundPolicy(reader: Reader, call: Call, arn: string): Promise<PolicyOutline> {
  checkPolicyArn(call, arn);
  const policy = await findOutline(reader, call.account, arn);
  if (policy === undefined) throw notFound(arn);
  return policy;
}

/** What a refused attachment or boundary reads. AWS seen: 2025-06-19 and 2020-02-05, the sentences. */
export async function attachablePolicy(
  reader: Reader,
  call: Call,
  arn: string,
  /** Ahead of the sentence. AWS seen: CreateRole, `Scope ARN: … does not exist or is not attachable.` */
  what: 'Policy' | 'Scope ARN:' = 'Policy',
): Promise<PolicyOutline> {
  const policy = await findOutline(reader, call.account, arn);
  if (policy === undefined) throw NoSuchEntity(`${what} ${arn} does not exist or is not attachable.`);
  if (policy.owner === 'aws' && policy.path.startsWith(serviceRolePath)) {
    throw PolicyNotAttachable('Cannot attach a Service Role Policy to a Customer Role.');
  }
  return policy;
}

/** The record of a policy that a request may change; AWS's policies are refused to everybody. */
export async function ownPolicy(reader: Reader, call: Call, action: string, arn: string): Promise<ManagedPolicyRecord> {
  checkPolicyArn(call, arn);
  if (awsManagedPolicy(arn) !== undefined) {
    const who = 'arn' in call.caller ? call.caller.arn : 'anonymous';
    // Ours: the end of the sentence; AWS seen: the code.
    const sentence = `User: ${who} is not authorized to perform: ${action} on resource: policy ${arn}`;
    throw commonError('accessDenied', 'query', sentence, { reason: 'awsManagedPolicy', policyArn: arn });
  }
  const record = await findOwnPolicy(reader, call.account, arn);
  if (record === undefined) throw notFound(arn);
  return record;
}

/** Reads, changes and writes one of the account's own policies; gives the new record. */
export async function changedPolicy(
  writer: Writer,
  call: Call,
  action: string,
  arn: string,
  change: (record: ManagedPolicyRecord) => ManagedPolicyRecord,
): Promise<ManagedPolicyRecord> {
  const record = change(await ownPolicy(writer, call, action, arn));
  await policies.put(writer, keyOf(call.account, record.policyName), record);
  return record;
}

function notFound(arn: string) {
  return NoSuchEntity(`Policy ${arn} was not found.`);
}

/**
 * Throws unless the text may be a managed policy: MalformedPolicyDocument with AWS's sentence, or LimitExceeded.
 * AWS seen: 2017–2020, Version must be 2012-10-17 here, and the sentence of the quota.
 */
export function checkManagedDocument(call: Call, document: string): void {
  checkDocument(document, 'identity', { requireVersion20121017: true });
  checkQuota(call, 'PolicySize', policySize(document));
}
