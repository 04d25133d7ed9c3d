// Tags at creation: what they must be and what they ask of the caller.
import type { Access } from '../../contract/operation.ts';
import type { Call } from '../call.ts';
import { ValidationException } from './errors.ts';
import { arnOf, type Tag } from './records.ts';

/** Throws ValidationException for a reserved or repeated key. Ours: AWS documents neither answer for this service. */
export function checkTags(tags: readonly Tag[] = []): void {
  const keys = new Set<string>();
  for (const { key } of tags) {
    if (/^aws:/i.test(key)) throw ValidationException('Tag keys beginning with aws: are reserved.');
    if (keys.has(key)) throw ValidationException('Duplicate tag keys found.');
    keys.add(key);
  }
}

/**
 * What a create call with tags needs besides its own action.
 * AWS seen: a denial that names `rolesanywhere:TagResource` on `trust-anchor/*`.
 */
export function tagAccess(call: Call, resource: string, tags: readonly Tag[] = []): readonly Access[] {
  return tags.length === 0 ? [] : [{ action: 'rolesanywhere:TagResource', resource: arnOf(call, resource) }];
}
