// Policy documents as requests bring them: checked by AWS's grammar before anything is written.
import { type PolicyKind, type PolicyOptions, parsePolicy } from '../../core/policy/document.ts';
import { bounded } from '../../core/remember.ts';
import { MalformedPolicyDocument } from './errors.ts';

/** Texts remembered of each kind, at most, and their characters. */
const room = 256;
const roomOfTexts = 256 * 1024;

/** Texts that were found lawful: who makes many roles gives most of them the same trust policy. */
const lawful = {
  identity: bounded<true>(room, roomOfTexts),
  session: bounded<true>(room, roomOfTexts),
  trust: bounded<true>(room, roomOfTexts),
  resource: bounded<true>(room, roomOfTexts),
} satisfies Record<PolicyKind, unknown>;

/** Throws MalformedPolicyDocument with AWS's sentence unless the text is a policy of the kind. */
export function checkDocument(text: string, kind: PolicyKind, options?: PolicyOptions): void {
  if (options === undefined && lawful[kind].get(text)) return;
  const parsed = parsePolicy(text, kind, options);
  if (!parsed.ok) throw MalformedPolicyDocument(parsed.message, { reason: parsed.reason });
  if (options === undefined) lawful[kind].set(text, true, text.length);
}
