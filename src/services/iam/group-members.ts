// Users in groups: a user has the policies of all groups it is in.
import { list, nothing, required, structure } from '../../contract/shape.ts';
import { operation } from '../call.ts';
import { entityAccess } from './access.ts';
import { foundEntity } from './entities.ts';
import { LimitExceeded, NoSuchEntity } from './errors.ts';
import { ShownGroup } from './groups.ts';
import { groupsOfUser, join, leave } from './memberships.ts';
import { ExistingUserName, GroupName, pageMembers, pageOutput } from './shapes.ts';

const userName = { UserName: required(ExistingUserName, { doc: 'The name of the user, in any case.' }) };
const both = { GroupName: required(GroupName, { doc: 'The name of the group, in any case.' }), ...userName };

// AWS seen: 2019-09-04, adding a user who is in the group and removing one who is not both succeed.

export const AddUserToGroup = operation({
  doc: 'Puts a user into a group; its policies hold for the user at once.',
  effect: 'write',
  errors: [NoSuchEntity, LimitExceeded],
  input: structure(both),
  output: nothing,
  access: async (input, call) => [await entityAccess(call, 'group', input.GroupName)],
  run: (input, call) =>
    call.write(async (writer) => {
      const group = await foundEntity(writer, call.account, 'group', input.GroupName);
      const user = await foundEntity(writer, call.account, 'user', input.UserName);
      await join(writer, call, user, group);
      return {};
    }),
});

export const ListGroupsForUser = operation({
  doc: 'Lists the groups that a user is in.',
  effect: 'read',
  errors: [NoSuchEntity],
  input: structure({ ...userName, ...pageMembers }),
  output: structure({ Groups: required(list(ShownGroup), { doc: 'The groups.' }), ...pageOutput }),
  access: async (input, call) => [await entityAccess(call, 'user', input.UserName)],
  run: (input, call) =>
    call.read(async (reader) => {
      const user = await foundEntity(reader, call.account, 'user', input.UserName);
      const { records, shown } = await groupsOfUser(call, reader, user, input);
      return { Groups: records, ...shown };
    }),
});

export const RemoveUserFromGroup = operation({
  doc: 'Takes a user out of a group; its policies hold for the user no more.',
  effect: 'write',
  errors: [NoSuchEntity],
  input: structure(both),
  output: nothing,
  access: async (input, call) => [await entityAccess(call, 'group', input.GroupName)],
  run: (input, call) =>
    call.write(async (writer) => {
      const group = await foundEntity(writer, call.account, 'group', input.GroupName);
      const user = await foundEntity(writer, call.account, 'user', input.UserName);
      await leave(writer, user, group);
      return {};
    }),
});
