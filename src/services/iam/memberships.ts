// Which user is in which group, as records: both directions, written together. They know ids alone, so that no change of
// a name or path touches them.
import type { Reader, Writer } from '../../store/store.ts';
import type { Call } from '../call.ts';
import { countOf, deleteCounted, putCounted } from '../counts.ts';
import { type GroupRecord, groupsOfUsers, type UserRecord, usersOfGroups } from './documents.ts';
import { type Entity, entityOf, findById } from './entities.ts';
import { type ListedPage, listedUnder, type PageRequest } from './pages.ts';
import { checkQuota } from './quotas.ts';

/** Puts a user into a group; once more is no error. */
export async function join(writer: Writer, call: Call, user: Entity, group: Entity): Promise<void> {
  if (await groupsOfUsers.get(writer, user.place + group.id)) return;
  checkQuota(call, 'GroupsPerUser', (await countOf(writer, groupsOfUsers, user.place)) + 1);
  await putCounted(writer, groupsOfUsers, user.place, group.id, { groupId: group.id });
  await usersOfGroups.put(writer, group.place + user.id, { userId: user.id });
}

/** Takes a user out of a group; one who is not in it is no error. */
export async function leave(writer: Writer, user: Entity, group: Entity): Promise<void> {
  await deleteCounted(writer, groupsOfUsers, user.place, group.id);
  await usersOfGroups.delete(writer, group.place + user.id);
}

/** A page of a group's users, in the order of their ids. */
export async function membersOf(
  call: Call,
  reader: Reader,
  group: GroupRecord,
  asked: PageRequest,
): Promise<ListedPage<UserRecord>> {
  const { place } = entityOf('group', call.account, group);
  const { records, shown } = await listedUnder(call, reader, usersOfGroups, place, asked);
  return { records: await Promise.all(records.map(({ userId }) => kept(reader, call, 'user', userId))), shown };
}

/** A page of a user's groups, in the order of their ids. */
export async function groupsOfUser(
  call: Call,
  reader: Reader,
  user: Entity,
  asked: PageRequest,
): Promise<ListedPage<GroupRecord>> {
  const { records, shown } = await listedUnder(call, reader, groupsOfUsers, user.place, asked);
  return { records: await Promise.all(records.map(({ groupId }) => kept(reader, call, 'group', groupId))), shown };
}

async function kept<K extends 'user' | 'group'>(reader: Reader, { account }: Call, kind: K, id: string) {
  const record = await findById(reader, account, kind, id);
  // INVARIANT: neither a user in a group nor a group with users can be deleted.
  if (record === undefined) throw new Error(`the ${kind} ${id} of a membership is not kept`);
  return record;
}
