// Certificate policies along a path, with every input of RFC 5280. The valid policies are a graph, one level per certificate
// and at most one node per policy and level, as RFC 9618 has it: a tree of them can be made exponential, this is linear.
// Spec: RFC 5280 §6.1.1(c)–(g), §6.1.2(a), (d)–(f), §6.1.3(d)–(f), §6.1.4(a), (b), (h)–(j), §6.1.5(a), (b), (g); RFC 9618 §5.
import { type Certificate, isSelfIssued } from './certificate.ts';

/** The OID that stands for every policy. */
export const anyPolicy = '2.5.29.32.0';

/** What a relying party asks of policies; what is left out is the RFC's usual choice. Spec: RFC 5280 §6.1.1(c)–(g) */
export interface PolicyInputs {
  /** Dotted OIDs, one of which a path must be good for; not given, or with anyPolicy among them: any will do. */
  readonly userInitialPolicySet?: readonly string[];
  readonly initialPolicyMappingInhibit?: boolean;
  readonly initialExplicitPolicy?: boolean;
  readonly initialAnyPolicyInhibit?: boolean;
}

/** A certificate at which no policy is left, or that maps anyPolicy. */
export interface PolicyFailure {
  readonly certificate: Certificate;
  readonly rule: string;
  readonly detail: string;
}

/** Valid policies of one certificate, each with the policies that the next one may name for it. */
type Level = Map<string, ReadonlySet<string>>;

interface State {
  /** Anchor's side first. An empty last level is the NULL tree of the RFC. */
  readonly levels: Level[];
  explicitPolicy: number;
  policyMapping: number;
  inhibitAnyPolicy: number;
}

/**
 * Whether the policies of a path hold: undefined, or where they fail. `path` is leaf first, anchor last.
 * Ours: what the anchor's certificate itself says about policies is applied too, as RFC 5937 proposes.
 */
export function policyFailure(path: readonly Certificate[], inputs: PolicyInputs = {}): PolicyFailure | undefined {
  if (!inputs.initialExplicitPolicy && path.every(saysNothing)) return undefined;
  const [anchor, ...below] = [...path].reverse();
  const state = initialState(path.length, inputs);
  if (anchor) {
    if (anchor.extensions.certificatePolicies) takePolicies(state, anchor, true);
    prepareForNext(state, anchor, true);
  }
  for (const [at, certificate] of below.entries()) {
    const isLast = at === below.length - 1;
    takePolicies(state, certificate, !isLast && isSelfIssued(certificate));
    if (isLast) wrapUp(state, certificate);
    if (state.explicitPolicy === 0 && top(state).size === 0) {
      return { certificate, rule: 'RFC 5280 §6.1.3(f)', detail: 'a certificate policy is required and none is left' };
    }
    if (isLast) return state.explicitPolicy > 0 ? undefined : unwanted(state, certificate, inputs);
    if (mapsAnyPolicy(certificate)) {
      return { certificate, rule: 'RFC 5280 §6.1.4(a)', detail: 'policyMappings maps anyPolicy' };
    }
    prepareForNext(state, certificate, isSelfIssued(certificate));
  }
  return undefined;
}

/**
 * Whether a certificate is silent about policies. Where all are, none is required: explicit_policy begins above the number
 * of certificates, and each takes away 1 at most.
 */
function saysNothing({ extensions }: Certificate): boolean {
  return (
    extensions.certificatePolicies === undefined &&
    extensions.policyMappings === undefined &&
    extensions.policyConstraints === undefined &&
    extensions.inhibitAnyPolicy === undefined
  );
}

// §6.1.2(a), (d)–(f)
function initialState(certificates: number, inputs: PolicyInputs): State {
  const counter = (isInitial = false) => (isInitial ? 0 : certificates); // n + 1: the path without its anchor, and one
  return {
    levels: [new Map([[anyPolicy, new Set([anyPolicy])]])],
    explicitPolicy: counter(inputs.initialExplicitPolicy),
    policyMapping: counter(inputs.initialPolicyMappingInhibit),
    inhibitAnyPolicy: counter(inputs.initialAnyPolicyInhibit),
  };
}

function top({ levels }: State): Level {
  return levels.at(-1) ?? new Map();
}

/** What the nodes of a level expect of the next certificate. */
function expectedAfter(level: Level): ReadonlySet<string> {
  const expected = new Set<string>();
  for (const set of level.values()) for (const policy of set) expected.add(policy);
  return expected;
}

// §6.1.3(d), (e)
function takePolicies(state: State, certificate: Certificate, isExempt: boolean): void {
  const above = top(state);
  const expected = expectedAfter(above);
  const policies = new Set(certificate.extensions.certificatePolicies?.policies);
  const level: Level = new Map();
  for (const policy of policies) {
    if (policy !== anyPolicy && (expected.has(policy) || above.has(anyPolicy))) level.set(policy, new Set([policy]));
  }
  if (policies.has(anyPolicy) && (state.inhibitAnyPolicy > 0 || isExempt)) {
    for (const policy of expected) if (!level.has(policy)) level.set(policy, new Set([policy]));
  }
  state.levels.push(level);
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
  const level = top(state);
  for (const [issuer, group] of Map.groupBy(mappings, (mapping) => mapping.issuer)) {
    if (state.policyMapping === 0) level.delete(issuer);
    else if (level.has(issuer) || level.has(anyPolicy)) level.set(issuer, new Set(group.map(({ subject }) => subject)));
  }
}

// §6.1.5(a), (b)
function wrapUp(state: State, { extensions }: Certificate): void {
  state.explicitPolicy = Math.max(state.explicitPolicy - 1, 0);
  if (extensions.policyConstraints?.requireExplicitPolicy === 0) state.explicitPolicy = 0;
}

// §6.1.5(g)
function unwanted(state: State, certificate: Certificate, { userInitialPolicySet }: PolicyInputs) {
  if (!userInitialPolicySet || userInitialPolicySet.includes(anyPolicy)) return undefined;
  if (userInitialPolicySet.length > 0 && top(state).has(anyPolicy)) return undefined;
  const authorities = authorityPolicies(state.levels);
  if (userInitialPolicySet.some((policy) => authorities.has(policy))) return undefined;
  const detail = 'the path is good for none of the policies that are asked for';
  return { certificate, rule: 'RFC 5280 §6.1.5(g)', detail };
}

/**
 * The policies of the whole path in the words of its first CA: the nodes from which the last level is reached, and which
 * stand under anyPolicy. Spec: RFC 9618 §5.1: a node that none above expects is a child of anyPolicy.
 */
function authorityPolicies(levels: readonly Level[]): ReadonlySet<string> {
  const found = new Set<string>();
  let reaching = new Set(levels.at(-1)?.keys());
  for (const above of levels.slice(0, -1).reverse()) {
    const expected = expectedAfter(above);
    for (const policy of reaching) if (policy !== anyPolicy && !expected.has(policy)) found.add(policy);
    const isReaching = (set: ReadonlySet<string>) => set.values().some((policy) => reaching.has(policy));
    reaching = new Set([...above].filter(([, set]) => isReaching(set)).map(([policy]) => policy));
  }
  return found;
}
