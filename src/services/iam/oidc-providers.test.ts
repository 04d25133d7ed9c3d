import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { account, allow, type Rig, rig } from './rig.test.ts';

const Url = 'https://issuer.example/tenant';
const OpenIDConnectProviderArn = `arn:aws:iam::${account}:oidc-provider/issuer.example/tenant`;
const thumbprint = (digit: string) => digit.repeat(40);

async function withProvider(more = {}): Promise<Rig> {
  const iam = rig();
  const answer = await iam.query('CreateOpenIDConnectProvider', { Url, ...more });
  assert.equal(answer.text('OpenIDConnectProviderArn'), OpenIDConnectProviderArn, answer.message);
  return iam;
}

const get = (iam: Rig, arn = OpenIDConnectProviderArn) =>
  iam.query('GetOpenIDConnectProvider', { OpenIDConnectProviderArn: arn });
const clientIds = async (iam: Rig) => (await get(iam)).texts('ClientIDList.member');
const arns = async (iam: Rig) =>
  (await iam.query('ListOpenIDConnectProviders')).texts('OpenIDConnectProviderList.member.Arn');

describe('CreateOpenIDConnectProvider', () => {
  test('keeps the issuer, its audiences, thumbprints and tags', async () => {
    const iam = await withProvider({
      ClientIDList: ['b', 'a', 'b'],
      ThumbprintList: [thumbprint('A'), thumbprint('1')],
      Tags: [{ Key: 'team', Value: 'a' }],
    });
    const provider = await get(iam);
    assert.equal(provider.text('Url'), 'issuer.example/tenant');
    assert.deepEqual(provider.texts('ClientIDList.member'), ['b', 'a']);
    assert.deepEqual(provider.texts('ThumbprintList.member'), [thumbprint('a'), thumbprint('1')]);
    assert.equal(provider.text('CreateDate'), '2026-11-22T12:00:00Z');
    assert.deepEqual(provider.texts('Tags.member.Key'), ['team']);
  });

  test('needs neither audiences nor thumbprints', async () => {
    const provider = await get(await withProvider());
    assert.deepEqual([provider.texts('ClientIDList.member'), provider.texts('ThumbprintList.member')], [[], []]);
  });

  test('refuses an issuer that is there, and tells issuers by the letter', async () => {
    const iam = await withProvider();
    const answer = await iam.query('CreateOpenIDConnectProvider', { Url });
    assert.deepEqual([answer.status, answer.code], [409, 'EntityAlreadyExists']);
    assert.equal(answer.message, `Provider with url ${Url} already exists.`);
    for (const other of [`${Url}/`, 'https://issuer.example/Tenant', 'https://issuer.example']) {
      assert.equal((await iam.query('CreateOpenIDConnectProvider', { Url: other })).status, 200, other);
    }
    assert.equal((await arns(iam)).length, 4);
  });

  const tls = 'Invalid Open ID Connect Provider URL. The URL must begin with https://.';
  for (const [url, code, message] of [
    ['issuer.example', 'ValidationError', 'Invalid Open ID Connect Provider URL'],
    ['https://', 'ValidationError', 'Invalid Open ID Connect Provider URL'],
    ['https:///path', 'ValidationError', 'Invalid Open ID Connect Provider URL'],
    ['http://issuer.example', 'InvalidInput', tls],
    ['http://127.0.0.1:8080', 'InvalidInput', tls],
    ['HTTPS://issuer.example', 'InvalidInput', tls],
    ['file://issuer.example/etc', 'InvalidInput', tls],
    ['https://user:secret@issuer.example', 'InvalidInput', 'Invalid Open ID Connect Provider URL.'],
    ['https://issuer.example?a=b', 'InvalidInput', 'Invalid Open ID Connect Provider URL.'],
    ['https://issuer.example/a?', 'InvalidInput', 'Invalid Open ID Connect Provider URL.'],
    ['https://issuer.example#a', 'InvalidInput', 'Invalid Open ID Connect Provider URL.'],
    ['https://issuer_.example', 'InvalidInput', 'Invalid Open ID Connect Provider URL.'],
    ['https://-issuer.example', 'InvalidInput', 'Invalid Open ID Connect Provider URL.'],
    ['https://issuer.example:99999', 'InvalidInput', 'Invalid Open ID Connect Provider URL.'],
    ['https://issuer.example/a/../b', 'InvalidInput', 'Invalid Open ID Connect Provider URL.'],
    ['https://issuer.example/a b', 'InvalidInput', 'Invalid Open ID Connect Provider URL.'],
    ['https://issuer.example\\@evil.example', 'InvalidInput', 'Invalid Open ID Connect Provider URL.'],
    ['https://issuer.example/\n', 'InvalidInput', 'Invalid Open ID Connect Provider URL.'],
    ['https://ıssuer.example', 'InvalidInput', 'Invalid Open ID Connect Provider URL.'],
  ] as const) {
    test(`refuses ${JSON.stringify(url)}`, async () => {
      const iam = rig();
      const answer = await iam.query('CreateOpenIDConnectProvider', { Url: url });
      assert.deepEqual([answer.status, answer.code, answer.message], [400, code, message]);
      assert.deepEqual(await arns(iam), []);
    });
  }

  for (const url of [
    'https://issuer.example:8443/realms/a',
    'https://192.0.2.7',
    'https://[2001:db8::1]/a',
    'https://a/',
  ]) {
    test(`takes ${url}`, async () => {
      assert.equal((await rig().query('CreateOpenIDConnectProvider', { Url: url })).status, 200);
    });
  }

  for (const [what, more, code, message] of [
    [
      'six thumbprints',
      { ThumbprintList: [...'123456'].map(thumbprint) },
      'InvalidInput',
      'Thumbprint list must contain fewer than 5 entries.',
    ],
    ['a short thumbprint', { ThumbprintList: ['a'.repeat(39)] }, 'ValidationError', undefined],
    [
      'a hundred and one audiences',
      { ClientIDList: Array.from({ length: 101 }, (_, index) => `c${index}`) },
      'LimitExceeded',
      'Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100',
    ],
    ['a long audience', { ClientIDList: ['x'.repeat(256)] }, 'ValidationError', undefined],
    ['a tag of AWS', { Tags: [{ Key: 'aws:a', Value: '' }] }, 'InvalidInput', undefined],
  ] as const) {
    test(`refuses ${what}, and keeps nothing`, async () => {
      const iam = rig();
      const answer = await iam.query('CreateOpenIDConnectProvider', { Url, ...more });
      assert.equal(answer.code, code);
      if (message !== undefined) assert.equal(answer.message, message);
      assert.deepEqual(await arns(iam), []);
    });
  }

  test('makes as many as the quota says', async () => {
    const iam = rig();
    const create = (index: number) => iam.query('CreateOpenIDConnectProvider', { Url: `https://i${index}.example` });
    for (let index = 0; index < 100; index++) assert.equal((await create(index)).status, 200);
    const answer = await create(100);
    assert.deepEqual([answer.status, answer.code], [409, 'LimitExceeded']);
    assert.equal(answer.message, 'Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100');
    await iam.query('DeleteOpenIDConnectProvider', { OpenIDConnectProviderArn: (await arns(iam))[0] });
    assert.equal((await create(100)).status, 200);
  });
});

