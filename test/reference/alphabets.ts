// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written so
// The small alphabets of generated policies and requests: what is asked and what is granted differ in little.
import type { PlainPrincipal } from './documents.ts';

export const HERE = '111111111111';
export const THERE = '222222222222';
export const ROLE = `arn:aws:iam::${HERE}:role/app/Deploy`;
const SESSION = `arn:aws:sts::${HERE}:assumed-role/Deploy/build`;
const USER = `arn:aws:iam::${HERE}:user/alice`;
const FEDERATED = `arn:aws:sts::${HERE}:federated-user/fred`;
export const PROVIDER = `arn:aws:iam::${HERE}:saml-provider/corp`;
export const ROLE_ID = 'AROAEXAMPLEEXAMPLE';
export const USER_ID = 'AIDAEXAMPLEEXAMPLE';

export const PRINCIPALS: readonly PlainPrincipal[] = [
  ...Array<PlainPrincipal>(6).fill({ kind: 'user', arn: USER, account: HERE }),
  { kind: 'user', arn: `arn:aws:iam::${THERE}:user/alice`, account: THERE },
  ...Array<PlainPrincipal>(6).fill({ kind: 'assumedRole', arn: SESSION, account: HERE, roleArn: ROLE }),
  { kind: 'role', arn: ROLE, account: HERE },
  { kind: 'root', arn: `arn:aws:iam::${HERE}:root`, account: HERE },
  { kind: 'federated', arn: FEDERATED, account: HERE, userArn: USER },
  { kind: 'federated', arn: PROVIDER, account: HERE },
  { kind: 'service', service: 'rolesanywhere.amazonaws.com' },
  { kind: 'anonymous' },
];

export const AWS_NAMES = [
  '*',
  HERE,
  THERE,
  `arn:aws:iam::${HERE}:root`,
  USER,
  USER,
  `arn:aws:iam::${HERE}:user/Alice`,
  ROLE,
  ROLE,
  `arn:aws:iam::${HERE}:role/Deploy`,
  SESSION,
  SESSION,
  `${SESSION}1`,
  FEDERATED,
  ROLE_ID,
  USER_ID,
  `arn:aws:iam::${THERE}:user/alice`,
];

export const ACTIONS = [
  's3:GetObject',
  'S3:getobject',
  's3:GetObject',
  's3:GetObjectAcl',
  's3:PutObject',
  'sqs:SendMessage',
];
export const ACTION_PATTERNS = [
  '*',
  's3:*',
  's3:Get*',
  's3:?etObject',
  's3:*Object*',
  's3:GetObject',
  'S3:GETOBJECT',
  's3:PutObject',
  's3:Get?bject',
  's3:GetObject?',
  's3:*Acl',
  'sqs:*',
  'sqs:SendMessage',
];
export const TRUST_ACTIONS = ['sts:AssumeRole', 'sts:TagSession', 'STS:assumerole'];
export const TRUST_PATTERNS = [
  'sts:*',
  'sts:AssumeRole',
  'sts:assumerole',
  'sts:AssumeRole*',
  'sts:TagSession',
  'sts:?agSession',
];

export const RESOURCES = [
  'arn:aws:s3:::b/alice/x',
  'arn:aws:s3:::b/alice/x',
  'arn:aws:s3:::b/bob/x',
  'arn:aws:s3:::b/*/x',
  'arn:aws:s3:::b/$/x',
  'arn:aws:s3:::B/alice/x',
  'arn:aws:s3:::b',
  'arn:aws:s3:::b/a:c:sqs::1:x',
  `arn:aws:sqs:eu-west-1:${THERE}:q`,
  `arn:aws:sqs:eu-west-1:${HERE}:q`,
  `arn:aws:lambda:eu-west-1:${HERE}:function:f`,
  `arn:aws:lambda:eu-west-1:${HERE}:function:f:1`,
  '*',
];
export const RESOURCE_PATTERNS = [
  '*',
  'arn:aws:s3:::b/*',
  'arn:aws:s3:::b/alice/x',
  'arn:aws:s3:::b/${aws:username}/*',
  'arn:aws:s3:::b/${AWS:UserName}/x',
  "arn:aws:s3:::b/${aws:PrincipalTag/team, 'alice'}/x",
  'arn:aws:s3:::b/${aws:PrincipalTag/team}/x',
  'arn:aws:s3:::b/${*}/x',
  'arn:aws:s3:::b/${$}/x',
  'arn:aws:s3:::?/*/x',
  'arn:aws:s3:::*',
  'arn:aws:s3:::b/${aws:username',
  'arn:*:s3:::b/alice/x',
  'arn:*:sqs::1:x',
  'arn:aws:s3',
  `arn:aws:sqs:*:${THERE}:q`,
  'arn:aws:sqs:eu-*:*:q',
  'arn:aws:sqs:eu-west-1',
  'arn:aws:sqs:*:q',
  'arn:aws:lambda:*:function:f',
  'arn:aws:lambda:*:*:function:?',
  'arn:aws:lambda:eu*1:function:f:*',
  'arn:aws:lambda:*:function:f:*',
];

