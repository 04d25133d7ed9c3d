// The oldest go, and nothing else: what is left verifies, what somebody else took is found, and evidence stays.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { auditCollection } from '../telemetry/audit.ts';
import { linkCollection } from './chain.ts';
import { exportLines } from './export.ts';
import type { Finding } from './findings.ts';
import { cutCollection, type RetentionBounds, removeOldest, retention, type Step } from './retention.ts';
import { type Rig, rig, writtenLog } from './rig.test.ts';
import { type AuditSource, sourceOf } from './source.ts';
import { statementOf } from './statements.ts';
import { verifyAudit } from './verify.ts';
import { verifyExport } from './verify-export.ts';

async function written(): Promise<Rig> {
  const made = await rig();
  await writtenLog(made, 'retention');
  await made.sign();
  return made;
}

async function verified(made: Rig, source: AuditSource = sourceOf(made.store)) {
  const findings: Finding[] = [];
  const checkpoints = (async function* () {
    for (const statement of made.signed) yield { statement, origin: 'kept' };
  })();
  const report = (finding: Finding) => void findings.push(finding);
  const verdict = await verifyAudit(source, { keyring: made.keyring, named: made.chain.id, checkpoints, report });
  return { findings, verdict, first: verdict.chains[0]?.firstSequence ?? 0 };
}

const step = (made: Rig, bounds: RetentionBounds) => removeOldest({ ...made, bounds });
async function all(made: Rig, bounds: RetentionBounds): Promise<number> {
  let removed = 0;
  for (let done: Step = { removed: 0, isMore: true }; done.isMore; removed += done.removed)
    done = await step(made, bounds);
  return removed;
}
const events = (made: Rig) => made.store.read((reader) => reader.list(auditCollection, { limit: 1000 }));

test('without bounds nothing goes', async () => {
  const made = await written();
  assert.deepEqual(await step(made, {}), { removed: 0, isMore: false });
  assert.equal(await made.store.read((reader) => reader.get(cutCollection, made.chain.id)), undefined);
});

test('what is older goes, with its links, and what is left is whole', async () => {
  const made = await written();
  const before = made.chain.length();
  // The clock stands at 40 s.
  const removed = await all(made, { ageMs: 25_000 });
  const left = await events(made);
  assert.ok(removed > 0 && left.length === before - removed);
  assert.ok(left.every(({ key }) => (key.split('/')[1] ?? '') >= '2026-11-22T12:00:15.000Z'));
  const { findings, verdict, first } = await verified(made);
  assert.deepEqual([findings, first, verdict.unchained], [[], removed + 1, 0]);
  assert.ok(verdict.checkpointsBeforeCut > 0);
  await made.append(made.entry('A'));
  assert.deepEqual((await verified(made)).findings, []);
});

test('what is over the size goes, the oldest first', async () => {
  const made = await written();
  const size = (list: Awaited<ReturnType<typeof events>>) =>
    list.reduce((sum, { key, document }) => sum + key.length + JSON.stringify(document).length, 0);
  const characters = Math.round(size(await events(made)) / 2);
  await all(made, { characters });
  const left = await events(made);
  const suffixes = left.length * 22;
  assert.ok(left.length > 0 && size(left) - suffixes <= characters);
  assert.deepEqual((await verified(made)).findings, []);
  assert.equal(await all(made, { characters }), 0);
});

test('one transaction takes some, and many take all that a checkpoint covers', async () => {
  const made = await written();
  const covered = made.chain.length();
  await made.append(made.entry('A'), made.entry('B'));
  made.at(100_000);
  const first = await step(made, { ageMs: 1 });
  assert.ok(first.isMore && first.removed >= 100 && first.removed < 200);
  assert.deepEqual((await verified(made)).findings, []);
  assert.equal(first.removed + (await all(made, { ageMs: 1 })), covered);
  assert.equal((await events(made)).length, 2);
  assert.deepEqual((await verified(made)).findings, []);
});

