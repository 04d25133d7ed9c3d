// What is asked of a policy: who, does what, to which resource, in which circumstances. The request context is the only
// thing conditions and policy variables may see.
import { remember } from '../remember.ts';

/** Who asks. `arn` is the caller's own ARN (for `federated`, the identity provider or the federated-user session). */
export type Principal = {
  readonly kind: 'root' | 'user' | 'role' | 'assumedRole' | 'federated' | 'service' | 'anonymous';
  /** `arn:aws:iam::…:user/…`, `arn:aws:sts::…:assumed-role/Role/Session`, … */
  readonly arn?: string;
  /** Twelve digits. */
  readonly account?: string;
  /** For `assumedRole`: the role's IAM ARN with its path, which the session ARN has lost. */
  readonly roleArn?: string;
  /** For a federated-user session: the ARN of the user who asked for it. */
  readonly userArn?: string;
  /** For `service`: `rolesanywhere.amazonaws.com`. */
  readonly service?: string;
};

/** Condition keys in lower case → values, and all of them as pairs. A key with an empty list is absent. */
export type Context = Pick<ReadonlyMap<string, readonly string[]>, 'get' | 'entries'>;

/** Condition keys by name in any case; undefined: absent. */
export type ContextKeys = Readonly<Record<string, string | readonly string[] | undefined>>;

/** One question. */
export type PolicyRequest = {
  readonly principal: Principal;
  /** `service:Name`; compared without regard to case. */
  readonly action: string;
  /** ARN, or `*` for an action that has no resource. */
  readonly resource: string;
  /** Made by `contextOf` or `contextWhenAsked`. */
  readonly context: Context;
  /** Lower-case names of list-type keys, which stay lists even when they hold one value (`aws:tagkeys`). */
  readonly multivalued?: ReadonlySet<string>;
  /** Account that owns the resource, twelve digits. Absent: the principal's own. */
  readonly resourceAccount?: string;
};

/** The part of a request that conditions and variables see. */
export type Facts = Pick<PolicyRequest, 'context' | 'multivalued'>;

/** A name in lower case. Remembered: most names come with every request, and to fold one costs more than to find it. */
const folded = remember(
  1024,
  (name: string) => name,
  (name) => name.toLowerCase(),
  { most: 64 * 1024, sizeOf: (name) => name.length },
);

/**
 * Builds a request context. Keys compare without regard to case, tag keys in them too, so they are folded here; two
 * spellings of one key become one list, which a plain operator then refuses to match.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
 */
export function contextOf(record: ContextKeys): ReadonlyMap<string, readonly string[]> {
  const context = new Map<string, readonly string[]>();
  for (const name of Object.keys(record)) {
    const value = record[name];
    if (value === undefined) continue;
    const key = folded(name);
    const values = typeof value === 'string' ? [value] : value;
    const before = context.get(key);
    context.set(key, before === undefined ? values : [...before, ...values]);
  }
  return context;
}

/**
 * The context of the keys that `record` gives, made when something first looks at it: the policies that decide most
 * requests have neither conditions nor variables. `looked` is told of every key that is looked at, there or not; of all that
 * are there where somebody lists them.
 */
export function contextWhenAsked(record: () => ContextKeys, looked?: (key: string) => void): Context {
  let made: ReadonlyMap<string, readonly string[]> | undefined;
  const context = () => {
    made ??= contextOf(record());
    return made;
  };
  return {
    get(key) {
      looked?.(key);
      return context().get(key);
    },
    entries() {
      if (looked !== undefined) for (const key of context().keys()) looked(key);
      return context().entries();
    },
  };
}

/** The one value of a single-valued key; undefined when the key is absent or a list. */
export function singleValue(facts: Facts, key: string): string | undefined {
  const values = facts.context.get(key);
  return values?.length === 1 && !facts.multivalued?.has(key) ? values[0] : undefined;
}
