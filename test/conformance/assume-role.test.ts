// Profiles of the AWS CLI and of boto3 that assume one role after another: a user's key in one file, two roles in the other,
// and no word about the server but its address.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { accountId, type ConformanceServer, conformanceServer, region } from './server.ts';
import { kindOf, needs, python, run } from './tools.ts';

const arnOf = (name: string) => `arn:aws:iam::${accountId}:role/${name}`;
const policy = (...Statement: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const actions = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'];
const listing = { Effect: 'Allow', Action: 'iam:ListRoles', Resource: '*' };

describe('a chain of roles', needs('python3', '-c', 'import boto3'), () => {
  let server: ConformanceServer;
  let user: { readonly AccessKeyId: string; readonly SecretAccessKey: string };
  let environment: ConformanceServer['environment'];

  before(async () => {
    server = await conformanceServer();
    user = await python(server, 'chain_of_roles', {
      userPolicy: policy({ Effect: 'Allow', Action: ['sts:*', 'iam:ListRoles'], Resource: '*' }),
      roles: {
        First: {
          trust: policy({ Effect: 'Allow', Principal: { AWS: accountId }, Action: actions }),
          policy: policy(listing, { Effect: 'Allow', Action: actions, Resource: arnOf('Second') }),
        },
        Second: {
          trust: policy({
            Effect: 'Allow',
            Principal: { AWS: arnOf('First') },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'sts:ExternalId': 'Example987' } },
          }),
          policy: policy(listing),
        },
      },
    });
    const config = join(server.directory, 'config');
    const credentials = join(server.directory, 'credentials');
    writeFileSync(
      config,
      [
        '[profile first]',
        `role_arn = ${arnOf('First')}`,
        'source_profile = user',
        'role_session_name = one',
        '[profile second]',
        `role_arn = ${arnOf('Second')}`,
        'source_profile = first',
        'role_session_name = two',
        'external_id = Example987',
        'duration_seconds = 900',
        '[profile stranger]',
        `role_arn = ${arnOf('Second')}`,
        'source_profile = first',
        'external_id = other',
        '',
      ].join('\n'),
    );
    writeFileSync(
      credentials,
      `[user]\naws_access_key_id = ${user.AccessKeyId}\naws_secret_access_key = ${user.SecretAccessKey}\n`,
    );
    const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...without } = server.environment;
    environment = {
      ...without,
      AWS_REGION: region,
      AWS_CONFIG_FILE: config,
      AWS_SHARED_CREDENTIALS_FILE: credentials,
    };
  });
  after(() => server[Symbol.asyncDispose]());

  test('is walked by the AWS CLI', needs('aws', '--version'), async () => {
    const aws = (...args: readonly string[]) => run('aws', [...args, '--output', 'json'], { environment });
    const identity = await aws('sts', 'get-caller-identity', '--profile', 'second');
    assert.equal(identity.exitCode, 0, identity.stderr);
    assert.equal(JSON.parse(identity.stdout).Arn, `arn:aws:sts::${accountId}:assumed-role/Second/two`);
    const stranger = await aws('sts', 'get-caller-identity', '--profile', 'stranger');
    assert.notEqual(stranger.exitCode, 0);
    assert.match(
      stranger.stderr,
      /\(AccessDenied\) when calling the AssumeRole operation: User: arn:aws:sts::\d{12}:assumed-role\/First\/one is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::\d{12}:role\/Second/,
    );
  });

  test('is walked by boto3, which sees every kind of session and every class of error', async () => {
    const { AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE } = environment;
    // The root key stays in the environment; profiles come from the files.
    const files = { ...server.environment, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE };
    const seen = await python({ ...server, environment: files }, 'boto3_assume_role', {
      user,
      first: arnOf('First'),
      second: arnOf('Second'),
      policy: policy(listing),
    });
    const sts = `arn:aws:sts::${accountId}`;
    assert.equal(seen.chained, `${sts}:assumed-role/Second/two`);
    assert.deepEqual(seen.roles, ['First', 'Second']);
    assert.match(seen.denied.message, /because no identity-based policy allows the iam:ListUsers action$/);
    assert.equal(seen.sessionToken, `arn:aws:iam::${accountId}:user/chain`);
    assert.deepEqual(seen.federated, [`${sts}:federated-user/bob`, `${sts}:federated-user/bob`]);
    assert.deepEqual(seen.tagged, ['alice', 2, `${sts}:assumed-role/First/tagged`]);
    assert.equal(seen.account, accountId);
    assert.equal(kindOf(seen.untrusted), 'ClientError AccessDenied 403');
    assert.equal(seen.root.message, 'Roles may not be assumed by root accounts.');
    assert.equal(kindOf(seen.tooLong), 'ClientError ValidationError 400');
    assert.equal(kindOf(seen.malformed), 'MalformedPolicyDocumentException MalformedPolicyDocument 400');
    assert.equal(kindOf(seen.badToken), 'InvalidIdentityTokenException InvalidIdentityToken 400');
  });
});
