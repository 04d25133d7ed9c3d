// AWS SDK for JavaScript v2, which still runs in many places, on Roles Anywhere. The last release, used
// here, knows attribute mappings and acceptRoleSessionName; older releases lack both.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { sendWithCertificate } from '../../src/client/send.ts';
import { accountId, type ConformanceServer, conformanceServer, region, rootKey } from './server.ts';
import { makeResources } from './session-resources.ts';

const unknownId = '00000000-0000-4000-8000-000000000000';

// Its own switch for the notice that it is in maintenance mode; read when the package is loaded.
process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = '1';
// CommonJS, loaded after the switch is set: the package's own types describe what comes back.
const require = createRequire(import.meta.url);
const RolesAnywhere = require('aws-sdk/clients/rolesanywhere.js') as typeof import('aws-sdk').RolesAnywhere;

describe('AWS SDK for JavaScript v2', () => {
  let server: ConformanceServer;
  let client: InstanceType<typeof RolesAnywhere>;
  const clientWith = (changes: object = {}) =>
    new RolesAnywhere({ endpoint: server.url, region, ...rootKey, maxRetries: 0, ...changes });
  before(async () => {
    server = await conformanceServer();
    client = clientWith();
  });
  after(() => server[Symbol.asyncDispose]());

  test('a trust anchor lives from createTrustAnchor to deleteTrustAnchor', async () => {
    const answer = client.createTrustAnchor({
      name: 'v2',
      source: sourceOf(server),
      enabled: false,
      tags: [{ key: 'team', value: 'pki' }],
      notificationSettings: [{ enabled: true, event: 'CA_CERTIFICATE_EXPIRY', threshold: 10 }],
    });
    const { trustAnchor } = await answer.promise();
    assert.equal(trustAnchor.enabled, false);
    assert.ok(trustAnchor.createdAt instanceof Date);
    assert.equal(trustAnchor.notificationSettings?.[0]?.threshold, 10);
    const one = { trustAnchorId: trustAnchor.trustAnchorId ?? '' };
    assert.deepEqual((await client.getTrustAnchor(one).promise()).trustAnchor, trustAnchor);
    assert.deepEqual((await client.listTrustAnchors().promise()).trustAnchors, [trustAnchor]);
    assert.equal((await client.enableTrustAnchor(one).promise()).trustAnchor.enabled, true);
    assert.equal((await client.disableTrustAnchor(one).promise()).trustAnchor.enabled, false);
    const updated = await client.updateTrustAnchor({ ...one, name: 'v2 renamed' }).promise();
    assert.equal(updated.trustAnchor.name, 'v2 renamed');
    assert.equal(updated.trustAnchor.source?.sourceData?.x509CertificateData, server.ca.pem);
    assert.equal((await client.deleteTrustAnchor(one).promise()).trustAnchor.name, 'v2 renamed');
    await assert.rejects(client.getTrustAnchor(one).promise(), {
      code: 'ResourceNotFoundException',
      statusCode: 404,
      retryable: false,
    });
  });

  test('a profile and its attribute mappings live from createProfile to deleteProfile', async () => {
    const roleArns = [`arn:aws:iam::${accountId}:role/v2`];
    const made = await client.createProfile({ name: 'v2', roleArns, durationSeconds: 900, enabled: true }).promise();
    const one = { profileId: made.profile?.profileId ?? '' };
    assert.deepEqual(made.profile?.roleArns, roleArns);
    assert.deepEqual((await client.getProfile(one).promise()).profile, made.profile);
    const updated = await client.updateProfile({ ...one, durationSeconds: 43200 }).promise();
    assert.equal(updated.profile?.durationSeconds, 43200);
    assert.deepEqual(updated.profile?.roleArns, roleArns);
    assert.equal((await client.disableProfile(one).promise()).profile?.enabled, false);
    assert.equal((await client.enableProfile(one).promise()).profile?.enabled, true);
    const field = { ...one, certificateField: 'x509SAN' };
    const put = await client.putAttributeMapping({ ...field, mappingRules: [{ specifier: 'URI' }] }).promise();
    assert.deepEqual(rulesOf(put.profile, 'x509SAN'), [{ specifier: 'URI' }]);
    const removed = await client.deleteAttributeMapping({ ...field, specifiers: ['URI'] }).promise();
    assert.equal(rulesOf(removed.profile, 'x509SAN'), undefined);
    assert.equal((await client.deleteProfile(one).promise()).profile?.profileId, one.profileId);
  });

  test('eachPage walks all profiles, and sees none twice', async () => {
    const wanted = Array.from({ length: 7 }, (_, number) => `page ${number}`);
    for (const name of wanted) await client.createProfile({ name, roleArns: [] }).promise();
    const pages: (string | undefined)[][] = [];
    await new Promise<void>((resolve, reject) => {
      client.listProfiles({ pageSize: 3 }).eachPage((error, page) => {
        if (error) reject(error);
        else if (page === null) resolve();
        else pages.push((page.profiles ?? []).map(({ name }) => name));
        return true;
      });
    });
    assert.deepEqual(pages.flat(), wanted);
    assert.deepEqual(
      pages.map(({ length }) => length),
      [3, 3, 1],
    );
  });

  test('errors carry their code, status, sentence and request id', async () => {
    const lenient = clientWith({ paramValidation: false });
    await assert.rejects(lenient.createProfile({ name: 'bad/name', roleArns: [] }).promise(), (error: object) => {
      assert.ok('code' in error && 'statusCode' in error && 'message' in error && 'requestId' in error);
      assert.equal(error.code, 'ValidationException');
      assert.equal(error.statusCode, 400);
      assert.match(
        String(error.message),
        /^1 validation error detected: Value 'bad\/name' at 'name' failed to satisfy/,
      );
      assert.match(String(error.requestId), /^[0-9a-f-]{36}$/);
      return true;
    });
    const unknown = client.enableProfile({ profileId: unknownId }).promise();
    await assert.rejects(unknown, { code: 'ResourceNotFoundException' });
    const stranger = clientWith({ secretAccessKey: 'w'.repeat(40) });
    await assert.rejects(stranger.listProfiles().promise(), { code: 'InvalidSignatureException', statusCode: 403 });
    const nobody = clientWith({ accessKeyId: 'AKIANOBODYNOBODYNOBO' });
    await assert.rejects(nobody.listProfiles().promise(), { code: 'UnrecognizedClientException', statusCode: 403 });
  });

  test('a clock that is an hour off is corrected where the client is asked to, and refused where not', async () => {
    const skewed = clientWith({ systemClockOffset: 3_600_000, correctClockSkew: true, maxRetries: 1 });
    assert.ok((await skewed.listTrustAnchors().promise()).trustAnchors);
    const stubborn = clientWith({ systemClockOffset: -3_600_000 });
    await assert.rejects(stubborn.listTrustAnchors().promise(), {
      code: 'InvalidSignatureException',
      statusCode: 403,
      message: /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - \d+ min\.\)$/,
    });
  });

  test('a CRL lives from importCrl to deleteCrl', async () => {
    const { trustAnchor } = await client.createTrustAnchor({ name: 'crls', source: sourceOf(server) }).promise();
    const trustAnchorArn = trustAnchor.trustAnchorArn ?? '';
    const [first, second] = [[1n], [1n, 2n]].map((serials) =>
      server.ca.crl({ revoked: serials.map((serial) => ({ serial })) }),
    );
    const given = { name: 'v2', crlData: first?.pem ?? '', trustAnchorArn, enabled: true };
    const { crl } = await client.importCrl({ ...given, tags: [{ key: 'team', value: 'pki' }] }).promise();
    assert.equal(crl.crlData?.toString(), first?.pem);
    assert.deepEqual([crl.name, crl.enabled, crl.trustAnchorArn], ['v2', true, trustAnchorArn]);
    const one = { crlId: crl.crlId ?? '' };
    assert.deepEqual((await client.getCrl(one).promise()).crl, crl);
    assert.deepEqual((await client.listCrls().promise()).crls, [crl]);
    const updated = await client.updateCrl({ ...one, name: 'v2 renamed', crlData: second?.der ?? '' }).promise();
    assert.equal(updated.crl.name, 'v2 renamed');
    assert.deepEqual(updated.crl.crlData, second && Buffer.from(second.der));
    assert.equal((await client.disableCrl(one).promise()).crl.enabled, false);
    assert.equal((await client.enableCrl(one).promise()).crl.enabled, true);
    assert.equal((await client.deleteCrl(one).promise()).crl.crlId, crl.crlId);
    await assert.rejects(client.getCrl(one).promise(), { code: 'ResourceNotFoundException', statusCode: 404 });
    await assert.rejects(client.importCrl({ ...given, crlData: 'no list' }).promise(), { code: 'ValidationException' });
  });

  test('notification settings are put and reset, tags are added and taken away', async () => {
    const { trustAnchor } = await client.createTrustAnchor({ name: 'tagged', source: sourceOf(server) }).promise();
    const one = { trustAnchorId: trustAnchor.trustAnchorId ?? '' };
    const event = 'END_ENTITY_CERTIFICATE_EXPIRY';
    const settings = { notificationSettings: [{ event, enabled: true, threshold: 7 }] };
    const put = await client.putNotificationSettings({ ...one, ...settings }).promise();
    const configured = { event, channel: 'ALL', enabled: true, threshold: 7, configuredBy: accountId };
    assert.deepEqual(put.trustAnchor.notificationSettings?.[1], configured);
    const reset = await client
      .resetNotificationSettings({ ...one, notificationSettingKeys: [{ event, channel: 'ALL' }] })
      .promise();
    assert.deepEqual(reset.trustAnchor.notificationSettings, trustAnchor.notificationSettings);

    const arn = { resourceArn: trustAnchor.trustAnchorArn ?? '' };
    const tags = [
      { key: 'one', value: '1' },
      { key: 'two', value: '' },
    ];
    assert.deepEqual(await client.tagResource({ ...arn, tags }).promise(), {});
    assert.deepEqual((await client.listTagsForResource(arn).promise()).tags, tags);
    assert.deepEqual(await client.untagResource({ ...arn, tagKeys: ['one'] }).promise(), {});
    assert.deepEqual((await client.listTagsForResource(arn).promise()).tags, tags.slice(1));
    const many = Array.from({ length: 200 }, (_, number) => ({ key: `key ${number}`, value: '' }));
    await assert.rejects(client.tagResource({ ...arn, tags: many }).promise(), { code: 'TooManyTagsException' });
    const other = { resourceArn: `${arn.resourceArn.slice(0, -36)}${unknownId}` };
    await assert.rejects(client.listTagsForResource(other).promise(), { code: 'ResourceNotFoundException' });
  });

  test('who came with a certificate is a subject', async () => {
    const resources = await makeResources(server);
    const { certificate, der, privateKey } = server.leaf('v2', 'p256');
    const session = { method: 'POST', path: '/sessions', contentType: 'application/json', region, now: new Date() };
    const body = JSON.stringify({ ...resources, instanceProperties: { hostname: 'v2' } });
    const key = { certificateDer: der, serialNumber: certificate.serialNumber, privateKey };
    const { subjectArn } = JSON.parse(await sendWithCertificate({ ...session, endpoint: server.url, body }, key));
    const { subjects } = await client.listSubjects().promise();
    assert.deepEqual(
      subjects?.map((one) => one.subjectArn),
      [subjectArn],
    );
    const { subject } = await client.getSubject({ subjectId: subjects?.[0]?.subjectId ?? '' }).promise();
    assert.equal(subject?.credentials?.[0]?.serialNumber, String(certificate.serialNumber));
    assert.ok(subject?.credentials?.[0]?.seenAt instanceof Date);
    assert.deepEqual(subject?.instanceProperties?.[0]?.properties, { hostname: 'v2' });
    await assert.rejects(client.getSubject({ subjectId: unknownId }).promise(), { code: 'ResourceNotFoundException' });
  });

  test('every operation of its model was called', () => {
    const operations = Object.keys(require('aws-sdk/apis/rolesanywhere-2018-05-10.min.json').operations);
    const called = new Set(server.visited.map(({ operation }) => operation));
    assert.deepEqual(
      operations.filter((operation) => !called.has(`rolesanywhere.${operation}`)),
      [],
    );
    assert.equal(operations.length, 30);
  });
});

function sourceOf(server: ConformanceServer) {
  return { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: server.ca.pem } };
}

function rulesOf(profile: import('aws-sdk').RolesAnywhere.ProfileDetail | undefined, field: string): unknown {
  return profile?.attributeMappings?.find(({ certificateField }) => certificateField === field)?.mappingRules;
}
