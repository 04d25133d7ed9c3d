// Policy documents as requests bring them: checked by AWS's grammar before anything is written.
import { type PolicyKind, type PolicyOptions, parsePolicy } from '../../core/policy/document.ts';
import { MalformedPolicyDocument } from './errors.ts';

/** Throws MalformedPolicyDocument with AWS's sentence unless the text is a policy of the kind. */
export function checkDocument(text: string, kind: PolicyKind, options?: PolicyOptions): void {
  const parsed = parsePolicy(text, kind, options);
  if (!parsed.ok) throw MalformedPolicyDocument(parsed.message, { reason: parsed.reason });
}
