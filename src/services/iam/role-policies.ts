// Inline policies of roles: what a session of the role may do.
import { list, nothing, required, string, structure } from '../../contract/shape.ts';
import { parsePolicy } from '../../core/policy/document.ts';
import type { Reader } from '../../store/store.ts';
import { operation } from '../call.ts';
import { roleAccess } from './access.ts';
import { LimitExceeded, MalformedPolicyDocument, NoSuchEntity, UnmodifiableEntity } from './errors.ts';
import { listedUnder } from './pages.ts';
import {
  foundRole,
  inlinePolicies,
  modifiableRole,
  type RolePolicyRecord,
  rolePolicies,
  underRole,
} from './records.ts';
import { PolicyDocument, PolicyName, pageMembers, pageOutput, percentEncoded, RoleName } from './shapes.ts';

const role = { RoleName: required(RoleName, { doc: 'The name of the role, in any case.' }) };
const policy = { ...role, PolicyName: required(PolicyName, { doc: 'The name of the policy, case and all.' }) };

export const PutRolePolicy = operation({
  doc: 'Adds an inline policy to a role, or replaces the one of that name.',
  effect: 'write',
  errors: [NoSuchEntity, MalformedPolicyDocument, LimitExceeded, UnmodifiableEntity],
  input: structure({
    ...policy,
    PolicyDocument: required(PolicyDocument, { doc: 'The policy, as JSON text.' }),
  }),
  output: nothing,
  access: async (input, call) => [await roleAccess(call, input.RoleName)],
  async run({ PolicyName: policyName, PolicyDocument: policyDocument, ...input }, call) {
    const parsed = parsePolicy(policyDocument, 'identity');
    if (!parsed.ok) throw MalformedPolicyDocument(parsed.message, { reason: parsed.reason });
    return call.write(async (writer) => {
      const { roleName } = await modifiableRole(writer, call.account, input.RoleName);
      const policies = await rolePolicies(writer, call.account, roleName);
      const others = policies.filter((other) => other.policyName !== policyName);
      checkSize(roleName, [...others, { policyName, policyDocument }]);
      await inlinePolicies.put(writer, underRole(call.account, roleName) + policyName, { policyName, policyDocument });
      return {};
    });
  },
});

export const GetRolePolicy = operation({
  doc: 'Gets an inline policy of a role.',
  effect: 'read',
  errors: [NoSuchEntity],
  input: structure(policy),
  output: structure({
    ...policy,
    PolicyDocument: required(PolicyDocument, { doc: 'The policy, percent-encoded.' }),
  }),
  access: async (input, call) => [await roleAccess(call, input.RoleName)],
  run: (input, call) =>
    call.read(async (reader) => {
      const { roleName } = await foundRole(reader, call.account, input.RoleName);
      const { policyName, policyDocument } = await found(reader, call.account, roleName, input.PolicyName);
      return { RoleName: roleName, PolicyName: policyName, PolicyDocument: percentEncoded(policyDocument) };
    }),
});

export const ListRolePolicies = operation({
  doc: "Lists the names of a role's inline policies.",
  effect: 'read',
  errors: [NoSuchEntity],
  input: structure({ ...role, ...pageMembers }),
  output: structure({ PolicyNames: required(list(string()), { doc: 'The names, in their order.' }), ...pageOutput }),
  access: async (input, call) => [await roleAccess(call, input.RoleName)],
  run: (input, call) =>
    call.read(async (reader) => {
      const { roleName } = await foundRole(reader, call.account, input.RoleName);
      const below = underRole(call.account, roleName);
      const { records, shown } = await listedUnder(call, reader, inlinePolicies, below, input);
      return { PolicyNames: records.map(({ policyName }) => policyName), ...shown };
    }),
});

export const DeleteRolePolicy = operation({
  doc: 'Deletes an inline policy of a role; sessions of the role lose its permissions at once.',
  effect: 'write',
  errors: [NoSuchEntity, UnmodifiableEntity],
  input: structure(policy),
  output: nothing,
  access: async (input, call) => [await roleAccess(call, input.RoleName)],
  run: (input, call) =>
    call.write(async (writer) => {
      const { roleName } = await modifiableRole(writer, call.account, input.RoleName);
      const { policyName } = await found(writer, call.account, roleName, input.PolicyName);
      await inlinePolicies.delete(writer, underRole(call.account, roleName) + policyName);
      return {};
    }),
});

async function found(reader: Reader, account: string, roleName: string, name: string): Promise<RolePolicyRecord> {
  const record = await inlinePolicies.get(reader, underRole(account, roleName) + name);
  if (record === undefined) throw NoSuchEntity(`The role policy with name ${name} cannot be found.`);
  return record;
}

/** Characters of all inline policies of a role, white space not counted. AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const maxPolicies = 10_240;

function checkSize(roleName: string, policies: readonly RolePolicyRecord[]): void {
  const sizes = policies.map(({ policyDocument }) => policyDocument.replace(/\s/g, '').length);
  if (sizes.reduce((sum, size) => sum + size, 0) > maxPolicies) {
    throw LimitExceeded(`Maximum policy size of ${maxPolicies} bytes exceeded for role ${roleName}`);
  }
}
