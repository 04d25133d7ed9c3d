// Users, groups and roles: what they have in common stands in one table, so that policies, boundaries, tags and lists are
// written once for the three kinds.
import type { StringShape } from '../../contract/shape.ts';
import type { Document, Reader, Writer } from '../../store/store.ts';
import type { Call } from '../call.ts';
import type { Collection } from '../records.ts';
import type { QuotaName } from '../settings.ts';
import { serviceRolePath } from './aws-managed-policies.ts';
import {
  type GroupRecord,
  groups,
  iamArn,
  keyOf,
  namesOfIds,
  type RoleRecord,
  roles,
  type Tag,
  type UserRecord,
  under,
  uniqueId,
  users,
} from './documents.ts';
import { NoSuchEntity, UnmodifiableEntity } from './errors.ts';
import { ExistingUserName, GroupName, RoleName } from './shapes.ts';

export type EntityKind = 'user' | 'group' | 'role';

/** The record of each kind. */
export type EntityRecords = { readonly user: UserRecord; readonly group: GroupRecord; readonly role: RoleRecord };

/** What every entity has, whatever its kind. */
export type Entity = {
  readonly kind: EntityKind;
  readonly name: string;
  readonly id: string;
  readonly arn: string;
  readonly path: string;
  /** What relations know it by. INVARIANT: no change of name or path changes it. */
  readonly key: string;
  /** What the keys of everything of its own begin with. */
  readonly place: string;
  /** ARN of the managed policy; a group has none. */
  readonly permissionsBoundary: string | null;
  /** Ascending by key; a group has none. */
  readonly tags: readonly Tag[];
};

type Shared = Omit<Entity, 'kind' | 'key' | 'place'>;

type Traits<R extends Document> = {
  /** The member that names it, on the wire. */
  readonly nameMember: 'UserName' | 'GroupName' | 'RoleName';
  readonly nameShape: StringShape;
  readonly idPrefix: 'AIDA' | 'AGPA' | 'AROA';
  /** What AWS's sentences begin with when the name is taken: `User with name`. */
  readonly title: string;
  readonly collection: Collection<R>;
  readonly quota: QuotaName;
  readonly attachmentQuota: QuotaName;
  /** Characters of all inline policies together, white space not counted. Not adjustable, as at AWS. */
  readonly maxInline: number;
  /** What the kinds name differently, under one name. */
  shared(record: R): Shared;
};

/** AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const entities: { readonly [K in EntityKind]: Traits<EntityRecords[K]> } = {
  user: {
    nameMember: 'UserName',
    nameShape: ExistingUserName,
    idPrefix: 'AIDA',
    title: 'User',
    collection: users,
    quota: 'UsersPerAccount',
    attachmentQuota: 'PoliciesPerUser',
    maxInline: 2048,
    shared: ({ userName: name, userId: id, arn, path, permissionsBoundary, tags }) => ({
      name,
      id,
      arn,
      path,
      permissionsBoundary,
      tags,
    }),
  },
  group: {
    nameMember: 'GroupName',
    nameShape: GroupName,
    idPrefix: 'AGPA',
    title: 'Group',
    collection: groups,
    quota: 'GroupsPerAccount',
    attachmentQuota: 'PoliciesPerGroup',
    maxInline: 5120,
    shared: ({ groupName: name, groupId: id, arn, path }) => ({
      name,
      id,
      arn,
      path,
      permissionsBoundary: null,
      tags: [],
    }),
  },
  role: {
    nameMember: 'RoleName',
    nameShape: RoleName,
    idPrefix: 'AROA',
    title: 'Role',
    collection: roles,
    quota: 'RolesPerAccount',
    attachmentQuota: 'PoliciesPerRole',
    maxInline: 10_240,
    shared: ({ roleName: name, roleId: id, arn, path, permissionsBoundary, tags }) => ({
      name,
      id,
      arn,
      path,
      permissionsBoundary,
      tags,
    }),
  },
};

/** What relations know an entity by: a role's name in lower case, which stays for life, or the unique id. */
export function relationKey(kind: EntityKind, { name, id }: { readonly name: string; readonly id: string }): string {
  return kind === 'role' ? name.toLowerCase() : id;
}

