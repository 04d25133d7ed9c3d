// Everything that says who may do what in the account, in pages: users, groups, roles, managed policies.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
import {
  boolean,
  integer,
  list,
  oneOf,
  optional,
  string,
  structure,
  timestamp,
  type ValueOf,
} from '../../contract/shape.ts';
import type { Document, Reader } from '../../store/store.ts';
import { type Call, operation } from '../call.ts';
import type { Collection } from '../records.ts';
import { ofWholeAccount } from './account-aliases.ts';
import { groupsOf } from './applied-policies.ts';
import { attachedPoliciesOf, inlinePoliciesOf } from './attachments.ts';
import { awsManagedPolicies } from './aws-managed-policies.ts';
import { shownBoundary } from './boundaries.ts';
import {
  type GroupRecord,
  groups,
  type ManagedPolicyRecord,
  ofAccount,
  policies,
  profilesOfRoles,
  type RoleRecord,
  roles,
  type UserRecord,
  underRole,
  users,
} from './documents.ts';
import { type Entity, entityOf } from './entities.ts';
import { foundInstanceProfile } from './instance-profile-records.ts';
import { profileSummaries } from './instance-profiles.ts';
import { policySummary } from './managed-policies.ts';
import { findDocument, ofAws, ofCustomer, type PolicyOutline, usesOf } from './managed-policy-records.ts';
import { inTurn, type ListedPage, listedUnder, type PageRequest, sliced } from './pages.ts';
import { roleLastUsed } from './roles.ts';
import {
  Arn,
  boundaryMember,
  GroupName,
  Id,
  InstanceProfile,
  Path,
  PolicyDocument,
  PolicyName,
  PolicyPath,
  PolicyVersion,
  PolicyVersionId,
  pageMembers,
  pageOutput,
  percentEncoded,
  RoleLastUsed,
  RoleName,
  TagList,
  UserName,
} from './shapes.ts';

const InlinePolicy = structure({
  PolicyName: optional(PolicyName, { doc: 'The name of the policy.' }),
  PolicyDocument: optional(PolicyDocument, { doc: 'The policy, percent-encoded.' }),
});
const inlineList = list(InlinePolicy);
const attachedMember = {
  AttachedManagedPolicies: optional(
    list(
      structure({
        PolicyName: optional(PolicyName, { doc: 'The name of the policy.' }),
        PolicyArn: optional(Arn, { doc: 'The ARN of the policy.' }),
      }),
    ),
    { doc: 'The managed policies that are attached.' },
  ),
};
const tagsMember = { Tags: optional(TagList, { doc: 'The tags, in the order of their keys.' }) };
const made = {
  Arn: optional(Arn, { doc: 'The ARN.' }),
  CreateDate: optional(timestamp, { doc: 'When it was made.' }),
};

const UserDetail = structure({
  Path: optional(Path, { doc: 'The path of the user.' }),
  UserName: optional(UserName, { doc: 'The name of the user.' }),
  UserId: optional(Id, { doc: 'The unique id, `AIDA…`.' }),
  ...made,
  UserPolicyList: optional(inlineList, { doc: 'The inline policies of the user; absent where there are none.' }),
  GroupList: optional(list(GroupName), { doc: 'The names of the groups that the user is in.' }),
  ...attachedMember,
  ...boundaryMember,
  ...tagsMember,
});

const GroupDetail = structure({
  Path: optional(Path, { doc: 'The path of the group.' }),
  GroupName: optional(GroupName, { doc: 'The name of the group.' }),
  GroupId: optional(Id, { doc: 'The unique id, `AGPA…`.' }),
  ...made,
  GroupPolicyList: optional(inlineList, { doc: 'The inline policies of the group.' }),
  ...attachedMember,
});

const RoleDetail = structure({
  Path: optional(Path, { doc: 'The path of the role.' }),
  RoleName: optional(RoleName, { doc: 'The name of the role.' }),
  RoleId: optional(Id, { doc: 'The unique id, `AROA…`.' }),
  ...made,
  AssumeRolePolicyDocument: optional(PolicyDocument, { doc: 'The trust policy, percent-encoded.' }),
  InstanceProfileList: optional(list(InstanceProfile), { doc: 'The instance profiles that hold the role.' }),
  RolePolicyList: optional(inlineList, { doc: 'The inline policies of the role.' }),
  ...attachedMember,
  ...boundaryMember,
  ...tagsMember,
  RoleLastUsed: optional(RoleLastUsed, { doc: 'The last use of the role; empty where there was none.' }),
});

