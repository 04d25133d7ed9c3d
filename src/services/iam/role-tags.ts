// Tags of roles, of a service's own as well.
import { nothing, required, structure } from '../../contract/shape.ts';
import { operation } from '../call.ts';
import { roleAccess } from './access.ts';
import { InvalidInput, LimitExceeded, NoSuchEntity } from './errors.ts';
import { sliced } from './pages.ts';
import { changedRole, foundRole } from './records.ts';
import { pageMembers, pageOutput, RoleName, TagKeyList, TagList } from './shapes.ts';
import { checkTags, maxTags, merged, requestTags, tagKeys, without } from './tags.ts';

const roleName = required(RoleName, { doc: 'The name of the role, in any case.' });

export const TagRole = operation({
  doc: 'Adds tags to a role, and overwrites those whose keys it has, in any case.',
  effect: 'write',
  errors: [NoSuchEntity, InvalidInput, LimitExceeded],
  input: structure({ RoleName: roleName, Tags: required(TagList, { doc: 'The tags.' }) }),
  output: nothing,
  access: async (input, call) => [await roleAccess(call, input.RoleName, { context: requestTags(input.Tags) })],
  async run(input, call) {
    checkTags(input.Tags);
    return call.write(async (writer) => {
      await changedRole(writer, call.account, input.RoleName, (role) => {
        const tags = merged(role.tags, input.Tags);
        // Ours: the name of the quota, after the pattern of the others.
        if (tags.length > maxTags) throw LimitExceeded(`Cannot exceed quota for TagsPerRole: ${maxTags}`);
        return { ...role, tags };
      });
      return {};
    });
  },
});

export const ListRoleTags = operation({
  doc: "Lists a role's tags in the order of their keys.",
  effect: 'read',
  errors: [NoSuchEntity],
  input: structure({ RoleName: roleName, ...pageMembers }),
  output: structure({ Tags: required(TagList, { doc: 'The tags.' }), ...pageOutput }),
  access: async (input, call) => [await roleAccess(call, input.RoleName)],
  run: (input, call) =>
    call.read(async (reader) => {
      const role = await foundRole(reader, call.account, input.RoleName);
      const { records, shown } = sliced(call, `tags of ${role.roleId}`, role.tags, input);
      return { Tags: records, ...shown };
    }),
});

export const UntagRole = operation({
  doc: 'Removes tags from a role; a key that it does not have is no error.',
  effect: 'write',
  errors: [NoSuchEntity],
  input: structure({ RoleName: roleName, TagKeys: required(TagKeyList, { doc: 'The keys, in any case.' }) }),
  output: nothing,
  access: async (input, call) => [await roleAccess(call, input.RoleName, { context: tagKeys(input.TagKeys) })],
  run: (input, call) =>
    call.write(async (writer) => {
      await changedRole(writer, call.account, input.RoleName, (role) => ({
        ...role,
        tags: without(role.tags, input.TagKeys),
      }));
      return {};
    }),
});