/** The record as every entity is seen. */
export function entityOf<K extends EntityKind>(kind: K, account: string, record: EntityRecords[K]): Entity {
  const shared = entities[kind].shared(record);
  const { name, id, arn, path, permissionsBoundary, tags } = shared;
  const key = relationKey(kind, shared);
  return { kind, name, id, arn, path, key, place: under(account, key), permissionsBoundary, tags };
}

/** A fresh unique id of the kind. */
export function entityId(call: Pick<Call, 'randomBytes'>, kind: EntityKind): string {
  return uniqueId(entities[kind].idPrefix, call);
}

/** `arn:…:iam::ACCOUNT:user/PATH/NAME`. */
export function entityArn(
  call: Pick<Call, 'account' | 'partition'>,
  kind: EntityKind,
  name: string,
  path = '/',
): string {
  return iamArn(call, kind + path + name);
}

/** The record of this name in any case, or undefined. Ours: AWS documents that names are unique ignoring case, not how it looks them up. */
export function findRecord<K extends EntityKind>(
  reader: Reader,
  account: string,
  kind: K,
  name: string,
): Promise<EntityRecords[K] | undefined> {
  return entities[kind].collection.get(reader, keyOf(account, name));
}

/** The same of a call that looks for nothing else: at once, where it is remembered. */
export function soughtRecord<K extends EntityKind>(
  call: Call,
  kind: K,
  name: string,
): EntityRecords[K] | undefined | Promise<EntityRecords[K] | undefined> {
  return call.find(entities[kind].collection, keyOf(call.account, name));
}

/** The record, or NoSuchEntity. */
export async function foundRecord<K extends EntityKind>(
  reader: Reader,
  account: string,
  kind: K,
  name: string,
): Promise<EntityRecords[K]> {
  const record = await findRecord(reader, account, kind, name);
  return record ?? missing(kind, name);
}

/** AWS seen: the sentence, of each kind. */
export function missing(kind: EntityKind, name: string): never {
  throw NoSuchEntity(`The ${kind} with name ${name} cannot be found.`);
}

/** The same as every entity is seen. */
export async function foundEntity(reader: Reader, account: string, kind: EntityKind, name: string): Promise<Entity> {
  return entityOf(kind, account, await foundRecord(reader, account, kind, name));
}

/** The user or group of this unique id, or undefined. */
export async function findById<K extends 'user' | 'group'>(
  reader: Reader,
  account: string,
  kind: K,
  id: string,
): Promise<EntityRecords[K] | undefined> {
  const named = await namesOfIds.get(reader, `${account}/${id}`);
  const record = named && (await findRecord(reader, account, kind, named.name));
  return record !== undefined && entities[kind].shared(record).id === id ? record : undefined;
}

/** The entity where a request may change it; NoSuchEntity, or UnmodifiableEntity for the role of a service. AWS seen: the sentence. */
export async function modifiable(reader: Reader, account: string, kind: EntityKind, name: string): Promise<Entity> {
  const entity = await foundEntity(reader, account, kind, name);
  if (!isServiceLinked(entity)) return entity;
  const operation = `Cannot perform the operation on the protected role '${entity.name}'`;
  throw UnmodifiableEntity(`${operation} - this role is only modifiable by AWS`);
}

/** Whether a service made the role for itself; CreateRole refuses the path. */
export function isServiceLinked({ kind, path }: Pick<Entity, 'kind' | 'path'>): boolean {
  return kind === 'role' && path.startsWith(serviceRolePath);
}

/** Reads, changes and writes one record, all but its names and its path; gives the new one. */
export async function changedRecord<K extends EntityKind>(
  writer: Writer,
  account: string,
  kind: K,
  name: string,
  change: (record: EntityRecords[K]) => EntityRecords[K],
): Promise<EntityRecords[K]> {
  const record = change(await foundRecord(writer, account, kind, name));
  await entities[kind].collection.put(writer, keyOf(account, name), record);
  return record;
}
