// Rates: the bucket to the last token, and what a throttled caller reads in either protocol.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeCa } from '../../test/pki.ts';
import { type Answer, account, region, testRoad } from '../../test/road.ts';
import { defaultSettings, type Rate, type Settings } from '../services/settings.ts';
import { throttle } from './throttle.ts';

const start = Date.parse('2026-11-22T12:00:00Z');
const after = (milliseconds: number) => new Date(start + milliseconds);
const rates = (of: Readonly<Record<string, Rate>>) => new Map(Object.entries(of));
const place = '123456789012/eu-central-1/';

describe('a bucket', () => {
  test('without a rate admits everything', () => {
    const { take } = throttle(new Map());
    for (let call = 0; call < 10_000; call += 1) assert.equal(take(place, 'GetRole', after(0)), undefined);
  });

  test('admits its burst at once, and then one call for each part of a second', () => {
    const { take } = throttle(rates({ CreateSession: { perSecond: 10, burst: 10 } }));
    const admitted = (milliseconds: number, calls: number) =>
      Array.from({ length: calls }, () => take(place, 'CreateSession', after(milliseconds))).filter(
        (wait) => wait === undefined,
      ).length;
    assert.equal(admitted(0, 15), 10);
    assert.equal(admitted(99, 2), 0);
    assert.equal(admitted(100, 2), 1);
    assert.equal(admitted(199, 2), 0);
    assert.equal(admitted(350, 5), 2);
    assert.equal(admitted(399, 1), 0);
    assert.equal(admitted(400, 2), 1);
  });

  test('holds no more than its burst, however long it rests', () => {
    const { take } = throttle(rates({ default: { perSecond: 5, burst: 2 } }));
    const late = after(86_400_000);
    assert.deepEqual(
      [take(place, 'A', after(0)), take(place, 'A', late), take(place, 'A', late), take(place, 'A', late)],
      [undefined, undefined, undefined, 1],
    );
  });

  test('tells the whole seconds to wait, and a call after them is admitted', () => {
    const { take } = throttle(rates({ default: { perSecond: 0.1, burst: 1 } }));
    assert.equal(take(place, 'A', after(0)), undefined);
    assert.equal(take(place, 'A', after(0)), 10);
    assert.equal(take(place, 'A', after(1)), 10);
    assert.equal(take(place, 'A', after(8999)), 2);
    assert.equal(take(place, 'A', after(9000)), 1);
    assert.equal(take(place, 'A', after(9999)), 1);
    assert.equal(take(place, 'A', after(10_000)), undefined);
  });

  test('does not lose to refused calls what has filled meanwhile', () => {
    const { take } = throttle(rates({ default: { perSecond: 3, burst: 1 } }));
    assert.equal(take(place, 'A', after(0)), undefined);
    for (let ms = 1; ms <= 333; ms += 1) assert.equal(take(place, 'A', after(ms)), 1, `${ms}`);
    assert.equal(take(place, 'A', after(334)), undefined);
  });

  test('gains nothing from a clock that goes back, and fills again from there', () => {
    const { take } = throttle(rates({ default: { perSecond: 1, burst: 1 } }));
    assert.equal(take(place, 'A', after(0)), undefined);
    assert.equal(take(place, 'A', after(-3_600_000)), 1);
    assert.equal(take(place, 'A', after(-3_600_000 + 999)), 1);
    assert.equal(take(place, 'A', after(-3_600_000 + 1000)), undefined);
  });

  test('is its own for every account and Region, and for every operation that has a rate', () => {
    const { take } = throttle(
      rates({ CreateSession: { perSecond: 1, burst: 1 }, default: { perSecond: 1, burst: 1 } }),
    );
    const [home, abroad] = ['123456789012/eu-central-1/', '123456789012/us-east-1/'];
    const stranger = '210987654321/eu-central-1/';
    for (const where of [home, abroad, stranger]) {
      assert.equal(take(where, 'CreateSession', after(0)), undefined, where);
      assert.equal(take(where, 'GetRole', after(0)), undefined, where);
      assert.equal(take(where, 'CreateSession', after(0)), 1, where);
    }
    assert.equal(take(home, 'ListRoles', after(0)), 1, 'the default is shared');
  });

  test('is not the default where only other operations have a rate', () => {
    const { take } = throttle(rates({ CreateSession: { perSecond: 1, burst: 1 } }));
    for (let call = 0; call < 5; call += 1) assert.equal(take(place, 'default', after(0)), undefined);
    for (let call = 0; call < 5; call += 1) assert.equal(take(place, 'GetRole', after(0)), undefined);
  });

  test('that was unused for longest makes room for a new one', () => {
    const { take } = throttle(rates({ default: { perSecond: 1, burst: 1 } }), 2);
    for (const where of ['a/', 'b/']) assert.equal(take(where, 'A', after(0)), undefined);
    assert.equal(take('a/', 'A', after(0)), 1, 'a is used last');
    assert.equal(take('c/', 'A', after(0)), undefined, 'b makes room');
    assert.equal(take('a/', 'A', after(0)), 1, 'a is remembered');
    assert.equal(take('b/', 'A', after(0)), undefined, 'b was forgotten');
  });
});

