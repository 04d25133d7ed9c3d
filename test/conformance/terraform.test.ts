// Terraform with its AWS provider: made, planned again without a difference, disturbed, changed, planned again, destroyed.
// The provider comes from a mirror on this machine; whatever is meant for another host is caught and counted.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  DeleteRolePolicyCommand,
  GetAccountPasswordPolicyCommand,
  GetGroupCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  GetUserCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListAccountAliasesCommand,
  ListInstanceProfilesCommand,
  ListPoliciesCommand,
  ListPolicyVersionsCommand,
  ListRolesCommand,
  ListUsersCommand,
} from '@aws-sdk/client-iam';
import { makeCa } from '../pki.ts';
import { accountId, type ConformanceServer, conformanceServer, region, rootKey } from './server.ts';
import { type RolesAnywhere, rolesAnywhereClient } from './session-resources.ts';
import { needs, type Run, run } from './tools.ts';

const files = fileURLToPath(new URL('terraform/', import.meta.url));

/** The names in a folder; none where there is no such folder. */
const within = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);
// Where a mirror may lie: where the person says, where Terraform itself looks, and in a folder of its own that a machine's
// image brings.
const mirrors = [
  process.env.ANYROLE_TERRAFORM_MIRROR ?? '',
  join(homedir(), '.terraform.d/plugins'),
  '/usr/local/share/terraform/plugins',
  '/usr/share/terraform/plugins',
  ...within('/opt').map((name) => join('/opt', name)),
];
const holdsProvider = (folder: string) =>
  statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true &&
  within(folder).some((host) => existsSync(join(folder, host, 'hashicorp/aws')));
const mirror = mirrors.find(holdsProvider);
const installed =
  mirror === undefined
    ? { skip: 'no mirror of the provider hashicorp/aws is here; ANYROLE_TERRAFORM_MIRROR may name one' }
    : {};

