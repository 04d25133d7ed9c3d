// How users, groups and roles begin, change their names and end: with all that says so elsewhere, in one transaction.
import type { Document, Reader, Writer } from '../../store/store.ts';
import type { Call } from '../call.ts';
import { addCounted, deleteCounted, putCounted } from '../counts.ts';
import type { Collection } from '../records.ts';
import { setBoundary, showAnew } from './attachments.ts';
import {
  attachedPolicies,
  inlinePolicies,
  keyOf,
  namesOfIds,
  ofAccount,
  roleUses,
  serviceUses,
  under,
} from './documents.ts';
import {
  type Entity,
  type EntityKind,
  type EntityRecords,
  entities,
  entityOf,
  findRecord,
  foundRecord,
} from './entities.ts';
import { DeleteConflict, EntityAlreadyExists } from './errors.ts';
import { checkQuota } from './quotas.ts';

/** Keeps a new entity; throws EntityAlreadyExists, or LimitExceeded where the account has as many as the quota says. */
export async function begin<K extends EntityKind>(
  writer: Writer,
  call: Call,
  kind: K,
  record: EntityRecords[K],
): Promise<void> {
  const { collection, quota } = entities[kind];
  const { name } = entityOf(kind, call.account, record);
  await checkFree(writer, call.account, kind, name);
  await addCounted(writer, collection, ofAccount(call.account), name.toLowerCase(), record, (count) =>
    checkQuota(call, quota, count),
  );
  await putName(writer, call.account, kind, record);
}

/** Keeps the role of a service. AWS doc: using-service-linked-roles.html, it counts as a role, and alone may exceed the quota. */
export function beginOfService(writer: Writer, call: Call, role: EntityRecords['role']): Promise<void> {
  return keep(writer, call.account, 'role', role);
}

async function keep<K extends EntityKind>(writer: Writer, account: string, kind: K, record: EntityRecords[K]) {
  const { name } = entityOf(kind, account, record);
  await putCounted(writer, entities[kind].collection, ofAccount(account), name.toLowerCase(), record);
  await putName(writer, account, kind, record);
}

/** Gives a user or a group another name or path. `change` gives the new record; its id stays, and with it what belongs to it. */
export async function rename<K extends 'user' | 'group'>(
  writer: Writer,
  call: Call,
  kind: K,
  name: string,
  change: (record: EntityRecords[K]) => EntityRecords[K],
): Promise<EntityRecords[K]> {
  const { account } = call;
  const before = await foundRecord(writer, account, kind, name);
  const record = change(before);
  const entity = entityOf(kind, account, record);
  if (keyOf(account, entity.name) !== keyOf(account, name)) await checkFree(writer, account, kind, entity.name);
  await deleteCounted(writer, entities[kind].collection, ofAccount(account), name.toLowerCase());
  await keep(writer, account, kind, record);
  await showAnew(writer, account, entity);
  return record;
}

/** Ends an entity. INVARIANT: it has no policies and no members any more; a boundary goes with it. */
export async function end<K extends EntityKind>(
  writer: Writer,
  account: string,
  kind: K,
  record: EntityRecords[K],
): Promise<void> {
  const entity = entityOf(kind, account, record);
  if (kind !== 'group') await setBoundary(writer, account, kind, entity, null);
  await deleteCounted(writer, entities[kind].collection, ofAccount(account), entity.name.toLowerCase());
  await forgetUses(writer, account, entity.id);
  if (kind === 'role') await roleUses.delete(writer, `${account}/${entity.id}`);
  else await namesOfIds.delete(writer, `${account}/${entity.id}`);
}

/** INVARIANT: there are a handful of services, so that one look sees the uses of all. */
async function forgetUses(writer: Writer, account: string, id: string): Promise<void> {
  for (const { key } of await serviceUses.list(writer, { prefix: under(account, id), limit: 100 })) {
    await serviceUses.delete(writer, key);
  }
}

/** Throws DeleteConflict while an entity has policies of its own. AWS seen: the sentences. Ours: their order. */
export async function checkNoPolicies(reader: Reader, { kind, place }: Entity): Promise<void> {
  if (await isAny(reader, attachedPolicies[kind], place)) {
    throw DeleteConflict('Cannot delete entity, must detach all policies first.');
  }
  if (await isAny(reader, inlinePolicies[kind], place)) {
    throw DeleteConflict('Cannot delete entity, must delete policies first.');
  }
}

/** Whether there is a record below the place. */
export async function isAny<T extends Document>(
  reader: Reader,
  among: Collection<T>,
  prefix: string,
): Promise<boolean> {
  return (await among.list(reader, { prefix, limit: 1 })).length > 0;
}

/** AWS seen: the sentence, of each kind. */
async function checkFree(writer: Writer, account: string, kind: EntityKind, name: string): Promise<void> {
  if ((await findRecord(writer, account, kind, name)) === undefined) return;
  throw EntityAlreadyExists(`${entities[kind].title} with name ${name} already exists.`);
}

async function putName<K extends EntityKind>(writer: Writer, account: string, kind: K, record: EntityRecords[K]) {
  if (kind === 'role') return;
  const { id, name } = entityOf(kind, account, record);
  await namesOfIds.put(writer, `${account}/${id}`, { name });
}
