// One CreateSession: what is sent, what an answer must hold, what is asked again, and what a person is told.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSession } from './create-session.ts';
import { RolesAnywhereError } from './errors.ts';
import type { RolesAnywhereOptions } from './options.ts';
import {
  answering,
  answerOf,
  arns,
  ca,
  credentials,
  goodOptions,
  leaf,
  now,
  scripted,
  stillWorld,
  success,
} from './rig.test.ts';

async function refusalOf(options: RolesAnywhereOptions): Promise<RolesAnywhereError> {
  const outcome = await createSession(options).catch((error) => error);
  assert.ok(outcome instanceof RolesAnywhereError, String(outcome));
  for (const secret of [credentials.secretAccessKey, credentials.sessionToken, 'PRIVATE KEY'])
    assert.ok(!outcome.message.includes(secret));
  return outcome;
}

test('a session is the credentials and what the server told of them', async () => {
  await using server = await scripted(success);
  const session = await createSession({ ...goodOptions(server.url), roleSessionName: 'me', durationSeconds: 900 });
  assert.deepEqual(session, {
    ...credentials,
    expiration: new Date(credentials.expiration),
    expirationText: credentials.expiration,
    roleArn: arns.roleArn,
    accountId: '123456789012',
    region: 'eu-central-1',
    assumedRoleArn: 'arn:aws:sts::123456789012:assumed-role/Worker/0123',
    assumedRoleId: 'AROA:0123',
    subjectArn: 'arn',
    packedPolicySize: 7,
  });
  const [request] = server.asked;
  assert.equal(request?.body, '{"durationSeconds":900,"roleSessionName":"me"}');
  assert.match(
    request?.headers.authorization ?? '',
    /^AWS4-X509-ECDSA-SHA256 Credential=\d+\/20260601\/eu-central-1\/rolesanywhere/,
  );
});

test('an endpoint may have a path, which signatures do not see', async () => {
  await using server = await scripted(success);
  await createSession(goodOptions(`${server.url}/some/prefix/`));
  assert.match(server.asked[0]?.url ?? '', /^\/some\/prefix\/sessions\?profileArn=arn%3Aaws%3A/);
});

describe('what an answer lacks is named, and is no credential', () => {
  const cut = answerOf().slice(0, 60);
  for (const [what, body] of [
    ['is no JSON object', ''],
    ['is no JSON object', '<html>'],
    ['is no JSON object', cut],
    ['is no JSON object', '[]'],
    ['has no credentialSet', '{}'],
    ['has no credentialSet', '{"credentialSet":[]}'],
    ['has no credentialSet', '{"credentialSet":[null]}'],
    ['has no credentials', '{"credentialSet":[{}]}'],
    ...Object.keys(credentials).map((name) => [
      `lacks credentials.${name}`,
      answerOf({ ...credentials, [name]: undefined }),
    ]),
    ...Object.keys(credentials).map((name) => [
      `has a credentials.${name} of another form`,
      answerOf({ ...credentials, [name]: '' }),
    ]),
    ...Object.keys(credentials).map((name) => [
      `has a credentials.${name} of another form`,
      answerOf({ ...credentials, [name]: 17 }),
    ]),
    ['has a credentials.expiration of another form', answerOf({ ...credentials, expiration: '0001-13-41T00:00:00Z' })],
    ['has a credentials.secretAccessKey of another form', answerOf({ ...credentials, secretAccessKey: 'a\nb' })],
  ] as const) {
    test(`${what}: ${body?.slice(0, 40)}`, async () => {
      await using server = await scripted(answering(201, body ?? ''));
      const error = await refusalOf(goodOptions(server.url));
      assert.equal(error.code, 'UnusableAnswer');
      assert.ok(error.message.includes(`answer ${what}`), error.message);
      assert.equal(server.asked.length, 1);
    });
  }

  test('a session that is over before it comes', async () => {
    await using server = await scripted(
      answering(201, answerOf({ ...credentials, expiration: '2026-06-01T12:00:00Z' })),
    );
    assert.match(
      (await refusalOf(goodOptions(server.url))).message,
      /expired at .*; look whether the clock here is right$/,
    );
  });
});

