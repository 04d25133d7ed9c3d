// Managed policies on roles: a session of the role may do what they allow, as of now.
import { list, nothing, oneOf, optional, required, string, structure } from '../../contract/shape.ts';
import { operation } from '../call.ts';
import { policyAccess, policyArnKey, roleAccess } from './access.ts';
import { serviceRolePath } from './aws-managed-policies.ts';
import { InvalidInput, LimitExceeded, NoSuchEntity, PolicyNotAttachable, UnmodifiableEntity } from './errors.ts';
import { checkPolicyArn, foundPolicy } from './managed-policies.ts';
import { listedUnder, sliced } from './pages.ts';
import {
  type AttachmentRecord,
  attach,
  attachments,
  detach,
  findManagedPolicy,
  foundRole,
  modifiableRole,
  rolesOfPolicies,
  underPolicy,
} from './records.ts';
import { Arn, Id, Path, PolicyName, PolicyPath, PolicyUsage, pageMembers, pageOutput, RoleName } from './shapes.ts';

const roleName = { RoleName: required(RoleName, { doc: 'The name of the role, in any case.' }) };
const policyArn = { PolicyArn: required(Arn, { doc: 'The ARN of the policy.' }) };

/** Managed policies of a role at most. AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const maxAttached = 10;

export const AttachRolePolicy = operation({
  doc: 'Attaches a managed policy to a role; sessions of the role have its permissions at once.',
  effect: 'write',
  errors: [NoSuchEntity, InvalidInput, LimitExceeded, PolicyNotAttachable, UnmodifiableEntity],
  input: structure({ ...roleName, ...policyArn }),
  output: nothing,
  access: async (input, call) => [await roleAccess(call, input.RoleName, { context: policyArnKey(input.PolicyArn) })],
  async run({ RoleName: name, PolicyArn: arn }, call) {
    checkPolicyArn(call, arn);
    return call.write(async (writer) => {
      const { account } = call;
      const role = await modifiableRole(writer, account, name);
      const policy = await findManagedPolicy(writer, arn);
      // AWS seen: 2025-06-19 and 2020-02-05, the sentences.
      if (policy === undefined) throw NoSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
      if (policy.path.startsWith(serviceRolePath)) {
        throw PolicyNotAttachable('Cannot attach a Service Role Policy to a Customer Role.');
      }
      const others = (await attachments(writer, account, name)).filter((held) => held.policyArn !== arn);
      if (others.length >= maxAttached) throw LimitExceeded(`Cannot exceed quota for PoliciesPerRole: ${maxAttached}`);
      await attach(writer, account, role, policy);
      return {};
    });
  },
});

export const ListAttachedRolePolicies = operation({
  doc: 'Lists the managed policies that are attached to a role, in the order of their ARNs.',
  effect: 'read',
  errors: [NoSuchEntity],
  input: structure({
    ...roleName,
    PathPrefix: optional(PolicyPath, { doc: 'Only policies whose paths begin with it. Absent: `/`.' }),
    ...pageMembers,
  }),
  output: structure({
    AttachedPolicies: optional(
      list(
        structure({
          PolicyName: required(PolicyName, { doc: 'The name of the policy.' }),
          PolicyArn: required(Arn, { doc: 'The ARN of the policy.' }),
        }),
      ),
      { doc: 'The policies.' },
    ),
    ...pageOutput,
  }),
  access: async (input, call) => [await roleAccess(call, input.RoleName)],
  run: ({ RoleName: name, PathPrefix = '/', ...asked }, call) =>
    call.read(async (reader) => {
      const role = await foundRole(reader, call.account, name);
      const held = await attachments(reader, call.account, role.roleName);
      const wanted = held.filter(({ policyPath }) => policyPath.startsWith(PathPrefix));
      const { records, shown } = sliced(call, `policies of ${role.roleId} ${PathPrefix}`, wanted, asked);
      const policies = records.map((held) => ({ PolicyName: held.policyName, PolicyArn: held.policyArn }));
      return { AttachedPolicies: policies, ...shown };
    }),
});

const PolicyGroup = structure({
  GroupName: optional(string(), { doc: 'The name of the group.' }),
  GroupId: optional(Id, { doc: 'The unique id of the group.' }),
});
const PolicyUser = structure({
  UserName: optional(string(), { doc: 'The name of the user.' }),
  UserId: optional(Id, { doc: 'The unique id of the user.' }),
});

export const ListEntitiesForPolicy = operation({
  doc: 'Lists the roles that a managed policy is attached to, in the order of their names.',
  effect: 'read',
  errors: [NoSuchEntity, InvalidInput],
  input: structure({
    ...policyArn,
    EntityFilter: optional(oneOf('User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy'), {
      doc: 'Only entities of the kind. Absent: all.',
    }),
    PathPrefix: optional(Path, { doc: 'Only entities whose paths begin with it. Absent: `/`.' }),
    PolicyUsageFilter: optional(PolicyUsage, { doc: 'Only entities that use the policy so. Absent: all.' }),
    ...pageMembers,
  }),
  output: structure({
    PolicyGroups: optional(list(PolicyGroup), { doc: 'Groups: none yet.' }),
    PolicyUsers: optional(list(PolicyUser), { doc: 'Users: none yet.' }),
    PolicyRoles: optional(
      list(
        structure({
          RoleName: required(RoleName, { doc: 'The name of the role.' }),
          RoleId: required(Id, { doc: 'The unique id of the role.' }),
        }),
      ),
      { doc: 'The roles.' },
    ),
    ...pageOutput,
  }),
  access: (input) => [policyAccess(input.PolicyArn)],
  run: ({ PolicyArn: arn, EntityFilter = 'Role', PathPrefix = '/', PolicyUsageFilter, ...asked }, call) =>
    call.read(async (reader) => {
      await foundPolicy(reader, call, arn);
      const groupsAndUsers = { PolicyGroups: [], PolicyUsers: [] };
      if (EntityFilter !== 'Role' || PolicyUsageFilter === 'PermissionsBoundary') {
        return { ...groupsAndUsers, PolicyRoles: [], IsTruncated: false };
      }
      const accepts = ({ rolePath }: AttachmentRecord) => rolePath.startsWith(PathPrefix);
      const below = underPolicy(call.account, arn);
      const from = [call, reader, rolesOfPolicies, below, asked] as const;
      const { records, shown } = await (PathPrefix === '/' ? listedUnder(...from) : listedUnder(...from, accepts));
      const roles = records.map((held) => ({ RoleName: held.roleName, RoleId: held.roleId }));
      return { ...groupsAndUsers, PolicyRoles: roles, ...shown };
    }),
});

export const DetachRolePolicy = operation({
  doc: 'Takes a managed policy off a role; sessions of the role lose its permissions at once.',
  effect: 'write',
  errors: [NoSuchEntity, InvalidInput, UnmodifiableEntity],
  input: structure({ ...roleName, ...policyArn }),
  output: nothing,
  access: async (input, call) => [await roleAccess(call, input.RoleName, { context: policyArnKey(input.PolicyArn) })],
  async run({ RoleName: name, PolicyArn: arn }, call) {
    checkPolicyArn(call, arn);
    return call.write(async (writer) => {
      const { roleName: held } = await modifiableRole(writer, call.account, name);
      const attached = (await attachments(writer, call.account, held)).find(({ policyArn }) => policyArn === arn);
      if (attached === undefined) throw NoSuchEntity(`Policy ${arn} was not found.`);
      await detach(writer, call.account, attached);
      return {};
    });
  },
});
