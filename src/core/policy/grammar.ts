// The shape of a policy document: which elements there are and what JSON type each has. What is wrong here is a
// "syntax error" to AWS; what the words in it may be is document.ts.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
import { type Condition, readOperator } from './conditions.ts';
import type { Json } from './json.ts';

type JsonObject = { readonly [key: string]: Json };

/** An element that exists in a positive and a Not form. */
export type EitherOr<Value> = { readonly negated: boolean; readonly value: Value };

/** One operator on one key, before its values are read. */
export type RawCondition = {
  readonly head: Pick<Condition, 'operator' | 'set' | 'ifExists' | 'written'>;
  readonly key: string;
  readonly values: readonly string[];
};

/** A statement of sound shape whose words are not judged yet. */
export type RawStatement = {
  readonly sid: string | undefined;
  /** `Allow` or `Deny` in any case. */
  readonly effect: string;
  readonly action: EitherOr<readonly string[]> | undefined;
  readonly resource: EitherOr<readonly string[]> | undefined;
  readonly principal: EitherOr<Json> | undefined;
  readonly conditions: readonly RawCondition[];
};

/** A document of sound shape. */
export type RawPolicy = { readonly version: string | undefined; readonly statements: readonly RawStatement[] };

const POLICY_ELEMENTS = ['Version', 'Id', 'Statement'];
const STATEMENT_ELEMENTS = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
];
const VERSIONS: readonly Json[] = ['2012-10-17', '2008-10-17'];

/** Thrown and caught inside this alcove only. */
class ShapeError extends Error {}

function need(condition: boolean): asserts condition {
  if (!condition) throw new ShapeError();
}

function object(value: Json | undefined): JsonObject {
  need(typeof value === 'object' && value !== null && !Array.isArray(value));
  // Array.isArray does not narrow readonly arrays away; the line above did, at run time.
  return value as JsonObject;
}

function elements(value: Json | undefined, known: readonly string[]): JsonObject {
  const found = object(value);
  need(Object.keys(found).every((key) => known.includes(key)));
  return found;
}

const listOf = (value: Json): readonly Json[] => (Array.isArray(value) ? value : [value]);

/** A string or a list of strings. `nulls` in a list are skipped where AWS skips them. */
function strings(value: Json, nulls: 'refused' | 'skipped'): readonly string[] {
  const list =
    nulls === 'skipped' && Array.isArray(value) ? listOf(value).filter((one) => one !== null) : listOf(value);
  return list.map((one) => {
    need(typeof one === 'string');
    return one;
  });
}

function optionalString(value: Json | undefined): string | undefined {
  need(value === undefined || typeof value === 'string');
  return value;
}

/** Reads `name` or `Not<name>`, never both. */
function either<Value>(found: JsonObject, name: string, read: (value: Json) => Value): EitherOr<Value> | undefined {
  const positive = found[name];
  const negative = found[`Not${name}`];
  need(positive === undefined || negative === undefined);
  if (positive !== undefined) return { negated: false, value: read(positive) };
  return negative === undefined ? undefined : { negated: true, value: read(negative) };
}

/** Values are strings, numbers or booleans; a list may be empty, and then no request value is among them. */
function conditionValues(value: Json): readonly string[] {
  return listOf(value).map((one) => {
    need(typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean');
    return String(one);
  });
}

/**
 * AWS doc: access-analyzer-reference-policy-checks.html: empty condition values are a warning, so the language has them.
 * AWS seen: 2017-2020, by moto's authors: an operator without keys is accepted, whatever its name.
 */
function conditions(value: Json | undefined): readonly RawCondition[] {
  if (value === undefined) return [];
  return Object.entries(object(value)).flatMap(([written, block]) => {
    const keys = Object.entries(object(block));
    const head = readOperator(written);
    return keys.map(([key, wanted]) => {
      need(head !== undefined);
      need(key !== '');
      return { head, key, values: conditionValues(wanted) };
    });
  });
}

function statement(value: Json): RawStatement {
  const found = elements(value, STATEMENT_ELEMENTS);
  const effect = optionalString(found.Effect);
  need(effect !== undefined && ['allow', 'deny'].includes(effect.toLowerCase()));
  return {
    sid: optionalString(found.Sid),
    effect,
    action: either(found, 'Action', (words) => strings(words, 'refused')),
    // AWS seen: 2017-2020, by moto's authors: null inside a Resource list is accepted.
    resource: either(found, 'Resource', (words) => strings(words, 'skipped')),
    principal: either(found, 'Principal', (words) => words),
    conditions: conditions(found.Condition),
  };
}

/** The document's shape, or undefined when any element is unknown, missing its form or of the wrong type. */
export function readShape(json: Json): RawPolicy | undefined {
  try {
    const found = elements(json, POLICY_ELEMENTS);
    optionalString(found.Id);
    need(found.Version === undefined || VERSIONS.includes(found.Version));
    need(found.Statement !== undefined);
    const statements = listOf(found.Statement);
    need(statements.length > 0);
    return { version: optionalString(found.Version), statements: statements.map(statement) };
  } catch (error) {
    if (error instanceof ShapeError) return undefined;
    throw error;
  }
}
