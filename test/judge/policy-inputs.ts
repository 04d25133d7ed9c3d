// The `policy` member of X.509 records: what a relying party asks of certificate policies, in the words of the NIST suite's
// test list, whose policies are named `NIST-test-policy-N`.
import { anyPolicy, type PolicyInputs } from '../../src/core/x509/policies.ts';
import { asObject, BadInput } from './subcommand.ts';

/** Where NIST's test policies stand: 1 to 10 below it. Spec: NIST PKITS 1.0.1 §4.8 */
const testPolicies = '2.16.840.1.101.3.2.1.48';

const flags = {
  SetInitialExplicitPolicy: 'initialExplicitPolicy',
  SetInitialPolicyMappingInhibit: 'initialPolicyMappingInhibit',
  SetInitialInhibitAnyPolicy: 'initialAnyPolicyInhibit',
} as const;

/** The inputs a record's `policy` names; undefined where it names none. Throws BadInput for what is not understood. */
export function policyInputs(policy: unknown): PolicyInputs | undefined {
  if (policy === undefined || policy === null) return undefined;
  const inputs: Record<string, boolean | readonly string[]> = {};
  for (const [name, value] of Object.entries(asObject(policy, '`policy`'))) {
    if (name === 'SetInitialPolicySet') inputs.userInitialPolicySet = policiesIn(value);
    // The table's own key, or none of them.
    else if (Object.hasOwn(flags, name)) inputs[flags[name as keyof typeof flags]] = boolean(name, value);
    else throw new BadInput(`\`policy\` has a member \`${name}\` that is not understood`);
  }
  return inputs;
}

/** `"NIST-test-policy-1", "NIST-test-policy-2"`: names, quoted or not; dotted OIDs will do, and `anyPolicy`. */
function policiesIn(value: unknown): readonly string[] {
  if (typeof value !== 'string') throw new BadInput('`SetInitialPolicySet` is not a string');
  const names = value.split(/[\s,"{}]+/).filter((name) => name !== '');
  return names.map((name) => {
    const [, number] = /^NIST-test-policy-(\d+)$/.exec(name) ?? [];
    if (number !== undefined) return `${testPolicies}.${number}`;
    if (name === 'anyPolicy') return anyPolicy;
    if (/^\d+(?:\.\d+)+$/.test(name)) return name;
    throw new BadInput(`policy \`${name}\` is not known`);
  });
}

function boolean(name: string, value: unknown): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new BadInput(`\`${name}\` is not a boolean`);
}
