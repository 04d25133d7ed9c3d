// Tags of instance profiles.
import { nothing, required, structure } from '../../contract/shape.ts';
import { operation } from '../call.ts';
import { instanceProfileAccess } from './access.ts';
import { InvalidInput, LimitExceeded, NoSuchEntity } from './errors.ts';
import { sliced } from './pages.ts';
import { changedInstanceProfile, foundInstanceProfile } from './records.ts';
import { InstanceProfileName, pageMembers, pageOutput, TagKeyList, TagList } from './shapes.ts';
import { checkTags, maxTags, merged, requestTags, tagKeys, without } from './tags.ts';

const profileName = required(InstanceProfileName, { doc: 'The name of the instance profile, in any case.' });

export const TagInstanceProfile = operation({
  doc: 'Adds tags to an instance profile, and overwrites those whose keys it has, in any case.',
  effect: 'write',
  errors: [NoSuchEntity, InvalidInput, LimitExceeded],
  input: structure({
    InstanceProfileName: profileName,
    Tags: required(TagList, { doc: 'The tags.' }),
  }),
  output: nothing,
  access: async (input, call) => [
    await instanceProfileAccess(call, input.InstanceProfileName, requestTags(input.Tags)),
  ],
  async run(input, call) {
    checkTags(input.Tags);
    return call.write(async (writer) => {
      await changedInstanceProfile(writer, call.account, input.InstanceProfileName, (profile) => {
        const tags = merged(profile.tags, input.Tags);
        // Ours: the name of the quota, after the pattern of the others.
        if (tags.length > maxTags) throw LimitExceeded(`Cannot exceed quota for TagsPerInstanceProfile: ${maxTags}`);
        return { ...profile, tags };
      });
      return {};
    });
  },
});

export const ListInstanceProfileTags = operation({
  doc: "Lists an instance profile's tags in the order of their keys.",
  effect: 'read',
  errors: [NoSuchEntity],
  input: structure({ InstanceProfileName: profileName, ...pageMembers }),
  output: structure({ Tags: required(TagList, { doc: 'The tags.' }), ...pageOutput }),
  access: async (input, call) => [await instanceProfileAccess(call, input.InstanceProfileName)],
  run: (input, call) =>
    call.read(async (reader) => {
      const profile = await foundInstanceProfile(reader, call.account, input.InstanceProfileName);
      const { records, shown } = sliced(call, `tags of ${profile.instanceProfileId}`, profile.tags, input);
      return { Tags: records, ...shown };
    }),
});

export const UntagInstanceProfile = operation({
  doc: 'Removes tags from an instance profile; a key that it does not have is no error.',
  effect: 'write',
  errors: [NoSuchEntity],
  input: structure({
    InstanceProfileName: profileName,
    TagKeys: required(TagKeyList, { doc: 'The keys, in any case.' }),
  }),
  output: nothing,
  access: async (input, call) => [await instanceProfileAccess(call, input.InstanceProfileName, tagKeys(input.TagKeys))],
  run: (input, call) =>
    call.write(async (writer) => {
      await changedInstanceProfile(writer, call.account, input.InstanceProfileName, (profile) => ({
        ...profile,
        tags: without(profile.tags, input.TagKeys),
      }));
      return {};
    }),
});
