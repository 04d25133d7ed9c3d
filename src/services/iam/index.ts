// IAM as a service: its modules, and what AWS's IAM has besides.
import { service } from '../../contract/operation.ts';
import type { Call } from '../call.ts';
import { awsOperations } from './aws-operations.ts';
import * as instanceProfileTags from './instance-profile-tags.ts';
import * as instanceProfiles from './instance-profiles.ts';
import * as rolePolicies from './role-policies.ts';
import * as roles from './roles.ts';

export const iam = service<Call>({
  name: 'iam',
  protocol: 'query',
  version: '2010-05-08',
  xmlNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
  modules: [roles, rolePolicies, instanceProfiles, instanceProfileTags],
  awsOperations,
});
