// AssumeRoleWithWebIdentity: real tokens of an issuer that the test holds, friendly and hostile, through the whole road.
import assert from 'node:assert/strict';
import { createHmac, type KeyObject } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type Answer, testRoad } from '../../../test/road.ts';
import type { FetchDocument, FetchedDocument } from '../../web-identity/fetch-document.ts';
import { oidcProviderArn, oidcProviderKey, oidcProviders } from '../iam/records.ts';
import { account, allow, keysIn, makeRole, policy, roleArn, trusts } from './rig.test.ts';

const url = 'https://issuer.example/tenant';
const providerArn = oidcProviderArn(account, url);
const epoch = Date.parse('2026-11-22T12:00:00Z') / 1000;
type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let rsa: Pair;
let ec: Pair;
let stranger: Pair;

before(async () => {
  [rsa, ec, stranger] = await Promise.all([
    generateKeyPair('RS256', { extractable: true }),
    generateKeyPair('ES256', { extractable: true }),
    generateKeyPair('RS256', { extractable: true }),
  ]);
});

const all = ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession', 'sts:SetSourceIdentity'];
const trust = [trusts({ Federated: providerArn }, all)];

type Claims = Readonly<Record<string, unknown>>;
const standard: Claims = { iss: url, sub: 'repo:team/app', aud: 'sts.amazonaws.com', iat: epoch, exp: epoch + 600 };

/** A token of these claims over the standard ones; undefined leaves a claim out. */
function tokenOf(claims: Claims = {}, { key = rsa.privateKey, alg = 'RS256', kid = 'rsa' as string | undefined } = {}) {
  const given = Object.fromEntries(
    Object.entries({ ...standard, ...claims }).filter(([, value]) => value !== undefined),
  );
  return new SignJWT(given).setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) }).sign(key);
}

/** A token put together by hand. */
function byHand(header: object, claims: object, signature: (input: string) => string): string {
  const text = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const input = `${text(header)}.${text({ ...standard, ...claims })}`;
  return `${input}.${signature(input)}`;
}

const json = (value: unknown): FetchedDocument => ({ ok: true, bytes: Buffer.from(JSON.stringify(value)) });
const discovery = { issuer: url, jwks_uri: `${url}/keys` };

async function keySet(pairs: Readonly<Record<string, Pair>> = { rsa, ec }) {
  const keys = Object.entries(pairs).map(async ([kid, { publicKey }]) => ({
    ...(await exportJWK(publicKey)),
    kid,
    use: 'sig',
  }));
  return { keys: await Promise.all(keys) };
}

type Setting = {
  readonly documents?: Readonly<Record<string, () => unknown>>;
  readonly clientIds?: readonly string[];
  readonly trust?: readonly object[];
  readonly allows?: readonly object[];
};

/** A road with the provider, the role `Target`, and an issuer that answers as it is told. */
async function setting({
  documents,
  clientIds = ['sts.amazonaws.com', 'app'],
  trust: trusted = trust,
  allows = [],
}: Setting = {}) {
  const asked: string[] = [];
  const standing = { '/tenant/.well-known/openid-configuration': () => discovery, '/tenant/keys': () => keySet() };
  const fetchDocument: FetchDocument = async ({ pathname }) => {
    asked.push(pathname);
    const answer = { ...standing, ...documents }[pathname];
    const given = await answer?.();
    if (given === undefined) return { ok: false, reason: 'badStatus' };
    // A document that fails is told as one.
    return typeof given === 'string' ? { ok: false, reason: given as 'timeout' } : json(given);
  };
  const road = await testRoad({ fetchDocument });
  await road.store.write((writer) =>
    oidcProviders.put(writer, oidcProviderKey(account, url), {
      arn: providerArn,
      url,
      clientIds,
      thumbprints: [],
      tags: [],
      createDate: '2026-11-22T12:00:00.000Z',
    }),
  );
  const roleId = await makeRole(road, 'Target', { trust: trusted as [], allows: allows as [] });
  const assume = (WebIdentityToken: string, more: Readonly<Record<string, string | number>> = {}): Promise<Answer> =>
    road.query(
      'sts',
      'AssumeRoleWithWebIdentity',
      { RoleArn: roleArn('Target'), RoleSessionName: 's1', WebIdentityToken, ...more },
      { unsigned: true },
    );
  return { road, asked, assume, roleId };
}

