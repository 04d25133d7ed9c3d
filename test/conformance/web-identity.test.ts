// Clients that hold an identity token, as pods and workflows do: the AWS CLI, boto3 and SDK v3 against an issuer on this
// machine that is asked over HTTP, discovery and keys and all.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  InvalidIdentityTokenException,
  MalformedPolicyDocumentException,
  STSClient,
} from '@aws-sdk/client-sts';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { oidcProviderArn } from '../../src/services/iam/records.ts';
import { accountId, type ConformanceServer, conformanceServer, region } from './server.ts';
import { needs, python, run } from './tools.ts';

const roleArn = `arn:aws:iam::${accountId}:role/Pod`;
const session = `arn:aws:sts::${accountId}:assumed-role/Pod/app`;
const policy = (...Statement: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

describe('an identity token in a file', needs('python3', '-c', 'import boto3'), () => {
  let issuer: Server;
  let url: string;
  let server: ConformanceServer;
  let environment: ConformanceServer['environment'];
  let token: string;
  const asked: string[] = [];

  before(async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const keys = [{ ...(await exportJWK(publicKey)), kid: 'one' }];
    issuer = createServer(({ url: path = '' }, response) => {
      asked.push(path);
      const answers: Readonly<Record<string, object>> = {
        '/pods/.well-known/openid-configuration': { issuer: url, jwks_uri: `${url}/keys` },
        '/pods/keys': { keys },
      };
      response.writeHead(path in answers ? 200 : 404).end(JSON.stringify(answers[path]));
    });
    await new Promise<void>((resolve) => void issuer.listen(0, '127.0.0.1', resolve));
    // Listening on a TCP port guarantees the form of the address.
    url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/pods`;
    server = await conformanceServer({ settings: { allowLoopbackIssuers: true } });
    const issuerName = url.slice('http://'.length);
    await python(server, 'chain_of_roles', {
      issuers: [url],
      userPolicy: policy({ Effect: 'Allow', Action: 'sts:*', Resource: '*' }),
      roles: {
        Pod: {
          trust: policy({
            Effect: 'Allow',
            Principal: { Federated: oidcProviderArn(accountId, url) },
            Action: 'sts:AssumeRoleWithWebIdentity',
            Condition: { StringEquals: { [`${issuerName}:sub`]: 'system:serviceaccount:default:app' } },
          }),
          policy: policy({ Effect: 'Allow', Action: 'iam:ListRoles', Resource: '*' }),
        },
      },
    });
    token = await new SignJWT({ sub: 'system:serviceaccount:default:app' })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setIssuer(url)
      .setAudience(['sts.amazonaws.com'])
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(privateKey);
    const tokenFile = join(server.directory, 'token');
    writeFileSync(tokenFile, token);
    const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...without } = server.environment;
    environment = {
      ...without,
      AWS_ROLE_ARN: roleArn,
      AWS_ROLE_SESSION_NAME: 'app',
      AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
    };
  });
  after(async () => {
    await server?.[Symbol.asyncDispose]();
    issuer.closeAllConnections();
    issuer.close();
  });

  test('makes a session of the role for the AWS CLI', needs('aws', '--version'), async () => {
    const identity = await run('aws', ['sts', 'get-caller-identity', '--output', 'json'], { environment });
    assert.equal(identity.exitCode, 0, identity.stderr);
    assert.equal(JSON.parse(identity.stdout).Arn, session);
  });

  test('and for boto3, from keys that were fetched once', async () => {
    const script =
      'import boto3,json;print(json.dumps([boto3.client("sts").get_caller_identity()["Arn"],len(boto3.client("iam").list_roles()["Roles"])]))';
    const { exitCode, stdout, stderr } = await run('python3', ['-c', script], { environment });
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), [session, 1]);
    assert.deepEqual(asked, ['/pods/.well-known/openid-configuration', '/pods/keys']);
  });

  test('and for the AWS SDK v3, whose refusals have their classes', async () => {
    const asking = { RoleArn: roleArn, RoleSessionName: 'app', DurationSeconds: 900 };
    const sts = new STSClient({ endpoint: server.url, region });
    const assume = (WebIdentityToken: string, more = {}) =>
      sts.send(new AssumeRoleWithWebIdentityCommand({ ...asking, WebIdentityToken, ...more }));
    const { Credentials, Provider, Audience, SubjectFromWebIdentityToken: subject } = await assume(token);
    assert.deepEqual([Audience, subject], ['sts.amazonaws.com', 'system:serviceaccount:default:app']);
    assert.equal(Provider, oidcProviderArn(accountId, url));
    assert.ok(Credentials?.Expiration instanceof Date);
    const credentials = {
      accessKeyId: Credentials.AccessKeyId ?? '',
      secretAccessKey: Credentials.SecretAccessKey ?? '',
      sessionToken: Credentials.SessionToken ?? '',
    };
    const holder = new STSClient({ endpoint: server.url, region, credentials });
    assert.equal((await holder.send(new GetCallerIdentityCommand({}))).Arn, session);
    holder.destroy();
    const [head, body] = token.split('.');
    await assert.rejects(assume(`${head}.${body}.${'A'.repeat(342)}`), InvalidIdentityTokenException);
    await assert.rejects(assume(token, { Policy: '{' }), MalformedPolicyDocumentException);
    sts.destroy();
  });
});
