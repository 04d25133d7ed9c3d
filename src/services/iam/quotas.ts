// Quotas of IAM, refused in AWS's sentence.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
import type { Document, Writer } from '../../store/store.ts';
import type { Call } from '../call.ts';
import { addCounted } from '../counts.ts';
import type { Collection } from '../records.ts';
import type { QuotaName } from '../settings.ts';
import { ofAccount } from './documents.ts';
import { LimitExceeded } from './errors.ts';

/** Throws LimitExceeded where there would be more of them than the quota. AWS seen: the sentence, of several quotas. */
export function checkQuota(call: Pick<Call, 'settings'>, name: QuotaName, count: number): void {
  const quota = call.settings.quotas[name];
  if (count > quota) throw LimitExceeded(`Cannot exceed quota for ${name}: ${quota}`);
}

/** Puts a record of the account's under its name in lower case, which the caller found free; throws when there are as many as the quota says. */
export async function putNew<T extends Document>(
  writer: Writer,
  call: Call,
  {
    to,
    quota,
    name,
    record,
  }: { readonly to: Collection<T>; readonly quota: QuotaName; readonly name: string; readonly record: T },
): Promise<void> {
  await addCounted(writer, to, ofAccount(call.account), name.toLowerCase(), record, (count) =>
    checkQuota(call, quota, count),
  );
}

/** Characters of a policy, white space not counted. */
export function policySize(document: string): number {
  return document.replace(/\s/g, '').length;
}
