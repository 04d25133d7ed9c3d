// Anyrole is stopped, as in an upgrade that goes wrong, and started again an hour later, while `anyrole metadata` runs on: real
// processes, whose clocks are moved together in the place of waiting.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Running, start } from '../command.ts';
import { makeCa } from '../pki.ts';
import { documentAt, flagsOf, securityCredentials, startMetadata, stopMetadata } from './metadata-rig.ts';
import { accountId, region, rootKey } from './server.ts';
import { makeResources, roleName } from './session-resources.ts';
import { run } from './tools.ts';

const directory = mkdtempSync(join(tmpdir(), 'anyrole-metadata-outage-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const file = (name: string, content: string) => {
  writeFileSync(join(directory, name), content, { mode: 0o600 });
  return join(directory, name);
};
const setClock = (minutesAhead: number) => file('clock', String(minutesAhead * 60_000));
const clock = setClock(0);
const preload = new URL('moved-clock.mjs', import.meta.url).href;
const environment = { MOVED_CLOCK: clock, NODE_OPTIONS: `--import=${preload}`, AWS_MAX_ATTEMPTS: '1' };

/** Starts the server as an operator does. */
async function served(listen: string): Promise<{ readonly running: Running; readonly url: string }> {
  const running = start(['serve', '--listen', listen, '--data-dir', join(directory, 'data')], {
    ...environment,
    ANYROLE_ACCOUNT_ID: accountId,
    ANYROLE_ROOT_ACCESS_KEY_ID: rootKey.accessKeyId,
    ANYROLE_ROOT_SECRET_ACCESS_KEY: rootKey.secretAccessKey,
  });
  const [, url = ''] = await running.printed(/(http:\/\/127\.0\.0\.1:\d+)/);
  return { running, url };
}

async function stopped(running: Running): Promise<void> {
  running.process.kill('SIGTERM');
  assert.equal((await running.ended).status, 0);
}

test('a server that is away for an hour, and is there again', async () => {
  const ca = makeCa({ subject: 'CN=Outage Root CA' });
  const leaf = ca.issue({ subject: 'CN=outage', key: 'p256' });
  const paths = { certificatePath: file('leaf.pem', leaf.pem), privateKeyPath: file('leaf-key.pem', leaf.keyPem) };
  const first = await served('127.0.0.1:0');
  const { url } = first;
  const resources = await makeResources({ url, ca });
  const metadata = await startMetadata(flagsOf({ url }, { ...leaf, ...paths }, resources), environment);
  const document = async () => {
    const { status, text } = await documentAt(metadata.url, securityCredentials + roleName);
    return { status, text, key: status === 200 ? JSON.parse(text).AccessKeyId : undefined };
  };
  const health = async () => (await fetch(`${metadata.url}/healthz`)).status;
  const { key } = await document();
  assert.match(key, /^ASIA/);

  await stopped(first.running);
  for (const minutes of [0, 45, 59]) {
    setClock(minutes);
    assert.deepEqual([(await document()).key, await health()], [key, 200], `${minutes} minutes later`);
  }
  setClock(61);
  const without = await document();
  assert.deepEqual([without.status, await health()], [503, 503]);
  assert.doesNotMatch(without.text, /Success|AccessKeyId|ASIA/);

  const second = await served(new URL(url).host);
  setClock(63);
  const again = await document();
  assert.deepEqual([again.status, await health()], [200, 200]);
  assert.match(again.key, /^ASIA/);
  assert.notEqual(again.key, key);
  const sdk = {
    ...{ PATH: process.env.PATH, HOME: directory, AWS_REGION: region, AWS_ENDPOINT_URL: url, ...environment },
    ...{ AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url, AWS_CONFIG_FILE: file('none', '') },
  };
  const sdkV3 = fileURLToPath(new URL('sdk-v3-identity.ts', import.meta.url));
  const { stdout, stderr } = await run(process.execPath, [sdkV3], { environment: sdk });
  assert.match(stdout, new RegExp(`assumed-role/${roleName}/`), stderr);

  const { status, stderr: log } = await stopMetadata(metadata);
  assert.equal(status, 0);
  assert.match(log, /^anyrole: binding default: no new credentials: NotReached: .*; asked again at /m);
  await stopped(second.running);
});
