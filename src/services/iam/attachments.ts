// The policies of an entity: inline, attached, and its permissions boundary. Every relation stands in both directions,
// which are written together.
import type { Reader, Writer } from '../../store/store.ts';
import { deleteCounted, putCounted } from '../counts.ts';
import {
  type AttachedPolicyRecord,
  attachedPolicies,
  attachedTo,
  boundaryOf,
  type InlinePolicyRecord,
  inlinePolicies,
  type PolicyUserRecord,
  underPolicy,
} from './documents.ts';
import { changedRecord, type Entity, type EntityKind } from './entities.ts';
import type { PolicyOutline } from './managed-policy-records.ts';

/** The kinds that a permissions boundary can bound. */
export type BoundedKind = Exclude<EntityKind, 'group'>;

const most = 1000;

/**
 * All inline policies of an entity, ascending by name.
 * INVARIANT: the sum of their sizes is bounded when one is put, so that a thousand do not fit.
 */
export async function inlinePoliciesOf(
  reader: Reader,
  { kind, place }: Entity,
): Promise<readonly InlinePolicyRecord[]> {
  const entries = await inlinePolicies[kind].list(reader, { prefix: place, limit: most });
  return entries.map(({ document: record }) => record);
}

/** The managed policies that are attached to an entity, ascending by ARN. INVARIANT: the settings let a hundred be at most. */
export async function attachedPoliciesOf(
  reader: Reader,
  { kind, place }: Entity,
): Promise<readonly AttachedPolicyRecord[]> {
  const entries = await attachedPolicies[kind].list(reader, { prefix: place, limit: most });
  return entries.map(({ document: record }) => record);
}

/** Attaches a managed policy to an entity; once more is no error. */
export async function attach(writer: Writer, account: string, entity: Entity, policy: PolicyOutline): Promise<void> {
  const { arn: policyArn, name: policyName, path: policyPath } = policy;
  await attachedPolicies[entity.kind].put(writer, entity.place + policyArn, { policyArn, policyName, policyPath });
  const place = underPolicy(account, policyArn);
  await putCounted(writer, attachedTo[entity.kind], place, entity.key, shownOf(entity));
}

/** Takes a managed policy off an entity. */
export async function detach(writer: Writer, account: string, entity: Entity, policyArn: string): Promise<void> {
  await attachedPolicies[entity.kind].delete(writer, entity.place + policyArn);
  await deleteCounted(writer, attachedTo[entity.kind], underPolicy(account, policyArn), entity.key);
}

/** Bounds a user or a role by the managed policy of the ARN, in the place of another, or null: by none. */
export async function setBoundary(
  writer: Writer,
  account: string,
  kind: BoundedKind,
  entity: Entity,
  policyArn: string | null,
): Promise<void> {
  const bounded = boundaryOf[kind];
  const { permissionsBoundary: before } = entity;
  if (before !== null) await deleteCounted(writer, bounded, underPolicy(account, before), entity.key);
  if (policyArn !== null) {
    await putCounted(writer, bounded, underPolicy(account, policyArn), entity.key, shownOf(entity));
  }
  await changedRecord(writer, account, kind, entity.name, (record) => ({ ...record, permissionsBoundary: policyArn }));
}

/** Writes what the lists of managed policies show of an entity, after its name or path changed. */
export async function showAnew(writer: Writer, account: string, entity: Entity): Promise<void> {
  for (const { policyArn } of await attachedPoliciesOf(writer, entity)) {
    await attachedTo[entity.kind].put(writer, underPolicy(account, policyArn) + entity.key, shownOf(entity));
  }
  const { kind, permissionsBoundary } = entity;
  if (kind === 'group' || permissionsBoundary === null) return;
  await boundaryOf[kind].put(writer, underPolicy(account, permissionsBoundary) + entity.key, shownOf(entity));
}

function shownOf({ name, id, path }: Entity): PolicyUserRecord {
  return { name, id, path };
}
