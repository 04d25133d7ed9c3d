// Encoded messages over the road: who gets one, who may open it, and messages that are none.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { account, type Keys, type Road, testRoad } from '../../../test/road.ts';
import { rotate, seal } from '../../keyring.ts';
import { ensureAccount } from '../../root-account.ts';
import { allow, makeRole, policy, roleArn, trusts } from './rig.test.ts';

const header = 'x-anyrole-encoded-message';

/** A user with these policies' statements; gives the keys. */
async function user(road: Road, UserName: string, ...statements: Readonly<Record<string, unknown>>[]): Promise<Keys> {
  await road.query('iam', 'CreateUser', { UserName });
  const PolicyDocument = policy(...statements);
  await road.query('iam', 'PutUserPolicy', { UserName, PolicyName: 'own', PolicyDocument });
  const made = await road.query('iam', 'CreateAccessKey', { UserName });
  return { accessKeyId: made.text('AccessKeyId') ?? '', secretAccessKey: made.text('SecretAccessKey') ?? '' };
}

/** A denial of `ann`, who may list users from one address and must not get any. */
async function denied(action = 'ListUsers') {
  const road = await testRoad();
  const Condition = { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } };
  const guard = { Sid: 'Guard', Effect: 'Deny', Action: 'iam:GetUser', Resource: '*' };
  const ann = await user(road, 'ann', allow('iam:ListUsers', { Condition }), guard);
  const answer = await road.query('iam', action, {}, { keys: ann });
  return { road, ann, answer, message: answer.header(header) ?? '' };
}

const decode = (road: Road, EncodedMessage: string, keys?: Keys) =>
  road.query('sts', 'DecodeAuthorizationMessage', { EncodedMessage }, keys === undefined ? {} : { keys });

async function stranger({ world, now }: Road): Promise<Keys> {
  const rootKey = { accessKeyId: 'AKIASTRANGERSTRANGER', secretAccessKey: 'stranger'.repeat(5) };
  await ensureAccount({ ...world, now: now() }, { accountId: '999988887777', rootKey });
  return rootKey;
}

describe('a denial', () => {
  test('keeps the sentence, and comes with a message of one length', async () => {
    const [implicit, explicit] = [await denied(), await denied('GetUser')];
    assert.doesNotMatch(implicit.answer.message ?? '', /ncoded/);
    assert.ok(implicit.message.length > 0);
    assert.equal(implicit.message.length, explicit.message.length);
  });

  test('an implicit one is decoded to the request, its circumstances and what would have allowed it', async () => {
    const { road, message } = await denied();
    const answer = await decode(road, message);
    const { obstacles, context, ...said } = JSON.parse(answer.text('DecodedMessage') ?? '');
    assert.deepEqual(said, {
      allowed: false,
      explicitDeny: false,
      matchedStatements: { items: [] },
      failures: { items: [] },
    });
    assert.equal(context.action, 'iam:ListUsers');
    assert.equal(context.resource, `arn:aws:iam::${account}:user/`);
    assert.equal(context.principal.name, 'ann');
    assert.equal(context.principal.arn, `arn:aws:iam::${account}:user/ann`);
    const ip = context.conditions.items.find(({ key }: { key: string }) => key === 'aws:sourceip');
    assert.deepEqual(ip.values, { items: [{ value: '127.0.0.1' }] });
    assert.match(obstacles.items[0], /IpAddress aws:SourceIp 192\.0\.2\.0\/24, and the request has 127\.0\.0\.1/);
  });

  test('an explicit one names the statement', async () => {
    const { road, message } = await denied('GetUser');
    const decoded = JSON.parse((await decode(road, message)).text('DecodedMessage') ?? '');
    assert.equal(decoded.explicitDeny, true);
    const item = { statementId: 'Guard', effect: 'DENY', policy: 'user policy own', statementIndex: 1 };
    assert.deepEqual(decoded.matchedStatements, { items: [item] });
  });

  test('of a REST-JSON call comes with a message, too', async () => {
    const { road, ann } = await denied();
    const answer = await road.rest('GET', '/profiles', undefined, { keys: ann });
    assert.equal(answer.status, 403);
    assert.equal((await decode(road, answer.header(header) ?? '')).status, 200);
  });
});

describe('no message comes', () => {
  test('to a stranger, whose signature is none, or wrong', async () => {
    const { road, ann } = await denied();
    const unsigned = await road.query('iam', 'ListUsers', {}, { unsigned: true });
    const wrong = await road.query('iam', 'ListUsers', {}, { keys: { ...ann, secretAccessKey: 'x'.repeat(40) } });
    for (const answer of [unsigned, wrong]) {
      assert.equal(answer.status, 403);
      assert.equal(answer.header(header), undefined);
    }
  });

  test('with other refusals, nor with success', async () => {
    const { road } = await denied();
    assert.equal((await road.query('iam', 'GetUser', { UserName: 'nobody' })).header(header), undefined);
    assert.equal((await road.query('iam', 'ListUsers')).header(header), undefined);
  });
});

