// Tags over the wire: the same on every kind of resource.
import assert from 'node:assert/strict';
import test from 'node:test';
import { account } from '../../../test/road.ts';
import { actor, arnOf, arranged, imported, kept, refused, refusedAll, unknownId, violation } from './rig.test.ts';

const invalid = 'ValidationException';
const denied = 'AccessDeniedException';
const missing = 'ResourceNotFoundException';
type Pairs = Readonly<Record<string, string>>;
const tagsOf = (pairs: Pairs) => Object.entries(pairs).map(([key, value]) => ({ key, value }));

/** A server with one resource of every kind, and the three operations on them. */
async function stocked() {
  const server = await arranged();
  const { road, arns, ca, session } = server;
  const resources = {
    'trust-anchor': arns.trustAnchorArn,
    profile: arns.profileArn,
    crl: (await imported(server, ca.crl().der)).crlArn as string,
    subject: (await session()).json().subjectArn as string,
  };
  return {
    ...server,
    server,
    resources,
    tag: (resourceArn: unknown, pairs: Pairs, options = {}) =>
      road.rest('POST', '/TagResource', { resourceArn, tags: tagsOf(pairs) }, options),
    untag: (resourceArn: unknown, tagKeys: unknown, options = {}) =>
      road.rest('POST', '/UntagResource', { resourceArn, tagKeys }, options),
    listed: (resourceArn: string, options = {}) =>
      road.rest('GET', `/ListTagsForResource?resourceArn=${encodeURIComponent(resourceArn)}`, undefined, options),
  };
}

test('tags are added, replaced in their places, listed and removed, on every kind of resource', async () => {
  const { resources, tag, untag, listed } = await stocked();
  for (const [kind, arn] of Object.entries(resources)) {
    const shown = async () => (await listed(arn)).json();
    assert.deepEqual(await shown(), { tags: [] }, kind);
    const added = await tag(arn, { a: '1', B: '', b: 'x' });
    assert.deepEqual([added.status, added.json()], [201, {}], kind);
    await tag(arn, { c: '3', a: '2' });
    assert.deepEqual(await shown(), { tags: tagsOf({ a: '2', B: '', b: 'x', c: '3' }) });
    const removed = await untag(arn, ['b', 'missing', 'a', 'a', 'aws:x']);
    assert.deepEqual([removed.status, removed.json()], [200, {}], kind);
    assert.deepEqual(await shown(), { tags: tagsOf({ B: '', c: '3' }) });
    assert.equal((await tag(arn, {})).status, 201);
    assert.equal((await untag(arn, [])).status, 200);
    assert.deepEqual(await shown(), { tags: tagsOf({ B: '', c: '3' }) });
  }
});

test('tags given at creation are listed', async () => {
  const { server, road, ca, arns, listed } = await stocked();
  const tags = tagsOf({ 'a b/c:d=e+f-g@h_i.j': ' .:/=+@-_' });
  const crl = await imported(server, ca.crl().der, { tags });
  const profile = (await road.rest('POST', '/profiles', { name: 'p', roleArns: [], tags })).json().profile;
  for (const arn of [crl.crlArn, profile.profileArn]) assert.deepEqual((await listed(arn)).json(), { tags });
  assert.deepEqual((await listed(arns.profileArn)).json(), { tags: [] });
});

test('tagging changes nothing else that is shown, and outlives the changes of others', async () => {
  const { road, resources, tag, listed, session } = await stocked();
  const paths = Object.values(resources).map((arn) =>
    `/${arn.split(':').at(-1)}`.replace('trust-anchor', 'trustanchor'),
  );
  const shown = () => Promise.all(paths.map(async (path) => (await road.rest('GET', path)).json()));
  const before = await shown();
  road.at('2026-11-22T12:00:09Z');
  for (const arn of Object.values(resources)) await tag(arn, { a: '1' });
  assert.deepEqual(await shown(), before);
  for (const path of paths.slice(0, 3)) {
    assert.equal((await road.rest('PATCH', path, { name: 'new' })).status, 200, path);
    assert.equal((await road.rest('POST', `${path}/disable`)).status, 200);
    assert.equal((await road.rest('POST', `${path}/enable`)).status, 200);
  }
  assert.equal((await session()).status, 201);
  for (const arn of Object.values(resources))
    assert.deepEqual((await listed(arn)).json(), { tags: tagsOf({ a: '1' }) });
});

