// The AWS CLI, told only where the server is. What it sends is what people type; what it prints is what their scripts read.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { accountId, type ConformanceServer, conformanceServer, region, rootKey, trustPolicy } from './server.ts';
import { needs, type Run, run } from './tools.ts';

const unknownId = '00000000-0000-4000-8000-000000000000';
const allowListing = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 'iam:List*', Resource: '*' },
});

// Each start of the CLI takes about a second of CPU: the three areas share the waiting.
describe('AWS CLI', { ...needs('aws', '--version'), concurrency: 3 }, () => {
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
    const { profile } = await ask(
      'rolesanywhere create-profile --name cli --enabled --duration-seconds 900 --accept-role-session-name',
      '--role-arns',
      roleArn,
      '--session-policy',
      allowListing,
    );
    assert.deepEqual(profile.roleArns, [roleArn]);
    assert.deepEqual(JSON.parse(profile.sessionPolicy), JSON.parse(allowListing));
    assert.equal(profile.createdBy, `arn:aws:iam::${accountId}:root`);
    const arg = `--profile-id ${profile.profileId}`;
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
    assert.equal((await ask(`rolesanywhere delete-profile ${arg}`)).profile.profileId, profile.profileId);
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
    assert.match(gone.stderr, /\(NoSuchEntity\) when calling the GetRole operation: The role with name cli cannot be/);
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

function rulesOf(profile: { attributeMappings: { certificateField: string; mappingRules: unknown }[] }): unknown {
  return profile.attributeMappings.find(({ certificateField }) => certificateField === 'x509Subject')?.mappingRules;
}

function namesOf(items: readonly Readonly<Record<string, unknown>>[], member: string): readonly unknown[] {
  return items.map((item) => item[member]);
}