const notAuthorized = 'Not authorized to perform sts:AssumeRoleWithWebIdentity';
const noKey =
  "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";

describe('a token that holds', () => {
  test('gives a session of the role, whose claims conditions see', async () => {
    const Condition = {
      StringEquals: {
        'issuer.example/tenant:sub': 'repo:team/app',
        'issuer.example/tenant:aud': 'sts.amazonaws.com',
        'aws:FederatedProvider': providerArn,
      },
    };
    const { road, assume, roleId } = await setting({ allows: [allow('iam:ListRoles', { Condition })] });
    const answer = await assume(await tokenOf());
    assert.deepEqual(
      ['AssumedRoleId', 'Arn', 'SubjectFromWebIdentityToken', 'Provider', 'Audience', 'Expiration'].map(answer.text),
      [
        `${roleId}:s1`,
        `arn:aws:sts::${account}:assumed-role/Target/s1`,
        'repo:team/app',
        providerArn,
        'sts.amazonaws.com',
        '2026-11-22T13:00:00Z',
      ],
    );
    const keys = keysIn(answer);
    assert.equal((await road.query('iam', 'ListRoles', {}, { keys })).status, 200);
    assert.equal((await road.query('iam', 'ListPolicies', {}, { keys })).status, 403);
    const events = await road.events();
    const data = JSON.stringify({ webIdFederationData: { federatedProvider: providerArn, attributes: {} } });
    assert.ok(JSON.stringify(events.at(-1)?.userIdentity).includes(data.slice(1, -1)));
  });

  test('is recorded as whom it speaks for, without itself', async () => {
    const { road, assume } = await setting();
    const token = await tokenOf();
    await assume(token);
    const event = (await road.events()).find(({ eventName }) => eventName === 'AssumeRoleWithWebIdentity');
    assert.deepEqual(event?.userIdentity, {
      type: 'WebIdentityUser',
      principalId: `${providerArn}:sts.amazonaws.com:repo:team/app`,
      userName: 'repo:team/app',
      identityProvider: providerArn,
    });
    assert.equal(event?.recipientAccountId, account);
    assert.equal(JSON.stringify([event, road.logged]).includes(token.slice(-40)), false);
  });

  test('may be signed with an elliptic curve, or come with a signed request', async () => {
    const { road, assume } = await setting();
    const token = await tokenOf({}, { key: ec.privateKey, alg: 'ES256', kid: 'ec' });
    assert.equal((await assume(token)).status, 200);
    const parameters = { RoleArn: roleArn('Target'), RoleSessionName: 's1', WebIdentityToken: token };
    assert.equal((await road.query('sts', 'AssumeRoleWithWebIdentity', parameters)).status, 200);
  });

  test('may last as long as the role allows, and no longer', async () => {
    const { assume } = await setting();
    assert.equal((await assume(await tokenOf(), { DurationSeconds: 3600 })).status, 200);
    const longer = await assume(await tokenOf(), { DurationSeconds: 3601 });
    assert.deepEqual(
      [longer.code, longer.message],
      ['ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.'],
    );
  });

  test('is bounded by session policies', async () => {
    const { road, assume } = await setting({ allows: [allow('*')] });
    const keys = keysIn(await assume(await tokenOf(), { Policy: policy(allow('iam:ListRoles')) }));
    assert.equal((await road.query('iam', 'ListRoles', {}, { keys })).status, 200);
    assert.equal((await road.query('iam', 'ListPolicies', {}, { keys })).status, 403);
  });

  for (const [what, claims, audience] of [
    ['the second of its audiences', { aud: ['other', 'app'] }, 'app'],
    ['its azp, whatever its aud', { aud: 'other', azp: 'app' }, 'app'],
  ] as const) {
    test(`speaks for ${what}`, async () => {
      const { assume } = await setting();
      assert.equal((await assume(await tokenOf(claims))).text('Audience'), audience);
    });
  }
});

