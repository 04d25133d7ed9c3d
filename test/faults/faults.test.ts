// The store under faults: ordered ones over the whole road, of which `npm run faults` is the long form; and disks that are
// really full, where this machine lets a test make one.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cachedStore } from '../../src/store/cache.ts';
import { sqliteStore } from '../../src/store/sqlite.ts';
import { check, fill } from './filling.ts';
import { faultRounds } from './rounds.ts';

const injections = Number(process.env.ANYROLE_FAULTS ?? 150);

test(`${injections} faults lose nothing that was acknowledged and let no credential out without its event`, async (t) => {
  const figures = await faultRounds({ injections, seed: '20261125' });
  assert.ok(figures.taken > 0 && figures.refused > 0 && figures.credentials > 0);
  t.diagnostic(JSON.stringify(figures));
});

const place = (t: TestContext) => {
  const path = mkdtempSync(join(tmpdir(), 'anyrole-full-'));
  t.after(() => rmSync(path, { recursive: true, force: true, maxRetries: 3 }));
  return path;
};

/** Whether a command does what it is asked: the reason to skip, or false. */
const lacks = (command: string, ...words: readonly string[]) =>
  spawnSync(command, words).status === 0 ? false : `\`${command} ${words.join(' ')}\` does not work here`;

test('a process whose files may not grow refuses writes, reads on, and goes on once they may', {
  skip: lacks('bash', '-c', 'trap "" XFSZ; ulimit -S -f 2000; prlimit --pid $$ --fsize=unlimited:unlimited'),
}, async (t) => {
  const path = join(place(t), 'data');
  const filling = fileURLToPath(new URL('filling.ts', import.meta.url));
  const child = spawn(
    'bash',
    [
      '-c',
      'trap "" XFSZ; ulimit -S -f 3000; exec "$0" "$@"',
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      filling,
      path,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  t.after(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line !== 'full') continue;
    execFileSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited:unlimited']);
    child.stdin.write('room\n');
  }
  if (child.exitCode === null) await once(child, 'exit');
  assert.deepEqual([lines[0], child.exitCode], ['full', 0]);
  const store = sqliteStore({ path });
  const left = await store.read((reader) => reader.list('left', { limit: 1000 }));
  await store.close();
  assert.equal(left.length, Number(lines[1]));
});

test('a file system that is full refuses writes, reads on, and goes on once there is room', {
  skip: lacks('bash', '-c', 'd=$(mktemp -d); mount -t tmpfs -o size=1m tmpfs "$d" && umount "$d" && rmdir "$d"'),
}, async (t) => {
  const path = join(place(t), 'disk');
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', path]);
  try {
    const store = cachedStore(sqliteStore({ path: join(path, 'data') }));
    const acknowledged = await fill(store, async () => {
      execFileSync('mount', ['-o', 'remount,size=64m', path]);
    }).finally(() => store.close());
    const again = sqliteStore({ path: join(path, 'data') });
    await check(again, acknowledged).finally(() => again.close());
  } finally {
    execFileSync('umount', [path]);
  }
});
