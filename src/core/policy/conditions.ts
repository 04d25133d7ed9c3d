// Condition operators: one row each. A row says how a policy value becomes a test; what a missing key, a list, a set
// operator or IfExists mean is said once, in `conditionMet`.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
import { Buffer } from 'node:buffer';
import { blockContains, parseBlock } from './addresses.ts';
import { parseInstant } from './instants.ts';
import { arnMatches, compileArn, globMatches } from './match.ts';
import type { Facts } from './request.ts';
import {
  compileTemplate,
  globTemplate,
  parseTemplate,
  resolve,
  type Template,
  type TemplateOptions,
} from './variables.ts';

/** Whether one request value meets one policy value. Malformed request values meet nothing. */
type Test = (actual: string, facts: Facts) => boolean;

/** One operator of the policy language. */
export type Operator = {
  readonly name: string;
  /** True for the Not operators: exactly the opposite of their positive twin on a present single value. */
  readonly negated: boolean;
  /** Whether policy values may hold `${…}`. */
  readonly variables: boolean;
  /** Whether `*` and `?` in policy values are wildcards. */
  readonly wildcards: boolean;
  /** Null only: tests whether the key is there; takes no set operator and no IfExists. */
  readonly presence?: true;
  /** Makes a test of a policy value; undefined when the value is malformed for this operator. */
  readonly compile: (wanted: string, options: TemplateOptions) => Test | undefined;
};

/** A compiled condition: one operator on one key, met by any of its values. */
export type Condition = {
  readonly operator: Operator;
  readonly set: 'ForAllValues' | 'ForAnyValue' | undefined;
  readonly ifExists: boolean;
  /** The operator as the policy writes it: `ForAnyValue:StringLikeIfExists`. */
  readonly written: string;
  /** The key as the policy writes it; compared in lower case. */
  readonly key: string;
  readonly lookup: string;
  readonly wanted: readonly string[];
  readonly tests: readonly Test[];
};

/** A condition that was not met, for whoever must explain a denial. */
export type UnmetCondition = {
  readonly operator: string;
  readonly key: string;
  /** The policy's values, variables unresolved. */
  readonly wanted: readonly string[];
  /** The request's values; empty when the key is absent. */
  readonly met: readonly string[];
};

const text: Operator['compile'] = (wanted, options) => {
  const pattern = globTemplate(wanted, options);
  return (actual, facts) => {
    const glob = pattern(facts);
    return glob !== undefined && globMatches(glob, actual);
  };
};

/** Of a template without wildcards. */
const resolvedText = (template: Template, facts: Facts): string | undefined =>
  resolve(template, facts)
    ?.map((part) => (part.kind === 'text' ? part.text : ''))
    .join('');

const foldedText: Operator['compile'] = (wanted, options) => {
  const template = parseTemplate(wanted, options);
  return (actual, facts) => resolvedText(template, facts)?.toLowerCase() === actual.toLowerCase();
};

/** A typed comparison: both sides parsed by `parse`, then related. */
const typed =
  <Value>(parse: (text: string) => Value | undefined, relate: (actual: Value, wanted: Value) => boolean) =>
  (wantedText: string): Test | undefined => {
    const wanted = parse(wantedText);
    if (wanted === undefined) return undefined;
    return (actualText) => {
      const actual = parse(actualText);
      return actual !== undefined && relate(actual, wanted);
    };
  };

/** As `typed`, of policy values in which a variable may stand for the whole or a part. */
const typedTemplate =
  <Value>(parse: (text: string) => Value | undefined, relate: (actual: Value, wanted: Value) => boolean) =>
  (wanted: string, options: TemplateOptions): Test | undefined => {
    const template = parseTemplate(wanted, options);
    if (template.fixed !== undefined) return typed(parse, relate)(wanted);
    return (actual, facts) => {
      const text = resolvedText(template, facts);
      return text !== undefined && (typed(parse, relate)(text)?.(actual, facts) ?? false);
    };
  };

/** Decimal number; beyond 2^53 neighbouring integers are not told apart. */
const parseNumber = (text: string): number | undefined =>
  text.length <= 64 && /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;

