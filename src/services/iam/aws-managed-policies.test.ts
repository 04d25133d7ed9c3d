import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePolicy } from '../../core/policy/document.ts';
import { evaluate } from '../../core/policy/evaluate.ts';
import { contextOf } from '../../core/policy/request.ts';
import { awsManagedPolicies, awsManagedPolicy } from './aws-managed-policies.ts';

const account = '123456789012';
const named = (name: string, partition = 'aws') =>
  awsManagedPolicies(partition).find((policy) => policy.name === name) ?? assert.fail(name);

test('every document is a policy, in every partition', () => {
  for (const partition of ['aws', 'aws-cn', 'aws-us-gov', 'aws-iso-b', 'aws-eusc']) {
    for (const { document, arn } of awsManagedPolicies(partition)) {
      const parsed = parsePolicy(document, 'identity', { requireVersion20121017: true });
      assert.ok(parsed.ok, arn);
      assert.ok(!document.includes('arn:aws:') || partition === 'aws', arn);
    }
  }
});

test('ids are unique and of the form of ids', () => {
  const ids = awsManagedPolicies('aws').map(({ policyId }) => policyId);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(ids.length, 8);
  for (const id of ids) assert.match(id, /^ANPA[A-Z2-7]{17}$/);
});

describe('a policy is found by its ARN', () => {
  test('in any partition, with the ARNs of that partition', () => {
    for (const partition of ['aws', 'aws-cn']) {
      for (const policy of awsManagedPolicies(partition)) assert.deepEqual(awsManagedPolicy(policy.arn), policy);
    }
  });

  for (const arn of [
    '',
    'AWSRolesAnywhereReadOnly',
    'arn:aws:iam::aws:policy/',
    'arn:aws:iam::aws:policy/constructor',
    'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly ',
    'arn:aws:iam::aws:policy/awsrolesanywherereadonly',
    'arn:aws:iam::aws:policy/AWSRolesAnywhereServicePolicy',
    'arn:aws:iam::aws:policy/aws-service-role/AWSRolesAnywhereReadOnly',
    'arn:aws:iam::aws:role/AWSRolesAnywhereReadOnly',
    `arn:aws:iam::${account}:policy/AWSRolesAnywhereReadOnly`,
    'arn:aws:iam:us-east-1:aws:policy/AWSRolesAnywhereReadOnly',
    'arn:aws:sts::aws:policy/AWSRolesAnywhereReadOnly',
    'arn:*:iam::aws:policy/AWSRolesAnywhereReadOnly',
    `arn:aws-${'x'.repeat(99)}:iam::aws:policy/AWSRolesAnywhereReadOnly`,
    `${'arn:'.repeat(500)}`,
  ]) {
    test(`not by ${arn.slice(0, 80) || 'nothing'}`, () => assert.equal(awsManagedPolicy(arn), undefined));
  }
});

type Question = readonly [action: string, resource: string, context?: Record<string, string | string[]>];

function allows(name: string, [action, resource, context = {}]: Question): boolean {
  const parsed = parsePolicy(named(name).document, 'identity');
  assert.ok(parsed.ok);
  const { decision } = evaluate(
    { identity: [{ name, policy: parsed.policy }] },
    {
      principal: { kind: 'assumedRole', arn: `arn:aws:sts::${account}:assumed-role/R/s`, account, roleArn: 'arn:r' },
      action,
      resource,
      resourceAccount: account,
      context: contextOf(context),
      multivalued: new Set(),
    },
  );
  return decision === 'allowed';
}

const ra = (resource: string) => `arn:aws:rolesanywhere:eu-central-1:${account}:${resource}`;
const role = `arn:aws:iam::${account}:role/app/R`;
const linked = `arn:aws:iam::${account}:role/aws-service-role/rolesanywhere.amazonaws.com/AWSServiceRoleForRolesAnywhere`;
const service = 'rolesanywhere.amazonaws.com';

