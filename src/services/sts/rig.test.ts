// What the tests of this folder share: roles, principals that assume them, and keys read off answers. Holds no test itself.
import assert from 'node:assert/strict';
import { type Answer, account, type Keys, type Road, testRoad } from '../../../test/road.ts';
import type { RoleClaims } from '../../core/session/claims.ts';
import { keysOf } from '../../gateway/session.test.ts';

export { account, keysOf };

type Statement = Readonly<Record<string, unknown>>;

/** A policy of these statements, as JSON text. */
export function policy(...Statement: readonly Statement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement });
}

export const allow = (Action: string | readonly string[], more: Statement = {}) => ({
  Effect: 'Allow',
  Action,
  Resource: '*',
  ...more,
});

/** A trust policy's statement: the account trusts these to do it. */
export const trusts = (
  Principal: unknown,
  Action: string | readonly string[] = 'sts:AssumeRole',
  Condition?: unknown,
) => ({ Effect: 'Allow', Principal, Action, ...(Condition === undefined ? {} : { Condition }) });

export const roleArn = (name: string, owner = account) => `arn:aws:iam::${owner}:role/${name}`;

type NewRole = {
  readonly trust?: readonly Statement[];
  readonly allows?: readonly Statement[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string | number>>;
  readonly keys?: Keys;
};

/** Makes a role; gives its id. By default it trusts its account and may do nothing. */
export async function makeRole(
  road: Road,
  RoleName: string,
  { trust = [trusts({ AWS: account })], allows = [], tags = {}, parameters = {}, keys }: NewRole = {},
): Promise<string> {
  const options = keys === undefined ? {} : { keys };
  const tagged = Object.entries(tags).flatMap(([key, value], at) => [
    [`Tags.member.${at + 1}.Key`, key],
    [`Tags.member.${at + 1}.Value`, value],
  ]);
  const made = await road.query(
    'iam',
    'CreateRole',
    { RoleName, AssumeRolePolicyDocument: policy(...trust), ...Object.fromEntries(tagged), ...parameters },
    options,
  );
  assert.equal(made.status, 200, made.body);
  if (allows.length > 0) {
    const PolicyDocument = policy(...allows);
    const put = await road.query('iam', 'PutRolePolicy', { RoleName, PolicyName: 'P', PolicyDocument }, options);
    assert.equal(put.status, 200, put.body);
  }
  return made.text('RoleId') ?? '';
}

/** Keys of a session of the role. */
export function roleKeys(road: Road, roleName: string, roleId: string, more: Partial<RoleClaims> = {}): Keys {
  const issuedAt = Math.floor(road.now().getTime() / 1000);
  return keysOf(road, {
    version: 2,
    kind: 'role',
    accessKeyId: 'ASIACALLERCALLERCALL',
    secretAccessKey: 'callercallercallercallercallercallercall',
    account,
    partition: 'aws',
    roleArn: roleArn(roleName, more.account),
    roleName,
    roleId,
    roleSessionName: 'caller',
    tags: {},
    transitiveTagKeys: [],
    policies: [],
    managedPolicyArns: [],
    issuedAt,
    expiresAt: issuedAt + 3600,
    issuedBy: 'sts:AssumeRole',
    ...more,
  });
}

/** A road with the role `Caller`, which may do everything, and keys of a session of it. */
export async function withCaller(more: Partial<RoleClaims> = {}, allows: readonly Statement[] = [allow('*')]) {
  const road = await testRoad();
  const roleId = await makeRole(road, 'Caller', { allows });
  return { road, roleId, caller: roleKeys(road, 'Caller', roleId, more) };
}

/** The keys that an answer gives. */
export function keysIn(answer: Answer): Keys {
  assert.equal(answer.status, 200, answer.body);
  return {
    accessKeyId: answer.text('AccessKeyId') ?? '',
    secretAccessKey: answer.text('SecretAccessKey') ?? '',
    sessionToken: answer.text('SessionToken') ?? '',
  };
}

/** Assumes the role `Target` as `keys`. */
export function assume(road: Road, keys: Keys, parameters: Readonly<Record<string, string | number>> = {}) {
  return road.query(
    'sts',
    'AssumeRole',
    { RoleArn: roleArn('Target'), RoleSessionName: 's1', ...parameters },
    { keys },
  );
}

/** `Tags.member.N…` of tags. */
export function tagParameters(tags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([key, value], at) => [
      [`Tags.member.${at + 1}.Key`, key],
      [`Tags.member.${at + 1}.Value`, value],
    ]),
  );
}
