// IAM as a service: its modules, and what AWS's IAM has besides.
import { service } from '../../contract/operation.ts';
import type { Call } from '../call.ts';
import * as accessKeys from './access-keys.ts';
import * as accountAliases from './account-aliases.ts';
import * as accountSummary from './account-summary.ts';
import * as attachedPolicies from './attached-policies.ts';
import * as authorizationDetails from './authorization-details.ts';
import { awsOperations } from './aws-operations.ts';
import * as boundaries from './boundaries.ts';
import * as contextKeys from './context-keys.ts';
import * as credentialReport from './credential-report.ts';
import * as groupMembers from './group-members.ts';
import * as groups from './groups.ts';
import * as inlinePolicies from './inline-policies.ts';
import * as instanceProfiles from './instance-profiles.ts';
import * as loginProfiles from './login-profiles.ts';
import * as managedPolicies from './managed-policies.ts';
import * as oidcProviders from './oidc-providers.ts';
import * as passwordPolicy from './password-policy.ts';
import * as policyVersions from './policy-versions.ts';
import * as roles from './roles.ts';
import * as serviceAccessPolicies from './service-access-policies.ts';
import * as serviceLastAccessed from './service-last-accessed.ts';
import * as serviceLinkedRoles from './service-linked-roles.ts';
import * as simulations from './simulations.ts';
import * as tags from './tag-operations.ts';
import * as users from './users.ts';

export const iam = service<Call>({
  name: 'iam',
  protocol: 'query',
  version: '2010-05-08',
  xmlNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
  modules: [
    users,
    accessKeys,
    groups,
    groupMembers,
    roles,
    inlinePolicies,
    managedPolicies,
    policyVersions,
    attachedPolicies,
    boundaries,
    serviceLinkedRoles,
    instanceProfiles,
    tags,
    oidcProviders,
    accountAliases,
    accountSummary,
    authorizationDetails,
    credentialReport,
    serviceLastAccessed,
    serviceAccessPolicies,
    passwordPolicy,
    loginProfiles,
    contextKeys,
    simulations,
  ],
  awsOperations,
});
