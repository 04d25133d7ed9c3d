// What IAM keeps. IAM is global: keys begin with the account and know no Region. Names are unique without regard to
// case, so that keys hold them in lower case and records as they were given.
import type { Reader, Writer } from '../../store/store.ts';
import { formatArn } from '../arn.ts';
import type { Call } from '../call.ts';
import { collection } from '../records.ts';
import { NoSuchEntity } from './errors.ts';

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
  readonly owner: 'root';
  readonly createdAt: string;
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
  /** Ascending by key. */
  readonly tags: readonly Tag[];
};

/** An inline policy of a role as stored. */
export type RolePolicyRecord = {
  readonly policyName: string;
  /** JSON text as it was given. */
  readonly policyDocument: string;
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

/** By account id. */
export const accounts = collection<AccountRecord>('iam/accounts');
/** By access key id, the one collection without the account in its keys: a signature names only the access key. */
export const accessKeys = collection<AccessKeyRecord>('iam/access-keys');
export const roles = collection<RoleRecord>('iam/roles');
/** By role and policy name. */
export const inlinePolicies = collection<RolePolicyRecord>('iam/role-policies');
export const instanceProfiles = collection<InstanceProfileRecord>('iam/instance-profiles');
/**
 * The instance profiles of each role, by role and instance profile name.
 * INVARIANT: written together with `InstanceProfileRecord.roleName`, which says the same the other way round.
 */
export const profilesOfRoles = collection<{ readonly instanceProfileName: string }>('iam/role-instance-profiles');

/** The key of a named resource of the account. */
export function keyOf(account: string, name: string): string {
  return `${account}/${name.toLowerCase()}`;
}

/** What the keys of everything that belongs to a role begin with. */
export function underRole(account: string, roleName: string): string {
  return `${keyOf(account, roleName)}/`;
}

/** `arn:…:iam::ACCOUNT:` and the resource. */
export function iamArn(call: Pick<Call, 'account' | 'partition'>, resource: string): string {
  return formatArn({ partition: call.partition, service: 'iam', region: '', account: call.account, resource });
}

export function roleArn(call: Pick<Call, 'account' | 'partition'>, roleName: string, path = '/'): string {
  return iamArn(call, `role${path}${roleName}`);
}

export function instanceProfileArn(call: Pick<Call, 'account' | 'partition'>, name: string, path = '/'): string {
  return iamArn(call, `instance-profile${path}${name}`);
}

/** The role of this name in any case, or undefined. Ours: AWS documents that names are unique ignoring case, not how it looks them up. */
export function findRole(reader: Reader, account: string, roleName: string): Promise<RoleRecord | undefined> {
  return roles.get(reader, keyOf(account, roleName));
}

/** The role, or NoSuchEntity. AWS seen: the sentence. */
export async function foundRole(reader: Reader, account: string, roleName: string): Promise<RoleRecord> {
  const role = await findRole(reader, account, roleName);
  if (role === undefined) throw NoSuchEntity(`The role with name ${roleName} cannot be found.`);
  return role;
}

/**
 * All inline policies of a role, ascending by name.
 * INVARIANT: PutRolePolicy bounds the sum of a role's policies to 10,240 characters, so that a thousand do not fit.
 */
export async function rolePolicies(
  reader: Reader,
  account: string,
  roleName: string,
): Promise<readonly RolePolicyRecord[]> {
  const entries = await inlinePolicies.list(reader, { prefix: underRole(account, roleName), limit: 1000 });
  return entries.map(({ record }) => record);
}

/** The instance profile, or NoSuchEntity. AWS seen: the sentence. */
export async function foundInstanceProfile(
  reader: Reader,
  account: string,
  name: string,
): Promise<InstanceProfileRecord> {
  const profile = await instanceProfiles.get(reader, keyOf(account, name));
  if (profile === undefined) throw NoSuchEntity(`Instance Profile ${name} cannot be found.`);
  return profile;
}

/** Reads, changes and writes one instance profile; gives the new one. */
export async function changedInstanceProfile(
  writer: Writer,
  account: string,
  name: string,
  change: (profile: InstanceProfileRecord) => InstanceProfileRecord,
): Promise<InstanceProfileRecord> {
  const profile = change(await foundInstanceProfile(writer, account, name));
  await instanceProfiles.put(writer, keyOf(account, name), profile);
  return profile;
}

const idLetters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * A fresh unique id: the prefix and 17 random characters of A–Z and 2–7, 21 in all.
 * AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
 */
export function uniqueId(prefix: 'AROA' | 'AIPA' | 'AIDA', call: Pick<Call, 'randomBytes'>): string {
  // 32 letters: the low five bits of a byte choose one without bias.
  return prefix + Array.from(call.randomBytes(17), (byte) => idLetters.charAt(byte & 31)).join('');
}
