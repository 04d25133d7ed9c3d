// AWS SDK for JavaScript v3 on STS: sessions of users and roles, what they carry, and the classes of the refusals.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  ListRolesCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  type Credentials,
  DecodeAuthorizationMessageCommand,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetFederationTokenCommand,
  GetSessionTokenCommand,
  InvalidAuthorizationMessageException,
  MalformedPolicyDocumentException,
  PackedPolicyTooLargeException,
  STSClient,
} from '@aws-sdk/client-sts';
import { accountId, type ConformanceServer, conformanceServer, region, rootKey } from './server.ts';

const policy = (...Statement: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const allow = (...Action: readonly string[]) => ({ Effect: 'Allow', Action, Resource: '*' });
const RoleArn = `arn:aws:iam::${accountId}:role/target`;

/** Credentials of STS as a client takes them. */
const held = (credentials: Credentials | undefined) => ({
  accessKeyId: credentials?.AccessKeyId ?? '',
  secretAccessKey: credentials?.SecretAccessKey ?? '',
  sessionToken: credentials?.SessionToken ?? '',
});

describe('AWS SDK for JavaScript v3 on STS', () => {
  let server: ConformanceServer;
  let sts: STSClient;
  let userKeyId = '';
  const iamOf = (credentials: ReturnType<typeof held> | typeof rootKey) =>
    new IAMClient({ endpoint: server.url, region, credentials, maxAttempts: 1 });
  const stsOf = (credentials: ReturnType<typeof held> | typeof rootKey) =>
    new STSClient({ endpoint: server.url, region, credentials, maxAttempts: 1 });
  const assume = (more: Partial<AssumeRoleCommandInput> = {}) =>
    sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'sdk', ...more }));
  const whoIs = async (credentials: Credentials | undefined) => {
    const client = stsOf(held(credentials));
    const { Arn } = await client.send(new GetCallerIdentityCommand({}));
    client.destroy();
    return Arn;
  };

  before(async () => {
    server = await conformanceServer();
    const root = iamOf(rootKey);
    await root.send(new CreateUserCommand({ UserName: 'ada' }));
    const mayAll = policy(allow('sts:*', 'iam:ListRoles'));
    await root.send(new PutUserPolicyCommand({ UserName: 'ada', PolicyName: 'p', PolicyDocument: mayAll }));
    const Action = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'];
    const trust = policy({
      ...{ Effect: 'Allow', Action, Principal: { AWS: accountId } },
      Condition: { StringEquals: { 'sts:ExternalId': 'door-7' } },
    });
    await root.send(new CreateRoleCommand({ RoleName: 'target', AssumeRolePolicyDocument: trust }));
    const mayList = policy(allow('iam:ListRoles'));
    await root.send(new PutRolePolicyCommand({ RoleName: 'target', PolicyName: 'p', PolicyDocument: mayList }));
    const { AccessKey } = await root.send(new CreateAccessKeyCommand({ UserName: 'ada' }));
    root.destroy();
    userKeyId = AccessKey?.AccessKeyId ?? '';
    sts = stsOf({ accessKeyId: userKeyId, secretAccessKey: AccessKey?.SecretAccessKey ?? '' });
  });
  after(async () => {
    sts.destroy();
    await server[Symbol.asyncDispose]();
  });

  test('AssumeRole gives a session of the role, as it was asked, and the session may what the role may', async () => {
    const answer = await assume({
      ...{ ExternalId: 'door-7', DurationSeconds: 900, SourceIdentity: 'ada' },
      ...{ Tags: [{ Key: 'team', Value: 'pki' }], TransitiveTagKeys: ['team'] },
    });
    const Arn = `arn:aws:sts::${accountId}:assumed-role/target/sdk`;
    assert.equal(answer.AssumedRoleUser?.Arn, Arn);
    assert.equal(answer.SourceIdentity, 'ada');
    assert.ok((answer.PackedPolicySize ?? 0) > 0);
    assert.ok(answer.Credentials?.Expiration instanceof Date);
    assert.equal(await whoIs(answer.Credentials), Arn);
    const iam = iamOf(held(answer.Credentials));
    const { Roles } = await iam.send(new ListRolesCommand({}));
    iam.destroy();
    assert.deepEqual(
      Roles?.map(({ RoleName }) => RoleName),
      ['target'],
    );
  });

  test('a user has sessions of its own, and gives them to others by a name', async () => {
    const own = await sts.send(new GetSessionTokenCommand({ DurationSeconds: 900 }));
    assert.equal(await whoIs(own.Credentials), `arn:aws:iam::${accountId}:user/ada`);
    const given = await sts.send(new GetFederationTokenCommand({ Name: 'guest', Policy: policy(allow('s3:*')) }));
    assert.equal(given.FederatedUser?.Arn, `arn:aws:sts::${accountId}:federated-user/guest`);
    assert.equal(await whoIs(given.Credentials), given.FederatedUser?.Arn);
    const { Account } = await sts.send(new GetAccessKeyInfoCommand({ AccessKeyId: userKeyId }));
    assert.equal(Account, accountId);
  });

  test('refusals have their classes', async () => {
    await assert.rejects(assume({ ExternalId: 'other' }), { name: 'AccessDenied' });
    await assert.rejects(assume({ ExternalId: 'door-7', Policy: '{' }), MalformedPolicyDocumentException);
    const Resource = Array.from({ length: 60 }, (_, index) => `arn:aws:s3:::bucket-${index}-${'k'.repeat(14)}/*`);
    const Tags = Array.from({ length: 50 }, (_, index) => ({ Key: `${index}`.repeat(60), Value: 'v'.repeat(250) }));
    const large = assume({ ExternalId: 'door-7', Policy: policy({ Effect: 'Allow', Action: 's3:*', Resource }), Tags });
    await assert.rejects(large, PackedPolicyTooLargeException);
    const EncodedMessage = 'nobody-wrote-this';
    await assert.rejects(
      sts.send(new DecodeAuthorizationMessageCommand({ EncodedMessage })),
      InvalidAuthorizationMessageException,
    );
  });
});
