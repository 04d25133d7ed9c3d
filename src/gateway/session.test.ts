// Keys of a role's session, sealed as the server seals them, for the tests of this folder. Holds no test itself.
import type { Keys, Road } from '../../test/road.ts';
import { account } from '../../test/road.ts';
import { encodeClaims, type RoleClaims, type SessionClaims } from '../core/session/claims.ts';
import { createKeyring, nonceBytes, seal } from '../keyring.ts';
import { purposes } from '../services/call.ts';

/** Makes the role `Web` with one inline policy of these statements; gives its claims for a session of an hour. */
export async function webSession(road: Road, statements: readonly object[] = []): Promise<RoleClaims> {
  const trust = policy([
    { Effect: 'Allow', Principal: { Service: 'rolesanywhere.amazonaws.com' }, Action: 'sts:AssumeRole' },
  ]);
  const role = await road.query('iam', 'CreateRole', { RoleName: 'Web', AssumeRolePolicyDocument: trust });
  if (statements.length > 0) {
    const PolicyDocument = policy(statements);
    await road.query('iam', 'PutRolePolicy', { RoleName: 'Web', PolicyName: 'P', PolicyDocument });
  }
  const issuedAt = Math.floor(road.now().getTime() / 1000);
  return {
    version: 2,
    kind: 'role',
    accessKeyId: 'ASIAWEBWEBWEBWEBWEBW',
    secretAccessKey: 'webwebwebwebwebwebwebwebwebwebwebwebwebw',
    account,
    partition: 'aws',
    roleArn: `arn:aws:iam::${account}:role/Web`,
    roleName: 'Web',
    roleId: role.text('RoleId') ?? '',
    roleSessionName: 's1',
    tags: {},
    transitiveTagKeys: [],
    policies: [],
    managedPolicyArns: [],
    issuedAt,
    expiresAt: issuedAt + 3600,
    issuedBy: 'rolesanywhere:CreateSession',
  };
}

/** The claims as keys; `foreign` seals them with another server's keyring. */
export function keysOf({ world }: Road, claims: SessionClaims, foreign = false): Keys {
  const keyring = foreign ? createKeyring(world.randomBytes, world.now()) : world.keyring;
  const token = seal(keyring, purposes.sessionToken, encodeClaims(claims), world.randomBytes(nonceBytes));
  const { accessKeyId, secretAccessKey } = claims;
  return { accessKeyId, secretAccessKey, sessionToken: Buffer.from(token).toString('base64') };
}

export function policy(statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}
