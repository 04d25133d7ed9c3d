// Roles: what may be assumed, by whom (the trust policy) and for how long.
import { commonError } from '../../contract/error.ts';
import { list, nothing, optional, required, structure, type ValueOf } from '../../contract/shape.ts';
import { parsePolicy } from '../../core/policy/document.ts';
import type { Document, Reader } from '../../store/store.ts';
import { operation } from '../call.ts';
import type { Collection } from '../records.ts';
import { creatingRole, listing, roleAccess } from './access.ts';
import {
  DeleteConflict,
  EntityAlreadyExists,
  InvalidInput,
  LimitExceeded,
  MalformedPolicyDocument,
  NoSuchEntity,
  UnmodifiableEntity,
} from './errors.ts';
import { listedByPath } from './pages.ts';
import {
  attachments,
  changedRole,
  findRole,
  foundRole,
  inlinePolicies,
  keyOf,
  modifiableRole,
  profilesOfRoles,
  type RoleRecord,
  roleArn,
  roles,
  underRole,
  uniqueId,
} from './records.ts';
import {
  Arn,
  MaxSessionDuration,
  Path,
  PolicyDocument,
  pageMembers,
  pageOutput,
  pathPrefixMember,
  percentEncoded,
  Role,
  RoleDescription,
  RoleName,
  TagList,
} from './shapes.ts';
import { checkTags, merged } from './tags.ts';

const roleName = required(RoleName, { doc: 'The name of the role, in any case.' });
const output = structure({ Role: required(Role, { doc: 'The role.' }) });

export const CreateRole = operation({
  doc: 'Creates a role: a trust policy that says who may assume it, and no permissions yet.',
  effect: 'write',
  errors: [InvalidInput, EntityAlreadyExists, MalformedPolicyDocument, LimitExceeded],
  input: structure({
    Path: optional(Path, { doc: 'The path of the role. Absent: `/`.' }),
    RoleName: required(RoleName, { doc: 'The name; unique in the account without regard to case.' }),
    AssumeRolePolicyDocument: required(PolicyDocument, { doc: 'The trust policy, as JSON text.' }),
    Description: optional(RoleDescription, { doc: 'What the role is for.' }),
    MaxSessionDuration: optional(MaxSessionDuration, { doc: 'Seconds a session lasts at most. Absent: 3600.' }),
    PermissionsBoundary: optional(Arn, { doc: 'Refused: permissions boundaries are not evaluated here.' }),
    Tags: optional(TagList, { doc: 'Tags of the new role.' }),
  }),
  output,
  access: (input, call) => creatingRole(call, { name: input.RoleName, path: input.Path, tags: input.Tags ?? [] }),
  async run(input, call) {
    if (input.PermissionsBoundary !== undefined) {
      // Ours: what is not evaluated must not be taken for a bound.
      throw commonError('notServed', 'query', 'The parameter PermissionsBoundary is not served here.');
    }
    checkPath(input.Path);
    checkTrustPolicy(input.AssumeRolePolicyDocument);
    checkTags(input.Tags);
    const role: RoleRecord = {
      path: input.Path ?? '/',
      roleName: input.RoleName,
      roleId: uniqueId('AROA', call),
      arn: roleArn(call, input.RoleName, input.Path),
      createDate: call.now.toISOString(),
      assumeRolePolicyDocument: input.AssumeRolePolicyDocument,
      description: input.Description || null,
      maxSessionDuration: input.MaxSessionDuration ?? 3600,
      tags: merged([], input.Tags),
    };
    return call.write(async (writer) => {
      if (await findRole(writer, call.account, role.roleName)) {
        throw EntityAlreadyExists(`Role with name ${role.roleName} already exists.`);
      }
      await roles.put(writer, keyOf(call.account, role.roleName), role);
      return { Role: { ...roleSummary(role), ...described(role), ...tagged(role) } };
    });
  },
});

export const GetRole = operation({
  doc: 'Gets a role.',
  effect: 'read',
  errors: [NoSuchEntity],
  input: structure({ RoleName: roleName }),
  output,
  access: async (input, call) => [await roleAccess(call, input.RoleName)],
  async run(input, call) {
    const role = await call.read((reader) => foundRole(reader, call.account, input.RoleName));
    // AWS seen: 2025-06-19, GetRole of a role never used answers an empty RoleLastUsed.
    return { Role: { ...detail(role), ...tagged(role), RoleLastUsed: {} } };
  },
});

export const ListRoles = operation({
  doc: "Lists the account's roles in the order of their names, without their tags.",
  effect: 'read',
  errors: [],
  input: structure({ ...pathPrefixMember, ...pageMembers }),
  output: structure({ Roles: required(list(Role), { doc: 'The roles.' }), ...pageOutput }),
  access: (input, call) => listing(call, 'role', input.PathPrefix),
  async run(input, call) {
    const { records, shown } = await listedByPath(call, roles, input);
    return { Roles: records.map(detail), ...shown };
  },
});

