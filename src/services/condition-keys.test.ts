// Which global condition keys are there, by kind of caller, and with which values: a table.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RoleClaims } from '../core/session/claims.ts';
import type { Caller, CertificateHolder } from './call.ts';
import { callerKeys, overlaid, passingKeys, requestKeys } from './condition-keys.ts';

const account = '123456789012';
const issued = {
  version: 2,
  accessKeyId: 'ASIA',
  secretAccessKey: '',
  account,
  partition: 'aws',
  issuedAt: 1_795_348_800,
  expiresAt: 1_795_352_400,
  issuedBy: 'sts:AssumeRole',
} as const;
const user = { userName: 'alice', userId: 'AIDAALICE', userArn: `arn:aws:iam::${account}:user/p/alice` };
const roleSession: RoleClaims = {
  ...issued,
  kind: 'role',
  roleArn: `arn:aws:iam::${account}:role/p/Web`,
  roleName: 'Web',
  roleId: 'AROAWEB',
  roleSessionName: 's1',
  tags: {},
  transitiveTagKeys: [],
  policies: [],
  managedPolicyArns: [],
};
const root = {
  kind: 'root',
  account,
  arn: `arn:aws:iam::${account}:root`,
  userId: account,
  accessKeyId: 'AKIA',
} as const;
const alice = {
  kind: 'user',
  account,
  arn: user.userArn,
  userId: user.userId,
  userName: 'alice',
  accessKeyId: 'AKIA',
} as const;
const web = {
  kind: 'assumedRole',
  account,
  arn: `arn:aws:sts::${account}:assumed-role/Web/s1`,
  userId: 'AROAWEB:s1',
  accessKeyId: 'ASIA',
  session: roleSession,
} as const;
const webIdentity = {
  provider: `arn:aws:iam::${account}:oidc-provider/issuer.example/a`,
  issuer: 'issuer.example/a',
  audience: 'app',
  subject: 'repo:x',
};
const callers: Readonly<Record<string, Caller>> = {
  stranger: { kind: 'stranger' },
  // The kind alone is read.
  certificate: { kind: 'certificate' } as CertificateHolder,
  root,
  'root session': { ...root, session: { ...issued, kind: 'root', sourceAccessKeyId: 'AKIA' } },
  user: alice,
  'user session': { ...alice, session: { ...issued, ...user, kind: 'user', sourceAccessKeyId: 'AKIA' } },
  'role session': web,
  'role session with a source': { ...web, session: { ...roleSession, sourceIdentity: 'CN=client' } },
  'role session of a web identity': { ...web, session: { ...roleSession, webIdentity } },
  'federated user': {
    kind: 'federatedUser',
    account,
    arn: `arn:aws:sts::${account}:federated-user/bob`,
    userId: `${account}:bob`,
    accessKeyId: 'ASIA',
    session: {
      ...issued,
      kind: 'federatedUser',
      name: 'bob',
      sourceAccessKeyId: 'AKIA',
      user,
      tags: {},
      policies: [],
      managedPolicyArns: [],
    },
  },
};

const sessions = [
  'root session',
  'user session',
  'role session',
  'role session with a source',
  'role session of a web identity',
  'federated user',
];
const signers = ['root', 'user', ...sessions];
const roles = sessions.filter((name) => name.startsWith('role'));
const given = (names: readonly string[], value: string) => Object.fromEntries(names.map((name) => [name, value]));

/** By key: its value for each caller who has it; absent for all others. */
const table: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'aws:PrincipalAccount': given(signers, account),
  'aws:PrincipalArn': {
    ...given(['root', 'root session'], root.arn),
    ...given(['user', 'user session'], user.userArn),
    ...given(roles, roleSession.roleArn),
    'federated user': `arn:aws:sts::${account}:federated-user/bob`,
  },
  'aws:PrincipalType': {
    ...given(['stranger', 'certificate'], 'Anonymous'),
    ...given(['root', 'root session'], 'Account'),
    ...given(['user', 'user session'], 'User'),
    ...given(roles, 'AssumedRole'),
    'federated user': 'FederatedUser',
  },
  'aws:userid': {
    ...given(['stranger', 'certificate'], 'anonymous'),
    ...given(['root', 'root session'], account),
    ...given(['user', 'user session'], 'AIDAALICE'),
    ...given(roles, 'AROAWEB:s1'),
    'federated user': `${account}:bob`,
  },
  'aws:username': given(['user', 'user session'], 'alice'),
  'aws:PrincipalIsAWSService': given(signers, 'false'),
  'aws:PrincipalTag/team': given(signers, 'x'),
  'aws:MultiFactorAuthPresent': given(sessions, 'false'),
  'aws:MultiFactorAuthAge': {},
  'aws:TokenIssueTime': given(sessions, '2026-11-22T12:00:00.000Z'),
  'aws:SourceIdentity': { 'role session with a source': 'CN=client' },
  'aws:FederatedProvider': { 'role session of a web identity': webIdentity.provider },
  'issuer.example/a:aud': { 'role session of a web identity': 'app' },
  'issuer.example/a:sub': { 'role session of a web identity': 'repo:x' },
  'aws:PrincipalServiceName': {},
  'aws:SourceArn': {},
  'aws:SourceAccount': {},
  'aws:PrincipalOrgID': {},
};

for (const [name, caller] of Object.entries(callers)) {
  describe(`the keys of a ${name}`, () => {
    const keys = callerKeys(caller, { team: 'x' });
    for (const [key, values] of Object.entries(table)) {
      test(`${key}: ${values[name] ?? 'absent'}`, () => assert.equal(keys[key], values[name]));
    }
    test('are these alone', () => {
      const present = Object.keys(keys).filter((key) => keys[key] !== undefined);
      assert.deepEqual(
        present.filter((key) => !(key in table)),
        [],
      );
    });
  });
}

test('the keys of the request are the same for everybody', () => {
  const now = new Date('2026-11-22T12:00:00.250Z');
  const origin = { ip: '192.0.2.1', userAgent: 'test', secure: true, referer: 'https://a.example/' };
  assert.deepEqual(requestKeys({ now, origin, region: 'eu-central-1' }), {
    'aws:CurrentTime': '2026-11-22T12:00:00.250Z',
    'aws:EpochTime': '1795348800',
    'aws:Referer': 'https://a.example/',
    'aws:RequestedRegion': 'eu-central-1',
    'aws:SecureTransport': 'true',
    'aws:SourceIp': '192.0.2.1',
    'aws:UserAgent': 'test',
    'aws:ViaAWSService': 'false',
  });
  const { referer: _referer, ...without } = origin;
  assert.equal(requestKeys({ now, origin: without, region: 'eu-central-1' })['aws:Referer'], undefined);
});

test('tags put over others take their place in any case', () => {
  assert.deepEqual(overlaid({ team: 'role', site: 'role' }, { Team: 'session', more: 'm' }), {
    Team: 'session',
    site: 'role',
    more: 'm',
  });
});

test('every key that a request brings by itself passes with it, but the Region and that no service is between', () => {
  const origin = { ip: '127.0.0.1', userAgent: 'test', secure: false, referer: 'https://example.com' };
  const brought = requestKeys({ now: new Date(0), origin, region: 'eu-central-1' });
  const lasting = Object.keys(brought).filter((key) => !passingKeys.has(key.toLowerCase()));
  assert.deepEqual(lasting, ['aws:RequestedRegion', 'aws:ViaAWSService']);
});
