// Shapes that several of STS's operations share. AWS doc: the service model of API version 2011-06-15.
import {
  integer,
  list,
  optional,
  pattern,
  required,
  string,
  structure,
  timestampInSeconds,
  type ValueOf,
} from '../../contract/shape.ts';

// AWS's `\u10000-\u10FFFF` is the range of code points, as in XML's characters; no engine reads five digits so.
const text = pattern(
  '[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+',
  '[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}]+',
);
export const Arn = string({ min: 20, max: 2048, pattern: text });
export const RoleSessionName = string({ min: 2, max: 64, pattern: pattern('[\\w+=,.@-]*') });
export const SourceIdentity = string({ min: 2, max: 64, pattern: pattern('[\\w+=,.@-]*') });
const documentPattern = pattern('[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+');
export const SessionPolicy = string({ min: 1, max: 2048, pattern: documentPattern });
/** AWS doc: AssumeRole's is not bounded by itself, but by what all policies together may take. */
export const UnrestrictedSessionPolicy = string({ min: 1, pattern: documentPattern });
export const RoleDurationSeconds = integer({ min: 900, max: 43200 });
export const DurationSeconds = integer({ min: 900, max: 129600 });
export const SerialNumber = string({ min: 9, max: 256, pattern: pattern('[\\w+=/:,.@-]*') });
export const TokenCode = string({ min: 6, max: 6, pattern: pattern('[\\d]*') });
const TagKey = string({ min: 1, max: 128, pattern: pattern('[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+') });
const TagValue = string({ min: 0, max: 256, pattern: pattern('[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*') });

const Tag = structure({
  Key: required(TagKey, { doc: 'The tag key; compared without regard to case.' }),
  Value: required(TagValue, { doc: 'The tag value.' }),
});
export const TagList = list(Tag, { max: 50 });
export const TagKeyList = list(TagKey, { max: 50 });
export const PolicyArns = list(structure({ arn: optional(Arn, { doc: 'The ARN of a managed policy.' }) }));

/** The members that bound a session. */
export const sessionPolicyMembers = {
  PolicyArns: optional(PolicyArns, { doc: 'Managed policies that bound the session; at most 10.' }),
  Policy: optional(SessionPolicy, { doc: 'A policy that bounds the session, as JSON text.' }),
};

const secret = { sensitive: true } as const;
export const Credentials = structure({
  AccessKeyId: required(string({ min: 16, max: 128, pattern: pattern('[\\w]*') }), {
    doc: '`ASIA` and 16 characters.',
  }),
  SecretAccessKey: required(string(secret), { doc: '40 characters.' }),
  SessionToken: required(string(secret), { doc: 'Goes with every request, opaque.' }),
  Expiration: required(timestampInSeconds, { doc: 'When the credentials end.' }),
});
export const AssumedRoleUser = structure({
  AssumedRoleId: required(string(), { doc: 'The unique id of the role, a colon, the session name.' }),
  Arn: required(string(), { doc: 'The ARN of the session.' }),
});
export const credentialsMember = { Credentials: optional(Credentials, { doc: 'The credentials.' }) };
export const packedPolicySizeMember = {
  PackedPolicySize: optional(integer({ min: 0 }), { doc: 'Percent of what policies and tags may take.' }),
};

export type TagValues = ValueOf<typeof TagList>;