describe('the trust policy of the role', () => {
  const action = 'sts:AssumeRoleWithWebIdentity';
  const key = (name: string) => `issuer.example/tenant:${name}`;
  for (const [what, trusted, allowed] of [
    ['names the provider', [trusts({ Federated: providerArn }, action)], true],
    [
      'names its subject',
      [trusts({ Federated: providerArn }, action, { StringLike: { [key('sub')]: 'repo:team/*' } })],
      true,
    ],
    [
      'names its audience',
      [trusts({ Federated: providerArn }, action, { StringEquals: { [key('aud')]: 'sts.amazonaws.com' } })],
      true,
    ],
    [
      'names how it was authenticated',
      [trusts({ Federated: providerArn }, action, { 'ForAnyValue:StringEquals': { [key('amr')]: 'mfa' } })],
      true,
    ],
    [
      'names the session',
      [trusts({ Federated: providerArn }, action, { StringEquals: { 'sts:RoleSessionName': 's1' } })],
      true,
    ],
    [
      'names another subject',
      [trusts({ Federated: providerArn }, action, { StringLike: { [key('sub')]: 'repo:other/*' } })],
      false,
    ],
    [
      'names another audience',
      [trusts({ Federated: providerArn }, action, { StringEquals: { [key('aud')]: 'other' } })],
      false,
    ],
    [
      'names the audience of another issuer',
      [trusts({ Federated: providerArn }, action, { StringEquals: { 'other.example:aud': 'sts.amazonaws.com' } })],
      false,
    ],
    [
      'names another provider',
      [trusts({ Federated: oidcProviderArn(account, 'https://other.example') }, action)],
      false,
    ],
    ["names another account's provider", [trusts({ Federated: oidcProviderArn('210987654321', url) }, action)], false],
    ['names the account', [trusts({ AWS: account }, action)], false],
    ['names everybody', [trusts('*', action)], false],
    ['names another action', [trusts({ Federated: providerArn }, 'sts:AssumeRole')], false],
    ['denies', [...trust, { ...trusts({ Federated: providerArn }, action), Effect: 'Deny' }], false],
  ] as const) {
    test(`${what}: ${allowed ? 'assumed' : 'refused'}`, async () => {
      const { assume } = await setting({ trust: trusted });
      const answer = await assume(await tokenOf({ amr: ['pwd', 'mfa'] }));
      if (allowed) return assert.equal(answer.status, 200, answer.body);
      assert.deepEqual([answer.status, answer.code, answer.message], [403, 'AccessDenied', notAuthorized]);
    });
  }

  test('of a role that is not there refuses like one that does not trust', async () => {
    const { road, assume } = await setting();
    const answer = await assume(await tokenOf(), { RoleArn: roleArn('Other') });
    assert.deepEqual([answer.code, answer.message], ['AccessDenied', notAuthorized]);
    const event = (await road.events()).at(-1);
    assert.equal(event?.errorCode, 'AccessDenied');
    assert.match(JSON.stringify(event?.userIdentity), /"type":"WebIdentityUser"/);
  });
});

