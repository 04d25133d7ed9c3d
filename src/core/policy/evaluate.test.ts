// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written so
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PolicyKind, parsePolicy } from './document.ts';
import { type Decision, evaluate, evaluateTrust, type NamedPolicy, type PolicySet } from './evaluate.ts';
import { contextOf, type PolicyRequest, type Principal } from './request.ts';

const ACCOUNT = '123456789012';
const OTHER = '999999999999';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/Deploy`;
const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/Deploy/build`;
const USER = `arn:aws:iam::${ACCOUNT}:user/alice`;
const session: Principal = { kind: 'assumedRole', arn: SESSION, account: ACCOUNT, roleArn: ROLE };
const user: Principal = { kind: 'user', arn: USER, account: ACCOUNT };
const root: Principal = { kind: 'root', arn: `arn:aws:iam::${ACCOUNT}:root`, account: ACCOUNT };
const anywhere: Principal = { kind: 'service', service: 'rolesanywhere.amazonaws.com' };

type Document = Record<string, unknown>;

function policy(kind: PolicyKind, ...statements: Document[]): NamedPolicy {
  const result = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), kind);
  if (!result.ok) assert.fail(result.message);
  return { name: `the ${kind} policy`, policy: result.policy };
}

const rule = (Effect: string, changes: Document = {}): Document => ({
  Effect,
  Action: 's3:*',
  Resource: '*',
  ...changes,
});
const identity = (...statements: Document[]): NamedPolicy => policy('identity', ...statements);
const bucket = (principal: unknown, effect = 'Allow'): NamedPolicy =>
  policy('resource', rule(effect, { Principal: principal }));

const allBut = (NotPrincipal: unknown): NamedPolicy => policy('resource', rule('Deny', { NotPrincipal }));

const allowAll = identity(rule('Allow'));
const allowNothing = identity(rule('Allow', { Action: 'ec2:*' }));
const denyAll = identity(rule('Deny', { Sid: 'Stop' }));

const ask = (principal: Principal, changes: Partial<PolicyRequest> = {}): PolicyRequest => ({
  principal,
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::bucket/key',
  context: contextOf({}),
  ...changes,
});

