// kill -9 of whole servers under mixed load, and that the judgement of what they leave finds what it is there to find.
// `npm run crash` is the long form. The moment of each kill follows from a fixed seed; nothing here depends on how fast
// anything is.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { profiles } from '../../src/services/rolesanywhere/records.ts';
import { sqliteStore } from '../../src/store/sqlite.ts';
import type { Writer } from '../../src/store/store.ts';
import { auditCollection } from '../../src/telemetry/audit.ts';
import { seeded } from '../seeded.ts';
import { clients } from './clients.ts';
import { judge } from './judgement.ts';
import { emptyLedger, type Ledger, possibleMarks, type Thing } from './ledger.ts';
import { crashRounds, prepare, readiness } from './rounds.ts';
import { killVictims, start } from './server.ts';

const rounds = Number(process.env.ANYROLE_CRASH_ROUNDS ?? 50);

process.on('exit', killVictims);

test(`kill -9 of a server under load loses nothing that it acknowledged, ${rounds} times over`, async (t) => {
  const { changes, credentials, unacknowledged, early } = await crashRounds({ rounds, seed: '20260102' });
  assert.ok(changes > 0 && credentials > 0);
  t.diagnostic(`${changes} changes, ${credentials} credentials, ${unacknowledged} not told of; ${early} killed early`);
});

test('a thing may be as it was last acknowledged or as it was asked to be next, and no other way', () => {
  const thing: Thing = {
    kind: 'role',
    name: 'r',
    deeds: [{ mark: 'one', requestId: '1' }, { mark: 'two', requestId: '2' }, { mark: undefined }],
  };
  const told = (...ids: readonly string[]) => possibleMarks(thing, (id) => ids.includes(id));
  assert.deepEqual(told('1', '2'), ['two', undefined]);
  assert.deepEqual(told('1'), ['one', 'two']);
  assert.deepEqual(told(), [undefined, 'one']);
  assert.deepEqual(
    possibleMarks({ ...thing, deeds: thing.deeds.slice(0, 2) }, () => true),
    ['two'],
  );
});

describe('the judgement of a directory finds', () => {
  const place = mkdtempSync(join(tmpdir(), 'anyrole-judged-'));
  const ledger: Ledger = emptyLedger();
  let dataDir: string;
  before(async () => {
    const template = await prepare(place);
    dataDir = template.dataDir;
    const server = start(template);
    const { url } = await readiness(server);
    const random = seeded('judged');
    const goesOn = () => ledger.issued.length < 10 || ledger.things.length < 10;
    await clients({ url, account: template.account, ledger, random, prefix: 'r', goesOn });
    await server.kill();
  });
  after(() => rmSync(place, { recursive: true, force: true }));

  const judged = (bent: Ledger = ledger) => judge(copied(), bent, () => true);
  const copied = () => {
    const copy = mkdtempSync(join(place, 'copy-'));
    cpSync(dataDir, copy, { recursive: true });
    return copy;
  };
  /** The judgement of a copy in which something was written besides. */
  const bent = async (write: (writer: Writer) => Promise<void>) => {
    const copy = copied();
    const store = sqliteStore({ path: copy });
    await store.write(write);
    await store.close();
    return judge(copy, ledger, () => true);
  };
  const eventOf = async (writer: Writer, requestId: string) => {
    const events = await writer.list(auditCollection, { limit: 1000 });
    const found = events.find(({ document }) => Object(document).requestID === requestId);
    assert.ok(found);
    return found;
  };

  test('nothing in what is whole', async () => {
    assert.ok((await judged()).events > 20);
  });

  test('an acknowledged change that is not there', async () => {
    const lost: Thing = { kind: 'role', name: 'lost', deeds: [{ mark: 'new', requestId: 'r' }] };
    await assert.rejects(
      judged({ ...ledger, things: [...ledger.things, lost] }),
      /role lost: undefined is there, expected new/,
    );
  });

  test('a thing that nobody asked for', async () => {
    await assert.rejects(judged({ ...ledger, things: [] }), /no client asked for/);
  });

  test('credentials without an event', async () => {
    const [issued] = ledger.issued;
    assert.ok(issued);
    await assert.rejects(
      bent(async (writer) => writer.delete(auditCollection, (await eventOf(writer, issued.requestId)).key)),
      /credentials without an event/,
    );
  });

  test('credentials whose event tells of another key', async () => {
    const [issued] = ledger.issued;
    assert.ok(issued);
    await assert.rejects(judged({ ...ledger, issued: [{ ...issued, accessKeyId: 'ASIAOTHER' }] }), /another key/);
  });

  test('a change without its event', async () => {
    const told = ledger.things.map(({ deeds: [created] }) => created?.requestId).find((id) => id !== undefined);
    assert.ok(told);
    await assert.rejects(
      bent(async (writer) => writer.delete(auditCollection, (await eventOf(writer, told)).key)),
      /the events tell the state/,
    );
  });

  test('an event that was changed', async () => {
    const [issued] = ledger.issued;
    assert.ok(issued);
    await assert.rejects(
      bent(async (writer) => {
        const { key, document } = await eventOf(writer, issued.requestId);
        await writer.put(auditCollection, key, { ...Object(document), sourceIPAddress: '192.0.2.1' });
      }),
      /the chain of events is whole/,
    );
  });

  test('a record that is not counted', async () => {
    await assert.rejects(
      bent(async (writer) => {
        const [{ key, document: record } = assert.fail('there is a profile')] = await profiles.list(writer, {
          prefix: '',
          limit: 1,
        });
        await profiles.put(writer, `${key}0`, { ...record, name: 'benched' });
      }),
      /the count and the records/,
    );
  });
});
