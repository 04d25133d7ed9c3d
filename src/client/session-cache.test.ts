import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { type ProcessCredentials, throughCache } from './session-cache.ts';

const place = mkdtempSync(join(tmpdir(), 'anyrole-cache-'));
after(() => rmSync(place, { recursive: true, force: true }));

const start = Date.parse('2026-06-01T00:00:00Z');
let directory: string;
let nowMs: number;
let asked: number;
let warnings: unknown[];
beforeEach((context) => {
  directory = join(place, 'name' in context ? context.name.replaceAll(/\W/g, '-') : 'x', 'cache');
  nowMs = start;
  asked = 0;
  warnings = [];
});

const cache = (key: readonly unknown[] = ['certificate', 'arn']) => ({
  directory,
  key,
  now: () => new Date(nowMs),
  warn: (failure: unknown) => void warnings.push(failure),
});

function session(seconds = 3600): Promise<ProcessCredentials> {
  asked += 1;
  return Promise.resolve({
    Version: 1,
    AccessKeyId: `ASIA${asked}`,
    SecretAccessKey: 'secret',
    SessionToken: 'token',
    Expiration: new Date(nowMs + seconds * 1000).toISOString(),
  });
}
const away = () => Promise.reject(new Error('away'));
const files = () => readdirSync(directory).filter((name) => name.endsWith('.json'));

test('what was asked for once is given again, and the files are the owner’s alone', async () => {
  const first = await throughCache(cache(), session);
  assert.deepEqual(await throughCache(cache(), session), first);
  assert.equal(asked, 1);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  for (const name of readdirSync(directory)) assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name);
});

test('another certificate, role or endpoint is another session', async () => {
  await throughCache(cache(['a', 'b']), session);
  await throughCache(cache(['a', 'c']), session);
  await throughCache(cache(['ab']), session);
  assert.equal(asked, 3);
});

test('a session is renewed a quarter of an hour ahead, and a short one when a third is left', async () => {
  for (const [seconds, left] of [
    [3600, 900],
    [900, 300],
  ] as const) {
    const issued = nowMs;
    await throughCache(cache([seconds]), () => session(seconds));
    const before = asked;
    nowMs = issued + (seconds - left - 1) * 1000;
    await throughCache(cache([seconds]), session);
    assert.equal(asked, before);
    nowMs = issued + (seconds - left) * 1000;
    await throughCache(cache([seconds]), session);
    assert.equal(asked, before + 1);
  }
});

test('while the server is away the kept session serves until its last minute, with a warning, and never after', async () => {
  const first = await throughCache(cache(), session);
  nowMs = start + 3539_000;
  assert.deepEqual(await throughCache(cache(), away), first);
  assert.equal(warnings.length, 1);
  for (const late of [3540_000, 3600_000, 7200_000]) {
    nowMs = start + late;
    await assert.rejects(throughCache(cache(), away), /away/);
  }
});

test('of many callers at once one asks', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => throughCache(cache(), session)));
  assert.equal(asked, 1);
  assert.equal(new Set(all.map(({ AccessKeyId }) => AccessKeyId)).size, 1);
});

test('a clock that was set back does not make a session fresh', async () => {
  await throughCache(cache(), session);
  nowMs = start - 3600_000;
  await throughCache(cache(), session);
  assert.equal(asked, 2);
});

test('sessions that have ended are removed by whoever writes next', async () => {
  await throughCache(cache(['old']), session);
  nowMs = start + 3600_000;
  await throughCache(cache(['new']), session);
  assert.equal(files().length, 1);
});

for (const [what, content] of [
  ['cut off', '{"IssuedAt":"2026-06-01T00:00:00Z","cred'],
  ['of another form', '{"IssuedAt":"2026-06-01T00:00:00Z","credentials":{"AccessKeyId":1}}'],
  ['no object', 'null'],
  [
    'without dates',
    '{"IssuedAt":"x","credentials":{"AccessKeyId":"a","SecretAccessKey":"b","SessionToken":"c","Expiration":"y"}}',
  ],
  ['empty', ''],
  ['huge', `"${'x'.repeat(70_000)}"`],
] as const) {
  test(`an entry that is ${what} is asked for again`, async () => {
    await throughCache(cache(), session);
    const [name = ''] = files();
    writeFileSync(join(directory, name), content);
    assert.equal((await throughCache(cache(), session)).AccessKeyId, 'ASIA2');
    assert.equal((await throughCache(cache(), session)).AccessKeyId, 'ASIA2');
  });
}

test('an entry that others can read or that is a link is not believed, and is made anew for the owner alone', async () => {
  await throughCache(cache(), session);
  const [name = ''] = files();
  const path = join(directory, name);
  chmodSync(path, 0o644);
  assert.equal((await throughCache(cache(), session)).AccessKeyId, 'ASIA2');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const elsewhere = join(place, 'elsewhere.json');
  writeFileSync(elsewhere, readFileSync(path), { mode: 0o600 });
  rmSync(path);
  symlinkSync(elsewhere, path);
  assert.equal((await throughCache(cache(), session)).AccessKeyId, 'ASIA3');
  assert.match(readFileSync(elsewhere, 'utf8'), /ASIA2/);
});

test('a directory that others can reach into is refused by name', async () => {
  await throughCache(cache(), session);
  chmodSync(directory, 0o755);
  await assert.rejects(
    throughCache(cache(), session),
    /cache directory `[^`]+` is open to others; make it yours alone/,
  );
  assert.equal(asked, 1);
});
