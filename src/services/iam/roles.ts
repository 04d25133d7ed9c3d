// Roles: what may be assumed, by whom (the trust policy) and for how long.
import { isoText } from '../../contract/instant.ts';
import { list, nothing, optional, required, structure, type ValueOf, view } from '../../contract/shape.ts';
import type { Reader, Writer } from '../../store/store.ts';
import { type Call, operation } from '../call.ts';
import { creatingEntity, entityAccess, listing } from './access.ts';
import { bound, shownBoundary } from './boundaries.ts';
import { profilesOfRoles, type RoleRecord, type RoleUse, roles, roleUses, underRole } from './documents.ts';
import {
  changedRecord,
  entityArn,
  entityId,
  entityOf,
  foundRecord,
  missing,
  modifiable,
  soughtRecord,
} from './entities.ts';
import { begin, checkNoPolicies, end, isAny } from './entity-life.ts';
import {
  DeleteConflict,
  EntityAlreadyExists,
  InvalidInput,
  LimitExceeded,
  MalformedPolicyDocument,
  NoSuchEntity,
  UnmodifiableEntity,
} from './errors.ts';
import { checkPolicyArn } from './managed-policy-rules.ts';
import { listedByPath } from './pages.ts';
import { checkDocument } from './policy-documents.ts';
import { checkQuota, policySize } from './quotas.ts';
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
  type RoleLastUsed,
  RoleName,
  TagList,
} from './shapes.ts';
import { checkTags, merged } from './tags.ts';

const roleName = required(RoleName, { doc: 'The name of the role, in any case.' });
const output = structure({ Role: required(Role, { doc: 'The role.' }) });
const ListedRole = view(Role, detail);

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
    PermissionsBoundary: optional(Arn, { doc: 'The ARN of the managed policy that bounds the role.' }),
    Tags: optional(TagList, { doc: 'Tags of the new role.' }),
  }),
  output,
  access: ({ RoleName: name, Path: path, Tags: tags, PermissionsBoundary: boundary }, call) =>
    creatingEntity(call, 'role', { name, path, tags, boundary }),
  async run(input, call) {
    checkPath(input.Path);
    if (input.PermissionsBoundary !== undefined) checkPolicyArn(call, input.PermissionsBoundary);
    checkTrustPolicy(call, input.AssumeRolePolicyDocument);
    checkTags(input.Tags);
    const unbounded: RoleRecord = {
      path: input.Path ?? '/',
      roleName: input.RoleName,
      roleId: entityId(call, 'role'),
      arn: entityArn(call, 'role', input.RoleName, input.Path),
      createDate: isoText(call.now),
      assumeRolePolicyDocument: input.AssumeRolePolicyDocument,
      description: input.Description || null,
      maxSessionDuration: input.MaxSessionDuration ?? 3600,
      permissionsBoundary: null,
      tags: merged([], input.Tags),
    };
    return call.write(async (writer) => {
      await begin(writer, call, 'role', unbounded);
      const role = await boundFrom(writer, call, unbounded, input.PermissionsBoundary);
      return { Role: { ...roleSummary(role), ...described(role), ...shownBoundary(role), ...tagged(role) } };
    });
  },
});

export const GetRole = operation({
  doc: 'Gets a role.',
  effect: 'read',
  errors: [NoSuchEntity],
  input: structure({ RoleName: roleName }),
  output: structure({ Role: required(view(Role, usedDetail), { doc: 'The role.' }) }),
  access: async (input, call) => [await entityAccess(call, 'role', input.RoleName)],
  async run({ RoleName: name }, call) {
    const role = (await soughtRecord(call, 'role', name)) ?? missing('role', name);
    return { Role: withUse(role, await call.find(roleUses, useKey(call.account, role))) };
  },
});