test('two hundred tags are the most, and one that is there counts once', async () => {
  const { resources, tag, listed, road } = await stocked();
  const many = (from: number, to: number) =>
    Object.fromEntries(Array.from({ length: to - from }, (_, at) => [`k${from + at}`, 'v']));
  for (const arn of Object.values(resources)) {
    assert.equal((await tag(arn, many(0, 199))).status, 201);
    assert.equal((await tag(arn, many(198, 200))).status, 201);
    const before = await kept(road);
    const answer = await tag(arn, many(199, 201));
    assert.deepEqual([answer.status, answer.code], [400, 'TooManyTagsException']);
    assert.equal(answer.message, 'A resource has at most 200 tags.');
    refused(
      await tag(arn, many(0, 201)),
      invalid,
      /at 'tags' failed to satisfy constraint: Member must have length less than or equal to 200/,
    );
    assert.deepEqual(await kept(road), before);
    assert.equal((await listed(arn)).json().tags.length, 200);
  }
});

test('what tags must not be is refused, and no value of one is repeated', async () => {
  const { resources, tag, untag, road } = await stocked();
  const arn = resources.profile;
  const raw = (body: object) => () => road.rest('POST', '/TagResource', { resourceArn: arn, ...body });
  await refusedAll(road, [
    [() => tag(arn, { 'aws:x': '' }), invalid, 'Tag keys beginning with aws: are reserved.'],
    [() => tag(arn, { 'AWS:x': '' }), invalid, 'Tag keys beginning with aws: are reserved.'],
    [() => tag(arn, { '': 'v' }), invalid, /Member must have length greater than or equal to 1/],
    [() => tag(arn, { ['k'.repeat(129)]: '' }), invalid, /Member must have length less than or equal to 128/],
    [() => tag(arn, { k: 'v'.repeat(257) }), invalid, /Member must have length less than or equal to 256/],
    [() => tag(arn, { k: 'ü' }), invalid, /Member must satisfy regular expression pattern/],
    [() => tag(arn, { 'k,': 'v' }), invalid, /Member must satisfy regular expression pattern/],
    [raw({ tags: [...tagsOf({ k: '1' }), ...tagsOf({ k: '2' })] }), invalid, 'Duplicate tag keys found.'],
    [raw({ tags: [{ key: 'k' }] }), invalid, /at 'tags.1.member.value'/],
    [raw({ tags: undefined }), invalid, violation(undefined, 'tags', 'Member must not be null')],
    [raw({ tags: { k: 'v' } }), 'SerializationException', /tags/],
    [() => untag(arn, undefined), invalid, violation(undefined, 'tagKeys', 'Member must not be null')],
    [() => untag(arn, ['']), invalid, /Member must have length greater than or equal to 1/],
    [
      () =>
        untag(
          arn,
          Array.from({ length: 201 }, (_, at) => `k${at}`),
        ),
      invalid,
      /at 'tagKeys'/,
    ],
    [() => untag(arn, 'k'), 'SerializationException', /tagKeys/],
  ]);
  const answer = await tag(arn, { k: 'SECRET,' });
  assert.doesNotMatch(answer.body, /SECRET/);
  assert.doesNotMatch(JSON.stringify([await road.events(), road.logged]), /SECRET/);
});

test('an ARN of nothing there is not found, and one of no such kind is refused', async () => {
  const { resources, tag, untag, listed, road } = await stocked();
  const id = resources.profile.split('/').at(-1);
  for (const [arn, code, message] of [
    ...Object.keys(resources).map((kind) => {
      const arn = arnOf(`${kind}/${unknownId}`);
      return [arn, missing, `${arn} was not found.`] as const;
    }),
    [arnOf(`crl/${id}`), missing, /was not found/],
    [arnOf(`profile/x/${id}`), missing, /was not found/],
    [arnOf('profile/'), missing, /was not found/],
    [arnOf('profile/*'), missing, /was not found/],
    [resources.profile.replace('eu-central-1', 'us-east-1'), missing, /was not found/],
    [resources.profile.replace('arn:aws:', 'arn:aws-cn:'), missing, /was not found/],
    [arnOf(`constructor/${id}`), invalid, /^resourceArn is not the ARN of a resource of Roles Anywhere\.$/],
    [arnOf(`role/${id}`), invalid, /^resourceArn is not/],
    [`arn:aws:iam::${account}:role/app`, invalid, /^resourceArn is not/],
    ['x', invalid, /^resourceArn is not/],
    ['*', invalid, /^resourceArn is not/],
    ['', invalid, /at 'resourceArn' failed to satisfy constraint: Member must have length greater than or equal to 1/],
    [`${resources.profile}${'x'.repeat(1011)}`, invalid, /Member must have length less than or equal to 1011/],
  ] as const) {
    await refusedAll(road, [
      [() => tag(arn, { a: '1' }), code, message],
      [() => untag(arn, ['a']), code, message],
      [() => listed(arn), code, message],
    ]);
  }
});

