// Inline policies of users, groups and roles: what the entity itself may do. Written once for the three kinds.
import { list, nothing, required, string, structure } from '../../contract/shape.ts';
import type { Reader } from '../../store/store.ts';
import { operation } from '../call.ts';
import { entityAccess } from './access.ts';
import { inlinePoliciesOf } from './attachments.ts';
import { type InlinePolicyRecord, inlinePolicies } from './documents.ts';
import { type Entity, type EntityKind, entities, foundEntity, modifiable } from './entities.ts';
import { LimitExceeded, MalformedPolicyDocument, NoSuchEntity, UnmodifiableEntity } from './errors.ts';
import { entityNaming } from './naming.ts';
import { listedUnder } from './pages.ts';
import { checkDocument } from './policy-documents.ts';
import { policySize } from './quotas.ts';
import { PolicyDocument, PolicyName, pageMembers, pageOutput, percentEncoded } from './shapes.ts';

const policyName = { PolicyName: required(PolicyName, { doc: 'The name of the policy, case and all.' }) };
const ofServices = (kind: EntityKind) => (kind === 'role' ? [UnmodifiableEntity] : []);

export const PutUserPolicy = put('user');
export const GetUserPolicy = get('user');
export const ListUserPolicies = names('user');
export const DeleteUserPolicy = remove('user');

export const PutGroupPolicy = put('group');
export const GetGroupPolicy = get('group');
export const ListGroupPolicies = names('group');
export const DeleteGroupPolicy = remove('group');

export const PutRolePolicy = put('role');
export const GetRolePolicy = get('role');
export const ListRolePolicies = names('role');
export const DeleteRolePolicy = remove('role');

function put(kind: EntityKind) {
  const by = entityNaming(kind);
  return operation({
    doc: `Adds an inline policy to a ${kind}, or replaces the one of that name.`,
    effect: 'write',
    errors: [NoSuchEntity, MalformedPolicyDocument, LimitExceeded, ...ofServices(kind)],
    input: structure({
      ...by.members,
      ...policyName,
      PolicyDocument: required(PolicyDocument, { doc: 'The policy, as JSON text.' }),
    }),
    output: nothing,
    access: async (input, call) => [await entityAccess(call, kind, by.asked(input), { bounded: true })],
    async run({ PolicyName: name, PolicyDocument: policyDocument, ...input }, call) {
      checkDocument(policyDocument, 'identity');
      return call.write(async (writer) => {
        const entity = await modifiable(writer, call.account, kind, by.given(input));
        const held = await inlinePoliciesOf(writer, entity);
        const record = { policyName: name, policyDocument };
        checkSize(entity, [...held.filter((other) => other.policyName !== name), record]);
        await inlinePolicies[kind].put(writer, entity.place + name, record);
        return {};
      });
    },
  });
}

function get(kind: EntityKind) {
  const by = entityNaming(kind);
  return operation({
    doc: `Gets an inline policy of a ${kind}.`,
    effect: 'read',
    errors: [NoSuchEntity],
    input: structure({ ...by.members, ...policyName }),
    output: structure({
      ...by.members,
      ...policyName,
      PolicyDocument: required(PolicyDocument, { doc: 'The policy, percent-encoded.' }),
    }),
    access: async (input, call) => [await entityAccess(call, kind, by.asked(input))],
    run: (input, call) =>
      call.read(async (reader) => {
        const entity = await foundEntity(reader, call.account, kind, by.given(input));
        const { policyName: PolicyName, policyDocument } = await found(reader, entity, input.PolicyName);
        const PolicyDocument = percentEncoded(policyDocument);
        return { ...by.shown(entity.name), PolicyName, PolicyDocument };
      }),
  });
}

function names(kind: EntityKind) {
  const by = entityNaming(kind);
  return operation({
    doc: `Lists the names of a ${kind}'s inline policies.`,
    effect: 'read',
    errors: [NoSuchEntity],
    input: structure({ ...by.members, ...pageMembers }),
    output: structure({ PolicyNames: required(list(string()), { doc: 'The names, in their order.' }), ...pageOutput }),
    access: async (input, call) => [await entityAccess(call, kind, by.asked(input))],
    run: (input, call) =>
      call.read(async (reader) => {
        const { place } = await foundEntity(reader, call.account, kind, by.given(input));
        const { records, shown } = await listedUnder(call, reader, inlinePolicies[kind], place, input);
        return { PolicyNames: records.map((record) => record.policyName), ...shown };
      }),
  });
}

function remove(kind: EntityKind) {
  const by = entityNaming(kind);
  return operation({
    doc: `Deletes an inline policy of a ${kind}; its permissions are gone at once.`,
    effect: 'write',
    errors: [NoSuchEntity, ...ofServices(kind)],
    input: structure({ ...by.members, ...policyName }),
    output: nothing,
    access: async (input, call) => [await entityAccess(call, kind, by.asked(input), { bounded: true })],
    run: (input, call) =>
      call.write(async (writer) => {
        const entity = await modifiable(writer, call.account, kind, by.given(input));
        const { policyName: name } = await found(writer, entity, input.PolicyName);
        await inlinePolicies[kind].delete(writer, entity.place + name);
        return {};
      }),
  });
}

/** AWS seen: the sentence, of each kind. */
async function found(reader: Reader, { kind, place }: Entity, name: string): Promise<InlinePolicyRecord> {
  const record = await inlinePolicies[kind].get(reader, place + name);
  if (record === undefined) throw NoSuchEntity(`The ${kind} policy with name ${name} cannot be found.`);
  return record;
}

/** AWS seen: the sentence. */
function checkSize({ kind, name }: Entity, held: readonly InlinePolicyRecord[]): void {
  const { maxInline } = entities[kind];
  const size = held.reduce((sum, { policyDocument }) => sum + policySize(policyDocument), 0);
  if (size > maxInline) throw LimitExceeded(`Maximum policy size of ${maxInline} bytes exceeded for ${kind} ${name}`);
}