describe('a message is refused', () => {
  const invalid = async (road: Road, message: string, keys?: Keys) => {
    const answer = await decode(road, message, keys);
    assert.equal(answer.code, 'InvalidAuthorizationMessageException');
    assert.equal(answer.message, 'Message is not valid');
    assert.equal(answer.status, 400);
  };

  test('that is forged, cut, altered in any character, or of no alphabet', async () => {
    const { road, message } = await denied();
    const altered = [0, 10, message.length >> 1, message.length - 2].map(
      (at) => message.slice(0, at) + (message[at] === 'A' ? 'B' : 'A') + message.slice(at + 1),
    );
    for (const bad of ['x', 'A'.repeat(10_240), message.slice(1), message.slice(0, -4), `${message}\n`, ...altered]) {
      await invalid(road, bad);
    }
  });

  test('sealed for another purpose, or under a key that is gone', async () => {
    const { road, message } = await denied();
    const { world, now } = road;
    const plaintext = Buffer.from(`${account}/${'0'.repeat(36)}`);
    const other = seal(world.keyring, 'page token', plaintext, world.randomBytes(12));
    await invalid(road, Buffer.from(other).toString('base64url'));
    const rotated = rotate(world.keyring, world.randomBytes, now());
    const gone = seal(rotated, 'authorization message', plaintext, world.randomBytes(12));
    await invalid(road, Buffer.from(gone).toString('base64url'));
    assert.equal((await decode(road, message)).status, 200);
  });

  test("that is another account's, in the same words as one that never was", async () => {
    const { road, message } = await denied();
    await invalid(road, message, await stranger(road));
  });

  test('that names a request which is not kept, or which nobody denied', async () => {
    const { road } = await denied();
    const { world } = road;
    const allowed = await road.query('iam', 'ListUsers');
    const ids = [world.newId(), allowed.text('RequestId') ?? '', 'x', '', 'ffffffff-ffff-7fff-bfff-ffffffffffff'];
    for (const id of ids) {
      const plaintext = Buffer.from(`${account}/${id}`);
      const sealed = seal(world.keyring, 'authorization message', plaintext, world.randomBytes(12));
      await invalid(road, Buffer.from(sealed).toString('base64url'));
    }
  });

  test('from whoever may not decode, whose denial says so', async () => {
    const { road, ann, message } = await denied();
    const answer = await decode(road, message, ann);
    assert.equal(answer.code, 'AccessDenied');
    assert.match(answer.message ?? '', /not authorized to perform: sts:DecodeAuthorizationMessage on resource: \*/);
  });

  test('of 10,241 characters, by its length', async () => {
    const { road } = await denied();
    const answer = await decode(road, 'A'.repeat(10_241));
    assert.equal(answer.code, 'ValidationError');
    assert.match(answer.message ?? '', /length less than or equal to 10240/);
  });
});

test("another account's trust policy is not told to whom it denies", async () => {
  const road = await testRoad();
  const other = await stranger(road);
  const owner = '999988887777';
  const condition = { StringEquals: { 'sts:ExternalId': 'their-secret' } };
  await makeRole(road, 'Theirs', { trust: [trusts({ AWS: account }, 'sts:AssumeRole', condition)], keys: other });
  const ann = await user(road, 'ann', allow('sts:AssumeRole'));
  const asked = { RoleArn: roleArn('Theirs', owner), RoleSessionName: 'ann' };
  const answer = await road.query('sts', 'AssumeRole', asked, { keys: ann });
  assert.equal(answer.code, 'AccessDenied');
  assert.doesNotMatch(
    JSON.stringify([await road.events()].flat().filter((event) => event.recipientAccountId === account)),
    /their-secret/,
  );
  const decoded = (await decode(road, answer.header(header) ?? '')).text('DecodedMessage') ?? '';
  assert.match(decoded, /the role's trust policy must allow sts:AssumeRole/);
  assert.doesNotMatch(decoded, /their-secret/);
});

test('its own trust policy is told to an account', async () => {
  const road = await testRoad();
  const condition = { StringEquals: { 'sts:ExternalId': 'our-secret' } };
  await makeRole(road, 'Ours', { trust: [trusts({ AWS: account }, 'sts:AssumeRole', condition)] });
  const ann = await user(road, 'ann', allow('sts:AssumeRole'));
  const asked = { RoleArn: roleArn('Ours'), RoleSessionName: 'ann' };
  const answer = await road.query('sts', 'AssumeRole', asked, { keys: ann });
  const decoded = (await decode(road, answer.header(header) ?? '')).text('DecodedMessage') ?? '';
  assert.match(decoded, /StringEquals sts:ExternalId our-secret, and the request has none/);
});
