// What a session token carries comes back as it went in, and only of the version that is known.
import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeClaims, encodeClaims, type RoleClaims } from './claims.ts';

const claims: RoleClaims = {
  version: 2,
  kind: 'role',
  accessKeyId: 'ASIAABCDEFGHIJKLMNOP',
  secretAccessKey: 's'.repeat(40),
  account: '123456789012',
  partition: 'aws',
  roleArn: 'arn:aws:iam::123456789012:role/path/app',
  roleName: 'app',
  roleId: 'AROAABCDEFGHIJKLMNOPQ',
  roleSessionName: '0123',
  sourceIdentity: 'CN=client',
  tags: { 'x509Subject/CN': 'Größe 東京' },
  transitiveTagKeys: [],
  policies: ['{"Version":"2012-10-17","Statement":[]}'],
  managedPolicyArns: [],
  issuedAt: 1_795_348_800,
  expiresAt: 1_795_352_400,
  issuedBy: 'rolesanywhere:CreateSession',
};

test('claims come back as they went in', () => {
  assert.deepEqual(decodeClaims(encodeClaims(claims)), claims);
});

test('a source identity that is absent stays absent', () => {
  const { sourceIdentity: _left, ...without } = claims;
  const decoded = decodeClaims(encodeClaims(without));
  assert.deepEqual(decoded, without);
  assert.equal(decoded !== undefined && 'sourceIdentity' in decoded, false);
});

test('claims of version 1 are a session of a role without transitive tags', () => {
  const { kind: _kind, transitiveTagKeys: _keys, ...before } = claims;
  assert.deepEqual(decodeClaims(Buffer.from(JSON.stringify({ ...before, version: 1 }))), claims);
});

for (const version of [0, 3, '2', undefined, null]) {
  test(`claims of version ${JSON.stringify(version)} are not read`, () => {
    assert.equal(decodeClaims(Buffer.from(JSON.stringify({ ...claims, version }))), undefined);
  });
}
