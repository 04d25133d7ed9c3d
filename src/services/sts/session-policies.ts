// What bounds a session, as it is asked for: an inline policy, managed policies and tags, each within STS's limits.
// AWS doc: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
import { parsePolicy } from '../../core/policy/document.ts';
import { type Baggage, judgeBaggage } from '../../core/session/limits.ts';
import { parseArn } from '../arn.ts';
import type { Call } from '../call.ts';
import { findManagedPolicy } from '../iam/records.ts';
import { invalid, invalidParameter, MalformedPolicyDocument, PackedPolicyTooLarge } from './errors.ts';
import type { TagValues } from './shapes.ts';

type Asked = {
  readonly Policy?: string | undefined;
  readonly PolicyArns?: readonly { readonly arn?: string | undefined }[] | undefined;
};
type Tags = Readonly<Record<string, string>>;

/** Tags by key. Throws where two keys differ in case alone. AWS seen: code and sentence. */
export function tagsOf(tags: TagValues = []): Tags {
  if (new Set(tags.map(({ Key }) => Key.toLowerCase())).size < tags.length) {
    throw invalidParameter('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  }
  // AWS doc: id_session-tags.html, the prefix is reserved. Ours: the sentence.
  if (tags.some(({ Key }) => Key.toLowerCase().startsWith('aws:'))) {
    throw invalidParameter('Tag keys that begin with aws: are reserved.');
  }
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));
}

/**
 * What a session of the account will carry, and its packed size in percent. Throws for a policy that is none, one that
 * is not there, and for too much of it. AWS seen: the sentences on size. Ours: those on managed policies.
 */
export async function packed(
  asked: Asked,
  tags: Tags,
  account: string,
  call: Call,
): Promise<{ readonly baggage: Baggage; readonly packedPolicySize: number }> {
  const policies = asked.Policy === undefined ? none : [checkedPolicy(asked.Policy)];
  const managedPolicyArns = asked.PolicyArns?.map(({ arn = '' }) => arn) ?? none;
  const baggage = { policies, managedPolicyArns, tags };
  const verdict = judgeBaggage(baggage);
  if (!verdict.ok) throw tooMuch(verdict.reason, baggage);
  await checkManagedPolicies(managedPolicyArns, account, call);
  return { baggage, packedPolicySize: verdict.packedPolicySize };
}

const none: readonly string[] = []; // not frozen: see encodeClaims

function checkedPolicy(text: string): string {
  const parsed = parsePolicy(text, 'session');
  if (!parsed.ok) throw MalformedPolicyDocument(parsed.message, { reason: parsed.reason });
  return text;
}

type Fault = Extract<ReturnType<typeof judgeBaggage>, { ok: false }>['reason'];

function tooMuch(reason: Fault, { policies, managedPolicyArns }: Baggage) {
  switch (reason) {
    case 'tooManyPolicies':
      return invalid('The number of managed session policies must not be more than 10.');
    case 'policiesTooLong': {
      const percent = Math.ceil([...policies, ...managedPolicyArns].join('').length / 20.48);
      return PackedPolicyTooLarge(`Packed policy consumes ${percent}% of allotted space, please use smaller policy.`);
    }
    case 'tooManyTags':
      return invalid('A session has at most 50 tags, those that it inherits included.');
    case 'packedTooLarge':
      return PackedPolicyTooLarge('Serialized token too large for session');
  }
}

/** A managed policy is AWS's or the session's account's own. */
async function checkManagedPolicies(arns: readonly string[], account: string, call: Call): Promise<void> {
  for (const arn of arns) {
    const owner = parseArn(arn)?.account;
    const isOurs = owner === 'aws' || owner === account;
    const policy = isOurs ? await call.read((reader) => findManagedPolicy(reader, account, arn)) : undefined;
    if (policy === undefined) throw invalid(`The managed policy ${arn} was not found.`);
  }
}
