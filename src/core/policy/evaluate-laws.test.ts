// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written so
// Laws of the evaluation, on generated policies: what must hold whatever the policies say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type PolicyKind, parsePolicy } from './document.ts';
import { evaluate, type NamedPolicy, type PolicySet } from './evaluate.ts';
import { contextOf, type PolicyRequest, type Principal } from './request.ts';

const ACCOUNT = '123456789012';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/Deploy`;
const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/Deploy/build`;
const session: Principal = { kind: 'assumedRole', arn: SESSION, account: ACCOUNT, roleArn: ROLE };
const USER = `arn:aws:iam::${ACCOUNT}:user/alice`;
const user: Principal = { kind: 'user', arn: USER, account: ACCOUNT };
const root: Principal = { kind: 'root', arn: `arn:aws:iam::${ACCOUNT}:root`, account: ACCOUNT };
const anywhere: Principal = { kind: 'service', service: 'rolesanywhere.amazonaws.com' };

type Document = Record<string, unknown>;

function policy(kind: PolicyKind, ...statements: Document[]): NamedPolicy {
  const result = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), kind);
  if (!result.ok) assert.fail(result.message);
  return { name: kind, policy: result.policy };
}

const identity = (...statements: Document[]): NamedPolicy => policy('identity', ...statements);
const denyAll = identity({ Effect: 'Deny', Action: '*', Resource: '*' });

const ask = (principal: Principal, resourceAccount = ACCOUNT): PolicyRequest => ({
  principal,
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::bucket/key',
  context: contextOf({}),
  resourceAccount,
});

const anyRule = {
  Effect: fc.constantFrom('Allow', 'Deny'),
  Action: fc.constantFrom('*', 's3:*', 's3:Get*', 'ec2:*'),
  Resource: fc.constantFrom('*', 'arn:aws:s3:::bucket/*', 'arn:aws:s3:::other', 'arn:aws:s3:::bucket/${aws:username}'),
};
const anyCondition = fc.constantFrom(
  { StringEquals: { 'aws:username': 'key' } },
  { StringNotEquals: { 'aws:username': 'key' } },
  { Null: { 'aws:username': 'true' } },
  { 'ForAllValues:StringLike': { 'aws:TagKeys': 'a*' } },
);
const anyStatement = fc.record(
  { ...anyRule, Condition: anyCondition },
  { requiredKeys: ['Effect', 'Action', 'Resource'] },
);
const anyPolicy = fc.array(anyStatement, { minLength: 1, maxLength: 4 }).map((statements) => identity(...statements));
const anyName = fc.constantFrom<unknown>(
  '*',
  { AWS: '*' },
  { AWS: ACCOUNT },
  { AWS: ROLE },
  { AWS: SESSION },
  { AWS: USER },
);
const anyGate = fc
  .array(fc.record({ ...anyRule, Principal: anyName }), { minLength: 1, maxLength: 3 })
  .map((statements) => policy('resource', ...statements));
const anySet: fc.Arbitrary<PolicySet> = fc.record(
  {
    identity: fc.array(anyPolicy, { maxLength: 3 }),
    permissionsBoundary: anyPolicy,
    session: fc.array(anyPolicy, { maxLength: 2 }),
    resource: anyGate,
  },
  { requiredKeys: ['identity'] },
);
const ELSEWHERE = '999999999999';
const anyContext = fc.constantFrom({}, { 'aws:username': 'key' }, { 'aws:username': 'x', 'aws:TagKeys': ['ab', 'c'] });
const anyRequest: fc.Arbitrary<PolicyRequest> = fc
  .tuple(
    fc.constantFrom(ask(user), ask(session), ask(root), ask(session, ELSEWHERE), ask(user, ELSEWHERE), ask(anywhere)),
    anyContext,
  )
  .map(([request, context]) => ({ ...request, context: contextOf(context) }));
const decide = (set: PolicySet, request: PolicyRequest): string => evaluate(set, request).decision;
const isAllowed = (set: PolicySet, request: PolicyRequest): boolean => decide(set, request) === 'allowed';
const many = { numRuns: 1000 };

test('law: a Deny that matches, put anywhere, is an explicit deny', () => {
  fc.assert(
    fc.property(anySet, anyRequest, fc.constantFrom('identity', 'boundary', 'session'), (set, request, place) => {
      const denied = {
        identity: { ...set, identity: [...set.identity, denyAll] },
        boundary: { ...set, permissionsBoundary: denyAll },
        session: { ...set, session: [...(set.session ?? []), denyAll] },
      }[place];
      assert.equal(evaluate(denied, request).decision, 'explicitDeny');
    }),
  );
});

test('law: without any policy nothing is allowed but to the root user at home', () => {
  fc.assert(
    fc.property(anyRequest, (request) => {
      const home = request.principal.kind === 'root' && request.resourceAccount === ACCOUNT;
      assert.equal(decide({ identity: [] }, request), home ? 'allowed' : 'implicitDeny');
    }),
  );
});

test('law: policies that only deny never allow, to anybody but the root user', () => {
  const denials = fc.array(anyStatement.map((statement) => identity({ ...statement, Effect: 'Deny' })));
  fc.assert(
    fc.property(denials, anyRequest, (policies, request) => {
      if (request.principal.kind !== 'root') assert.ok(!isAllowed({ identity: policies }, request));
    }),
  );
});