describe('session tags and the source identity of a token', () => {
  const tags = 'https://aws.amazon.com/tags';
  for (const [what, claims] of [
    ['in one claim', { [tags]: { principal_tags: { team: ['x'], site: ['y'] }, transitive_tag_keys: ['team'] } }],
    [
      'in a claim each',
      {
        [`${tags}/principal_tags/team`]: ['x'],
        [`${tags}/principal_tags/site`]: 'y',
        [`${tags}/transitive_tag_keys`]: ['team'],
      },
    ],
  ] as const) {
    test(`${what} are the session's`, async () => {
      const Condition = {
        StringEquals: { 'aws:PrincipalTag/team': 'x', 'aws:PrincipalTag/site': 'y', 'aws:SourceIdentity': 'alice' },
      };
      const { road, assume } = await setting({ allows: [allow('iam:ListRoles', { Condition })] });
      const answer = await assume(await tokenOf({ ...claims, 'https://aws.amazon.com/source_identity': 'alice' }));
      assert.equal(answer.text('SourceIdentity'), 'alice');
      assert.equal((await road.query('iam', 'ListRoles', {}, { keys: keysIn(answer) })).status, 200);
    });
  }

  for (const [what, claims, actions] of [
    [
      'tags',
      { [tags]: { principal_tags: { team: ['x'] } } },
      ['sts:AssumeRoleWithWebIdentity', 'sts:SetSourceIdentity'],
    ],
    [
      'a source identity',
      { 'https://aws.amazon.com/source_identity': 'alice' },
      ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'],
    ],
  ] as const) {
    test(`${what} must be allowed by the trust policy`, async () => {
      const { assume } = await setting({ trust: [trusts({ Federated: providerArn }, actions)] });
      assert.equal((await assume(await tokenOf(claims))).message, notAuthorized);
      assert.equal((await assume(await tokenOf())).status, 200);
    });
  }

  const fiftyOne = Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`k${at}`, ['v']]));
  for (const [what, claims, code] of [
    ['tags that are a text', { [tags]: 'team=x' }, 'IDPRejectedClaim'],
    ['tags that are a list', { [tags]: { principal_tags: ['x'] } }, 'IDPRejectedClaim'],
    ['a tag of two values', { [tags]: { principal_tags: { team: ['x', 'y'] } } }, 'IDPRejectedClaim'],
    ['a tag that is a number', { [tags]: { principal_tags: { team: 1 } } }, 'IDPRejectedClaim'],
    ['a tag with a forbidden character', { [tags]: { principal_tags: { team: ['a<b'] } } }, 'IDPRejectedClaim'],
    ['a key of 129 characters', { [tags]: { principal_tags: { ['k'.repeat(129)]: ['v'] } } }, 'IDPRejectedClaim'],
    ['a value of 257 characters', { [tags]: { principal_tags: { team: ['v'.repeat(257)] } } }, 'IDPRejectedClaim'],
    ['transitive keys that are numbers', { [tags]: { transitive_tag_keys: [1] } }, 'IDPRejectedClaim'],
    ['a transitive key without its tag', { [tags]: { transitive_tag_keys: ['team'] } }, 'InvalidParameterValue'],
    ['keys that differ in case', { [tags]: { principal_tags: { a: ['1'], A: ['2'] } } }, 'InvalidParameterValue'],
    ['a reserved key', { [tags]: { principal_tags: { 'aws:x': ['1'] } } }, 'InvalidParameterValue'],
    ['51 tags', { [tags]: { principal_tags: fiftyOne } }, 'ValidationError'],
    ['a source identity with a space', { 'https://aws.amazon.com/source_identity': 'a b' }, 'IDPRejectedClaim'],
    ['a source identity that is a list', { 'https://aws.amazon.com/source_identity': ['alice'] }, 'IDPRejectedClaim'],
  ] as const) {
    test(`${what}: ${code}`, async () => {
      const { assume } = await setting();
      assert.equal((await assume(await tokenOf(claims))).code, code);
    });
  }
});