const parseBool = (text: string): boolean | undefined =>
  text.toLowerCase() === 'true' ? true : text.toLowerCase() === 'false' ? false : undefined;

/** Canonical base64 of base64 text; padding may be missing. */
const parseBinary = (text: string): string | undefined =>
  /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1
    ? Buffer.from(text, 'base64').toString('base64')
    : undefined;

const equal = (actual: unknown, wanted: unknown): boolean => actual === wanted;
const less = (actual: number, wanted: number): boolean => actual < wanted;
const lessOrEqual = (actual: number, wanted: number): boolean => actual <= wanted;
const greater = (actual: number, wanted: number): boolean => actual > wanted;
const greaterOrEqual = (actual: number, wanted: number): boolean => actual >= wanted;

const arn: Operator['compile'] = (wanted, options) => {
  const pattern = compileTemplate(parseTemplate(wanted, options), compileArn);
  return (actual, facts) => arnMatches(pattern(facts) ?? 'never', actual);
};

const address = typed(parseBlock, (actual, wanted) => blockContains(wanted, actual));

/**
 * The operators. To add one, add a row. ArnEquals behaves as ArnLike: both take wildcards, field by field. Variables: the
 * page of the operators allows them in Bool, the page of the variables does not; the operators' own page counts.
 */
export const OPERATORS: readonly Operator[] = [
  { name: 'StringEquals', negated: false, variables: true, wildcards: false, compile: text },
  { name: 'StringNotEquals', negated: true, variables: true, wildcards: false, compile: text },
  { name: 'StringEqualsIgnoreCase', negated: false, variables: true, wildcards: false, compile: foldedText },
  { name: 'StringNotEqualsIgnoreCase', negated: true, variables: true, wildcards: false, compile: foldedText },
  { name: 'StringLike', negated: false, variables: true, wildcards: true, compile: text },
  { name: 'StringNotLike', negated: true, variables: true, wildcards: true, compile: text },
  { name: 'NumericEquals', negated: false, variables: false, wildcards: false, compile: typed(parseNumber, equal) },
  { name: 'NumericNotEquals', negated: true, variables: false, wildcards: false, compile: typed(parseNumber, equal) },
  { name: 'NumericLessThan', negated: false, variables: false, wildcards: false, compile: typed(parseNumber, less) },
  {
    name: 'NumericLessThanEquals',
    negated: false,
    variables: false,
    wildcards: false,
    compile: typed(parseNumber, lessOrEqual),
  },
  {
    name: 'NumericGreaterThan',
    negated: false,
    variables: false,
    wildcards: false,
    compile: typed(parseNumber, greater),
  },
  {
    name: 'NumericGreaterThanEquals',
    negated: false,
    variables: false,
    wildcards: false,
    compile: typed(parseNumber, greaterOrEqual),
  },
  { name: 'DateEquals', negated: false, variables: false, wildcards: false, compile: typed(parseInstant, equal) },
  { name: 'DateNotEquals', negated: true, variables: false, wildcards: false, compile: typed(parseInstant, equal) },
  { name: 'DateLessThan', negated: false, variables: false, wildcards: false, compile: typed(parseInstant, less) },
  {
    name: 'DateLessThanEquals',
    negated: false,
    variables: false,
    wildcards: false,
    compile: typed(parseInstant, lessOrEqual),
  },
  {
    name: 'DateGreaterThan',
    negated: false,
    variables: false,
    wildcards: false,
    compile: typed(parseInstant, greater),
  },
  {
    name: 'DateGreaterThanEquals',
    negated: false,
    variables: false,
    wildcards: false,
    compile: typed(parseInstant, greaterOrEqual),
  },
  { name: 'Bool', negated: false, variables: true, wildcards: false, compile: typedTemplate(parseBool, equal) },
  { name: 'BinaryEquals', negated: false, variables: false, wildcards: false, compile: typed(parseBinary, equal) },
  { name: 'IpAddress', negated: false, variables: false, wildcards: false, compile: address },
  { name: 'NotIpAddress', negated: true, variables: false, wildcards: false, compile: address },
  { name: 'ArnEquals', negated: false, variables: true, wildcards: true, compile: arn },
  { name: 'ArnNotEquals', negated: true, variables: true, wildcards: true, compile: arn },
  { name: 'ArnLike', negated: false, variables: true, wildcards: true, compile: arn },
  { name: 'ArnNotLike', negated: true, variables: true, wildcards: true, compile: arn },
  {
    name: 'Null',
    negated: false,
    variables: false,
    wildcards: false,
    presence: true,
    compile: typed(parseBool, equal),
  },
];

