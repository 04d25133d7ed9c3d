// The room on a clock and a network that the test holds: what is asked when, what is kept, what is forgotten.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type CrlOptions, makeCa } from '../../test/pki.ts';
import type { Certificate } from '../core/x509/certificate.ts';
import { parseCrl } from '../core/x509/crl.ts';
import type { CrlPlace, WatchedPlace } from '../services/fetched-crls.ts';
import { type CrlSources, crlSources } from './crl-sources.ts';
import { type Fetched, failed } from './fetched.ts';

const ca = makeCa();
const hosts = [{ hostname: 'crl.test', port: undefined }];

const source = (name: string, more: Partial<WatchedPlace> = {}): WatchedPlace => ({
  key: name,
  kind: 'source',
  url: `http://crl.test/${name}`,
  trustAnchorId: 'anchor',
  name,
  scheduled: true,
  signers: [ca.certificate],
  ...more,
});
const point = (name: string, more: Partial<CrlPlace> = {}): CrlPlace => ({
  key: `point ${name}`,
  kind: 'distributionPoint',
  url: `http://crl.test/${name}`,
  trustAnchorId: 'anchor',
  name: 'crl.test',
  ...more,
});

/** A room whose network answers what the test says, on a clock that it moves; `files` outlives a room. */
function arranged({ files = new Map<string, Uint8Array>(), at = '2026-11-22T12:00:00Z' } = {}) {
  const clock = { now: new Date(at) };
  const asked: string[] = [];
  const logged: { readonly message: string; readonly reason?: unknown }[] = [];
  const timers = new Set<{ readonly at: number; readonly work: () => void }>();
  const configured: WatchedPlace[] = [];
  let answer = async (_url: string, _signal: AbortSignal): Promise<Fetched> => failed('notReached', 'ECONNREFUSED');
  const make = (): CrlSources =>
    crlSources({
      allowed: {
        hosts,
        directories: [],
        distributionPointHosts: hosts,
        refreshSeconds: 3600,
        timeoutSeconds: 10,
        maxBytes: 1_000_000,
      },
      configured: async () => [...configured],
      async fetch({ href }, _places, { signal }) {
        asked.push(href);
        return answer(href, signal);
      },
      parse: async (bytes) => parseCrl(bytes),
      lists: {
        read: async (key) => files.get(key),
        write: async (key, bytes) => void files.set(key, bytes),
        remove: async (key) => void files.delete(key),
      },
      now: () => clock.now,
      later(ms, work) {
        const timer = { at: clock.now.getTime() + ms, work };
        timers.add(timer);
        return () => timers.delete(timer);
      },
      log: {
        info: (facts, message) => void logged.push({ ...facts, message }),
        error: (facts, message) => void logged.push({ ...facts, message }),
        flush: () => {},
      },
    });
  /** Everything that waits for nothing but its turn. */
  const settled = async () => {
    for (let turns = 0; turns < 20; turns++) await turn();
  };
  return {
    room: make(),
    another: make,
    files,
    asked,
    logged,
    configured,
    settled,
    now: () => clock.now,
    answers(work: (url: string, signal: AbortSignal) => Promise<Fetched> | Fetched) {
      answer = async (url, signal) => work(url, signal);
    },
    /** Lets time pass, timer by timer. */
    async pass(seconds: number) {
      const end = clock.now.getTime() + seconds * 1000;
      for (;;) {
        const [next] = [...timers].filter((timer) => timer.at <= end).sort((one, other) => one.at - other.at);
        if (next === undefined) break;
        timers.delete(next);
        clock.now = new Date(next.at);
        next.work();
        await settled();
      }
      clock.now = new Date(end);
    },
  };
}

let count = 0;
const list = (options: CrlOptions = {}, issuer = ca): Fetched => {
  count += 1;
  return { ok: true, bytes: issuer.crl(options).der, digest: `digest ${count}` };
};
const numberOf = (room: CrlSources, key: string, signers: readonly Certificate[] = []) =>
  room.listOf(key, signers)?.extensions.cRLNumber;

