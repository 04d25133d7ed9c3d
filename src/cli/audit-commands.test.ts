// The commands of the audit log as a person runs them, beside a server's data directory.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { account, type Rig, rig, writtenLog } from '../audit/rig.test.ts';
import { nameChain } from '../audit-file.ts';
import { ConfigError } from '../config.ts';
import { serializeKeyring } from '../keyring.ts';
import { sqliteStore } from '../store/sqlite.ts';
import { filterOf } from './audit-lines.ts';

const command = fileURLToPath(new URL('../../bin/anyrole.mjs', import.meta.url));
let dataDir: string;
let made: Rig;

before(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'anyrole-audit-'));
  made = await rig(sqliteStore({ path: dataDir }));
  writeFileSync(join(dataDir, 'keyring.json'), serializeKeyring(made.keyring));
  nameChain(join(dataDir, 'audit.json'), made.chain.id);
  await writtenLog(made, 'log', 20);
});
after(async () => {
  await made.store.close();
  rmSync(dataDir, { recursive: true });
});

type Ran = { readonly status: number | null; readonly out: readonly string[]; readonly err: string };

function run(...flags: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [command, 'audit', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  return new Promise((resolve) =>
    child.on('close', (status) => resolve({ status, out: out.split('\n').slice(0, -1), err })),
  );
}
const file = (name: string, text: string) => {
  const path = join(dataDir, name);
  writeFileSync(path, text);
  return path;
};

test('what is whole is said to be, and status is 0; with checkpoints of the log, too', async () => {
  const log = [
    '{"level":30,"msg":"answered"}',
    ...made.signed.map((checkpoint) => JSON.stringify({ level: 30, checkpoint, msg: 'audit checkpoint' })),
    '{"torn',
  ];
  const checkpoints = file('server.log', log.join('\n'));
  const { status, out, err } = await run('verify', '--data-dir', dataDir, '--checkpoints', checkpoints);
  assert.deepEqual([status, err, out.at(-1)], [0, '', 'whole: no findings']);
  assert.match(out[0] ?? '', new RegExp(`^chain ${made.chain.id}, begun .*: places 1–${made.chain.length()}, `));
  assert.equal(out.at(-2), `${2 * made.signed.length + 1} checkpoints agree`);
});

test('what is wrong is a line each, as JSON where asked for, and status is 1', async () => {
  const rolledBack = {
    ...made.signer.sign('checkpoint', { sequence: 9999, hash: 'f'.repeat(64), characters: 1 }, made.now()),
  };
  const kept = file('kept.jsonl', `${JSON.stringify(rolledBack)}\n`);
  const db = new DatabaseSync(join(dataDir, 'anyrole.db'));
  const before = db.prepare("SELECT key, document FROM documents WHERE collection = 'audit' LIMIT 1").get();
  try {
    db.prepare("UPDATE documents SET document = '{}' WHERE collection = 'audit' AND key = ?").run(String(before?.key));
    const flags = ['verify', '--data-dir', dataDir, '--checkpoints', kept];
    const plain = await run(...flags);
    assert.equal(plain.status, 1);
    assert.equal(plain.out.at(-1), 'not whole: 2 findings');
    const [changed, truncated, ...rest] = (await run(...flags, '--json')).out.map((line) => JSON.parse(line));
    assert.deepEqual([changed.finding, changed.time], ['changed', String(before?.key).split('/')[1]]);
    assert.deepEqual(
      [truncated.finding, truncated.sequence, truncated.lastSequence],
      ['truncated', made.chain.length() + 1, 9999],
    );
    assert.equal(rest[0].verdict.findings, 2);
  } finally {
    db.prepare("UPDATE documents SET document = ? WHERE collection = 'audit' AND key = ?").run(
      String(before?.document),
      String(before?.key),
    );
    db.close();
  }
});

test('an export of the chain verifies with the printed key, without the data directory', async () => {
  const key = await run('key', '--data-dir', dataDir);
  assert.match(key.out.join('\n'), /^chain [0-9a-f]{16}, begun .*\n-----BEGIN PUBLIC KEY-----\n/);
  const keyFile = file('audit.pem', key.out.join('\n'));
  const exported = await run('export', '--chain', '--data-dir', dataDir);
  assert.equal(exported.status, 0);
  const whole = await run('verify', '--key', keyFile, '--file', file('export.jsonl', exported.out.join('\n')));
  assert.deepEqual([whole.status, whole.out.at(-1)], [0, 'whole: no findings']);
  const cut = await run('verify', '--key', keyFile, '--file', file('cut.jsonl', exported.out.slice(0, 20).join('\n')));
  assert.equal(cut.status, 1);
});

test('tail prints the last events, and export all of them or those that are asked for', async () => {
  const tail = await run('tail', '--data-dir', dataDir, '--lines', '2');
  assert.deepEqual(
    tail.out.map((line) => JSON.parse(line).n),
    [made.chain.length() - 1, made.chain.length()],
  );
  const since = await run('tail', '--data-dir', dataDir, '--since', '2026-11-22T12:00:20Z');
  assert.ok(since.out.length > 0 && since.out.every((line) => JSON.parse(line).eventTime >= '2026-11-22T12:00:20'));
  assert.equal((await run('export', '--data-dir', dataDir)).out.length, made.chain.length());
  const some = await run('export', '--data-dir', dataDir, '--account', account, '--event-name', 'Event0');
  assert.ok(some.out.length > 0 && some.out.every((line) => JSON.parse(line).eventName === 'Event0'));
});

test('tail --follow goes on with what is written, until SIGINT', async () => {
  const child = spawn(process.execPath, [command, 'audit', 'tail', '--follow', '--lines', '1', '--data-dir', dataDir]);
  const names: string[] = [];
  const closed = new Promise((resolve) => child.on('close', resolve));
  await new Promise<void>((resolve, reject) => {
    child.on('close', () => reject(new Error('it ended by itself')));
    child.stdout.on('data', async (text) => {
      names.push(
        ...String(text)
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line).eventName),
      );
      if (names.length === 1) await made.append(made.entry('Followed'));
      else resolve();
    });
  }).finally(() => child.kill('SIGINT'));
  assert.equal(await closed, 0);
  assert.equal(names.at(-1), 'Followed');
});

