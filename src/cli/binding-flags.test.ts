import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Command } from 'commander';
import { ConfigError } from '../config.ts';
import { bindingFlags, type Given, givenFlags } from './binding-flags.ts';

const place = mkdtempSync(join(tmpdir(), 'anyrole-bindings-'));
after(() => rmSync(place, { recursive: true, force: true }));

function given(...args: readonly string[]): Given {
  const command = bindingFlags(new Command('x'), 'identity', 'session').configureOutput({ writeErr() {} });
  command.action(() => {});
  command.parse(args, { from: 'user' });
  return givenFlags(command);
}

let files = 0;
function file(content: unknown): string {
  files += 1;
  const path = join(place, `${files}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function refused(pattern: RegExp, ...args: readonly string[]): void {
  assert.throws(
    () => given(...args),
    (thrown) => thrown instanceof ConfigError && pattern.test(thrown.message),
  );
}

test('flags are given by their names, and what is absent is absent', () => {
  assert.deepEqual(given(), {});
  assert.deepEqual(given('--certificate', 'a.pem', '--session-duration=900', '--with-proxy', '--no-verify-ssl'), {
    certificate: 'a.pem',
    'session-duration': 900,
    'with-proxy': true,
    'no-verify-ssl': true,
  });
});

test('a binding gives flags, and a flag beside it wins; paths are beside the file', () => {
  const bindings = {
    ci: { certificate: 'ci.pem', 'private-key': 'pkcs11:object=ci', 'role-arn': 'arn:ci', 'session-duration': 900 },
    other: { certificate: '/other.pem' },
  };
  const config = file({ bindings });
  assert.deepEqual(given('--config', config, '--binding', 'ci', '--role-arn', 'arn:flag'), {
    certificate: join(place, 'ci.pem'),
    'private-key': 'pkcs11:object=ci',
    'role-arn': 'arn:flag',
    'session-duration': 900,
  });
  assert.deepEqual(given('--config', config, '--binding', 'other'), { certificate: '/other.pem' });
});

test('the only binding of a file needs no name', () => {
  assert.deepEqual(given('--config', file({ bindings: { one: { region: 'x' } } })), { region: 'x' });
});

test('which binding is meant must be said, and be there', () => {
  const config = file({ bindings: { a: {}, b: {} } });
  refused(/give --binding with one of a, b/, '--config', config);
  refused(/--binding `c`: `.*` has a, b/, '--config', config, '--binding', 'c');
  refused(/--binding `__proto__`/, '--config', config, '--binding', '__proto__');
  refused(/--binding `a` is given without --config/, '--binding', 'a');
});

for (const [what, content, pattern] of [
  ['no JSON', '{', /expected JSON/],
  ['no object', '[]', /expected an object/],
  ['another key', { bindings: {}, binding: {} }, /`binding` is unknown/],
  ['no bindings', {}, /bindings: expected an object/],
  ['a binding that is none', { bindings: { a: 'x' } }, /binding `a`: expected an object/],
  [
    'a flag that is none',
    { bindings: { a: { roleArn: 'x' } } },
    /`roleArn` is unknown: expected some of certificate, /,
  ],
  ['a flag that is refused', { bindings: { a: { 'cert-selector': 'x' } } }, /`cert-selector` is not supported: /],
  ['a number for a text', { bindings: { a: { region: 1 } } }, /`region`: expected a text/],
  ['an empty text', { bindings: { a: { region: '' } } }, /`region`: expected a text/],
  ['a text for a switch', { bindings: { a: { 'reuse-pin': 'yes' } } }, /`reuse-pin`: expected true/],
  [
    'a broken number',
    { bindings: { a: { 'session-duration': 1.5 } } },
    /`session-duration` `1.5`: expected a whole number/,
  ],
] as const) {
  test(`a file with ${what} is refused`, () => refused(pattern, '--config', file(content)));
}

test('a file that cannot be read is refused', () => {
  refused(/expected a readable file \(ENOENT\)/, '--config', join(place, 'absent'));
});

test('a number that is none is refused', () => {
  for (const text of ['', 'x', '-1', '1e3', '0x10', '1.5']) refused(/--session-duration/, `--session-duration=${text}`);
});

for (const [flag, ...value] of [
  ['--cert-selector', 'x'],
  ['--system-store-name', 'MY'],
  ['--system-store-location', 'LocalMachine'],
  ['--use-latest-expiring-certificate'],
  ['--tpm-key-password', 'secret'],
  ['--no-tpm-key-password'],
] as const) {
  test(`${flag} of the official helper is refused by name, its value untold`, () => {
    refused(new RegExp(`^${flag} is not supported: (?!.*secret)`), flag, ...value, '--certificate', 'a');
  });
}