function settings(of: Readonly<Record<string, Rate>>): Settings {
  return { ...defaultSettings, rates: rates(of) };
}
const once: Rate = { perSecond: 0.5, burst: 1 };

function assertThrottled(answer: Answer, code: string, status: number): void {
  assert.deepEqual([answer.code, answer.status, answer.message], [code, status, 'Rate exceeded']);
  assert.equal(answer.header('retry-after'), '2');
}

describe('on the road', () => {
  test('a call beyond the rate is refused in either protocol, and admitted when the time has come', async () => {
    const road = await testRoad({ settings: settings({ ListProfiles: once, ListRoles: once }) });
    assert.equal((await road.rest('GET', '/profiles')).status, 200);
    assertThrottled(await road.rest('GET', '/profiles'), 'ThrottlingException', 429);
    assert.equal((await road.query('iam', 'ListRoles')).status, 200);
    assertThrottled(await road.query('iam', 'ListRoles'), 'Throttling', 400);
    assert.equal((await road.query('sts', 'GetCallerIdentity')).status, 200);
    road.at('2026-11-22T12:00:01.999Z');
    assert.equal((await road.rest('GET', '/profiles')).header('retry-after'), '1');
    road.at('2026-11-22T12:00:02.000Z');
    assert.equal((await road.rest('GET', '/profiles')).status, 200);
    assert.equal((await road.query('iam', 'ListRoles')).status, 200);
  });

  test('other errors say nothing of when to retry', async () => {
    const road = await testRoad();
    const missing = await road.rest('GET', '/profile/11111111-2222-4333-8444-555555555555');
    assert.deepEqual([missing.status, missing.header('retry-after')], [404, undefined]);
    const unknown = await road.query('iam', 'GetRole', { RoleName: 'nobody' });
    assert.deepEqual([unknown.status, unknown.header('retry-after')], [404, undefined]);
  });

  test('a throttled write changes nothing and is recorded with its reason', async () => {
    const road = await testRoad({ settings: settings({ CreateProfile: once }) });
    const create = () => road.rest('POST', '/profiles', { name: 'p', roleArns: [] });
    assert.equal((await create()).status, 201);
    assertThrottled(await create(), 'ThrottlingException', 429);
    assert.equal((await road.rest('GET', '/profiles')).json().profiles.length, 1);
    const [, throttled] = await road.events();
    assert.equal(throttled?.errorCode, 'ThrottlingException');
    assert.match(JSON.stringify(throttled), /"reason":"rateExceeded"/);
  });

  test('a call that would be denied or is invalid counts like any other', async () => {
    const road = await testRoad({ settings: settings({ default: once }) });
    assert.equal((await road.rest('GET', '/profile/x')).status, 400);
    assertThrottled(await road.rest('GET', '/profiles'), 'ThrottlingException', 429);
  });

  test('another Region has a rate of its own', async () => {
    const road = await testRoad({ settings: settings({ ListProfiles: once }) });
    assert.equal((await road.rest('GET', '/profiles')).status, 200);
    assert.equal((await road.rest('GET', '/profiles', undefined, { region: 'us-east-1' })).status, 200);
    assert.equal((await road.rest('GET', '/profiles')).status, 429);
  });

  test('who proves no key uses up no rate', async () => {
    const road = await testRoad({ settings: settings({ default: once }) });
    const keys = { ...road.root, secretAccessKey: 'wrong-wrong-wrong-wrong' };
    assert.equal((await road.rest('GET', '/profiles', undefined, { keys })).status, 403);
    assert.equal((await road.rest('GET', '/profiles', undefined, { unsigned: true })).status, 403);
    assert.equal((await road.rest('GET', '/profiles')).status, 200);
  });
});

