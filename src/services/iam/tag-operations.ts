// Tags of users, roles, managed policies, instance profiles and OpenID Connect providers: three operations for each, written once.
import type { Access } from '../../contract/operation.ts';
import { nothing, required, structure } from '../../contract/shape.ts';
import type { Reader, Writer } from '../../store/store.ts';
import { type Call, operation } from '../call.ts';
import { entityAccess, instanceProfileAccess, oidcProviderAccess, policyAccess } from './access.ts';
import type { Tag } from './documents.ts';
import { changedRecord, foundRecord } from './entities.ts';
import { InvalidInput, LimitExceeded, NoSuchEntity } from './errors.ts';
import { changedInstanceProfile, foundInstanceProfile } from './instance-profile-records.ts';
import { changedPolicy, checkPolicyArn, foundPolicy } from './managed-policy-rules.ts';
import { entityNaming, type Naming, naming } from './naming.ts';
import { changedProvider, foundProvider } from './oidc-provider-records.ts';
import { sliced } from './pages.ts';
import { Arn, InstanceProfileName, pageMembers, pageOutput, TagKeyList, TagList } from './shapes.ts';
import { checkTags, maxTags, merged, requestTags, tagKeys, without } from './tags.ts';

/** A kind of resource that has tags. */
type Tagged = {
  /** `a role`. */
  readonly what: string;
  /** What operations and quotas are named for: `TagRole`, `TagsPerRole`. Ours: the quotas, after the pattern of the others. */
  readonly thing: string;
  readonly by: Naming;
  /** Whether the model has InvalidInput for reading and removing as well. */
  readonly isArn: boolean;
  access(call: Call, name: string | undefined, context?: Access['context']): Promise<Access>;
  tagsOf(reader: Reader, call: Call, name: string): Promise<{ readonly id: string; readonly tags: readonly Tag[] }>;
  change(
    writer: Writer,
    call: Call,
    name: string,
    how: (tags: readonly Tag[]) => readonly Tag[],
    action: string,
  ): Promise<unknown>;
};

const user: Tagged = {
  what: 'a user',
  thing: 'User',
  by: entityNaming('user'),
  isArn: false,
  access: (call, name, context = {}) => entityAccess(call, 'user', name, { context }),
  async tagsOf(reader, call, name) {
    const { userId: id, tags } = await foundRecord(reader, call.account, 'user', name);
    return { id, tags };
  },
  change: (writer, call, name, how) =>
    changedRecord(writer, call.account, 'user', name, (record) => ({ ...record, tags: how(record.tags) })),
};
const role: Tagged = {
  what: 'a role',
  thing: 'Role',
  by: entityNaming('role'),
  isArn: false,
  access: (call, name, context = {}) => entityAccess(call, 'role', name, { context }),
  async tagsOf(reader, call, name) {
    const { roleId: id, tags } = await foundRecord(reader, call.account, 'role', name);
    return { id, tags };
  },
  change: (writer, call, name, how) =>
    changedRecord(writer, call.account, 'role', name, (record) => ({ ...record, tags: how(record.tags) })),
};
const policy: Tagged = {
  what: 'a managed policy',
  thing: 'Policy',
  by: naming('PolicyArn', Arn, 'The ARN of the policy.'),
  isArn: true,
  access: policyAccess,
  async tagsOf(reader, call, arn) {
    checkPolicyArn(call, arn);
    const { policyId: id, tags } = await foundPolicy(reader, call, arn);
    return { id, tags };
  },
  change: (writer, call, arn, how, action) =>
    changedPolicy(writer, call, action, arn, (record) => ({ ...record, tags: how(record.tags) })),
};
const instanceProfile: Tagged = {
  what: 'an instance profile',
  thing: 'InstanceProfile',
  by: naming('InstanceProfileName', InstanceProfileName, 'The name of the instance profile, in any case.'),
  isArn: false,
  access: instanceProfileAccess,
  async tagsOf(reader, call, name) {
    const { instanceProfileId: id, tags } = await foundInstanceProfile(reader, call.account, name);
    return { id, tags };
  },
  change: (writer, call, name, how) =>
    changedInstanceProfile(writer, call.account, name, (record) => ({ ...record, tags: how(record.tags) })),
};
const oidcProvider: Tagged = {
  what: 'an OpenID Connect provider',
  thing: 'OpenIDConnectProvider',
  by: naming('OpenIDConnectProviderArn', Arn, 'The ARN of the provider.'),
  isArn: true,
  access: oidcProviderAccess,
  async tagsOf(reader, call, arn) {
    const { tags } = await foundProvider(reader, call, arn);
    return { id: arn, tags };
  },
  change: (writer, call, arn, how) =>
    changedProvider(writer, call, arn, (provider) => ({ ...provider, tags: how(provider.tags) })),
};

