import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CertificateOptions, der, makeCa, type RawExtension } from '../../../test/pki.ts';
import { policyFailure } from './policies.ts';

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