describe('CreateSession', () => {
  async function arranged(of: Readonly<Record<string, Rate>>) {
    const road = await testRoad({ settings: settings(of) });
    const ca = makeCa();
    const source = { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: ca.pem } };
    const anchor = await road.rest('POST', '/trustanchors', { name: 'a', source, enabled: true });
    const roleArn = `arn:aws:iam::${account}:role/app`;
    const Principal = { Service: 'rolesanywhere.amazonaws.com' };
    const trust = { Effect: 'Allow', Principal, Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'] };
    await road.query('iam', 'CreateRole', {
      RoleName: 'app',
      AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
    });
    const profile = await road.rest('POST', '/profiles', { name: 'p', roleArns: [roleArn], enabled: true });
    const { trustAnchorArn } = anchor.json().trustAnchor;
    const { profileArn } = profile.json().profile;
    const body = { trustAnchorArn, profileArn, roleArn };
    const ask = (issuer = ca, more: object = {}) => {
      const { certificate, privateKey } = issuer.issue({ subject: 'CN=client' });
      return road.session({ certificate, privateKey, body: { ...body, ...more } });
    };
    return { road, ask, body, ca };
  }

  test('counts against the account of the trust anchor', async () => {
    const { road, ask } = await arranged({ CreateSession: once });
    assert.equal((await ask()).status, 201);
    assertThrottled(await ask(), 'ThrottlingException', 429);
    road.at('2026-11-22T12:00:02Z');
    assert.equal((await ask()).status, 201);
    assert.equal((await ask()).status, 429);
  });

  test('of a stranger uses up nothing, whatever he knows', async () => {
    const { road, ask, body, ca } = await arranged({ CreateSession: once });
    const other = makeCa({ subject: 'CN=Other' });
    for (let call = 0; call < 3; call += 1) assert.equal((await ask(other)).status, 403);
    const elsewhere = body.trustAnchorArn.replace(account, '999999999999');
    assert.equal((await ask(ca, { trustAnchorArn: elsewhere })).status, 403);
    const stolen = ca.issue({ subject: 'CN=client' });
    const { privateKey } = other.issue({ subject: 'CN=client' });
    const unproved = await road.session({ certificate: stolen.certificate, privateKey, body });
    assert.equal(unproved.message, 'Invalid signature');
    assert.equal((await ask()).status, 201);
  });

  test('refused to a trusted holder counts, as its attempt is written', async () => {
    const { ask } = await arranged({ CreateSession: once });
    assert.equal((await ask(undefined, { roleSessionName: 'unasked' })).status, 403);
    assert.equal((await ask()).status, 429);
  });

  test('throttled leaves no session behind, and its event says why', async () => {
    const { road, ask } = await arranged({ CreateSession: once });
    await ask();
    const throttled = await ask();
    assert.doesNotMatch(throttled.body, /sessionToken/);
    const last = (await road.events()).at(-1);
    assert.deepEqual([last?.eventName, last?.errorCode], ['CreateSession', 'ThrottlingException']);
    assert.equal(last?.awsRegion, region);
  });
});