test('an export whose reader stops reading ends in silence', async () => {
  const child = spawn(process.execPath, [command, 'audit', 'export', '--data-dir', dataDir]);
  let err = '';
  child.stderr.on('data', (text) => {
    err += text;
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const status = await new Promise((resolve) => child.on('close', resolve));
  assert.deepEqual([status, err], [0, '']);
});

describe('what cannot be used is said in one line, with status 2', () => {
  const key = () => file('key.pem', made.signer.publicKey.export({ format: 'pem', type: 'spki' }).toString());
  for (const [what, flags, message] of [
    [
      'no data directory',
      () => ['verify', '--data-dir', join(dataDir, 'none')],
      /expected the data directory of a server/,
    ],
    ['an export without a key', () => ['verify', '--file', key()], /--file is given without --key/],
    ['a key that is none', () => ['verify', '--key', join(dataDir, 'keyring.json')], /expected PEM with Ed25519/],
    [
      'an export that is not there',
      () => ['verify', '--key', key(), '--file', '/none'],
      /`\/none`: expected a readable file/,
    ],
    ['no checkpoints', () => ['verify', '--data-dir', dataDir, '--checkpoints', key()], /found none/],
    [
      'a chain of one account',
      () => ['export', '--chain', '--account', account, '--data-dir', dataDir],
      /cannot be used/,
    ],
    ['a time that is none', () => ['tail', '--data-dir', dataDir, '--since', 'soon'], /expected a time/],
  ] as const) {
    test(what, async () => {
      const { status, out, err } = await run(...flags());
      assert.deepEqual([status, out], [2, []]);
      assert.match(err, message);
      assert.match(err, /^anyrole: [^\n]+\n$/);
    });
  }
});

test('times are read as ISO 8601 or as so long ago, and nothing else', () => {
  const now = new Date('2026-11-22T12:00:00Z');
  for (const [text, wanted] of [
    ['2026-11-22T12:00:00Z', '2026-11-22T12:00:00.000Z'],
    ['2026-11-22T14:00:00.5+02:00', '2026-11-22T12:00:00.500Z'],
    ['2026-11-22T12:00', '2026-11-22T12:00:00.000Z'],
    ['2026-11-22', '2026-11-22T00:00:00.000Z'],
    ['15m', '2026-11-22T11:45:00.000Z'],
    ['7d', '2026-11-15T12:00:00.000Z'],
  ]) {
    assert.equal(filterOf({ since: text ?? '' }, now).since, wanted);
  }
  for (const since of [
    '',
    '5',
    '5w',
    '-5m',
    'yesterday',
    '2026-13-01',
    'Nov 22 2026',
    '2026-11-22T25:00:00Z',
    '999999d',
  ]) {
    assert.throws(() => filterOf({ since }, now), ConfigError, since);
  }
  for (const id of ['', '1', '12345678901a', '1234567890123'])
    assert.throws(() => filterOf({ account: id }, now), ConfigError);
});
