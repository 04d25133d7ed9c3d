// From policy text to a compiled, frozen Policy. The rules stand in a table in the order in which AWS reports them, each
// with the sentence AWS uses: for a wrong document the first rule broken decides what the caller reads.
// AWS seen: 2017-2020, recorded by moto's authors, for the order and for the sentences not marked otherwise.
import { type Condition, compileCondition } from './conditions.ts';
import { type RawPolicy, type RawStatement, readShape } from './grammar.ts';
import { parseJson } from './json.ts';
import { type ArnGlob, compileGlob, compileResource, type Glob, partsOf } from './match.ts';
import { type PrincipalElement, readPrincipals } from './principal.ts';
import type { Facts } from './request.ts';
import { resourceFormat, resourceLegacy } from './resource-arns.ts';
import { indexOf, type StatementIndex } from './statement-index.ts';
import { compileTemplate, parseTemplate, variablesIn } from './variables.ts';

/** Where a policy stands, which decides the elements it must and must not have. */
export type PolicyKind = 'identity' | 'trust' | 'session' | 'resource';

/** A compiled statement. */
export type Statement = {
  readonly index: number;
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  /** Patterns in lower case. */
  readonly action: { readonly negated: boolean; readonly globs: readonly Glob[] };
  /** Absent in trust policies. A pattern is undefined when a variable in it has no value. */
  readonly resource:
    | { readonly negated: boolean; readonly globs: readonly ((facts: Facts) => ArnGlob | undefined)[] }
    | undefined;
  /** Absent in identity and session policies. */
  readonly principal: PrincipalElement | undefined;
  readonly conditions: readonly Condition[];
  /** The context keys that it mentions, in conditions and in variables, as written; may repeat. */
  readonly keys: readonly string[];
};

/** A compiled policy, deeply frozen. */
export type Policy = {
  readonly version: '2012-10-17' | '2008-10-17';
  readonly statements: readonly Statement[];
  /** Spares a look at most of them; absent: every one is looked at. */
  readonly index?: StatementIndex<Statement> | undefined;
};

/** Why a document was refused. */
export type PolicyFault =
  | 'tooLarge'
  | 'syntax'
  | 'version'
  | 'legacyParsing'
  | 'sid'
  | 'action'
  | 'resource'
  | 'principal';

/** What `parsePolicy` answers; `message` is AWS's sentence for MalformedPolicyDocument. */
export type PolicyResult =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly reason: PolicyFault; readonly message: string };

/** Options of `parsePolicy`. */
export type PolicyOptions = {
  /** Managed policies: Version must be there and be 2012-10-17. */
  readonly requireVersion20121017?: boolean;
};

const SYNTAX = 'Syntax errors in policy.';
const LEGACY = 'The policy failed legacy parsing';
const VENDOR = 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.';
const NOT_STS = 'AssumeRole policy may only specify STS AssumeRole actions.';

type Subject = { readonly statement: RawStatement; readonly kind: PolicyKind; readonly variables: boolean };
type Rule = { readonly reason: PolicyFault; readonly violation: (subject: Subject) => string | undefined };

const firstOf = (values: readonly string[], violation: (value: string) => string | undefined): string | undefined =>
  values.map(violation).find((message) => message !== undefined);

const resources = ({ statement }: Subject): readonly string[] => statement.resource?.value ?? [];
const actions = ({ statement }: Subject): readonly string[] => statement.action?.value ?? [];

function actionPrefix(action: string): string | undefined {
  if (action === '*') return undefined;
  const [vendor = '', name, ...more] = action.split(':');
  if (name === undefined || vendor === '') return VENDOR;
  if (more.length > 0) return 'Actions/Condition can contain only one colon.';
  if (!/^[A-Za-z0-9.-]+$/.test(vendor)) return `Vendor ${vendor} is not valid`;
  return name === '' ? LEGACY : undefined;
}

function principalViolation({ statement: { principal }, kind }: Subject): string | undefined {
  if (kind === 'identity' || kind === 'session') {
    return principal === undefined ? undefined : 'Policy document should not specify a principal.';
  }
  if (principal === undefined) return 'Missing required field Principal';
  // AWS doc: reference_policies_elements_notprincipal.html: not in a role trust policy. The sentence is ours by likeness.
  if (kind === 'trust' && principal.negated) return 'Has prohibited field NotPrincipal';
  const read = readPrincipals(principal.value);
  if (!read.ok) return read.value === undefined ? SYNTAX : `Invalid principal in policy: ${read.value}`;
  const canonical = read.entries.find((entry) => entry.kind === 'canonicalUser');
  return kind === 'trust' && canonical !== undefined
    ? `Invalid principal in policy: "CANONICALUSER":"${canonical.id}"`
    : undefined;
}

function resourcePresence({ statement, kind }: Subject): string | undefined {
  if (kind === 'trust')
    return statement.resource && `Has prohibited field ${statement.resource.negated ? 'NotResource' : 'Resource'}`;
  if (resources({ statement, kind, variables: false }).length > 0) return undefined;
  return kind === 'resource' ? 'Missing required field Resource' : 'Policy statement must contain resources.';
}

