// Holds src/core/policy against the reference evaluator on generated policies and requests, and against itself on the
// same policies written otherwise.
import { type PolicyKind, parsePolicy } from '../../src/core/policy/document.ts';
import { type Decision, evaluate, evaluateTrust, type NamedPolicy } from '../../src/core/policy/evaluate.ts';
import { contextOf, type PolicyRequest } from '../../src/core/policy/request.ts';
import type { PlainPolicy, PlainRequest, PlainSet } from './documents.ts';
import { type PlainDecision, referenceDecision } from './evaluator.ts';
import { generateRequest, generateSet, randomFrom, rewritten } from './generator.ts';

/** Requests put to each set of policies. */
const PER_SET = 10;

export type Comparison = {
  readonly pairs: number;
  /** Pairs by what the engine gave as its reason. */
  readonly counts: Readonly<Record<string, number>>;
  /** Decisions on policies written otherwise. */
  readonly rewrites: number;
  /** The first few pairs on which they differ, as JSON. */
  readonly differences: readonly string[];
};

type Engine = (request: PlainRequest) => Decision;

function compiled(policy: PlainPolicy, kind: PolicyKind, name: string, indent: number): NamedPolicy {
  const text = JSON.stringify(policy, null, indent);
  const result = parsePolicy(text, kind);
  if (!result.ok) throw new Error(`a generated policy is refused: ${result.message}: ${text}`);
  return { name, policy: result.policy };
}

const asked = ({ context, multivalued, resourceAccount, ...request }: PlainRequest): PolicyRequest => ({
  ...request,
  context: contextOf(context),
  multivalued: new Set(multivalued.map((name) => name.toLowerCase())),
  ...(resourceAccount !== undefined && { resourceAccount }),
});

function engineOf(set: PlainSet, indent = 0): Engine {
  const numbered = (policies: readonly PlainPolicy[], kind: PolicyKind) =>
    policies.map((policy, number) => compiled(policy, kind, String(number), indent));
  const [boundary] = numbered(set.boundary ? [set.boundary] : [], 'identity');
  const caller = {
    identity: numbered(set.identity, 'identity'),
    session: numbered(set.session, 'session'),
    ...(boundary && { permissionsBoundary: boundary }),
  };
  const [gate] = numbered(set.resource ? [set.resource] : [], set.trust ? 'trust' : 'resource');
  if (set.trust && gate) return (request) => evaluateTrust(gate, asked(request), set.callerless ? undefined : caller);
  return (request) => evaluate({ ...caller, ...(gate && { resource: gate }) }, asked(request));
}

function alike(decision: Decision, reference: PlainDecision): boolean {
  const places = decision.matched.map(
    ({ kind, policyName, statementIndex }) => `${kind === 'trust' ? 'resource' : kind} ${policyName} ${statementIndex}`,
  );
  return decision.decision === reference.decision && places.join() === reference.matched.join();
}

/** Compares on `pairs` pairs, rounded up to whole sets of policies; the same for the same seed. */
export function compare(seed: number, pairs: number): Comparison {
  const random = randomFrom(seed);
  const counts: Record<string, number> = {};
  const differences: string[] = [];
  const note = (difference: object): unknown => differences.length < 5 && differences.push(JSON.stringify(difference));
  let done = 0;
  let rewrites = 0;
  for (; done < pairs; done += PER_SET) {
    const set = generateSet(random);
    const engine = engineOf(set);
    const other = rewritten(random, set);
    const otherEngine = engineOf(other.set, other.indent);
    for (let i = 0; i < PER_SET; i++) {
      const request = generateRequest(random, set);
      const decision = engine(request);
      counts[decision.because] = (counts[decision.because] ?? 0) + 1;
      const reference = referenceDecision(set, request);
      if (!alike(decision, reference)) note({ set, request, decision, reference });
      const again = otherEngine(request);
      rewrites++;
      if (again.decision !== decision.decision || again.matched.length !== decision.matched.length) {
        note({ set, request, decision, rewritten: other.set, again });
      }
    }
  }
  return { pairs: done, counts, rewrites, differences };
}