export const ListRoles = operation({
  doc: "Lists the account's roles in the order of their names, without their tags.",
  effect: 'read',
  errors: [],
  input: structure({ ...pathPrefixMember, ...pageMembers }),
  output: structure({ Roles: required(list(ListedRole), { doc: 'The roles.' }), ...pageOutput }),
  access: (input, call) => listing(call, 'role', input.PathPrefix),
  async run(input, call) {
    const { records, shown } = await listedByPath(call, roles, input);
    return { Roles: records, ...shown };
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
  access: async (input, call) => [await entityAccess(call, 'role', input.RoleName)],
  run: ({ RoleName: name, Description, MaxSessionDuration: seconds }, call) =>
    call.write(async (writer) => {
      // AWS doc: of a service's own role the description alone can be edited.
      if (seconds !== undefined) await modifiable(writer, call.account, 'role', name);
      await changedRecord(writer, call.account, 'role', name, (role) => ({
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
  output: structure({ Role: optional(ListedRole, { doc: 'The role.' }) }),
  access: async (input, call) => [await entityAccess(call, 'role', input.RoleName)],
  run: ({ RoleName: name, Description }, call) =>
    call.write(async (writer) => {
      const change = (role: RoleRecord) => ({ ...role, description: Description || null });
      return { Role: await changedRecord(writer, call.account, 'role', name, change) };
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
  access: async (input, call) => [await entityAccess(call, 'role', input.RoleName)],
  async run(input, call) {
    checkTrustPolicy(call, input.PolicyDocument);
    return call.write(async (writer) => {
      const { name } = await modifiable(writer, call.account, 'role', input.RoleName);
      const assumeRolePolicyDocument = input.PolicyDocument;
      await changedRecord(writer, call.account, 'role', name, (role) => ({ ...role, assumeRolePolicyDocument }));
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
  access: async (input, call) => [await entityAccess(call, 'role', input.RoleName)],
  run: (input, call) =>
    call.write(async (writer) => {
      const { account } = call;
      const entity = await modifiable(writer, account, 'role', input.RoleName);
      // AWS seen: the sentence. Ours: that it is the first.
      if (await isAny(writer, profilesOfRoles, underRole(account, entity.name))) {
        throw DeleteConflict('Cannot delete entity, must remove roles from instance profile first.');
      }
      await checkNoPolicies(writer, entity);
      await end(writer, account, 'role', await foundRecord(writer, account, 'role', entity.name));
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

/** AWS seen: 2025-06-19, GetRole of a role never used answers an empty RoleLastUsed. */
export async function roleLastUsed(reader: Reader, account: string, role: RoleRecord) {
  return lastUsed(await roleUses.get(reader, useKey(account, role)));
}

function useKey(account: string, { roleId }: RoleRecord): string {
  return `${account}/${roleId}`;
}

function lastUsed(use: RoleUse | undefined): ValueOf<typeof RoleLastUsed> {
  return use === undefined ? {} : { LastUsedDate: new Date(use.at), Region: use.region };
}

/** A role and its last use. */
type UsedRole = { readonly role: RoleRecord; readonly use: RoleUse | undefined };

/** What was made last of each role that the store keeps. */
const usedRoles = new WeakMap<RoleRecord, UsedRole>();

/** Both as one, the same one as long as both are the same: what was written of it is found again. */
function withUse(role: RoleRecord, use: RoleUse | undefined): UsedRole {
  const known = usedRoles.get(role);
  if (known !== undefined && known.use === use) return known;
  const made = { role, use };
  if (Object.isFrozen(role) && (use === undefined || Object.isFrozen(use))) usedRoles.set(role, Object.freeze(made));
  return made;
}

function usedDetail({ role, use }: UsedRole): ValueOf<typeof Role> {
  return { ...detail(role), ...shownBoundary(role), ...tagged(role), RoleLastUsed: lastUsed(use) };
}

function detail(role: RoleRecord): ValueOf<typeof Role> {
  const { description, maxSessionDuration } = role;
  return { ...roleSummary(role), Description: description ?? undefined, MaxSessionDuration: maxSessionDuration };
}

function described({ description }: RoleRecord) {
  return description === null ? {} : { Description: description };
}

function tagged({ tags }: RoleRecord) {
  return tags.length === 0 ? {} : { Tags: tags };
}

/** The role with the boundary that CreateRole asks for. AWS seen: NoSuchEntity, which the model does not have here. */
async function boundFrom(writer: Writer, call: Call, role: RoleRecord, policyArn: string | undefined) {
  if (policyArn === undefined) return role;
  await bound(writer, call, 'role', entityOf('role', call.account, role), policyArn);
  return { ...role, permissionsBoundary: policyArn };
}

const reservedPaths = ['/aws-service-role/', '/aws-reserved/'];

/** AWS doc: service-linked roles are made by CreateServiceLinkedRole alone. Ours: the sentence. */
function checkPath(path = '/'): void {
  const reserved = reservedPaths.find((prefix) => path.startsWith(prefix));
  if (reserved !== undefined) throw InvalidInput(`The path ${reserved} is reserved for roles that AWS services own.`);
}

/** Ours: whether the principals named exist is not checked; AWS refuses those that do not. */
function checkTrustPolicy(call: Call, text: string): void {
  checkDocument(text, 'trust');
  checkQuota(call, 'ACLSizePerRole', policySize(text));
}
