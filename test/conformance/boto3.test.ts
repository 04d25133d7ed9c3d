// boto3: the scripts in python/ call, this judges what they saw. They send without client-side validation, so that the
// server's own words come back.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { services } from '../../src/main.ts';
import { makeCa } from '../pki.ts';
import { accountId, type ConformanceServer, conformanceServer, region, trustPolicy } from './server.ts';
import { needs, python } from './tools.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const policyOf = (action: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] });

/** Class, code and status of an error, as the scripts report it. */
const kindOf = (refusal: { class: string; code: string; status: number } | null) =>
  refusal === null ? 'no error' : `${refusal.class} ${refusal.code} ${refusal.status}`;

describe('boto3', needs('python3', '-c', 'import boto3'), () => {
  let server: ConformanceServer;
  const called = new Set<string>();
  before(async () => {
    server = await conformanceServer();
  });
  after(() => server[Symbol.asyncDispose]());

  test('Roles Anywhere: what is set is read back, lists are walked to their end, errors have their classes', async () => {
    const roleArns = [`arn:aws:iam::${accountId}:role/one`, `arn:aws:iam::${accountId}:role/path/two`];
    const [sessionPolicy, otherSessionPolicy] = [policyOf('s3:*'), policyOf('ec2:*')];
    const otherPem = makeCa({ subject: 'CN=Other Root CA' }).pem;
    const leafPem = server.leaf('boto3', 'p256').pem;
    const input = { caPem: server.ca.pem, otherPem, leafPem, roleArns, sessionPolicy, otherSessionPolicy };
    const seen = await python(server, 'boto3_rolesanywhere', input);
    for (const name of seen.called) called.add(name);

    checkTrustAnchor(seen.trustAnchor, { caPem: server.ca.pem, otherPem });
    checkProfile(seen.profile, { roleArns, sessionPolicy, otherSessionPolicy });

    const { pages, errors } = seen;
    assert.deepEqual(pages.sizes, [40, 40, 40, 10]);
    assert.deepEqual(
      pages.names,
      Array.from({ length: 130 }, (_, number) => `page ${String(number).padStart(3, '0')}`),
    );
    assert.deepEqual(pages.defaultSizes, [50, 50, 30]);
    for (const name of ['foreignToken', 'madeUpToken', 'noItems'] as const) {
      assert.equal(kindOf(pages[name]), 'ValidationException ValidationException 400', name);
    }
    assert.match(
      errors.invalid.message,
      /^3 validation errors detected: Value 'bad\/name' at 'name' failed to satisfy/,
    );
    assert.match(errors.missing.message, /^2 validation errors detected: Value null at 'name' failed to satisfy/);
    assert.equal(kindOf(errors.unknown), 'ResourceNotFoundException ResourceNotFoundException 404');
    assert.equal(kindOf(errors.malformedId), 'ValidationException ValidationException 400');
    assert.equal(kindOf(errors.wrongSecret), 'ClientError InvalidSignatureException 403');
    assert.equal(kindOf(errors.unknownKey), 'ClientError UnrecognizedClientException 403');
    assert.deepEqual(errors.otherRegion, []);
  });

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
    const served = [...services.values()].flatMap(({ name, operations }) =>
      [...operations.keys()].map((operation) => `${name}.${operation}`),
    );
    // CreateSession is in no SDK's model; create-session.test.ts calls it.
    const missing = served.filter((name) => !called.has(name) && name !== 'rolesanywhere.CreateSession');
    t.diagnostic(`${served.length - missing.length} of ${served.length} called; not called: ${missing.join(' ')}`);
    assert.ok(called.size > 0);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: JSON of a script, read member by member
type Seen = any;

function checkTrustAnchor(seen: Seen, { caPem, otherPem }: { caPem: string; otherPem: string }): void {
  const { trustAnchor } = seen.created;
  assert.equal(seen.status, 201);
  assert.match(seen.requestId, uuid);
  assert.match(trustAnchor.trustAnchorId, uuid);
  const { trustAnchorId, trustAnchorArn, createdAt, updatedAt, ...members } = trustAnchor;
  assert.equal(trustAnchorArn, `arn:aws:rolesanywhere:${region}:${accountId}:trust-anchor/${trustAnchorId}`);
  assert.equal(createdAt, updatedAt);
  const configured = { channel: 'ALL', configuredBy: accountId };
  assert.deepEqual(members, {
    name: 'boto3 anchor',
    source: { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: caPem } },
    enabled: true,
    notificationSettings: [
      { enabled: true, event: 'CA_CERTIFICATE_EXPIRY', threshold: 60, ...configured },
      { enabled: false, event: 'END_ENTITY_CERTIFICATE_EXPIRY', ...configured },
    ],
  });
  assert.deepEqual(seen.got, seen.created);
  assert.deepEqual(seen.listed, { trustAnchors: [trustAnchor] });
  assert.equal(seen.updated.trustAnchor.name, 'boto3 anchor 2');
  assert.equal(seen.updated.trustAnchor.source.sourceData.x509CertificateData, otherPem);
  assert.equal(seen.updated.trustAnchor.createdAt, createdAt);
  assert.equal(seen.disabled.trustAnchor.enabled, false);
  assert.equal(seen.enabled.trustAnchor.enabled, true);
  assert.deepEqual(seen.deleted, seen.enabled);
  assert.equal(kindOf(seen.gone), 'ResourceNotFoundException ResourceNotFoundException 404');
  assert.equal(kindOf(seen.badPem), 'ValidationException ValidationException 400');
  assert.equal(seen.notCa.message, 'Incorrect basic constraints for CA certificate');
}

type ProfileInput = { roleArns: readonly string[]; sessionPolicy: string; otherSessionPolicy: string };

function checkProfile(seen: Seen, { roleArns, sessionPolicy, otherSessionPolicy }: ProfileInput): void {
  const rules = (answer: Seen) =>
    answer.profile.attributeMappings.map(
      ({ certificateField, mappingRules }: Seen) =>
        `${certificateField}: ${mappingRules.map(({ specifier }: Seen) => specifier).join(' ')}`,
    );
  const {
    profileId,
    profileArn,
    createdAt,
    updatedAt,
    attributeMappings: _mappings,
    ...members
  } = seen.created.profile;
  assert.equal(profileArn, `arn:aws:rolesanywhere:${region}:${accountId}:profile/${profileId}`);
  assert.equal(createdAt, updatedAt);
  assert.deepEqual(members, {
    name: 'boto3 profile',
    requireInstanceProperties: true,
    enabled: true,
    createdBy: `arn:aws:iam::${accountId}:root`,
    sessionPolicy,
    roleArns,
    managedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
    durationSeconds: 1800,
    acceptRoleSessionName: true,
  });
  assert.deepEqual(rules(seen.created), ['x509Issuer: *', 'x509SAN: DNS URI Name/*', 'x509Subject: *']);
  assert.deepEqual(seen.got, seen.created);
  const changed = { name: 'boto3 profile 2', sessionPolicy: otherSessionPolicy, roleArns: [], managedPolicyArns: [] };
  const limits = { durationSeconds: 43200, acceptRoleSessionName: false };
  const withoutTime = ({ profile: { updatedAt: _time, ...rest } }: Seen) => rest;
  assert.deepEqual(withoutTime(seen.updated), { ...withoutTime(seen.created), ...changed, ...limits });
  assert.deepEqual(withoutTime(seen.unchanged), withoutTime(seen.updated));
  assert.equal(seen.disabled.profile.enabled, false);
  assert.equal(seen.enabled.profile.enabled, true);
  assert.deepEqual(rules(seen.put), ['x509Issuer: *', 'x509SAN: DNS URI Name/*', 'x509Subject: CN OU 1.2.3.4']);
  assert.deepEqual(rules(seen.deletedRules), ['x509Issuer: *', 'x509SAN: DNS URI Name/*', 'x509Subject: CN']);
  assert.deepEqual(rules(seen.deletedField), ['x509Issuer: *', 'x509Subject: CN']);
  assert.equal(kindOf(seen.deletedUnknownRule), 'ResourceNotFoundException ResourceNotFoundException 404');
  assert.deepEqual(seen.deleted, seen.deletedField);
  assert.equal(kindOf(seen.gone), 'ResourceNotFoundException ResourceNotFoundException 404');
}

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