const away = { resourceAccount: OTHER };
const ROWS: readonly [string, PolicySet, PolicyRequest, Decision['because']][] = [
  ['an identity-based Allow allows', { identity: [allowAll] }, ask(user), 'allowedByIdentityBasedPolicy'],
  ['no policy at all does not allow', { identity: [] }, ask(user), 'noIdentityBasedPolicyAllows'],
  ['an Allow of something else does not allow', { identity: [allowNothing] }, ask(user), 'noIdentityBasedPolicyAllows'],
  ['a Deny beats an Allow', { identity: [allowAll, denyAll] }, ask(user), 'explicitDenyInIdentityBasedPolicy'],
  [
    'a boundary that does not allow limits',
    { identity: [allowAll], permissionsBoundary: allowNothing },
    ask(user),
    'noPermissionsBoundaryAllows',
  ],
  [
    'a boundary grants nothing by itself',
    { identity: [], permissionsBoundary: allowAll },
    ask(user),
    'noIdentityBasedPolicyAllows',
  ],
  [
    'a Deny in the boundary wins',
    { identity: [allowAll], permissionsBoundary: denyAll },
    ask(user),
    'explicitDenyInPermissionsBoundary',
  ],
  [
    'session policies that do not allow limit',
    { identity: [allowAll], session: [allowNothing, allowNothing] },
    ask(session),
    'noSessionPolicyAllows',
  ],
  [
    'one of several session policies is enough',
    { identity: [allowAll], session: [allowNothing, allowAll] },
    ask(session),
    'allowedByIdentityBasedPolicy',
  ],
  [
    'a session policy grants nothing by itself',
    { identity: [], session: [allowAll] },
    ask(session),
    'noIdentityBasedPolicyAllows',
  ],
  [
    'a Deny in a session policy wins',
    { identity: [allowAll], session: [allowAll, denyAll] },
    ask(session),
    'explicitDenyInSessionPolicy',
  ],
  [
    'a resource policy naming the user is enough, past boundary',
    { identity: [], permissionsBoundary: allowNothing, resource: bucket({ AWS: USER }) },
    ask(user),
    'allowedByResourceBasedPolicy',
  ],
  [
    'a resource policy naming the session is enough, past boundary and session policy',
    { identity: [], permissionsBoundary: allowNothing, session: [allowNothing], resource: bucket({ AWS: SESSION }) },
    ask(session),
    'allowedByResourceBasedPolicy',
  ],
  [
    'a resource policy naming the role is enough for its session',
    { identity: [], resource: bucket({ AWS: ROLE }) },
    ask(session),
    'allowedByResourceBasedPolicy',
  ],
  [
    'a resource policy naming the role is limited by session policies',
    { identity: [], session: [allowNothing], resource: bucket({ AWS: ROLE }) },
    ask(session),
    'noSessionPolicyAllows',
  ],
  [
    'a resource policy naming the role is limited by the boundary',
    { identity: [], permissionsBoundary: allowNothing, resource: bucket({ AWS: ROLE }) },
    ask(session),
    'noPermissionsBoundaryAllows',
  ],
  [
    'a resource policy naming the account leaves the decision to the account',
    { identity: [], resource: bucket({ AWS: ACCOUNT }) },
    ask(user),
    'noIdentityBasedPolicyAllows',
  ],
  [
    'a Deny in the resource policy wins',
    { identity: [allowAll], resource: bucket('*', 'Deny') },
    ask(user),
    'explicitDenyInResourceBasedPolicy',
  ],
  [
    'a resource policy naming another does not disturb',
    { identity: [allowAll], resource: bucket({ AWS: OTHER }) },
    ask(user),
    'allowedByIdentityBasedPolicy',
  ],
  [
    'across accounts the identity side alone is not enough',
    { identity: [allowAll] },
    ask(user, away),
    'noResourceBasedPolicyAllows',
  ],
  [
    'across accounts the resource side alone is not enough',
    { identity: [], resource: bucket({ AWS: USER }) },
    ask(user, away),
    'noIdentityBasedPolicyAllows',
  ],
  [
    'across accounts naming the role is not enough either',
    { identity: [], resource: bucket({ AWS: ROLE }) },
    ask(session, away),
    'noIdentityBasedPolicyAllows',
  ],
  [
    'across accounts both sides together allow',
    { identity: [allowAll], resource: bucket({ AWS: ACCOUNT }) },
    ask(user, away),
    'allowedByIdentityBasedPolicy',
  ],
  [
    'across accounts session policies still limit a named session',
    { identity: [allowAll], session: [allowNothing], resource: bucket({ AWS: SESSION }) },
    ask(session, away),
    'noSessionPolicyAllows',
  ],
  [
    'a caller of unknown account is a stranger to an owned resource',
    { identity: [allowAll] },
    ask({ kind: 'user' }, away),
    'noResourceBasedPolicyAllows',
  ],
  [
    'a Deny for all but the user denies the user, where the user has a boundary',
    { identity: [allowAll], permissionsBoundary: allowAll, resource: allBut({ AWS: [USER, ACCOUNT] }) },
    ask(user),
    'explicitDenyInResourceBasedPolicy',
  ],
  [
    'a Deny for all but the user does not deny the user without a boundary',
    { identity: [allowAll], resource: allBut({ AWS: [USER, ACCOUNT] }) },
    ask(user),
    'allowedByIdentityBasedPolicy',
  ],
  [
    'a Deny for all but a service does not deny the service, whatever boundary there is',
    {
      identity: [],
      permissionsBoundary: allowAll,
      resource: policy(
        'resource',
        rule('Deny', { NotPrincipal: { Service: 'rolesanywhere.amazonaws.com' } }),
        rule('Allow', { Principal: { Service: 'rolesanywhere.amazonaws.com' } }),
      ),
    },
    ask(anywhere),
    'allowedByResourceBasedPolicy',
  ],
  ['the root user needs no policy', { identity: [] }, ask(root), 'allowedByAccountRoot'],
  [
    'a Deny in a resource policy stops the root user',
    { identity: [], resource: bucket({ AWS: ACCOUNT }, 'Deny') },
    ask(root),
    'explicitDenyInResourceBasedPolicy',
  ],
  ['the root user has no power elsewhere', { identity: [] }, ask(root, away), 'noResourceBasedPolicyAllows'],
  [
    'an anonymous caller needs a resource policy',
    { identity: [allowAll] },
    ask({ kind: 'anonymous' }),
    'noResourceBasedPolicyAllows',
  ],
  [
    'a resource policy for everyone admits the anonymous',
    { identity: [], resource: bucket('*') },
    ask({ kind: 'anonymous' }),
    'allowedByResourceBasedPolicy',
  ],
  [
    'a service is judged by the resource policy alone',
    { identity: [], resource: bucket({ Service: 'rolesanywhere.amazonaws.com' }) },
    ask(anywhere, away),
    'allowedByResourceBasedPolicy',
  ],
];
for (const [title, set, request, because] of ROWS) {
  test(title, () => {
    const decision = evaluate(set, request);
    assert.equal(decision.because, because);
    const kind = because.startsWith('allowed')
      ? 'allowed'
      : because.startsWith('explicit')
        ? 'explicitDeny'
        : 'implicitDeny';
    assert.equal(decision.decision, kind);
  });
}