test('a part of a batch never goes without the rest', async () => {
  const made = await rig();
  const old = made.entry('Old');
  made.at(50_000);
  await made.append(old, made.entry('New'));
  await made.sign();
  assert.equal(await all(made, { ageMs: 10_000 }), 0);
});

test('an export from after the cut verifies', async () => {
  const made = await written();
  const after = await all(made, { ageMs: 25_000 });
  const head = await made.store.read((reader) => made.chain.head(reader));
  const lines = exportLines(sourceOf(made.store), made.chain.id, made.signer, { after, head, time: made.now() });
  assert.equal((await verifyExport(lines, [made.signer.publicKey])).findings, 0);
});

describe('evidence stays', () => {
  const bends: Readonly<Record<string, (made: Rig) => Promise<void>>> = {
    'an event that was changed': (made) =>
      made.store.write(async (writer) => {
        const [event] = await writer.list(auditCollection, { limit: 1 });
        await writer.put(auditCollection, event?.key ?? '', { eventName: 'Evil' });
      }),
    'an event that is gone': (made) =>
      made.store.write(async (writer) => {
        const [event] = await writer.list(auditCollection, { limit: 1 });
        await writer.delete(auditCollection, event?.key ?? '');
      }),
    'links that are gone': (made) =>
      made.store.write(async (writer) => {
        const [row] = await writer.list(linkCollection, { limit: 1 });
        await writer.delete(linkCollection, row?.key ?? '');
      }),
    'a mark of a cut that is not the server’s': (made) =>
      made.store.write((writer) =>
        writer.put(
          cutCollection,
          made.chain.id,
          made.signer.sign('checkpoint', { sequence: 9, hash: '', characters: 0 }, made.now()),
        ),
      ),
  };
  for (const [what, bend] of Object.entries(bends)) {
    test(what, async () => {
      const made = await written();
      await bend(made);
      const before = await events(made);
      await assert.rejects(all(made, { ageMs: 1 }), /audit chain/);
      assert.deepEqual(await events(made), before);
      assert.ok((await verified(made)).findings.length > 0);
    });
  }
});

test('what somebody else cut after the mark is found, and an older mark, too', async () => {
  const made = await written();
  await all(made, { ageMs: 25_000 });
  const { id } = made.chain;
  const older = await made.store.read((reader) => reader.get(cutCollection, id));
  const { sequence = 0 } = statementOf(older) ?? {};
  await all(made, { ageMs: 15_000 });
  assert.deepEqual((await verified(made)).findings, []);
  await made.store.write((writer) => writer.put(cutCollection, id, older ?? null));
  const { findings } = await verified(made);
  assert.deepEqual([findings[0]?.finding, findings[0]?.sequence], ['removed', sequence + 1]);
});

test('a verification that retention overtakes finds nothing', async () => {
  const made = await written();
  const source = sourceOf(made.store);
  let reads = 0;
  const overtaken: AuditSource = {
    async read(work) {
      if (++reads % 2 === 0) await step(made, { ageMs: 5_000 });
      return source.read(work);
    },
  };
  const { findings, first } = await verified(made, overtaken);
  assert.deepEqual(findings, []);
  assert.ok(first > 1);
});

test('in the background it goes on while there is more, and rests then', async () => {
  const made = await written();
  made.at(100_000);
  const pauses: number[] = [];
  let next = () => {};
  const failures: unknown[] = [];
  const running = retention({
    ...made,
    bounds: { ageMs: 1 },
    later(work, ms) {
      pauses.push(ms);
      next = work;
      return () => {};
    },
    failed: (cause) => void failures.push(cause),
  });
  running.start();
  for (let turn = 0; turn < 5; turn++) {
    next();
    while (pauses.length < turn + 2) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(running.removed(), made.chain.length());
  assert.deepEqual([pauses[0], pauses[1], pauses.at(-1), failures], [60_000, 20, 60_000, []]);
  await running.close();
});
