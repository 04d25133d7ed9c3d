// What IAM keeps, and under which keys. IAM is global: keys begin with the account and know no Region. Names are unique
// without regard to case, so that keys hold them in lower case and records as they were given. What belongs to a user or
// a group stands under its unique id, which a new name does not change.
import { rememberOf } from '../../core/remember.ts';
import { identifierBytes, uniqueIdOf } from '../../core/session/credentials.ts';
import { formatArn } from '../arn.ts';
import type { Call } from '../call.ts';
import { collection } from '../records.ts';

/** A tag as stored and as on the wire. */
export type Tag = { readonly Key: string; readonly Value: string };

export type AccountRecord = {
  /** Twelve digits. */
  readonly account: string;
  readonly createdAt: string;
};

/** A permanent access key. Sessions need no record: their token says all. */
export type AccessKeyRecord = {
  readonly accessKeyId: string;
  readonly account: string;
  /** Base64 of the secret, sealed for `purposes.accessKey`. */
  readonly sealedSecret: string;
  /** Whose it is: the account's own, or a user's. */
  readonly owner: 'root' | 'user';
  /** `AIDA…` of the user; of root, the account. */
  readonly userId: string;
  /** An inactive key proves nothing. */
  readonly status: 'Active' | 'Inactive';
  /** ISO 8601 text. */
  readonly createDate: string;
};

/** The last use of an access key, in a record of its own: uses are written often, keys seldom. */
export type AccessKeyUse = {
  /** ISO 8601 text. */
  readonly at: string;
  readonly region: string;
  /** The signing name, `iam`. */
  readonly serviceName: string;
};

/** The last use of a role: the last request that a session of it signed. */
export type RoleUse = Pick<AccessKeyUse, 'at' | 'region'>;

/** A user as stored. */
export type UserRecord = {
  readonly path: string;
  readonly userName: string;
  /** `AIDA…`: a user deleted and made again under its name is another user. */
  readonly userId: string;
  readonly arn: string;
  /** ISO 8601 text. */
  readonly createDate: string;
  /** ISO 8601 text. */
  readonly passwordLastUsed: string | null;
  /** ARN of the managed policy. INVARIANT: `setBoundary` writes it, together with its other direction. */
  readonly permissionsBoundary: string | null;
  /** Ascending by key. */
  readonly tags: readonly Tag[];
};

/** A group as stored. */
export type GroupRecord = {
  readonly path: string;
  readonly groupName: string;
  /** `AGPA…`. */
  readonly groupId: string;
  readonly arn: string;
  /** ISO 8601 text. */
  readonly createDate: string;
};

/** A role as stored. */
export type RoleRecord = {
  readonly path: string;
  readonly roleName: string;
  /** `AROA…`: a role deleted and made again under its name is another role. */
  readonly roleId: string;
  readonly arn: string;
  /** ISO 8601 text. */
  readonly createDate: string;
  /** JSON text as it was given. */
  readonly assumeRolePolicyDocument: string;
  readonly description: string | null;
  /** Seconds, 3600–43200. */
  readonly maxSessionDuration: number;
  /** ARN of the managed policy. INVARIANT: as a user's. */
  readonly permissionsBoundary: string | null;
  /** Ascending by key. */
  readonly tags: readonly Tag[];
};

/** An inline policy as stored. */
export type InlinePolicyRecord = {
  readonly policyName: string;
  /** JSON text as it was given. */
  readonly policyDocument: string;
};

/** A managed policy on an entity: what the entity's list shows of it, none of which ever changes. */
export type AttachedPolicyRecord = {
  readonly policyArn: string;
  readonly policyName: string;
  /** Begins and ends with a slash. */
  readonly policyPath: string;
};

/** An entity that uses a managed policy: what the policy's list shows of it. */
export type PolicyUserRecord = { readonly name: string; readonly id: string; readonly path: string };

/** A managed policy of the account's own. */
export type ManagedPolicyRecord = {
  readonly policyName: string;
  /** `ANPA…`. */
  readonly policyId: string;
  readonly arn: string;
  /** Begins and ends with a slash. */
  readonly path: string;
  readonly description: string | null;
  /** The versions that are kept, ascending; their documents stand in `policyDocuments`. */
  readonly versions: readonly { readonly versionId: string; readonly createDate: string }[];
  readonly defaultVersionId: string;
  /** The number of the next version: none is given twice. */
  readonly nextVersion: number;
  /** ISO 8601 text. */
  readonly createDate: string;
  /** ISO 8601 text: when the newest version was made, or the default one set. */
  readonly updateDate: string;
  /** Ascending by key. */
  readonly tags: readonly Tag[];
};

/** An instance profile as stored. */
export type InstanceProfileRecord = {
  readonly path: string;
  readonly instanceProfileName: string;
  readonly instanceProfileId: string;
  readonly arn: string;
  /** ISO 8601 text. */
  readonly createDate: string;
  /** The one role, in the role's own case. */
  readonly roleName: string | null;
  /** Ascending by key. */
  readonly tags: readonly Tag[];
};

type EarlierKey = Omit<AccessKeyRecord, 'userId' | 'status' | 'createDate'> & { readonly createdAt: string };
type EarlierRole = Omit<RoleRecord, 'permissionsBoundary'>;
type EarlierPolicyUser = { readonly roleName: string; readonly roleId: string; readonly rolePath: string };