const allowed = (statement: Document, changes: Partial<PolicyRequest> = {}): boolean =>
  evaluate({ identity: [identity(statement)] }, ask(user, changes)).decision === 'allowed';

test('actions compare without regard to case, resources with it', () => {
  assert.equal(allowed(rule('Allow', { Action: 'S3:getobj?ct' })), true);
  assert.equal(allowed(rule('Allow', { Resource: 'arn:aws:s3:::bucket/*' })), true);
  assert.equal(allowed(rule('Allow', { Resource: 'arn:aws:s3:::Bucket/*' })), false);
  assert.equal(allowed(rule('Allow', { Action: 's3:GetObjects' })), false);
});

test('NotAction and NotResource apply to everything else', () => {
  assert.equal(allowed(rule('Allow', { Action: undefined, NotAction: 's3:Put*' })), true);
  assert.equal(allowed(rule('Allow', { Action: undefined, NotAction: ['ec2:*', 's3:Get*'] })), false);
  const except = (NotResource: string): Document => rule('Allow', { Resource: undefined, NotResource });
  assert.equal(allowed(except('arn:aws:s3:::other')), true);
  assert.equal(allowed(except('arn:aws:s3:::bucket/*')), false);
});

test('a variable without value in Resource matches nothing', () => {
  const home = rule('Allow', { Resource: 'arn:aws:s3:::bucket/${aws:username}' });
  assert.equal(allowed(home), false);
  assert.equal(allowed(home, { context: contextOf({ 'aws:username': 'key' }) }), true);
  assert.equal(allowed(home, { context: contextOf({ 'aws:username': '*' }) }), false);
});

test('a variable without value in NotResource stops an Allow and lets a Deny apply', () => {
  const except = { Resource: undefined, NotResource: 'arn:aws:s3:::bucket/${aws:username}' };
  assert.equal(allowed(rule('Allow', except)), false);
  const { because } = evaluate({ identity: [allowAll, identity(rule('Deny', except))] }, ask(user));
  assert.equal(because, 'explicitDenyInIdentityBasedPolicy');
});

test('a decision names the statement that decided', () => {
  const set = { identity: [allowAll, identity(rule('Allow', { Action: 'ec2:*' }), rule('Deny', { Sid: 'Stop' }))] };
  const decision = evaluate(set, ask(user));
  const stop = { kind: 'identity', policyName: 'the identity policy', statementIndex: 1, sid: 'Stop', effect: 'Deny' };
  assert.deepEqual(decision.decidedBy, stop);
  assert.equal(decision.matched.length, 2);
  assert.equal(evaluate({ identity: [] }, ask(user)).decidedBy, undefined);
});

