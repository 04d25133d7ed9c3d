import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allow, type Rig, rig, trust } from './rig.test.ts';

async function summary(iam: Rig, keys?: Awaited<ReturnType<Rig['stranger']>>): Promise<Record<string, number>> {
  const answer = await iam.query('GetAccountSummary', {}, keys);
  const values = answer.texts('SummaryMap.entry.value').map(Number);
  return Object.fromEntries(
    answer.texts('SummaryMap.entry.key').map((key, index) => [key, values[index] ?? Number.NaN]),
  );
}

test('an empty account has nothing but the key of its root, and its quotas', async () => {
  assert.deepEqual(await summary(rig()), {
    Users: 0,
    UsersQuota: 5000,
    Groups: 0,
    GroupsQuota: 300,
    Roles: 0,
    RolesQuota: 1000,
    Policies: 0,
    PoliciesQuota: 1500,
    PolicyVersionsInUse: 0,
    PolicyVersionsInUseQuota: 7500,
    VersionsPerPolicyQuota: 5,
    InstanceProfiles: 0,
    InstanceProfilesQuota: 1000,
    Providers: 0,
    GroupsPerUserQuota: 10,
    AccessKeysPerUserQuota: 2,
    AttachedPoliciesPerGroupQuota: 10,
    AttachedPoliciesPerRoleQuota: 10,
    AttachedPoliciesPerUserQuota: 10,
    PolicySizeQuota: 6144,
    UserPolicySizeQuota: 2048,
    GroupPolicySizeQuota: 5120,
    RolePolicySizeQuota: 10240,
    AssumeRolePolicySizeQuota: 2048,
    AccountAccessKeysPresent: 1,
    AccountMFAEnabled: 0,
    AccountPasswordPresent: 0,
    AccountSigningCertificatesPresent: 0,
    GlobalEndpointTokenVersion: 2,
    MFADevices: 0,
    MFADevicesInUse: 0,
    ServerCertificates: 0,
    ServerCertificatesQuota: 0,
    SigningCertificatesPerUserQuota: 0,
  });
});

test('counts follow what is made and deleted, in each account by itself', async () => {
  const iam = rig();
  const stranger = await iam.stranger();
  const counts = async () => {
    const { Users, Groups, Roles, Policies, PolicyVersionsInUse, InstanceProfiles, Providers } = await summary(iam);
    return [Users, Groups, Roles, Policies, PolicyVersionsInUse, InstanceProfiles, Providers];
  };
  for (const UserName of ['A', 'B']) await iam.query('CreateUser', { UserName });
  await iam.query('CreateUser', { UserName: 'a' });
  await iam.query('CreateGroup', { GroupName: 'G' });
  await iam.query('CreateRole', { RoleName: 'R', AssumeRolePolicyDocument: trust });
  const policy = await iam.query('CreatePolicy', { PolicyName: 'P', PolicyDocument: allow('iam:*') });
  const PolicyArn = policy.text('Policy.Arn');
  await iam.query('CreatePolicyVersion', { PolicyArn, PolicyDocument: allow('sts:*') });
  await iam.query('CreateInstanceProfile', { InstanceProfileName: 'I' });
  await iam.query('CreateOpenIDConnectProvider', { Url: 'https://issuer.example' });
  assert.deepEqual(await counts(), [2, 1, 1, 1, 2, 1, 1]);
  await iam.query('DeletePolicyVersion', { PolicyArn, VersionId: 'v2' });
  await iam.query('DeleteUser', { UserName: 'B' });
  assert.deepEqual(await counts(), [1, 1, 1, 1, 1, 1, 1]);
  await iam.query('DeletePolicy', { PolicyArn });
  assert.deepEqual(await counts(), [1, 1, 1, 0, 0, 1, 1]);
  assert.equal((await summary(iam, stranger)).Users, 0);
});
