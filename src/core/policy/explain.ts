// What would have allowed a request that was denied: the explanation turned into things to do.
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
export function obstaclesTo({ decision, matched, nearMisses, missing }: Decision, request: PolicyRequest): Obstacle[] {
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