test('a denial tells which conditions kept a statement from applying', () => {
  const near = rule('Allow', {
    Condition: {
      StringEquals: { 'aws:PrincipalTag/x509Subject/CN': 'build' },
      Bool: { 'aws:SecureTransport': 'true' },
    },
  });
  const context = contextOf({ 'aws:principaltag/x509subject/cn': 'test', 'aws:SecureTransport': 'true' });
  const far = rule('Allow', { Action: 'ec2:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } });
  const { nearMisses, decision } = evaluate({ identity: [identity(near, far)] }, ask(user, { context }));
  assert.equal(decision, 'implicitDeny');
  assert.equal(nearMisses.length, 1);
  const unmet = { operator: 'StringEquals', key: 'aws:PrincipalTag/x509Subject/CN', wanted: ['build'], met: ['test'] };
  assert.deepEqual(nearMisses[0]?.unmet, [unmet]);
});

const ANCHOR = `arn:aws:rolesanywhere:eu-west-1:${ACCOUNT}:trust-anchor/a`;
const trustOf = (...statements: Document[]): NamedPolicy => policy('trust', ...statements);
const trustAnywhere = trustOf({
  Effect: 'Allow',
  Principal: { Service: 'rolesanywhere.amazonaws.com' },
  Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
  Condition: { ArnEquals: { 'aws:SourceArn': ANCHOR } },
});
const assume = (principal: Principal, sourceArn = ANCHOR): PolicyRequest =>
  ask(principal, {
    action: 'sts:AssumeRole',
    resource: ROLE,
    resourceAccount: ACCOUNT,
    context: contextOf({ 'aws:SourceArn': sourceArn }),
  });
const mayAssume = identity(rule('Allow', { Action: 'sts:AssumeRole' }));
const trustUser = (effect = 'Allow'): NamedPolicy =>
  trustOf({ Effect: effect, Principal: { AWS: USER }, Action: 'sts:AssumeRole' });
const trustAccount = trustOf({ Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' });
const trustEverybody = trustOf({ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:*' });

test('a trust policy that names the service admits it, on its conditions', () => {
  assert.equal(evaluateTrust(trustAnywhere, assume(anywhere)).because, 'allowedByTrustPolicy');
  const refused = evaluateTrust(trustAnywhere, assume(anywhere, `${ANCHOR}b`));
  assert.equal(refused.because, 'noTrustPolicyAllows');
  assert.equal(refused.nearMisses[0]?.unmet[0]?.key, 'aws:SourceArn');
});

test('a trust policy does not admit other services, other actions, or a service by wildcard', () => {
  const other: Principal = { kind: 'service', service: 'ec2.amazonaws.com' };
  assert.equal(evaluateTrust(trustAnywhere, assume(other)).because, 'noTrustPolicyAllows');
  const web = { ...assume(anywhere), action: 'sts:AssumeRoleWithWebIdentity' };
  assert.equal(evaluateTrust(trustAnywhere, web).because, 'noTrustPolicyAllows');
  assert.equal(evaluateTrust(trustEverybody, assume(anywhere)).because, 'noTrustPolicyAllows');
});

test('a Deny in a trust policy wins over its Allow', () => {
  const trust = trustOf(
    { Effect: 'Allow', Principal: { Service: 'rolesanywhere.amazonaws.com' }, Action: 'sts:AssumeRole' },
    { Effect: 'Deny', Principal: '*', Action: 'sts:*', Condition: { ArnNotEquals: { 'aws:SourceArn': ANCHOR } } },
  );
  assert.equal(evaluateTrust(trust, assume(anywhere)).decision, 'allowed');
  assert.equal(evaluateTrust(trust, assume(anywhere, `${ANCHOR}b`)).because, 'explicitDenyInTrustPolicy');
});

for (const [title, trust, caller, because] of [
  ['naming the user is enough in one account', trustUser(), { identity: [] }, 'allowedByTrustPolicy'],
  ['trusting the account needs the user’s own policy', trustAccount, { identity: [] }, 'noIdentityBasedPolicyAllows'],
  ['account and user policy together admit', trustAccount, { identity: [mayAssume] }, 'allowedByIdentityBasedPolicy'],
  ['the user’s own policy is never enough', trustAnywhere, { identity: [mayAssume] }, 'noTrustPolicyAllows'],
  [
    'the user’s own Deny wins',
    trustUser(),
    { identity: [denyAll, identity(rule('Deny', { Action: '*' }))] },
    'explicitDenyInIdentityBasedPolicy',
  ],
  ['the trust policy’s Deny wins', trustUser('Deny'), { identity: [mayAssume] }, 'explicitDenyInTrustPolicy'],
] as const) {
  test(`for a user assuming a role, ${title}`, () => {
    assert.equal(evaluateTrust(trust, assume(user), caller).because, because);
  });
}

test('from another account both the trust policy and the caller’s policy must allow', () => {
  const stranger: Principal = { kind: 'user', arn: `arn:aws:iam::${OTHER}:user/eve`, account: OTHER };
  const trust = trustOf({
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${OTHER}:user/eve` },
    Action: 'sts:AssumeRole',
  });
  assert.equal(evaluateTrust(trust, assume(stranger), { identity: [] }).because, 'noIdentityBasedPolicyAllows');
  assert.equal(evaluateTrust(trust, assume(stranger), { identity: [mayAssume] }).decision, 'allowed');
  assert.equal(evaluateTrust(trustUser(), assume(stranger), { identity: [mayAssume] }).because, 'noTrustPolicyAllows');
});
