// SimulateCustomPolicy and SimulatePrincipalPolicy: what policies would decide, asked without doing anything.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
import { list, optional, required, structure } from '../../contract/shape.ts';
import { type Call, operation } from '../call.ts';
import { reportedAccess } from './access.ts';
import { type AppliedPolicies, appliedPolicies } from './applied-policies.ts';
import { InvalidInput, NoSuchEntity } from './errors.ts';
import { sliced } from './pages.ts';
import { reportedOf } from './reported.ts';
import { Arn } from './shapes.ts';
import {
  appliedBoundary,
  appliedSources,
  givenPolicies,
  givenResourcePolicy,
  type Source,
  withoutExcluded,
} from './simulation-policies.ts';
import { entityNamed, frameOf, type Question } from './simulation-question.ts';
import { type Simulation, simulator } from './simulation-results.ts';
import {
  levelMembers,
  PolicyIdentifier,
  PolicyInputList,
  questionMembers,
  simulationOutput,
} from './simulation-shapes.ts';

export const SimulateCustomPolicy = operation({
  doc: 'Tells what policies that the request brings would decide about actions on resources.',
  effect: 'read',
  errors: [InvalidInput],
  input: structure({
    PolicyInputList: required(PolicyInputList, { doc: 'Identity-based policies, as JSON text.' }),
    ...levelMembers,
    ...questionMembers,
  }),
  output: simulationOutput,
  access: () => [{ resource: '*' }],
  async run({ PolicyInputList: documents, OrderedOrganizationPolicyInputList: levels = [], ...question }, call) {
    if (levels.length > 0) throw InvalidInput('OrderedOrganizationPolicyInputList is not served here.');
    const identity = givenPolicies('PolicyInputList', documents);
    return answered(call, question, { ...simulationOf(question, identity), frame: frameOf(question) }, documents);
  },
});

export const SimulatePrincipalPolicy = operation({
  doc: 'Tells what the policies of a user, a group or a role would decide about actions on resources.',
  effect: 'read',
  errors: [NoSuchEntity, InvalidInput],
  input: structure({
    PolicySourceArn: required(Arn, { doc: 'The user, group or role.' }),
    PolicyInputList: optional(PolicyInputList, { doc: 'Further identity-based policies, as JSON text.' }),
    PolicyExclusionList: optional(list(PolicyIdentifier, { max: 256 }), { doc: 'Policies that are left out.' }),
    ...questionMembers,
  }),
  output: simulationOutput,
  access: (input) => [reportedAccess(input.PolicySourceArn)],
  async run(input, call) {
    const { PolicySourceArn: arn, PolicyInputList: more = [], PolicyExclusionList: excluded = [], ...question } = input;
    const frame = frameOf(question, arn);
    const applied = withoutExcluded(await appliedTo(call, arn), excluded);
    const identity = [...appliedSources(call, applied), ...givenPolicies('PolicyInputList', more)];
    const simulation = { ...simulationOf(question, identity, appliedBoundary(call, applied)), frame };
    return answered(call, question, simulation, [arn, more, excluded]);
  },
});

/** What applies to the user, group or role of this ARN; InvalidInput, NoSuchEntity. */
export async function appliedTo(call: Call, arn: string): Promise<AppliedPolicies> {
  entityNamed(arn);
  return call.read(async (reader) => {
    const found = await reportedOf(reader, call, arn);
    if (found.kind !== 'entity') throw InvalidInput(`Invalid Entity Arn: ${arn}`);
    return appliedPolicies(reader, call.account, found.entity);
  });
}

/** AWS doc: one boundary at most, which stands in for the one that is set. */
function simulationOf(question: Question, identity: readonly Source[], boundary?: Source): Omit<Simulation, 'frame'> {
  const { PermissionsBoundaryPolicyInputList: given = [], ResourcePolicy: policy } = question;
  if (given.length > 1) throw InvalidInput('Only one permissions boundary policy can be given.');
  const name = 'PermissionsBoundaryPolicyInputList';
  const [instead] = givenPolicies(name, given, 'Permissions Boundary Policy');
  const resource = policy === undefined ? undefined : givenResourcePolicy(policy);
  return { identity, boundary: instead ?? boundary, resource };
}

/** Work of a page, and of one pair, at most: half a second for policies that are made to be slow. */
const pageWork = 5e8;
/** Work of one action on all resources, at most: some seconds at the worst, in which others are answered between pairs. */
const actionWork = 2.5e9;

/**
 * A page of results. Ours: as many as the work that they may cost allows, one at least; AWS says that it may give fewer
 * than MaxItems. `asked` is what the Marker is bound to besides the question.
 */
async function answered(call: Call, question: Question, simulation: Simulation, asked: unknown) {
  const { Marker, MaxItems = 100, ...rest } = question;
  const pairWork = workOf(simulation);
  const wholeWork = pairWork * simulation.frame.resources.length;
  if (pairWork > pageWork || wholeWork > actionWork) {
    throw InvalidInput('The policies, resources and context are too large to be simulated together.');
  }
  const most = Math.min(MaxItems, Math.max(1, Math.floor(pageWork / wholeWork)));
  const listing = `simulation\n${call.account}\n${JSON.stringify([asked, rest])}`;
  const { records, shown } = sliced(call, listing, simulation.frame.actions, { Marker, MaxItems: most });
  const simulate = simulator(simulation);
  const results = [];
  for (const action of records) results.push(await simulate(action));
  return { EvaluationResults: results, ...shown };
}

/** What one pair may cost: the characters of all policies times those of the longest request. */
function workOf({ frame, identity, boundary, resource }: Simulation): number {
  const policies = [...identity, boundary, resource].reduce((sum, source) => sum + (source?.document.length ?? 0), 1);
  const context = [...frame.context.entries()].reduce(
    (sum, [key, values]) => sum + key.length + values.join('').length,
    0,
  );
  const longest = frame.resources.reduce((most, { length }) => Math.max(most, length), 0);
  return policies * (128 + longest + context);
}
