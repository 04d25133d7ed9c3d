// How much there is of everything in the account, and how much there may be: counts that are kept, and quotas of the settings.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
import { integer, map, oneOf, optional, structure } from '../../contract/shape.ts';
import type { Document, Reader } from '../../store/store.ts';
import { type Call, operation } from '../call.ts';
import { countOf } from '../counts.ts';
import type { Collection } from '../records.ts';
import { ofWholeAccount } from './account-aliases.ts';
import {
  groups,
  instanceProfiles,
  keysOfOwners,
  ofAccount,
  policies,
  policyDocuments,
  roles,
  under,
  users,
} from './documents.ts';
import { entities } from './entities.ts';
import { isAny } from './entity-life.ts';
import { oidcProviders } from './oidc-provider-records.ts';

const names = [
  'Users',
  'UsersQuota',
  'Groups',
  'GroupsQuota',
  'ServerCertificates',
  'ServerCertificatesQuota',
  'UserPolicySizeQuota',
  'GroupPolicySizeQuota',
  'GroupsPerUserQuota',
  'SigningCertificatesPerUserQuota',
  'AccessKeysPerUserQuota',
  'MFADevices',
  'MFADevicesInUse',
  'AccountMFAEnabled',
  'AccountAccessKeysPresent',
  'AccountPasswordPresent',
  'AccountSigningCertificatesPresent',
  'AttachedPoliciesPerGroupQuota',
  'AttachedPoliciesPerRoleQuota',
  'AttachedPoliciesPerUserQuota',
  'Policies',
  'PoliciesQuota',
  'PolicySizeQuota',
  'PolicyVersionsInUse',
  'PolicyVersionsInUseQuota',
  'VersionsPerPolicyQuota',
  'GlobalEndpointTokenVersion',
  'AssumeRolePolicySizeQuota',
  'InstanceProfiles',
  'InstanceProfilesQuota',
  'Providers',
  'RolePolicySizeQuota',
  'Roles',
  'RolesQuota',
] as const;
/** A number for each of AWS's names: none is forgotten. */
type Summary = { readonly [N in (typeof names)[number]]: number };

export const GetAccountSummary = operation({
  doc: 'Tells how much of everything the account has and may have.',
  effect: 'read',
  errors: [],
  input: structure({}),
  output: structure({
    SummaryMap: optional(map(oneOf(...names), integer()), { doc: 'A number for each name.' }),
  }),
  access: ofWholeAccount,
  run: (_input, call) =>
    call.read(async (reader) => {
      const SummaryMap: Summary = { ...(await countsOf(reader, call)), ...quotasOf(call), ...notServed };
      return { SummaryMap };
    }),
});

async function countsOf(reader: Reader, { account }: Call) {
  const place = ofAccount(account);
  const count = <T extends Document>(of: Collection<T>) => countOf(reader, of, place);
  return {
    Users: await count(users),
    Groups: await count(groups),
    Roles: await count(roles),
    Policies: await count(policies),
    PolicyVersionsInUse: await count(policyDocuments),
    InstanceProfiles: await count(instanceProfiles),
    Providers: await count(oidcProviders),
    AccountAccessKeysPresent: (await isAny(reader, keysOfOwners, under(account, account))) ? 1 : 0,
  };
}

function quotasOf({ settings: { quotas } }: Call) {
  return {
    UsersQuota: quotas.UsersPerAccount,
    GroupsQuota: quotas.GroupsPerAccount,
    RolesQuota: quotas.RolesPerAccount,
    PoliciesQuota: quotas.PoliciesPerAccount,
    InstanceProfilesQuota: quotas.InstanceProfilesPerAccount,
    GroupsPerUserQuota: quotas.GroupsPerUser,
    AccessKeysPerUserQuota: quotas.AccessKeysPerUser,
    AttachedPoliciesPerUserQuota: quotas.PoliciesPerUser,
    AttachedPoliciesPerGroupQuota: quotas.PoliciesPerGroup,
    AttachedPoliciesPerRoleQuota: quotas.PoliciesPerRole,
    PolicySizeQuota: quotas.PolicySize,
    VersionsPerPolicyQuota: quotas.VersionsPerPolicy,
    // Ours: what the other two let be; AWS has a number of its own for all versions, 10,000.
    PolicyVersionsInUseQuota: quotas.PoliciesPerAccount * quotas.VersionsPerPolicy,
    AssumeRolePolicySizeQuota: quotas.ACLSizePerRole,
    UserPolicySizeQuota: entities.user.maxInline,
    GroupPolicySizeQuota: entities.group.maxInline,
    RolePolicySizeQuota: entities.role.maxInline,
  };
}

/** What no operation here makes: there is none, and there may be none. */
const notServed = {
  ServerCertificates: 0,
  ServerCertificatesQuota: 0,
  SigningCertificatesPerUserQuota: 0,
  MFADevices: 0,
  MFADevicesInUse: 0,
  AccountMFAEnabled: 0,
  AccountPasswordPresent: 0,
  AccountSigningCertificatesPresent: 0,
  // AWS doc: 2 where tokens of the global endpoint are good in every Region, as all tokens here are.
  GlobalEndpointTokenVersion: 2,
} as const;
