// What would have allowed a request that was denied: the explanation turned into things to do.
import type { UnmetCondition } from './conditions.ts';
import type { Decision, NearMiss, PolicyRole, StatementReference } from './evaluate.ts';
import type { PolicyRequest } from './request.ts';

/**
 * One obstacle. `denied`: this Deny applied and must not. `unmet`: this Allow would have counted but for its conditions.
 * `nothingAllows`: no policy of this kind allows the action on the resource, nor would it if conditions were met.
 */
export type Obstacle =
  | { readonly obstacle: 'denied'; readonly statement: StatementReference }
  | { readonly obstacle: 'unmet'; readonly kind: PolicyRole; readonly anyOf: readonly NearMiss[] }
  | {
      readonly obstacle: 'nothingAllows';
      readonly kind: PolicyRole;
      readonly action: string;
      readonly resource: string;
    };

/**
 * All that stands between the request and being allowed, empty when it was: every obstacle must go. Ours: where more than
 * one change would do (an Allow of the identity, or the resource's policy naming the caller), the identity's is told.
 */
export function obstaclesTo(
  { decision, matched, nearMisses, missing }: Decision,
  request: Pick<PolicyRequest, 'action' | 'resource'>,
): Obstacle[] {
  if (decision === 'allowed') return [];
  const denials = matched
    .filter(({ effect }) => effect === 'Deny')
    .map((statement): Obstacle => ({ obstacle: 'denied', statement }));
  const { action, resource } = request;
  const gaps = missing.map((kind): Obstacle => {
    const anyOf = nearMisses.filter((miss) => miss.kind === kind && miss.effect === 'Allow');
    return anyOf.length > 0
      ? { obstacle: 'unmet', kind, anyOf }
      : { obstacle: 'nothingAllows', kind, action, resource };
  });
  return [...denials, ...gaps];
}

const parts: Readonly<Record<PolicyRole, string>> = {
  identity: 'an identity-based policy',
  boundary: 'the permissions boundary',
  session: 'a session policy',
  resource: "the resource's policy",
  trust: "the role's trust policy",
};

/** A statement in words: `statement 2 (Sid) of role policy Deploy`, counted from 1. */
export function statementText({ policyName, statementIndex, sid }: StatementReference): string {
  const place = sid === undefined ? `statement ${statementIndex + 1}` : `statement ${statementIndex + 1} (${sid})`;
  return `${place} of ${policyName}`;
}

/** A condition in words, with the values that it asks for and those that it met. */
export function conditionText({ operator, key, wanted, met }: UnmetCondition): string {
  const found = met.length === 0 ? 'the request has none' : `the request has ${met.join(', ')}`;
  return `${operator} ${key} ${wanted.join(', ')}, and ${found}`;
}

/** An obstacle in words: what would have to be otherwise for the request to be allowed. */
export function obstacleText(obstacle: Obstacle): string {
  switch (obstacle.obstacle) {
    case 'denied':
      return `${statementText(obstacle.statement)} must not deny it`;
    case 'nothingAllows':
      return `${parts[obstacle.kind]} must allow ${obstacle.action} on ${obstacle.resource}`;
    case 'unmet': {
      const ways = obstacle.anyOf.map((miss) => `${statementText(miss)} (${miss.unmet.map(conditionText).join('; ')})`);
      return `${parts[obstacle.kind]} must allow it: the conditions are not met of ${ways.join(', or of ')}`;
    }
  }
}
