// `anyrole metadata --instance-profile` before Anyrole's IAM: who may put a role into a profile, which roles a host then gets,
// and that each refusal says what is missing. AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  AddRoleToInstanceProfileCommand,
  CreateAccessKeyCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  RemoveRoleFromInstanceProfileCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { start } from '../command.ts';
import {
  bareEnvironment,
  documentAt,
  flagsOf,
  securityCredentials,
  startMetadata,
  stopMetadata,
} from './metadata-rig.ts';
import { accountId, type ConformanceServer, conformanceServer, region, rootKey, trustPolicy } from './server.ts';
import { makeResources, type Resources, roleName, rolesAnywhereClient } from './session-resources.ts';
import { run } from './tools.ts';

const sdkV3 = fileURLToPath(new URL('sdk-v3-identity.ts', import.meta.url));
const policy = (...Statement: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const allow = (Action: string | readonly string[], Resource = '*', more: object = {}) => ({
  ...{ Effect: 'Allow', Action, Resource },
  ...more,
});

describe('the role of an instance profile', () => {
  let server: ConformanceServer;
  let resources: Resources;
  let iam: IAMClient;
  let app: string;
  /** A profile of Roles Anywhere that lists both roles. */
  let both: string;
  let flags: readonly string[];

  before(async () => {
    server = await conformanceServer();
    resources = await makeResources(server);
    iam = new IAMClient({ endpoint: server.url, region, credentials: rootKey });
    const asked = { RoleName: 'App', Path: '/apps/', AssumeRolePolicyDocument: trustPolicy };
    app = (await iam.send(new CreateRoleCommand(asked))).Role?.Arn ?? '';
    const roleArns = [resources.roleArn, app];
    const made = await rolesAnywhereClient(server).createProfile({ name: 'both', roleArns, enabled: true }).promise();
    both = made.profile?.profileArn ?? '';
    flags = flagsOf(server, server.leaf('host', 'p256'), { ...resources, profileArn: both });
  });
  after(async () => {
    iam.destroy();
    await server[Symbol.asyncDispose]();
  });

  /** That the command does not start, and what it says. */
  const refused = async (profile: string, pattern: RegExp, ...more: readonly string[]) => {
    const asked = ['metadata', '--port', '0', ...flags, ...more, '--instance-profile', profile];
    const { status, stdout, stderr } = await start(asked).ended;
    assert.match(stderr, pattern);
    assert.deepEqual([status, stdout], [1, '']);
  };
  const trust = (...Service: readonly string[]) =>
    iam.send(
      new UpdateAssumeRolePolicyCommand({
        RoleName: 'App',
        PolicyDocument: policy({
          Effect: 'Allow',
          Principal: { Service },
          Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
        }),
      }),
    );

  test('the role of the certificate must be allowed iam:GetInstanceProfile on the profile', async () => {
    const denied = `not authorized to perform: iam:GetInstanceProfile on resource: arn:aws:iam::${accountId}:instance-profile/web`;
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'web' }));
    await refused('web', new RegExp(`^anyrole: AccessDenied: User: .*assumed-role/${roleName}/.* is ${denied}`));
    const reading = (PolicyDocument: string) =>
      iam.send(new PutRolePolicyCommand({ RoleName: roleName, PolicyName: 'profile', PolicyDocument }));
    const arn = `arn:aws:iam::${accountId}:instance-profile`;
    await reading(policy(allow('iam:GetInstanceProfile', `${arn}/other`)));
    await refused('web', new RegExp(denied));
    await reading(policy(allow('iam:GetInstanceProfile', `${arn}/*`)));
    await refused('web', /^anyrole: --instance-profile `web`: it has no role; add one with AddRoleToInstanceProfile/m);
  });

  test('a name and an ARN must be those of a profile', async () => {
    const arn = (name: string) => `arn:aws:iam::${accountId}:instance-profile/${name}`;
    for (const none of ['none', arn('none'), arn('another/path/web'), arn('web').replace(accountId, '999999999999')])
      await refused(none, /there is none of this name or ARN/);
  });

  test('who puts the role in must be allowed iam:PassRole for it, to EC2', async () => {
    await iam.send(new CreateUserCommand({ UserName: 'operator' }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'operator' }));
    const credentials = {
      accessKeyId: AccessKey?.AccessKeyId ?? '',
      secretAccessKey: AccessKey?.SecretAccessKey ?? '',
    };
    const operator = new IAMClient({ endpoint: server.url, region, credentials });
    const adding = allow(['iam:AddRoleToInstanceProfile', 'iam:RemoveRoleFromInstanceProfile']);
    const may = (...more: readonly object[]) =>
      iam.send(
        new PutUserPolicyCommand({ UserName: 'operator', PolicyName: 'p', PolicyDocument: policy(adding, ...more) }),
      );
    const names = { InstanceProfileName: 'web', RoleName: 'App' };
    const add = () => operator.send(new AddRoleToInstanceProfileCommand(names));
    const passedTo = (service: string) => ({ Condition: { StringEquals: { 'iam:PassedToService': service } } });
    for (const more of [
      [],
      [allow('iam:PassRole', `arn:aws:iam::${accountId}:role/App`)],
      [allow('iam:PassRole', `arn:aws:iam::${accountId}:role/ops/*`)],
      [allow('iam:PassRole', app, passedTo('lambda.amazonaws.com'))],
      [allow('iam:PassRole', app), { ...allow('iam:PassRole', app), Effect: 'Deny' }],
    ]) {
      await may(...more);
      await assert.rejects(add, ({ name, message }: Error) => {
        assert.equal(name, 'AccessDenied');
        assert.ok(message.includes(`not authorized to perform: iam:PassRole on resource: ${app}`), message);
        return true;
      });
    }
    await refused('web', /it has no role/);
    await may(allow('iam:PassRole', `arn:aws:iam::${accountId}:role/apps/*`, passedTo('ec2.amazonaws.com')));
    await add();
    await assert.rejects(add, { name: 'LimitExceededException' });
    // To take one out passes nothing on.
    await may();
    await operator.send(new RemoveRoleFromInstanceProfileCommand(names));
    operator.destroy();
    await iam.send(new AddRoleToInstanceProfileCommand(names));
  });

  test('the role must trust EC2', async () => {
    await refused('web', /its role does not trust `ec2\.amazonaws\.com`/);
    await trust('rolesanywhere.amazonaws.com', 'lambda.amazonaws.com');
    await refused('web', /its role does not trust `ec2\.amazonaws\.com`/);
  });

  test('the role must trust Roles Anywhere', async () => {
    await trust('ec2.amazonaws.com');
    await refused('web', new RegExp(`^anyrole: AccessDeniedException: Unable to assume role for ${app}`));
  });

  test('the profile of Roles Anywhere must list the role', async () => {
    await trust('ec2.amazonaws.com', 'rolesanywhere.amazonaws.com');
    await refused('web', /^anyrole: AccessDeniedException: /, '--profile-arn', resources.profileArn);
  });

  test('then the host has the role, by its name without the path, and tells the profile', async () => {
    const made = { InstanceProfileName: 'pathed', Path: '/team/' };
    const { InstanceProfile } = await iam.send(new CreateInstanceProfileCommand(made));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'pathed', RoleName: 'App' }));
    const metadata = await startMetadata([...flags, '--instance-profile', InstanceProfile?.Arn ?? '']);
    const { text: listed } = await documentAt(metadata.url, securityCredentials);
    assert.equal(listed, 'App');
    const info = JSON.parse((await documentAt(metadata.url, '/latest/meta-data/iam/info')).text);
    assert.deepEqual(Object.keys(info), ['Code', 'LastUpdated', 'InstanceProfileArn', 'InstanceProfileId']);
    assert.deepEqual(
      [info.Code, info.InstanceProfileArn, info.InstanceProfileId],
      ['Success', `arn:aws:iam::${accountId}:instance-profile/team/pathed`, InstanceProfile?.InstanceProfileId],
    );
    const environment = bareEnvironment(server, {
      AWS_EC2_METADATA_DISABLED: 'false',
      AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url,
    });
    const { stdout, stderr } = await run(process.execPath, [sdkV3], { environment });
    assert.match(stdout, new RegExp(`arn:aws:sts::${accountId}:assumed-role/App/`), stderr);
    assert.equal((await stopMetadata(metadata)).status, 0);
  });
});
