// boto3 on IAM and STS: the scripts in python/ call, this judges what they saw. They send without client-side validation,
// so that the server's own words come back.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { services } from '../../src/main.ts';
import { accountId, type ConformanceServer, conformanceServer, trustPolicy } from './server.ts';
import { kindOf, needs, python } from './tools.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const policyOf = (action: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] });

describe('boto3', needs('python3', '-c', 'import boto3'), () => {
  let server: ConformanceServer;
  const called = new Set<string>();
  before(async () => {
    server = await conformanceServer();
  });
  after(() => server[Symbol.asyncDispose]());

  test('IAM: what is set is read back, lists are walked to their end, waiters end, errors have their classes', async () => {
    const otherTrustPolicy = trustPolicy.replace('"Allow"', '"Deny"');
    const policy = policyOf('s3:Get*');
    const seen = await python(server, 'boto3_iam', { trustPolicy, otherTrustPolicy, policy });
    for (const name of seen.called) called.add(name);

    checkRole(seen.role, { trustPolicy, otherTrustPolicy, policy });
    checkInstanceProfile(seen.instanceProfile);

    const { pages, waiters, errors } = seen;
    assert.deepEqual(pages.sizes, [40, 40, 40, 30]);
    assert.deepEqual(pages.truncated, [true, true, true, false]);
    const names = Array.from({ length: 150 }, (_, number) => `Page${String(number).padStart(3, '0')}`);
    assert.deepEqual(pages.names, names);
    assert.deepEqual(pages.cutAndResumed, names);
    assert.deepEqual(pages.defaultSizes, [100, 50]);
    assert.deepEqual(pages.elsewhere, []);
    assert.equal(kindOf(pages.madeUpMarker), 'ClientError ValidationError 400');
    assert.deepEqual(waiters, { GetRole: [404, 200], GetInstanceProfile: [404, 200] });
    assert.match(errors.missing.message, /^2 validation errors detected: Value null at 'roleName' failed to satisfy/);
    assert.match(errors.invalid.message, /^2 validation errors detected: Value 'bad name' at 'roleName' failed to/);
    assert.equal(kindOf(errors.malformed), 'MalformedPolicyDocumentException MalformedPolicyDocument 400');
    assert.equal(kindOf(errors.reservedTag), 'InvalidInputException InvalidInput 400');
    assert.equal(kindOf(errors.unserved), 'ClientError NotImplemented 400');
    assert.equal(kindOf(errors.wrongSecret), 'ClientError SignatureDoesNotMatch 403');
    assert.equal(kindOf(errors.unknownKey), 'ClientError InvalidClientTokenId 403');
  });

  test('IAM: managed policies are read and attached, roles tagged, the service-linked role made and deleted', async () => {
    // A server of its own: the counts are its alone.
    await using other = await conformanceServer();
    const seen = await python(other, 'boto3_iam_policies', { trustPolicy });
    for (const name of seen.called) called.add(name);

    checkPolicies(seen.policies);
    checkAttachments(seen.attachments);
    checkRoleTags(seen.roleTags);
    checkServiceLinkedRole(seen.serviceLinkedRole);
  });

  test('IAM: users, keys, groups, policies of their own and boundaries, to the end of every list', async () => {
    await using other = await conformanceServer();
    const given = { trustPolicy, policy: policyOf('iam:Get*'), otherPolicy: policyOf('s3:*') };
    const seen = await python(other, 'boto3_iam_users', given);
    for (const name of seen.called) called.add(name);

    checkOwnPolicies(seen.policies, given);
    checkUsers(seen.users, given.policy);
    checkGroups(seen.groups);
    const { cleared, waiters } = seen;
    assert.equal(kindOf(cleared.inUse), 'DeleteConflictException DeleteConflict 409');
    assert.equal(cleared.bounded.PermissionsBoundaryArn, `arn:aws:iam::${accountId}:policy/x/Own`);
    assert.deepEqual(cleared.left, [[], [], []]);
    assert.deepEqual(waiters, { GetUser: [404, 200], GetPolicy: [404, 200] });
  });

  test('IAM: the account as a whole is simulated, reported and set', async () => {
    await using other = await conformanceServer();
    const Condition = { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } };
    const statement = { Effect: 'Allow', Action: 's3:Get*', Resource: '*', Condition };
    const conditional = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    const seen = await python(other, 'boto3_iam_account', { conditional });
    for (const name of seen.called) called.add(name);

    checkSimulations(seen.simulations);
    checkAccount(seen.account);
  });

  test('STS: the caller is named to a signed request and to a presigned URL, and to no changed one', async () => {
    const seen = await python(server, 'boto3_sts');
    for (const name of seen.called) called.add(name);
    const Arn = `arn:aws:iam::${accountId}:root`;
    assert.deepEqual(seen.identity, { UserId: accountId, Account: accountId, Arn });
    assert.match(seen.requestId, uuid);
    assert.equal(seen.presigned.status, 200);
    assert.equal(seen.presigned.type, 'text/xml');
    assert.match(seen.presigned.body, new RegExp(`<Arn>${Arn}</Arn>`));
    assert.equal(seen.tampered.status, 403);
    assert.match(seen.tampered.body, /<Code>SignatureDoesNotMatch<\/Code>/);
    assert.equal(seen.otherMethod.status, 403);
    assert.deepEqual([seen.cluster.status, seen.cluster.body.includes(Arn)], [200, true]);
    assert.equal(seen.otherCluster.status, 403);
    assert.equal(seen.noCluster.status, 403);
    assert.equal(kindOf(seen.wrongSecret), 'ClientError SignatureDoesNotMatch 403');
    assert.equal(kindOf(seen.strangeToken), 'ClientError InvalidClientTokenId 403');
    assert.equal(kindOf(seen.unserved), 'ClientError NotImplemented 400');
  });

  test('which operations are served and not called by these scripts is said', (t) => {
    const served = ['iam', 'sts'].flatMap((name) =>
      [...(services.get(name)?.operations.keys() ?? [])].map((operation) => `${name}.${operation}`),
    );
    const missing = served.filter((name) => !called.has(name));
    t.diagnostic(`${served.length - missing.length} of ${served.length} called; not called: ${missing.join(' ')}`);
    assert.ok(called.size > 0);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: JSON of a script, read member by member
type Seen = any;

const tags = [
  { Key: 'team', Value: 'apps + ops @home' },
  { Key: 'Émile', Value: '' },
];

type RoleInput = { trustPolicy: string; otherTrustPolicy: string; policy: string };

function checkRole(seen: Seen, given: RoleInput): void {
  const { Role } = seen.created;
  assert.match(seen.requestId, uuid);
  assert.match(Role.RoleId, /^AROA[A-Z2-7]{17}$/);
  assert.equal(Role.Arn, `arn:aws:iam::${accountId}:role/apps/web/Boto3`);
  assert.match(Role.CreateDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/);
  const { RoleId, CreateDate, Arn } = Role;
  assert.deepEqual(seen.got.Role, {
    ...{ Path: '/apps/web/', RoleName: 'Boto3', RoleId, Arn, CreateDate },
    AssumeRolePolicyDocument: JSON.parse(given.trustPolicy),
    Description: 'für <Tests> & "co"\n',
    MaxSessionDuration: 7200,
    Tags: tags,
    RoleLastUsed: {},
  });
  assert.deepEqual(seen.gotByOtherCase, seen.got);
  assert.equal(kindOf(seen.again), 'EntityAlreadyExistsException EntityAlreadyExists 409');
  assert.equal(seen.updated.Role.Description, 'other');
  assert.equal(seen.updated.Role.MaxSessionDuration, 43200);
  assert.deepEqual(seen.updated.Role.AssumeRolePolicyDocument, JSON.parse(given.otherTrustPolicy));
  assert.equal(kindOf(seen.badTrust), 'MalformedPolicyDocumentException MalformedPolicyDocument 400');
  assert.deepEqual(seen.gotPolicy, {
    RoleName: 'Boto3',
    PolicyName: 'p',
    PolicyDocument: JSON.parse(given.policy),
  });
  assert.deepEqual(seen.listedPolicies, { PolicyNames: ['p'], IsTruncated: false });
  assert.equal(kindOf(seen.badPolicy), 'MalformedPolicyDocumentException MalformedPolicyDocument 400');
  assert.equal(kindOf(seen.conflict), 'DeleteConflictException DeleteConflict 409');
  assert.equal(kindOf(seen.noPolicy), 'NoSuchEntityException NoSuchEntity 404');
  assert.equal(kindOf(seen.gone), 'NoSuchEntityException NoSuchEntity 404');
}

type PolicyInput = { policy: string; otherPolicy: string };

function checkOwnPolicies(seen: Seen, given: PolicyInput): void {
  const { Policy } = seen.made;
  assert.match(Policy.PolicyId, /^ANPA[A-Z2-7]{17}$/);
  assert.equal(Policy.Arn, `arn:aws:iam::${accountId}:policy/x/Own`);
  assert.deepEqual([seen.got.Policy.Description, seen.got.Policy.DefaultVersionId], ['d', 'v2']);
  assert.deepEqual([seen.second.PolicyVersion.VersionId, seen.second.PolicyVersion.IsDefaultVersion], ['v2', true]);
  assert.deepEqual(seen.versions, ['v2', 'v1']);
  assert.deepEqual(seen.document, JSON.parse(given.otherPolicy));
  assert.equal(kindOf(seen.default), 'DeleteConflictException DeleteConflict 409');
  assert.deepEqual([seen.tags, seen.local], [['l'], ['Own']]);
  assert.equal(kindOf(seen.again), 'EntityAlreadyExistsException EntityAlreadyExists 409');
  assert.equal(kindOf(seen.old), 'MalformedPolicyDocumentException MalformedPolicyDocument 400');
}

function checkUsers(seen: Seen, policy: string): void {
  const { User } = seen.made;
  assert.match(User.UserId, /^AIDA[A-Z2-7]{17}$/);
  assert.equal(User.Arn, `arn:aws:iam::${accountId}:user/x/Ada`);
  const boundary = `arn:aws:iam::${accountId}:policy/x/Own`;
  const PermissionsBoundary = { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: boundary };
  assert.deepEqual(User.PermissionsBoundary, PermissionsBoundary);
  assert.deepEqual(seen.got, seen.made);
  assert.deepEqual([seen.root.User.UserId, seen.root.User.UserName], [accountId, undefined]);
  assert.equal(seen.self, 'Ada');
  assert.equal(kindOf(seen.denied), 'ClientError AccessDenied 403');
  assert.deepEqual([seen.key.Status, seen.keys], ['Active', [seen.key.AccessKeyId]]);
  assert.equal(seen.lastUsed.UserName, 'Ada');
  assert.equal(kindOf(seen.unknown), 'ClientError InvalidClientTokenId 403');
  assert.deepEqual([seen.inline, seen.attached, seen.tags], [['p'], ['Own'], ['l']]);
  assert.deepEqual(seen.document, JSON.parse(policy));
  assert.equal(kindOf(seen.conflict), 'DeleteConflictException DeleteConflict 409');
}

function checkGroups(seen: Seen): void {
  assert.match(seen.made.Group.GroupId, /^AGPA[A-Z2-7]{17}$/);
  assert.deepEqual(seen.members, ['Ada', 'Bob', 'Eve']);
  assert.deepEqual([seen.of, seen.all, seen.users], [['Ops'], ['Ops'], ['Ada', 'Bob', 'Eve']]);
  assert.deepEqual([seen.inline, seen.attached], [['g'], ['Own']]);
  assert.deepEqual(seen.entities, [['Ops'], ['Ada']]);
  assert.deepEqual(seen.afterwards, ['Bob', 'Eve', 'Grace']);
  assert.equal(kindOf(seen.conflict), 'DeleteConflictException DeleteConflict 409');
}

function checkInstanceProfile(seen: Seen): void {
  const { InstanceProfile } = seen.created;
  assert.match(InstanceProfile.InstanceProfileId, /^AIPA[A-Z2-7]{17}$/);
  assert.equal(InstanceProfile.Arn, `arn:aws:iam::${accountId}:instance-profile/servers/Web`);
  assert.deepEqual(InstanceProfile.Roles, []);
  assert.deepEqual(InstanceProfile.Tags, tags);
  assert.equal(kindOf(seen.again), 'EntityAlreadyExistsException EntityAlreadyExists 409');
  assert.equal(kindOf(seen.addedAgain), 'LimitExceededException LimitExceeded 409');
  assert.equal(seen.got.InstanceProfile.Roles[0].RoleName, 'Server');
  assert.equal(seen.listed.InstanceProfiles[0].InstanceProfileName, 'Web');
  assert.deepEqual(seen.ofRole.InstanceProfiles, seen.listed.InstanceProfiles);
  assert.equal(kindOf(seen.roleInUse), 'DeleteConflictException DeleteConflict 409');
  assert.equal(kindOf(seen.profileInUse), 'DeleteConflictException DeleteConflict 409');
  const left = [{ Key: 'c', Value: '3' }, tags[1]];
  assert.deepEqual(seen.tags, { Tags: left, IsTruncated: false });
  assert.deepEqual(seen.tagPages, [['c'], ['Émile']]);
  assert.equal(kindOf(seen.removedAgain), 'NoSuchEntityException NoSuchEntity 404');
  assert.equal(kindOf(seen.gone), 'NoSuchEntityException NoSuchEntity 404');
  assert.equal(seen.resource.arn, `arn:aws:iam::${accountId}:role/Server`);
}

function checkSimulations(seen: Seen): void {
  const [get, put, send] = ['s3:GetObject', 's3:PutObject', 'sqs:SendMessage'];
  const others = [put, send].map((action) => [action, 'implicitDeny', []]);
  assert.deepEqual(seen.principal, [[get, 'implicitDeny', ['aws:SourceIp']], ...others]);
  assert.deepEqual(seen.custom, seen.principal);
  assert.deepEqual(seen.withContext, [[get, 'allowed', []], ...others]);
  assert.deepEqual([seen.matched.length, seen.matched[0].StartPosition.Line], [1, 1]);
  assert.deepEqual([seen.keys, seen.keysOfPrincipal], [['aws:SourceIp'], ['aws:SourceIp']]);
  assert.equal(kindOf(seen.nobody), 'NoSuchEntityException NoSuchEntity 404');
  assert.equal(kindOf(seen.malformed), 'InvalidInputException InvalidInput 400');
}

function checkAccount(seen: Seen): void {
  assert.deepEqual(
    [seen.aliases, seen.details, seen.state, seen.format],
    [['boto3-alias'], ['Ada'], 'COMPLETE', 'text/csv'],
  );
  assert.deepEqual([seen.passwords.MinimumPasswordLength, seen.passwords.MaxPasswordAge], [12, 30]);
  assert.equal(kindOf(seen.weak), 'PasswordPolicyViolationException PasswordPolicyViolation 400');
  assert.equal(seen.login.LoginProfile.PasswordResetRequired, true);
  assert.deepEqual(seen.rows, ['user', '<root_account>', 'Ada']);
  assert.deepEqual([seen.job, seen.summary], ['COMPLETED', { Users: 1, Policies: 0 }]);
  assert.deepEqual(seen.gone.map(kindOf), Array(2).fill('NoSuchEntityException NoSuchEntity 404'));
}

const readOnly = 'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly';
const fullAccess = 'arn:aws:iam::aws:policy/AWSRolesAnywhereFullAccess';
const noSuchEntity = 'NoSuchEntityException NoSuchEntity 404';

function checkPolicies(seen: Seen): void {
  const { Policy } = seen.got;
  assert.deepEqual([Policy.Arn, Policy.PolicyName, Policy.Path], [readOnly, 'AWSRolesAnywhereReadOnly', '/']);
  assert.match(Policy.PolicyId, /^ANPA[A-Z2-7]{17}$/);
  assert.deepEqual([Policy.AttachmentCount, Policy.IsAttachable], [0, true]);
  const { PolicyVersion } = seen.version;
  assert.deepEqual([PolicyVersion.VersionId, PolicyVersion.IsDefaultVersion], [Policy.DefaultVersionId, true]);
  assert.equal(PolicyVersion.Document.Version, '2012-10-17');
  assert.ok(JSON.stringify(PolicyVersion.Document).includes('rolesanywhere:Get'));
  assert.ok(seen.versions.includes(Policy.DefaultVersionId));
  assert.ok(seen.aws.includes(readOnly) && seen.aws.includes(fullAccess));
  assert.deepEqual(seen.local, []);
  assert.deepEqual(seen.onlyAttached, []);
  assert.deepEqual(
    seen.pages,
    seen.aws.map(() => 1),
  );
  assert.equal(kindOf(seen.gone), noSuchEntity);
  assert.equal(kindOf(seen.noVersion), noSuchEntity);
}

function checkAttachments(seen: Seen): void {
  assert.deepEqual(seen.attach, [{}, {}, {}]);
  assert.deepEqual([...seen.attached].sort(), [fullAccess, readOnly]);
  assert.deepEqual([...seen.names].sort(), ['AWSRolesAnywhereFullAccess', 'AWSRolesAnywhereReadOnly']);
  assert.equal(seen.count, 1);
  assert.deepEqual(seen.roles, ['Attached']);
  assert.equal(kindOf(seen.nobodys), noSuchEntity);
  assert.match(seen.nobodys.message, /^Policy .*NobodyHasWrittenThis does not exist or is not attachable\.$/);
  assert.equal(seen.noArn.message, 'Invalid ARN:  Could not be parsed!');
  assert.equal(kindOf(seen.noRole), noSuchEntity);
  assert.equal(kindOf(seen.conflict), 'DeleteConflictException DeleteConflict 409');
  assert.equal(seen.conflict.message, 'Cannot delete entity, must detach all policies first.');
  assert.deepEqual(seen.detach, [{}, {}]);
  assert.equal(kindOf(seen.detachedAgain), noSuchEntity);
  assert.deepEqual([seen.left, seen.countAfter], [[], 0]);
}

function checkRoleTags(seen: Seen): void {
  const left = [{ Key: 'b', Value: '' }];
  assert.deepEqual([seen.tag, seen.untag], [{}, {}]);
  assert.deepEqual([...seen.tagged].sort(), ['', '2']);
  assert.deepEqual(seen.left, { Tags: left, IsTruncated: false });
  assert.deepEqual(seen.role, left);
  assert.equal(kindOf(seen.noRole), noSuchEntity);
  assert.equal(seen.described, 'text');
}

function checkServiceLinkedRole(seen: Seen): void {
  const path = '/aws-service-role/rolesanywhere.amazonaws.com/';
  assert.equal(seen.made.Arn, `arn:aws:iam::${accountId}:role${path}AWSServiceRoleForRolesAnywhere`);
  // A list of one, as in AWS's examples of the answer.
  const principal = { Service: ['rolesanywhere.amazonaws.com'] };
  assert.deepEqual(seen.made.AssumeRolePolicyDocument.Statement[0].Principal, principal);
  assert.deepEqual(seen.attached, ['arn:aws:iam::aws:policy/aws-service-role/AWSRolesAnywhereServicePolicy']);
  for (const name of ['again', 'suffix', 'unknown'] as const) {
    assert.equal(kindOf(seen[name]), 'InvalidInputException InvalidInput 400', name);
  }
  assert.equal(kindOf(seen.protected), 'UnmodifiableEntityException UnmodifiableEntity 400');
  assert.match(seen.task, /^task\/aws-service-role\/rolesanywhere\.amazonaws\.com\/AWSServiceRoleForRolesAnywhere\//);
  assert.equal(seen.status.Status, 'SUCCEEDED');
  assert.equal(kindOf(seen.gone), noSuchEntity);
}
