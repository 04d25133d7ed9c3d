import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CertificateOptions, der, makeCa, type RawExtension } from '../../../test/pki.ts';
import { type PolicyInputs, policyFailure } from './policies.ts';

const policies = (...oids: string[]): RawExtension => ({
  oid: '2.5.29.32',
  value: der.sequence(...oids.map((oid) => der.sequence(der.oid(oid)))),
});
const maps = (...pairs: [string, string][]): RawExtension => ({
  oid: '2.5.29.33',
  value: der.sequence(...pairs.map(([from, to]) => der.sequence(der.oid(from), der.oid(to)))),
});
const constraints = (requireExplicit?: number, inhibitMapping?: number): RawExtension => ({
  oid: '2.5.29.36',
  value: der.sequence(
    ...(requireExplicit === undefined ? [] : [der.tlv(0x80, new Uint8Array([requireExplicit]))]),
    ...(inhibitMapping === undefined ? [] : [der.tlv(0x81, new Uint8Array([inhibitMapping]))]),
  ),
});
const inhibitAny = (skip: number): RawExtension => ({ oid: '2.5.29.54', value: der.integer(skip) });
const any = '2.5.29.32.0';
const [a, b, c] = ['1.2.1', '1.2.2', '1.2.3'];

/** Whether the policies hold in a path root, CA, leaf (and a second CA) with these extensions. */
function holds(
  root: RawExtension[],
  intermediate: RawExtension[],
  leaf: RawExtension[],
  second?: CertificateOptions,
): boolean {
  const anchor = makeCa({ subject: 'CN=Root', extensions: root });
  const ca = anchor.issueCa({ subject: 'CN=CA', extensions: intermediate });
  const lower = second ? ca.issueCa({ subject: 'CN=CA 2', ...second }) : undefined;
  const end = (lower ?? ca).issue({ extensions: leaf });
  return (
    policyFailure([end, ...(lower ? [lower] : []), ca, anchor].map(({ certificate }) => certificate)) === undefined
  );
}

test('without constraints policies may be anything', () => {
  assert.ok(holds([], [], []));
  assert.ok(holds([], [policies(a)], [policies(b)]));
  assert.ok(holds([], [policies(a)], []));
});

test('an explicit policy must run through the whole path', () => {
  assert.ok(holds([], [constraints(0), policies(a)], [policies(a, b)]));
  assert.ok(holds([], [constraints(0), policies(any)], [policies(b)]));
  assert.ok(holds([], [constraints(0), policies(a)], [policies(any)]));
  assert.equal(holds([], [constraints(0), policies(a)], [policies(b)]), false);
  assert.equal(holds([], [constraints(0), policies(a)], []), false);
  assert.equal(holds([], [constraints(0)], [policies(a)]), false);
});

test('an explicit policy may be required later, and by the leaf itself', () => {
  assert.ok(holds([], [constraints(2)], []));
  assert.equal(holds([], [constraints(1)], []), false);
  assert.equal(holds([], [], [constraints(0)]), false);
  assert.ok(holds([], [policies(a)], [constraints(0), policies(a)]));
});

test('a mapped policy goes on under its new name', () => {
  const ca = [constraints(0), policies(a), maps([a, b])];
  assert.ok(holds([], ca, [policies(b)]));
  assert.equal(holds([], ca, [policies(a)]), false);
  assert.equal(
    holds([], [constraints(0, 0), policies(a), maps([a, b])], [policies(b)], { extensions: [policies(b)] }),
    true,
  );
  assert.equal(
    holds([], [constraints(0, 0), policies(a)], [policies(b)], { extensions: [policies(a), maps([a, b])] }),
    false,
  );
  assert.equal(holds([], [constraints(0), policies(a), maps([c, b])], [policies(b)]), false);
});

test('anyPolicy must not be mapped', () => {
  assert.equal(holds([], [policies(any), maps([any, a])], [policies(a)]), false);
  assert.equal(holds([], [policies(a), maps([a, any])], [policies(a)]), false);
});

test('anyPolicy stops counting when it is inhibited', () => {
  assert.equal(holds([], [constraints(0), policies(a), inhibitAny(0)], [policies(any)]), false);
  assert.ok(holds([], [constraints(0), policies(a), inhibitAny(1)], [policies(any)]));
  assert.equal(
    holds([], [constraints(0), policies(a), inhibitAny(1)], [policies(any)], { extensions: [policies(any)] }),
    false,
  );
});

test('a self-issued CA uses up no count', () => {
  const ca = [constraints(0), policies(a), inhibitAny(0)];
  assert.ok(holds([], ca, [policies(a)], { subject: 'CN=CA', extensions: [policies(any)] }));
  assert.equal(holds([], ca, [policies(a)], { extensions: [policies(any)] }), false);
});

test('what the anchor says about policies counts', () => {
  assert.equal(holds([constraints(0)], [], []), false);
  assert.ok(holds([constraints(0)], [policies(a)], [policies(a)]));
  assert.equal(holds([constraints(0), policies(b)], [policies(a)], [policies(a)]), false);
});

