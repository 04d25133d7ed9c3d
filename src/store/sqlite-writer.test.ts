// What group commit does when the engine fails: a trigger makes the database refuse a COMMIT, or end the transaction, on
// demand; a page limit makes it full.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { writeVerbsOn } from './sqlite-verbs.ts';
import { type GroupWriter, groupWriter } from './sqlite-writer.ts';
import { StoreUnavailable } from './store.ts';

const limits = { queueLimit: 100, groupLimit: 100, workLimitMs: 1000 };
const kept = 'KEPT';

function open(path = ':memory:'): { db: DatabaseSync; writer: GroupWriter } {
  const db = new DatabaseSync(path, { timeout: 0 });
  db.exec(`
    CREATE TABLE documents (collection TEXT, key TEXT, document TEXT, PRIMARY KEY (collection, key)) STRICT, WITHOUT ROWID;
    CREATE TABLE parent (id INTEGER PRIMARY KEY);
    CREATE TABLE child (parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
    CREATE TRIGGER refuse_commit AFTER INSERT ON documents WHEN new.key = 'refuse commit'
      BEGIN INSERT INTO child VALUES (1); END;
    CREATE TRIGGER end_transaction AFTER INSERT ON documents WHEN new.key = 'end transaction'
      BEGIN SELECT RAISE(ROLLBACK, 'as a full disk may'); END;
    CREATE TRIGGER fail_statement AFTER INSERT ON documents WHEN new.key = 'fail statement'
      BEGIN SELECT RAISE(ABORT, 'as a document too big does'); END;`);
  return { db, writer: groupWriter(db, writeVerbsOn(db), limits) };
}

const put = (writer: GroupWriter, key: string, document = kept) =>
  writer.write((transaction) => transaction.put('c', key, document));
const keysOf = (db: DatabaseSync) =>
  db
    .prepare('SELECT key FROM documents ORDER BY key')
    .all()
    .map((row) => row.key);
const statuses = (outcomes: readonly PromiseSettledResult<unknown>[]) =>
  outcomes.map((one) =>
    one.status === 'fulfilled' ? kept : one.reason instanceof StoreUnavailable ? 'unavailable' : 'own',
  );

describe('group commit', () => {
  it('rejects the whole group when COMMIT fails, keeps nothing of it, and goes on', async () => {
    const { db, writer } = open();
    const outcomes = await Promise.allSettled([put(writer, 'a'), put(writer, 'refuse commit'), put(writer, 'b')]);
    assert.deepEqual(statuses(outcomes), ['unavailable', 'unavailable', 'unavailable']);
    assert.deepEqual(keysOf(db), []);
    await put(writer, 'c');
    assert.deepEqual(keysOf(db), ['c']);
    assert.deepEqual(writer.stats(), { commits: 1, writes: 1, queued: 0 });
  });

  it('tells also the failed write of a group whose COMMIT fails that nothing happened: it may have read the others', async () => {
    const { writer } = open();
    const outcomes = await Promise.allSettled([
      put(writer, 'refuse commit'),
      writer.write(async (transaction) => {
        assert.equal(await transaction.get('c', 'refuse commit'), undefined, 'already there');
      }),
    ]);
    assert.deepEqual(statuses(outcomes), ['unavailable', 'unavailable']);
  });

  it('rejects the writes that a lost transaction took along, and commits those that come after', async () => {
    const { db, writer } = open();
    const keys = ['a', 'end transaction', 'b', 'c'];
    const outcomes = await Promise.allSettled(keys.map((key) => put(writer, key)));
    assert.deepEqual(statuses(outcomes), ['unavailable', 'unavailable', kept, kept]);
    const [first] = outcomes;
    assert.ok(
      first?.status === 'rejected' && inspect(first.reason).includes('as a full disk may'),
      'the cause is told',
    );
    assert.deepEqual(keysOf(db), ['b', 'c']);
  });

  it('lets no change slip past a lost transaction when work goes on after the failure', async () => {
    const { db, writer } = open();
    const stubborn = writer.write(async (transaction) => {
      await transaction.put('c', 'a', kept);
      await assert.rejects(transaction.put('c', 'end transaction', kept), StoreUnavailable);
      await assert.rejects(transaction.put('c', 'b', kept), StoreUnavailable);
      await assert.rejects(transaction.get('c', 'a'), StoreUnavailable);
      return 'as if nothing had happened';
    });
    await assert.rejects(stubborn, StoreUnavailable);
    assert.deepEqual(keysOf(db), []);
  });

  it('undoes a write whose work went on after a failed statement, and keeps the rest of the group', async () => {
    const { db, writer } = open();
    const stubborn = writer.write(async (transaction) => {
      await transaction.put('c', 'a', kept);
      await transaction.put('c', 'fail statement', kept).catch(() => {});
    });
    const outcomes = await Promise.allSettled([put(writer, 'before'), stubborn, put(writer, 'later')]);
    assert.deepEqual(statuses(outcomes), [kept, 'unavailable', kept]);
    assert.deepEqual(keysOf(db), ['before', 'later']);
  });

  it('refuses what does not fit a full disk, keeps what does, and serves again when there is room', async () => {
    const { db, writer } = open();
    db.exec('PRAGMA max_page_count = 40');
    const huge = 'x'.repeat(1_000_000);
    const outcomes = await Promise.allSettled([put(writer, 'a'), put(writer, 'huge', huge)]);
    assert.equal(statuses(outcomes)[1], 'unavailable');
    await put(writer, 'b');
    assert.ok(!keysOf(db).includes('huge'));
    assert.deepEqual(keysOf(db).includes('a'), statuses(outcomes)[0] === kept, 'kept exactly when acknowledged');
    db.exec('PRAGMA max_page_count = 4000');
    await put(writer, 'huge', huge);
    assert.ok(keysOf(db).includes('huge'));
  });

  it('rejects the group, and no later one, when the transaction cannot begin', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'anyrole-writer-'));
    const { db, writer } = open(join(directory, 'a.db'));
    const other = new DatabaseSync(join(directory, 'a.db'));
    other.exec('BEGIN IMMEDIATE');
    const refused = await Promise.allSettled([put(writer, 'a'), put(writer, 'b')]);
    assert.deepEqual(statuses(refused), ['unavailable', 'unavailable']);
    other.close();
    await put(writer, 'c');
    assert.deepEqual(keysOf(db), ['c']);
    db.close();
    rmSync(directory, { recursive: true });
  });

  it('recovers from a transaction that was left open', async () => {
    const { db, writer } = open();
    db.exec("BEGIN; INSERT INTO documents VALUES ('c', 'left over', '1')");
    await put(writer, 'a');
    assert.deepEqual(keysOf(db), ['a']);
  });

  it('answers nobody before the group is committed', async () => {
    const { db, writer } = open();
    const first = put(writer, 'a').then(() => db.isTransaction);
    const second = put(writer, 'b').then(() => db.isTransaction);
    const failing = writer.write(() => Promise.reject(new Error('own'))).catch(() => db.isTransaction);
    assert.deepEqual(await Promise.all([first, second, failing]), [false, false, false]);
  });

  it('rejects everything, without hanging, once the connection is gone', async () => {
    const { db, writer } = open();
    await put(writer, 'a');
    db.close();
    const outcomes = await Promise.allSettled([put(writer, 'b'), put(writer, 'c')]);
    assert.deepEqual(statuses(outcomes), ['unavailable', 'unavailable']);
  });
});
