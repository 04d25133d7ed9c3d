import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from './json.ts';
import { type Grant, principalGrant, readPrincipals } from './principal.ts';
import { contextOf, type Principal } from './request.ts';

const ACCOUNT = '123456789012';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/path/Deploy`;
const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/Deploy/build-7`;
const USER = `arn:aws:iam::${ACCOUNT}:user/alice`;
const PROVIDER = `arn:aws:iam::${ACCOUNT}:saml-provider/corp`;
const FEDERATED_USER = `arn:aws:sts::${ACCOUNT}:federated-user/bob`;

const session: Principal = { kind: 'assumedRole', arn: SESSION, account: ACCOUNT, roleArn: ROLE };
const user: Principal = { kind: 'user', arn: USER, account: ACCOUNT };
const root: Principal = { kind: 'root', arn: `arn:aws:iam::${ACCOUNT}:root`, account: ACCOUNT };
const service: Principal = { kind: 'service', service: 'rolesanywhere.amazonaws.com' };
const anonymous: Principal = { kind: 'anonymous' };
const provider: Principal = { kind: 'federated', arn: PROVIDER, account: ACCOUNT };
const federatedUser: Principal = { kind: 'federated', arn: FEDERATED_USER, account: ACCOUNT };

function grant(element: Json, principal: Principal, { effect = 'Allow' as 'Allow' | 'Deny', not = false } = {}): Grant {
  const read = readPrincipals(element);
  assert.ok(read.ok);
  const facts = { context: contextOf({ 'aws:userid': 'AROAEXAMPLEEXAMPLE:build-7' }) };
  return principalGrant({ negated: not, entries: read.entries }, principal, effect, facts);
}

const CASES: readonly [string, Json, Principal, Grant][] = [
  ['* names a user', '*', user, 'direct'],
  ['* names the anonymous', { AWS: '*' }, anonymous, 'direct'],
  ['an account trusts its users', { AWS: ACCOUNT }, user, 'account'],
  ['an account root ARN trusts its sessions', { AWS: `arn:aws:iam::${ACCOUNT}:root` }, session, 'account'],
  ['an account names its root directly', { AWS: ACCOUNT }, root, 'direct'],
  ['an account trusts its federated users', { AWS: ACCOUNT }, federatedUser, 'account'],
  ['a user ARN names the user', { AWS: ['arn:aws:iam::999999999999:user/x', USER] }, user, 'direct'],
  ['a role ARN names its sessions as role', { AWS: ROLE }, session, 'role'],
  ['a role ARN names the role', { AWS: ROLE }, { kind: 'role', arn: ROLE, account: ACCOUNT }, 'role'],
  ['a session ARN names the session', { AWS: SESSION }, session, 'direct'],
  ['a role id names its sessions', { AWS: 'AROAEXAMPLEEXAMPLE' }, session, 'role'],
  ['a federated-user ARN names the session', { AWS: FEDERATED_USER }, federatedUser, 'direct'],
  [
    'the ARN of the user who federated names the session as a role does',
    { AWS: USER },
    { ...federatedUser, userArn: USER },
    'role',
  ],
  ['a service is named', { Service: ['ec2.amazonaws.com', 'rolesanywhere.amazonaws.com'] }, service, 'direct'],
  ['a provider is named', { Federated: PROVIDER }, provider, 'direct'],
  ['the strongest naming counts', { AWS: [ACCOUNT, SESSION] }, session, 'direct'],
  ['an Allow for * does not name a service', '*', service, 'none'],
  ['an Allow for AWS * does not name a provider', { AWS: '*' }, provider, 'none'],
  ['another account names nobody here', { AWS: '999999999999' }, user, 'none'],
  ['an account does not name a service', { AWS: ACCOUNT }, { ...service, account: ACCOUNT }, 'none'],
  ['an account does not name a provider of its own', { AWS: ACCOUNT }, provider, 'none'],
  ['a user ARN differs in case', { AWS: USER.replace('alice', 'Alice') }, user, 'none'],
  ['a role ARN does not name a user', { AWS: ROLE }, user, 'none'],
  ['a role ARN without its path names nobody', { AWS: ROLE.replace('path/', '') }, session, 'none'],
  ['another session is not named', { AWS: `${SESSION}1` }, session, 'none'],
  ['another role id is not named', { AWS: 'AROAEXAMPLEEXAMPLF' }, session, 'none'],
  ['another service is not named', { Service: 'ec2.amazonaws.com' }, service, 'none'],
  ['a service name does not name a user', { Service: 'rolesanywhere.amazonaws.com' }, user, 'none'],
  ['a provider ARN does not name a user with that ARN', { Federated: PROVIDER }, { ...user, arn: PROVIDER }, 'none'],
  ['a canonical user names nobody', { CanonicalUser: 'a'.repeat(64) }, user, 'none'],
];
for (const [title, element, principal, expected] of CASES) {
  test(title, () => assert.equal(grant(element, principal), expected));
}

test('a Deny for * names services and providers too', () => {
  for (const one of [service, provider, user, anonymous]) assert.equal(grant('*', one, { effect: 'Deny' }), 'direct');
});

test('NotPrincipal names whoever is not listed', () => {
  assert.equal(grant({ AWS: USER }, user, { not: true, effect: 'Deny' }), 'none');
  assert.equal(grant({ AWS: ROLE }, session, { not: true, effect: 'Deny' }), 'none');
  assert.equal(grant({ AWS: USER }, session, { not: true, effect: 'Deny' }), 'direct');
  assert.equal(grant({ AWS: USER }, service, { not: true, effect: 'Deny' }), 'direct');
  assert.equal(grant({ AWS: USER }, service, { not: true }), 'none');
  assert.equal(grant('*', user, { not: true, effect: 'Deny' }), 'none');
});

const MALFORMED: readonly [Json, string | undefined][] = [
  ['arn:aws:iam::123456789012:user/x', '"STATIC":"arn:aws:iam::123456789012:user/x"'],
  [{ AWS: 'arn:aws:iam::123456789012:user/*' }, '"AWS":"arn:aws:iam::123456789012:user/*"'],
  [{ AWS: 'arn:aws:iam::123456789012:*' }, '"AWS":"arn:aws:iam::123456789012:*"'],
  [{ AWS: '12345678901' }, '"AWS":"12345678901"'],
  [{ AWS: 'arn:aws:iam::12345:root' }, '"AWS":"arn:aws:iam::12345:root"'],
  [{ AWS: 'arn:aws:iam::123456789012:group/x' }, '"AWS":"arn:aws:iam::123456789012:group/x"'],
  [{ AWS: '' }, '"AWS":""'],
  [{ Service: '*' }, '"SERVICE":"*"'],
  [{ Service: 'lambda' }, '"SERVICE":"lambda"'],
  [{ Service: 'LAMBDA.amazonaws.com' }, '"SERVICE":"LAMBDA.amazonaws.com"'],
  [{ Federated: '*' }, '"FEDERATED":"*"'],
  [{ CanonicalUser: 'abc' }, '"CANONICALUSER":"abc"'],
  [{}, undefined],
  [[], undefined],
  [['*'], undefined],
  [null, undefined],
  [7, undefined],
  [{ AWS: [] }, undefined],
  [{ AWS: [7] }, undefined],
  [{ AWS: { x: '*' } }, undefined],
  [{ aws: '*' }, undefined],
  [{ constructor: '*' }, undefined],
];
for (const [element, value] of MALFORMED) {
  test(`${JSON.stringify(element)} is refused as a principal`, () => {
    const read = readPrincipals(element);
    assert.equal(read.ok, false);
    assert.equal(!read.ok && read.value, value);
  });
}
