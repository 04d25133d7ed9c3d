// Users: people and programs of the account, who stay until they are deleted.
import { commonError } from '../../contract/error.ts';
import type { Access } from '../../contract/operation.ts';
import { list, nothing, optional, required, structure, type ValueOf, view } from '../../contract/shape.ts';
import type { Reader, Writer } from '../../store/store.ts';
import { parseArn } from '../arn.ts';
import { operation } from '../call.ts';
import { creatingEntity, entityAccess, listing, targetAccess } from './access.ts';
import { bound, shownBoundary } from './boundaries.ts';
import { accounts, groupsOfUsers, keysOfOwners, type UserRecord, users } from './documents.ts';
import { entityArn, entityId, entityOf, foundRecord } from './entities.ts';
import { begin, checkNoPolicies, end, isAny, rename } from './entity-life.ts';
import { DeleteConflict, EntityAlreadyExists, InvalidInput, LimitExceeded, NoSuchEntity } from './errors.ts';
import { checkPolicyArn } from './managed-policy-rules.ts';
import { type Owner, ownerAccess, ownerOf } from './owner.ts';
import { listedByPath } from './pages.ts';
import { findLoginProfile } from './passwords.ts';
import {
  AnyUser,
  Arn,
  ExistingUserName,
  Path,
  pageMembers,
  pageOutput,
  pathPrefixMember,
  TagList,
  User,
  UserName,
} from './shapes.ts';
import { checkTags, merged } from './tags.ts';

const userName = required(ExistingUserName, { doc: 'The name of the user, in any case.' });
/** A user as lists show it. */
export const ListedUser = view(User, userSummary);

export const CreateUser = operation({
  doc: 'Creates a user, who has no keys and may do nothing yet.',
  effect: 'write',
  errors: [LimitExceeded, EntityAlreadyExists, NoSuchEntity, InvalidInput],
  input: structure({
    Path: optional(Path, { doc: 'The path of the user. Absent: `/`.' }),
    UserName: required(UserName, { doc: 'The name; unique in the account without regard to case.' }),
    PermissionsBoundary: optional(Arn, { doc: 'The ARN of the managed policy that bounds the user.' }),
    Tags: optional(TagList, { doc: 'Tags of the new user.' }),
  }),
  output: structure({ User: optional(User, { doc: 'The user.' }) }),
  access: ({ UserName: name, Path: path, Tags: tags, PermissionsBoundary: boundary }, call) =>
    creatingEntity(call, 'user', { name, path, tags, boundary }),
  async run({ UserName: name, Path: path = '/', PermissionsBoundary: boundary, Tags }, call) {
    if (boundary !== undefined) checkPolicyArn(call, boundary);
    checkTags(Tags);
    const record: UserRecord = {
      path,
      userName: name,
      userId: entityId(call, 'user'),
      arn: entityArn(call, 'user', name, path),
      createDate: call.now.toISOString(),
      passwordLastUsed: null,
      permissionsBoundary: null,
      tags: merged([], Tags),
    };
    return call.write(async (writer) => {
      await begin(writer, call, 'user', record);
      if (boundary !== undefined) {
        await bound(writer, call, 'user', entityOf('user', call.account, record), boundary);
      }
      return { User: detail({ ...record, permissionsBoundary: boundary ?? null }) };
    });
  },
});

export const GetUser = operation({
  doc: 'Gets a user, or whoever asks.',
  effect: 'read',
  errors: [NoSuchEntity],
  input: structure({
    UserName: optional(ExistingUserName, { doc: 'The name of the user, in any case. Absent: the caller.' }),
  }),
  output: structure({ User: required(AnyUser, { doc: 'The user; of root, without a name and a path.' }) }),
  access: async (input, call) => [await ownerAccess(call, input.UserName)],
  run: (input, call) =>
    call.read(async (reader) => ({
      User: await shownOwner(reader, await ownerOf(reader, call, input.UserName)),
    })),
});

