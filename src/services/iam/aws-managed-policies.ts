// The managed policies that AWS itself keeps: those of Roles Anywhere, and those that people attach first, as far as the
// services that are served here. The permissions are AWS's, the wording of the documents is ours. They are the same in
// every account; no request changes them.
// AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/security-iam-awsmanpol.html and
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
import { formatArn, parseArn } from '../arn.ts';

/** Where the policies of service-linked roles stand; no other role takes them. */
export const serviceRolePath = '/aws-service-role/';

/** A policy of AWS's, of which one version is kept. */
export type AwsManagedPolicy = {
  readonly arn: string;
  readonly name: string;
  /** Begins and ends with a slash. */
  readonly path: string;
  /** `ANPA…`. */
  readonly policyId: string;
  readonly description: string;
  /** `v3`. */
  readonly versionId: string;
  readonly createDate: Date;
  /** When the version was made. */
  readonly updateDate: Date;
  /** The policy, as JSON text. */
  readonly document: string;
};

type Row = Pick<AwsManagedPolicy, 'path' | 'policyId' | 'description' | 'versionId'> & {
  readonly created: string;
  readonly updated: string;
  /** The statements, with the ARNs of a partition. */
  readonly statements: (partition: string) => readonly Statement[];
};

type Statement = {
  readonly Sid: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
};

const rolesAnywhere = 'rolesanywhere.amazonaws.com';
const actions = (names: string) => names.split(' ').map((name) => `rolesanywhere:${name}`);
const all = (partition: string, type: string) => `arn:${partition}:rolesanywhere:*:*:${type}/*`;
const kinds = ['trust-anchor', 'profile', 'crl', 'subject'];

const fullAccess = (partition: string): readonly Statement[] => [
  {
    Sid: 'TrustAnchors',
    Action: actions(
      'CreateTrustAnchor GetTrustAnchor ListTrustAnchors UpdateTrustAnchor EnableTrustAnchor DisableTrustAnchor DeleteTrustAnchor',
    ),
    Resource: all(partition, 'trust-anchor'),
  },
  {
    Sid: 'Profiles',
    Action: actions('CreateProfile GetProfile ListProfiles UpdateProfile EnableProfile DisableProfile DeleteProfile'),
    Resource: all(partition, 'profile'),
  },
  {
    Sid: 'RevocationLists',
    Action: actions('ImportCrl GetCrl ListCrls UpdateCrl EnableCrl DisableCrl DeleteCrl'),
    Resource: all(partition, 'crl'),
  },
  { Sid: 'Subjects', Action: actions('GetSubject ListSubjects'), Resource: all(partition, 'subject') },
  {
    Sid: 'MappingsNotificationsAndTags',
    Action: actions(
      'PutAttributeMapping DeleteAttributeMapping PutNotificationSettings ResetNotificationSettings TagResource UntagResource ListTagsForResource',
    ),
    Resource: '*',
  },
  {
    Sid: 'RolesOfProfiles',
    Action: 'iam:PassRole',
    Resource: `arn:${partition}:iam::*:role/*`,
    Condition: { StringEquals: { 'iam:PassedToService': rolesAnywhere } },
  },
  {
    Sid: 'RoleOfTheService',
    Action: 'iam:CreateServiceLinkedRole',
    Resource: `arn:${partition}:iam::*:role${serviceRolePath}${rolesAnywhere}/*`,
    Condition: { StringEquals: { 'iam:AWSServiceName': rolesAnywhere } },
  },
];

const readOnly = (partition: string): readonly Statement[] => [
  {
    Sid: 'Resources',
    Action: actions('GetTrustAnchor ListTrustAnchors GetProfile ListProfiles GetCrl ListCrls GetSubject ListSubjects'),
    Resource: kinds.map((kind) => all(partition, kind)),
  },
  { Sid: 'Tags', Action: actions('ListTagsForResource'), Resource: '*' },
];

const ofTheService = (partition: string): readonly Statement[] => [
  {
    Sid: 'Metrics',
    Action: 'cloudwatch:PutMetricData',
    Resource: '*',
    Condition: { StringEquals: { 'cloudwatch:namespace': ['AWS/RolesAnywhere', 'AWS/Usage'] } },
  },
  {
    Sid: 'PrivateCas',
    Action: ['acm-pca:GetCertificateAuthorityCertificate', 'acm-pca:DescribeCertificateAuthority'],
    Resource: `arn:${partition}:acm-pca:*:*:*`,
  },
];

const everything = (): readonly Statement[] => [{ Sid: 'Everything', Action: '*', Resource: '*' }];

const iamFull = (): readonly Statement[] => [{ Sid: 'Identities', Action: 'iam:*', Resource: '*' }];

const iamRead = [
  'iam:Get*',
  'iam:List*',
  'iam:GenerateCredentialReport',
  'iam:GenerateServiceLastAccessedDetails',
  'iam:SimulateCustomPolicy',
  'iam:SimulatePrincipalPolicy',
];

const iamReadOnly = (): readonly Statement[] => [{ Sid: 'ReadIdentities', Action: iamRead, Resource: '*' }];

const audit = (): readonly Statement[] => [
  { Sid: 'AuditIdentities', Action: [...iamRead, 'sts:GetAccessKeyInfo'], Resource: '*' },
];