test('a configured place is asked at the start, kept, and asked again within the hour', async () => {
  const { room, configured, asked, answers, settled, pass, files } = arranged();
  configured.push(source('a'));
  answers(() => list({ number: 7 }));
  await room.start();
  await settled();
  assert.equal(numberOf(room, 'a'), 7n);
  assert.equal(room.stateOf('a')?.list?.verified, true);
  assert.deepEqual([asked.length, files.size], [1, 1]);
  await pass(3000);
  assert.equal(asked.length, 1);
  await pass(660);
  assert.equal(asked.length, 2);
  await room.close();
  await pass(10 * 3600);
  assert.equal(asked.length, 2);
});

test('a failing place is asked ever more seldom, its last good list stays, and the log says it twice', async () => {
  const { room, configured, asked, answers, settled, pass, logged } = arranged();
  configured.push(source('a'));
  answers(() => list({ number: 7 }));
  await room.start();
  await settled();
  answers(() => failed('badStatus', '503'));
  await pass(24 * 3600);
  assert.ok(asked.length > 90 && asked.length < 130, String(asked.length));
  assert.equal(numberOf(room, 'a'), 7n);
  const { failures = 0, lastError } = room.stateOf('a') ?? {};
  assert.equal(failures, asked.length - 1);
  assert.deepEqual(lastError, { reason: 'badStatus', detail: '503' });
  answers(() => list({ number: 8 }));
  await pass(900);
  assert.equal(numberOf(room, 'a'), 8n);
  assert.deepEqual([room.stateOf('a')?.failures, room.stateOf('a')?.lastError], [0, undefined]);
  assert.deepEqual(
    logged.map(({ message, reason }) => [message, reason]),
    [
      ['a CRL cannot be fetched; the last good one stays', 'badStatus'],
      ['a CRL is fetched again', undefined],
    ],
  );
  await room.close();
});

test('a list that ends within the hour is renewed before it ends', async () => {
  const { room, configured, answers, settled, pass, now } = arranged();
  configured.push(source('a'));
  const inTenMinutes = () => new Date(now().getTime() + 600_000);
  answers(() => list({ thisUpdate: now(), nextUpdate: inTenMinutes() }));
  await room.start();
  await settled();
  for (let minute = 0; minute < 60; minute++) {
    await pass(60);
    assert.ok((room.listOf('a', [])?.nextUpdate ?? 0) >= now());
  }
  await room.close();
});

test('an older, forged or malformed list takes the place of none, and the state says why', async () => {
  const { room, configured, answers, settled, files } = arranged();
  configured.push(source('a'));
  answers(() => list({ number: 7, thisUpdate: '2026-11-01T00:00:00Z' }));
  await room.start();
  await settled();
  const kept = files.get('a');
  for (const [bad, reason] of [
    [list({ number: 6, thisUpdate: '2026-11-01T00:00:00Z' }), 'older'],
    [list({ number: 8, thisUpdate: '2026-10-01T00:00:00Z' }), 'older'],
    [list({ number: 8, thisUpdate: '2026-11-02T00:00:00Z', signWith: makeCa().keys }), 'badSignature'],
    [list({ number: 8, thisUpdate: '2026-11-02T00:00:00Z' }, makeCa({ subject: 'CN=Other' })), 'otherIssuer'],
    [list({ number: 8, thisUpdate: '2026-11-02T00:00:00Z', deltaBase: 7 }), 'delta'],
    [{ ok: true, bytes: Buffer.from('<html>'), digest: 'html' }, 'malformed'],
    [{ ok: true, bytes: new Uint8Array(), digest: 'nothing' }, 'malformed'],
  ] as const) {
    answers(() => bad);
    const { lastError } = await room.refresh(source('a'));
    assert.equal(lastError?.reason, reason);
    assert.equal(numberOf(room, 'a'), 7n);
  }
  assert.equal(files.get('a'), kept);
  await room.close();
});

test('the last good list outlives the server, and replays do not get past it', async () => {
  const before = arranged();
  before.configured.push(source('a'));
  before.answers(() => list({ number: 7 }));
  await before.room.start();
  await before.settled();
  await before.room.close();
  const { room, configured, settled, answers } = arranged({ files: before.files, at: '2026-11-22T13:00:00Z' });
  configured.push(source('a'));
  await room.start();
  assert.equal(numberOf(room, 'a'), 7n, 'before any answer');
  await settled();
  answers(() => list({ number: 6 }));
  assert.equal((await room.refresh(source('a'))).lastError?.reason, 'older');
  assert.equal(numberOf(room, 'a'), 7n);
  await room.close();
});