export const ListUsers = operation({
  doc: "Lists the account's users in the order of their names, without their tags.",
  effect: 'read',
  errors: [],
  input: structure({ ...pathPrefixMember, ...pageMembers }),
  output: structure({ Users: required(list(ListedUser), { doc: 'The users.' }), ...pageOutput }),
  access: (input, call) => listing(call, 'user', input.PathPrefix),
  async run(input, call) {
    const { records, shown } = await listedByPath(call, users, input);
    return { Users: records, ...shown };
  },
});

export const UpdateUser = operation({
  doc: 'Gives a user another name, another path or both; the id, and what belongs to the user, stays.',
  effect: 'write',
  errors: [NoSuchEntity, LimitExceeded, EntityAlreadyExists],
  input: structure({
    UserName: userName,
    NewPath: optional(Path, { doc: 'The new path. Absent: as before.' }),
    NewUserName: optional(UserName, { doc: 'The new name. Absent: as before.' }),
  }),
  output: nothing,
  // AWS doc: API_UpdateUser.html, the caller must be allowed to on the old ARN and on the new one.
  access: async (input, call): Promise<readonly Access[]> => [
    await entityAccess(call, 'user', input.UserName),
    ...(await targetAccess(call, 'user', input.UserName, { name: input.NewUserName, path: input.NewPath })),
  ],
  run: (input, call) =>
    call.write(async (writer) => {
      await rename(writer, call, 'user', input.UserName, (user) => {
        const { NewUserName: name = user.userName, NewPath: path = user.path } = input;
        const { account, partition } = { ...call, ...parseArn(user.arn) };
        return { ...user, userName: name, path, arn: entityArn({ account, partition }, 'user', name, path) };
      });
      return {};
    }),
});

export const DeleteUser = operation({
  doc: 'Deletes a user who has no keys, no password, no groups and no policies; a permissions boundary goes along.',
  effect: 'write',
  errors: [NoSuchEntity, DeleteConflict],
  input: structure({ UserName: userName }),
  output: nothing,
  access: async (input, call) => [await entityAccess(call, 'user', input.UserName)],
  run: (input, call) =>
    call.write(async (writer) => {
      const { account } = call;
      const user = await foundRecord(writer, account, 'user', input.UserName);
      await checkAlone(writer, account, user);
      await end(writer, account, 'user', user);
      return {};
    }),
});

/** Throws DeleteConflict while something belongs to the user. AWS seen: the sentences. Ours: their order. */
async function checkAlone(writer: Writer, account: string, user: UserRecord): Promise<void> {
  const entity = entityOf('user', account, user);
  if (await isAny(writer, groupsOfUsers, entity.place)) {
    throw DeleteConflict('Cannot delete entity, must remove users from group first.');
  }
  if (await isAny(writer, keysOfOwners, entity.place)) {
    throw DeleteConflict('Cannot delete entity, must delete access keys first.');
  }
  if (await findLoginProfile(writer, account, user.userId)) {
    throw DeleteConflict('Cannot delete entity, must delete login profile first.');
  }
  await checkNoPolicies(writer, entity);
}

/** AWS doc: API_ListUsers.html, without the boundary and the tags. */
function userSummary(user: UserRecord): ValueOf<typeof User> {
  return {
    Path: user.path,
    UserName: user.userName,
    UserId: user.userId,
    Arn: user.arn,
    CreateDate: new Date(user.createDate),
    ...(user.passwordLastUsed === null ? {} : { PasswordLastUsed: new Date(user.passwordLastUsed) }),
  };
}

function detail(user: UserRecord): ValueOf<typeof User> {
  return { ...userSummary(user), ...shownBoundary(user), ...(user.tags.length === 0 ? {} : { Tags: user.tags }) };
}

/** AWS seen: of root, neither a name nor a path. */
async function shownOwner(reader: Reader, owner: Owner): Promise<ValueOf<typeof AnyUser>> {
  if (owner.kind === 'user') return detail(owner.user);
  const account = await accounts.get(reader, owner.userId);
  // INVARIANT: who signs as root is of an account that is kept.
  if (account === undefined) throw commonError('internal', 'query', 'The account is not kept.');
  return { UserId: owner.userId, Arn: owner.arn, CreateDate: new Date(account.createdAt) };
}
