// policy-check: is this document a policy of its kind?
import { type PolicyKind, type PolicyOptions, parsePolicy } from '../../src/core/policy/document.ts';
import { BadInput, type JsonObject, optionalText, text, type Verdict } from './subcommand.ts';

const MANAGED = { kind: 'identity', options: { requireVersion20121017: true } } as const;
const INLINE = { kind: 'identity', options: {} } as const;

type Reading = { readonly kind: PolicyKind; readonly options: PolicyOptions };

/**
 * The kinds of `kind`. `identity` is judged as CreatePolicy judges, which is stricter than an inline policy: what passes
 * may be written anywhere.
 */
const KINDS: Readonly<Record<string, Reading>> = {
  identity: MANAGED,
  managed: MANAGED,
  inline: INLINE,
  trust: { kind: 'trust', options: {} },
  session: { kind: 'session', options: {} },
  resource: { kind: 'resource', options: {} },
};

/** Members read: `document` (text), `kind?`. Answers `ok`, or `MalformedPolicyDocument` with AWS's sentence. */
export function policyCheck(line: JsonObject): Verdict {
  const kind = optionalText(line, 'kind') ?? 'identity';
  const reading = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (reading === undefined) throw new BadInput(`\`kind\` is none of ${Object.keys(KINDS).join(', ')}`);
  const result = parsePolicy(text(line, 'document'), reading.kind, reading.options);
  return result.ok
    ? { result: 'ok' }
    : { result: 'MalformedPolicyDocument', code: result.reason, message: result.message };
}
