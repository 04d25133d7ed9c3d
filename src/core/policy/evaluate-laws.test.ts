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
const user: Principal = { kind: 'user', arn: `arn:aws:iam::${ACCOUNT}:user/alice`, account: ACCOUNT };
const root: Principal = { kind: 'root', arn: `arn:aws:iam::${ACCOUNT}:root`, account: ACCOUNT };
const anywhere: Principal = { kind: 'service', service: 'rolesanywhere.amazonaws.com' };

type Document = Record<string, unknown>;

function policy(kind: PolicyKind, ...statements: Document[]): NamedPolicy {
  const result = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), kind);
  if (!result.ok) assert.fail(result.message);
  return { name: kind, policy: result.policy };
}

const identity = (...statements: Document[]): NamedPolicy => policy('identity', ...statements);
const bucket = (Principal: unknown, Effect = 'Allow'): NamedPolicy =>
  policy('resource', { Effect, Principal, Action: 's3:*', Resource: '*' });
const denyAll = identity({ Effect: 'Deny', Action: '*', Resource: '*' });

const ask = (principal: Principal, resourceAccount = ACCOUNT): PolicyRequest => ({
  principal,
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::bucket/key',
  context: contextOf({}),
  resourceAccount,
});

const anyStatement = fc.record({
  Effect: fc.constantFrom('Allow', 'Deny'),
  Action: fc.constantFrom('*', 's3:*', 's3:Get*', 'ec2:*'),
  Resource: fc.constantFrom('*', 'arn:aws:s3:::bucket/*', 'arn:aws:s3:::other'),
});
const anyPolicy = fc.array(anyStatement, { minLength: 1, maxLength: 4 }).map((statements) => identity(...statements));
const anySet: fc.Arbitrary<PolicySet> = fc.record(
  {
    identity: fc.array(anyPolicy, { maxLength: 3 }),
    permissionsBoundary: anyPolicy,
    session: fc.array(anyPolicy, { maxLength: 2 }),
    resource: fc.constantFrom(
      bucket({ AWS: ACCOUNT }),
      bucket({ AWS: ROLE }),
      bucket({ AWS: SESSION }),
      bucket('*', 'Deny'),
    ),
  },
  { requiredKeys: ['identity'] },
);
const anyRequest = fc.constantFrom(ask(user), ask(session), ask(root), ask(session, '999999999999'), ask(anywhere));
const isAllowed = (set: PolicySet, request: PolicyRequest): boolean => evaluate(set, request).decision === 'allowed';

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

test('law: adding a Deny statement, a boundary or a first session policy never allows more', () => {
  fc.assert(
    fc.property(anySet, anyRequest, anyStatement, anyPolicy, (set, request, statement, extra) => {
      const deny = identity({ ...statement, Effect: 'Deny' });
      const { permissionsBoundary: _, ...unbounded } = set;
      const { session: __, ...unlimited } = set;
      if (isAllowed({ ...set, identity: [...set.identity, deny] }, request)) assert.ok(isAllowed(set, request));
      if (isAllowed({ ...unbounded, permissionsBoundary: extra }, request)) assert.ok(isAllowed(unbounded, request));
      if (isAllowed({ ...unlimited, session: [extra] }, request)) assert.ok(isAllowed(unlimited, request));
    }),
  );
});

test('law: the order of policies and statements and white space do not matter', () => {
  const documents = fc.array(anyStatement, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(documents, anyRequest, fc.nat(8), (statements, request, indent) => {
      const spaced = parsePolicy(JSON.stringify({ Statement: statements.toReversed() }, null, indent), 'identity');
      assert.ok(spaced.ok);
      const apart = statements.map((statement) => identity(statement)).toReversed();
      const { decision, because } = evaluate({ identity: [identity(...statements)] }, request);
      for (const other of [[{ name: 'spaced', policy: spaced.policy }], apart]) {
        const again = evaluate({ identity: other }, request);
        assert.deepEqual([again.decision, again.because], [decision, because]);
      }
    }),
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
