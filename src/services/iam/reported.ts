// Whom a report of access is about: a user, a group, a role or a managed policy, by its ARN; and who is behind it.
import type { Document, Reader } from '../../store/store.ts';
import { parseArn } from '../arn.ts';
import type { Call } from '../call.ts';
import type { Collection } from '../records.ts';
import { appliedPolicies } from './applied-policies.ts';
import { attachedTo, underPolicy, usersOfGroups } from './documents.ts';
import { type Entity, type EntityKind, entityOf, findById, findRecord } from './entities.ts';
import { InvalidInput, NoSuchEntity } from './errors.ts';
import { findManagedPolicy } from './managed-policy-records.ts';

export type Reported =
  | { readonly kind: 'entity'; readonly entity: Entity }
  | { readonly kind: 'policy'; readonly arn: string; readonly document: string };

/** What the ARN names, or NoSuchEntity, or InvalidInput where nothing of its kind is reported. Ours: the sentences. */
export async function reportedOf(reader: Reader, call: Call, arn: string): Promise<Reported> {
  const [kind = '', name = ''] = /^([a-z]+)\/(?:.*\/)?([^/]+)$/.exec(parseArn(arn)?.resource ?? '')?.slice(1) ?? [];
  if (kind === 'policy') {
    const policy = await findManagedPolicy(reader, call.account, arn);
    if (policy === undefined) throw NoSuchEntity(`ARN ${arn} cannot be found.`);
    return { kind: 'policy', arn, document: policy.document };
  }
  if (!isEntityKind(kind)) throw InvalidInput(`ARN ${arn} is not valid.`);
  const record = await findRecord(reader, call.account, kind, name);
  const entity = record && entityOf(kind, call.account, record);
  if (entity?.arn !== arn) throw NoSuchEntity(`ARN ${arn} cannot be found.`);
  return { kind: 'entity', entity };
}

/** The identity-based policies that say what it may do, as JSON text. */
export async function documentsOf(reader: Reader, call: Call, reported: Reported): Promise<readonly string[]> {
  if (reported.kind === 'policy') return [reported.document];
  const { identity } = await appliedPolicies(reader, call.account, reported.entity);
  return identity.map(({ document }) => document);
}

/**
 * The users and roles that act by it: itself, the members of the group, or whom the policy is attached to, directly or by
 * a group; each once. Undefined where there are more than `most`.
 */
export async function actorsOf(
  reader: Reader,
  call: Call,
  reported: Reported,
  most: number,
): Promise<readonly Entity[] | undefined> {
  if (reported.kind === 'entity') {
    const { entity } = reported;
    return entity.kind === 'group' ? members(reader, call, entity.place, most) : [entity];
  }
  const place = underPolicy(call.account, reported.arn);
  const actors = new Map<string, Entity>();
  for (const kind of ['user', 'role', 'group'] as const) {
    const attached = await allBelow(reader, attachedTo[kind], place, most);
    if (attached === undefined) return undefined;
    for (const record of attached) {
      const found = await entityNamed(reader, call, kind, record.name);
      const acting = found?.kind === 'group' ? await members(reader, call, found.place, most) : found && [found];
      if (found?.kind === 'group' && acting === undefined) return undefined;
      for (const actor of acting ?? []) actors.set(actor.id, actor);
      if (actors.size > most) return undefined;
    }
  }
  return [...actors.values()];
}

async function entityNamed(reader: Reader, call: Call, kind: EntityKind, name: string): Promise<Entity | undefined> {
  const record = await findRecord(reader, call.account, kind, name);
  return record && entityOf(kind, call.account, record);
}

async function members(
  reader: Reader,
  call: Call,
  place: string,
  most: number,
): Promise<readonly Entity[] | undefined> {
  const held = await allBelow(reader, usersOfGroups, place, most);
  if (held === undefined) return undefined;
  const found = await Promise.all(held.map(({ userId }) => findById(reader, call.account, 'user', userId)));
  return found.flatMap((user) => (user === undefined ? [] : [entityOf('user', call.account, user)]));
}

/** All records below a place, or undefined where there are more than `most`. */
async function allBelow<T extends Document>(reader: Reader, from: Collection<T>, prefix: string, most: number) {
  const records: T[] = [];
  const limit = 1000;
  for (let after: string | undefined; ; ) {
    const entries = await from.list(reader, { prefix, limit, ...(after === undefined ? {} : { after }) });
    records.push(...entries.map(({ document: record }) => record));
    if (records.length > most) return undefined;
    if (entries.length < limit) return records;
    after = entries.at(-1)?.key;
  }
}

function isEntityKind(kind: string): kind is EntityKind {
  return kind === 'user' || kind === 'group' || kind === 'role';
}
