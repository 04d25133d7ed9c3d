// How long a session lasts and how much it may carry.

export type SessionSeconds =
  | { readonly ok: true; readonly seconds: number }
  | { readonly ok: false; readonly reason: 'exceedsMaxSessionDuration'; readonly seconds: number };

/**
 * Seconds of the session: what is asked for, at most what the profile allows; more than the role allows is refused, not
 * shortened. AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
 */
export function sessionSeconds(asked: number | undefined, ofProfile: number, ofRole: number): SessionSeconds {
  const seconds = Math.min(asked ?? ofProfile, ofProfile);
  return seconds > ofRole ? { ok: false, reason: 'exceedsMaxSessionDuration', seconds } : { ok: true, seconds };
}

/** What a session carries besides its identity. */
export type Baggage = {
  readonly policies: readonly string[];
  readonly managedPolicyArns: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
};

export type BaggageVerdict =
  | { readonly ok: true; readonly packedPolicySize: number }
  | { readonly ok: false; readonly reason: 'tooManyTags' | 'policiesTooLong' | 'tooManyPolicies' | 'packedTooLarge' };

// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const maxTags = 50;
const maxPolicyCharacters = 2048;
const maxManagedPolicies = 10;
/** Ours: AWS publishes no formula for the packed size; this is 100 % of it, in bytes of policies and tags. */
const packedBytes = 8192;

/** Whether STS would take it all, and how much of the packed limit it uses, in percent. */
export function judgeBaggage({ policies, managedPolicyArns, tags }: Baggage): BaggageVerdict {
  const keys = Object.keys(tags);
  if (keys.length > maxTags) return { ok: false, reason: 'tooManyTags' };
  if (managedPolicyArns.length > maxManagedPolicies) return { ok: false, reason: 'tooManyPolicies' };
  let characters = 0;
  let bytes = 0;
  for (const text of policies) {
    characters += text.length;
    bytes += Buffer.byteLength(text);
  }
  for (const text of managedPolicyArns) {
    characters += text.length;
    bytes += Buffer.byteLength(text);
  }
  if (characters > maxPolicyCharacters) return { ok: false, reason: 'policiesTooLong' };
  for (const key of keys) bytes += Buffer.byteLength(key) + Buffer.byteLength(tags[key] ?? '');
  const packedPolicySize = Math.ceil((100 * bytes) / packedBytes);
  return packedPolicySize > 100 ? { ok: false, reason: 'packedTooLarge' } : { ok: true, packedPolicySize };
}
