// Lists from files: below the listed directories and nowhere else, however the way there is bent.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { judgeCrlUrl } from '../core/x509/crl-url.ts';
import { fetchFile } from './fetch-file.ts';

const top = realpathSync(mkdtempSync(join(tmpdir(), 'anyrole-file-')));
after(() => rmSync(top, { recursive: true, force: true }));
for (const name of ['lists', 'lists/sub', 'lists-too', 'outside']) mkdirSync(join(top, name));
for (const name of ['lists/a.crl', 'lists/sub/b.crl', 'lists-too/c.crl', 'outside/secret']) {
  writeFileSync(join(top, name), name);
}
symlinkSync('sub/b.crl', join(top, 'lists/inside.crl'));
symlinkSync('../outside/secret', join(top, 'lists/escape.crl'));
symlinkSync('../outside', join(top, 'lists/way'));
symlinkSync('../lists-too/c.crl', join(top, 'lists/beside.crl'));
symlinkSync('nowhere', join(top, 'lists/dangling.crl'));
symlinkSync('loop.crl', join(top, 'lists/loop.crl'));
symlinkSync('lists', join(top, 'alias'));

async function fetched(name: string, { directories = [join(top, 'lists')], maxBytes = 100, aborted = false } = {}) {
  const places = { hosts: [], directories };
  const verdict = judgeCrlUrl(`file://${top}/${name}`, places);
  assert.ok(verdict.ok && verdict.url.kind === 'file', name);
  const signal = aborted ? AbortSignal.abort() : new AbortController().signal;
  const answer = await fetchFile(verdict.url, places, { maxBytes, signal });
  return answer.ok ? Buffer.from(answer.bytes).toString() : answer.reason;
}

test('a regular file below a listed directory is read, through links that stay there', async () => {
  assert.equal(await fetched('lists/a.crl'), 'lists/a.crl');
  assert.equal(await fetched('lists/sub/b.crl'), 'lists/sub/b.crl');
  assert.equal(await fetched('lists/inside.crl'), 'lists/sub/b.crl');
  assert.equal(await fetched('alias/a.crl', { directories: [join(top, 'alias')] }), 'lists/a.crl');
});

test('a link out of the listed directories leads nowhere', async () => {
  for (const name of ['lists/escape.crl', 'lists/way/secret', 'lists/beside.crl'])
    assert.equal(await fetched(name), 'outsideDirectories', name);
  const both = { directories: [join(top, 'lists'), join(top, 'lists-too')] };
  assert.equal(await fetched('lists/beside.crl', both), 'lists-too/c.crl');
});

test('what is not there, no file, or too long is refused', async () => {
  assert.equal(await fetched('lists/none.crl'), 'notFound');
  assert.equal(await fetched('lists/dangling.crl'), 'notFound');
  assert.equal(await fetched('lists/loop.crl'), 'notFound');
  assert.equal(await fetched('lists/a.crl/b'), 'notFound');
  assert.equal(await fetched('lists/sub'), 'notRegularFile');
  assert.equal(await fetched('lists/a.crl', { maxBytes: 11 }), 'lists/a.crl');
  assert.equal(await fetched('lists/a.crl', { maxBytes: 10 }), 'tooLarge');
  assert.equal(await fetched('lists/a.crl', { aborted: true }), 'timeout');
  assert.equal(await fetched('lists/a.crl', { directories: [join(top, 'lists'), join(top, 'gone')] }), 'lists/a.crl');
});

test('a pipe and a device are not waited for', async (t) => {
  try {
    execFileSync('mkfifo', [join(top, 'lists/pipe')]);
  } catch {
    return t.skip('there is no mkfifo');
  }
  assert.equal(await fetched('lists/pipe'), 'notRegularFile');
  const places = { hosts: [], directories: ['/dev'] };
  const verdict = judgeCrlUrl('file:///dev/zero', places);
  assert.ok(verdict.ok && verdict.url.kind === 'file');
  const answer = await fetchFile(verdict.url, places, { maxBytes: 100, signal: new AbortController().signal });
  assert.equal(answer.ok || answer.reason, 'notRegularFile');
});
