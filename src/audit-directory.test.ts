// The log of a data directory: verified while a server has it open, and after it is gone.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { rig, writtenLog } from './audit/rig.test.ts';
import { verifyDirectory } from './audit-directory.ts';
import { nameChain } from './audit-file.ts';
import { serializeKeyring } from './keyring.ts';
import { sqliteStore } from './store/sqlite.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'anyrole-audit-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

async function server() {
  const store = sqliteStore({ path: dataDir });
  const made = await rig(store);
  writeFileSync(join(dataDir, 'keyring.json'), serializeKeyring(made.keyring));
  nameChain(join(dataDir, 'audit.json'), made.chain.id);
  await writtenLog(made, 'log', 20);
  return made;
}

test('a log is whole while the server has it open, and after it closed it', async () => {
  const { store, chain } = await server();
  const running = await verifyDirectory(dataDir);
  assert.deepEqual([running.findings, running.chains[0]?.lastSequence], [0, chain.length()]);
  await store.close();
  assert.deepEqual(await verifyDirectory(dataDir), running);
});

test('without the keyring the links are verified, and the head is said not to be', async () => {
  const { store, signer } = await server();
  await store.close();
  rmSync(join(dataDir, 'keyring.json'));
  const verdict = await verifyDirectory(dataDir, { publicKey: signer.publicKey });
  assert.deepEqual([verdict.findings, verdict.chains[0]?.isHeadChecked], [0, false]);
});

test('a keyring that is another one is found', async () => {
  const { store } = await server();
  await store.close();
  const { keyring } = await rig(undefined, 'another');
  writeFileSync(join(dataDir, 'keyring.json'), serializeKeyring(keyring));
  const found: string[] = [];
  await verifyDirectory(dataDir, { report: ({ finding }) => void found.push(finding) });
  assert.deepEqual(found, ['forged', 'forged']);
});

for (const [what, bend, message] of [
  ['no directory', () => rmSync(dataDir, { recursive: true }), /expected the data directory of a server/],
  ['no store', () => {}, /anyrole.db` does not exist/],
  [
    'a keyring that is none',
    () => writeFileSync(join(dataDir, 'keyring.json'), '{'),
    /expected a keyring \(not-json\)/,
  ],
  ['an audit.json that is none', () => writeFileSync(join(dataDir, 'audit.json'), '{}'), /name of an audit chain/],
] as const) {
  test(`${what} is said in one line`, async () => {
    bend();
    await assert.rejects(verifyDirectory(dataDir), message);
    if (what === 'no directory') dataDir = mkdtempSync(join(tmpdir(), 'anyrole-audit-'));
  });
}
