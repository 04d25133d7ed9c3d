// The Principal and NotPrincipal elements of trust and resource policies: whom a statement names, and how directly.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
import type { Json } from './json.ts';
import { type Facts, type Principal, singleValue } from './request.ts';

/** Whom one value of the element names. */
export type PrincipalEntry =
  | { readonly kind: 'any' }
  | { readonly kind: 'account'; readonly account: string }
  | { readonly kind: 'arn'; readonly arn: string }
  | { readonly kind: 'uniqueId'; readonly id: string }
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'federated'; readonly provider: string }
  | { readonly kind: 'canonicalUser'; readonly id: string };

/** A compiled Principal (or, negated, NotPrincipal) element. */
export type PrincipalElement = { readonly negated: boolean; readonly entries: readonly PrincipalEntry[] };

/**
 * How directly a statement names a principal, weakest first. `account`: it trusts the account, whose own policies must
 * still allow. `role`: it names the role, or the user who federated; boundary and session policies still limit the
 * session. `direct`: it names the caller itself, or everyone.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 */
export type Grant = 'none' | 'account' | 'role' | 'direct';

const STRENGTH: readonly Grant[] = ['none', 'account', 'role', 'direct'];

/** The stronger of two grants. */
export const strongerGrant = (a: Grant, b: Grant): Grant => (STRENGTH.indexOf(a) >= STRENGTH.indexOf(b) ? a : b);

const ACCOUNT = /^\d{12}$/;
const ROOT_ARN = /^arn:aws[a-z-]*:iam::(\d{12}):root$/;
const CALLER_ARN =
  /^arn:aws[a-z-]*:(?:iam::\d{12}:(?:user|role)\/[\w+=,.@/-]+|sts::\d{12}:(?:assumed-role\/[\w+=,.@-]+|federated-user)\/[\w+=,.@:-]+)$/;
const FEDERATED_USER = /^arn:[^:]*:sts::\d{12}:federated-user\//;
const UNIQUE_ID = /^A(?:ROA|IDA)[A-Z0-9]{12,124}$/;
const PROVIDER_ARN = /^arn:aws[a-z-]*:iam::\d{12}:(?:saml-provider|oidc-provider)\/[^\s*?]+$/;
const HOST_NAME = /^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}$/;

type ReadEntry = (value: string) => PrincipalEntry | undefined;

/** Reads a value of each kind of principal; undefined when malformed. Ours: any dotted host name may be a service. */
const ENTRIES: Readonly<Record<string, ReadEntry>> = {
  AWS(value) {
    if (value === '*') return { kind: 'any' };
    const account = ACCOUNT.test(value) ? value : ROOT_ARN.exec(value)?.[1];
    if (account !== undefined) return { kind: 'account', account };
    if (UNIQUE_ID.test(value)) return { kind: 'uniqueId', id: value };
    return CALLER_ARN.test(value) ? { kind: 'arn', arn: value } : undefined;
  },
  Service: (value) => (HOST_NAME.test(value) ? { kind: 'service', service: value } : undefined),
  Federated: (value) =>
    PROVIDER_ARN.test(value) || HOST_NAME.test(value) ? { kind: 'federated', provider: value } : undefined,
  CanonicalUser: (value) => (/^[0-9a-f]{64}$/.test(value) ? { kind: 'canonicalUser', id: value } : undefined),
};

/** What reading the element answers; `undefined` as message stands for a plain syntax error. */
export type PrincipalResult =
  | { readonly ok: true; readonly entries: readonly PrincipalEntry[] }
  | { readonly ok: false; readonly reason: 'syntax' | 'invalidPrincipal'; readonly value?: string };

/**
 * Reads the value of Principal or NotPrincipal: `"*"`, or an object of kinds, each one value or a list. Wildcards inside
 * an ARN are refused, as AWS refuses them.
 */
export function readPrincipals(element: Json): PrincipalResult {
  if (element === '*') return { ok: true, entries: [{ kind: 'any' }] };
  if (typeof element === 'string') return { ok: false, reason: 'invalidPrincipal', value: `"STATIC":"${element}"` };
  if (element === null || typeof element !== 'object' || Array.isArray(element)) return { ok: false, reason: 'syntax' };
  const entries: PrincipalEntry[] = [];
  for (const [kind, value] of Object.entries(element)) {
    const read = Object.hasOwn(ENTRIES, kind) ? ENTRIES[kind] : undefined;
    const values: readonly Json[] = Array.isArray(value) ? value : [value];
    if (read === undefined || values.length === 0) return { ok: false, reason: 'syntax' };
    for (const one of values) {
      if (typeof one !== 'string') return { ok: false, reason: 'syntax' };
      const entry = read(one);
      const shown = `"${kind === 'AWS' ? kind : kind.toUpperCase()}":"${one}"`;
      if (entry === undefined) return { ok: false, reason: 'invalidPrincipal', value: shown };
      entries.push(entry);
    }
  }
  return entries.length === 0 ? { ok: false, reason: 'syntax' } : { ok: true, entries };
}

/** An identity provider or an AWS service: a caller that belongs to no account and has no policies of its own. */
export const hasNoIdentityPolicies = (principal: Principal): boolean =>
  principal.kind === 'service' ||
  principal.kind === 'anonymous' ||
  (principal.kind === 'federated' && !FEDERATED_USER.test(principal.arn ?? ''));

function grantOf(entry: PrincipalEntry, principal: Principal, facts: Facts): Grant {
  const foreign = hasNoIdentityPolicies(principal);
  switch (entry.kind) {
    case 'any':
      return 'direct';
    case 'account':
      if (foreign || principal.account !== entry.account) return 'none';
      return principal.kind === 'root' ? 'direct' : 'account';
    case 'arn':
      if (foreign) return 'none';
      if (principal.kind === 'assumedRole' && principal.roleArn === entry.arn) return 'role';
      if (principal.kind === 'federated' && principal.userArn === entry.arn) return 'role';
      if (principal.arn !== entry.arn) return 'none';
      return principal.kind === 'role' ? 'role' : 'direct';
    case 'uniqueId': {
      const [id] = singleValue(facts, 'aws:userid')?.split(':') ?? [];
      if (foreign || id !== entry.id) return 'none';
      return principal.kind === 'user' ? 'direct' : 'role';
    }
    case 'service':
      return principal.kind === 'service' && principal.service === entry.service ? 'direct' : 'none';
    case 'federated':
      return principal.kind === 'federated' && foreign && principal.arn === entry.provider ? 'direct' : 'none';
    case 'canonicalUser':
      return 'none';
  }
}

/**
 * How directly a statement with this element names the principal; `none` when it does not.
 * Ours: in an Allow, `*` means AWS principals and anonymous callers, never an AWS service or an identity provider, which
 * must be named; in a Deny it means everyone. AWS documents only the latter. Canonical user ids name nobody here.
 * A NotPrincipal names whoever none of its values names.
 */
export function principalGrant(
  element: PrincipalElement,
  principal: Principal,
  effect: 'Allow' | 'Deny',
  facts: Facts,
): Grant {
  const everyone = effect === 'Deny' || !hasNoIdentityPolicies(principal) || principal.kind === 'anonymous';
  let strongest: Grant = 'none';
  for (const entry of element.entries) {
    if (!everyone && !element.negated && entry.kind === 'any') continue;
    strongest = strongerGrant(strongest, grantOf(entry, principal, facts));
  }
  if (!element.negated) return strongest;
  return strongest === 'none' && everyone ? 'direct' : 'none';
}
