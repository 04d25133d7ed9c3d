// Certificate policies along a path, with the inputs RFC 5280 makes the default: any policy is acceptable, and one is
// required only when a CA says so. With these inputs the valid policy tree shrinks to the set of policies that the next
// certificate may name, so that the work is linear where the tree can be made exponential.
// Spec: RFC 5280 §6.1.2(a), (d), (e), (f); §6.1.3(d)–(f); §6.1.4(a), (b), (h)–(j); §6.1.5(a), (b), (g).
import { type Certificate, isSelfIssued } from './certificate.ts';

const anyPolicy = '2.5.29.32.0';

interface State {
  /** Policies the next certificate may name; anyPolicy among them stands for all. Empty: the tree is null. */
  expected: ReadonlySet<string>;
  explicitPolicy: number;
  policyMapping: number;
  inhibitAnyPolicy: number;
}

/** A certificate at which no policy is left, or that maps anyPolicy. */
export interface PolicyFailure {
  readonly certificate: Certificate;
  readonly rule: string;
  readonly detail: string;
}

/**
 * Whether the policies of a path hold: undefined, or where they fail. `path` is leaf first, anchor last.
 * Ours: what the anchor's certificate itself says about policies is applied too, as RFC 5937 proposes.
 */
export function policyFailure(path: readonly Certificate[]): PolicyFailure | undefined {
  const [anchor, ...below] = [...path].reverse();
  const fresh = path.length; // n + 1: as many certificates as the path has, and one
  const state: State = {
    expected: new Set([anyPolicy]),
    explicitPolicy: fresh,
    policyMapping: fresh,
    inhibitAnyPolicy: fresh,
  };
  if (anchor?.extensions.certificatePolicies) state.expected = new Set(anchor.extensions.certificatePolicies.policies);
  if (anchor) prepareForNext(state, anchor, true);
  for (const [at, certificate] of below.entries()) {
    const isLast = at === below.length - 1;
    takePolicies(state, certificate, isLast);
    if (isLast) wrapUp(state, certificate);
    if (state.explicitPolicy === 0 && state.expected.size === 0) {
      return { certificate, rule: 'RFC 5280 §6.1.3(f)', detail: 'a certificate policy is required and none is left' };
    }
    if (isLast) break;
    if (mapsAnyPolicy(certificate)) {
      return { certificate, rule: 'RFC 5280 §6.1.4(a)', detail: 'policyMappings maps anyPolicy' };
    }
    prepareForNext(state, certificate, isSelfIssued(certificate));
  }
  return undefined;
}

// §6.1.3(d), (e)
function takePolicies(state: State, certificate: Certificate, isLast: boolean): void {
  const { expected } = state;
  const policies = new Set(certificate.extensions.certificatePolicies?.policies);
  const anyCounts = policies.has(anyPolicy) && (state.inhibitAnyPolicy > 0 || (!isLast && isSelfIssued(certificate)));
  const named = [...policies].filter(
    (policy) => policy !== anyPolicy && (expected.has(policy) || expected.has(anyPolicy)),
  );
  state.expected = new Set(anyCounts ? [...expected, ...named] : named);
}

function mapsAnyPolicy({ extensions }: Certificate): boolean {
  return (extensions.policyMappings ?? []).some(({ issuer, subject }) => issuer === anyPolicy || subject === anyPolicy);
}

// §6.1.4(b), (h)–(j)
function prepareForNext(state: State, { extensions }: Certificate, isExempt: boolean): void {
  mapPolicies(state, extensions.policyMappings ?? []);
  const step = (counter: number) => (isExempt ? counter : Math.max(counter - 1, 0));
  const { requireExplicitPolicy = Infinity, inhibitPolicyMapping = Infinity } = extensions.policyConstraints ?? {};
  state.explicitPolicy = Math.min(step(state.explicitPolicy), requireExplicitPolicy);
  state.policyMapping = Math.min(step(state.policyMapping), inhibitPolicyMapping);
  state.inhibitAnyPolicy = Math.min(step(state.inhibitAnyPolicy), extensions.inhibitAnyPolicy ?? Infinity);
}

function mapPolicies(state: State, mappings: readonly { readonly issuer: string; readonly subject: string }[]): void {
  const mapped = new Set(mappings.map(({ issuer }) => issuer));
  const { expected } = state;
  const kept = [...expected].filter((policy) => !mapped.has(policy));
  const reached = mappings.filter(({ issuer }) => expected.has(issuer) || expected.has(anyPolicy));
  state.expected = new Set(state.policyMapping > 0 ? [...kept, ...reached.map(({ subject }) => subject)] : kept);
}

// §6.1.5(a), (b)
function wrapUp(state: State, { extensions }: Certificate): void {
  state.explicitPolicy = Math.max(state.explicitPolicy - 1, 0);
  if (extensions.policyConstraints?.requireExplicitPolicy === 0) state.explicitPolicy = 0;
}