/** Whether the policies of root, CA and leaf hold under these inputs. */
function holdsFor(inputs: PolicyInputs, intermediate: RawExtension[], leaf: RawExtension[], root: RawExtension[] = []) {
  const anchor = makeCa({ subject: 'CN=Root', extensions: root });
  const ca = anchor.issueCa({ subject: 'CN=CA', extensions: intermediate });
  const path = [ca.issue({ extensions: leaf }), ca, anchor].map(({ certificate }) => certificate);
  return policyFailure(path, inputs) === undefined;
}

const wanting = (...userInitialPolicySet: string[]) => ({ userInitialPolicySet, initialExplicitPolicy: true });

test('a path must be good for a policy that is asked for, once one is required', () => {
  assert.ok(holdsFor(wanting(a), [policies(a, b)], [policies(a)]));
  assert.ok(holdsFor(wanting(c, a), [policies(a)], [policies(a)]));
  assert.ok(holdsFor(wanting(any), [policies(a)], [policies(a)]));
  assert.equal(holdsFor(wanting(b), [policies(a, b)], [policies(a)]), false);
  assert.equal(holdsFor(wanting(b), [policies(a)], [policies(a)]), false);
  assert.equal(holdsFor(wanting(), [policies(a)], [policies(a)]), false);
  assert.ok(holdsFor({ userInitialPolicySet: [b] }, [policies(a)], [policies(a)]), 'none is required');
  assert.equal(holdsFor({ userInitialPolicySet: [b] }, [policies(a), constraints(0)], [policies(a)]), false);
  assert.equal(holdsFor({ userInitialPolicySet: [b] }, [policies(a)], [policies(a), constraints(0)]), false);
});

test('anyPolicy is good for whatever is asked for', () => {
  assert.ok(holdsFor(wanting(a), [policies(any)], [policies(any)]));
  assert.ok(holdsFor(wanting(a), [policies(any)], [policies(a)]));
  assert.ok(holdsFor(wanting(a), [policies(a)], [policies(any)]));
  assert.equal(holdsFor(wanting(a), [policies(any)], [policies(b)]), false);
  assert.equal(holdsFor(wanting(a), [policies(b)], [policies(any)]), false);
});

test('a policy is asked for in the words of the first CA, not in those it was mapped to', () => {
  const mapped = [policies(a), maps([a, b])];
  assert.ok(holdsFor(wanting(a), mapped, [policies(b)]));
  assert.equal(holdsFor(wanting(b), mapped, [policies(b)]), false);
  assert.ok(holdsFor(wanting(a), [policies(any), maps([a, b])], [policies(b)]));
  const both = [policies(a, c), maps([a, b], [c, b])];
  assert.ok(holdsFor(wanting(c), both, [policies(b)]));
  // What was mapped leads nowhere: only the other one is left.
  const half = [policies(a, c), maps([a, b])];
  assert.equal(holdsFor(wanting(a), half, [policies(c)]), false);
  assert.ok(holdsFor(wanting(c), half, [policies(c)]));
  // Under anyPolicy the second certificate is the first to name it.
  assert.ok(holdsFor(wanting(b), [policies(any)], [policies(b)]));
});

test('an explicit policy may be required, and mapping and anyPolicy be inhibited, from the start', () => {
  assert.equal(holdsFor({ initialExplicitPolicy: true }, [], []), false);
  assert.ok(holdsFor({ initialExplicitPolicy: true }, [policies(a)], [policies(a)]));
  const inhibit = { initialPolicyMappingInhibit: true, initialExplicitPolicy: true };
  assert.equal(holdsFor(inhibit, [policies(a), maps([a, b])], [policies(b)]), false);
  assert.ok(holdsFor(inhibit, [policies(a, c), maps([a, b])], [policies(c)]));
  const noAny = { initialAnyPolicyInhibit: true, initialExplicitPolicy: true };
  assert.equal(holdsFor(noAny, [policies(any)], [policies(a)]), false);
  assert.equal(holdsFor(noAny, [policies(a)], [policies(any)]), false);
  assert.ok(holdsFor(noAny, [policies(a)], [policies(a)]));
});

test("what the anchor's certificate says bounds what may be asked for", () => {
  assert.ok(holdsFor(wanting(a), [policies(a, b)], [policies(a, b)], [policies(a)]));
  assert.equal(holdsFor(wanting(b), [policies(a, b)], [policies(a, b)], [policies(a)]), false);
  assert.ok(holdsFor(wanting(b), [policies(a, b)], [policies(a, b)], [policies(any)]));
});

test('hundreds of policies, each mapped to all at every level, cost what they weigh', () => {
  const many = Array.from({ length: 40 }, (_, at) => `1.2.${at}`);
  const all = maps(...many.flatMap((from) => many.map((to): [string, string] => [from, to])));
  const extensions = [policies(...many), all];
  let issuer = makeCa({ subject: 'CN=Root' });
  const path = [issuer];
  for (let at = 0; at < 20; at++) {
    issuer = issuer.issueCa({ subject: `CN=${at}`, extensions });
    path.unshift(issuer);
  }
  const certificates = [issuer.issue({ extensions: [policies('1.2.7')] }), ...path].map((one) => one.certificate);
  const started = performance.now();
  assert.equal(policyFailure(certificates, wanting('1.2.3')), undefined);
  assert.notEqual(policyFailure(certificates, wanting('1.3')), undefined);
  assert.ok(performance.now() - started < 2000);
});
