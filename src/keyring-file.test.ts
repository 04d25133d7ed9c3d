// The keyring on disk: made once, for its owner alone, and never replaced by a new one when it cannot be read.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ConfigError } from './config.ts';
import { open, seal } from './keyring.ts';
import { keyringFile } from './keyring-file.ts';

const root = mkdtempSync(join(tmpdir(), 'anyrole-keyring-'));
after(() => rmSync(root, { recursive: true }));
const now = new Date('2026-11-22T12:00:00Z');
let count = 0;
function place(): string {
  const directory = join(root, String(++count));
  mkdirSync(directory);
  return join(directory, 'keyring.json');
}
const never = () => {
  throw new Error('a new key was made');
};

test('the first start makes the file for its owner alone, and leaves nothing beside it', () => {
  const path = place();
  keyringFile(path, randomBytes, now);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(path, '..')), ['keyring.json']);
});

test('the next start reads the same keys and writes nothing', () => {
  const path = place();
  const first = keyringFile(path, randomBytes, now);
  const text = readFileSync(path, 'utf8');
  const second = keyringFile(path, never, now);
  assert.equal(readFileSync(path, 'utf8'), text);
  const sealed = seal(first, 'test', Buffer.from('hi'), randomBytes(12));
  assert.equal(Buffer.from(open(second, 'test', sealed) ?? '').toString(), 'hi');
});

test('what a crash left half written is written over', () => {
  const path = place();
  writeFileSync(`${path}.new`, '{"version":1,"curr');
  const first = keyringFile(path, randomBytes, now);
  assert.equal(keyringFile(path, never, now).currentKeyId, first.currentKeyId);
});

for (const [what, change] of [
  ['empty', () => ''],
  ['no JSON', () => 'keys'],
  ['cut short', (text: string) => text.slice(0, -20)],
  ['of another version', (text: string) => text.replace('"version": 1', '"version": 2')],
  ['without its current key', (text: string) => text.replace(/"current": "......../, '"current": "00000000')],
  ['with a bent secret', (text: string) => text.replace(/"secret": "./, '"secret": "!')],
] as const) {
  test(`a file that is ${what} is refused by its path, left as it is, and not repeated`, () => {
    const path = place();
    keyringFile(path, randomBytes, now);
    const damaged = change(readFileSync(path, 'utf8'));
    writeFileSync(path, damaged);
    assert.throws(
      () => keyringFile(path, never, now),
      (thrown) => {
        assert.ok(thrown instanceof ConfigError);
        assert.match(thrown.message, /keyring\.json`: expected a keyring \([a-z-]+\); restore it from a backup$/);
        assert.doesNotMatch(thrown.message, /"secret"/);
        return true;
      },
    );
    assert.equal(readFileSync(path, 'utf8'), damaged);
  });
}

test('a directory in its place is refused by its path', () => {
  const path = place();
  mkdirSync(path);
  const isRefusal = (thrown: unknown) =>
    thrown instanceof ConfigError && /keyring\.json`: .*EISDIR/.test(thrown.message);
  assert.throws(() => keyringFile(path, never, now), isRefusal);
});