test('what is on the disk is believed no more than what is fetched', async () => {
  const files = new Map([
    ['a', Buffer.from('garbage')],
    ['b', Buffer.from(ca.crl({ signWith: makeCa().keys }).der)],
  ]);
  const { room, configured } = arranged({ files });
  configured.push(source('a'), source('b'));
  await room.start();
  assert.deepEqual([room.listOf('a', []), room.listOf('b', [])], [undefined, undefined]);
  await room.close();
});

test('a place whose URL the settings do not allow is not asked', async () => {
  const { room, configured, asked, settled, pass } = arranged();
  for (const [name, url] of [
    ['a', 'http://other.test/a'],
    ['b', 'file:///etc/passwd'],
    ['c', 'http://crl.test:8080/'],
  ] as const)
    configured.push(source(name, { url }));
  await room.start();
  await settled();
  await pass(3600);
  for (const place of configured) assert.equal((await room.refresh(place)).lastError?.reason, 'notAllowed');
  assert.deepEqual(asked, []);
  assert.deepEqual(room.stateOf('a')?.lastError, { reason: 'notAllowed', detail: 'hostNotAllowed' });
  await room.close();
});

test('a place is asked once, however many wait for it', async () => {
  const { room, answers, asked, settled } = arranged();
  let answer = (_: Fetched) => {};
  answers(() => new Promise<Fetched>((resolve) => (answer = resolve)));
  const waiting = [
    room.refresh(source('a')),
    room.refresh(source('a')),
    room.follow([point('b')], []),
    room.follow([point('b')], []),
  ];
  await settled();
  assert.equal(asked.length, 2);
  answer(list());
  await settled();
  await room.close();
  await Promise.all(waiting);
  assert.equal(asked.length, 2);
});

test('a place that does not answer is given up in time, and when the server closes', async () => {
  const { room, answers, pass, settled } = arranged();
  const signals: AbortSignal[] = [];
  answers((_url, signal) => {
    signals.push(signal);
    return new Promise(() => {});
  });
  const first = room.refresh(source('a'));
  await settled();
  await pass(9);
  assert.equal(signals[0]?.aborted, false);
  await pass(1);
  assert.equal((await first).lastError?.reason, 'timeout');
  assert.equal(signals[0]?.aborted, true);
  const second = room.refresh(source('a'));
  await settled();
  await room.close();
  await second;
  assert.equal(signals[1]?.aborted, true);
});

test('at most eight places are asked on schedule at the same time, and the others follow', async () => {
  const { room, configured, answers, asked, settled } = arranged();
  for (let n = 0; n < 20; n++) configured.push(source(String(n)));
  const waiting: ((answer: Fetched) => void)[] = [];
  answers(() => new Promise<Fetched>((resolve) => void waiting.push(resolve)));
  await room.start();
  await settled();
  assert.equal(asked.length, 8);
  for (let n = 0; n < 20; n++) {
    waiting[n]?.(list());
    await settled();
  }
  assert.equal(asked.length, 20);
  await room.close();
});

test('a place that is configured no longer is forgotten with its file; one that is disabled is not asked', async () => {
  const { room, configured, answers, asked, settled, files, pass } = arranged();
  configured.push(source('a'), source('b', { scheduled: false }));
  answers(() => list());
  await room.start();
  await settled();
  assert.deepEqual(asked, ['http://crl.test/a']);
  await room.refresh(source('b'));
  assert.equal(files.size, 2);
  configured.splice(0, 1);
  room.changed();
  await settled();
  assert.deepEqual([room.stateOf('a'), [...files.keys()]], [undefined, ['b']]);
  await pass(7200);
  assert.equal(asked.length, 2);
  await room.close();
});

test('a place that is new is asked at once when the room is told, and soon when it is not', async () => {
  const { room, configured, answers, settled, pass } = arranged();
  answers(() => list({ number: 7 }));
  await room.start();
  configured.push(source('a'));
  room.changed();
  await settled();
  assert.equal(numberOf(room, 'a'), 7n);
  configured.push(source('b'));
  await pass(15);
  assert.equal(numberOf(room, 'b'), 7n);
  await room.close();
});

