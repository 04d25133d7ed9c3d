// What IAM keeps. IAM is global: keys begin with the account and know no Region. Names are unique without regard to
// case, so that keys hold them in lower case and records as they were given.
import type { Reader, Writer } from '../../store/store.ts';
import { formatArn } from '../arn.ts';
import type { Call } from '../call.ts';
import { collection } from '../records.ts';
import { awsManagedPolicy, awsManagedPolicyArn, type ManagedPolicy, serviceRolePath } from './aws-managed-policies.ts';
import { NoSuchEntity, UnmodifiableEntity } from './errors.ts';

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

/** A managed policy on a role as stored: what lists of either show, none of which ever changes. */
export type AttachmentRecord = {
  readonly policyArn: string;
  readonly policyName: string;
  /** Begins and ends with a slash. */
  readonly policyPath: string;
  readonly roleName: string;
  readonly roleId: string;
  readonly rolePath: string;
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
/** The managed policies of each role, by role and policy ARN. INVARIANT: written together with `rolesOfPolicies`. */
const policiesOfRoles = collection<AttachmentRecord>('iam/role-managed-policies');
/** The roles of each managed policy, by policy ARN and role. */
export const rolesOfPolicies = collection<AttachmentRecord>('iam/managed-policy-roles');
export const instanceProfiles = collection<InstanceProfileRecord>('iam/instance-profiles');
/**
 * The instance profiles of each role, by role and instance profile name.
 * INVARIANT: written together with `InstanceProfileRecord.roleName`, which says the same the other way round.
 */
export const profilesOfRoles = collection<{ readonly instanceProfileName: string }>('iam/role-instance-profiles');

/** The access key of this id where it may sign, or undefined. */
export function activeAccessKey(reader: Reader, accessKeyId: string): Promise<AccessKeyRecord | undefined> {
  return accessKeys.get(reader, accessKeyId);
}

/** The key of a named resource of the account. */
export function keyOf(account: string, name: string): string {
  return `${account}/${name.toLowerCase()}`;
}

/** What the keys of everything that belongs to a role begin with. */
export function underRole(account: string, roleName: string): string {
  return `${keyOf(account, roleName)}/`;
}

/** What the keys of a managed policy's roles begin with. Ends with a space, which no ARN holds, unlike a slash. */
export function underPolicy(account: string, policyArn: string): string {
  return `${account}/${policyArn} `;
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

/** The role where a request may change it; NoSuchEntity, or UnmodifiableEntity for the role of a service. AWS seen: the sentence. */
export async function modifiableRole(reader: Reader, account: string, name: string): Promise<RoleRecord> {
  const role = await foundRole(reader, account, name);
  if (!isServiceLinked(role)) return role;
  const operation = `Cannot perform the operation on the protected role '${role.roleName}'`;
  throw UnmodifiableEntity(`${operation} - this role is only modifiable by AWS`);
}

/** Whether a service made the role for itself; CreateRole refuses the path. */
export function isServiceLinked({ path }: RoleRecord): boolean {
  return path.startsWith(serviceRolePath);
}

/** Writes the changed role; gives it. */
export async function changedRole(
  writer: Writer,
  account: string,
  name: string,
  change: (role: RoleRecord) => RoleRecord,
): Promise<RoleRecord> {
  const role = change(await foundRole(writer, account, name));
  await roles.put(writer, keyOf(account, name), role);
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

/** The managed policy of this very ARN, or undefined. AWS keeps the only ones for now, in every account. */
export async function findManagedPolicy(_reader: Reader, arn: string): Promise<ManagedPolicy | undefined> {
  return awsManagedPolicy(arn);
}

/** The managed policies that are attached to a role, ascending by ARN. INVARIANT: AttachRolePolicy lets ten be. */
export async function attachments(
  reader: Reader,
  account: string,
  roleName: string,
): Promise<readonly AttachmentRecord[]> {
  const entries = await policiesOfRoles.list(reader, { prefix: underRole(account, roleName), limit: 1000 });
  return entries.map(({ record }) => record);
}

/** The same with their documents. Throws when one is not kept: it might deny, and must not be taken for nothing. */
export async function attachedPolicies(
  reader: Reader,
  account: string,
  roleName: string,
): Promise<readonly ManagedPolicy[]> {
  const attached = await attachments(reader, account, roleName);
  return Promise.all(
    attached.map(async ({ policyArn }) => {
      const policy = await findManagedPolicy(reader, policyArn);
      if (policy === undefined) throw new Error(`the attached policy ${policyArn} is not kept`);
      return policy;
    }),
  );
}

/** Attaches a managed policy to a role; once more is no error. */
export async function attach(writer: Writer, account: string, role: RoleRecord, policy: ManagedPolicy): Promise<void> {
  const { roleName, roleId, path: rolePath } = role;
  const { arn: policyArn, name: policyName, path: policyPath } = policy;
  const record = { policyArn, policyName, policyPath, roleName, roleId, rolePath };
  await policiesOfRoles.put(writer, underRole(account, roleName) + policyArn, record);
  await rolesOfPolicies.put(writer, underPolicy(account, policyArn) + roleName.toLowerCase(), record);
}

/** Takes a managed policy off a role. */
export async function detach(
  writer: Writer,
  account: string,
  { policyArn, roleName }: AttachmentRecord,
): Promise<void> {
  await policiesOfRoles.delete(writer, underRole(account, roleName) + policyArn);
  await rolesOfPolicies.delete(writer, underPolicy(account, policyArn) + roleName.toLowerCase());
}

type ServiceLinkedRow = { readonly roleName: string; readonly policyName: string };

/** The services that have a role of their own making, by principal, and what the role is. */
const serviceLinked = {
  'rolesanywhere.amazonaws.com': {
    roleName: 'AWSServiceRoleForRolesAnywhere',
    policyName: 'AWSRolesAnywhereServicePolicy',
  },
} as const satisfies Readonly<Record<string, ServiceLinkedRow>>;

/** The principal of a service that has a role of its own making. */
export type LinkedService = keyof typeof serviceLinked;

export function isLinkedService(service: string): service is LinkedService {
  return Object.hasOwn(serviceLinked, service);
}

/** The name of a service's own role. */
export function serviceLinkedRoleName(service: LinkedService): string {
  return serviceLinked[service].roleName;
}

const servicePath = (service: string) => `${serviceRolePath}${service}/`;

/** The ARN that a service's own role has or will have. */
export function serviceLinkedRoleArn(call: Pick<Call, 'account' | 'partition'>, service: LinkedService): string {
  return roleArn(call, serviceLinkedRoleName(service), servicePath(service));
}

/** Makes a service's own role where there is none of its name; whether it was made. */
export async function ensureServiceLinkedRole(
  writer: Writer,
  call: Call,
  service: LinkedService,
  description: string | null = null,
): Promise<boolean> {
  const { account, partition } = call;
  const { roleName, policyName } = serviceLinked[service];
  if (await findRole(writer, account, roleName)) return false;
  const Statement = [{ Effect: 'Allow', Principal: { Service: [service] }, Action: ['sts:AssumeRole'] }];
  const role: RoleRecord = {
    path: servicePath(service),
    roleName,
    roleId: uniqueId('AROA', call),
    arn: serviceLinkedRoleArn(call, service),
    createDate: call.now.toISOString(),
    assumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
    description,
    maxSessionDuration: 3600,
    tags: [],
  };
  const policy = await findManagedPolicy(writer, awsManagedPolicyArn(partition, policyName, serviceRolePath));
  if (policy === undefined) throw new Error(`the policy ${policyName} is not kept`);
  await roles.put(writer, keyOf(account, roleName), role);
  await attach(writer, account, role, policy);
  return true;
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
