// What other rooms may know of IAM: its records, who is who, and which policies apply to whom.
import type { Reader } from '../../store/store.ts';
import { type AccessKeyRecord, accessKeys, type RoleRecord, type UserRecord } from './documents.ts';
import { findById, findRecord } from './entities.ts';

export { type AppliedPolicies, type AppliedPolicy, appliedPolicies } from './applied-policies.ts';
export {
  type AccessKeyRecord,
  type AccessKeyUse,
  accessKeys,
  accessKeyUses,
  accounts,
  type GroupRecord,
  keysOfOwners,
  type RoleRecord,
  roles,
  serviceUses,
  type Tag,
  type UserRecord,
  under,
  users,
} from './documents.ts';
export { type Entity, type EntityKind, entityOf } from './entities.ts';
export { findManagedPolicy, type ManagedPolicy } from './managed-policy-records.ts';
export {
  findOidcProvider,
  issuerName,
  type OidcProviderRecord,
  oidcProviderArn,
  oidcProviderKey,
  oidcProviders,
} from './oidc-provider-records.ts';
export { type LoginProfileRecord, loginProfiles } from './passwords.ts';
export {
  ensureServiceLinkedRole,
  serviceLinkedRoleArn,
  serviceLinkedRoleName,
} from './service-linked-records.ts';

export { type Use, usedOf, writeUse } from './uses.ts';

/** The role of this name in any case, or undefined. */
export function findRole(reader: Reader, account: string, roleName: string): Promise<RoleRecord | undefined> {
  return findRecord(reader, account, 'role', roleName);
}

/** The user of this unique id, or undefined: whose access key it is, as of now. */
export function findUserById(reader: Reader, account: string, userId: string): Promise<UserRecord | undefined> {
  return findById(reader, account, 'user', userId);
}

/** The access key of this id where it may sign, or undefined: an inactive one proves nothing. */
export async function activeAccessKey(reader: Reader, accessKeyId: string): Promise<AccessKeyRecord | undefined> {
  const key = await accessKeys.get(reader, accessKeyId);
  return key?.status === 'Active' ? key : undefined;
}
