// The variables that docs/client.md names are those that the client reads: each is in its sources, and what the sources read
// of AWS's names is on the page.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const page = readFileSync(new URL('../docs/client.md', import.meta.url), 'utf8');
const section = page.split('## Variables\n')[1]?.split('\n## ')[0] ?? '';
const cells = section.split('\n').flatMap((line) => (line.startsWith('| `') ? [line] : []));
const named = new Set(cells.flatMap((line) => [...line.matchAll(/`([A-Z]+_[A-Z_]+)/g)].map(([, name = '']) => name)));

/** Code of the client without its comments. */
const commands = ['credential-process.ts', 'update.ts', 'session.ts', 'debug.ts'];
const sources = ['client', 'cli'].flatMap((room) => {
  const folder = new URL(`../src/${room}/`, import.meta.url);
  const names = room === 'cli' ? commands : readdirSync(folder).filter((name) => /(?<!\.test)\.ts$/.test(name));
  return names.map((name) => readFileSync(new URL(name, folder), 'utf8').replace(/^\s*(?:\/\/|\/?\*).*$/gm, ''));
});
const code = sources.join('\n');

test('every variable of the page is read', () => {
  assert.ok(named.size >= 12, [...named].join());
  assert.deepEqual(
    [...named].filter((name) => !code.includes(name)),
    [],
  );
});

test('every variable that is read is on the page', () => {
  // What `session --export` prints is written, not read.
  const written = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_CREDENTIAL_EXPIRATION'];
  const read = new Set([...code.matchAll(/\b(?:AWS|HTTPS?|NO|XDG)_[A-Z_]{3,}\b/g)].map(([name]) => name));
  assert.deepEqual(
    [...read].filter((name) => !named.has(name) && !written.includes(name)),
    [],
  );
});