const readOnlyAccess = (): readonly Statement[] => [
  { Sid: 'Identities', Action: ['iam:Get*', 'iam:List*', 'iam:Generate*', 'iam:Simulate*'], Resource: '*' },
  { Sid: 'Callers', Action: ['sts:GetAccessKeyInfo', 'sts:GetCallerIdentity', 'sts:GetSessionToken'], Resource: '*' },
  {
    Sid: 'RolesAnywhere',
    Action: actions(
      'GetTrustAnchor ListTrustAnchors GetProfile ListProfiles GetCrl ListCrls GetSubject ListSubjects ListTagsForResource',
    ),
    Resource: '*',
  },
];

// Ours: the ids of Roles Anywhere's, which AWS makes at random, and the time of day where it is midnight.
// AWS seen: 2015–2025, in public lists, the ids of the others, their dates and the numbers of their versions.
const rows = new Map<string, Row>([
  [
    'AWSRolesAnywhereFullAccess',
    {
      path: '/',
      policyId: 'ANPAROLESANYWHEREFULL',
      description: 'Everything in IAM Roles Anywhere, passing roles to it, and making its service-linked role.',
      versionId: 'v3',
      created: '2025-07-16T00:00:00Z',
      updated: '2026-02-12T00:00:00Z',
      statements: fullAccess,
    },
  ],
  [
    'AWSRolesAnywhereReadOnly',
    {
      path: '/',
      policyId: 'ANPAROLESANYWHEREREAD',
      description: 'Reading everything in IAM Roles Anywhere.',
      versionId: 'v1',
      created: '2025-07-16T00:00:00Z',
      updated: '2025-07-16T00:00:00Z',
      statements: readOnly,
    },
  ],
  [
    'AWSRolesAnywhereServicePolicy',
    {
      path: serviceRolePath,
      policyId: 'ANPAROLESANYWHERELINK',
      description: 'What IAM Roles Anywhere does in the account: metrics, and the certificates of private CAs.',
      versionId: 'v1',
      // Ours: the day; the service began in July 2022.
      created: '2022-07-05T00:00:00Z',
      updated: '2022-07-05T00:00:00Z',
      statements: ofTheService,
    },
  ],
  [
    'AdministratorAccess',
    {
      path: '/',
      policyId: 'ANPAIWMBCKSKIEE64ZLYK',
      description: 'Everything in every service.',
      versionId: 'v1',
      created: '2015-02-06T18:39:46Z',
      updated: '2015-02-06T18:39:46Z',
      statements: everything,
    },
  ],
  [
    'IAMFullAccess',
    {
      path: '/',
      policyId: 'ANPAI7XKCFMBPM3QQRRVQ',
      description: 'Everything in IAM.',
      versionId: 'v2',
      created: '2015-02-06T18:40:38Z',
      updated: '2019-06-21T19:40:00Z',
      statements: iamFull,
    },
  ],
  [
    'IAMReadOnlyAccess',
    {
      path: '/',
      policyId: 'ANPAJKSO7NDY4T57MWDSQ',
      description: 'Reading everything in IAM, reports and simulations included.',
      versionId: 'v4',
      created: '2015-02-06T18:40:39Z',
      updated: '2018-01-25T19:11:27Z',
      statements: iamReadOnly,
    },
  ],
  [
    'ReadOnlyAccess',
    {
      path: '/',
      policyId: 'ANPAILL3HVNFSB6DCOWYQ',
      description: 'Reading everything in every service that is served.',
      versionId: 'v119',
      created: '2015-02-06T18:39:48Z',
      updated: '2024-09-16T18:53:21Z',
      statements: readOnlyAccess,
    },
  ],
  [
    'SecurityAudit',
    {
      path: '/',
      policyId: 'ANPAIX2T3QCXHR2OGGCTO',
      description: 'Reading how security is configured: identities and policies, but no data.',
      versionId: 'v45',
      created: '2015-02-06T18:41:01Z',
      updated: '2024-10-30T18:36:49Z',
      statements: audit,
    },
  ],
]);

/** The ARN of a policy that AWS keeps. */
export function awsManagedPolicyArn(partition: string, name: string, path = '/'): string {
  return formatArn({ partition, service: 'iam', region: '', account: 'aws', resource: `policy${path}${name}` });
}

/** All of them with the ARNs of a partition, in the order of their names. */
export function awsManagedPolicies(partition: string): readonly AwsManagedPolicy[] {
  return [...rows].map(([name, row]) => policyOf(name, row, partition));
}

/** The policy of this very ARN, in any partition, or undefined. */
export function awsManagedPolicy(arn: string): AwsManagedPolicy | undefined {
  const { partition = '', resource = '' } = parseArn(arn) ?? {};
  const name = resource.slice(resource.lastIndexOf('/') + 1);
  const row = rows.get(name);
  if (row === undefined || !/^aws(-[a-z]{1,8}){0,3}$/.test(partition)) return undefined;
  return arn === awsManagedPolicyArn(partition, name, row.path) ? policyOf(name, row, partition) : undefined;
}

function policyOf(name: string, { created, updated, statements, ...row }: Row, partition: string): AwsManagedPolicy {
  const Statement = statements(partition).map(({ Sid, ...rest }) => ({ Sid, Effect: 'Allow', ...rest }));
  return {
    ...row,
    arn: awsManagedPolicyArn(partition, name, row.path),
    name,
    createDate: new Date(created),
    updateDate: new Date(updated),
    document: JSON.stringify({ Version: '2012-10-17', Statement }),
  };
}
