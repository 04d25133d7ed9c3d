// What a caller must be allowed to do, and to which ARN, with the tags that conditions may ask for: the request's at
// creation, the resource's own afterwards.
// AWS doc: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementrolesanywhere.html
import type { Access } from '../../contract/operation.ts';
import type { Document } from '../../store/store.ts';
import type { Call } from '../call.ts';
import type { Collection } from '../records.ts';
import { arnOf, placeOf, type Tag } from './records.ts';

type Context = Readonly<Record<string, string | readonly string[]>>;

/**
 * Access of a create call to all resources of a type, `profile/*`; with tags it also needs `rolesanywhere:TagResource`.
 * AWS seen: a denial that names `rolesanywhere:TagResource` on `trust-anchor/*`.
 */
export function creating(call: Call, type: string, tags: readonly Tag[] = []): readonly Access[] {
  const resource = arnOf(call, `${type}/*`);
  if (tags.length === 0) return [{ resource }];
  const context = requestTags(tags);
  return [
    { resource, context },
    { resource, context, action: 'rolesanywhere:TagResource' },
  ];
}

/** The condition keys for tags that a request brings; asked before they are validated. */
export function requestTags(tags: readonly Tag[] = []): Context {
  // One more than the limit is enough: validation refuses it.
  const known = tags.slice(0, 201);
  return {
    ...Object.fromEntries(known.map(({ key, value }) => [`aws:RequestTag/${key}`, value ?? ''])),
    'aws:TagKeys': known.map(({ key }) => key ?? ''),
  };
}

/** The condition keys for tags that a resource has. */
export function resourceTags(tags: readonly Tag[] = []): Context {
  if (tags.length === 0) return {};
  return Object.fromEntries(tags.map(({ key, value }) => [`aws:ResourceTag/${key}`, value]));
}

/** Access to one resource, `profile/ID`, with its tags as `aws:ResourceTag`; one that is not there has none. */
export function accessTo(
  call: Call,
  type: string,
  id: string | undefined,
  record: { readonly tags: readonly Tag[] } | undefined,
): Access {
  return { resource: arnOf(call, `${type}/${id ?? '*'}`), context: resourceTags(record?.tags) };
}

/** The record that an access is about. Asked before the id is validated; what is no id names no record. */
export function sought<T extends Document>(
  call: Call,
  from: Collection<T>,
  id: string | undefined,
): T | undefined | Promise<T | undefined> {
  return id === undefined ? undefined : call.find(from, placeOf(call) + id);
}