describe('Terraform', { ...needs('terraform', 'version'), ...installed }, () => {
  let server: ConformanceServer;
  let directory: string;
  let rolesAnywhere: RolesAnywhere;
  let iam: IAMClient;
  /** First lines of what was sent to other hosts than this one. */
  const strangers: string[] = [];
  const proxy = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes) => {
      strangers.push(bytes.toString('latin1').split('\r\n')[0] ?? '');
      socket.destroy();
    });
  });
  before(async () => {
    server = await conformanceServer();
    rolesAnywhere = rolesAnywhereClient(server);
    iam = new IAMClient({ endpoint: server.url, region, credentials: rootKey });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    directory = join(server.directory, 'terraform');
    mkdirSync(directory);
    for (const name of readdirSync(files)) copyFileSync(join(files, name), join(directory, name));
    const installation = `provider_installation {\n  filesystem_mirror { path = ${JSON.stringify(mirror)} }\n}\n`;
    writeFileSync(join(directory, 'terraform.rc'), `disable_checkpoint = true\n${installation}`);
  });
  after(async () => {
    iam.destroy();
    proxy.close();
    await server[Symbol.asyncDispose]();
  });

  /** Runs it and gives what it printed; any other exit code than the one wanted is a failure, with its words. */
  async function terraform(wanted: number, command: string, ...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await runTerraform(command, ...args);
    assert.equal(exitCode, wanted, `terraform ${command}: ${stdout}\n${stderr}`);
    return stdout;
  }

  function runTerraform(command: string, ...args: readonly string[]): Promise<Run> {
    const elsewhere = `http://127.0.0.1:${Object(proxy.address()).port}`;
    const environment = {
      PATH: process.env.PATH,
      HOME: server.directory,
      TF_CLI_CONFIG_FILE: join(directory, 'terraform.rc'),
      TF_IN_AUTOMATION: '1',
      CHECKPOINT_DISABLE: '1',
      // The provider lives for seconds: a third of its time went into collecting what it could have kept.
      GOGC: '400',
      AWS_CONFIG_FILE: join(server.directory, 'no-config'),
      AWS_SHARED_CREDENTIALS_FILE: join(server.directory, 'no-credentials'),
      HTTP_PROXY: elsewhere,
      HTTPS_PROXY: elsewhere,
    };
    const all = [`-chdir=${directory}`, command, '-no-color', '-input=false', ...args];
    return run('terraform', all, { environment });
  }

  /** The option that gives these values to the variables, and the same server and key to all. */
  function variables(name: string, values: Readonly<Record<string, unknown>>): string {
    const { accessKeyId: access_key_id, secretAccessKey: secret_access_key } = rootKey;
    const file = join(directory, `${name}.json`);
    writeFileSync(file, JSON.stringify({ url: server.url, region, access_key_id, secret_access_key, ...values }));
    return `-var-file=${file}`;
  }

  test('resources are made, read back without a difference, changed and destroyed', async (t) => {
    const first = variables('first', {
      prefix: 'first',
      enabled: true,
      ca_pem: server.ca.pem,
      unit: 'Apps',
      max_session_duration: 3600,
      actions: ['s3:GetObject'],
      attached_policy: 'AWSRolesAnywhereReadOnly',
      bounded: true,
      audiences: ['sts.amazonaws.com', 'app'],
      thumbprint: '6938fd4d98bab03faadb97b34396831e3780aea1',
      tags: { team: 'pki', removed: 'yes' },
    });
    // A CA on its way to its successor: both in one bundle.
    const bundle = server.ca.pem + makeCa({ subject: 'CN=Successor Root CA' }).pem;
    const second = variables('second', {
      prefix: 'second',
      enabled: false,
      ca_pem: bundle,
      unit: 'Servers',
      max_session_duration: 43200,
      actions: ['s3:GetObject', 's3:PutObject'],
      attached_policy: 'AWSRolesAnywhereFullAccess',
      bounded: false,
      audiences: ['sts.amazonaws.com'],
      thumbprint: '9e99a48a9960b14926bb7f3b02e22da2b0ab7280',
      tags: { team: 'apps', added: '' },
    });

    const { exitCode, stderr } = await runTerraform('init', '-backend=false');
    if (exitCode !== 0) return t.skip(`the mirror has no provider for this machine: ${stderr.trim()}`);
    const made = await terraform(0, 'apply', '-auto-approve', first);
    assert.match(made, /Apply complete! Resources: 26 added, 0 changed, 0 destroyed\./);
    assert.match(made, new RegExp(`account_id = "${accountId}"`));
    assert.match(made, /may = \{\s+"s3:GetObject" = "allowed"\s+"s3:PutObject" = "implicitDeny"\s+\}\nmay_all = false/);
    assert.match(await terraform(0, 'plan', '-detailed-exitcode', first), /No changes\./);
    const [anchor, profile] = await onlyOnes();
    assert.deepEqual([anchor?.name, anchor?.enabled], ['first anchor', true]);
    assert.deepEqual(
      anchor?.notificationSettings?.map(({ threshold }) => threshold),
      [30, 15],
    );
    assert.deepEqual(profile?.roleArns, [`arn:aws:iam::${accountId}:role/apps/app`]);

    // What somebody else did meanwhile is seen, and the next apply mends it along with its own changes.
    const resourceArn = anchor?.trustAnchorArn ?? '';
    await rolesAnywhere.tagResource({ resourceArn, tags: [{ key: 'team', value: 'nobody' }] }).promise();
    await iam.send(new DeleteRolePolicyCommand({ RoleName: 'app', PolicyName: 'look' }));
    const changed = await terraform(0, 'apply', '-auto-approve', second);
    assert.match(changed, /# aws_iam_role_policy\.look will be created/);
    assert.match(changed, /~ "team" += "nobody" -> "apps"/);
    assert.match(changed, /may = \{\s+"s3:GetObject" = "allowed"\s+"s3:PutObject" = "allowed"\s+\}\nmay_all = true/);
    // The policy that was gone, the attachments of another policy in the place of the old one, and the alias.
    assert.equal(
      /Apply complete!.*/.exec(changed)?.[0],
      'Apply complete! Resources: 4 added, 16 changed, 3 destroyed.',
    );
    assert.match(await terraform(0, 'plan', '-detailed-exitcode', second), /No changes\./);
    const [renamed, updated] = await onlyOnes();
    assert.deepEqual([renamed?.trustAnchorId, updated?.profileId], [anchor?.trustAnchorId, profile?.profileId]);
    assert.deepEqual([renamed?.name, renamed?.enabled], ['second anchor', false]);
    assert.equal(renamed?.source?.sourceData?.x509CertificateData, bundle);
    assert.deepEqual([updated?.name, updated?.enabled, updated?.durationSeconds], ['second profile', false, 43200]);
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'app' }));
    assert.equal(Role?.Description, 'second: für <Tests> & co');
    assert.equal(Role?.MaxSessionDuration, 43200);
    await checkIam();

    assert.match(await terraform(0, 'destroy', '-auto-approve', second), /Destroy complete! Resources: 26 destroyed\./);
    assert.deepEqual(await onlyOnes(), []);
    assert.deepEqual((await iam.send(new ListRolesCommand({ PathPrefix: '/apps/' }))).Roles, []);
    assert.deepEqual((await iam.send(new ListInstanceProfilesCommand({}))).InstanceProfiles, []);
    assert.deepEqual((await iam.send(new ListUsersCommand({}))).Users, []);
    assert.deepEqual((await iam.send(new ListPoliciesCommand({ Scope: 'Local' }))).Policies, []);

    t.diagnostic(`called: ${[...new Set(server.visited.map(({ operation }) => operation))].sort().join(' ')}`);
    const refusals = server.visited.flatMap(({ operation, code }) => (code ? [`${operation} ${code}`] : []));
    assert.deepEqual([...new Set(refusals)], ['iam.GetRolePolicy NoSuchEntity']);
    assert.deepEqual(strangers, []);
  });

  /** What the second apply left of users, groups, policies, their provider and the account. */
  async function checkIam() {
    const { User } = await iam.send(new GetUserCommand({ UserName: 'ada' }));
    assert.deepEqual([User?.Path, User?.PermissionsBoundary], ['/second/', undefined]);
    const { AccessKeyMetadata } = await iam.send(new ListAccessKeysCommand({ UserName: 'ada' }));
    assert.deepEqual(
      AccessKeyMetadata?.map(({ Status }) => Status),
      ['Inactive'],
    );
    const { Group, Users } = await iam.send(new GetGroupCommand({ GroupName: 'ops' }));
    assert.deepEqual([Group?.Path, Users?.map(({ UserName }) => UserName)], ['/second/', ['ada']]);
    const PolicyArn = `arn:aws:iam::${accountId}:policy/apps/own`;
    const { Versions } = await iam.send(new ListPolicyVersionsCommand({ PolicyArn }));
    assert.deepEqual(
      Versions?.map(({ VersionId, IsDefaultVersion }) => [VersionId, IsDefaultVersion]),
      [
        ['v2', true],
        ['v1', false],
      ],
    );
    const issuer = `arn:aws:iam::${accountId}:oidc-provider/pods.example/clusters/${region}`;
    const provider = await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: issuer }));
    assert.deepEqual(provider.ClientIDList, ['sts.amazonaws.com']);
    assert.deepEqual(provider.ThumbprintList, ['9e99a48a9960b14926bb7f3b02e22da2b0ab7280']);
    const { AccountAliases } = await iam.send(new ListAccountAliasesCommand({}));
    const { PasswordPolicy } = await iam.send(new GetAccountPasswordPolicyCommand({}));
    assert.deepEqual(AccountAliases, ['second-alias']);
    assert.deepEqual([PasswordPolicy?.RequireSymbols, PasswordPolicy?.ExpirePasswords], [false, false]);
  }

  /** The trust anchor and the profile, where there is one of each; nothing where there is none. */
  async function onlyOnes() {
    const { trustAnchors = [] } = await rolesAnywhere.listTrustAnchors().promise();
    const { profiles = [] } = await rolesAnywhere.listProfiles().promise();
    assert.ok(trustAnchors.length === profiles.length && profiles.length <= 1);
    return [trustAnchors[0], profiles[0]].some((one) => one) ? ([trustAnchors[0], profiles[0]] as const) : [];
  }
});