for (const [full, read, question] of [
  [true, true, ['rolesanywhere:ListProfiles', ra('profile/*')]],
  [true, true, ['rolesanywhere:GetSubject', ra('subject/1')]],
  [true, true, ['rolesanywhere:GetCrl', ra('crl/1')]],
  [true, true, ['rolesanywhere:ListTagsForResource', ra('trust-anchor/1')]],
  [true, false, ['rolesanywhere:CreateTrustAnchor', ra('trust-anchor/*')]],
  [true, false, ['rolesanywhere:DeleteProfile', ra('profile/1')]],
  [true, false, ['rolesanywhere:ImportCrl', ra('crl/*')]],
  [true, false, ['rolesanywhere:TagResource', ra('subject/1')]],
  [true, false, ['rolesanywhere:PutAttributeMapping', ra('profile/1')]],
  [true, false, ['rolesanywhere:ResetNotificationSettings', ra('trust-anchor/1')]],
  [true, false, ['iam:PassRole', role, { 'iam:PassedToService': service }]],
  [true, false, ['iam:CreateServiceLinkedRole', linked, { 'iam:AWSServiceName': service }]],
  [false, false, ['iam:PassRole', role, { 'iam:PassedToService': 'ec2.amazonaws.com' }]],
  [false, false, ['iam:PassRole', role]],
  [false, false, ['iam:CreateServiceLinkedRole', linked, { 'iam:AWSServiceName': 'ec2.amazonaws.com' }]],
  [false, false, ['iam:GetRole', role]],
  [false, false, ['iam:AttachRolePolicy', role]],
  [false, false, ['rolesanywhere:DeleteProfile', ra('crl/1')]],
  [false, false, ['s3:GetObject', 'arn:aws:s3:::b/k']],
] as const satisfies readonly (readonly [boolean, boolean, Question])[]) {
  test(`${question[0]} on ${question[1]}: full access ${full}, read only ${read}`, () => {
    assert.equal(allows('AWSRolesAnywhereFullAccess', question), full);
    assert.equal(allows('AWSRolesAnywhereReadOnly', question), read);
  });
}

test('the policy of the service is for metrics of two namespaces and for private CAs', () => {
  const name = 'AWSRolesAnywhereServicePolicy';
  const metrics = (namespace: string): Question => [
    'cloudwatch:PutMetricData',
    '*',
    { 'cloudwatch:namespace': namespace },
  ];
  assert.ok(allows(name, metrics('AWS/RolesAnywhere')));
  assert.ok(allows(name, metrics('AWS/Usage')));
  assert.ok(!allows(name, metrics('AWS/EC2')));
  const ca = `arn:aws:acm-pca:eu-central-1:${account}:certificate-authority/1`;
  assert.ok(allows(name, ['acm-pca:DescribeCertificateAuthority', ca]));
  assert.ok(!allows(name, ['acm-pca:IssueCertificate', ca]));
  assert.ok(!allows(name, ['rolesanywhere:ListProfiles', ra('profile/*')]));
});

test('names are in their order', () => {
  const names = awsManagedPolicies('aws').map(({ name }) => name);
  assert.deepEqual(names, names.toSorted());
});

const user = `arn:aws:iam::${account}:user/Ada`;
for (const [question, ...allowed] of [
  [['iam:CreateUser', user], 'AdministratorAccess', 'IAMFullAccess'],
  [['rolesanywhere:DeleteCrl', ra('crl/1')], 'AdministratorAccess'],
  [['s3:GetObject', 'arn:aws:s3:::b/k'], 'AdministratorAccess'],
  [['sts:AssumeRole', role], 'AdministratorAccess'],
  [
    ['iam:GetUser', user],
    'AdministratorAccess',
    'IAMFullAccess',
    'IAMReadOnlyAccess',
    'ReadOnlyAccess',
    'SecurityAudit',
  ],
  [
    ['iam:SimulatePrincipalPolicy', user],
    ...['AdministratorAccess', 'IAMFullAccess', 'IAMReadOnlyAccess', 'ReadOnlyAccess', 'SecurityAudit'],
  ],
  [['rolesanywhere:GetSubject', ra('subject/1')], 'AdministratorAccess', 'ReadOnlyAccess'],
  [['rolesanywhere:TagResource', ra('subject/1')], 'AdministratorAccess'],
  [['sts:GetAccessKeyInfo', '*'], 'AdministratorAccess', 'ReadOnlyAccess', 'SecurityAudit'],
  [['sts:GetSessionToken', '*'], 'AdministratorAccess', 'ReadOnlyAccess'],
] as const satisfies readonly (readonly [Question, ...string[]])[]) {
  test(`${question[0]} on ${question[1]} is allowed by ${allowed.join(', ')} alone`, () => {
    const all = ['AdministratorAccess', 'IAMFullAccess', 'IAMReadOnlyAccess', 'ReadOnlyAccess', 'SecurityAudit'];
    assert.deepEqual(
      all.filter((name) => allows(name, question)),
      allowed,
    );
  });
}