const PolicyDetail = structure({
  PolicyName: optional(PolicyName, { doc: 'The name of the policy.' }),
  PolicyId: optional(Id, { doc: 'The unique id, `ANPA…`.' }),
  Arn: optional(Arn, { doc: 'The ARN of the policy.' }),
  Path: optional(PolicyPath, { doc: 'The path of the policy.' }),
  DefaultVersionId: optional(PolicyVersionId, { doc: 'The version that is in force.' }),
  AttachmentCount: optional(integer(), { doc: 'How many users, groups and roles it is attached to.' }),
  PermissionsBoundaryUsageCount: optional(integer(), { doc: 'How many users and roles it bounds.' }),
  IsAttachable: optional(boolean, { doc: 'Whether the policy can be attached.' }),
  Description: optional(string({ max: 1000 }), { doc: 'What the policy is for.' }),
  CreateDate: optional(timestamp, { doc: 'When the policy was made.' }),
  UpdateDate: optional(timestamp, { doc: 'When its newest version was made.' }),
  PolicyVersionList: optional(list(PolicyVersion), { doc: 'Its versions with their documents.' }),
});

const Filter = oneOf('User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy');
type Kind = ValueOf<typeof Filter>;

/** Ours: things of a page at most, as each brings all of its policies; AWS, too, may give fewer than were asked for. */
const maxDetails = 100;

/** What one thing adds to the answer's lists. */
type Detail = {
  readonly UserDetailList?: ValueOf<typeof UserDetail>;
  readonly GroupDetailList?: ValueOf<typeof GroupDetail>;
  readonly RoleDetailList?: ValueOf<typeof RoleDetail>;
  readonly Policies?: ValueOf<typeof PolicyDetail>;
};

export const GetAccountAuthorizationDetails = operation({
  doc: 'Lists users, groups, roles and the managed policies in use, with everything that says what they may do.',
  effect: 'read',
  errors: [],
  input: structure({
    Filter: optional(list(Filter), { doc: 'What is listed. Absent: everything.' }),
    ...pageMembers,
  }),
  output: structure({
    UserDetailList: optional(list(UserDetail), { doc: 'The users.' }),
    GroupDetailList: optional(list(GroupDetail), { doc: 'The groups.' }),
    RoleDetailList: optional(list(RoleDetail), { doc: 'The roles.' }),
    Policies: optional(list(PolicyDetail), { doc: 'The managed policies.' }),
    ...pageOutput,
  }),
  access: ofWholeAccount,
  run: ({ Filter: kinds, Marker, MaxItems }, call) =>
    call.read(async (reader) => {
      const wanted = kinds === undefined || kinds.length === 0 ? undefined : new Set(kinds);
      const lists = [...listers].filter(([kind]) => wanted?.has(kind) ?? true);
      const { records, shown } = await inTurn<Lazy>(
        `authorization details ${JSON.stringify([call.account, lists.map(([kind]) => kind)])}`,
        lists.map(
          ([, lister]) =>
            (page: PageRequest) =>
              lister(call, reader, page),
        ),
        { Marker, MaxItems: Math.min(MaxItems ?? maxDetails, maxDetails) },
      );
      return { ...gathered(await Promise.all(records.map((detail) => detail()))), ...shown };
    }),
});

function gathered(details: readonly Detail[]) {
  const present = <T>(of: (detail: Detail) => T | undefined) =>
    details.flatMap((detail) => {
      const one = of(detail);
      return one === undefined ? [] : [one];
    });
  return {
    UserDetailList: present((detail) => detail.UserDetailList),
    GroupDetailList: present((detail) => detail.GroupDetailList),
    RoleDetailList: present((detail) => detail.RoleDetailList),
    Policies: present((detail) => detail.Policies),
  };
}

/** A detail that is read where it is shown: paging looks one record further. */
type Lazy = () => Promise<Detail>;
type Lister = (call: Call, reader: Reader, page: PageRequest) => Promise<ListedPage<Lazy>>;

/** In the order in which pages have them. */
const listers: ReadonlyMap<Kind, Lister> = new Map<Kind, Lister>([
  ['User', listerOf(users, userDetail)],
  ['Group', listerOf(groups, groupDetail)],
  ['Role', listerOf(roles, roleDetail)],
  [
    'LocalManagedPolicy',
    listerOf(policies, (call, reader, policy: ManagedPolicyRecord) => policyDetail(call, reader, ofCustomer(policy))),
  ],
  ['AWSManagedPolicy', listAwsPolicies],
]);

