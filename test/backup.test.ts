// A backup of a server that is written to all the while, and a server that is started on what was restored from it. And what
// is no backup, or no place for one.
import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { type AccessKey, sendWithKey, xmlText } from '../src/client/send.ts';
import { run, start } from './command.ts';

const place = mkdtempSync(join(tmpdir(), 'anyrole-backup-'));
after(() => rmSync(place, { recursive: true, force: true }));
const dataDir = join(place, 'data');
const kept = join(place, 'kept');
const rootKey = { accessKeyId: 'AKIABACKUPBACKUP0001', secretAccessKey: 'a-secret-that-was-given-by-the-operator' };
const environment = {
  ANYROLE_ROOT_ACCESS_KEY_ID: rootKey.accessKeyId,
  ANYROLE_ROOT_SECRET_ACCESS_KEY: rootKey.secretAccessKey,
};

async function serving(directory: string, given: Readonly<Record<string, string>> = {}) {
  const server = start(['serve', '--listen', '127.0.0.1:0', '--data-dir', directory], given);
  const [, endpoint = ''] = await server.printed(/listening on (http:\S+)/);
  const ask = (service: string, form: Readonly<Record<string, string>>, key: AccessKey = rootKey) =>
    sendWithKey(
      {
        ...{ endpoint, method: 'POST', path: '/', region: 'us-east-1', now: new Date() },
        contentType: 'application/x-www-form-urlencoded',
        body: new URLSearchParams({ Version: service === 'iam' ? '2010-05-08' : '2011-06-15', ...form }).toString(),
      },
      service,
      key,
    );
  return {
    ask,
    async stop() {
      server.process.kill('SIGTERM');
      assert.equal((await server.ended).status, 0);
    },
  };
}
/** Modes of the files at any depth. */
const modesOf = (directory: string) => {
  const found = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) =>
    statSync(join(directory, name)),
  );
  return new Set(found.filter((one) => one.isFile()).map(({ mode }) => mode & 0o777));
};

/** Where a last good list stands. */
const list = `crl-sources/${'a'.repeat(64)}.crl`;

