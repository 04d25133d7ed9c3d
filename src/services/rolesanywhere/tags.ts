// Tags of trust anchors, profiles, CRLs and subjects, by the resource's ARN.
import { list, optional, required, string, structure } from '../../contract/shape.ts';
import type { Document } from '../../store/store.ts';
import { parseArn } from '../arn.ts';
import { type Call, operation } from '../call.ts';
import type { Collection } from '../records.ts';
import { requestTags, resourceTags } from './access.ts';
import {
  AccessDeniedException,
  ResourceNotFoundException,
  TooManyTagsException,
  ValidationException,
} from './errors.ts';
import { byArn, crls, placeOf, profiles, subjects, type Tag, trustAnchors } from './records.ts';
import { TagKey, TagList } from './shapes.ts';
import { checkTags } from './tag-rules.ts';

const resourceArn = string({ min: 1, max: 1011 });
const errors = [ValidationException, ResourceNotFoundException, AccessDeniedException] as const;

export const TagResource = operation({
  doc: 'Adds tags to a resource, in place of those with the same keys.',
  http: 'POST /TagResource 201',
  effect: 'write',
  errors: [...errors, TooManyTagsException],
  input: structure({
    resourceArn: required(resourceArn, { doc: 'The ARN of the resource.' }),
    tags: required(TagList, { doc: 'The tags.' }),
  }),
  output: structure({}),
  access: async (input, call) => [await onResource(call, input.resourceArn, requestTags(input.tags))],
  async run(input, call) {
    checkTags(input.tags);
    return retag(input.resourceArn, call, (tags) => merged(tags, input.tags));
  },
});

export const UntagResource = operation({
  doc: 'Removes tags from a resource; keys that it does not have are ignored.',
  http: 'POST /UntagResource 200',
  effect: 'write',
  errors,
  input: structure({
    resourceArn: required(resourceArn, { doc: 'The ARN of the resource.' }),
    tagKeys: required(list(TagKey, { min: 0, max: 200 }), { doc: 'The keys of the tags.' }),
  }),
  output: structure({}),
  access: async ({ resourceArn: arn, tagKeys = [] }, call) => [
    await onResource(call, arn, { 'aws:TagKeys': tagKeys.slice(0, 201) }),
  ],
  run: ({ resourceArn: arn, tagKeys }, call) =>
    retag(arn, call, (tags) => tags.filter(({ key }) => !tagKeys.includes(key))),
});

export const ListTagsForResource = operation({
  doc: 'Lists the tags of a resource.',
  http: 'GET /ListTagsForResource 200',
  effect: 'read',
  errors,
  input: structure({ resourceArn: required(resourceArn, { in: 'query', doc: 'The ARN of the resource.' }) }),
  output: structure({ tags: optional(TagList, { doc: 'The tags.' }) }),
  access: async (input, call) => [await onResource(call, input.resourceArn)],
  async run({ resourceArn: arn }, call) {
    const kind = kindOf(arn);
    return { tags: await kind.tags(arn, call) };
  },
});

/** Tags of one resource at most. Ours: AWS documents the list's bound and no other. */
const maxTags = 200;

/** The resources that have tags, by the type in their ARNs. */
const taggable = {
  crl: tagged(crls),
  profile: tagged(profiles),
  subject: tagged(subjects),
  'trust-anchor': tagged(trustAnchors),
};

type Taggable = { readonly [member: string]: Document } & {
  readonly id: string;
  readonly arn: string;
  readonly tags: readonly Tag[];
};

/** What there is to do with the tags of one type of resource; throws ResourceNotFoundException for one that is not there. */
function tagged<T extends Taggable>(from: Collection<T>) {
  return {
    find: (arn: string, call: Call) => call.read((reader) => byArn(reader, from, arn, call)),
    async tags(arn: string, call: Call) {
      return existing(await call.read((reader) => byArn(reader, from, arn, call)), arn).tags;
    },
    change: (arn: string, call: Call, how: (tags: readonly Tag[]) => readonly Tag[]) =>
      call.write(async (writer) => {
        const record = existing(await byArn(writer, from, arn, call), arn);
        await from.put(writer, placeOf(call) + record.id, { ...record, tags: how(record.tags) });
        return {};
      }),
  };
}

function existing<T>(record: T | undefined, arn: string): T {
  if (record === undefined) throw ResourceNotFoundException(`${arn} was not found.`);
  return record;
}

/** What the ARN is one of. Ours: what is no ARN of this service's resources is a ValidationException. */
function kindOf(arn: string) {
  const type = typeOf(arn);
  if (type === undefined) throw ValidationException('resourceArn is not the ARN of a resource of Roles Anywhere.');
  return taggable[type];
}

function typeOf(arn: string): keyof typeof taggable | undefined {
  const parsed = parseArn(arn);
  const [type = ''] = parsed?.service === 'rolesanywhere' ? parsed.resource.split('/') : [];
  // The table itself says which names are its own.
  return Object.hasOwn(taggable, type) ? (type as keyof typeof taggable) : undefined;
}

async function retag(arn: string, call: Call, how: (tags: readonly Tag[]) => readonly Tag[]) {
  return kindOf(arn).change(arn, call, how);
}

/** Tags keep their places; new ones follow. */
function merged(tags: readonly Tag[], given: readonly Tag[]): readonly Tag[] {
  const byKey = new Map([...tags, ...given].map(({ key, value }) => [key, value]));
  if (byKey.size > maxTags) throw TooManyTagsException(`A resource has at most ${maxTags} tags.`);
  return [...byKey].map(([key, value]) => ({ key, value }));
}

/** Access to the resource itself, with its tags where it is there. One character more than the limit is enough: validation refuses it. */
async function onResource(call: Call, arn = '*', context: Readonly<Record<string, string | readonly string[]>> = {}) {
  const resource = arn.slice(0, 1012);
  const type = typeOf(resource);
  const record = type === undefined ? undefined : await taggable[type].find(resource, call);
  return { resource, context: { ...resourceTags(record?.tags), ...context } };
}
