// The AWS CLI, told only where the server is. What it sends is what people type; what it prints is what their scripts read.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sendWithCertificate } from '../../src/client/send.ts';
import { services } from '../../src/main.ts';
import { accountId, type ConformanceServer, conformanceServer, region, rootKey, trustPolicy } from './server.ts';
import { makeResources } from './session-resources.ts';
import { needs, type Run, run } from './tools.ts';

// What is made there is not in the lists of the other tests.
const otherRegion = 'us-west-2';
const unknownId = '00000000-0000-4000-8000-000000000000';
const allowListing = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 'iam:List*', Resource: '*' },
});

describe('AWS CLI', needs('aws', '--version'), () => {
  let server: ConformanceServer;
  before(async () => {
    server = await conformanceServer();
  });
  after(() => server[Symbol.asyncDispose]());

  const aws = (command: string, args: readonly string[] = [], environment = server.environment): Promise<Run> =>
    run('aws', [...command.split(' '), ...args, '--output', 'json'], { environment });

  /** What the command printed, as JSON; undefined where it printed nothing. */
  const ask = async (command: string, ...args: readonly string[]) => {
    const { exitCode, stdout, stderr } = await aws(command, args);
    assert.equal(exitCode, 0, `aws ${command}: ${stderr}`);
    return stdout.trim() === '' ? undefined : JSON.parse(stdout);
  };

  // Each start of the CLI takes about a second of CPU: the areas share the waiting.
  describe('by area', { concurrency: 3 }, () => {
    test('a trust anchor lives from create-trust-anchor to delete-trust-anchor', async () => {
      const source = join(server.directory, 'source.json');
      const sourceData = { x509CertificateData: server.ca.pem };
      writeFileSync(source, JSON.stringify({ sourceType: 'CERTIFICATE_BUNDLE', sourceData }));
      const { trustAnchor } = await ask(
        'rolesanywhere create-trust-anchor --name cli --enabled --tags key=team,value=pki',
        '--source',
        `file://${source}`,
        '--notification-settings',
        'enabled=true,event=CA_CERTIFICATE_EXPIRY,threshold=30,channel=ALL',
      );
      const id = trustAnchor.trustAnchorId;
      assert.equal(trustAnchor.trustAnchorArn, `arn:aws:rolesanywhere:${region}:${accountId}:trust-anchor/${id}`);
      assert.equal(trustAnchor.source.sourceData.x509CertificateData, server.ca.pem);
      assert.equal(trustAnchor.notificationSettings[0].threshold, 30);
      const arg = `--trust-anchor-id ${id}`;
      assert.deepEqual(await ask(`rolesanywhere get-trust-anchor ${arg}`), { trustAnchor });
      assert.deepEqual(await ask('rolesanywhere list-trust-anchors'), { trustAnchors: [trustAnchor] });
      const updated = await ask(`rolesanywhere update-trust-anchor ${arg} --name renamed`);
      assert.equal(updated.trustAnchor.name, 'renamed');
      assert.equal((await ask(`rolesanywhere disable-trust-anchor ${arg}`)).trustAnchor.enabled, false);
      assert.equal((await ask(`rolesanywhere enable-trust-anchor ${arg}`)).trustAnchor.enabled, true);
      assert.equal((await ask(`rolesanywhere delete-trust-anchor ${arg}`)).trustAnchor.name, 'renamed');
      const gone = await aws(`rolesanywhere get-trust-anchor ${arg}`);
      assert.notEqual(gone.exitCode, 0);
      assert.match(gone.stderr, /\(ResourceNotFoundException\) when calling the GetTrustAnchor operation: /);
    });

    test('a profile and its attribute mappings live from create-profile to delete-profile', async () => {
      const roleArn = `arn:aws:iam::${accountId}:role/cli`;
      const readOnly = 'arn:aws:iam::aws:policy/AWSRolesAnywhereReadOnly';
      const { profile } = await ask(
        'rolesanywhere create-profile --name cli --enabled --duration-seconds 900 --accept-role-session-name',
        ...['--require-instance-properties', '--managed-policy-arns', readOnly, '--tags', 'key=team,value=apps'],
        ...['--role-arns', roleArn, '--session-policy', allowListing],
      );
      const { profileId, profileArn, createdAt, updatedAt, attributeMappings, ...members } = profile;
      assert.equal(profileArn, `arn:aws:rolesanywhere:${region}:${accountId}:profile/${profileId}`);
      assert.equal(createdAt, updatedAt);
      assert.equal(attributeMappings.length, 3);
      assert.deepEqual(members, {
        name: 'cli',
        enabled: true,
        durationSeconds: 900,
        acceptRoleSessionName: true,
        requireInstanceProperties: true,
        managedPolicyArns: [readOnly],
        roleArns: [roleArn],
        sessionPolicy: allowListing,
        createdBy: `arn:aws:iam::${accountId}:root`,
      });
      const tagged = await ask(`rolesanywhere list-tags-for-resource --resource-arn ${profileArn}`);
      assert.deepEqual(tagged, { tags: [{ key: 'team', value: 'apps' }] });
      const arg = `--profile-id ${profileId}`;
      assert.deepEqual(await ask(`rolesanywhere get-profile ${arg}`), { profile });
      assert.deepEqual(await ask('rolesanywhere list-profiles'), { profiles: [profile] });
      const updated = await ask(`rolesanywhere update-profile ${arg} --no-accept-role-session-name`);
      assert.equal(updated.profile.acceptRoleSessionName, false);
      assert.equal((await ask(`rolesanywhere disable-profile ${arg}`)).profile.enabled, false);
      assert.equal((await ask(`rolesanywhere enable-profile ${arg}`)).profile.enabled, true);
      const field = '--certificate-field x509Subject';
      const put = await ask(
        `rolesanywhere put-attribute-mapping ${arg} ${field} --mapping-rules specifier=CN specifier=OU`,
      );
      assert.deepEqual(rulesOf(put.profile), [{ specifier: 'CN' }, { specifier: 'OU' }]);
      const rest = await ask(`rolesanywhere delete-attribute-mapping ${arg} ${field} --specifiers OU`);
      assert.deepEqual(rulesOf(rest.profile), [{ specifier: 'CN' }]);
      assert.equal((await ask(`rolesanywhere delete-profile ${arg}`)).profile.profileId, profileId);
    });

    test('a CRL lives from import-crl to delete-crl, and a subject shows whom it kept out', async () => {
      const asked = (command: string, ...args: readonly string[]) =>
        ask(`rolesanywhere ${command} --region ${otherRegion}`, ...args);
      const resources = await makeResources(server, otherRegion);
      const leaf = server.leaf('cli', 'p256');
      const serialNumber = leaf.certificate.serialNumber;
      const [some, none] = [join(server.directory, 'some.crl'), join(server.directory, 'none.crl')];
      writeFileSync(some, server.ca.crl({ revoked: [{ serial: serialNumber }] }).pem);
      writeFileSync(none, server.ca.crl().der);
      const { crl } = await asked(
        `import-crl --name cli --enabled --trust-anchor-arn ${resources.trustAnchorArn} --tags key=a,value=1`,
        '--crl-data',
        `fileb://${some}`,
      );
      assert.equal(crl.crlArn, `arn:aws:rolesanywhere:${otherRegion}:${accountId}:crl/${crl.crlId}`);
      assert.equal(Buffer.from(crl.crlData, 'base64').toString(), readFileSync(some, 'utf8'));
      assert.deepEqual([crl.name, crl.enabled, crl.trustAnchorArn], ['cli', true, resources.trustAnchorArn]);
      const arg = `--crl-id ${crl.crlId}`;
      assert.deepEqual(await asked(`get-crl ${arg}`), { crl });
      assert.deepEqual(await asked('list-crls'), { crls: [crl] });

      const session = { method: 'POST', path: '/sessions', contentType: 'application/json', now: new Date() };
      const outgoing = { ...session, endpoint: server.url, region: otherRegion, body: JSON.stringify(resources) };
      const key = { certificateDer: leaf.der, serialNumber, privateKey: leaf.privateKey };
      await assert.rejects(sendWithCertificate(outgoing, key), { code: 'AccessDeniedException', status: 403 });
      const updated = await asked(`update-crl ${arg} --name renamed --crl-data fileb://${none}`);
      assert.equal(updated.crl.name, 'renamed');
      assert.deepEqual(Buffer.from(updated.crl.crlData, 'base64'), readFileSync(none));
      const { subjectArn } = JSON.parse(await sendWithCertificate(outgoing, key));

      const { subjects } = await asked('list-subjects');
      assert.deepEqual(namesOf(subjects, 'subjectArn'), [subjectArn]);
      const { subject } = await asked(`get-subject --subject-id ${subjects[0].subjectId}`);
      assert.deepEqual(namesOf(subject.credentials, 'serialNumber'), [String(serialNumber)]);
      assert.equal((await asked(`disable-crl ${arg}`)).crl.enabled, false);
      assert.equal((await asked(`enable-crl ${arg}`)).crl.enabled, true);
      assert.equal((await asked(`delete-crl ${arg}`)).crl.crlId, crl.crlId);
      assert.deepEqual(await asked('list-crls'), { crls: [] });
    });

    test('notification settings are put and reset, tags are added and taken away', async () => {
      const asked = (command: string, ...args: readonly string[]) =>
        ask(`rolesanywhere ${command} --region ${otherRegion}`, ...args);
      const sourceData = { x509CertificateData: server.ca.pem };
      const source = JSON.stringify({ sourceType: 'CERTIFICATE_BUNDLE', sourceData });
      const { trustAnchor } = await asked('create-trust-anchor --name tagged', '--source', source);
      const arg = `--trust-anchor-id ${trustAnchor.trustAnchorId}`;
      const setting = 'enabled=true,event=CA_CERTIFICATE_EXPIRY,threshold=7';
      const put = await asked(`put-notification-settings ${arg} --notification-settings ${setting}`);
      const [changed, untouched] = trustAnchor.notificationSettings;
      const wanted = { ...changed, threshold: 7, configuredBy: accountId };
      assert.deepEqual(put.trustAnchor.notificationSettings, [wanted, untouched]);
      const keys = '--notification-setting-keys event=CA_CERTIFICATE_EXPIRY,channel=ALL';
      const reset = await asked(`reset-notification-settings ${arg} ${keys}`);
      assert.deepEqual(reset.trustAnchor.notificationSettings, trustAnchor.notificationSettings);

      const arn = `--resource-arn ${trustAnchor.trustAnchorArn}`;
      await asked(`tag-resource ${arn} --tags key=one,value=1 key=two,value=`);
      await asked(`untag-resource ${arn} --tag-keys one`);
      assert.deepEqual(await asked(`list-tags-for-resource ${arn}`), { tags: [{ key: 'two', value: '' }] });
      await asked(`delete-trust-anchor ${arg}`);
      const gone = await aws(`rolesanywhere list-tags-for-resource --region ${otherRegion} ${arn}`);
      assert.match(gone.stderr, /\(ResourceNotFoundException\) when calling the ListTagsForResource operation: /);
    });

    test('a role, its inline policy and its instance profile live from create-role to delete-role', async () => {
      const { Role: made } = await ask(
        'iam create-role --role-name cli --path /apps/ --assume-role-policy-document',
        trustPolicy,
      );
      assert.equal(made.Arn, `arn:aws:iam::${accountId}:role/apps/cli`);
      const { Role } = await ask('iam get-role --role-name cli');
      assert.deepEqual(Role.AssumeRolePolicyDocument, JSON.parse(trustPolicy));
      assert.equal(Role.MaxSessionDuration, 3600);
      const roles = await ask('iam list-roles --path-prefix /apps/ --page-size 1');
      assert.deepEqual(namesOf(roles.Roles, 'RoleName'), ['cli']);
      await ask('iam put-role-policy --role-name cli --policy-name look --policy-document', allowListing);
      const policy = await ask('iam get-role-policy --role-name cli --policy-name look');
      assert.deepEqual(policy.PolicyDocument, JSON.parse(allowListing));
      assert.deepEqual(await ask('iam list-role-policies --role-name cli'), { PolicyNames: ['look'] });

      const arg = '--instance-profile-name web';
      const created = await ask(`iam create-instance-profile ${arg} --tags Key=a,Value=1`);
      assert.equal(created.InstanceProfile.Arn, `arn:aws:iam::${accountId}:instance-profile/web`);
      assert.deepEqual(created.InstanceProfile.Roles, []);
      assert.equal(await ask(`iam add-role-to-instance-profile ${arg} --role-name cli`), undefined);
      const { InstanceProfile } = await ask(`iam get-instance-profile ${arg}`);
      assert.deepEqual(namesOf(InstanceProfile.Roles, 'Arn'), [made.Arn]);
      const all = await ask('iam list-instance-profiles');
      assert.deepEqual(namesOf(all.InstanceProfiles, 'InstanceProfileName'), ['web']);
      const ofRole = await ask('iam list-instance-profiles-for-role --role-name cli');
      assert.deepEqual(namesOf(ofRole.InstanceProfiles, 'InstanceProfileName'), ['web']);
      await ask(`iam tag-instance-profile ${arg} --tags Key=b,Value=2 Key=c,Value=`);
      await ask(`iam untag-instance-profile ${arg} --tag-keys a b`);
      const { Tags } = await ask(`iam list-instance-profile-tags ${arg}`);
      assert.deepEqual(Tags, [{ Key: 'c', Value: '' }]);
      await ask(`iam remove-role-from-instance-profile ${arg} --role-name cli`);
      await ask(`iam delete-instance-profile ${arg}`);
      await ask('iam delete-role-policy --role-name cli --policy-name look');
      assert.equal(await ask('iam delete-role --role-name cli'), undefined);
      const gone = await aws('iam get-role --role-name cli');
      assert.match(
        gone.stderr,
        /\(NoSuchEntity\) when calling the GetRole operation: The role with name cli cannot be/,
      );
    });

    test('get-caller-identity names the root user of the account', async () => {
      const { Account, Arn } = await ask('sts get-caller-identity');
      assert.deepEqual({ Account, Arn }, { Account: accountId, Arn: `arn:aws:iam::${accountId}:root` });
    });

    test('a wrong secret is refused by each protocol in the words that the CLI shows', async () => {
      const wrong = { ...server.environment, AWS_SECRET_ACCESS_KEY: `${rootKey.secretAccessKey}x` };
      const query = await aws('sts get-caller-identity', [], wrong);
      assert.notEqual(query.exitCode, 0);
      assert.match(query.stderr, /\(SignatureDoesNotMatch\) when calling the GetCallerIdentity operation: /);
      const rest = await aws('rolesanywhere list-profiles', [], wrong);
      assert.notEqual(rest.exitCode, 0);
      assert.match(rest.stderr, /\(InvalidSignatureException\) when calling the ListProfiles operation: /);
    });

    test('an operation that is not served and a bad parameter are refused by name', async () => {
      const unserved = await aws('iam list-server-certificates');
      assert.notEqual(unserved.exitCode, 0);
      assert.match(unserved.stderr, /\(NotImplemented\) when calling the ListServerCertificates operation: /);
      const invalid = await aws('iam get-role --role-name bad!name');
      assert.match(
        invalid.stderr,
        /\(ValidationError\) when calling the GetRole operation: 1 validation error detected: Value .*roleName/,
      );
      const missing = await aws(`rolesanywhere delete-profile --profile-id ${unknownId}`);
      assert.match(missing.stderr, /\(ResourceNotFoundException\) when calling the DeleteProfile operation: /);
    });
  });

  test('every operation of Roles Anywhere was called', () => {
    const called = new Set(server.visited.map(({ operation }) => operation));
    const served = [...(services.get('rolesanywhere')?.operations.keys() ?? [])];
    assert.deepEqual(
      served.filter((operation) => !called.has(`rolesanywhere.${operation}`)),
      [],
    );
  });
});

function rulesOf(profile: { attributeMappings: { certificateField: string; mappingRules: unknown }[] }): unknown {
  return profile.attributeMappings.find(({ certificateField }) => certificateField === 'x509Subject')?.mappingRules;
}

function namesOf(items: readonly Readonly<Record<string, unknown>>[], member: string): readonly unknown[] {
  return items.map((item) => item[member]);
}