/** The rules on one statement, in AWS's order; each is put to all statements before the next. */
const BEFORE_SIDS: readonly Rule[] = [
  {
    reason: 'legacyParsing',
    violation: ({ statement }) => (['Allow', 'Deny'].includes(statement.effect) ? undefined : LEGACY),
  },
  {
    reason: 'legacyParsing',
    violation: ({ statement, variables }) =>
      statement.conditions.every(({ head, key, values }) => compileCondition(head, key, values, variables))
        ? undefined
        : LEGACY,
  },
  {
    reason: 'sid',
    violation: ({ statement, kind }) =>
      kind === 'resource' || /^[0-9A-Za-z]*$/.test(statement.sid ?? '')
        ? undefined
        : 'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
  },
];
const AFTER_SIDS: readonly Rule[] = [
  { reason: 'principal', violation: principalViolation },
  {
    reason: 'action',
    violation: (subject) => (actions(subject).length > 0 ? undefined : 'Policy statement must contain actions.'),
  },
  {
    reason: 'resource',
    violation: (subject) =>
      subject.kind === 'trust'
        ? resourcePresence(subject)
        : firstOf(resources(subject), (text) => resourceFormat(text, subject.variables)),
  },
  {
    reason: 'legacyParsing',
    violation: (subject) => firstOf(resources(subject), (text) => resourceLegacy(text, subject.variables)),
  },
  { reason: 'action', violation: (subject) => firstOf(actions(subject), actionPrefix) },
  {
    reason: 'action',
    violation: (subject) =>
      subject.kind === 'trust' && (subject.statement.action?.negated || actions(subject).some((a) => !/^sts:/i.test(a)))
        ? NOT_STS
        : undefined,
  },
  { reason: 'resource', violation: resourcePresence },
];

type Violation = { readonly reason: PolicyFault; readonly message: string };

function firstViolation(rules: readonly Rule[], subjects: readonly Subject[]): Violation | undefined {
  for (const { reason, violation } of rules) {
    for (const subject of subjects) {
      const message = violation(subject);
      if (message !== undefined) return { reason, message };
    }
  }
  return undefined;
}

/** An empty Sid counts as none. */
function repeatedSid({ statements }: RawPolicy): Violation | undefined {
  const sids = statements.map(({ sid }) => sid ?? '').filter((sid) => sid !== '');
  return new Set(sids).size === sids.length
    ? undefined
    : { reason: 'sid', message: 'Statement IDs (SID) in a single policy must be unique.' };
}

/** AWS doc: reference_policies_variables.html: variables stand in Resource and in the values of some operators. */
function keysOf({ conditions, resource }: RawStatement, variables: boolean): string[] {
  const inside = (texts: readonly string[]): string[] => (variables ? texts.flatMap(variablesIn) : []);
  return [
    ...inside(resource?.value ?? []),
    ...conditions.flatMap(({ head, key, values }) => [key, ...(head.operator.variables ? inside(values) : [])]),
  ];
}

function compileStatement(statement: RawStatement, index: number, variables: boolean): Statement {
  const { action, resource, principal } = statement;
  const read = principal === undefined ? undefined : readPrincipals(principal.value);
  const options = { variables, wildcards: true };
  return {
    index,
    sid: statement.sid === '' ? undefined : statement.sid,
    effect: statement.effect === 'Allow' ? 'Allow' : 'Deny',
    action: {
      negated: action?.negated ?? false,
      globs: (action?.value ?? []).map((text) => compileGlob(partsOf(text.toLowerCase(), true))),
    },
    resource: resource && {
      negated: resource.negated,
      globs: resource.value.map((text) => compileTemplate(parseTemplate(text, options), compileResource)),
    },
    principal: principal && { negated: principal.negated, entries: read?.ok ? read.entries : [] },
    conditions: statement.conditions.flatMap(
      ({ head, key, values }) => compileCondition(head, key, values, variables) ?? [],
    ),
    keys: keysOf(statement, variables),
  };
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

/**
 * Parses, checks and compiles a policy document. Text of at most 131072 characters; cost linear in it; never throws.
 * Without Version a policy is 2008-10-17 and `${…}` in it is plain text. Length limits (2048, 6144, 10240) are the
 * caller's, for they depend on the operation.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
 */
export function parsePolicy(text: string, kind: PolicyKind, options: PolicyOptions = {}): PolicyResult {
  const json = parseJson(text);
  if (!json.ok) return { ok: false, reason: json.reason === 'tooLarge' ? 'tooLarge' : 'syntax', message: SYNTAX };
  const raw = readShape(json.value);
  if (raw === undefined) return { ok: false, reason: 'syntax', message: SYNTAX };
  const variables = raw.version === '2012-10-17';
  if (options.requireVersion20121017 && !variables) {
    return { ok: false, reason: 'version', message: 'Policy document must be version 2012-10-17 or greater.' };
  }
  const subjects = raw.statements.map((statement) => ({ statement, kind, variables }));
  const violation = firstViolation(BEFORE_SIDS, subjects) ?? repeatedSid(raw) ?? firstViolation(AFTER_SIDS, subjects);
  if (violation !== undefined) return { ok: false, ...violation };
  const statements = raw.statements.map((statement, index) => compileStatement(statement, index, variables));
  const version = variables ? '2012-10-17' : '2008-10-17';
  return { ok: true, policy: deepFreeze({ version, statements, index: indexOf(statements) }) };
}
