import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { failure, RolesAnywhereError } from './errors.ts';
import type { Session } from './session.ts';
import { keepProfileUpdated, type UpdatedProfile, updateProfile } from './updated-profile.ts';

const place = mkdtempSync(join(tmpdir(), 'anyrole-updated-'));
after(() => rmSync(place, { recursive: true, force: true }));

const start = Date.parse('2026-06-01T00:00:00Z');

/** A world without waiting: sleeping moves its clock. */
function scene(name: string, answers: readonly (number | Error)[]) {
  let nowMs = start;
  const told: string[] = [];
  const left = [...answers];
  const seconds = () => (nowMs - start) / 1000;
  const asked: UpdatedProfile = {
    path: join(place, name),
    profile: 'default',
    world: {
      now: () => new Date(nowMs),
      random: () => 0,
      sleep: async (milliseconds) => {
        nowMs += milliseconds;
      },
    },
    create: async () => {
      const answer = left.shift();
      if (answer instanceof Error || answer === undefined) throw answer ?? new Error('asked once too often');
      const expiration = new Date(nowMs + answer * 1000);
      return session(expiration, `ASIA${answers.length - left.length}`);
    },
    updated: (_, next) => void told.push(`${seconds()}: next at ${(next.getTime() - start) / 1000}`),
    failed: (_, pause) => void told.push(`${seconds()}: again in ${pause}`),
  };
  return { asked, told, goOn: () => left.length > 0 };
}

function session(expiration: Date, accessKeyId: string): Session {
  return {
    accessKeyId,
    secretAccessKey: 'secret',
    sessionToken: 'token',
    expiration,
    expirationText: expiration.toISOString(),
    roleArn: 'arn:aws:iam::123456789012:role/Worker',
    accountId: '123456789012',
    region: 'eu-central-1',
  };
}

test('the next session is asked for five minutes ahead, or a quarter of a short life', async () => {
  const { asked, told, goOn } = scene('ahead', [3600, 900, 3600]);
  await keepProfileUpdated(asked, goOn);
  assert.deepEqual(told, ['0: next at 3300', '3300: next at 3975', '3975: next at 7275']);
  assert.match(readFileSync(asked.path, 'utf8'), /ASIA3/);
});

test('a failure is tried again, ever more slowly up to a minute, and the file keeps what it has', async () => {
  const away = new Error('away');
  const { asked, told, goOn } = scene('away', [3600, away, away, away, away, away, away, 3600]);
  await keepProfileUpdated(asked, goOn);
  const pauses = told.slice(1, -1).map((line) => Number(line.split(' in ')[1]));
  assert.deepEqual(pauses, [5, 10, 20, 40, 60, 60]);
  assert.equal(told.at(-1), '3495: next at 6795');
});

test('as long as the server says is waited, up to a minute', async () => {
  const busy = [7, 1, 3600].map(
    (retryAfterSeconds) => new RolesAnywhereError('Throttled', 'no', { retryAfterSeconds }),
  );
  const { asked, told, goOn } = scene('busy', [...busy, 3600]);
  await keepProfileUpdated(asked, goOn);
  assert.deepEqual(told.slice(0, -1), ['0: again in 7', '7: again in 10', '17: again in 60']);
});

test('a server that hands out sessions that are over is not asked without pause', async () => {
  const { asked, told, goOn } = scene('over', [-10, 0, 1, 3600]);
  await keepProfileUpdated(asked, goOn);
  assert.deepEqual(told, ['0: next at 5', '5: next at 10', '10: next at 15', '15: next at 3315']);
});

for (const code of ['InvalidOptions', 'RegionMismatch', 'PasswordMissing', 'PasswordWrong'] as const) {
  test(`what no waiting mends ends it: ${code}`, async () => {
    const { asked, told, goOn } = scene(code, [failure(code, 'no'), 3600]);
    await assert.rejects(keepProfileUpdated(asked, goOn), { code });
    assert.deepEqual(told, []);
    assert.equal(existsSync(asked.path), false);
  });
}

test('a session with lines of its own is not written', async () => {
  const { asked } = scene('hostile', []);
  writeFileSync(asked.path, '[default]\n');
  const create = async () => session(new Date(start), 'ASIA\n[other]');
  await assert.rejects(updateProfile({ ...asked, create }), { code: 'InvalidOptions' });
  assert.equal(readFileSync(asked.path, 'utf8'), '[default]\n');
});