export const UpdateRole = operation({
  doc: "Changes a role's description, its longest session or both, and leaves what is not given.",
  effect: 'write',
  errors: [NoSuchEntity, UnmodifiableEntity],
  input: structure({
    RoleName: roleName,
    Description: optional(RoleDescription, { doc: 'The new description; empty: none.' }),
    MaxSessionDuration: optional(MaxSessionDuration, { doc: 'Seconds a session lasts at most.' }),
  }),
  output: structure({}),
  access: async (input, call) => [await roleAccess(call, input.RoleName)],
  run: ({ RoleName: name, Description, MaxSessionDuration: seconds }, call) =>
    call.write(async (writer) => {
      // AWS doc: of a service's own role the description alone can be edited.
      if (seconds !== undefined) await modifiableRole(writer, call.account, name);
      await changedRole(writer, call.account, name, (role) => ({
        ...role,
        description: Description === undefined ? role.description : Description || null,
        maxSessionDuration: seconds ?? role.maxSessionDuration,
      }));
      return {};
    }),
});

export const UpdateRoleDescription = operation({
  doc: "Changes a role's description.",
  effect: 'write',
  errors: [NoSuchEntity],
  input: structure({
    RoleName: roleName,
    Description: required(RoleDescription, { doc: 'The new description; empty: none.' }),
  }),
  output: structure({ Role: optional(Role, { doc: 'The role.' }) }),
  access: async (input, call) => [await roleAccess(call, input.RoleName)],
  run: ({ RoleName: name, Description }, call) =>
    call.write(async (writer) => {
      const change = (role: RoleRecord) => ({ ...role, description: Description || null });
      return { Role: detail(await changedRole(writer, call.account, name, change)) };
    }),
});

export const UpdateAssumeRolePolicy = operation({
  doc: "Replaces a role's trust policy; sessions issued before live on.",
  effect: 'write',
  errors: [NoSuchEntity, MalformedPolicyDocument, LimitExceeded, UnmodifiableEntity],
  input: structure({
    RoleName: roleName,
    PolicyDocument: required(PolicyDocument, { doc: 'The new trust policy, as JSON text.' }),
  }),
  output: nothing,
  access: async (input, call) => [await roleAccess(call, input.RoleName)],
  async run(input, call) {
    checkTrustPolicy(input.PolicyDocument);
    return call.write(async (writer) => {
      const role = await modifiableRole(writer, call.account, input.RoleName);
      const assumeRolePolicyDocument = input.PolicyDocument;
      await roles.put(writer, keyOf(call.account, role.roleName), { ...role, assumeRolePolicyDocument });
      return {};
    });
  },
});

export const DeleteRole = operation({
  doc: 'Deletes a role that has no policies and is in no instance profile; its sessions can do nothing any more.',
  effect: 'write',
  errors: [NoSuchEntity, DeleteConflict, UnmodifiableEntity],
  input: structure({ RoleName: roleName }),
  output: nothing,
  access: async (input, call) => [await roleAccess(call, input.RoleName)],
  run: (input, call) =>
    call.write(async (writer) => {
      const { account } = call;
      const role = await modifiableRole(writer, account, input.RoleName);
      const below = underRole(account, role.roleName);
      // AWS seen: the sentences. Ours: their order.
      if (await isAny(writer, profilesOfRoles, below)) {
        throw DeleteConflict('Cannot delete entity, must remove roles from instance profile first.');
      }
      if ((await attachments(writer, account, role.roleName)).length > 0) {
        throw DeleteConflict('Cannot delete entity, must detach all policies first.');
      }
      if (await isAny(writer, inlinePolicies, below)) {
        throw DeleteConflict('Cannot delete entity, must delete policies first.');
      }
      await roles.delete(writer, keyOf(account, role.roleName));
      return {};
    }),
});

/**
 * A role as CreateRole and instance profiles show it.
 * AWS seen: 2025-06-19, CreateRole answers neither MaxSessionDuration nor RoleLastUsed.
 */
export function roleSummary(role: RoleRecord): ValueOf<typeof Role> {
  return {
    Path: role.path,
    RoleName: role.roleName,
    RoleId: role.roleId,
    Arn: role.arn,
    CreateDate: new Date(role.createDate),
    AssumeRolePolicyDocument: percentEncoded(role.assumeRolePolicyDocument),
  };
}

function detail(role: RoleRecord): ValueOf<typeof Role> {
  return { ...roleSummary(role), ...described(role), MaxSessionDuration: role.maxSessionDuration };
}

function described({ description }: RoleRecord) {
  return description === null ? {} : { Description: description };
}

function tagged({ tags }: RoleRecord) {
  return tags.length === 0 ? {} : { Tags: tags };
}

async function isAny<T extends Document>(reader: Reader, among: Collection<T>, prefix: string): Promise<boolean> {
  return (await among.list(reader, { prefix, limit: 1 })).length > 0;
}

const reservedPaths = ['/aws-service-role/', '/aws-reserved/'];

/** AWS doc: service-linked roles are made by CreateServiceLinkedRole alone. Ours: the sentence. */
function checkPath(path = '/'): void {
  const reserved = reservedPaths.find((prefix) => path.startsWith(prefix));
  if (reserved !== undefined) throw InvalidInput(`The path ${reserved} is reserved for roles that AWS services own.`);
}

/** Characters of a trust policy, white space not counted. AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const maxTrustPolicy = 2048;

/** Ours: whether the principals named exist is not checked; AWS refuses those that do not. */
function checkTrustPolicy(text: string): void {
  const parsed = parsePolicy(text, 'trust');
  if (!parsed.ok) throw MalformedPolicyDocument(parsed.message, { reason: parsed.reason });
  if (text.replace(/\s/g, '').length > maxTrustPolicy) {
    throw LimitExceeded(`Cannot exceed quota for ACLSizePerRole: ${maxTrustPolicy}`);
  }
}