describe('asking again', () => {
  const throttled = answering(429, '{"message":"slow down"}', { 'x-amzn-errortype': 'ThrottlingException' });
  const broken = answering(500, '<html>');
  const cutOff = (response: import('node:http').ServerResponse) => {
    response.writeHead(201, { 'content-length': '500' });
    response.write('{"credentialSet":');
    response.destroy();
  };
  for (const [what, first] of [
    ['429', throttled],
    ['400 with a code of throttling', answering(400, '{"__type":"aws#ThrottlingException"}')],
    ['500', broken],
    ['503 without a body', answering(503, '')],
    ['a connection that breaks in the answer', cutOff],
    ['a connection that is closed', (response: import('node:http').ServerResponse) => response.destroy()],
  ] as const) {
    test(`after ${what}, signed anew, with a longer pause each time`, async () => {
      await using server = await scripted(first, first, success);
      const world = stillWorld();
      let minute = 0;
      const session = await createSession(
        goodOptions(server.url, { ...world, now: () => new Date(now.getTime() + 60_000 * minute++) }),
      );
      assert.equal(session.accessKeyId, credentials.accessKeyId);
      assert.deepEqual(world.slept, [125, 250]);
      const told = server.asked.map(({ headers }) => headers['amz-sdk-request']);
      assert.deepEqual(told, ['attempt=1; max=3', 'attempt=2; max=3', 'attempt=3; max=3']);
      const dates = server.asked.map(({ headers }) => headers['x-amz-date']);
      assert.equal(new Set(dates).size, 3);
      assert.equal(new Set(server.asked.map(({ headers }) => headers['amz-sdk-invocation-id'])).size, 1);
    });
  }

  test('three times and no more; AWS_MAX_ATTEMPTS and maxAttempts say otherwise', async () => {
    await using server = await scripted(broken);
    const error = await refusalOf(goodOptions(server.url));
    assert.deepEqual([error.code, error.status, server.asked.length], ['HttpStatus500', 500, 3]);
    await refusalOf(goodOptions(server.url, stillWorld({ AWS_MAX_ATTEMPTS: '2' })));
    assert.equal(server.asked.length, 5);
    await refusalOf({ ...goodOptions(server.url, stillWorld({ AWS_MAX_ATTEMPTS: '2' })), maxAttempts: 1 });
    assert.equal(server.asked.length, 6);
  });

  for (const [said, pauses] of [
    ['2', [2000, 2000]],
    ['1', [1000, 1000]],
    ['3600', [20_000, 20_000]],
    ['0', [125, 250]],
    ['-1', [125, 250]],
    ['1.5', [125, 250]],
    ['soon', [125, 250]],
    ['9999999', [125, 250]],
    ['Mon, 01 Jun 2026 12:07:00 GMT', [125, 250]],
  ] as const) {
    test(`after as long as the server says, at most twenty seconds: Retry-After: ${said}`, async () => {
      for (const status of [429, 503]) {
        const busy = answering(status, '{"message":"slow down"}', { 'retry-after': said });
        await using server = await scripted(busy, busy, success);
        const world = stillWorld();
        await createSession(goodOptions(server.url, world));
        assert.deepEqual(world.slept, pauses);
      }
    });
  }

  test('and who gives up is told how long to wait', async () => {
    await using server = await scripted(answering(429, '{}', { 'retry-after': '7' }));
    const error = await refusalOf({ ...goodOptions(server.url), maxAttempts: 1 });
    assert.equal(error.retryAfterSeconds, 7);
  });

  test('not after a refusal', async () => {
    for (const status of [400, 401, 403, 404]) {
      await using server = await scripted(answering(status, '{"message":"no"}'));
      assert.equal((await refusalOf(goodOptions(server.url))).status, status);
      assert.equal(server.asked.length, 1);
    }
  });

  test('a server that is down is named', async () => {
    const server = await scripted(success);
    await server[Symbol.asyncDispose]();
    const world = stillWorld();
    const error = await refusalOf(goodOptions(server.url, world));
    assert.equal(error.code, 'NotReached');
    assert.match(error.message, /cannot be reached: ECONNREFUSED; nothing listens there/);
    assert.equal(world.slept.length, 2);
  });

  test('a server that is silent is left after the time-out', async () => {
    await using server = await scripted(() => {});
    const error = await refusalOf({ ...goodOptions(server.url), timeoutMilliseconds: 30, maxAttempts: 1 });
    assert.equal(error.code, 'TimedOut');
  });

  test('an answer without end is cut', async () => {
    await using server = await scripted(
      (response) => void response.writeHead(201).end(Buffer.alloc(1024 * 1024 + 1, ' ')),
    );
    assert.equal((await refusalOf(goodOptions(server.url))).code, 'UnusableAnswer');
  });
});

