// Every policy that says what a user, a group or a role may do, with the words it is shown under: one answer for
// authorization, simulation and reports.
import type { Reader } from '../../store/store.ts';
import { attachedPoliciesOf, inlinePoliciesOf } from './attachments.ts';
import { groupsOfUsers } from './documents.ts';
import { type Entity, entityOf, findById } from './entities.ts';
import { findManagedPolicy } from './managed-policy-records.ts';

/** A policy and how it applies. */
export type AppliedPolicy = {
  /** What an explanation calls it: `user policy Deploy`, `AWS managed policy ReadOnlyAccess of group Auditors`. */
  readonly name: string;
  readonly kind: 'inline' | 'awsManaged' | 'customerManaged';
  readonly policyName: string;
  /** An inline policy has none. */
  readonly policyArn: string | null;
  /** Whose inline policy it is, or to whom it is attached: the entity that was asked about, or a group of the user's. */
  readonly holder: Entity;
  /** JSON text, of a managed policy the version in force. */
  readonly document: string;
};

export type AppliedPolicies = {
  /** Inline policies first, then attached ones, then those of the user's groups. */
  readonly identity: readonly AppliedPolicy[];
  /** Null: nothing bounds it. */
  readonly permissionsBoundary: AppliedPolicy | null;
};

/** What applies to an entity now. Throws when a policy is not kept: it might deny or bound, and must not be taken for nothing. */
export async function appliedPolicies(reader: Reader, account: string, entity: Entity): Promise<AppliedPolicies> {
  const own = await policiesOf(reader, account, entity, '');
  const groups = await groupsOf(reader, account, entity);
  const shared = await Promise.all(
    groups.map((group) => policiesOf(reader, account, group, ` of group ${group.name}`)),
  );
  const { permissionsBoundary: arn } = entity;
  const permissionsBoundary = arn === null ? null : await managedPolicy(reader, account, entity, arn, '');
  return { identity: [...own, ...shared.flat()], permissionsBoundary };
}

/** The groups of a user, in the order of their ids; none of another entity. INVARIANT: the settings let a hundred be at most. */
export async function groupsOf(reader: Reader, account: string, user: Entity): Promise<readonly Entity[]> {
  if (user.kind !== 'user') return [];
  const entries = await groupsOfUsers.list(reader, { prefix: user.place, limit: 1000 });
  const groups = await Promise.all(
    entries.map(({ document: record }) => findById(reader, account, 'group', record.groupId)),
  );
  return groups.map((group) => {
    if (group === undefined) throw new Error(`a group of user ${user.id} is not kept`);
    return entityOf('group', account, group);
  });
}

async function policiesOf(reader: Reader, account: string, holder: Entity, whose: string) {
  const inline = (await inlinePoliciesOf(reader, holder)).map(
    ({ policyName, policyDocument: document }): AppliedPolicy => ({
      name: `${holder.kind} policy ${policyName}${whose}`,
      kind: 'inline',
      policyName,
      policyArn: null,
      holder,
      document,
    }),
  );
  const attached = await attachedPoliciesOf(reader, holder);
  const managed = attached.map(({ policyArn }) => managedPolicy(reader, account, holder, policyArn, whose));
  return [...inline, ...(await Promise.all(managed))];
}

async function managedPolicy(
  reader: Reader,
  account: string,
  holder: Entity,
  policyArn: string,
  whose: string,
): Promise<AppliedPolicy> {
  const policy = await findManagedPolicy(reader, account, policyArn);
  if (policy === undefined) throw new Error(`the managed policy ${policyArn} is not kept`);
  const { name: policyName, owner, document } = policy;
  const isAws = owner === 'aws';
  return {
    name: `${isAws ? 'AWS managed' : 'managed'} policy ${policyName}${whose}`,
    kind: isAws ? 'awsManaged' : 'customerManaged',
    policyName,
    policyArn,
    holder,
    document,
  };
}