describe('the audiences of a provider', () => {
  const change = (iam: Rig, action: 'Add' | 'Remove', ClientID: string) => {
    const name = action === 'Add' ? 'AddClientIDToOpenIDConnectProvider' : 'RemoveClientIDFromOpenIDConnectProvider';
    return iam.query(name, { OpenIDConnectProviderArn, ClientID });
  };

  test('are added and removed, once or twice', async () => {
    const iam = await withProvider({ ClientIDList: ['a'] });
    for (const ClientID of ['b', 'b', 'A']) assert.equal((await change(iam, 'Add', ClientID)).status, 200);
    assert.deepEqual(await clientIds(iam), ['a', 'b', 'A']);
    for (const ClientID of ['a', 'a', 'none']) assert.equal((await change(iam, 'Remove', ClientID)).status, 200);
    assert.deepEqual(await clientIds(iam), ['b', 'A']);
  });

  test('are a hundred at most', async () => {
    const iam = await withProvider({ ClientIDList: Array.from({ length: 100 }, (_, index) => `c${index}`) });
    assert.equal((await change(iam, 'Add', 'c0')).status, 200);
    assert.equal((await change(iam, 'Add', 'one-more')).code, 'LimitExceeded');
    assert.equal((await clientIds(iam)).length, 100);
  });

  test('are those of a provider that is there', async () => {
    const iam = rig();
    for (const action of ['Add', 'Remove'] as const)
      assert.equal((await change(iam, action, 'a')).code, 'NoSuchEntity');
  });
});

describe('UpdateOpenIDConnectProviderThumbprint', () => {
  test('replaces all thumbprints', async () => {
    const iam = await withProvider({ ThumbprintList: [thumbprint('1')] });
    const update = (ThumbprintList: readonly string[]) =>
      iam.query('UpdateOpenIDConnectProviderThumbprint', { OpenIDConnectProviderArn, ThumbprintList });
    assert.equal((await update([thumbprint('2'), thumbprint('B')])).status, 200);
    assert.equal((await update([...'123456'].map(thumbprint))).code, 'InvalidInput');
    assert.equal((await update([])).code, 'ValidationError');
    assert.deepEqual((await get(iam)).texts('ThumbprintList.member'), [thumbprint('2'), thumbprint('b')]);
  });

  test('refuses an empty list', async () => {
    const iam = await withProvider();
    const body = `Action=UpdateOpenIDConnectProviderThumbprint&Version=2010-05-08&ThumbprintList=&OpenIDConnectProviderArn=`;
    assert.equal((await iam.form(body + encodeURIComponent(OpenIDConnectProviderArn))).code, 'InvalidInput');
  });
});