const OPERATOR_BY_NAME: ReadonlyMap<string, Operator> = new Map(OPERATORS.map((row) => [row.name, row]));

/** The parts of a written operator, or undefined when the language has no such operator. Names are case-sensitive. */
export function readOperator(
  written: string,
): Pick<Condition, 'operator' | 'set' | 'ifExists' | 'written'> | undefined {
  const set = (['ForAllValues', 'ForAnyValue'] as const).find((name) => written.startsWith(`${name}:`));
  const bare = set === undefined ? written : written.slice(set.length + 1);
  const ifExists = bare.endsWith('IfExists');
  const operator = OPERATOR_BY_NAME.get(ifExists ? bare.slice(0, -'IfExists'.length) : bare);
  if (operator === undefined || (operator.presence && (ifExists || set !== undefined))) return undefined;
  return { operator, set, ifExists, written };
}

/** A condition ready to judge, or undefined when a value is malformed for its operator (a date that is no date). */
export function compileCondition(
  head: Pick<Condition, 'operator' | 'set' | 'ifExists' | 'written'>,
  key: string,
  wanted: readonly string[],
  variables: boolean,
): Condition | undefined {
  const options = { variables: variables && head.operator.variables, wildcards: head.operator.wildcards };
  const tests = wanted.map((value) => head.operator.compile(value, options));
  const sound = tests.filter((test) => test !== undefined);
  if (sound.length < tests.length) return undefined;
  return { ...head, key, lookup: key.toLowerCase(), wanted, tests: sound };
}

function anyTest(tests: readonly Test[], actual: string, facts: Facts): boolean {
  for (const test of tests) if (test(actual, facts)) return true;
  return false;
}

/** Whether the request meets every condition. A loop, for it is asked of every statement that matches. */
export function conditionsMet(conditions: readonly Condition[], facts: Facts): boolean {
  for (const condition of conditions) if (!conditionMet(condition, facts)) return false;
  return true;
}

/**
 * Whether the request meets the condition.
 *
 * | key in the request | plain            | ForAllValues     | ForAnyValue      |
 * |--------------------|------------------|------------------|------------------|
 * | absent             | true if negated  | true             | false            |
 * | absent, IfExists   | true             | true             | true             |
 * | one value          | it meets         | it meets         | it meets         |
 * | a list             | false            | every one meets  | some one meets   |
 *
 * "Meets" is any policy value, or none of them for a negated operator. To a set operator empty strings are absent.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 * Ours: a plain operator on a list-type key is false even when negated, since AWS only says a set operator is required.
 */
export function conditionMet(condition: Condition, facts: Facts): boolean {
  const { operator, set, ifExists, lookup, tests } = condition;
  const values = facts.context.get(lookup) ?? [];
  if (operator.presence) return anyTest(tests, String(values.length === 0), facts);
  const meets = (actual: string): boolean => anyTest(tests, actual, facts) !== operator.negated;
  const absent = set === undefined ? values.length === 0 : values.every((value) => value === '');
  if (absent) return ifExists || (set === undefined ? operator.negated : set === 'ForAllValues');
  if (set === 'ForAllValues') return values.every(meets);
  if (set === 'ForAnyValue') return values.some(meets);
  return values.length === 1 && !facts.multivalued?.has(lookup) && values.every(meets);
}

/** Every condition the request does not meet; empty when all are met. */
export function unmetConditions(conditions: readonly Condition[], facts: Facts): UnmetCondition[] {
  return conditions
    .filter((condition) => !conditionMet(condition, facts))
    .map(({ written, key, wanted, lookup }) => ({
      operator: written,
      key,
      wanted,
      met: facts.context.get(lookup) ?? [],
    }));
}
