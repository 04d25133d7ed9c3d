// Shapes that several of IAM's operations share.
// AWS doc: the service model of API version 2010-05-08, and https://docs.aws.amazon.com/IAM/latest/APIReference/API_Types.html
import {
  boolean,
  integer,
  list,
  oneOf,
  optional,
  pattern,
  required,
  string,
  structure,
  timestamp,
} from '../../contract/shape.ts';
import { remember } from '../../core/remember.ts';

const namePattern = pattern('[\\w+=,.@-]+');
/** The name of a new user. */
export const UserName = string({ min: 1, max: 64, pattern: namePattern });
/** The name of a user that is there. AWS doc: the model; users of another making may have longer names. */
export const ExistingUserName = string({ min: 1, max: 128, pattern: namePattern });
export const AccessKeyId = string({ min: 16, max: 128, pattern: pattern('[\\w]+') });
export const GroupName = string({ min: 1, max: 128, pattern: namePattern });
export const RoleName = string({ min: 1, max: 64, pattern: namePattern });
export const InstanceProfileName = string({ min: 1, max: 128, pattern: namePattern });
export const PolicyName = string({ min: 1, max: 128, pattern: namePattern });
export const PolicyPath = string({ min: 1, max: 512, pattern: pattern('((/[A-Za-z0-9\\.,\\+@=_-]+)*)/') });
/** Ours: the bound, for a version that is not there is repeated in the refusal. */
export const PolicyVersionId = string({ max: 128, pattern: pattern('v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?') });
/** A service's principal, `rolesanywhere.amazonaws.com`. */
export const AwsServiceName = string({ min: 1, max: 128, pattern: namePattern });
export const CustomSuffix = string({ min: 1, max: 64, pattern: namePattern });
export const Path = string({
  min: 1,
  max: 512,
  pattern: pattern('(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)'),
});
export const PathPrefix = string({ min: 1, max: 512, pattern: pattern('\\u002F[\\u0021-\\u007F]*') });
/** Plain JSON text on its way in; on its way out percent-encoded, see `percentEncoded`. */
export const PolicyDocument = string({
  min: 1,
  max: 131072,
  pattern: pattern('[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+'),
});
export const RoleDescription = string({
  max: 1000,
  pattern: pattern('[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*'),
});
export const MaxSessionDuration = integer({ min: 3600, max: 43200 });
export const Arn = string({ min: 20, max: 2048 });
export const Id = string({ min: 16, max: 128, pattern: pattern('[\\w]+') });

export const TagKey = string({ min: 1, max: 128, pattern: pattern('[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+') });
const TagValue = string({ min: 0, max: 256, pattern: pattern('[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*') });
export const Tag = structure({
  Key: required(TagKey, { doc: 'The tag key; compared without regard to case.' }),
  Value: required(TagValue, { doc: 'The tag value.' }),
});
export const TagList = list(Tag, { max: 50 });
export const TagKeyList = list(TagKey, { max: 50 });

export const RoleLastUsed = structure({
  LastUsedDate: optional(timestamp, { doc: 'When the role was last used.' }),
  Region: optional(string(), { doc: 'Where the role was last used.' }),
});

const AttachedPermissionsBoundary = structure({
  PermissionsBoundaryType: optional(string(), { doc: 'Always `Policy`.' }),
  PermissionsBoundaryArn: optional(Arn, { doc: 'The ARN of the managed policy.' }),
});
export const boundaryMember = {
  PermissionsBoundary: optional(AttachedPermissionsBoundary, { doc: 'The policy that bounds it; not in lists.' }),
};

export const Role = structure({
  Path: required(Path, { doc: 'The path of the role.' }),
  RoleName: required(RoleName, { doc: 'The name, unique in the account without regard to case.' }),
  RoleId: required(Id, { doc: 'The unique id, `AROA…`; a role made again under the same name has another.' }),
  Arn: required(Arn, { doc: 'The ARN of the role.' }),
  CreateDate: required(timestamp, { doc: 'When the role was made.' }),
  AssumeRolePolicyDocument: optional(PolicyDocument, { doc: 'The trust policy, percent-encoded.' }),
  Description: optional(RoleDescription, { doc: 'What the role is for.' }),
  MaxSessionDuration: optional(MaxSessionDuration, { doc: 'Seconds a session lasts at most.' }),
  ...boundaryMember,
  Tags: optional(TagList, { doc: 'The tags of the role, in the order of their keys.' }),
  RoleLastUsed: optional(RoleLastUsed, {
    doc: 'The last request of a session of the role; empty of one never used. GetRole alone.',
  }),
});