test('a distribution point is asked when it is first followed, from memory afterwards, and not at each failure', async () => {
  const { room, answers, asked, pass } = arranged();
  await room.start();
  await room.follow([point('a')], [ca.certificate]);
  assert.equal(room.listOf('point a', []), undefined);
  await room.follow([point('a')], [ca.certificate]);
  assert.equal(asked.length, 1, 'a failure is not repeated at once');
  answers(() => list({ number: 7 }));
  await pass(60);
  assert.equal(numberOf(room, 'point a'), 7n, 'it is tried again on schedule');
  const before = asked.length;
  await room.follow([point('a')], [ca.certificate]);
  assert.equal(asked.length, before);
  await room.close();
});

test('a distribution point that nobody shows for a day is asked no more', async () => {
  const { room, answers, asked, pass } = arranged();
  answers(() => list());
  await room.start();
  await room.follow([point('a')], [ca.certificate]);
  await pass(25 * 3600);
  const before = asked.length;
  assert.equal(room.stateOf('point a'), undefined);
  await pass(25 * 3600);
  assert.equal(asked.length, before);
  await room.close();
});

test('of distribution points, those that were shown last are watched', async () => {
  const { room, answers } = arranged();
  answers(() => list());
  for (let n = 0; n < 300; n++) await room.follow([point(String(n))], [ca.certificate]);
  assert.equal(room.states().length, 256);
  assert.equal(room.stateOf('point 0'), undefined);
  assert.ok(room.stateOf('point 299'));
  await room.close();
});

test('a list that waits for its signer is believed when its certificate is shown, and forgotten when that did not sign it', async () => {
  const { room, configured, answers, asked, settled, pass } = arranged();
  const issuer = makeCa({ subject: 'CN=Intermediate' });
  configured.push(source('a'), source('b'));
  const forged = list({ number: 2n ** 70n, signWith: makeCa().keys }, issuer);
  answers((url) => (url.endsWith('a') ? list({ number: 7 }, issuer) : forged));
  await room.start();
  await settled();
  for (const key of ['a', 'b']) assert.equal(room.stateOf(key)?.list?.verified, false);
  assert.equal(numberOf(room, 'a', [issuer.certificate]), 7n);
  assert.equal(room.stateOf('a')?.list?.verified, true);
  assert.equal(room.listOf('b', [issuer.certificate]), undefined);
  assert.equal(room.stateOf('b')?.lastError?.reason, 'badSignature');
  const before = asked.length;
  answers(() => list({ number: 7 }, issuer));
  await pass(15);
  assert.equal(asked.length, before + 1, 'the true list is looked for at once');
  assert.equal(numberOf(room, 'b'), 7n);
  await room.close();
});

test('a place stays whose it was, over a new start, too', async () => {
  const issuer = makeCa({ subject: 'CN=Intermediate' });
  const before = arranged();
  before.answers(() => list({ number: 7 }, issuer));
  await before.room.refresh(source('a'));
  await before.room.close();
  const { room, answers } = arranged({ files: before.files });
  answers(() => list({ number: 8 }, makeCa({ subject: 'CN=Somebody' })));
  assert.equal((await room.refresh(source('a'))).lastError?.reason, 'otherIssuer');
  assert.equal(numberOf(room, 'a'), 7n);
  await room.close();
});

test('a distribution point’s list is its certificate’s issuer’s, or none', async () => {
  const { room, answers } = arranged();
  answers(() => list({}, makeCa({ subject: 'CN=Somebody' })));
  await room.follow([point('a')], [ca.certificate]);
  assert.deepEqual(
    [room.listOf('point a', []), room.stateOf('point a')?.lastError?.reason],
    [undefined, 'otherIssuer'],
  );
  await room.close();
});

test('a disk that refuses keeps no list from being used', async () => {
  const files = new Map<string, Uint8Array>();
  files.set = () => {
    throw new Error('ENOSPC');
  };
  const { room, answers, logged } = arranged({ files });
  answers(() => list({ number: 7 }));
  assert.equal((await room.refresh(source('a'))).failures, 0);
  assert.equal(numberOf(room, 'a'), 7n);
  assert.match(logged[0]?.message ?? '', /cannot be kept on disk/);
  await room.close();
});
