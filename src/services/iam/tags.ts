// Tags of IAM's resources: what they must be, how they are merged, and what conditions see of them. Keys are compared
// without regard to case and shown as last given.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
import type { Access } from '../../contract/operation.ts';
import type { Tag } from './documents.ts';
import { InvalidInput } from './errors.ts';

/** Most tags of one resource. */
export const maxTags = 50;

const folded = ({ Key }: Tag) => Key.toLowerCase();

/** Throws InvalidInput for a repeated or a reserved key. */
export function checkTags(tags: readonly Tag[] = []): void {
  if (new Set(tags.map(folded)).size < tags.length) {
    // AWS seen: the sentence.
    throw InvalidInput('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  }
  // Ours: the sentence; AWS doc: the prefix is reserved in any case.
  if (tags.some((tag) => folded(tag).startsWith('aws:'))) {
    throw InvalidInput('Tag keys that begin with aws: are reserved.');
  }
}

/** `held` with `given` put over it, ascending by key. A key given in another case replaces the one that was held. */
export function merged(held: readonly Tag[], given: readonly Tag[] = []): readonly Tag[] {
  const byKey = new Map([...held, ...given].map(({ Key, Value }) => [Key.toLowerCase(), { Key, Value }]));
  return [...byKey.values()].sort((one, other) => (one.Key < other.Key ? -1 : 1));
}

/** `held` without the keys; a key that is not there is no error. */
export function without(held: readonly Tag[], keys: readonly string[]): readonly Tag[] {
  const gone = new Set(keys.map((key) => key.toLowerCase()));
  return held.filter((tag) => !gone.has(folded(tag)));
}

type Context = NonNullable<Access['context']>;

/** Condition keys of the tags a request brings. Asked before validation: members may be missing, items too many. */
export function requestTags(tags: readonly Partial<Tag>[] = []): Context {
  const given = tags.slice(0, maxTags + 1).filter(({ Key }) => Key !== undefined);
  if (given.length === 0) return {};
  const pairs = given.map(({ Key, Value = '' }) => [`aws:RequestTag/${Key}`, Value] as const);
  return { ...Object.fromEntries(pairs), ...tagKeys(given.map(({ Key = '' }) => Key)) };
}

/** The condition key of the tag keys a request names. */
export function tagKeys(keys: readonly string[] = []): Context {
  return keys.length === 0 ? {} : { 'aws:TagKeys': keys.slice(0, maxTags + 1) };
}

/** Condition keys of the tags a resource has, in both of their spellings. */
export function resourceTags(tags: readonly Tag[] = []): Context {
  if (tags.length === 0) return {};
  const pairs = ['aws:ResourceTag', 'iam:ResourceTag'].flatMap((name) =>
    tags.map(({ Key, Value }) => [`${name}/${Key}`, Value] as const),
  );
  return Object.fromEntries(pairs);
}