function listerOf<T extends Document>(
  from: Collection<T>,
  detail: (call: Call, reader: Reader, record: T) => Promise<Detail>,
): Lister {
  return async (call, reader, page) => {
    const { records, shown } = await listedUnder(call, reader, from, ofAccount(call.account), page);
    return { records: records.map((record) => () => detail(call, reader, record)), shown };
  };
}

/** Of AWS's policies those that the account uses. */
async function listAwsPolicies(call: Call, reader: Reader, page: PageRequest): Promise<ListedPage<Lazy>> {
  const all = await Promise.all(
    awsManagedPolicies(call.partition).map(async (policy) => {
      const { attached, bounded } = await usesOf(reader, call.account, policy.arn);
      return attached + bounded > 0 ? [ofAws(policy)] : [];
    }),
  );
  const { records, shown } = sliced(call, `AWS managed policies in use of ${call.account}`, all.flat(), page);
  return { records: records.map((policy) => () => policyDetail(call, reader, policy)), shown };
}

async function userDetail(call: Call, reader: Reader, user: UserRecord): Promise<Detail> {
  const entity = entityOf('user', call.account, user);
  const inline = await inlineOf(reader, entity);
  return {
    UserDetailList: {
      Path: user.path,
      UserName: user.userName,
      UserId: user.userId,
      Arn: user.arn,
      CreateDate: new Date(user.createDate),
      ...(inline.length === 0 ? {} : { UserPolicyList: inline }),
      GroupList: (await groupsOf(reader, call.account, entity)).map(({ name }) => name),
      AttachedManagedPolicies: await attachedTo(reader, entity),
      ...shownBoundary(user),
      Tags: user.tags,
    },
  };
}

async function groupDetail(call: Call, reader: Reader, group: GroupRecord): Promise<Detail> {
  const entity = entityOf('group', call.account, group);
  return {
    GroupDetailList: {
      Path: group.path,
      GroupName: group.groupName,
      GroupId: group.groupId,
      Arn: group.arn,
      CreateDate: new Date(group.createDate),
      GroupPolicyList: await inlineOf(reader, entity),
      AttachedManagedPolicies: await attachedTo(reader, entity),
    },
  };
}

async function roleDetail(call: Call, reader: Reader, role: RoleRecord): Promise<Detail> {
  const entity = entityOf('role', call.account, role);
  return {
    RoleDetailList: {
      Path: role.path,
      RoleName: role.roleName,
      RoleId: role.roleId,
      Arn: role.arn,
      CreateDate: new Date(role.createDate),
      AssumeRolePolicyDocument: percentEncoded(role.assumeRolePolicyDocument),
      InstanceProfileList: await profilesOf(call, reader, entity),
      RolePolicyList: await inlineOf(reader, entity),
      AttachedManagedPolicies: await attachedTo(reader, entity),
      ...shownBoundary(role),
      Tags: role.tags,
      RoleLastUsed: await roleLastUsed(reader, call.account, role),
    },
  };
}

async function policyDetail(call: Call, reader: Reader, policy: PolicyOutline): Promise<Detail> {
  // Begun and awaited at once: a rejection that waits for nobody ends the process.
  const PolicyVersionList = await Promise.all(
    policy.versions.map(async ({ versionId, createDate }) => {
      const document = await findDocument(reader, call.account, policy, versionId);
      return {
        ...(document === undefined ? {} : { Document: percentEncoded(document) }),
        VersionId: versionId,
        IsDefaultVersion: versionId === policy.defaultVersionId,
        CreateDate: createDate,
      };
    }),
  );
  const described = policy.description === null ? {} : { Description: policy.description };
  return { Policies: { ...(await policySummary(reader, call, policy)), ...described, PolicyVersionList } };
}

async function profilesOf(call: Call, reader: Reader, role: Entity) {
  const query = { prefix: underRole(call.account, role.name), limit: 1000 };
  const held = await profilesOfRoles.list(reader, query);
  const found = held.map(({ document: record }) =>
    foundInstanceProfile(reader, call.account, record.instanceProfileName),
  );
  return profileSummaries(reader, call, await Promise.all(found));
}

async function inlineOf(reader: Reader, entity: Entity) {
  return (await inlinePoliciesOf(reader, entity)).map(({ policyName, policyDocument }) => ({
    PolicyName: policyName,
    PolicyDocument: percentEncoded(policyDocument),
  }));
}

async function attachedTo(reader: Reader, entity: Entity) {
  return (await attachedPoliciesOf(reader, entity)).map(({ policyName, policyArn }) => ({
    PolicyName: policyName,
    PolicyArn: policyArn,
  }));
}