describe('a token that does not hold', () => {
  const hostile: Readonly<
    Record<string, readonly [code: string, message: string | RegExp, make: () => string | Promise<string>]>
  > = {
    'no JWT': ['InvalidIdentityToken', /not a valid JWT/, () => 'gho_accesstoken'],
    'three parts that are none': ['InvalidIdentityToken', /not a valid JWT/, () => 'a.b.c'],
    'an empty algorithm list': [
      'InvalidIdentityToken',
      /not a valid JWT/,
      () => byHand({ kid: 'rsa' }, {}, () => 'AAAA'),
    ],
    'the algorithm none': ['InvalidIdentityToken', /not supported/, () => byHand({ alg: 'none' }, {}, () => '')],
    'the algorithm none in another case': [
      'InvalidIdentityToken',
      /not supported/,
      () => byHand({ alg: 'nOnE' }, {}, () => ''),
    ],
    'HS256 with the public key as its secret': [
      'InvalidIdentityToken',
      /not supported/,
      async () => {
        const secret = JSON.stringify(await exportJWK(rsa.publicKey));
        const mac = (input: string) => createHmac('sha256', secret).update(input).digest('base64url');
        return byHand({ alg: 'HS256', kid: 'rsa' }, {}, mac);
      },
    ],
    'a PSS algorithm': [
      'InvalidIdentityToken',
      /not supported/,
      () => byHand({ alg: 'PS256', kid: 'rsa' }, {}, () => 'AAAA'),
    ],
    'a key of its own in its header': [
      'InvalidIdentityToken',
      noKey,
      async () => {
        const jwk = await exportJWK(stranger.publicKey);
        return new SignJWT({ ...standard })
          .setProtectedHeader({ alg: 'RS256', kid: 'stranger', jwk })
          .sign(stranger.privateKey);
      },
    ],
    "a stranger's signature under a known key id": [
      'InvalidIdentityToken',
      /does not match/,
      () => tokenOf({}, { key: stranger.privateKey }),
    ],
    'the key id of the key of another algorithm': ['InvalidIdentityToken', noKey, () => tokenOf({}, { kid: 'ec' })],
    'an unknown key id': ['InvalidIdentityToken', noKey, () => tokenOf({}, { kid: '../../keys' })],
    'an altered payload': [
      'InvalidIdentityToken',
      /does not match/,
      async () => {
        const [head, , signature] = (await tokenOf()).split('.');
        return `${head}.${Buffer.from(JSON.stringify({ ...standard, sub: 'admin' })).toString('base64url')}.${signature}`;
      },
    ],
    'a cut signature': ['InvalidIdentityToken', /does not match/, async () => (await tokenOf()).slice(0, -8)],
    'a critical header that nobody knows': [
      'InvalidIdentityToken',
      /not a valid JWT/,
      () =>
        new SignJWT({ ...standard })
          .setProtectedHeader({ alg: 'RS256', kid: 'rsa', crit: ['x'], x: 1 })
          .sign(rsa.privateKey, { crit: { x: true } }),
    ],
    'an issuer that is no provider': [
      'InvalidIdentityToken',
      'No OpenIDConnect provider found in your account for https://other.example',
      () => tokenOf({ iss: 'https://other.example' }),
    ],
    'the issuer with a slash behind it': [
      'InvalidIdentityToken',
      /^No OpenIDConnect provider/,
      () => tokenOf({ iss: `${url}/` }),
    ],
    'the issuer without TLS': [
      'InvalidIdentityToken',
      /^No OpenIDConnect provider/,
      () => tokenOf({ iss: url.replace('https', 'http') }),
    ],
    'no issuer': ['InvalidIdentityToken', /not a valid JWT/, () => tokenOf({ iss: undefined })],
    'an issuer that is a list': ['InvalidIdentityToken', /not a valid JWT/, () => tokenOf({ iss: [url] })],
    'another audience': ['InvalidIdentityToken', 'Incorrect token audience', () => tokenOf({ aud: 'other' })],
    'another azp': ['InvalidIdentityToken', 'Incorrect token audience', () => tokenOf({ azp: 'other' })],
    'no audience': ['InvalidIdentityToken', 'Missing a required claim: aud', () => tokenOf({ aud: undefined })],
    'an audience that is a number': [
      'IDPRejectedClaim',
      'The claim aud of the token is invalid.',
      () => tokenOf({ aud: 1 }),
    ],
    'no subject': ['InvalidIdentityToken', 'Missing a required claim: sub', () => tokenOf({ sub: undefined })],
    'an empty subject': ['IDPRejectedClaim', 'The claim sub of the token is invalid.', () => tokenOf({ sub: '' })],
    'a subject of 256 characters': [
      'IDPRejectedClaim',
      'The claim sub of the token is invalid.',
      () => tokenOf({ sub: 's'.repeat(256) }),
    ],
    'no end': ['InvalidIdentityToken', 'Missing a required claim: exp', () => tokenOf({ exp: undefined })],
    'no beginning': ['InvalidIdentityToken', 'Missing a required claim: iat', () => tokenOf({ iat: undefined })],
    'an end that is a text': [
      'IDPRejectedClaim',
      'The claim exp of the token is invalid.',
      () => tokenOf({ exp: '2030' }),
    ],
    'an end that is now': [
      'ExpiredTokenException',
      `Token expired: current date/time ${epoch} must be before the expiration date/time ${epoch}`,
      () => tokenOf({ exp: epoch }),
    ],
    'an end an hour ago': [
      'ExpiredTokenException',
      `Token expired: current date/time ${epoch} must be before the expiration date/time ${epoch - 3600}`,
      () => tokenOf({ exp: epoch - 3600 }),
    ],
    'a beginning in six minutes': [
      'InvalidIdentityToken',
      'The token is not valid yet.',
      () => tokenOf({ nbf: epoch + 360 }),
    ],
    'made in six minutes': ['InvalidIdentityToken', 'The token is not valid yet.', () => tokenOf({ iat: epoch + 360 })],
  };
  for (const [what, [code, message, make]] of Object.entries(hostile)) {
    test(`${what}: ${code}`, async () => {
      const { road, assume } = await setting();
      const answer = await assume(await make());
      assert.equal(answer.code, code, answer.body);
      if (typeof message === 'string') assert.equal(answer.message, message);
      else assert.match(answer.message ?? '', message);
      assert.equal(answer.text('SessionToken'), undefined);
      // Nobody proved who he is: no event, and nothing of the token in the log.
      assert.equal(
        (await road.events()).some(({ eventName }) => eventName === 'AssumeRoleWithWebIdentity'),
        false,
      );
    });
  }

  test('a second before its end holds', async () => {
    const { road, assume } = await setting();
    const token = await tokenOf();
    road.at('2026-11-22T12:09:59Z');
    assert.equal((await assume(token)).status, 200);
    road.at('2026-11-22T12:10:00Z');
    assert.equal((await assume(token)).code, 'ExpiredTokenException');
  });

  test('of an account or a provider that is not there', async () => {
    const { road, assume } = await setting();
    const token = await tokenOf();
    const other = await assume(token, { RoleArn: roleArn('Target', '210987654321') });
    assert.deepEqual(
      [other.code, other.message],
      ['InvalidIdentityToken', `No OpenIDConnect provider found in your account for ${url}`],
    );
    await road.store.write((writer) => oidcProviders.delete(writer, oidcProviderKey(account, url)));
    assert.equal((await assume(token)).code, 'InvalidIdentityToken');
  });

  for (const [what, parameters, code] of [
    ['no ARN', { RoleArn: 'nothing-valid-in-here' }, 'ValidationError'],
    ['a bad session name', { RoleSessionName: 'a:b' }, 'ValidationError'],
    ['a token of three characters', { WebIdentityToken: 'abc' }, 'ValidationError'],
    ['a token of 20,001 characters', { WebIdentityToken: 'a'.repeat(20_001) }, 'ValidationError'],
    ['a provider id', { ProviderId: 'www.amazon.com' }, 'NotImplemented'],
    ['a policy that is none', { Policy: '{}' }, 'MalformedPolicyDocument'],
  ] as const) {
    test(`in a request with ${what}: ${code}`, async () => {
      const { assume } = await setting();
      const answer = await assume(await tokenOf(), parameters);
      assert.equal(answer.code, code);
      assert.equal(answer.body.includes('aaaaaaaa'), false);
    });
  }
});