// One record for each document, as where the two are the same: much is remembered by the record.
const keyAsNow = rememberOf(({ createdAt, ...key }: EarlierKey): AccessKeyRecord => {
  return { ...key, userId: key.account, status: 'Active', createDate: createdAt };
});
const roleAsNow = rememberOf((role: EarlierRole): RoleRecord => ({ ...role, permissionsBoundary: null }));

/** By account id. */
export const accounts = collection<AccountRecord>('iam/accounts');
/** By access key id, the one collection without the account in its keys: a signature names only the access key. */
export const accessKeys = collection<AccessKeyRecord, EarlierKey>('iam/access-keys', (stored) =>
  'createdAt' in stored ? keyAsNow(stored) : stored,
);
/** The access keys of each owner, by user id (of root: the account) and access key id. INVARIANT: written together with `accessKeys`. */
export const keysOfOwners = collection<{ readonly accessKeyId: string }>('iam/user-access-keys');
/** By access key id. */
export const accessKeyUses = collection<AccessKeyUse>('iam/access-key-uses');
/** The last use of each role, by account and role id. */
export const roleUses = collection<RoleUse>('iam/role-uses');
/** The last use of each service by users and roles, by unique id and signing name. */
export const serviceUses = collection<RoleUse>('iam/service-uses');
export const users = collection<UserRecord>('iam/users');
export const groups = collection<GroupRecord>('iam/groups');
export const roles = collection<RoleRecord, EarlierRole>('iam/roles', (stored) =>
  'permissionsBoundary' in stored ? stored : roleAsNow(stored),
);
/** The names of users and groups by their ids. INVARIANT: written together with `users` and `groups`. */
export const namesOfIds = collection<{ readonly name: string }>('iam/names-of-ids');
/** The groups of each user, by user id and group id. INVARIANT: written together with `usersOfGroups`. */
export const groupsOfUsers = collection<{ readonly groupId: string }>('iam/user-groups');
/** The users of each group, by group id and user id. */
export const usersOfGroups = collection<{ readonly userId: string }>('iam/group-users');

/** By entity and policy name. */
export const inlinePolicies = {
  user: collection<InlinePolicyRecord>('iam/user-policies'),
  group: collection<InlinePolicyRecord>('iam/group-policies'),
  role: collection<InlinePolicyRecord>('iam/role-policies'),
} as const;
/** The managed policies of each entity, by entity and policy ARN. INVARIANT: written together with `attachedTo`. */
export const attachedPolicies = {
  user: collection<AttachedPolicyRecord>('iam/user-managed-policies'),
  group: collection<AttachedPolicyRecord>('iam/group-managed-policies'),
  role: collection<AttachedPolicyRecord>('iam/role-managed-policies'),
} as const;
/** The entities of each managed policy, by policy ARN and entity. */
export const attachedTo = {
  user: collection<PolicyUserRecord>('iam/managed-policy-users'),
  group: collection<PolicyUserRecord>('iam/managed-policy-groups'),
  role: collection<PolicyUserRecord, EarlierPolicyUser>('iam/managed-policy-roles', (stored) =>
    'roleName' in stored ? { name: stored.roleName, id: stored.roleId, path: stored.rolePath } : stored,
  ),
} as const;
/** The entities that each managed policy bounds, as the last. */
export const boundaryOf = {
  user: collection<PolicyUserRecord>('iam/boundary-users'),
  role: collection<PolicyUserRecord>('iam/boundary-roles'),
} as const;

/** By policy name. */
export const policies = collection<ManagedPolicyRecord>('iam/policies');
/** JSON text as it was given, by policy id and version. INVARIANT: written together with `policies`. */
export const policyDocuments = collection<{ readonly document: string }>('iam/policy-documents');
export const instanceProfiles = collection<InstanceProfileRecord>('iam/instance-profiles');
/**
 * The instance profiles of each role, by role and instance profile name.
 * INVARIANT: written together with `InstanceProfileRecord.roleName`, which says the same the other way round.
 */
export const profilesOfRoles = collection<{ readonly instanceProfileName: string }>('iam/role-instance-profiles');

/** What the keys of everything of an account begin with. */
export function ofAccount(account: string): string {
  return `${account}/`;
}

/** The key of a named resource of the account. */
export function keyOf(account: string, name: string): string {
  return ofAccount(account) + name.toLowerCase();
}

/** What the keys of everything that belongs to a named or numbered resource begin with. */
export function under(account: string, nameOrId: string): string {
  return `${account}/${nameOrId}/`;
}

/** What the keys of a role's instance profiles begin with. */
export function underRole(account: string, roleName: string): string {
  return `${keyOf(account, roleName)}/`;
}

/** What the keys of a managed policy's entities begin with. Ends with a space, which no ARN holds, unlike a slash. */
export function underPolicy(account: string, policyArn: string): string {
  return `${account}/${policyArn} `;
}

/** `arn:…:iam::ACCOUNT:` and the resource. */
export function iamArn(call: Pick<Call, 'account' | 'partition'>, resource: string): string {
  return formatArn({ partition: call.partition, service: 'iam', region: '', account: call.account, resource });
}

export function instanceProfileArn(call: Pick<Call, 'account' | 'partition'>, name: string, path = '/'): string {
  return iamArn(call, `instance-profile${path}${name}`);
}

/**
 * A fresh unique id: the prefix and 17 random characters of A–Z and 2–7, 21 in all.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
 */
export function uniqueId(prefix: 'AROA' | 'AIPA' | 'AIDA' | 'AGPA' | 'ANPA', call: Pick<Call, 'randomBytes'>): string {
  return uniqueIdOf(prefix, call.randomBytes(identifierBytes));
}