export const User = structure({
  Path: required(Path, { doc: 'The path of the user.' }),
  UserName: required(UserName, { doc: 'The name, unique in the account without regard to case.' }),
  UserId: required(Id, { doc: 'The unique id, `AIDA…`; a user made again under the same name has another.' }),
  Arn: required(Arn, { doc: 'The ARN of the user.' }),
  CreateDate: required(timestamp, { doc: 'When the user was made.' }),
  PasswordLastUsed: optional(timestamp, { doc: 'When the password was last used.' }),
  ...boundaryMember,
  Tags: optional(TagList, { doc: 'The tags of the user, in the order of their keys; not in lists.' }),
});

/** A user, or the account itself, which has neither a name nor a path. */
export const AnyUser = structure({
  ...User.members,
  Path: optional(Path, { doc: 'The path of the user.' }),
  UserName: optional(UserName, { doc: 'The name of the user.' }),
});

export const Group = structure({
  Path: required(Path, { doc: 'The path of the group.' }),
  GroupName: required(GroupName, { doc: 'The name, unique in the account without regard to case.' }),
  GroupId: required(Id, { doc: 'The unique id, `AGPA…`.' }),
  Arn: required(Arn, { doc: 'The ARN of the group.' }),
  CreateDate: required(timestamp, { doc: 'When the group was made.' }),
});

export const InstanceProfile = structure({
  Path: required(Path, { doc: 'The path of the instance profile.' }),
  InstanceProfileName: required(InstanceProfileName, {
    doc: 'The name, unique in the account without regard to case.',
  }),
  InstanceProfileId: required(Id, { doc: 'The unique id, `AIPA…`.' }),
  Arn: required(Arn, { doc: 'The ARN of the instance profile.' }),
  CreateDate: required(timestamp, { doc: 'When the instance profile was made.' }),
  Roles: required(list(Role), { doc: 'The role of the instance profile: none or one.' }),
  Tags: optional(TagList, { doc: 'The tags of the instance profile, in the order of their keys.' }),
});

export const Policy = structure({
  PolicyName: required(PolicyName, { doc: 'The name of the policy.' }),
  PolicyId: required(Id, { doc: 'The unique id, `ANPA…`.' }),
  Arn: required(Arn, { doc: 'The ARN of the policy.' }),
  Path: required(PolicyPath, { doc: 'The path of the policy.' }),
  DefaultVersionId: required(PolicyVersionId, { doc: 'The version that is in force.' }),
  AttachmentCount: required(integer(), { doc: 'How many users, groups and roles it is attached to.' }),
  PermissionsBoundaryUsageCount: required(integer(), { doc: 'How many users and roles it bounds.' }),
  IsAttachable: required(boolean, { doc: 'Whether the policy can be attached.' }),
  Description: optional(string({ max: 1000 }), { doc: 'What the policy is for; not in lists.' }),
  CreateDate: required(timestamp, { doc: 'When the policy was made.' }),
  UpdateDate: required(timestamp, { doc: 'When its newest version was made.' }),
  Tags: optional(TagList, { doc: 'The tags of the policy; not in lists.' }),
});

export const PolicyVersion = structure({
  Document: optional(PolicyDocument, { doc: 'The policy, percent-encoded; not in lists.' }),
  VersionId: required(PolicyVersionId, { doc: 'The version.' }),
  IsDefaultVersion: required(boolean, { doc: 'Whether the version is in force.' }),
  CreateDate: required(timestamp, { doc: 'When the version was made.' }),
});

/** Prefix of a service's actions, `iam`. */
export const ServiceNamespace = string({ min: 1, max: 64, pattern: pattern('[\\w-]*') });
export const PolicyOwnerEntity = oneOf('USER', 'ROLE', 'GROUP');

export const PolicyUsage = oneOf('PermissionsPolicy', 'PermissionsBoundary');

/** The two members of every list request. */
export const pageMembers = {
  Marker: optional(string({ min: 1, max: 320, pattern: pattern('[\\u0020-\\u00FF]+') }), {
    doc: 'Where the page before ended.',
  }),
  MaxItems: optional(integer({ min: 1, max: 1000 }), { doc: 'Items of a page at most. Absent: 100.' }),
};
/** The two members of every list answer. */
export const pageOutput = {
  IsTruncated: optional(boolean, { doc: 'Whether more items follow.' }),
  Marker: optional(string(), { doc: 'Where this page ended; absent on the last.' }),
};
export const pathPrefixMember = {
  PathPrefix: optional(PathPrefix, { doc: 'Only paths that begin with it. Absent: `/`.' }),
};

/**
 * Policy text as IAM shows it: percent-encoded, with everything but letters, digits and `-_.~` escaped. Remembered: many
 * roles often have the same one. What is shown of a role is remembered with the role.
 * Spec: RFC 3986 §2.3. AWS doc: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
 */
export const percentEncoded: (document: string) => string = remember(
  1024,
  (document) => document,
  (document) => encodeURIComponent(document.toWellFormed()).replace(/[!'()*]/g, octet),
  { most: 256 * 1024, sizeOf: (document) => document.length },
);

function octet(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
