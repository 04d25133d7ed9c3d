// Lists: every item exactly once, in the order of creation, and only with tokens that this server made for this listing.
import assert from 'node:assert/strict';
import test from 'node:test';
import { makeCa } from '../../../test/pki.ts';
import { account, type Options, type Road, testRoad } from '../../../test/road.ts';
import { bundle, refused, violation } from './rig.test.ts';

async function withProfiles(count: number): Promise<{ readonly road: Road; readonly names: readonly string[] }> {
  const road = await testRoad();
  const names = Array.from({ length: count }, (_, at) => `profile ${at}`);
  for (const name of names) {
    const answer = await road.rest('POST', '/profiles', { name, roleArns: [] });
    assert.equal(answer.status, 201, answer.body);
  }
  return { road, names };
}

/** The names of each page, walked by nextToken. */
async function pages(road: Road, pageSize?: number): Promise<readonly (readonly string[])[]> {
  const found: string[][] = [];
  let token: string | undefined;
  do {
    const query = new URLSearchParams();
    if (pageSize !== undefined) query.set('pageSize', String(pageSize));
    if (token !== undefined) query.set('nextToken', token);
    const answer = await road.rest('GET', `/profiles?${query}`);
    assert.equal(answer.status, 200, answer.body);
    const { profiles, nextToken } = answer.json();
    found.push(profiles.map(({ name }: { readonly name: string }) => name));
    token = nextToken;
  } while (token !== undefined && found.length < 500);
  return found;
}

test('130 profiles are walked exactly once, in the order of their creation, whatever the size of a page', async () => {
  const { road, names } = await withProfiles(130);
  for (const [pageSize, sizes] of [
    [undefined, [50, 50, 30]],
    [13, Array.from({ length: 10 }, () => 13)],
    [65, [65, 65]],
    [1000, [100, 30]],
    [2_147_483_647, [100, 30]],
  ] as const) {
    const walked = await pages(road, pageSize);
    assert.deepEqual(walked.flat(), names);
    assert.deepEqual(
      walked.map(({ length }) => length),
      sizes,
    );
  }
});

test('pages of one are walked to the end, and an empty list has no token', async () => {
  const { road, names } = await withProfiles(4);
  assert.deepEqual(
    await pages(road, 1),
    names.map((name) => [name]),
  );
  const empty = await testRoad();
  assert.deepEqual((await empty.rest('GET', '/profiles')).json(), { profiles: [] });
});

test('what is made or deleted between two pages disturbs no other item', async () => {
  const { road, names } = await withProfiles(6);
  const first = (await road.rest('GET', '/profiles?pageSize=3')).json();
  await road.rest('DELETE', `/profile/${first.profiles[2].profileId}`);
  await road.rest('DELETE', `/profile/${first.profiles[0].profileId}`);
  await road.rest('POST', '/profiles', { name: 'late', roleArns: [] });
  const query = new URLSearchParams({ nextToken: first.nextToken });
  const rest = (await road.rest('GET', `/profiles?${query}`)).json();
  assert.deepEqual(
    rest.profiles.map(({ name }: { readonly name: string }) => name),
    [...names.slice(3), 'late'],
  );
});

test('a page shows what changed since it was shown, and is the same where nothing did', async () => {
  const { road } = await withProfiles(3);
  const page = async () => (await road.rest('GET', '/profiles?pageSize=2')).body;
  const ids = (await road.rest('GET', '/profiles')).json().profiles.map((one: { profileId: string }) => one.profileId);
  const [, second, third] = ids;
  const first = await page();
  assert.equal(await page(), first);
  await road.rest('PATCH', `/profile/${second}`, { name: 'another' });
  const changed = await page();
  assert.equal(changed, first.replace('profile 1', 'another'));
  await road.rest('PATCH', `/profile/${third}`, { name: 'of the next page' });
  assert.equal(await page(), changed);
  await road.rest('DELETE', `/profile/${second}`);
  const names = JSON.parse(await page()).profiles.map(({ name }: { readonly name: string }) => name);
  assert.deepEqual(names, ['profile 0', 'of the next page']);
});

test('a page size below one, or that is no integer, is refused', async () => {
  const { road } = await withProfiles(1);
  for (const pageSize of ['0', '-1', '-2147483648']) {
    for (const path of ['/profiles', '/trustanchors']) {
      refused(
        await road.rest('GET', `${path}?pageSize=${pageSize}`),
        pageSize.length > 5 ? 'SerializationException' : 'ValidationException',
        pageSize.length > 5
          ? /pageSize/
          : violation(pageSize, 'pageSize', 'Member must have value greater than or equal to 1'),
      );
    }
  }
  for (const pageSize of ['', 'ten', '1.5', '1e2', '0x10', '4294967297', '1&pageSize=2']) {
    refused(await road.rest('GET', `/profiles?pageSize=${pageSize}`), 'SerializationException', /pageSize/);
  }
});

test('a token that this server did not make for this listing is refused', async () => {
  const { road } = await withProfiles(3);
  const source = bundle(makeCa().pem);
  for (const name of ['a', 'b']) await road.rest('POST', '/trustanchors', { name, source });
  const tokenOf = async (path: string) => (await road.rest('GET', `${path}?pageSize=1`)).json().nextToken as string;
  const [token, foreign] = [await tokenOf('/profiles'), await tokenOf('/trustanchors')];
  const middle = Math.floor(token.length / 2);
  const bent = token.slice(0, middle) + (token[middle] === 'A' ? 'B' : 'A') + token.slice(middle + 1);
  const forged = Buffer.from(`rolesanywhere/profiles\n${account}/eu-central-1/\n`).toString('base64url');
  const ask = (nextToken: string, options?: Options) =>
    road.rest('GET', `/profiles?${new URLSearchParams({ nextToken })}`, undefined, options);
  assert.equal((await ask(token)).status, 200);
  for (const wrong of [
    foreign,
    bent,
    forged,
    token.slice(0, -8),
    token.slice(8),
    'x',
    ' ',
    `${account}/eu-central-1/`,
  ]) {
    refused(await ask(wrong), 'ValidationException', 'Invalid nextToken.');
  }
  refused(await ask(token, { region: 'us-west-2' }), 'ValidationException', 'Invalid nextToken.');
  refused(
    await ask(''),
    'ValidationException',
    violation('', 'nextToken', 'Member must have length greater than or equal to 1'),
  );
  refused(await ask('x'.repeat(10_001)), 'ValidationException', /length less than or equal to 10000$/);
});

test('a token names no key of the store', async () => {
  const { road } = await withProfiles(2);
  const { profiles, nextToken } = (await road.rest('GET', '/profiles?pageSize=1')).json();
  assert.match(nextToken, /^[\w-]+$/);
  const text = Buffer.from(nextToken, 'base64url').toString('latin1');
  assert.equal(text.includes(profiles[0].profileId) || text.includes(account), false);
});
