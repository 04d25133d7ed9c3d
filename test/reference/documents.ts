// What the reference evaluator reads: policies as JSON.parse leaves them and requests in their plainest form. Nothing of
// src/core/policy is imported here or by the evaluator; only its shape of an answer is compared.

export type OneOrMany = string | readonly string[];

export type PrincipalMap = {
  readonly AWS?: OneOrMany;
  readonly Service?: OneOrMany;
  readonly Federated?: OneOrMany;
  readonly CanonicalUser?: OneOrMany;
};

export type PlainStatement = {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: '*' | PrincipalMap;
  readonly NotPrincipal?: '*' | PrincipalMap;
  readonly Action?: OneOrMany;
  readonly NotAction?: OneOrMany;
  readonly Resource?: OneOrMany;
  readonly NotResource?: OneOrMany;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMany>>>>;
};

export type PlainPolicy = {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement: readonly PlainStatement[];
};

/** Who asks. */
export type PlainPrincipal = {
  readonly kind: 'root' | 'user' | 'role' | 'assumedRole' | 'federated' | 'service' | 'anonymous';
  readonly arn?: string;
  readonly account?: string;
  readonly roleArn?: string;
  readonly userArn?: string;
  readonly service?: string;
};

export type PlainRequest = {
  readonly principal: PlainPrincipal;
  readonly action: string;
  readonly resource: string;
  /** Keys in any case; no two differ in case alone. */
  readonly context: Readonly<Record<string, readonly string[]>>;
  /** Names of keys of list type, in any case. */
  readonly multivalued: readonly string[];
  readonly resourceAccount: string | undefined;
};

/** The policies that apply. `trust`: the resource policy is a role's trust policy; `callerless`: it decides alone. */
export type PlainSet = {
  readonly identity: readonly PlainPolicy[];
  readonly boundary: PlainPolicy | undefined;
  readonly session: readonly PlainPolicy[];
  readonly resource: PlainPolicy | undefined;
  readonly trust: boolean;
  readonly callerless: boolean;
};

export const listOf = (value: OneOrMany | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;