test("another account's resource is refused before it is looked for, even to root", async () => {
  const { resources, tag, untag, listed, road } = await stocked();
  const arn = resources.profile.replace(account, '999999999999');
  await refusedAll(road, [
    [() => tag(arn, { a: '1' }), denied, /rolesanywhere:TagResource/],
    [() => untag(arn, ['a']), denied, /rolesanywhere:UntagResource/],
    [() => listed(arn), denied, /rolesanywhere:ListTagsForResource/],
  ]);
});

test('tags at once all stay, and of two values for one key one is the result', async () => {
  const { resources, tag, listed } = await stocked();
  for (const arn of Object.values(resources)) {
    await Promise.all(['1', '2', '3', '4', '5'].map((value) => tag(arn, { [`k${value}`]: value, same: value })));
    const { tags } = (await listed(arn)).json();
    assert.equal(tags.length, 6);
    assert.match(tags.find(({ key }: { readonly key: string }) => key === 'same').value, /^[1-5]$/);
  }
});

test('each right opens its own operation, on the resource that is named', async () => {
  const { server, resources, tag, untag, listed } = await stocked();
  for (const arn of Object.values(resources)) {
    for (const [action, ask] of [
      ['TagResource', (keys: object) => tag(arn, { a: '1' }, keys)],
      ['UntagResource', (keys: object) => untag(arn, ['a'], keys)],
      ['ListTagsForResource', (keys: object) => listed(arn, keys)],
    ] as const) {
      const Action = `rolesanywhere:${action}`;
      for (const Resource of [arn, '*']) {
        const keys = await actor(server, { Effect: 'Allow', Action, Resource });
        assert.ok((await ask({ keys })).status < 300, action);
      }
      const elsewhere = await actor(server, { Effect: 'Allow', Action, Resource: `${arn}x` });
      refused(await ask({ keys: elsewhere }), denied, new RegExp(`perform: ${Action} on resource: ${arn} because`));
      const other = await actor(server, { Effect: 'Allow', NotAction: Action, Resource: '*' });
      refused(await ask({ keys: other }), denied, new RegExp(Action));
    }
  }
});

test('policies may ask for the tags of the request, their keys, and the tags of the resource', async () => {
  const { server, resources, tag, untag, listed } = await stocked();
  const may = async (Condition: object) => ({
    keys: await actor(server, { Effect: 'Allow', Action: 'rolesanywhere:*Tag*', Resource: '*', Condition }),
  });
  for (const arn of Object.values(resources)) {
    await tag(arn, { owner: 'me' });
    const byValue = await may({ StringEquals: { 'aws:RequestTag/team': 'a' } });
    assert.equal((await tag(arn, { team: 'a' }, byValue)).status, 201);
    refused(await tag(arn, { team: 'b' }, byValue), denied, /TagResource/);
    refused(await tag(arn, { other: 'a' }, byValue), denied, /TagResource/);
    const byKey = await may({ 'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] } });
    assert.equal((await tag(arn, { team: 'c' }, byKey)).status, 201);
    refused(await tag(arn, { team: 'c', more: '' }, byKey), denied, /TagResource/);
    refused(await untag(arn, ['team', 'owner'], byKey), denied, /UntagResource/);
    assert.equal((await untag(arn, ['team'], byKey)).status, 200);
    const byOwner = await may({ StringEquals: { 'aws:ResourceTag/owner': 'me' } });
    assert.equal((await listed(arn, byOwner)).status, 200);
    assert.equal((await untag(arn, ['owner'], byOwner)).status, 200);
    refused(await listed(arn, byOwner), denied, /ListTagsForResource/);
    refused(await tag(arn, { owner: 'me' }, byOwner), denied, /TagResource/);
  }
});