describe('what to do about it', () => {
  const refusing = (message: string, headers: Readonly<Record<string, string>> = {}) =>
    answering(403, JSON.stringify({ message }), {
      'x-amzn-errortype': 'AccessDeniedException:http://internal.amazon.com/',
      'x-amzn-requestid': 'a-request',
      date: now.toUTCString(),
      ...headers,
    });

  test("AWS's code, sentence, status and request id are told, and a hint", async () => {
    await using server = await scripted(refusing('Untrusted signing certificate'));
    const error = await refusalOf(goodOptions(server.url));
    const { code, status, requestId } = error;
    assert.deepEqual([code, status, requestId], ['AccessDeniedException', 403, 'a-request']);
    assert.equal(
      error.message,
      'AccessDeniedException: Untrusted signing certificate (status 403, request a-request); give the intermediates, or look whether the trust anchor is of this CA',
    );
  });

  test('a clock that is off is told by the Date of the answer', async () => {
    for (const [date, hint] of [
      ['Mon, 01 Jun 2026 12:07:00 GMT', "the clock here is 7 minutes behind the server's: set it"],
      ['Mon, 01 Jun 2026 11:20:00 GMT', "the clock here is 40 minutes ahead of the server's: set it"],
      ['Mon, 01 Jun 2026 12:01:00 GMT', 'was the request changed on its way, by a proxy or another Host?'],
      ['no date', 'was the request changed on its way, by a proxy or another Host?'],
    ] as const) {
      await using server = await scripted(refusing('Invalid signature', { date }));
      assert.equal((await refusalOf(goodOptions(server.url))).hint, hint);
    }
  });

  test('what is wrong here is told before anything is sent', async () => {
    await using server = await scripted(success);
    const good = goodOptions(server.url);
    const minted = (notBefore: string, notAfter: string) => {
      const one = ca.issue({
        subject: 'CN=old',
        key: 'p256',
        notBefore: new Date(notBefore),
        notAfter: new Date(notAfter),
      });
      return { certificate: one.pem, privateKey: one.keyPem };
    };
    const encrypted = leaf.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p' });
    const otherRegion = arns.profileArn.replace('eu-central-1', 'eu-west-1');
    for (const [wrong, code, message] of [
      [
        { privateKey: ca.keyPem },
        'KeyMismatch',
        /does not belong to the certificate `CN=client,OU=Tests`; give the key/,
      ],
      [minted('2026-01-01', '2026-05-31T10:00:00Z'), 'CertificateExpired', /`CN=old` expired yesterday \(2026-05-31T/],
      [minted('2026-06-03', '2027-01-01'), 'CertificateNotYetValid', /is valid in 2 days \(2026-06-03T.*clock here/],
      [
        { profileArn: otherRegion },
        'RegionMismatch',
        /trust anchor is in eu-central-1 and the profile in eu-west-1; both/,
      ],
      [{ privateKey: encrypted }, 'PasswordMissing', /the private key is encrypted; give its password/],
      [{ privateKey: encrypted, password: 'x' }, 'PasswordWrong', /the password does not open the private key/],
      [{ privateKey: '/no/such/key' }, 'IdentityUnreadable', /`\/no\/such\/key` cannot be read: there is no such file/],
      [{ privateKey: undefined }, 'IdentityUnreadable', /no private key .*; give a private key or a signer/],
      [{ certificate: '/' }, 'IdentityUnreadable', /it is a directory/],
      [{ certificate: leaf.keyPem }, 'IdentityUnreadable', /holds no certificate/],
      [{ intermediates: leaf.keyPem }, 'InvalidOptions', /the intermediates hold a private key/],
      [{ trustAnchorArn: 'arn:aws:iam::1:role/x' }, 'InvalidOptions', /trustAnchorArn is `arn:aws:iam/],
      [{ roleArn: undefined }, 'InvalidOptions', /roleArn is absent/],
      [{ durationSeconds: 899 }, 'InvalidOptions', /durationSeconds is 899/],
      [{ durationSeconds: 900.5 }, 'InvalidOptions', /durationSeconds is 900.5/],
      [{ roleSessionName: 'a b' }, 'InvalidOptions', /roleSessionName/],
      [{ endpoint: 'host:1' }, 'InvalidOptions', /endpoint is not/],
      [{ maxAttempts: 0 }, 'InvalidOptions', /maxAttempts is 0/],
      [{ useFipsEndpoint: true }, 'InvalidOptions', /endpoint cannot go with a FIPS endpoint/],
    ] as const) {
      // The wrong ones are wrong on purpose.
      const error = await refusalOf({ ...good, ...(wrong as Partial<RolesAnywhereOptions>) });
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
    }
    assert.equal(server.asked.length, 0);
  });
});
