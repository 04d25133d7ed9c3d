// boto3 on Roles Anywhere: the scripts in python/ call every operation with all its members, this judges what they saw.
// They send without client-side validation, so that the server's own words come back.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { services } from '../../src/main.ts';
import { makeCa } from '../pki.ts';
import { accountId, conformanceServer, region } from './server.ts';
import { makeResources } from './session-resources.ts';
import { kindOf, needs, python } from './tools.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const policyOf = (action: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] });

const notFound = 'ResourceNotFoundException ResourceNotFoundException 404';
const invalid = 'ValidationException ValidationException 400';
const manyProfiles = 1000;

describe('boto3 on Roles Anywhere', needs('python3', '-c', 'import boto3, cryptography'), () => {
  const called = new Set<string>();

  test('what is set is read back, lists are walked to their end, errors have their classes', async () => {
    await using server = await conformanceServer({ settings: { quotas: { profiles: manyProfiles } } });
    const roleArns = [`arn:aws:iam::${accountId}:role/one`, `arn:aws:iam::${accountId}:role/path/two`];
    const [sessionPolicy, otherSessionPolicy] = [policyOf('s3:*'), policyOf('ec2:*')];
    const otherPem = makeCa({ subject: 'CN=Other Root CA' }).pem;
    const leafPem = server.leaf('boto3', 'p256').pem;
    const input = { caPem: server.ca.pem, otherPem, leafPem, roleArns, sessionPolicy, otherSessionPolicy };
    const seen = await python(server, 'boto3_rolesanywhere', input);
    for (const name of seen.called) called.add(name);

    checkTrustAnchor(seen.trustAnchor, { caPem: server.ca.pem, otherPem });
    checkProfile(seen.profile, { roleArns, sessionPolicy, otherSessionPolicy });
    checkNotificationSettings(seen.notificationSettings);
    checkTags(seen.tags);
    checkPages(seen.pages);
    checkErrors(seen.errors);
  });

  test('a CRL keeps out whom it names while it is enabled, and subjects remember who came', async () => {
    await using server = await conformanceServer();
    const resources = await makeResources(server);
    const leaf = (name: string) => {
      const { certificatePath, privateKeyPath, certificate } = server.leaf(name, 'p256');
      return { certificatePath, privateKeyPath, serialNumber: certificate.serialNumber.toString() };
    };
    const leaves = { revoked: leaf('revoked'), spared: leaf('spared') };
    const ca = { caPem: server.ca.pem, caKeyPem: server.ca.keyPem };
    const seen = await python(server, 'boto3_revocation', { ...resources, ...leaves, ...ca });
    for (const name of seen.called) called.add(name);

    checkCrl(seen.crl, resources.trustAnchorArn);
    checkRevocation(seen.revocation);
    checkSubjects(seen.subjects, leaves);
  });

  test('every operation of the model was called', () => {
    const served = [...(services.get('rolesanywhere')?.operations.keys() ?? [])];
    // CreateSession is in no SDK's model.
    const wanted = served.filter((operation) => operation !== 'CreateSession');
    assert.deepEqual(
      wanted.filter((operation) => !called.has(`rolesanywhere.${operation}`)),
      [],
    );
    assert.equal(wanted.length, 30);
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
  assert.equal(kindOf(seen.gone), notFound);
  assert.equal(kindOf(seen.badPem), invalid);
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
  assert.equal(kindOf(seen.deletedUnknownRule), notFound);
  assert.deepEqual(seen.deleted, seen.deletedField);
  assert.equal(kindOf(seen.gone), notFound);
}

function checkNotificationSettings(seen: Seen): void {
  const [ca, leaf] = ['CA_CERTIFICATE_EXPIRY', 'END_ENTITY_CERTIFICATE_EXPIRY'].map((event) => ({
    ...{ event, channel: 'ALL', enabled: true, threshold: 45, configuredBy: 'rolesanywhere.amazonaws.com' },
  }));
  const settings = (answer: Seen) => answer.trustAnchor.notificationSettings;
  assert.deepEqual(settings(seen.created), [ca, leaf]);
  const changedCa = { ...ca, threshold: 360, configuredBy: accountId };
  const changedLeaf = { event: leaf?.event, channel: 'ALL', enabled: false, configuredBy: accountId };
  assert.deepEqual(settings(seen.put), [changedCa, leaf]);
  assert.deepEqual(settings(seen.putOther), [changedCa, changedLeaf]);
  assert.deepEqual(seen.got, seen.putOther);
  assert.deepEqual(settings(seen.reset), [ca, changedLeaf]);
  assert.deepEqual(seen.deleted, seen.reset);
  assert.equal(kindOf(seen.noThreshold), invalid);
  assert.match(seen.unknownEvent.message, /^1 validation error detected: Value 'EVERYTHING' at 'notificationSettings/);
  assert.equal(kindOf(seen.unknown), notFound);
}

function checkTags(seen: Seen): void {
  const byKey = ({ tags }: Seen) => Object.fromEntries(tags.map(({ key, value }: Seen) => [key, value]));
  assert.deepEqual(seen.created, { tags: [{ key: 'kept', value: '1' }] });
  assert.deepEqual(seen.none, { tags: [] });
  assert.equal(seen.status, 201);
  assert.deepEqual(seen.tag, {});
  assert.deepEqual(byKey(seen.tagged), { kept: '2', 'a:/=+@b.-_ c': 'x y' });
  assert.deepEqual(seen.untag, {});
  assert.deepEqual(byKey(seen.untagged), { 'a:/=+@b.-_ c': 'x y' });
  assert.equal(kindOf(seen.tooMany), 'TooManyTagsException TooManyTagsException 400');
  assert.equal(kindOf(seen.reserved), invalid);
  assert.equal(kindOf(seen.unknown), notFound);
  assert.deepEqual(seen.afterRefusals, seen.untagged);
  assert.equal(kindOf(seen.gone), notFound);
}

function checkPages(pages: Seen): void {
  assert.deepEqual(pages.sizes, [...Array(11).fill(90), 10]);
  const names = Array.from({ length: manyProfiles }, (_, number) => `page ${String(number).padStart(4, '0')}`);
  assert.deepEqual(pages.names, names);
  assert.deepEqual(pages.defaultSizes, Array(20).fill(50));
  for (const name of ['foreignToken', 'madeUpToken', 'noItems', 'oneTooMany'] as const) {
    assert.equal(kindOf(pages[name]), invalid, name);
  }
}

function checkErrors(errors: Seen): void {
  assert.match(errors.invalid.message, /^3 validation errors detected: Value 'bad\/name' at 'name' failed to satisfy/);
  assert.match(errors.missing.message, /^2 validation errors detected: Value null at 'name' failed to satisfy/);
  assert.equal(kindOf(errors.unknown), notFound);
  assert.equal(kindOf(errors.malformedId), invalid);
  assert.equal(kindOf(errors.wrongSecret), 'ClientError InvalidSignatureException 403');
  assert.equal(kindOf(errors.unknownKey), 'ClientError UnrecognizedClientException 403');
  assert.deepEqual(errors.otherRegion, []);
}

function checkCrl(seen: Seen, trustAnchorArn: string): void {
  const { crl } = seen.created;
  const { crlId, crlArn, createdAt, updatedAt, ...members } = crl;
  assert.equal(seen.status, 201);
  assert.match(crlId, uuid);
  assert.equal(crlArn, `arn:aws:rolesanywhere:${region}:${accountId}:crl/${crlId}`);
  assert.equal(createdAt, updatedAt);
  assert.deepEqual(members, { name: 'boto3 CRL', enabled: true, crlData: seen.first, trustAnchorArn });
  assert.deepEqual(seen.tags, { tags: [{ key: 'a', value: '' }] });
  assert.deepEqual(seen.got, seen.created);
  assert.equal(seen.byDefault.crl.enabled, false);
  assert.deepEqual(seen.listed, [[crl], [seen.byDefault.crl]]);
  assert.equal(kindOf(seen.oneTooMany), invalid);
  assert.deepEqual(seen.deletedOther, seen.byDefault);
  assert.equal(seen.updated.crl.name, 'boto3 CRL 2');
  assert.equal(seen.updated.crl.crlData, seen.second);
  assert.equal(seen.updated.crl.createdAt, createdAt);
  assert.equal(seen.disabled.crl.enabled, false);
  assert.equal(seen.enabled.crl.enabled, true);
  for (const name of ['noList', 'importedNoList', 'noAnchor', 'missing'] as const) {
    assert.equal(kindOf(seen[name]), invalid, name);
  }
  assert.match(seen.missing.message, /^3 validation errors detected: Value null at 'name' failed to satisfy/);
  assert.deepEqual(seen.deleted, seen.enabled);
  assert.equal(kindOf(seen.gone), notFound);
}

function checkRevocation(seen: Seen): void {
  const revoked = [403, 'AccessDeniedException', 'Certificate revoked'];
  assert.deepEqual(seen, {
    before: [201],
    other: [201],
    'imported, not enabled': [201],
    enabled: revoked,
    'other, enabled': [201],
    disabled: [201],
    'enabled again': revoked,
    updated: [201],
    'updated again': revoked,
    deleted: [201],
  });
}

type Leaves = Readonly<Record<'revoked' | 'spared', { certificatePath: string; serialNumber: string }>>;

function checkSubjects(seen: Seen, leaves: Leaves): void {
  const details = new Map<string, Seen>(seen.details.map((one: Seen) => [/CN=(\w+)/.exec(one.x509Subject)?.[1], one]));
  assert.deepEqual([...details.keys()].sort(), ['revoked', 'spared']);
  assert.deepEqual(
    seen.pages.map(({ length }: Seen) => length),
    [1, 1],
  );
  for (const [name, { certificatePath, serialNumber }] of Object.entries(leaves)) {
    const { credentials, instanceProperties, ...summary } = details.get(name);
    assert.deepEqual(
      seen.pages.flat().find(({ subjectId }: Seen) => subjectId === summary.subjectId),
      summary,
    );
    assert.equal(summary.subjectArn, `arn:aws:rolesanywhere:${region}:${accountId}:subject/${summary.subjectId}`);
    assert.equal(summary.enabled, true);
    assert.ok(summary.createdAt <= summary.lastSeenAt);
    const [credential, ...others] = credentials;
    assert.deepEqual(others, []);
    assert.equal(credential.serialNumber, serialNumber);
    assert.match(credential.issuer, /CN=Conformance Root CA/);
    assert.equal(credential.enabled, true);
    assert.equal(credential.x509CertificateData.trim(), readFileSync(certificatePath, 'utf8').trim());
    // The last attempt of the spared one asked for a role that the profile has not.
    assert.equal(credential.failed, name === 'spared');
    const properties = instanceProperties.map((one: Seen) => one.properties);
    assert.deepEqual(properties, name === 'revoked' ? [{ hostname: 'web-1', ami: 'ami-1' }] : []);
  }
  assert.deepEqual(seen.tags, { tags: [{ key: 'seen', value: 'yes' }] });
  assert.equal(kindOf(seen.unknown), notFound);
}
