// The roles that services make for themselves, as records: for the service, and for IAM's operations on them.
import type { Writer } from '../../store/store.ts';
import type { Call } from '../call.ts';
import { attach } from './attachments.ts';
import { awsManagedPolicyArn, serviceRolePath } from './aws-managed-policies.ts';
import type { RoleRecord } from './documents.ts';
import { entityArn, entityId, entityOf, findRecord } from './entities.ts';
import { beginOfService } from './entity-life.ts';
import { findManagedPolicy } from './managed-policy-records.ts';

type ServiceLinkedRow = { readonly roleName: string; readonly policyName: string };

/** The services that have a role of their own making, by principal, and what the role is. */
const serviceLinked = {
  'rolesanywhere.amazonaws.com': {
    roleName: 'AWSServiceRoleForRolesAnywhere',
    policyName: 'AWSRolesAnywhereServicePolicy',
  },
} as const satisfies Readonly<Record<string, ServiceLinkedRow>>;

/** The principal of a service that has a role of its own making. */
export type LinkedService = keyof typeof serviceLinked;

export function isLinkedService(service: string): service is LinkedService {
  return Object.hasOwn(serviceLinked, service);
}

/** The name of a service's own role. */
export function serviceLinkedRoleName(service: LinkedService): string {
  return serviceLinked[service].roleName;
}

const servicePath = (service: string) => `${serviceRolePath}${service}/`;

/** The ARN that a service's own role has or will have. */
export function serviceLinkedRoleArn(call: Pick<Call, 'account' | 'partition'>, service: LinkedService): string {
  return entityArn(call, 'role', serviceLinkedRoleName(service), servicePath(service));
}

/** Makes a service's own role where there is none of its name; whether it was made. */
export async function ensureServiceLinkedRole(
  writer: Writer,
  call: Call,
  service: LinkedService,
  description: string | null = null,
): Promise<boolean> {
  const { account, partition } = call;
  const { roleName, policyName } = serviceLinked[service];
  if (await findRecord(writer, account, 'role', roleName)) return false;
  const Statement = [{ Effect: 'Allow', Principal: { Service: [service] }, Action: ['sts:AssumeRole'] }];
  const role: RoleRecord = {
    path: servicePath(service),
    roleName,
    roleId: entityId(call, 'role'),
    arn: serviceLinkedRoleArn(call, service),
    createDate: call.now.toISOString(),
    assumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
    description,
    maxSessionDuration: 3600,
    permissionsBoundary: null,
    tags: [],
  };
  const policy = await findManagedPolicy(writer, account, awsManagedPolicyArn(partition, policyName, serviceRolePath));
  if (policy === undefined) throw new Error(`the policy ${policyName} is not kept`);
  await beginOfService(writer, call, role);
  await attach(writer, account, entityOf('role', account, role), policy);
  return true;
}
