// Which context keys policies speak of, in conditions and in variables, and which of them a request lacks: what
// GetContextKeysFor… and the simulations tell.
import type { Policy, Statement } from './document.ts';
import { type PolicySet, policiesOf, speaksOf } from './evaluate.ts';
import type { PolicyRequest } from './request.ts';

/** Keys once each, ignoring case, in the spelling that comes first. */
function distinct(keys: readonly string[]): string[] {
  const seen = new Set<string>();
  return keys.filter((key) => !seen.has(key.toLowerCase()) && seen.add(key.toLowerCase()));
}

/**
 * The context keys that a policy mentions, as it spells them, each once: the keys of its conditions and the names in its
 * `${…}` variables.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForCustomPolicy.html
 */
export const contextKeysOf = ({ statements }: Pick<Policy, 'statements'>): string[] =>
  distinct(statements.flatMap(({ keys }) => keys));

/** Every statement of the set that the request's principal, action and resource might meet, whatever the conditions. */
function statementsAbout(set: PolicySet, request: PolicyRequest): Statement[] {
  return policiesOf(set)
    .flatMap(({ policy }) => policy.statements)
    .filter((statement) => speaksOf(statement, set, request));
}

/**
 * The context keys that decide about this request and that it lacks, as the policies spell them, each once.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html. Ours: keys of statements about
 * another principal, action or resource are not named, for their values would change nothing.
 */
export const missingContextKeys = (set: PolicySet, request: PolicyRequest): string[] =>
  contextKeysOf({ statements: statementsAbout(set, request) }).filter(
    (key) => (request.context.get(key.toLowerCase()) ?? []).length === 0,
  );