export const TagUser = tag(user);
export const ListUserTags = tags(user);
export const UntagUser = untag(user);

export const TagRole = tag(role);
export const ListRoleTags = tags(role);
export const UntagRole = untag(role);

export const TagPolicy = tag(policy);
export const ListPolicyTags = tags(policy);
export const UntagPolicy = untag(policy);

export const TagInstanceProfile = tag(instanceProfile);
export const ListInstanceProfileTags = tags(instanceProfile);
export const UntagInstanceProfile = untag(instanceProfile);

export const TagOpenIDConnectProvider = tag(oidcProvider);
export const ListOpenIDConnectProviderTags = tags(oidcProvider);
export const UntagOpenIDConnectProvider = untag(oidcProvider);

function tag(kind: Tagged) {
  return operation({
    doc: `Adds tags to ${kind.what}, and overwrites those whose keys it has, in any case.`,
    effect: 'write',
    errors: [NoSuchEntity, InvalidInput, LimitExceeded],
    input: structure({ ...kind.by.members, Tags: required(TagList, { doc: 'The tags.' }) }),
    output: nothing,
    access: async (input, call) => [await kind.access(call, kind.by.asked(input), requestTags(input.Tags))],
    async run({ Tags: given, ...input }, call) {
      checkTags(given);
      return call.write(async (writer) => {
        await kind.change(
          writer,
          call,
          kind.by.given(input),
          (held) => {
            const all = merged(held, given);
            if (all.length > maxTags) throw LimitExceeded(`Cannot exceed quota for TagsPer${kind.thing}: ${maxTags}`);
            return all;
          },
          `iam:Tag${kind.thing}`,
        );
        return {};
      });
    },
  });
}

function tags(kind: Tagged) {
  return operation({
    doc: `Lists the tags of ${kind.what} in the order of their keys.`,
    effect: 'read',
    errors: [NoSuchEntity, ...(kind.isArn ? [InvalidInput] : [])],
    input: structure({ ...kind.by.members, ...pageMembers }),
    output: structure({ Tags: required(TagList, { doc: 'The tags.' }), ...pageOutput }),
    access: async (input, call) => [await kind.access(call, kind.by.asked(input))],
    run: (input, call) =>
      call.read(async (reader) => {
        const { id, tags: held } = await kind.tagsOf(reader, call, kind.by.given(input));
        const { records, shown } = sliced(call, `tags of ${id}`, held, input);
        return { Tags: records, ...shown };
      }),
  });
}

function untag(kind: Tagged) {
  return operation({
    doc: `Removes tags from ${kind.what}; a key that it does not have is no error.`,
    effect: 'write',
    errors: [NoSuchEntity, ...(kind.isArn ? [InvalidInput] : [])],
    input: structure({ ...kind.by.members, TagKeys: required(TagKeyList, { doc: 'The keys, in any case.' }) }),
    output: nothing,
    access: async (input, call) => [await kind.access(call, kind.by.asked(input), tagKeys(input.TagKeys))],
    run: ({ TagKeys: keys, ...input }, call) =>
      call.write(async (writer) => {
        await kind.change(writer, call, kind.by.given(input), (held) => without(held, keys), `iam:Untag${kind.thing}`);
        return {};
      }),
  });
}
