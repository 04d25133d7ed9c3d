// A server that is away when a session has to be renewed: a process that is stopped and started again, as in an upgrade. The
// clock of the client is moved, within what the server tolerates, in the place of waiting.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fromRolesAnywhere, keepSession } from '../../src/client/index.ts';
import { worldOf } from '../../src/client/world.ts';
import { type Running, start } from '../command.ts';
import { makeCa } from '../pki.ts';
import { accountId, rootKey } from './server.ts';
import { makeResources } from './session-resources.ts';

const directory = mkdtempSync(join(tmpdir(), 'anyrole-outage-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** Starts the server as an operator does. */
async function served(listen: string): Promise<{ readonly running: Running; readonly url: string }> {
  const flags = ['serve', '--listen', listen, '--data-dir', join(directory, 'data')];
  const running = start(flags, {
    ANYROLE_ACCOUNT_ID: accountId,
    ANYROLE_ROOT_ACCESS_KEY_ID: rootKey.accessKeyId,
    ANYROLE_ROOT_SECRET_ACCESS_KEY: rootKey.secretAccessKey,
  });
  const [, url = ''] = await running.printed(/(http:\/\/127\.0\.0\.1:\d+)/);
  return { running, url };
}

async function stopped({ running }: Awaited<ReturnType<typeof served>>): Promise<void> {
  running.process.kill('SIGTERM');
  assert.equal((await running.ended).status, 0);
}

test('a session outlasts an outage of the server, and is renewed when the server is back', async () => {
  const first = await served('127.0.0.1:0');
  const ca = makeCa({ subject: 'CN=Outage Root CA' });
  const resources = await makeResources({ url: first.url, ca });
  const leaf = ca.issue({ subject: 'CN=worker', key: 'p256' });
  const began = Date.now();
  let passedSeconds = 0;
  const world = {
    ...worldOf({ environment: {}, sleep: async () => {} }),
    now: () => new Date(began + passedSeconds * 1000),
  };
  const options = {
    ...{ ...resources, endpoint: first.url, certificate: leaf.pem, privateKey: leaf.keyPem },
    ...{ durationSeconds: 900, world },
  };
  const keeper = keepSession(options);
  const after = async (seconds: number) => {
    passedSeconds = seconds;
    return (await keeper.session()).accessKeyId;
  };
  const id = await after(0);

  await stopped(first);
  await assert.rejects(fromRolesAnywhere(options)(), { code: 'NotReached' }, 'there is nothing to give at the start');
  assert.equal(await after(700), id, 'while the next one is asked for');
  assert.equal(await after(850), id, 'in its last minute');
  const { failure } = keeper.standing();
  assert.match(String(failure), /NotReached: `127\.0\.0\.1:\d+` cannot be reached: ECONNREFUSED/);

  const second = await served(new URL(first.url).host);
  const renewed = await after(880);
  assert.notEqual(renewed, id);
  assert.equal(keeper.standing().failure, undefined);

  await stopped(second);
  await assert.rejects(after(1800), { code: 'NotReached' }, 'never one that is over');
});
