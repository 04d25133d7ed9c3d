// What a new password lacks, by an account's policy or, where an account has none, by AWS's default.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html

/** What a policy demands. */
export type PasswordDemands = {
  /** Characters, 6–128. */
  readonly minimumLength: number;
  readonly kinds: readonly CharacterKind[];
};

export type CharacterKind = 'uppercase' | 'lowercase' | 'number' | 'symbol';

export type Weakness =
  | { readonly reason: 'tooShort'; readonly minimumLength: number }
  /** `needed` more of the `missing` kinds. */
  | { readonly reason: 'missingKinds'; readonly missing: readonly CharacterKind[]; readonly needed: number }
  | { readonly reason: 'accountName' };

/** Every kind, in the order in which AWS's sentences name them; letters and digits of the Latin alphabet alone. */
const kinds: readonly (readonly [CharacterKind, RegExp])[] = [
  ['uppercase', /[A-Z]/],
  ['lowercase', /[a-z]/],
  ['number', /[0-9]/],
  // AWS doc: the symbols that count.
  ['symbol', /[!@#$%^&*()_+\-=[\]{}|']/],
];

/** AWS doc: the default policy. */
const defaultLength = 8;
const defaultKinds = 3;

/**
 * The first thing that a password lacks, or undefined when it is strong enough. `demands` absent: AWS's default holds: eight
 * characters, three of the four kinds, and not the account's `names`.
 */
export function weaknessOf(
  password: string,
  demands: PasswordDemands | undefined,
  names: readonly string[] = [],
): Weakness | undefined {
  const minimumLength = demands?.minimumLength ?? defaultLength;
  if (password.length < minimumLength) return { reason: 'tooShort', minimumLength };
  const missing = kinds.flatMap(([kind, test]) => (test.test(password) ? [] : [kind]));
  if (demands !== undefined) {
    const demanded = missing.filter((kind) => demands.kinds.includes(kind));
    return demanded.length === 0 ? undefined : { reason: 'missingKinds', missing: demanded, needed: demanded.length };
  }
  const needed = defaultKinds - (kinds.length - missing.length);
  if (needed > 0) return { reason: 'missingKinds', missing, needed };
  const isName = names.some((name) => name.toLowerCase() === password.toLowerCase());
  return isName ? { reason: 'accountName' } : undefined;
}
