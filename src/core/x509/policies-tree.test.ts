// The policy graph against the valid policy tree of RFC 5280, written down here as the RFC words it: on small random paths
// both must say the same. The tree is exponential, which is why it is not what serves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CertificateOptions, der, makeCa, makeKeys, type RawExtension } from '../../../test/pki.ts';
import { type Certificate, isSelfIssued } from './certificate.ts';
import { anyPolicy, type PolicyInputs, policyFailure } from './policies.ts';

interface Node {
  readonly policy: string;
  expected: string[];
  readonly parent: Node | undefined;
  readonly depth: number;
}

/** §6.1.2 to §6.1.5 for a path whose anchor says nothing of policies; true when it is good for the inputs. */
function treeHolds(path: readonly Certificate[], inputs: PolicyInputs): boolean {
  const certificates = [...path].reverse().slice(1);
  const n = certificates.length;
  let nodes: Node[] = [{ policy: anyPolicy, expected: [anyPolicy], parent: undefined, depth: 0 }];
  let explicit = inputs.initialExplicitPolicy ? 0 : n + 1;
  let mapping = inputs.initialPolicyMappingInhibit ? 0 : n + 1;
  let inhibitAny = inputs.initialAnyPolicyInhibit ? 0 : n + 1;
  const at = (depth: number) => nodes.filter((node) => node.depth === depth);
  const prune = (below: number) => {
    for (let depth = below; depth >= 0; depth--)
      nodes = nodes.filter((node) => node.depth !== depth || nodes.some(({ parent }) => parent === node));
  };
  for (const [index, certificate] of certificates.entries()) {
    const i = index + 1;
    const { certificatePolicies, policyMappings = [], policyConstraints, inhibitAnyPolicy } = certificate.extensions;
    const selfIssued = isSelfIssued(certificate);
    const add = (parent: Node, policy: string) => nodes.push({ policy, expected: [policy], parent, depth: i });
    if (certificatePolicies && nodes.length > 0) {
      for (const policy of certificatePolicies.policies.filter((one) => one !== anyPolicy)) {
        const parents = at(i - 1).filter(({ expected }) => expected.includes(policy));
        if (parents.length > 0) for (const parent of parents) add(parent, policy);
        else for (const parent of at(i - 1).filter((node) => node.policy === anyPolicy)) add(parent, policy);
      }
      if (certificatePolicies.policies.includes(anyPolicy) && (inhibitAny > 0 || (i < n && selfIssued))) {
        for (const parent of at(i - 1))
          for (const policy of parent.expected)
            if (!nodes.some((node) => node.parent === parent && node.policy === policy)) add(parent, policy);
      }
      prune(i - 1);
    } else nodes = [];
    if (explicit === 0 && nodes.length === 0) return false;
    if (i === n) {
      if (explicit > 0) explicit--;
      if (policyConstraints?.requireExplicitPolicy === 0) explicit = 0;
      break;
    }
    if (policyMappings.some(({ issuer, subject }) => issuer === anyPolicy || subject === anyPolicy)) return false;
    for (const issuer of new Set(policyMappings.map((pair) => pair.issuer))) {
      const subjects = policyMappings.filter((pair) => pair.issuer === issuer).map((pair) => pair.subject);
      const mapped = at(i).filter(({ policy }) => policy === issuer);
      if (mapping > 0) {
        for (const node of mapped) node.expected = subjects;
        const any = at(i).find(({ policy }) => policy === anyPolicy);
        if (mapped.length === 0 && any?.parent)
          nodes.push({ policy: issuer, expected: subjects, parent: any.parent, depth: i });
      } else {
        nodes = nodes.filter((node) => !mapped.includes(node));
        prune(i - 1);
      }
    }
    if (!selfIssued) {
      if (explicit > 0) explicit--;
      if (mapping > 0) mapping--;
      if (inhibitAny > 0) inhibitAny--;
    }
    explicit = Math.min(explicit, policyConstraints?.requireExplicitPolicy ?? explicit);
    mapping = Math.min(mapping, policyConstraints?.inhibitPolicyMapping ?? mapping);
    inhibitAny = Math.min(inhibitAny, inhibitAnyPolicy ?? inhibitAny);
  }
  const wanted = inputs.userInitialPolicySet;
  if (wanted && !wanted.includes(anyPolicy)) {
    const doomed = nodes.filter(
      ({ parent, policy }) => parent?.policy === anyPolicy && policy !== anyPolicy && !wanted.includes(policy),
    );
    const isUnder = (node: Node | undefined): boolean =>
      node !== undefined && (doomed.includes(node) || isUnder(node.parent));
    const any = at(n).find(({ policy }) => policy === anyPolicy);
    nodes = nodes.filter((node) => !isUnder(node));
    if (any && wanted.length === 0) nodes = nodes.filter((node) => node !== any);
    prune(n - 1);
  }
  return explicit > 0 || nodes.length > 0;
}

/** Deterministic: a failing path fails again. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const names = ['1.2.1', '1.2.2', '1.2.3'];
const keys = makeKeys('p256');

function extensionsBy(pick: (below: number) => number, isCa: boolean): RawExtension[] {
  const policies = [...names, anyPolicy].filter(() => pick(2) === 0);
  const pair = () => der.sequence(...[0, 1].map(() => der.oid(names[pick(names.length)] ?? '')));
  const some = (value: Uint8Array[]) => der.sequence(...value);
  const counter = (tag: number) => (pick(4) === 0 ? [der.tlv(tag, new Uint8Array([pick(3)]))] : []);
  const constraints = [...counter(0x80), ...counter(0x81)];
  const pairs = isCa ? Array.from({ length: pick(4) }, pair) : [];
  return [
    ...(policies.length > 0
      ? [{ oid: '2.5.29.32', value: some(policies.map((one) => der.sequence(der.oid(one)))) }]
      : []),
    ...(pairs.length > 0 ? [{ oid: '2.5.29.33', value: some(pairs) }] : []),
    ...(constraints.length > 0 ? [{ oid: '2.5.29.36', value: some(constraints) }] : []),
    ...(isCa && pick(4) === 0 ? [{ oid: '2.5.29.54', value: der.integer(pick(3)) }] : []),
  ];
}

test('the graph says what the tree says', () => {
  const pick = numbers(20260101);
  const answers = { true: 0, false: 0 };
  for (let round = 0; round < 300; round++) {
    let issuer = makeCa({ subject: 'CN=0', keys });
    const path = [issuer.certificate];
    for (let depth = 1 + pick(3); depth > 0; depth--) {
      const subject = pick(4) === 0 ? `CN=${path.length - 1}` : `CN=${path.length}`;
      const options: CertificateOptions = { subject, keys, extensions: extensionsBy(pick, true) };
      issuer = issuer.issueCa(options);
      path.unshift(issuer.certificate);
    }
    path.unshift(issuer.issue({ keys, extensions: extensionsBy(pick, false) }).certificate);
    for (let asked = 0; asked < 4; asked++) {
      const inputs: PolicyInputs = {
        ...(pick(2) === 0 ? { userInitialPolicySet: names.filter(() => pick(2) === 0) } : {}),
        initialExplicitPolicy: pick(3) === 0,
        initialPolicyMappingInhibit: pick(4) === 0,
        initialAnyPolicyInhibit: pick(4) === 0,
      };
      const holds = policyFailure(path, inputs) === undefined;
      assert.equal(holds, treeHolds(path, inputs), `round ${round}, ${JSON.stringify(inputs)}`);
      answers[`${holds}`]++;
    }
  }
  assert.ok(answers.true > 100 && answers.false > 100, JSON.stringify(answers));
});