test('law: adding a Deny statement to any policy never allows more', () => {
  const gateDeny = (statement: Document): NamedPolicy =>
    policy('resource', { ...statement, Effect: 'Deny', Principal: '*' });
  fc.assert(
    fc.property(anySet, anyRequest, fc.record(anyRule), (set, request, statement) => {
      const deny = identity({ ...statement, Effect: 'Deny' });
      const joined = (one: NamedPolicy, other: NamedPolicy): NamedPolicy => ({
        name: one.name,
        policy: { ...one.policy, index: undefined, statements: [...one.policy.statements, ...other.policy.statements] },
      });
      const { permissionsBoundary, session: limits = [], resource } = set;
      const stricter: PolicySet[] = [
        { ...set, identity: [...set.identity, deny] },
        { ...set, session: [...limits, deny] },
        ...(permissionsBoundary ? [{ ...set, permissionsBoundary: joined(permissionsBoundary, deny) }] : []),
        ...(resource ? [{ ...set, resource: joined(resource, gateDeny(statement)) }] : []),
      ];
      for (const one of stricter) if (isAllowed(one, request)) assert.ok(isAllowed(set, request));
    }),
    many,
  );
});

test('law: a boundary or session policies never allow what would not be allowed without them', () => {
  fc.assert(
    fc.property(anySet, anyRequest, anyPolicy, (set, request, extra) => {
      const { permissionsBoundary: _, ...unbounded } = set;
      const { session: __, ...unlimited } = set;
      if (isAllowed({ ...unbounded, permissionsBoundary: extra }, request)) assert.ok(isAllowed(unbounded, request));
      if (isAllowed({ ...unlimited, session: [extra] }, request)) assert.ok(isAllowed(unlimited, request));
    }),
    many,
  );
});

/**
 * AWS doc: reference_policies_evaluation-logic_policy-eval-denyallow.html: in one account what a resource policy grants
 * to the user, the session or everyone themselves is not limited by an implicit deny elsewhere.
 */
function grantedItself(set: PolicySet, request: PolicyRequest): boolean {
  const { resource } = set;
  if (resource === undefined || request.resourceAccount !== ACCOUNT) return false;
  const direct = resource.policy.statements.filter(({ principal }) =>
    principal?.entries.some(
      (entry) => entry.kind === 'any' || (entry.kind === 'arn' && entry.arn === request.principal.arn),
    ),
  );
  const only = { name: 'direct', policy: { ...resource.policy, index: undefined, statements: direct } };
  const stranger: Principal = { ...request.principal, kind: 'user', account: ACCOUNT };
  return isAllowed({ identity: [], resource: only }, { ...request, principal: stranger });
}

test('law: a limit that allows nothing leaves only what the resource grants to the caller itself', () => {
  const nothing = identity({ Effect: 'Allow', Action: 'none:*', Resource: '*' });
  const limits = fc.constantFrom({ permissionsBoundary: nothing }, { session: [nothing] });
  const callers = anyRequest.filter(({ principal }) => principal.kind === 'user' || principal.kind === 'assumedRole');
  fc.assert(
    fc.property(anySet, callers, limits, (set, request, limit) => {
      const limited = { ...set, ...limit };
      if (decide(limited, request) === 'explicitDeny') return;
      assert.equal(isAllowed(limited, request), grantedItself(set, request));
    }),
    many,
  );
});

test('law: the order of policies and statements and white space do not matter', () => {
  const documents = fc.array(anyStatement, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(documents, anyRequest, fc.nat(8), (statements, request, indent) => {
      const text = JSON.stringify({ Statement: statements.toReversed(), Version: '2012-10-17' }, null, indent);
      const spaced = parsePolicy(` \n${text}\t`, 'identity');
      assert.ok(spaced.ok);
      const apart = statements.map((statement) => identity(statement)).toReversed();
      const { decision, because } = evaluate({ identity: [identity(...statements)] }, request);
      for (const other of [[{ name: 'spaced', policy: spaced.policy }], apart]) {
        const again = evaluate({ identity: other }, request);
        assert.deepEqual([again.decision, again.because], [decision, because]);
      }
    }),
    many,
  );
});

test('law: what is missing is missing: a denial names a part that does not allow, an allowance none', () => {
  fc.assert(
    fc.property(anySet, anyRequest, (set, request) => {
      const { decision, missing, decidedBy, nearMisses } = evaluate(set, request);
      if (decision === 'allowed') assert.deepEqual([missing, nearMisses], [[], []]);
      if (decision === 'implicitDeny') assert.ok(missing.length > 0 && decidedBy === undefined);
      if (decision === 'explicitDeny') assert.equal(decidedBy?.effect, 'Deny');
    }),
    many,
  );
});

test('law: no action, resource or context makes the evaluation throw', () => {
  const strange = fc.record({ action: fc.string(), resource: fc.string(), tag: fc.array(fc.string()) });
  const guarded = identity(
    { Effect: 'Allow', Action: '*', Resource: 'arn:aws:s3:::b/${aws:PrincipalTag/t}*' },
    {
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: { 'ForAnyValue:StringNotLike': { 'aws:PrincipalTag/t': '${aws:username}?' } },
    },
  );
  fc.assert(
    fc.property(strange, anyRequest, ({ action, resource, tag }, request) => {
      const asked = { ...request, action, resource, context: contextOf({ 'aws:PrincipalTag/t': tag }) };
      assert.match(evaluate({ identity: [guarded] }, asked).decision, /^(allowed|explicitDeny|implicitDeny)$/);
    }),
  );
});