describe('DeleteOpenIDConnectProvider', () => {
  test('deletes a provider, and is content when it is gone', async () => {
    const iam = await withProvider();
    for (let time = 0; time < 2; time++) {
      assert.equal((await iam.query('DeleteOpenIDConnectProvider', { OpenIDConnectProviderArn })).status, 200);
    }
    const answer = await get(iam);
    assert.deepEqual([answer.status, answer.code], [404, 'NoSuchEntity']);
    assert.equal(answer.message, `OpenIDConnect Provider not found for arn ${OpenIDConnectProviderArn}`);
    assert.equal((await iam.query('CreateOpenIDConnectProvider', { Url })).status, 200);
  });
});

describe('the tags of a provider', () => {
  test('are put, listed by key, and removed', async () => {
    const iam = await withProvider({ Tags: [{ Key: 'b', Value: '1' }] });
    const ask = (action: string, more = {}) => iam.query(action, { OpenIDConnectProviderArn, ...more });
    const Tags = [
      { Key: 'B', Value: '2' },
      { Key: 'a', Value: '3' },
    ];
    assert.equal((await ask('TagOpenIDConnectProvider', { Tags })).status, 200);
    const listed = await ask('ListOpenIDConnectProviderTags');
    assert.deepEqual(listed.texts('Tags.member.Key'), ['B', 'a']);
    assert.deepEqual(listed.texts('Tags.member.Value'), ['2', '3']);
    assert.equal((await ask('ListOpenIDConnectProviderTags', { MaxItems: 1 })).text('IsTruncated'), 'true');
    assert.equal((await ask('UntagOpenIDConnectProvider', { TagKeys: ['b', 'none'] })).status, 200);
    assert.deepEqual((await get(iam)).texts('Tags.member.Key'), ['a']);
  });

  test('are those of a provider that is there', async () => {
    const iam = rig();
    for (const [action, more] of [
      ['TagOpenIDConnectProvider', { Tags: [{ Key: 'a', Value: '' }] }],
      ['ListOpenIDConnectProviderTags', {}],
      ['UntagOpenIDConnectProvider', { TagKeys: ['a'] }],
    ] as const) {
      assert.equal((await iam.query(action, { OpenIDConnectProviderArn, ...more })).code, 'NoSuchEntity', action);
    }
  });
});

describe('the ARN of a provider', () => {
  for (const [arn, code] of [
    ['not-an-arn-but-long-enough', 'ValidationError'],
    ['short', 'ValidationError'],
    [`arn:aws:iam::${account}:role/issuer.example`, 'ValidationError'],
    [`arn:aws:iam::${account}:oidc-provider`, 'ValidationError'],
    [`arn:aws:iam::${account}:oidc-provider/issuer.example/TENANT`, 'NoSuchEntity'],
    [`arn:aws-cn:iam::${account}:oidc-provider/issuer.example/tenant`, 'NoSuchEntity'],
    ['arn:aws:iam::999988887777:oidc-provider/issuer.example/tenant', 'AccessDenied'],
  ] as const) {
    test(`${arn} is refused`, async () => {
      const iam = await withProvider();
      await iam.stranger();
      assert.equal((await get(iam, arn)).code, code);
    });
  }
});

describe('who may', () => {
  async function asRole(policy: string): Promise<(action: string, parameters: object) => Promise<number>> {
    const iam = await withProvider({ Tags: [{ Key: 'team', Value: 'a' }] });
    const role = await iam.query('CreateRole', {
      RoleName: 'R',
      AssumeRolePolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' }],
      }),
    });
    await iam.query('PutRolePolicy', { RoleName: 'R', PolicyName: 'P', PolicyDocument: policy });
    const keys = await iam.session('R', role.text('Role.RoleId') ?? '');
    return async (action, parameters) => (await iam.query(action, { ...parameters }, keys)).status;
  }

  test('is told by the ARN of the provider', async () => {
    const ask = await asRole(allow('iam:*', OpenIDConnectProviderArn));
    assert.equal(await ask('GetOpenIDConnectProvider', { OpenIDConnectProviderArn }), 200);
    assert.equal(await ask('CreateOpenIDConnectProvider', { Url: 'https://other.example' }), 403);
    assert.equal(await ask('ListOpenIDConnectProviders', {}), 403);
  });

  test('with tags, needs leave to tag as well', async () => {
    const ask = await asRole(allow('iam:CreateOpenIDConnectProvider'));
    assert.equal(
      await ask('CreateOpenIDConnectProvider', { Url: 'https://a.example', Tags: [{ Key: 'a', Value: '' }] }),
      403,
    );
    assert.equal(await ask('CreateOpenIDConnectProvider', { Url: 'https://a.example' }), 200);
  });

  test('may depend on the tags of the provider', async () => {
    const Condition = { StringEquals: { 'aws:ResourceTag/team': 'a' } };
    const Statement = { Effect: 'Allow', Action: 'iam:DeleteOpenIDConnectProvider', Resource: '*', Condition };
    const ask = await asRole(JSON.stringify({ Version: '2012-10-17', Statement }));
    const other = OpenIDConnectProviderArn.replace('tenant', 'other');
    assert.equal(await ask('DeleteOpenIDConnectProvider', { OpenIDConnectProviderArn: other }), 403);
    assert.equal(await ask('DeleteOpenIDConnectProvider', { OpenIDConnectProviderArn }), 200);
  });
});
