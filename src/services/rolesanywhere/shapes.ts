// Shapes that several of Roles Anywhere's operations share.
// AWS doc: the service model of API version 2018-05-10, and https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_Types.html
import {
  boolean,
  integer,
  list,
  map,
  oneOf,
  optional,
  pattern,
  required,
  string,
  structure,
  timestamp,
  union,
} from '../../contract/shape.ts';

export const Uuid = string({
  min: 36,
  max: 36,
  pattern: pattern(
    '.*[a-f0-9]{8}-([a-z0-9]{4}-){3}[a-z0-9]{12}.*',
    // The length is fixed, so that nothing can stand around the pattern.
    '[a-f0-9]{8}-([a-z0-9]{4}-){3}[a-z0-9]{12}',
  ),
});
export const ResourceName = string({ min: 1, max: 255, pattern: pattern('[ a-zA-Z0-9-_]*', '[ a-zA-Z0-9_-]*') });
export const RoleArn = string({
  min: 1,
  max: 1011,
  // The second spelling accepts the same texts without nested backtracking.
  pattern: pattern('arn:aws(-[^:]+)?:iam(:.*){2}(:role.*)', 'arn:aws(-[^:]+)?:iam:(?=.*$)[^:]*:.*?:role.*'),
});
export const RoleArnList = list(RoleArn, { min: 0, max: 250 });
export const ProfileArn = string({
  min: 1,
  max: 1011,
  pattern: pattern(
    'arn:aws(-[^:]+)?:rolesanywhere(:.*){2}(:profile.*)',
    'arn:aws(-[^:]+)?:rolesanywhere:(?=.*$)[^:]*:.*?:profile.*',
  ),
});
export const TrustAnchorArn = string({
  min: 1,
  max: 1011,
  pattern: pattern(
    'arn:aws(-[^:]+)?:rolesanywhere(:.*){2}(:trust-anchor.*)',
    'arn:aws(-[^:]+)?:rolesanywhere:(?=.*$)[^:]*:.*?:trust-anchor.*',
  ),
});
export const ManagedPolicyList = list(string({ min: 1, max: 200 }), { min: 0, max: 50 });
export const DurationSeconds = integer({ min: 900, max: 43200 });
export const CertificateField = oneOf('x509Subject', 'x509Issuer', 'x509SAN');

const tagPattern = pattern('[ a-zA-Z0-9_.:/=+@-]*');
export const TagKey = string({ min: 1, max: 128, pattern: tagPattern, sensitive: true });
export const Tag = structure({
  key: required(TagKey, { doc: 'The tag key.' }),
  value: required(string({ min: 0, max: 256, pattern: tagPattern, sensitive: true }), { doc: 'The tag value.' }),
});
export const TagList = list(Tag, { min: 0, max: 200 });

/** The properties a workload may send about itself. */
export const InstanceProperties = map(string({ min: 1, max: 200 }), string({ min: 1, max: 200 }), { min: 0, max: 50 });

export const MappingRule = structure({
  specifier: required(string({ min: 0, max: 60 }), { doc: 'The attribute, e.g. `CN`, `*`, `DNS` or `Name/OU`.' }),
});
export const AttributeMapping = structure({
  certificateField: optional(CertificateField, { doc: 'The field of the certificate.' }),
  mappingRules: optional(list(MappingRule), { doc: 'The attributes of the field that become session tags.' }),
});

export const ProfileDetail = structure({
  profileId: optional(Uuid, { doc: 'The unique identifier of the profile.' }),
  profileArn: optional(ProfileArn, { doc: 'The ARN of the profile.' }),
  name: optional(ResourceName, { doc: 'The name; need not be unique.' }),
  requireInstanceProperties: optional(boolean, {
    doc: "Unused by AWS; enforced only where the operator's settings say so.",
  }),
  enabled: optional(boolean, { doc: 'Whether CreateSession may use the profile.' }),
  createdBy: optional(string(), { doc: 'The ARN of the caller that made the profile.' }),
  sessionPolicy: optional(string(), { doc: 'A policy that bounds every session of the profile.' }),
  roleArns: optional(RoleArnList, { doc: 'The roles a session may assume.' }),
  managedPolicyArns: optional(ManagedPolicyList, { doc: 'Managed policies that bound every session.' }),
  createdAt: optional(timestamp, { doc: 'When the profile was made.' }),
  updatedAt: optional(timestamp, { doc: 'When the profile last changed.' }),
  durationSeconds: optional(integer(), { doc: 'Seconds a session lasts at most.' }),
  acceptRoleSessionName: optional(boolean, { doc: 'Whether CreateSession may name the session.' }),
  attributeMappings: optional(list(AttributeMapping), { doc: 'Which certificate attributes become session tags.' }),
});

export const SourceData = union({
  x509CertificateData: optional(string({ min: 1, max: 204800 }), { doc: 'PEM of the CA certificates.' }),
  acmPcaArn: optional(string(), { doc: 'The ARN of a private CA.' }),
});
export const Source = structure({
  sourceType: optional(oneOf('AWS_ACM_PCA', 'CERTIFICATE_BUNDLE', 'SELF_SIGNED_REPOSITORY'), {
    doc: 'What kind of authority is trusted.',
  }),
  sourceData: optional(SourceData, { doc: 'The authority itself.' }),
});

export const NotificationEvent = oneOf('CA_CERTIFICATE_EXPIRY', 'END_ENTITY_CERTIFICATE_EXPIRY');
export const NotificationChannel = oneOf('ALL');
const notificationMembers = {
  enabled: required(boolean, { doc: 'Whether the event is notified.' }),
  event: required(NotificationEvent, { doc: 'The event.' }),
  threshold: optional(integer({ min: 1, max: 360 }), { doc: 'Days before the event; required when enabled.' }),
  channel: optional(NotificationChannel, { doc: 'The channel. Absent: ALL.' }),
};
export const NotificationSettings = list(structure(notificationMembers), { min: 0, max: 50 });
const NotificationSettingDetails = list(
  structure({
    ...notificationMembers,
    configuredBy: optional(string({ min: 1, max: 200 }), {
      doc: '`rolesanywhere.amazonaws.com` for a default, else the account.',
    }),
  }),
  { min: 0, max: 50 },
);

export const TrustAnchorDetail = structure({
  trustAnchorId: optional(Uuid, { doc: 'The unique identifier of the trust anchor.' }),
  trustAnchorArn: optional(string(), { doc: 'The ARN of the trust anchor.' }),
  name: optional(ResourceName, { doc: 'The name; need not be unique.' }),
  source: optional(Source, { doc: 'The authority that is trusted.' }),
  enabled: optional(boolean, { doc: 'Whether CreateSession may use the trust anchor.' }),
  createdAt: optional(timestamp, { doc: 'When the trust anchor was made.' }),
  updatedAt: optional(timestamp, { doc: 'When the trust anchor last changed.' }),
  notificationSettings: optional(NotificationSettingDetails, { doc: 'What is notified, and when.' }),
});

/** The two members of every list request. */
export const pageMembers = {
  nextToken: optional(string({ min: 1, max: 10000 }), { in: 'query', doc: 'Where the page before ended.' }),
  pageSize: optional(integer(), { in: 'query', doc: 'Items of a page, 1 or more; at most 100 are given. Absent: 50.' }),
};
/** The token of every list answer. */
export const nextTokenMember = { nextToken: optional(string(), { doc: 'Where this page ended; absent on the last.' }) };