export type Values = readonly string[];
/** Condition keys, what requests hold for them and what policies ask of them. */
const TEXT: { readonly given: Values; readonly wanted: Values } = {
  given: ['alice', 'Alice', 'bob', 'a*', '', 'alice'],
  wanted: [
    'alice',
    'ALICE',
    'a*',
    '?lice',
    '',
    '*',
    'bob',
    '${aws:username}',
    "${aws:missing, 'bob'}",
    'a${*}',
    '${aws:TagKeys}',
  ],
};
export const KEYS: readonly {
  readonly key: string;
  readonly operators: Values;
  readonly given: Values;
  readonly wanted: Values;
}[] = [
  ...['aws:username', 'aws:PrincipalTag/team', 'aws:TagKeys', 's3:prefix'].map((key) => ({
    key,
    operators: [
      'StringEquals',
      'StringNotEquals',
      'StringEqualsIgnoreCase',
      'StringNotEqualsIgnoreCase',
      'StringLike',
      'StringNotLike',
    ],
    ...TEXT,
  })),
  {
    key: 's3:max-keys',
    operators: [
      'NumericEquals',
      'NumericNotEquals',
      'NumericLessThan',
      'NumericLessThanEquals',
      'NumericGreaterThan',
      'NumericGreaterThanEquals',
    ],
    given: ['10', '10.0', '9', '11', '-1', 'ten', ''],
    wanted: ['10', '9.5', '+11', '0', '-1'],
  },
  {
    key: 'aws:CurrentTime',
    operators: [
      'DateEquals',
      'DateNotEquals',
      'DateLessThan',
      'DateLessThanEquals',
      'DateGreaterThan',
      'DateGreaterThanEquals',
    ],
    given: ['2026-01-01T00:00:00Z', '1767225600', '2025-12-31T23:59:59.999Z', '2026-01-01', 'now', ''],
    wanted: ['2026-01-01', '2026-01-01T01:00:00+01:00', '1767225599', '2026-01-02t00:00:00z', '2025-12-31T23:00:00'],
  },
  {
    key: 'aws:MultiFactorAuthPresent',
    operators: ['Bool'],
    given: ['true', 'false', 'TRUE', '1', ''],
    wanted: ['true', 'false', 'False', '${aws:MultiFactorAuthPresent}'],
  },
  {
    key: 'app:bytes',
    operators: ['BinaryEquals'],
    given: ['QUI=', 'QUI', 'QUJD', '!', ''],
    wanted: ['QUI=', 'QUJD', ''],
  },
  {
    key: 'aws:SourceIp',
    operators: ['IpAddress', 'NotIpAddress'],
    given: ['10.1.2.3', '10.128.0.1', '192.0.2.1', '2001:db8::1', '::1', 'host', ''],
    wanted: ['10.0.0.0/8', '10.0.0.0/9', '10.1.2.3', '0.0.0.0/0', '2001:DB8::/32', '::/0', '192.0.2.0/31'],
  },
  {
    key: 'aws:SourceArn',
    operators: ['ArnEquals', 'ArnNotEquals', 'ArnLike', 'ArnNotLike'],
    given: ['arn:aws:sns:eu-west-1:1:t', 'arn:aws:sns:eu-west-1:1:t:2', 'arn:aws:sns:::t', 't', ''],
    wanted: [
      'arn:aws:sns:*:*:t',
      'arn:aws:sns:eu-west-1:1:t',
      'arn:aws:sns:?:1:t',
      'arn:aws:sns',
      '*',
      'arn:aws:sns:*:t',
      '${aws:SourceArn}',
    ],
  },
];
