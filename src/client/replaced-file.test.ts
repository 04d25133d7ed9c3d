import assert from 'node:assert/strict';
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { changeFile, LockError, locked } from './replaced-file.ts';

const place = mkdtempSync(join(tmpdir(), 'anyrole-replaced-'));
after(() => rmSync(place, { recursive: true, force: true }));

const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);
const add = (line: string) => (old: Buffer | undefined) => Buffer.from(`${old ?? ''}${line}\n`);

test('a new file is its owner’s alone, and so are the folders on the way to it', async () => {
  const path = join(place, 'new', '.aws', 'credentials');
  await changeFile(path, (old) => Buffer.from(`${old}`));
  assert.equal(readFileSync(path, 'utf8'), 'undefined');
  assert.deepEqual(
    [modeOf(path), modeOf(join(place, 'new', '.aws')), modeOf(join(place, 'new'))],
    ['600', '700', '700'],
  );
});

test('an old file keeps its mode, wider or narrower', async () => {
  for (const mode of [0o640, 0o400, 0o664]) {
    const path = join(place, `mode-${mode}`);
    writeFileSync(path, 'a\n', { mode: 0o600 });
    chmodSync(path, mode);
    await changeFile(path, add('b'));
    assert.equal(readFileSync(path, 'utf8'), 'a\nb\n');
    assert.equal(modeOf(path), mode.toString(8));
  }
});

test('a symbolic link stays one, and what it names is replaced', async () => {
  const target = join(place, 'linked', 'target');
  mkdirSync(join(place, 'linked'));
  writeFileSync(target, 'a\n');
  const link = join(place, 'link');
  symlinkSync(target, link);
  await changeFile(link, add('b'));
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.equal(readFileSync(target, 'utf8'), 'a\nb\n');
});

test('whoever has the old file open reads it to its end, old', async () => {
  const path = join(place, 'read');
  const old = 'old line\n'.repeat(10_000);
  writeFileSync(path, old);
  const open = openSync(path, 'r');
  const first = Buffer.alloc(10);
  readSync(open, first);
  await changeFile(path, () => Buffer.from('new\n'));
  assert.equal(first.toString() + readFileSync(open, 'utf8'), old);
  closeSync(open);
  assert.equal(readFileSync(path, 'utf8'), 'new\n');
});

test('a change that fails leaves the old file and nothing beside it but the lock', async () => {
  mkdirSync(join(place, 'failed'));
  const path = join(place, 'failed', 'file');
  writeFileSync(path, 'a\n');
  const refusal = new Error('no');
  await assert.rejects(
    changeFile(path, () => {
      throw refusal;
    }),
    refusal,
  );
  assert.equal(readFileSync(path, 'utf8'), 'a\n');
  assert.deepEqual(readdirSync(join(place, 'failed')).sort(), ['file', 'file.lock']);
});

test('what a crash left half-written is in nobody’s way', async () => {
  const path = join(place, 'crashed');
  writeFileSync(`${path}.new`, 'half', { mode: 0o444 });
  await changeFile(path, add('whole'));
  assert.equal(readFileSync(path, 'utf8'), 'whole\n');
  assert.equal(existsSync(`${path}.new`), false);
});

test('changes at once all come to pass, one after the other', async () => {
  const path = join(place, 'many');
  await Promise.all(Array.from({ length: 20 }, (_, at) => changeFile(path, add(`${at}`))));
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    lines.map(Number).sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, at) => at),
  );
});

test('a lock that others keep is waited for so long and no longer', async () => {
  const path = join(place, 'held');
  await locked(path, async () => {
    await assert.rejects(changeFile(path, add('x'), 0), LockError);
  });
  await changeFile(path, add('x'), 0);
});

test('a folder that cannot be made is the file system’s error', async () => {
  writeFileSync(join(place, 'not-a-folder'), '');
  await assert.rejects(changeFile(join(place, 'not-a-folder', 'x'), add('x')), { code: /EEXIST|ENOTDIR/ });
});
