// The keyring as an operator turns it over, beside a running server: sessions stay, two that rotate at once both succeed, a
// key that is removed ends its sessions with an error that SDKs understand.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as later } from 'node:timers/promises';
import { type AccessKey, sendWithKey, xmlText } from '../src/client/send.ts';
import { run, start } from './command.ts';

const place = mkdtempSync(join(tmpdir(), 'anyrole-keyring-'));
after(() => rmSync(place, { recursive: true, force: true }));
const dataDir = join(place, 'data');
const rootKey = { accessKeyId: 'AKIAKEYRINGKEYRING01', secretAccessKey: 'a-secret-that-was-given-by-the-operator' };
const environment = {
  ANYROLE_ROOT_ACCESS_KEY_ID: rootKey.accessKeyId,
  ANYROLE_ROOT_SECRET_ACCESS_KEY: rootKey.secretAccessKey,
};

async function serving() {
  const server = start(['serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir], environment);
  const [, endpoint = ''] = await server.printed(/listening on (http:\S+)/);
  const ask = (action: string, key: AccessKey) =>
    sendWithKey(
      {
        ...{ endpoint, method: 'POST', path: '/', region: 'us-east-1', now: new Date() },
        contentType: 'application/x-www-form-urlencoded',
        body: `Action=${action}&Version=2011-06-15`,
      },
      'sts',
      key,
    );
  return {
    whoAmI: (key: AccessKey) => ask('GetCallerIdentity', key),
    async session(): Promise<AccessKey> {
      const text = await ask('GetSessionToken', rootKey);
      const of = (name: string) => xmlText(text, name) ?? assert.fail(`no ${name}`);
      return {
        accessKeyId: of('AccessKeyId'),
        secretAccessKey: of('SecretAccessKey'),
        sessionToken: of('SessionToken'),
      };
    },
    async stop() {
      server.process.kill('SIGTERM');
      assert.equal((await server.ended).status, 0);
    },
  };
}
const keyring = async (...args: readonly string[]) => run(['keyring', ...args, '--data-dir', dataDir]);
const listed = async () => (await keyring('list')).stdout.trimEnd().split('\n');

test('a rotation beside a running server, from the first key to the end of the old one', async () => {
  const server = await serving();
  const before = await server.session();
  const [first = ''] = await listed();
  const old = first.slice(0, 8);
  const rotated = await keyring('rotate');
  assert.match(rotated.stdout, /^key [0-9a-f]{8} is added, and the server seals with it\n$/);
  await server.whoAmI(before);
  await server.whoAmI(await server.session());
  assert.equal((await keyring('remove', old)).status, 2);

  const together = await Promise.all([keyring('rotate'), keyring('rotate'), keyring('rotate')]);
  assert.deepEqual(
    together.map(({ status }) => status),
    [0, 0, 0],
  );
  assert.equal((await listed()).length, 5, 'none of them took away what another had added');
  await server.whoAmI(before);
  await server.stop();

  const again = await serving();
  await again.whoAmI(before);
  while (/stored secrets/.test((await listed()).find((line) => line.startsWith(old)) ?? '')) await later(100);
  const refused = await keyring('remove', old);
  assert.match(refused.stderr, /^anyrole: key `\w+` may have sealed sessions that are valid until .*--end-sessions/);
  assert.equal((await keyring('remove', old, '--end-sessions')).status, 0);
  const ended = async () => again.whoAmI(before).then(() => '', String);
  while ((await ended()) === '') await later(100);
  assert.match(await ended(), /InvalidClientTokenId/);
  await again.whoAmI(rootKey);
  assert.equal(statSync(join(dataDir, 'keyring.json')).mode & 0o777, 0o600);
  await again.stop();
});

for (const [what, args, said] of [
  ['a key that is not there', ['remove', '00000000'], /expected the id of a key/],
  ['no key', ['remove'], /missing required argument/],
  ['a secret for a key', ['remove', '__proto__'], /expected the id of a key/],
] as const) {
  test(`${what} cannot be removed`, async () => {
    const { status, stderr } = await keyring(...args);
    assert.equal(status, 2);
    assert.match(stderr, said);
  });
}

test('without a keyring there is nothing to rotate, and none is made', async () => {
  const { status, stderr } = await run(['keyring', 'rotate', '--data-dir', place]);
  assert.equal(status, 2);
  assert.match(stderr, /keyring\.json`: expected a readable file\n$/);
});
