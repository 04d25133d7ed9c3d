// Groups: users who share policies.
import { list, nothing, optional, required, structure, type ValueOf, view } from '../../contract/shape.ts';
import { parseArn } from '../arn.ts';
import { operation } from '../call.ts';
import { creatingEntity, entityAccess, listing, targetAccess } from './access.ts';
import { type GroupRecord, groups, usersOfGroups } from './documents.ts';
import { entityArn, entityId, entityOf, foundRecord } from './entities.ts';
import { begin, checkNoPolicies, end, isAny, rename } from './entity-life.ts';
import { DeleteConflict, EntityAlreadyExists, LimitExceeded, NoSuchEntity } from './errors.ts';
import { membersOf } from './memberships.ts';
import { listedByPath } from './pages.ts';
import { Group, GroupName, Path, pageMembers, pageOutput, pathPrefixMember } from './shapes.ts';
import { ListedUser } from './users.ts';

const groupName = required(GroupName, { doc: 'The name of the group, in any case.' });
/** A group as every answer shows it. */
export const ShownGroup = view(Group, groupSummary);

export const CreateGroup = operation({
  doc: 'Creates a group without users and policies.',
  effect: 'write',
  errors: [LimitExceeded, EntityAlreadyExists],
  input: structure({
    Path: optional(Path, { doc: 'The path of the group. Absent: `/`.' }),
    GroupName: required(GroupName, { doc: 'The name; unique in the account without regard to case.' }),
  }),
  output: structure({ Group: required(ShownGroup, { doc: 'The group.' }) }),
  access: ({ GroupName: name, Path: path }, call) => creatingEntity(call, 'group', { name, path }),
  async run({ GroupName: name, Path: path = '/' }, call) {
    const group: GroupRecord = {
      path,
      groupName: name,
      groupId: entityId(call, 'group'),
      arn: entityArn(call, 'group', name, path),
      createDate: call.now.toISOString(),
    };
    return call.write(async (writer) => {
      await begin(writer, call, 'group', group);
      return { Group: group };
    });
  },
});

export const GetGroup = operation({
  doc: 'Gets a group and its users.',
  effect: 'read',
  errors: [NoSuchEntity],
  input: structure({ GroupName: groupName, ...pageMembers }),
  output: structure({
    Group: required(ShownGroup, { doc: 'The group.' }),
    Users: required(list(ListedUser), { doc: 'The users, without their tags.' }),
    ...pageOutput,
  }),
  access: async (input, call) => [await entityAccess(call, 'group', input.GroupName)],
  run: (input, call) =>
    call.read(async (reader) => {
      const group = await foundRecord(reader, call.account, 'group', input.GroupName);
      const { records, shown } = await membersOf(call, reader, group, input);
      return { Group: group, Users: records, ...shown };
    }),
});

export const ListGroups = operation({
  doc: "Lists the account's groups in the order of their names.",
  effect: 'read',
  errors: [],
  input: structure({ ...pathPrefixMember, ...pageMembers }),
  output: structure({ Groups: required(list(ShownGroup), { doc: 'The groups.' }), ...pageOutput }),
  access: (input, call) => listing(call, 'group', input.PathPrefix),
  async run(input, call) {
    const { records, shown } = await listedByPath(call, groups, input);
    return { Groups: records, ...shown };
  },
});

export const UpdateGroup = operation({
  doc: 'Gives a group another name, another path or both; the id, and what belongs to the group, stays.',
  effect: 'write',
  errors: [NoSuchEntity, EntityAlreadyExists, LimitExceeded],
  input: structure({
    GroupName: groupName,
    NewPath: optional(Path, { doc: 'The new path. Absent: as before.' }),
    NewGroupName: optional(GroupName, { doc: 'The new name. Absent: as before.' }),
  }),
  output: nothing,
  // AWS doc: API_UpdateGroup.html, the caller must be allowed to on the old ARN and on the new one.
  access: async (input, call) => [
    await entityAccess(call, 'group', input.GroupName),
    ...(await targetAccess(call, 'group', input.GroupName, { name: input.NewGroupName, path: input.NewPath })),
  ],
  run: (input, call) =>
    call.write(async (writer) => {
      await rename(writer, call, 'group', input.GroupName, (group) => {
        const { NewGroupName: name = group.groupName, NewPath: path = group.path } = input;
        const { account, partition } = { ...call, ...parseArn(group.arn) };
        return { ...group, groupName: name, path, arn: entityArn({ account, partition }, 'group', name, path) };
      });
      return {};
    }),
});

export const DeleteGroup = operation({
  doc: 'Deletes a group that has no users and no policies.',
  effect: 'write',
  errors: [NoSuchEntity, DeleteConflict],
  input: structure({ GroupName: groupName }),
  output: nothing,
  access: async (input, call) => [await entityAccess(call, 'group', input.GroupName)],
  run: (input, call) =>
    call.write(async (writer) => {
      const { account } = call;
      const group = await foundRecord(writer, account, 'group', input.GroupName);
      const entity = entityOf('group', account, group);
      // AWS seen: the sentence. Ours: that it is the first.
      if (await isAny(writer, usersOfGroups, entity.place)) {
        throw DeleteConflict('Cannot delete entity, must remove users from group first.');
      }
      await checkNoPolicies(writer, entity);
      await end(writer, account, 'group', group);
      return {};
    }),
});

function groupSummary(group: GroupRecord): ValueOf<typeof Group> {
  return {
    Path: group.path,
    GroupName: group.groupName,
    GroupId: group.groupId,
    Arn: group.arn,
    CreateDate: new Date(group.createDate),
  };
}
