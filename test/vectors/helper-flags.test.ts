// The flags of the official helper, as its description lists them: each is known here, served or refused with a reason.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { bindingFlags } from '../../src/cli/binding-flags.ts';
import { run } from '../command.ts';

const SHARED = resolve(fileURLToPath(new URL('../../', import.meta.url)), process.env.ANYROLE_SHARED ?? '../shared');
const path = `${SHARED}/spec/credential-helper.md`;
const described = existsSync(path) ? {} : { skip: 'shared/ is absent' };

/** Of commands of its own: flags that only they have. */
const own = {
  update: ['profile', 'once'],
  metadata: ['port'],
  'sign-string': ['certificate', 'private-key', 'digest', 'format'],
  'read-certificate-data': ['certificate', 'pkcs11-lib'],
} as const;

test(
  'every flag of the official helper is known, and those that are not served are refused by name',
  described,
  async () => {
    const table = readFileSync(path, 'utf8').split('### 1.1 ')[1]?.split('### 1.2')[0] ?? '';
    const cells = table.split('\n').flatMap((line) => (line.startsWith('| `--') ? [line.split('|')[1] ?? ''] : []));
    const listed = cells.flatMap((cell) => [...cell.matchAll(/`--([a-z0-9-]+)`/g)].map(([, flag = '']) => flag));
    assert.ok(listed.length >= 20, `${listed.length} flags are listed`);
    const command = bindingFlags(new Command(), 'identity', 'session').option('--debug');
    const known = command.options.map(({ long }) => long);
    assert.deepEqual(
      listed.filter((flag) => !known.includes(`--${flag}`)),
      [],
    );
    const refused = command.options.filter(({ hidden }) => hidden).map(({ long = '' }) => long?.slice(2));
    const notServed = ['cert-selector', 'system-store-name', 'system-store-location'];
    const ofTpm = ['tpm-key-password', 'no-tpm-key-password'];
    assert.deepEqual(refused, [...notServed, 'use-latest-expiring-certificate', ...ofTpm]);
  },
);

for (const [command, flags] of Object.entries(own)) {
  test(`${command} has the flags that it has there`, async () => {
    const { stdout } = await run([command, '--help']);
    for (const flag of flags) assert.match(stdout, new RegExp(`^  --${flag}\\b`, 'm'));
  });
}
