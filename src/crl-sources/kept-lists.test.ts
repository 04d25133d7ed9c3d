// The lists on disk: whole or not at all, for the server's eyes, and not without end.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { listsInDirectory, maxKeptLists } from './kept-lists.ts';

function made(t: { after(work: () => void): void }) {
  const parent = mkdtempSync(join(tmpdir(), 'anyrole-kept-'));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const directory = join(parent, 'crl-sources');
  return { directory, lists: listsInDirectory(directory) };
}
const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

test('a list is read as it was written, and not after it was removed', async (t) => {
  const { lists, directory } = made(t);
  assert.equal(await lists.read('a'), undefined);
  await lists.remove('a');
  await lists.write('a', Buffer.from('one'));
  await lists.write('../../b', Buffer.from('two'));
  await lists.write('a', Buffer.from('three'));
  assert.deepEqual([text(await lists.read('a')), text(await lists.read('../../b'))], ['three', 'two']);
  const names = readdirSync(directory);
  assert.equal(names.length, 2);
  for (const name of names) assert.match(name, /^[0-9a-f]{64}\.crl$/);
  await lists.remove('a');
  assert.equal(await listsInDirectory(directory).read('a'), undefined);
});

test('only the server may read them', async (t) => {
  const { lists, directory } = made(t);
  await lists.write('a', Buffer.from('one'));
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.equal(statSync(join(directory, readdirSync(directory)[0] ?? '')).mode & 0o777, 0o600);
});

test('a disk that refuses is said', async (t) => {
  const { lists, directory } = made(t);
  writeFileSync(directory, 'a file where the directory should be');
  await assert.rejects(lists.write('a', Buffer.from('one')));
  assert.equal(await lists.read('a'), undefined);
});

test('what was being written when the server died is not read', async (t) => {
  const { lists, directory } = made(t);
  await lists.write('a', Buffer.from('one'));
  writeFileSync(join(directory, `${readdirSync(directory)[0]}.draft`), 'tw');
  assert.equal(text(await listsInDirectory(directory).read('a')), 'one');
  await lists.write('a', Buffer.from('three'));
  assert.equal(text(await lists.read('a')), 'three');
});

test('as many are kept as may be', async (t) => {
  const { lists, directory } = made(t);
  await lists.write('last', Buffer.from('one'));
  for (let n = 0; n < maxKeptLists + 5; n++) writeFileSync(join(directory, `${n}.crl`), '');
  await lists.write('last', Buffer.from('two'));
  assert.equal(readdirSync(directory).length, maxKeptLists);
  assert.equal(text(await lists.read('last')), 'two');
});