describe('a backup under load', () => {
  const acknowledged: string[] = [];
  let earlier: readonly string[] = [];
  let session: AccessKey;

  before(async () => {
    const server = await serving(dataDir, environment);
    const text = await server.ask('sts', { Action: 'GetSessionToken' });
    const of = (name: string) => xmlText(text, name) ?? assert.fail(`no ${name}`);
    session = {
      accessKeyId: of('AccessKeyId'),
      secretAccessKey: of('SecretAccessKey'),
      sessionToken: of('SessionToken'),
    };
    mkdirSync(join(dataDir, 'crl-sources'), { mode: 0o700 });
    writeFileSync(join(dataDir, list), 'a list');
    writeFileSync(join(dataDir, `${list}.draft`), 'half a l');
    let isOver = false;
    const write = async (writer: number) => {
      for (let at = 0; !isOver; at += 1) {
        const UserName = `user-${writer}-${at}`;
        await server.ask('iam', { Action: 'CreateUser', UserName, Path: `/writer-${writer}/` });
        acknowledged.push(UserName);
      }
    };
    const writers = [0, 1, 2, 3].map(write);
    while (acknowledged.length < 20) await new Promise((resolve) => setImmediate(resolve));
    earlier = [...acknowledged];
    const { status, stdout, stderr } = await run(['backup', '--data-dir', dataDir, '--to', kept]);
    isOver = true;
    await Promise.all(writers);
    assert.equal(stderr, '');
    assert.equal(status, 0);
    assert.match(stdout, /has all of .*: 4 files, \d+ bytes, \d+ audit events, verified\n$/);
    assert.ok(acknowledged.length > earlier.length, 'writes went on meanwhile');
    await server.stop();
  });

  test('is for its owner alone, and says what it is', () => {
    assert.equal(statSync(kept).mode & 0o777, 0o700);
    assert.deepEqual(modesOf(kept), new Set([0o600]));
    const names = ['anyrole.db', 'audit.json', 'backup.json', 'crl-sources', list, 'keyring.json'];
    assert.deepEqual(readdirSync(kept, { recursive: true }).sort(), names);
    assert.deepEqual(
      readdirSync(place).filter((name) => name.includes('draft')),
      [],
    );
  });

  test('becomes a server that knows every write of before, each of them whole, and its sessions', async () => {
    const restored = join(place, 'restored');
    const { status, stdout, stderr } = await run(['restore', '--from', kept, '--data-dir', restored]);
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /is as of \S+: 4 files, /);
    assert.equal(statSync(restored).mode & 0o777, 0o700);
    assert.deepEqual(modesOf(restored), new Set([0o600]));
    assert.equal(readFileSync(join(restored, list), 'utf8'), 'a list');
    const server = await serving(restored);
    assert.match(await server.ask('sts', { Action: 'GetCallerIdentity' }, session), /<Account>\d{12}</);
    const names: string[] = [];
    for (let Marker: string | undefined; ; ) {
      const page = await server.ask('iam', { Action: 'ListUsers', MaxItems: '1000', ...(Marker && { Marker }) });
      names.push(...[...page.matchAll(/<UserName>([^<]+)</g)].map(([, name = '']) => name));
      Marker = xmlText(page, 'Marker');
      if (Marker === undefined) break;
    }
    for (const name of earlier) assert.ok(names.includes(name), name);
    for (const UserName of names) assert.match(await server.ask('iam', { Action: 'GetUser', UserName }), /<Arn>/);
    assert.match(await server.ask('iam', { Action: 'CreateUser', UserName: 'after' }), /<UserName>after</);
    await server.stop();
    const verified = await run(['audit', 'verify', '--data-dir', restored]);
    assert.equal(verified.status, 0, verified.stdout);
  });

  test('without the keyring has none, and is restored with it alone', async () => {
    const bare = join(place, 'bare');
    const made = await run(['backup', '--data-dir', dataDir, '--to', bare, '--without-keyring']);
    assert.equal(made.status, 0, made.stderr);
    assert.match(made.stdout, /it has no keyring: without keyring\.json, kept elsewhere, nothing can be restored/);
    assert.equal(existsSync(join(bare, 'keyring.json')), false);
    const to = join(place, 'from-bare');
    const refused = await run(['restore', '--from', bare, '--data-dir', to]);
    assert.deepEqual([refused.status, existsSync(to)], [2, false]);
    assert.match(refused.stderr, /the backup has no keyring: give --keyring/);
    const other = join(place, 'other-keyring.json');
    writeFileSync(other, readFileSync(join(dataDir, 'keyring.json'), 'utf8').replace(/"[0-9a-f]{8}"/g, '"00000000"'));
    assert.equal((await run(['restore', '--from', bare, '--data-dir', to, '--keyring', other])).status, 2);
    const keyring = join(dataDir, 'keyring.json');
    assert.equal((await run(['restore', '--from', bare, '--data-dir', to, '--keyring', keyring])).status, 0);
    const server = await serving(to);
    await server.ask('sts', { Action: 'GetCallerIdentity' }, session);
    await server.stop();
  });

  test('goes into no place where something is, and comes from none where nothing is', async () => {
    const full = join(place, 'full');
    mkdirSync(full);
    writeFileSync(join(full, 'x'), '');
    const wrong: readonly (readonly [args: readonly string[], said: RegExp])[] = [
      [['backup', '--data-dir', dataDir, '--to', full], /--to `.*`: expected a directory that is not there or empty/],
      [['backup', '--data-dir', dataDir, '--to', join(full, 'x')], /expected a directory that is not there or empty/],
      [['backup', '--data-dir', dataDir, '--to', join(place, 'a/b/c')], /cannot be made \(ENOENT\)/],
      [['backup', '--data-dir', full, '--to', join(place, 'n')], /expected the data directory of a server/],
      [['restore', '--from', kept, '--data-dir', dataDir], /--data-dir `.*`: expected a directory that is not there/],
      [
        ['restore', '--from', dataDir, '--data-dir', join(place, 'n')],
        /expected a backup, as `anyrole backup` makes it/,
      ],
      [['restore', '--from', kept], /required option/],
    ];
    for (const [args, said] of wrong) {
      const { status, stderr } = await run(args);
      assert.equal(status, 2, stderr);
      assert.match(stderr, said);
    }
    assert.equal(existsSync(join(place, 'n')), false);
    assert.deepEqual(readdirSync(full), ['x']);
  });

  const bent: readonly (readonly [what: string, bend: (directory: string) => void, said: RegExp])[] = [
    ['a byte of the database', (path) => flip(join(path, 'anyrole.db')), /`anyrole\.db` is not as it was backed up/],
    ['a cut off keyring', (path) => writeFileSync(join(path, 'keyring.json'), '{'), /`keyring\.json` is not as it/],
    ['a missing file', (path) => rmSync(join(path, 'audit.json')), /`audit\.json` is missing/],
    ['no manifest', (path) => rmSync(join(path, 'backup.json')), /expected a backup/],
    [
      'a manifest that is no JSON',
      (path) => writeFileSync(join(path, 'backup.json'), '{"version"'),
      /expected a backup/,
    ],
    ['a manifest of nothing', (path) => writeFileSync(join(path, 'backup.json'), 'null'), /expected a backup/],
    ['a manifest of another version', (path) => remade(path, { version: 2 }), /expected a backup/],
    ['a manifest without files', (path) => remade(path, { files: [] }), /expected a backup/],
    [
      'a manifest that names a file elsewhere',
      (path) => remade(path, { files: [{ path: '../kept/anyrole.db', bytes: 1, sha256: '' }] }),
      /expected a backup/,
    ],
  ];
  for (const [what, bend, said] of bent) {
    test(`with ${what} is refused, and nothing is left`, async () => {
      const copy = mkdtempSync(join(place, 'bent-'));
      cpSync(kept, copy, { recursive: true });
      bend(copy);
      const to = join(place, 'never');
      const { status, stderr } = await run(['restore', '--from', copy, '--data-dir', to]);
      assert.equal(status, 2);
      assert.match(stderr, said);
      assert.equal(existsSync(to), false);
      assert.equal(existsSync(join(place, `.never.draft`)), false);
    });
  }

  test('of a log that was changed is refused', async () => {
    const copy = join(place, 'changed');
    cpSync(dataDir, copy, { recursive: true });
    const db = new DatabaseSync(join(copy, 'anyrole.db'));
    db.exec(
      "DELETE FROM documents WHERE collection = 'audit' AND key = (SELECT min(key) FROM documents WHERE collection = 'audit')",
    );
    db.close();
    const to = join(place, 'never');
    const { status, stderr } = await run(['backup', '--data-dir', copy, '--to', to]);
    assert.equal(status, 1);
    assert.match(stderr, /the audit log is not whole \(removed: /);
    assert.equal(existsSync(to), false);
  });
});

function flip(path: string): void {
  const bytes = readFileSync(path);
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

function remade(path: string, change: object): void {
  const file = join(path, 'backup.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }));
}
