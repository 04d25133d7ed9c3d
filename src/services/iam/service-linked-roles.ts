// Roles that services make for themselves: only their service may change them, and they go when it needs them no more.
// AWS doc: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/using-service-linked-roles.html
import { list, oneOf, optional, required, string, structure } from '../../contract/shape.ts';
import type { Reader } from '../../store/store.ts';
import { operation } from '../call.ts';
import { collection } from '../records.ts';
import { trustAnchors } from '../rolesanywhere/records.ts';
import { entityAccess } from './access.ts';
import { attachedPoliciesOf, detach } from './attachments.ts';
import { serviceRolePath } from './aws-managed-policies.ts';
import { iamArn } from './documents.ts';
import { entityOf, foundRecord, isServiceLinked } from './entities.ts';
import { end } from './entity-life.ts';
import { InvalidInput, NoSuchEntity } from './errors.ts';
import { roleSummary } from './roles.ts';
import {
  ensureServiceLinkedRole,
  isLinkedService,
  serviceLinkedRoleArn,
  serviceLinkedRoleName,
} from './service-linked-records.ts';
import { Arn, AwsServiceName, CustomSuffix, Role, RoleDescription, RoleName } from './shapes.ts';

/** Where the resources are that keep a role from being deleted. */
type Usage = { readonly region: string; readonly resources: readonly string[] };

/** A deletion that was asked for: it ends at once, and its end is kept. `usage` empty: the role is gone. */
type DeletionRecord = { readonly taskId: string; readonly usage: readonly Usage[] };

/** By task id. */
const deletions = collection<DeletionRecord>('iam/service-linked-role-deletions');

export const CreateServiceLinkedRole = operation({
  doc: "Creates a service's own role.",
  effect: 'write',
  errors: [InvalidInput],
  input: structure({
    AWSServiceName: required(AwsServiceName, { doc: 'The principal of the service, `rolesanywhere.amazonaws.com`.' }),
    Description: optional(RoleDescription, { doc: 'What the role is for.' }),
    CustomSuffix: optional(CustomSuffix, { doc: 'Refused: no service here takes one.' }),
  }),
  output: structure({ Role: optional(Role, { doc: 'The role.' }) }),
  access: ({ AWSServiceName: service = '*' }, call) => [
    {
      resource: isLinkedService(service)
        ? serviceLinkedRoleArn(call, service)
        : iamArn(call, `role${serviceRolePath}${service.slice(0, 128)}/*`),
      context: { 'iam:AWSServiceName': service.slice(0, 128) },
    },
  ],
  async run({ AWSServiceName: service, Description, CustomSuffix: suffix }, call) {
    // Ours: the sentence; AWS's is not known.
    if (!isLinkedService(service)) throw InvalidInput(`${service} has no service-linked role here.`);
    // AWS seen: 2025-03-13 and 2020-01-31, the sentences.
    if (suffix !== undefined) throw InvalidInput(`Custom suffix is not allowed for ${service}`);
    const name = serviceLinkedRoleName(service);
    return call.write(async (writer) => {
      if (!(await ensureServiceLinkedRole(writer, call, service, Description || null))) {
        throw InvalidInput(`Service role name ${name} has been taken in this account, please try a different suffix.`);
      }
      const role = await foundRecord(writer, call.account, 'role', name);
      return {
        Role: { ...roleSummary(role), ...(role.description === null ? {} : { Description: role.description }) },
      };
    });
  },
});

const TaskId = string({ min: 1, max: 1000 });
const taskId = required(TaskId, { doc: '`task/aws-service-role/SERVICE/ROLE/UUID`.' });

export const DeleteServiceLinkedRole = operation({
  doc: "Deletes a service's own role, unless the service needs it; GetServiceLinkedRoleDeletionStatus tells.",
  effect: 'write',
  errors: [NoSuchEntity],
  input: structure({ RoleName: required(RoleName, { doc: 'The name of the role, in any case.' }) }),
  output: structure({ DeletionTaskId: taskId }),
  access: async (input, call) => [await entityAccess(call, 'role', input.RoleName)],
  async run(input, call) {
    const id = call.newId();
    return call.write(async (writer) => {
      const { account } = call;
      const role = await foundRecord(writer, account, 'role', input.RoleName);
      const entity = entityOf('role', account, role);
      // Ours: AWS's answer for a role of the account's own is not known.
      if (!isServiceLinked(entity)) throw NoSuchEntity(`The role with name ${input.RoleName} cannot be found.`);
      const usage = await usageOf(writer, account);
      if (usage.length === 0) {
        for (const { policyArn } of await attachedPoliciesOf(writer, entity)) {
          await detach(writer, account, entity, policyArn);
        }
        await end(writer, account, 'role', role);
      }
      const task = `task${role.path}${role.roleName}/${id}`;
      await deletions.put(writer, `${account}/${task}`, { taskId: task, usage });
      return { DeletionTaskId: task };
    });
  },
});

const RoleUsage = structure({
  Region: optional(string({ min: 1, max: 100 }), { doc: 'Where the role is used.' }),
  Resources: optional(list(Arn), { doc: 'What uses it.' }),
});

export const GetServiceLinkedRoleDeletionStatus = operation({
  doc: "Tells how the deletion of a service's own role ended.",
  effect: 'read',
  errors: [NoSuchEntity],
  input: structure({ DeletionTaskId: taskId }),
  output: structure({
    Status: required(oneOf('SUCCEEDED', 'IN_PROGRESS', 'FAILED', 'NOT_STARTED'), { doc: 'How it ended.' }),
    Reason: optional(
      structure({
        Reason: optional(string({ max: 1000 }), { doc: 'Why it failed.' }),
        RoleUsageList: optional(list(RoleUsage), { doc: 'What uses the role.' }),
      }),
      { doc: 'Why it failed; absent where it did not.' },
    ),
  }),
  access: ({ DeletionTaskId: id = '' }, call) => [{ resource: iamArn(call, `role${roleIn(id)}`) }],
  async run({ DeletionTaskId: id }, call) {
    const deletion = await call.read((reader) => deletions.get(reader, `${call.account}/${id}`));
    // Ours: the sentence.
    if (deletion === undefined) throw NoSuchEntity(`The deletion task ${id} cannot be found.`);
    if (deletion.usage.length === 0) return { Status: 'SUCCEEDED' as const };
    const RoleUsageList = deletion.usage.map(({ region, resources }) => ({ Region: region, Resources: resources }));
    // Ours: the sentence.
    const Reason = 'The role is used by trust anchors. Delete them first.';
    return { Status: 'FAILED' as const, Reason: { Reason, RoleUsageList } };
  },
});

/** The path and the name of the role of a task. Asked before validation. */
function roleIn(id: string): string {
  const [, role] = /^task(\/aws-service-role\/[\w+=,.@-]{1,128}\/[\w+=,.@-]{1,64})\/[\w-]{1,64}$/.exec(id) ?? [];
  return role ?? '/*';
}

/** Trust anchors that a failed deletion names at most. */
const maxNamed = 50;

/** The trust anchors of all Regions, which are what Roles Anywhere has the role for. */
async function usageOf(reader: Reader, account: string): Promise<readonly Usage[]> {
  const anchors = await trustAnchors.list(reader, { prefix: `${account}/`, limit: maxNamed });
  const byRegion = Map.groupBy(
    anchors.map(({ document: record }) => record.arn),
    (arn) => arn.split(':')[3] ?? '',
  );
  return [...byRegion].map(([region, resources]) => ({ region, resources }));
}