describe('an issuer', () => {
  const at = (path: string, answer: () => unknown) => ({ documents: { [`/tenant/${path}`]: answer } });
  const wellKnown = '.well-known/openid-configuration';
  const many = Array.from({ length: 201 }, (_, index) => ({ kty: 'RSA', kid: `${index}` }));
  for (const [what, given, code] of [
    ['that does not answer in time', at(wellKnown, () => 'timeout'), 'IDPCommunicationError'],
    ['that is not there', at(wellKnown, () => 'notReached'), 'IDPCommunicationError'],
    ['that answers 500', at('keys', () => 'badStatus'), 'IDPCommunicationError'],
    ['that redirects', at('keys', () => 'redirected'), 'InvalidIdentityToken'],
    ['whose keys are too large', at('keys', () => 'tooLarge'), 'InvalidIdentityToken'],
    ['whose TLS leads to nobody', at(wellKnown, () => 'untrustedTls'), 'InvalidIdentityToken'],
    [
      'that names another issuer',
      at(wellKnown, () => ({ ...discovery, issuer: 'https://other.example' })),
      'InvalidIdentityToken',
    ],
    ['whose discovery is a list', at(wellKnown, () => []), 'InvalidIdentityToken'],
    ['without an address of keys', at(wellKnown, () => ({ issuer: url })), 'InvalidIdentityToken'],
    [
      'whose keys are without TLS',
      at(wellKnown, () => ({ ...discovery, jwks_uri: 'http://127.0.0.1/keys' })),
      'InvalidIdentityToken',
    ],
    [
      'whose keys are a file',
      at(wellKnown, () => ({ ...discovery, jwks_uri: 'file:///etc/passwd' })),
      'InvalidIdentityToken',
    ],
    [
      'whose keys need a password',
      at(wellKnown, () => ({ ...discovery, jwks_uri: 'https://a:b@issuer.example/keys' })),
      'InvalidIdentityToken',
    ],
    ['whose keys are no list', at('keys', () => ({ keys: 'none' })), 'InvalidIdentityToken'],
    ['with 201 keys', at('keys', () => ({ keys: many })), 'InvalidIdentityToken'],
    ['without keys', at('keys', () => ({ keys: [] })), 'InvalidIdentityToken'],
    [
      'whose keys are nonsense',
      at('keys', () => ({ keys: [null, 1, 'x', {}, { kty: 'RSA', kid: 'rsa' }] })),
      'InvalidIdentityToken',
    ],
    [
      'whose key is symmetric',
      at('keys', () => ({ keys: [{ kty: 'oct', kid: 'rsa', k: 'c2VjcmV0' }] })),
      'InvalidIdentityToken',
    ],
  ] as const) {
    test(`${what}: ${code}`, async () => {
      const { assume } = await setting(given);
      const answer = await assume(await tokenOf());
      assert.deepEqual([answer.status, answer.code], [400, code], answer.body);
    });
  }

  test('whose key is too short is not believed', async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const { createSign } = await import('node:crypto');
    const sign = (key: KeyObject) => (input: string) => createSign('sha256').update(input).sign(key, 'base64url');
    const keys = { keys: [{ ...short.publicKey.export({ format: 'jwk' }), kid: 'short' }] };
    const { assume } = await setting(at('keys', () => keys));
    const answer = await assume(byHand({ alg: 'RS256', kid: 'short' }, {}, sign(short.privateKey)));
    assert.equal(answer.code, 'InvalidIdentityToken');
  });

  test('is asked once for many tokens at once, and once an hour', async () => {
    const { road, assume, asked } = await setting();
    const token = await tokenOf({ exp: epoch + 86_400 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => assume(token)));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    assert.equal(asked.length, 2);
    road.at('2026-11-22T12:59:59Z');
    await assume(token);
    assert.equal(asked.length, 2);
    road.at('2026-11-22T13:00:00Z');
    await assume(token);
    assert.equal(asked.length, 4);
  });

  test('that rotates its keys is asked again, not more than once a minute', async () => {
    let pairs: Readonly<Record<string, Pair>> = { rsa };
    const { road, assume, asked } = await setting(at('keys', () => keySet(pairs)));
    assert.equal((await assume(await tokenOf())).status, 200);
    pairs = { next: stranger };
    const next = await tokenOf({}, { key: stranger.privateKey, kid: 'next' });
    // Within the minute a stranger's key ids make no work.
    for (let count = 0; count < 5; count++) assert.equal((await assume(next)).message, noKey);
    assert.equal(asked.length, 2);
    road.at('2026-11-22T12:01:00Z');
    assert.equal((await assume(next)).status, 200);
    assert.equal(asked.length, 4);
    // The old key is gone with it.
    assert.equal((await assume(await tokenOf())).message, noKey);
    assert.equal(asked.length, 4);
  });

  test('that failed is asked again ten seconds later', async () => {
    let answer: () => unknown = () => 'timeout';
    const { road, assume, asked } = await setting(at(wellKnown, () => answer()));
    const token = await tokenOf();
    assert.equal((await assume(token)).code, 'IDPCommunicationError');
    answer = () => discovery;
    road.at('2026-11-22T12:00:09Z');
    assert.equal((await assume(token)).code, 'IDPCommunicationError');
    assert.equal(asked.length, 1);
    road.at('2026-11-22T12:00:10Z');
    assert.equal((await assume(token)).status, 200);
  });
});
