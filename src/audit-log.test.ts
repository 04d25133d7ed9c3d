// The log of a running server: it is found again at a start, its checkpoints go where the operator says, and these find a
// roll-back of the whole data directory.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Finding } from './audit/findings.ts';
import { seededBytes } from './audit/rig.test.ts';
import { statementOf } from './audit/statements.ts';
import { verifyDirectory } from './audit-directory.ts';
import { openAuditLog } from './audit-log.ts';
import { ConfigError } from './config.ts';
import { createKeyring, type Keyring, serializeKeyring } from './keyring.ts';
import { sqliteStore } from './store/sqlite.ts';

let root: string;
let dataDir: string;
let file: string;
let now: Date;
let keyring: Keyring;
let count = 0;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'anyrole-audit-'));
  dataDir = join(root, 'data');
  file = join(root, 'elsewhere.jsonl');
  now = new Date('2026-11-22T12:00:00Z');
  keyring = createKeyring(seededBytes('keyring'), now);
});
afterEach(() => rmSync(root, { recursive: true }));

async function server(retained = {}, auditCheckpoints = file) {
  const store = sqliteStore({ path: dataDir });
  writeFileSync(join(dataDir, 'keyring.json'), serializeKeyring(keyring));
  const timers: { work: () => void; ms: number }[] = [];
  const logged: { facts: Readonly<Record<string, unknown>>; message: string }[] = [];
  const told = (facts: Readonly<Record<string, unknown>>, message: string) => void logged.push({ facts, message });
  const means = {
    store,
    keyring,
    randomBytes: seededBytes(`server ${count++}`),
    log: { info: told, error: told, flush: () => {} },
    retained,
    now: () => now,
    later(work: () => void, ms: number) {
      const timer = { work, ms };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
  };
  const audit = await openAuditLog({ dataDir, auditCheckpoints }, means).catch(async (cause) => {
    await store.close();
    throw cause;
  });
  audit.start();
  const append = (length: number) =>
    store.write((writer) =>
      audit.chain.append(
        writer,
        Array.from({ length }, () => ({ key: `123456789012/${now.toISOString()}/e${count++}`, text: '{"n":1}' })),
      ),
    );
  return {
    store,
    audit,
    timers,
    logged,
    append,
    /** Fires every timer of so many milliseconds, and waits for what it began. */
    async fire(ms: number) {
      for (const timer of timers.filter((one) => one.ms === ms)) {
        timers.splice(timers.indexOf(timer), 1);
        timer.work();
      }
      while (timers.every((timer) => timer.ms !== 1000)) await new Promise((resolve) => setImmediate(resolve));
    },
    async stop() {
      await audit.close();
      await store.close();
    },
  };
}

const keptElsewhere = () =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => statementOf(JSON.parse(line)) ?? assert.fail());
async function* elsewhere() {
  for (const [at, statement] of keptElsewhere().entries()) yield { statement, origin: `line ${at + 1}` };
}
async function verified() {
  const findings: Finding[] = [];
  const report = (finding: Finding) => void findings.push(finding);
  const verdict = await verifyDirectory(dataDir, { checkpoints: elsewhere(), report });
  return { verdict, findings };
}

test('a checkpoint is due after a minute with news, after ten thousand events, and at the end', async () => {
  const { append, fire, stop, logged } = await server();
  await fire(1000);
  await append(1);
  await fire(1000);
  assert.equal(keptElsewhere().length, 0);
  now = new Date(now.getTime() + 60_000);
  await fire(1000);
  assert.deepEqual(
    keptElsewhere().map(({ sequence }) => sequence),
    [1],
  );
  now = new Date(now.getTime() + 600_000);
  await fire(1000);
  assert.equal(keptElsewhere().length, 1);
  await append(10_000);
  await fire(1000);
  await append(5);
  await stop();
  assert.deepEqual(
    keptElsewhere().map(({ sequence }) => sequence),
    [1, 10_001, 10_006],
  );
  assert.deepEqual(
    logged.filter(({ message }) => message === 'audit checkpoint').map(({ facts }) => facts.checkpoint),
    keptElsewhere(),
  );
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual((await verified()).findings, []);
});

test('a file that cannot be added to is told of, and tried again', async () => {
  const { append, fire, stop, logged } = await server({}, '/dev/full');
  await append(1);
  now = new Date(now.getTime() + 60_000);
  await fire(1000);
  assert.match(JSON.stringify(logged.at(-1)), /ENOSPC.*an audit checkpoint was not kept/);
  const before = logged.length;
  now = new Date(now.getTime() + 60_000);
  await fire(1000);
  assert.ok(logged.length > before);
  await stop();
});

test('a data directory that was put back to an earlier state is found by checkpoints kept elsewhere', async () => {
  const first = await server();
  await first.append(20);
  await first.stop();
  const copy = join(root, 'copy');
  cpSync(dataDir, copy, { recursive: true });
  const second = await server();
  await second.append(10);
  await second.stop();
  rmSync(dataDir, { recursive: true });
  cpSync(copy, dataDir, { recursive: true });
  const { findings } = await verified();
  assert.deepEqual(
    findings.map(({ finding, sequence, lastSequence }) => [finding, sequence, lastSequence]),
    [['truncated', 21, 30]],
  );
  // And when the server went on since.
  const third = await server();
  await third.append(30);
  await third.stop();
  const later = (await verified()).findings;
  assert.deepEqual(
    later.map(({ finding, sequence, lastSequence }) => [finding, sequence, lastSequence]),
    [['rewritten', 21, 30]],
  );
});

test('retention removes in the background what is too old', async () => {
  const { append, fire, stop, audit } = await server({ ageMs: 1000 });
  await append(5);
  now = new Date(now.getTime() + 120_000);
  await append(5);
  await fire(1000);
  await fire(60_000);
  while (Number((await audit.metrics[0]?.collect())?.[0]?.value) < 5)
    await new Promise((resolve) => setImmediate(resolve));
  await stop();
  const { findings, verdict } = await verified();
  assert.deepEqual([findings, verdict.chains[0]?.firstSequence], [[], 6]);
});

describe('a start', () => {
  const begun = async () => {
    const { append, stop, audit } = await server();
    await append(3);
    await stop();
    return audit.chain.id;
  };

  test('goes on with the chain, and names it again where audit.json is lost', async () => {
    const id = await begun();
    rmSync(join(dataDir, 'audit.json'));
    const again = await server();
    assert.equal(again.audit.chain.id, id);
    assert.equal(JSON.parse(readFileSync(join(dataDir, 'audit.json'), 'utf8')).chain, id);
    await again.append(1);
    await again.stop();
    assert.deepEqual((await verified()).findings, []);
  });

  for (const [what, bend, message] of [
    [
      'another chain in audit.json',
      () => writeFileSync(join(dataDir, 'audit.json'), '{"version":1,"chain":"0123456789abcdef"}'),
      /audit.json names is not in the store; see docs\/audit.md/,
    ],
    ['an audit.json that is none', () => writeFileSync(join(dataDir, 'audit.json'), '{}'), /name of an audit chain/],
    [
      'another keyring',
      () => {
        keyring = createKeyring(seededBytes('another'), now);
      },
      /no key of keyring.json opens the signing key/,
    ],
    [
      'a checkpoint file in no directory',
      () => {
        file = join(root, 'none', 'file');
      },
      /--audit-checkpoints .*expected a file that can be added to \(ENOENT\)/,
    ],
  ] as const) {
    test(`with ${what} is refused in one line`, async () => {
      await begun();
      bend();
      await assert.rejects(server(), (thrown) => thrown instanceof ConfigError && message.test(thrown.message));
    });
  }
});
