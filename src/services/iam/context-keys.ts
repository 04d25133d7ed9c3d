// GetContextKeysForCustomPolicy and GetContextKeysForPrincipalPolicy: which condition keys a simulation needs values of.
import { optional, required, structure } from '../../contract/shape.ts';
import { contextKeysOf } from '../../core/policy/context-keys.ts';
import { operation } from '../call.ts';
import { reportedAccess } from './access.ts';
import { InvalidInput, NoSuchEntity } from './errors.ts';
import { Arn } from './shapes.ts';
import { appliedSources, givenPolicies, type Source } from './simulation-policies.ts';
import { ContextKeyNames, PolicyInputList } from './simulation-shapes.ts';
import { appliedTo } from './simulations.ts';

const output = structure({
  ContextKeyNames: optional(ContextKeyNames, { doc: 'The keys, each once, as the policies spell them.' }),
});

export const GetContextKeysForCustomPolicy = operation({
  doc: 'Lists the condition keys that policies of the request mention.',
  effect: 'read',
  errors: [InvalidInput],
  input: structure({ PolicyInputList: required(PolicyInputList, { doc: 'Policies, as JSON text.' }) }),
  output,
  access: () => [{ resource: '*' }],
  run: async ({ PolicyInputList: documents }) => keysIn(givenPolicies('PolicyInputList', documents)),
});

export const GetContextKeysForPrincipalPolicy = operation({
  doc: 'Lists the condition keys that the policies of a user, a group or a role mention.',
  effect: 'read',
  errors: [NoSuchEntity, InvalidInput],
  input: structure({
    PolicySourceArn: required(Arn, { doc: 'The user, group or role.' }),
    PolicyInputList: optional(PolicyInputList, { doc: 'Further policies, as JSON text.' }),
  }),
  output,
  access: (input) => [reportedAccess(input.PolicySourceArn)],
  async run({ PolicySourceArn: arn, PolicyInputList: more = [] }, call) {
    // AWS doc: identity-based policies and those that are given; the permissions boundary is not among them.
    return keysIn([...appliedSources(call, await appliedTo(call, arn)), ...givenPolicies('PolicyInputList', more)]);
  },
});

const keysIn = (sources: readonly Source[]) => ({
  ContextKeyNames: contextKeysOf({ statements: sources.flatMap(({ policy }) => policy.statements) }),
});
